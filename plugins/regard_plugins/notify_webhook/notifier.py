"""The notifier ``webhook``: JSON with a text for people, and the notices for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from regard.errors import NoticeRefused, RateLimited, TransientError
from regard.notifiers import Attachment, Notice, Notifier, NotifierContext, headline, listed
from regard.webaddresses import address_fault, host_of
from regard.webcalls import call

__all__ = ["Webhook", "WebhookConfig"]

_MOST_TEXT = 30_000
"""Slack refuses more than 40,000 characters."""

_BUSY = 429
_TOO_SLOW = 408


def _address(value: SecretStr) -> SecretStr:
    fault = address_fault(value.get_secret_value())
    if fault is not None:
        raise PydanticCustomError("regard-unshown", "{text}", {"text": f"the address {fault}"})
    return value


class WebhookConfig(BaseModel):
    """
    The settings of a channel that calls a webhook.

    Attributes:
        webhook: Its address, better ``${VAR}``: whoever knows it can write there.
        seconds: How long the server may take.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    webhook: Annotated[SecretStr, AfterValidator(_address)]
    seconds: float = Field(10.0, gt=0, le=30)


class Webhook(Notifier[WebhookConfig]):
    """
    Sends JSON to an address on the web, as Slack, Mattermost and Rocket.Chat take it.

    ::

        [notices.chat]
        webhook = "${SLACK_HOOK}"

    The JSON has ``text``, and with notices also ``project`` and ``notices``: a list of objects
    with ``subject``, ``event``, ``severity``, ``text`` and ``at``.
    """

    name = "webhook"
    Config: ClassVar[type[WebhookConfig]] = WebhookConfig

    def tell(self, notices: Sequence[Notice], ctx: NotifierContext) -> None:
        """Send all notices as one message."""
        lines = [f"regard: {headline(notices)} ({ctx.title})", *listed(notices)]
        told = [
            {
                "subject": one.subject,
                "event": one.event,
                "severity": one.severity,
                "text": one.text,
                "at": one.at.isoformat(),
            }
            for one in notices
        ]
        self._call({"text": _escaped("\n".join(lines)), "project": ctx.title, "notices": told})

    def send(
        self,
        title: str,
        body: str,
        ctx: NotifierContext,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """Send a report as text; files cannot go with it."""
        if attachments:
            message = "a webhook takes no files; send this report by mail"
            raise NoticeRefused(message)
        # A block of code keeps the columns of its tables apart.
        fenced = body.replace("```", "'''")
        room = _MOST_TEXT - len(title) - 100
        cut = fenced if len(fenced) <= room else f"{fenced[:room]}\n... (cut)"
        self._call({"text": _escaped(f"{title}\n```\n{cut}\n```")})

    def _call(self, said: dict[str, Any]) -> None:
        url = self.config.webhook.get_secret_value()
        body = json.dumps(said).encode("ascii")
        kind = {"Content-Type": "application/json"}
        answer = call(url, body, kind, seconds=self.config.seconds)
        status, place = answer.status, f"{host_of(url)} answered {answer.status}"
        if 200 <= status < 300:
            return
        if status == _BUSY:
            raise RateLimited(place, answer.retry_after_seconds)
        if status >= 500 or status == _TOO_SLOW:
            raise TransientError(place)
        if 300 <= status < 400:
            message = f"{place}: it leads to another server, which is not followed"
            raise NoticeRefused(message)
        message = f"{place}; is the address right, and does it still exist?"
        raise NoticeRefused(message)


def _escaped(text: str) -> str:
    """Return a text in which nothing is a link or calls everybody: it may quote strangers."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
