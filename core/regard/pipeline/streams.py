"""
Reading streams: one after the other, batch by batch.

The unit of failure is one stream: what goes wrong in it never touches another.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from regard.clock import Clock
from regard.cursors import CursorValue
from regard.errors import (
    AuthError,
    BudgetExceeded,
    Cancelled,
    ConfigError,
    LeaseLost,
    PluginError,
    RegardError,
    SecretError,
    SourceChanged,
    TransientError,
)
from regard.findings import Finding, Severity
from regard.pipeline.batching import Batcher
from regard.pipeline.context import RunContext
from regard.pipeline.judging import Committer
from regard.pipeline.stopping import Stop
from regard.pipeline.waiting import Backoff
from regard.records import kind_named
from regard.runs import Outcome, StreamSummary
from regard.secrets import mask
from regard.sources import Delete, FileProgress, Page, Seen, Source, Stream, Whole, Yielded

__all__ = ["Limits", "StreamRun", "StreamTask", "explain", "read_streams", "since_of"]


_LOOK_SECONDS = 0.05
"""How often a run looks whether it should stop; at each record it would cost too much."""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How large batches get.

    Attributes:
        rows: At most so many records.
        seconds: Reading for one takes at most about so long.
        backoff_seconds: How long to wait before the first new try after a failure that may
            pass; it doubles with each try.
    """

    rows: int = 20_000
    seconds: float = 1.0
    backoff_seconds: float = 1.0


