"""The source ``mailbox``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from regard.mail import MailConfig, MailSource, Message, kind_of
from regard.sources import Context, InputFile, Looking, Recognised, Record, Stream

__all__ = ["MailboxConfig", "TeamMailbox"]


class MailboxConfig(MailConfig):
    """
    What ``[sources.NAME]`` says of a team's mailbox.

    Attributes:
        keep_days: Older mail is not read; None: all of it is.
    """

    keep_days: int | None = Field(None, ge=1)


class TeamMailbox(MailSource[MailboxConfig]):
    """
    Reads a shared mailbox: a touchpoint for each message from or to a customer.

    Quotes and signatures are taken off the text. Mail among ourselves, newsletters, bounces and
    automatic replies are left out and counted::

        [sources.support]
        plugin = "mailbox"
        path = "mail/support.mbox"
        own = ["shop.example"]

    or from a server::

        [sources.support.imap]
        host = "imap.shop.example"
        user = "support@shop.example"
        password = "${SUPPORT_PASSWORD}"
        folder = ["INBOX", "Sent"]
    """

    name = "mailbox"
    Config: ClassVar[type[MailboxConfig]] = MailboxConfig
    streams = (Stream("messages", "touchpoint", ordered=True),)

    @classmethod
    def recognise(cls, files: Sequence[InputFile], ctx: Looking) -> Iterator[Recognised]:
        """Yield the files that are mailboxes or messages."""
        for file in files:
            found = kind_of(file.path)
            if found is not None:
                yield Recognised(file, found, surety=2)

    def recipe(self) -> Sequence[str]:
        """Return the setting that decides about old mail."""
        return (str(self.config.keep_days or ""),)

    def records(self, message: Message, stream: Stream, ctx: Context) -> Iterator[Record]:
        """Yield the touchpoint that a message is, unless it is left out."""
        reason = self.correspondence.left_out(message)
        if reason is None and self._is_old(message, ctx):
            reason = "old"
        if reason is not None:
            self.pass_over(reason)
            return
        yield self.correspondence.touchpoint(message)

    def _is_old(self, message: Message, ctx: Context) -> bool:
        days = self.config.keep_days
        if days is None or message.sent_at is None:
            return False
        return message.sent_at < ctx.clock.now() - timedelta(days=days)
