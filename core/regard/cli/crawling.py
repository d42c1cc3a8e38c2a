"""
The demo's shops, looked at on days gone by: the clock stands at each of them in turn.

What was looked at already is not looked at again, so that a demo that broke off is completed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from regard import __version__
from regard.clock import Clock, FixedClock
from regard.runs import Outcome, StreamSummary

if TYPE_CHECKING:
    from regard.cli.app import App
    from regard.demo import Demo, Market
    from regard.store import Store

__all__ = ["Crawled", "crawl_before", "read_here", "shown"]


@dataclass(frozen=True, slots=True)
class Crawled:
    """
    What came of looking at the shops on one day.

    Attributes:
        days: How long before the demo was made.
        at: When it was.
        runs: What each source's stream came to.
    """

    days: int
    at: datetime
    runs: tuple[StreamSummary, ...]

    @property
    def wrong(self) -> list[str]:
        """What went wrong, a sentence for each."""
        return [f"{each.source}: {each.error}" for each in self.runs if each.error]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"at": self.at, "runs": [each.as_json() for each in self.runs]}


def crawl_before(demo: Demo, market: Market, app: App) -> Iterator[Crawled]:
    """
    Look at the shops on each day gone by that they were not looked at yet, the oldest first.

    Args:
        demo: The demo.
        market: Its shops, open.
        app: A command's in the demo's folder.
    """
    from regard.demo import LOOKS
    from regard.store import Store

    for look in LOOKS:
        at = demo.made_at - timedelta(days=look.days)
        every = [name for each in demo.rivals for name in each.sources(reviews=look.reviews)]
        names = [name for name in every if name in app.project.settings.sources]
        clock = FixedClock(at)
        store = Store.open(app.store_url, clock=clock)
        try:
            wanted = _not_yet(store, names, at)
            market.at = at
            runs = tuple(read_here(app, store, wanted, clock))
        finally:
            market.at = None
            store.close()
        if runs:
            yield Crawled(look.days, at, runs)


def _not_yet(store: Store, names: Sequence[str], at: datetime) -> list[str]:
    """Return which of some sources were never read well at a time or later."""
    from regard.store import runs

    with store.read() as transaction:
        return [
            name
            for name in names
            if not any(
                run.started_at >= at and run.outcome == Outcome.OK
                for run in runs.history(transaction, source=name, limit=None)
            )
        ]


def read_here(
    app: App, store: Store, names: Sequence[str], clock: Clock
) -> Iterator[StreamSummary]:
    """Read sources in this process, and show nothing: what the demo reads is known to be good."""
    from regard.pipeline.running import Runner

    runner = Runner(app.project, app.host, clock, __version__, debug=app.debug)
    for name in names:
        yield from runner.run(store, name)


def shown(crawled: Crawled) -> str:
    """Return a line that says how many records of which stream were new, changed or neither."""
    streams: dict[str, Counter[str]] = {}
    for each in crawled.runs:
        counts = each.counts
        streams.setdefault(each.stream, Counter()).update(
            new=counts.new,
            changed=counts.changed,
            deleted=counts.deleted,
            unchanged=counts.unchanged,
        )
    return "; ".join(
        f"{stream}: " + ", ".join(f"{n:,} {name}" for name, n in found.items() if n)
        for stream, found in streams.items()
    )
