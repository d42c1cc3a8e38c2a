"""
The demo's shops, looked at on days gone by: each day is a command of its own with its own clock.

What was looked at already is not looked at again, so that a demo that broke off is completed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from regard.cli.app import App
    from regard.demo import Demo, Market

__all__ = ["Crawled", "crawl_before", "shown"]

_COUNTS: Final = ("new", "changed", "deleted", "unchanged")


@dataclass(frozen=True, slots=True)
class Crawled:
    """
    What came of looking at the shops on one day.

    Attributes:
        days: How long before the demo was made.
        at: When it was.
        runs: As ``regard run --json`` has them.
        errors: What kept a command from saying anything.
    """

    days: int
    at: datetime
    runs: tuple[Mapping[str, Any], ...]
    errors: tuple[str, ...] = ()

    @property
    def wrong(self) -> list[str]:
        """What went wrong, a sentence for each."""
        told = [f"{run['source']}: {run['error']}" for run in self.runs if run["error"]]
        return [*self.errors, *told]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"at": self.at, "runs": list(self.runs), "errors": list(self.errors)}


def crawl_before(demo: Demo, market: Market, app: App) -> Iterator[Crawled]:
    """
    Look at the shops on each day gone by that they were not looked at yet, the oldest first.

    Args:
        demo: The demo.
        market: Its shops, open.
        app: A command's in the demo's folder.
    """
    from regard.demo import LOOKS

    for look in LOOKS:
        at = demo.made_at - timedelta(days=look.days)
        every = [each.sources(reviews=look.reviews) for each in demo.rivals]
        wanted = [left for names in every if (left := _not_yet(names, at, app))]
        if not wanted:
            continue
        market.at = at
        config = demo.root.absolute() / "regard.toml"
        # The shops are different ones, so they need not wait for each other.
        with ThreadPoolExecutor(len(wanted)) as pool:
            told = list(pool.map(partial(_run, config, at), wanted))
        market.at = None
        runs = tuple(run for found, _ in told for run in found)
        yield Crawled(look.days, at, runs, tuple(error for _, error in told if error))


def _not_yet(names: Sequence[str], at: datetime, app: App) -> list[str]:
    """Return which sources there are that were never read at a time or later."""
    from regard.runs import Outcome
    from regard.store import runs

    with app.open_store() as store, store.read() as transaction:
        return [
            name
            for name in names
            if name in app.project.settings.sources
            and not any(
                run.started_at >= at and run.outcome == Outcome.OK
                for run in runs.history(transaction, source=name, limit=None)
            )
        ]


def _run(config: Path, at: datetime, names: Sequence[str]) -> tuple[list[Mapping[str, Any]], str]:
    """Run sources in a process whose clock stands at a time; return the runs, and an error."""
    command = [sys.executable, "-m", "regard", "--config", str(config), "--json", "run", *names]
    done = subprocess.run(  # noqa: S603  # our own command
        command,
        env={**os.environ, "REGARD_NOW": at.isoformat()},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    try:
        return json.loads(done.stdout)["runs"], ""
    except (ValueError, KeyError):
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        return [], f"{', '.join(names)}: {lines[-1]}"


def shown(crawled: Crawled) -> str:
    """Return a line that says how many records of which stream were new, changed or neither."""
    counts: dict[str, Counter[str]] = {}
    for run in crawled.runs:
        stream = counts.setdefault(str(run["stream"]), Counter())
        stream.update({name: int(run[name]) for name in _COUNTS})
    return "; ".join(
        f"{stream}: " + ", ".join(f"{n:,} {name}" for name, n in found.items() if n)
        for stream, found in counts.items()
    )
