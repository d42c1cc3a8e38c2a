"""The notifier ``mail``: one plain message with a line for each notice."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from regard.notifiers import Attachment, Notice, Notifier, NotifierContext, headline, listed
from regard.notifiers import one_line as plain

__all__ = ["Mail", "MailConfig"]

_MOST_SUBJECT = 150

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _addresses(found: tuple[str, ...]) -> tuple[str, ...]:
    if not found or not all(map(_ADDRESS.fullmatch, found)):
        message = "each must be a bare address, such as ops@shop.example"
        raise ValueError(message)
    return tuple(dict.fromkeys(found))


class MailConfig(BaseModel):
    """
    The settings of a channel that mails.

    Attributes:
        mail: The addresses that it goes to.
        sender: Who it comes from; else the ``sender`` of ``[smtp]``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mail: Annotated[tuple[str, ...], BeforeValidator(_texts), AfterValidator(_addresses)]
    sender: str | None = Field(None, pattern=r"^[^\r\n]+@[^\r\n]+$")


class Mail(Notifier[MailConfig]):
    """
    Mails what somebody should hear of, through the server of ``[smtp]``.

    ::

        [notices.ops]
        mail = ["ops@shop.example"]
    """

    name = "mail"
    Config: ClassVar[type[MailConfig]] = MailConfig
    mails = True

    def tell(self, notices: Sequence[Notice], ctx: NotifierContext) -> None:
        """Mail all notices as one message."""
        lines = "\n".join(listed(notices))
        foot = f"Project {plain(ctx.title, 80)} on {platform.node()}; `regard notices` lists more."
        subject = f"regard: {headline(notices)} ({ctx.title})"
        self._post(subject, f"{lines}\n\n-- \n{foot}\n", ctx)

    def send(
        self,
        title: str,
        body: str,
        ctx: NotifierContext,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """Mail a report, with its files."""
        self._post(title, body, ctx, attachments)

    def _post(
        self,
        subject: str,
        body: str,
        ctx: NotifierContext,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        message = EmailMessage()
        message["Subject"] = plain(subject, _MOST_SUBJECT)
        message["To"] = ", ".join(self.config.mail)
        if self.config.sender is not None:
            message["From"] = self.config.sender
        message.set_content(body)
        for one in attachments:
            main, _, sub = one.media_type.partition("/")
            message.add_attachment(
                one.content, maintype=main, subtype=sub or "octet-stream", filename=one.name
            )
        ctx.post(message, self.config.mail)
