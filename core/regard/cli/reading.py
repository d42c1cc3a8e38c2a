"""Reading sources for a command, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

from regard import __version__
from regard.cli.app import App
from regard.cli.watching import watching
from regard.errors import ConfigError, SecretError, StoreError, UsageError
from regard.pipeline.backfilling import backfill, span_of
from regard.pipeline.children import Bounds, Child, Ended, machine_memory
from regard.pipeline.preparing import settings_of
from regard.pipeline.running import Runner
from regard.pipeline.starting import Wish
from regard.runs import Counts, Outcome, StreamSummary
from regard.secrets import mask
from regard.store import Store
from regard.store import runs as stored_runs

if TYPE_CHECKING:
    from regard.pipeline.children import Tell
    from regard.pipeline.stopping import Asked

__all__ = ["Reading", "Refusal", "read_apart"]

Refusal = tuple[str, str, str]
"""Why a record was refused in a dry run: reason, field, message."""

_PROGRESS_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How sources are read.

    Attributes:
        app: The command.
        error_budget: Overrides the configured one.
        refresh: The streams that are read from their beginning.
        dry: Decide everything, write nothing.
        span: The part of the past that is read: stream, begin and end as they were typed.
    """

    app: App
    error_budget: float | None = None
    refresh: frozenset[str] = frozenset()
    dry: bool = False
    span: tuple[str, str, str] | None = None

    def read(self, name: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        """Read one source, in the child; return what was done as JSON values."""
        app = self.app
        next_at: dict[str, float] = {}

        def watch(source: str, stream: str, done: int, total: int | None, unit: str) -> None:
            now = time.monotonic()
            if now >= next_at.get(stream, 0.0):
                next_at[stream] = now + _PROGRESS_SECONDS
                tell("progress", [source, stream, done, total, unit])

        runner = Runner(
            app.project,
            app.host,
            app.clock,
            __version__,
            cancel=asked,
            watch=watch,
            error_budget=self.error_budget,
            debug=app.debug,
            wish=Wish(self.refresh),
            overtaken=lambda error: tell("lost", str(error)),
        )
        tell("began", None)
        if not self.dry:
            with app.open_store() as store:
                if self.span is None:
                    return _packed(runner.run(store, name))
                span = span_of(runner, store, name, *self.span)
                return _packed(backfill(runner, store, name, span))
        missing = Store.inspect(app.store_url).state == "missing"
        opened = None if missing else Store.open(app.store_url, clock=app.clock, readonly=True)
        try:
            if self.span is not None:
                span = span_of(runner, opened, name, *self.span)
                runner = replace(runner, wish=Wish(span=span))
            summaries, refused = runner.dry_run(opened, name)
        finally:
            if opened is not None:
                opened.close()
        reasons = [(item.reason, item.field or "", item.message) for item in refused]
        return _packed(summaries, reasons)


@dataclass(frozen=True, slots=True)
class _Work:
    """One child's work; a class, so that it can be handed to a process of any kind."""

    reading: Reading
    name: str

    def __call__(self, asked: Asked, tell: Tell) -> object:
        with self.reading.app:
            return self.reading.read(self.name, asked, tell)


def read_apart(
    reading: Reading, name: str, cancel: Event
) -> tuple[list[StreamSummary], list[Refusal]]:
    """
    Read one source in a process of its own.

    Args:
        reading: How.
        name: The source.
        cancel: Set when it should stop.

    Returns:
        What was done to each stream, and in a dry run what was refused.

    Raises:
        ConfigError: The configuration is wrong.
        SecretError: A secret is missing.
    """
    app = reading.app
    memory = app.project.settings.limits.memory or machine_memory()
    bounds = Bounds(settings_of(app.project, name).deadline, memory)
    # The display draws in a thread of its own: the child must be there before it.
    with Child(_Work(reading, name), bounds) as child, watching(app) as watch:
        ended = child.attend(cancel, lambda value: watch and watch(*value))
    if ended.error is None:
        return _unpacked(ended.value)
    for kind in (ConfigError, SecretError, UsageError):
        if ended.kind == kind.__name__:
            raise kind(ended.error)
    if ended.kind is not None or reading.dry:
        return [_summary(name, ended)], []
    return _bury(app, name, ended), []


def _summary(name: str, ended: Ended, run_id: int | None = None) -> StreamSummary:
    outcome = Outcome.PARTIAL if ended.stopped else Outcome.FAILED
    return StreamSummary(name, "", run_id, outcome, error=ended.error)


def _bury(app: App, name: str, ended: Ended) -> list[StreamSummary]:
    """Note how the run of a child ended that cannot say so, and return what it did."""
    summary = _summary(name, ended)
    # Whoever asked for the end is not kept waiting: the next run would note it, too.
    patience = timedelta(seconds=0.3 if ended.stopped else 10)
    try:
        with app.open_store() as store, store.write(patience=patience) as transaction:
            run = stored_runs.bury(
                transaction, name, ended.pid, summary.outcome, ended.error or ""
            )
    except StoreError as error:
        app.problem(f"{name}: how its run ended could not be stored: {error}")
        return [summary]
    if run is None:
        return [summary]
    if all(stream.error is None for stream in run.streams):
        return [*run.streams, _summary(name, ended, run.id)]
    return run.streams


def _packed(summaries: Sequence[StreamSummary], refused: Sequence[Refusal] = ()) -> dict[str, Any]:
    """Return what was done as JSON values, without the secrets that only the child knows."""
    packed = []
    for summary in summaries:
        values = asdict(summary)
        values["error"] = None if summary.error is None else mask(summary.error)
        values["notes"] = [mask(note) for note in summary.notes]
        packed.append(values)
    return {
        "summaries": packed,
        "refused": [(reason, field, mask(message)) for reason, field, message in refused],
    }


def _unpacked(value: Any) -> tuple[list[StreamSummary], list[Refusal]]:  # noqa: ANN401  # JSON
    summaries = []
    for values in value["summaries"]:
        outcome, counts = Outcome(values["outcome"]), Counts(**values["counts"])
        summaries.append(StreamSummary(**{**values, "outcome": outcome, "counts": counts}))
    return summaries, [(item[0], item[1], item[2]) for item in value["refused"]]
