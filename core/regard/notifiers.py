"""What a team writes to bring one more way of telling people of failures and findings."""

from __future__ import annotations

import logging
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from email.message import EmailMessage

    from regard.clock import Clock

__all__ = [
    "EVENTS",
    "MOST_LINES",
    "Attachment",
    "Notice",
    "Notifier",
    "NotifierContext",
    "headline",
    "in_order",
    "listed",
    "one_line",
]

ConfigT = TypeVar("ConfigT")

EVENTS: Final = ("failed", "late", "disk", "finding", "recovered")
"""What somebody may hear of, in the order in which a message says it."""

MOST_LINES: Final = 50
"""So many notices are listed in one message; of the others it says how many there are."""

_SEVERITIES: Final = {"critical": 0, "warning": 1, "info": 2}
_NOT_SHOWN: Final = ("Cc", "Cf", "Cs", "Co")


@dataclass(frozen=True, slots=True)
class Notice:
    """
    Something that somebody should hear of.

    Attributes:
        id: Its number in the store; 0: it is only a test.
        subject: What it is about: ``source:NAME``, ``enricher:NAME``,
            ``report:NAME``, or a finding's number.
        event: ``failed``, ``recovered``, ``late``, ``finding``, ``disk`` or ``test``.
        severity: ``info``, ``warning`` or ``critical``.
        text: One sentence, without personal values and secrets.
        at: When it happened.
    """

    id: int
    subject: str
    event: str
    severity: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """
    A file that goes with a report.

    Attributes:
        name: What it is called there.
        media_type: Such as ``text/html``.
        content: Its bytes.
    """

    name: str
    media_type: str
    content: bytes


class NotifierContext(Protocol):
    """What the host offers while somebody is told."""

    @property
    def log(self) -> logging.Logger:
        """A logger that masks secrets."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def title(self) -> str:
        """What the project is called: its folder's name."""

    @property
    def root(self) -> Path:
        """The project's folder."""

    def post(self, message: EmailMessage, receivers: Sequence[str]) -> None:
        """
        Mail a message through the server of ``[smtp]``; it adds the sender and the date.

        Args:
            message: The message; without ``From``, it comes from the ``sender`` of ``[smtp]``.
            receivers: The addresses that it goes to, each alone.

        Raises:
            NoticeRefused: The server takes no mail for any of them, ever.
            TransientError: The server takes nothing now.
        """


class Notifier(Generic[ConfigT]):
    """
    Tells people of failures and findings. Subclass it, return it from ``regard_notifiers``.

    A whole plug-in::

        from pydantic import BaseModel
        from regard import Notifier, hookimpl
        from regard.notifiers import listed

        class Board(Notifier):
            name = "board"

            class Config(BaseModel):
                path: str

            def tell(self, notices, ctx):
                with (ctx.root / self.config.path).open("a", encoding="utf-8") as file:
                    for line in listed(notices):
                        print(line, file=file)

        @hookimpl
        def regard_notifiers():
            return [Board]

    and its table, which makes one channel::

        [notices.hall]
        notifier = "board"
        path = "hall.txt"

    Attributes:
        name: What ``notifier = "..."`` calls it.
        Config: A pydantic model of its settings; None: it gets them as a dict.
        mails: Whether it needs ``[smtp]``, because it calls ``ctx.post``.

    Args:
        config: The validated settings.
    """

    name: ClassVar[str]
    Config: ClassVar[type[Any] | None] = None
    mails: ClassVar[bool] = False

    def __init__(self, config: ConfigT) -> None:
        self.config = config

    def tell(self, notices: Sequence[Notice], ctx: NotifierContext) -> None:
        """
        Tell all of them in one message.

        Whatever it raises, or if it takes too long, the same notices are told again later,
        for a day at most.

        Args:
            notices: At least one, the gravest first.
            ctx: What the host offers.

        Raises:
            NoticeRefused: Telling them again would not help.
            RateLimited: Not before so many seconds.
        """
        raise NotImplementedError

    def send(
        self,
        title: str,
        body: str,
        ctx: NotifierContext,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """
        Send a report, where the notifier can; the default refuses.

        Args:
            title: One line.
            body: The report as text.
            ctx: What the host offers.
            attachments: Files that go with it.

        Raises:
            NoticeRefused: It takes no reports, or no attachments.
        """
        from regard.errors import NoticeRefused

        message = f"the notifier {self.name!r} takes no reports"
        raise NoticeRefused(message)


def headline(notices: Sequence[Notice]) -> str:
    """Return how many there are of each event, as in ``2 failed, 1 recovered``."""
    counts = Counter(one.event for one in notices)
    order = [*EVENTS, *sorted(counts.keys() - set(EVENTS))]
    nouns = {"finding": "findings"}
    return ", ".join(
        f"{counts[event]:,} {nouns.get(event, event) if counts[event] > 1 else event}"
        for event in order
        if counts[event]
    )


def listed(notices: Sequence[Notice], most: int = MOST_LINES) -> list[str]:
    """Return one line for each notice, and one for those that are too many."""
    lines = [
        f"{one.event:9}  {one_line(one.subject, 80)}: {one_line(one.text)}"
        f" ({one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"
        for one in notices[:most]
    ]
    rest = len(notices) - most
    return [*lines, f"and {rest:,} more"] if rest > 0 else lines


def in_order(notices: Sequence[Notice]) -> list[Notice]:
    """Return notices with the gravest first, those of one event together."""
    places = {event: place for place, event in enumerate(EVENTS)}

    def place(one: Notice) -> tuple[int, int, datetime, int]:
        severity = _SEVERITIES.get(one.severity, len(_SEVERITIES))
        return places.get(one.event, len(places)), severity, one.at, one.id

    return sorted(notices, key=place)


def one_line(text: str, most: int = 400) -> str:
    """
    Return a text as one bounded line that can steer neither a terminal nor a mail's head.

    Args:
        text: Anything.
        most: How many characters it may have.
    """
    # What is far too long is not looked at: only its beginning is shown.
    plain = "".join(
        " "
        if sign.isspace()
        else "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(sign) in _NOT_SHOWN
        else sign
        for sign in text[: most * 4]
    )
    line = " ".join(plain.split())
    return line if len(line) <= most else line[: most - 3] + "..."