@contextmanager
def calm_collector() -> Iterator[None]:
    """
    Let the garbage collector run rarely within a block.

    A batch is some hundred thousand live objects and hardly a cycle among them; looking
    through all of them again and again costs as much as the validation.
    """
    before = gc.get_threshold()
    # Not collected before: that takes longer than reading a small stream does.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class StreamRun:
    """
    Reads one stream.

    Args:
        source: The source.
        stream: One of its streams.
        context: What the source is given.
        committer: Stores batches, or only decides them in a dry run.
        batcher: Collects records.
        clock: The time.
        limits: How large batches get.
        stop: Tells whether the run should stop.
    """

    def __init__(
        self,
        source: Source[Any],
        stream: Stream,
        *,
        context: RunContext,
        committer: Committer,
        batcher: Batcher,
        clock: Clock,
        limits: Limits,
        stop: Stop,
    ) -> None:
        self._source = source
        self._stream = stream
        self._context = context
        self._committer = committer
        self._batcher = batcher
        self._clock = clock
        self._limits = limits
        self._stop = stop
        self._look_at = 0.0
        self._began = clock.monotonic()
        self._page_cursor: CursorValue | None = None
        self._progress: list[FileProgress] = []
        self._writing: Future[None] | None = None
        self._lost = False

    def read(self, since: CursorValue | None, until: CursorValue | None = None) -> None:
        """
        Read the stream to its end and store everything.

        Raises:
            RegardError: Why it could not be read to its end; what was committed stays.
        """
        broken: list[str] = []
        self._context.broken, self._context.row = broken, None
        with ThreadPoolExecutor(1, thread_name_prefix="regard-write") as self._pool:
            try:
                self._read_all(since, until)
                # Where a file could not be had, what is in it is not known: neither has its
                # stream been read to the end, nor has anything disappeared.
                failure = self._context.inputs.failure(broken)
                self._commit(complete=failure is None, ended=True)
            except BaseException as error:
                # What was yielded before the source failed is good, and stays; but nothing
                # may be stored behind a batch that was rolled back: the cursor would pass it.
                stopped = isinstance(error, KeyboardInterrupt | Cancelled | LeaseLost)
                if not self._lost and not stopped:
                    self._commit(complete=False)
                raise
            finally:
                self._settle()
        if failure is not None:
            raise failure

    def _read_all(self, since: CursorValue | None, until: CursorValue | None) -> None:
        with self._stop.reading():
            for item in self._source.read(self._stream, since, until, self._context):
                self._take(item)
                if self._due():
                    self._commit(complete=False)

    def _due(self) -> bool:
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._stop.check()
            if self._writing is not None and self._writing.done():
                # A source that waits for what it yielded to be stored has nothing more for a
                # batch: that one could not be stored it would never hear.
                self._settle()
            self._look_at = now + _LOOK_SECONDS
        waiting = len(self._batcher) + len(self._context.refused)
        waiting += self._context.addresses.pending
        if waiting >= self._limits.rows:
            return True
        if waiting and self._context.addresses.hurried:
            return True
        return waiting > 0 and now - self._began >= self._limits.seconds

    def _take(self, item: Yielded) -> None:
        if isinstance(item, Page):
            self._take_page(item)
        elif isinstance(item, Delete | Seen | Whole):
            self._batcher.add_word(item, self._context.row)
        else:
            self._batcher.add(item, self._context.row)

    def _take_page(self, page: Page) -> None:
        start, total = 0, len(page.records)
        while start < total:
            stop = min(total, start + self._limits.rows - len(self._batcher))
            self._batcher.add_page(page, start, stop)
            start = stop
            if start < total:
                self._commit(complete=False)
        # Only now: the cursor and the progress go with the last part.
        if page.cursor is not None:
            self._page_cursor = page.cursor
        if page.progress is not None:
            self._put_progress(page.progress)
        self._context.addresses.visit(page.visited)

    def _put_progress(self, progress: FileProgress) -> None:
        self._progress = [old for old in self._progress if old.file.name != progress.file.name]
        self._progress.append(progress)

    def _cursor(self, *, complete: bool) -> CursorValue | None:
        """Return how far the stream has been read, where that may be stored now."""
        if not (complete or self._stream.ordered):
            return None
        return self._page_cursor if self._page_cursor is not None else self._batcher.reached

    def _commit(self, *, complete: bool, ended: bool = False) -> None:
        context = self._context
        batch = self._batcher.take()
        batch.refused += context.refused
        batch.findings += context.findings
        context.refused, context.findings = [], []
        batch.cursor = self._cursor(complete=complete)
        batch.addresses = context.addresses.take()
        progress, self._progress = self._progress, []
        if ended:
            progress += context.finished
            context.finished = []
        batch.milliseconds = round((self._clock.monotonic() - self._began) * 1000)
        # One batch is stored while the next is read: both databases work without the
        # interpreter most of the time. There is never more than one on its way.
        self._settle()
        self._writing = self._pool.submit(
            self._committer.commit, batch, progress, self._batcher, complete=complete
        )
        self._began = self._clock.monotonic()

    def _settle(self) -> None:
        """
        Wait for the batch that is on its way.

        Raises:
            RegardError: It could not be stored.
        """
        writing, self._writing = self._writing, None
        if writing is not None:
            self._lost = True
            writing.result()
            self._lost = False


def since_of(stored: CursorValue | None, lookback: timedelta | None) -> CursorValue | None:
    """Return where to start reading: the stored cursor less the lookback."""
    if stored is None or lookback is None:
        return stored
    if isinstance(stored, date):
        return stored - lookback
    return stored


@dataclass(frozen=True, slots=True)
class StreamTask:
    """What `read_streams` needs to read one stream."""

    stream: Stream
    summary: StreamSummary
    committer: Committer
    context: RunContext
    since: CursorValue | None
    defaults: Mapping[str, Any]
    retries: int = 3
    until: CursorValue | None = None


