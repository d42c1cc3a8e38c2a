"""A message as a touchpoint: between whom it went, and which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regard.mail.addresses import covers
from regard.mail.messages import Message

__all__ = ["Correspondence"]


@dataclass(frozen=True, slots=True)
class Correspondence:
    """
    Who we are, and whom we do not look at.

    Attributes:
        own: Our addresses and domains; empty: the direction of mail cannot be told.
        skip: Addresses and domains whose mail is left out.
    """

    own: Sequence[str] = ()
    skip: Sequence[str] = ()

    def sender(self, message: Message) -> str | None:
        """
        Return who wrote a message.

        A form on our own site sends from one of our addresses what a customer wrote, with
        theirs to reply to.
        """
        sender, wanted = message.from_address, message.reply_to
        forms = sender is not None and covers(self.own, sender)
        inside = all(covers(self.own, each) for each in message.to_addresses)
        return wanted if forms and inside and wanted and not covers(self.own, wanted) else sender

    def left_out(self, message: Message) -> str | None:
        """Return why a message is no contact with a customer, or None where it is one."""
        sender = self.sender(message)
        if sender and covers(self.skip, sender):
            return "skipped"
        others = [each for each in message.to_addresses if not covers(self.own, each)]
        ours = sender is not None and covers(self.own, sender)
        if ours and others and all(covers(self.skip, each) for each in others):
            return "skipped"
        listed = message.auto == "newsletter" and not ours and self._is_our_list(message)
        if message.auto and not listed:
            return message.auto
        if ours and not others:
            return "internal"
        return None

    def _is_our_list(self, message: Message) -> bool:
        # A team's shared address is often a list of its own, and marks all that comes through.
        return message.list_id is not None and covers(self.own, f"list@{message.list_id}")

    def touchpoint(self, message: Message) -> dict[str, Any]:
        """Return the touchpoint that a message is."""
        sender = self.sender(message)
        ours = sender is not None and covers(self.own, sender)
        others = [each for each in message.to_addresses if not covers(self.own, each)]
        direction = None
        if self.own and sender is not None:
            direction = "outbound" if ours else "inbound"
        return {
            "key": message.message_id,
            "channel": "email",
            "type": "message",
            "happened_at": message.sent_at,
            "direction": direction,
            "email": (others[0] if others else None) if ours else sender,
            "agent": sender if ours else None,
            "thread_key": message.thread,
            "subject": message.subject,
            "text": message.text,
        }
