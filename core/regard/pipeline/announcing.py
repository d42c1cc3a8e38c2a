"""
What happened becomes notices: one for each channel that wants to hear of it, and each once.

A failure is told when it begins, and again while it lasts; a recovery is told to whoever has
heard of the failure. Nothing is sent here: the notices are written in the same transaction as
what they speak of, and `regard.pipeline.telling` tells them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from regard.findings import Severity
from regard.notifiers import EVENTS, Notice, one_line
from regard.privacy import mask_text
from regard.secrets import mask
from regard.settings import NoticesSettings, Settings
from regard.store import Transaction
from regard.store import notices as stored

__all__ = ["Announcer", "Event"]

_LASTING: Final = ("failed", "late", "disk")
_ORDER: Final = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
_MOST: Final = 400
_MOST_LOOKED_AT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something that happened.

    Attributes:
        kind: ``failed``, ``recovered``, ``late``, ``finding`` or ``disk``.
        subject: What it is about: ``source:NAME``, ``enricher:NAME``,
            ``report:NAME``, or a finding's number.
        occasion: Tells one occurrence from the next: of a failure and of its recovery, when
            the first of the failed due times was.
        severity: How much it matters: ``info``, ``warning`` or ``critical``.
        text: What happened, in one sentence.
    """

    kind: str
    subject: str
    occasion: str
    severity: Severity | str
    text: str

    def __post_init__(self) -> None:
        if self.kind not in EVENTS:
            message = f"{self.kind!r} is no event; known: {', '.join(EVENTS)}"
            raise ValueError(message)
        object.__setattr__(self, "severity", Severity(self.severity))


class Announcer:
    """
    Writes a notice of each event for each channel that wants it.

    Args:
        settings: Of the project.
    """

    def __init__(self, settings: Settings) -> None:
        self._channels = {name: table for name, table in settings.notices.items() if table.tells}

    def announce(self, transaction: Transaction, events: Iterable[Event]) -> int:
        """
        Write the notices of events; return how many there are.

        Args:
            transaction: The writing one that also stores what has happened.
            events: In the order in which they happened.
        """
        return sum(
            self._write(transaction, name, table, event)
            for event in events
            for name, table in self._channels.items()
            if _wanted(table, event)
        )

    def _write(
        self, transaction: Transaction, channel: str, table: NoticesSettings, event: Event
    ) -> bool:
        subject, occasion = event.subject, event.occasion
        if event.kind == "recovered" and not stored.occasions(
            transaction, channel, subject, "failed", occasion
        ):
            return False
        before = stored.occasions(transaction, channel, subject, event.kind, occasion)
        if before:
            last = before[-1]
            lasts = event.kind in _LASTING and last.state != "waits"
            if not lasts or transaction.now - last.notice.at < table.repeat:
                return False
            occasion = stored.repeated(occasion, len(before) + 1)
        text = one_line(mask_text(mask(event.text[:_MOST_LOOKED_AT])), _MOST)
        severity = Severity(event.severity).value
        notice = Notice(0, subject, event.kind, severity, text, transaction.now)
        return stored.put(transaction, channel, notice, occasion)


def _wanted(table: NoticesSettings, event: Event) -> bool:
    if event.kind not in table.on:
        return False
    least = _ORDER.index(Severity(table.severity))
    return event.kind != "finding" or _ORDER.index(Severity(event.severity)) >= least