class _Retrying:
    """
    Reads one stream, and again after failures that may pass.

    What was committed before a failure stays, so each try begins where the last one got to.
    """

    def __init__(
        self,
        source: Source[Any],
        task: StreamTask,
        *,
        clock: Clock,
        limits: Limits,
        stop: Stop,
    ) -> None:
        self._source = source
        self._task = task
        self._clock = clock
        self._limits = limits
        self._stop = stop
        self._backoff = Backoff(stop, clock, limits.backoff_seconds)
        self.notes: list[str] = []

    def read(self) -> None:
        """
        Read the stream to its end.

        Raises:
            TransientError: It failed once more than it may.
        """
        # A stream before this one may have used up the time.
        self._stop.check()
        since = self._task.since
        for attempt in range(self._task.retries + 1):
            try:
                self._try(since)
            except TransientError as error:
                if attempt == self._task.retries:
                    raise
                self.notes.append(self._backoff.wait(attempt, error))
                reached = self._task.committer.position()
                since = since if reached is None else reached
            else:
                return

    def _try(self, since: CursorValue | None) -> None:
        task, context = self._task, self._task.context
        kind = kind_named(task.stream.kind)
        batcher = Batcher(
            kind, task.stream, self._clock.now(), context.identify, dict(task.defaults)
        )
        reading = StreamRun(
            self._source,
            task.stream,
            context=context,
            committer=task.committer,
            batcher=batcher,
            clock=self._clock,
            limits=self._limits,
            stop=self._stop,
        )
        try:
            reading.read(since, task.until)
        finally:
            self.notes += [note for note in batcher.notes() if note not in self.notes]


def read_streams(
    source: Source[Any],
    tasks: Sequence[StreamTask],
    *,
    clock: Clock,
    limits: Limits,
    stop: Stop,
    debug: bool = False,
) -> None:
    """
    Read streams one after the other; each task's summary says how that went.

    Args:
        source: The source.
        tasks: One for each stream.
        clock: The time.
        limits: How large batches get.
        stop: Tells whether the run should stop.
        debug: Whether errors that are bugs of a plug-in tell their whole traceback.

    Raises:
        LeaseLost: Another run has the source now; the summaries say so.
    """
    for number, task in enumerate(tasks):
        context = task.context
        context.kind, context.stream = kind_named(task.stream.kind), task.stream.name
        reader = _Retrying(source, task, clock=clock, limits=limits, stop=stop)
        try:
            _read_stream(reader, task, clock, debug=debug)
            task.committer.close(context.findings)
        except LeaseLost as error:
            for lost in tasks[number:]:
                lost.summary.outcome, lost.summary.error = Outcome.FAILED, str(error)
            raise
        context.refused, context.findings, context.finished = [], [], []


def _read_stream(reader: _Retrying, task: StreamTask, clock: Clock, *, debug: bool) -> None:
    """Read one stream; its summary says how that went."""
    began = clock.monotonic()
    context, summary = task.context, task.summary
    try:
        with calm_collector():
            reader.read()
    except (LeaseLost, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  # a plug-in may raise anything, also exit
        summary.outcome, summary.error = explain(error, debug=debug)
        summary.final = isinstance(error, FINAL)
        if isinstance(error, SourceChanged):
            changed = Finding("source-changed", str(error), Severity.CRITICAL, task.stream.name)
            context.findings.append(changed)
    summary.notes += [*context.inputs.notes, *context.notes, *reader.notes]
    context.inputs.notes, context.notes = [], []
    summary.seconds = clock.monotonic() - began


FINAL: Final = (AuthError, ConfigError, PluginError, SecretError, SourceChanged)
"""Errors that do not pass by themselves; to try a refused password again may lock its user out."""


def explain(error: BaseException, *, debug: bool) -> tuple[Outcome, str]:
    """Return the outcome that an error means, and how the run's summary tells it."""
    if isinstance(error, BudgetExceeded | Cancelled):
        return Outcome.PARTIAL, str(error)
    if isinstance(error, RegardError):
        return Outcome.FAILED, str(error) or type(error).__name__
    if isinstance(error, MemoryError):
        return Outcome.FAILED, "the plug-in used up all memory"
    if isinstance(error, SystemExit):
        # A text given as the code may be anything, also somebody's data.
        code = f" (code {error.code})" if isinstance(error.code, int) else ""
        return Outcome.FAILED, f"the plug-in tried to exit{code}"
    if debug:
        # For whoever watches, never for the store: a traceback may quote a record.
        sys.stderr.write(mask("".join(traceback.format_exception(error))))
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    # The text of a foreign error may quote the record that it failed on.
    return Outcome.FAILED, (
        f"the plug-in has a bug: {type(error).__name__}{place}; --debug shows more"
    )
