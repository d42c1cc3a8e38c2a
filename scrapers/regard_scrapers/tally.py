"""What one look at a site came to: what its pages said, what was amiss, and how the run ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from regard.errors import RateLimited, SourceChanged, SourceError, TransientError
from regard.findings import Finding, Severity
from regard.sources import Context
from regard_scrapers.health import Health
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched

__all__ = ["BELIEVED", "TRIED_AGAIN", "Tally"]

TRIED_AGAIN: Final = frozenset({"network", "robots-unread", "http-error", "rate-limited"})
"""Outcomes after which an address is asked for again."""

BELIEVED: Final = frozenset({"ok", "not-modified", "gone", "robots", "refused", "redirected"})
"""Outcomes that say something about an address, and not about a trouble of today."""

_BLOCKED_PAUSE: Final = timedelta(hours=6)
_BLOCKED_PAGES: Final = 3
_LONGEST_WAIT: Final = 120.0
_UNSAID_WAIT: Final = 60.0


def _counted(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {code}" for code, count in Counter(outcomes).most_common())


class Tally:
    """
    Counts what addresses come to, and says in the end what follows.

    Args:
        site: The site.
        ctx: What the host offers.
        origin: Whom it asks.
        left: How many requests of today are left.

    Attributes:
        left: How many are left now.
        late: Keys of records that seem to have been seen later than now.
        health: Whether the site still looks as it did.
    """

    def __init__(self, site: Site, ctx: Context, origin: str, left: int) -> None:
        self._site = site
        self._ctx = ctx
        self._origin = origin
        self.left = left
        self.late: set[str] = set()
        self.health = Health(site.name, site.expect.drop)
        self._outcomes: Counter[str] = Counter()
        self._sent_away: str | None = None
        self._waits: dict[str, float] = {}
        self._broken: Counter[str] = Counter()
        self._unread: str | None = None
        self._lost: list[tuple[str, bool]] = []
        self._missed: list[str] = []
        self._refused: Counter[str] = Counter()

    @property
    def goes_on(self) -> bool:
        """Whether the site may be asked for more."""
        return self._sent_away is None and not self._waits

    @property
    def seen(self) -> int:
        """How many addresses had an outcome."""
        return self._outcomes.total()

    def count(self, fetched: Fetched, *, lost: bool) -> None:
        """Hear what one address came to; lost: it led to others, and does no more."""
        self._outcomes["lost" if lost else fetched.outcome] += 1
        if fetched.outcome == "robots-unread":
            # Of all its addresses alike, so any of them tells why.
            self._unread = f"site {self._site.name} cannot be read: {fetched.text}"
        self.left -= fetched.status is not None
        self._judge(fetched)
        self._refused.update(fetched.refused)
        self._broken.update(note.partition(": ")[2] or note for note in fetched.notes)

    def lose(self, what: str, *, led: bool) -> None:
        """Hear which address leads nowhere, and whether it ever did."""
        self._lost.append((what, led))

    def miss(self, what: str) -> None:
        """Hear which address could not be asked where it leads."""
        self._missed.append(what)

    def _judge(self, fetched: Fetched) -> None:
        """Stop where the site does not want us, or asks for less."""
        if fetched.outcome == "rate-limited":
            wait = fetched.retry_after_seconds or _UNSAID_WAIT
            # Where a page's scripts were told so it is not the page's own origin that wants less.
            origin = fetched.limiter or self._origin
            self._waits[origin] = max(self._waits.get(origin, 0.0), wait)
        elif fetched.outcome == "blocked":
            blocked, whole = self._outcomes["blocked"], self.seen
            if blocked >= _BLOCKED_PAGES and 2 * blocked >= whole:
                self._sent_away = fetched.text

    def conclude(self, origins: Iterable[str]) -> None:
        """
        Say how looking went, and what somebody should know.

        Args:
            origins: Whom it asked, and whom the pages' scripts asked.

        Raises:
            RateLimited: The site asks for less.
            SourceChanged: It blocks us, or no longer looks as it did.
            SourceError: No address of it could be read, and none is to be tried again today.
            TransientError: No address of it could be read.
        """
        ctx, site, now = self._ctx, self._site, self._ctx.clock.now()
        if self._outcomes:
            for origin in origins:
                ctx.addresses.rest(origin, now + timedelta(seconds=site.delay))
        self._note()
        for finding in self.health.findings():
            ctx.finding(finding)
        if self._waits:
            self._ask_less()
        if self._sent_away is not None:
            ctx.addresses.pause(self._origin, now + _BLOCKED_PAUSE, self._sent_away)
            self._raise("site-blocks-us", f"does not let us in: {self._sent_away}")
        if self.health.rotten is not None:
            rotten = f"no longer looks as it did: {self.health.rotten}"
            self._raise("site-changed", rotten, "if all is well, drop = 1.0 in [expect] says so")
        if self._outcomes and self._outcomes.keys().isdisjoint(BELIEVED):
            self._refuse()
        if not self._outcomes and self.left <= 0:
            self._refuse_used_up()

    def _note(self) -> None:
        """Say in the run's summary what came of the pages."""
        ctx = self._ctx
        if self._outcomes:
            ctx.note(f"pages: {_counted(self._outcomes)}")
        for note, count in self._broken.most_common(3):
            ctx.note(f"{count} pages with a broken block of data: {note}")
        for what, led in self._lost[:3]:
            ctx.note(f"{what}; what it led to is not looked at" if led else what)
        for what in self._missed[:3]:
            ctx.note(f"{what}; not all that it leads to is looked at")
        if late := len(self.late):
            records = f"{late} record{'' if late == 1 else 's'}"
            ctx.note(f"{records} last seen later than now, and read again: is the clock right?")
        for why, count in self._refused.most_common(5):
            pages = f"{count} page{'' if count == 1 else 's'}"
            ctx.note(f"scripts of {pages} were not given all they ask for: {why}")
        if self.left <= 0 and ctx.addresses.waiting:
            ctx.note(
                f"the {self._site.pages_per_day} pages of today are used up; "
                f"{ctx.addresses.waiting} addresses wait for tomorrow"
            )

    def _refuse(self) -> None:
        """Say that nothing was read at all, and why."""
        named = f"site {self._site.name}"
        if self._lost:
            self._raise("site-changed", f"no longer says what it has: {self._lost[0][0]}")
        if self._outcomes.keys() <= {"network", "robots-unread"}:
            raise TransientError(self._unread or f"{named} cannot be reached: {self._origin}")
        message = f"none of the pages of {named} could be read: {_counted(self._outcomes)}"
        # A try that has nothing to ask for would find nothing wrong.
        again = self.left > 0 and not TRIED_AGAIN.isdisjoint(self._outcomes)
        raise (TransientError if again else SourceError)(message)

    def _refuse_used_up(self) -> None:
        """Say that nothing was read before the requests of today were used up, if so it was."""
        midnight = self._ctx.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        before = self._ctx.addresses.outcomes(midnight)
        if before and before.keys().isdisjoint(BELIEVED):
            message = (
                f"none of the pages of site {self._site.name} could be read today: "
                f"{_counted(before)}"
            )
            raise SourceError(message)

    def _ask_less(self) -> None:
        for origin, wait in self._waits.items():
            if wait > _LONGEST_WAIT:
                until = self._ctx.clock.now() + timedelta(seconds=wait)
                who = "the server" if origin == self._origin else origin
                self._ctx.addresses.pause(origin, until, f"{who} asks for less")
        message = f"site {self._site.name} asks for less"
        others = ", ".join(sorted(self._waits.keys() - {self._origin}))
        if others:
            message = f"{others}, which pages of site {self._site.name} need, asks for less"
        raise RateLimited(message, max(self._waits.values()))

    def _raise(self, code: str, text: str, *more: str) -> None:
        named = f"site {self._site.name} {text}"
        said = "; ".join((named, "what is known of it stays as it was", *more))
        self._ctx.finding(Finding(code, said, Severity.CRITICAL, self._site.name))
        raise SourceChanged(said)
