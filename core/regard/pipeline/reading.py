"""
One source's reading as the work of a process of its own.

Whoever starts it, a command or the loop, hands over a `Reading` and gets summaries back; what
crosses between the two processes is JSON, without the secrets that only the child knows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from regard import __version__
from regard.pipeline.backfilling import backfill, span_of
from regard.pipeline.children import Ended, Tell
from regard.pipeline.running import Runner
from regard.pipeline.starting import Wish
from regard.pipeline.stopping import Asked
from regard.pipeline.workplace import Workplace
from regard.runs import Counts, Outcome, StreamSummary
from regard.secrets import mask
from regard.store import Store
from regard.store import runs as stored_runs

__all__ = ["Reading", "Refusal", "bury", "packed", "summary_of", "unpacked"]

Refusal = tuple[str, str, str]
"""Why a record was refused in a dry run: reason, field, message."""

_PROGRESS_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How sources are read.

    Attributes:
        place: The project.
        error_budget: Overrides the configured one.
        refresh: The streams that are read from their beginning.
        dry: Decide everything, write nothing.
        span: The part of the past that is read: stream, begin and end as they were typed.
        cause: Why, for the history.
    """

    place: Workplace
    error_budget: float | None = None
    refresh: frozenset[str] = frozenset()
    dry: bool = False
    span: tuple[str, str, str] | None = None
    cause: str = "manual"

    def read(self, name: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        """Read one source, in the child; return what was done as JSON values."""
        place = self.place
        runner = self._runner(asked, tell)
        tell("began", None)
        if not self.dry:
            with place.open_store() as store:
                if self.span is None:
                    return packed(runner.run(store, name))
                span = span_of(runner, store, name, *self.span)
                return packed(backfill(runner, store, name, span))
        missing = Store.inspect(place.store_url).state == "missing"
        opened = None if missing else Store.open(place.store_url, clock=place.clock, readonly=True)
        try:
            if self.span is not None:
                span = span_of(runner, opened, name, *self.span)
                runner = replace(runner, wish=Wish(span=span))
            summaries, refused = runner.dry_run(opened, name)
        finally:
            if opened is not None:
                opened.close()
        reasons = [(item.reason, item.field or "", item.message) for item in refused]
        return packed(summaries, reasons)

    def _runner(self, asked: Asked, tell: Tell) -> Runner:
        next_at: dict[str, float] = {}

        def watch(source: str, stream: str, done: int, total: int | None, unit: str) -> None:
            now = time.monotonic()
            if now >= next_at.get(stream, 0.0):
                next_at[stream] = now + _PROGRESS_SECONDS
                tell("progress", [source, stream, done, total, unit])

        return Runner(
            self.place.project,
            self.place.host,
            self.place.clock,
            __version__,
            cancel=asked,
            watch=watch,
            error_budget=self.error_budget,
            debug=self.place.debug,
            wish=Wish(self.refresh, cause=self.cause),
            overtaken=lambda error: tell("lost", str(error)),
            begun=lambda number: tell("run", number),
        )


def summary_of(name: str, ended: Ended, run_id: int | None = None) -> StreamSummary:
    """Return a summary of what became of a child that could not say so itself."""
    outcome = Outcome.PARTIAL if ended.stopped else Outcome.FAILED
    return StreamSummary(name, "", run_id, outcome, error=ended.error)


def bury(place: Workplace, name: str, ended: Ended) -> list[StreamSummary]:
    """
    Note how the run of a child ended that cannot say so, and return what it did.

    Raises:
        StoreError: It could not be stored; the next run of the source will note it.
    """
    summary = summary_of(name, ended)
    # Whoever asked for the end is not kept waiting: the next run would note it, too.
    patience = timedelta(seconds=0.3 if ended.stopped else 10)
    with place.open_store() as store, store.write(patience=patience) as transaction:
        run = stored_runs.bury(transaction, name, ended.pid, summary.outcome, ended.error or "")
    if run is None:
        return [summary]
    if all(stream.error is None for stream in run.streams):
        return [*run.streams, summary_of(name, ended, run.id)]
    return run.streams


def packed(summaries: Sequence[StreamSummary], refused: Sequence[Refusal] = ()) -> dict[str, Any]:
    """Return what was done as JSON values, without the secrets that only the child knows."""
    told = []
    for summary in summaries:
        values = asdict(summary)
        values["error"] = None if summary.error is None else mask(summary.error)
        values["notes"] = [mask(note) for note in summary.notes]
        told.append(values)
    return {
        "summaries": told,
        "refused": [(reason, field, mask(message)) for reason, field, message in refused],
    }


def unpacked(value: Any) -> tuple[list[StreamSummary], list[Refusal]]:  # noqa: ANN401  # JSON
    """Return what a child has told: summaries, and in a dry run what was refused."""
    summaries = []
    for values in value["summaries"]:
        outcome, counts = Outcome(values["outcome"]), Counts(**values["counts"])
        summaries.append(StreamSummary(**{**values, "outcome": outcome, "counts": counts}))
    return summaries, [(item[0], item[1], item[2]) for item in value["refused"]]
