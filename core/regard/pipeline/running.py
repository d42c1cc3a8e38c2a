"""
A run: read one source's streams from their cursors into the store.

Each batch is one transaction, so a run that is killed at any instant resumes to the same end
state. One run per source at a time: a second one is told who has the lease.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from typing import Any

from regard import cursors
from regard.clock import Clock
from regard.errors import (
    LeaseHeld,
    LeaseLost,
    RecordError,
    RegardError,
    SourceChanged,
)
from regard.hookspecs import RunInfo
from regard.host import Host
from regard.host.printing import prints_aside
from regard.pipeline import refreshing
from regard.pipeline.addressing import AddressBook
from regard.pipeline.batching import Identify
from regard.pipeline.committing import StoreCommitter
from regard.pipeline.context import RunContext
from regard.pipeline.contradicting import Contradictions
from regard.pipeline.deciding import DryCommitter
from regard.pipeline.disappearing import Census
from regard.pipeline.discovering import discover
from regard.pipeline.erased import Erased
from regard.pipeline.fetching import fetcher_of
from regard.pipeline.inputs import Inputs, missed_before
from regard.pipeline.judging import Budget
from regard.pipeline.lookups import Lookups
from regard.pipeline.preparing import Prepared, defaults_of, identifier, prepare
from regard.pipeline.starting import Start, Wish, changed_keys
from regard.pipeline.stopping import Stop
from regard.pipeline.streams import FINAL, Limits, StreamTask, explain, read_streams
from regard.runs import Outcome, StreamSummary, overall
from regard.secrets import privacy_key
from regard.settings import Project
from regard.sources import Source, Stream
from regard.store import RunStart, Store, Transaction, leases, runs, streams
from regard.store import files as stored_files
from regard.store import findings as stored_findings
from regard.store.heartbeats import Heartbeat
from regard.store.quarantine import Refused, open_records
from regard.store.sources import orphaned_files

__all__ = ["Runner", "SourceWatch"]

SourceWatch = Callable[[str, str, int, int | None, str], None]
"""Hears of progress: source, stream, done, total if known, unit."""

_RETRIES = 3
"""How often a stream is tried again, where its source does not say."""


@dataclass(slots=True)
class Runner:
    """
    Runs the sources of one project.

    Attributes:
        project: The project.
        host: Its plug-ins.
        clock: The time.
        version: Of regard, for the history.
        limits: How large batches get.
        cancel: Set when the run should stop.
        watch: Hears of progress.
        error_budget: Overrides the configured share of records that may be refused.
        debug: Whether bugs of plug-ins tell their whole traceback.
        settle: Whether to leave files alone that changed a moment ago.
        wish: What is asked for beside reading on.
        lease_length: How long a run's lease lasts where its heartbeat has stopped.
        overtaken: Hears, in another thread, that another run has a source now.
        begun: Hears the number of each run that begins.
    """

    project: Project
    host: Host
    clock: Clock
    version: str
    limits: Limits = field(default_factory=Limits)
    cancel: Event = field(default_factory=Event)
    watch: SourceWatch | None = None
    error_budget: float | None = None
    debug: bool = False
    settle: bool = True
    wish: Wish = field(default_factory=Wish)
    lease_length: timedelta = leases.LENGTH
    overtaken: Callable[[LeaseLost], None] | None = None
    begun: Callable[[int], None] | None = None

    def run(self, store: Store, name: str) -> list[StreamSummary]:
        """
        Run one source.

        Args:
            store: Where to.
            name: The source's name in the configuration.

        Returns:
            What was done to each of its streams; never empty.
        """
        stop = self._stop(name)
        try:
            with stop.reading():
                prepared = prepare(self.project, self.host, name)
        except RegardError as error:
            return [self._unprepared(name, error)]
        start = RunStart(
            name,
            prepared.plugin,
            prepared.version,
            prepared.digest,
            self.version,
            self.wish.reason,
        )
        try:
            with store.write() as transaction:
                transaction.writer.lock()
                # The number is only known once the row is there; a held lease undoes both.
                run_id = runs.begin(transaction, start)
                lease = leases.acquire(transaction, f"source:{name}", run_id, self.lease_length)
        except LeaseHeld as error:
            return [StreamSummary(name, "", None, Outcome.SKIPPED, error=str(error))]
        if self.begun is not None:
            self.begun(run_id)
        summaries: list[StreamSummary] = []
        try:
            with Heartbeat(store, lease, stop.lose):
                runner = self._resuming(store, prepared)
                runner._run_streams(store, prepared, run_id, lease, stop, summaries)
        except LeaseLost as error:
            # Only this source fails: the next one has a lease of its own.
            if all(summary.outcome is not Outcome.FAILED for summary in summaries):
                lost = StreamSummary(name, "", run_id, Outcome.FAILED, error=str(error))
                summaries.append(lost)
        finally:
            self._finish(store, run_id, lease, summaries)
        return summaries

    def _stop(self, name: str) -> Stop:
        settings = self.project.settings.sources.get(name)
        deadline = settings.deadline if settings else None
        return Stop(self.cancel, self.clock, deadline, self.overtaken)

    def _resuming(self, store: Store, prepared: Prepared) -> Runner:
        """Return a runner that also goes on with the full refreshes that have not ended."""
        with store.read() as transaction:
            begun = refreshing.under_way(transaction, prepared, self.version)
        return replace(self, wish=self.wish.resuming(begun))

    def _unprepared(self, name: str, error: RegardError) -> StreamSummary:
        outcome, said = explain(error, debug=self.debug)
        final = isinstance(error, FINAL)
        return StreamSummary(name, "", None, outcome, error=said, final=final)

    def _run_streams(
        self,
        store: Store,
        prepared: Prepared,
        run_id: int,
        lease: leases.Lease,
        stop: Stop,
        summaries: list[StreamSummary],
    ) -> None:
        name, source = prepared.name, prepared.source
        with store.read() as transaction:
            known = stored_files.load(transaction, name)
            inputs = self._inputs(name, known, transaction)
        key = privacy_key(self.project, self.host.resolve_secret)
        context = self._context(prepared, inputs, identifier(key), stop)
        now = self.clock.now()
        context.addresses = AddressBook(store, name, writes=True, at=now, stop=stop)
        context.lookups = Lookups(store, name)
        context.pseudonym_key = key
        inputs.fetcher = fetcher_of(context, stop, self.limits, _retries(prepared))
        found = discover(source, context, stop, self.wish, run_id, summaries, debug=self.debug)
        if not found and context.findings:
            with store.write() as transaction:
                leases.check(transaction, lease)
                for finding in context.findings:
                    stored_findings.save(transaction, name, finding, run_id)
        tasks: list[StreamTask] = []
        with store.read() as transaction:
            changed = changed_keys(transaction, name, found, self.wish, known, self.project.root)
            for stream in found:
                try:
                    if problem := changed.get(stream.name):
                        raise problem
                    tasks.append(
                        self._task(store, transaction, prepared, stream, run_id, lease, context)
                    )
                except (RecordError, SourceChanged) as error:
                    # Its stored cursor is broken, or its keys are no longer what they were.
                    summary = StreamSummary(name, stream.name, run_id, Outcome.FAILED)
                    summary.error = str(error)
                    summaries.append(summary)
        for task in tasks:
            if task.stream.name in changed and isinstance(task.committer, StoreCommitter):
                task.committer.census = self._census(prepared, task.stream, inputs, guard=1.0)
        begun = [task.stream.name for task in tasks if self.wish.begins(task.stream.name)]
        with store.write() as transaction:
            leases.check(transaction, lease)
            for task in tasks:
                if task.stream.name not in changed:
                    streams.save(transaction, name, task.stream, prepared.plugin, run_id)
            refreshing.begin(transaction, name, begun, run_id)
        summaries += [task.summary for task in tasks]
        for task in tasks:
            committer = task.committer
            if isinstance(committer, StoreCommitter):
                committer.begin()
        self._read(source, tasks, stop)
        self._end_refreshes(store, prepared, run_id, lease, tasks)

    def _end_refreshes(
        self,
        store: Store,
        prepared: Prepared,
        run_id: int,
        lease: leases.Lease,
        tasks: Sequence[StreamTask],
    ) -> None:
        """Note which streams were read anew to their ends, and under which keys."""
        done = [
            task.stream
            for task in tasks
            if task.summary.outcome is Outcome.OK and self.wish.refreshes(task.stream.name)
        ]
        if not done:
            return
        with store.write() as transaction:
            leases.check(transaction, lease)
            for stream in done:
                # A key is only believed to be new once everything has been read under it.
                streams.save(transaction, prepared.name, stream, prepared.plugin, run_id)
            names = [stream.name for stream in done]
            refreshing.end(transaction, prepared.name, names, run_id)

    def _census(self, prepared: Prepared, stream: Stream, inputs: Inputs, guard: float) -> Census:
        return Census(prepared.name, stream.name, inputs, guard, self.clock.now())

    def _snapshot(
        self, prepared: Prepared, stream: Stream, inputs: Inputs, start: Start
    ) -> Census | None:
        """Return what finds out what has disappeared, where all there is will be read."""
        if not stream.snapshot or start.since is not None or self.wish.span is not None:
            return None
        return self._census(prepared, stream, inputs, prepared.settings.disappear_guard)

    def _read(self, source: Source[Any], tasks: Sequence[StreamTask], stop: Stop) -> None:
        # A plug-in that prints must not spoil results that somebody pipes on.
        with prints_aside():
            read_streams(
                source,
                tasks,
                clock=self.clock,
                limits=self.limits,
                stop=stop,
                debug=self.debug,
            )

    def _task(
        self,
        store: Store,
        transaction: Transaction,
        prepared: Prepared,
        stream: Stream,
        run_id: int,
        lease: leases.Lease,
        context: RunContext,
    ) -> StreamTask:
        lookback = stream.lookback or prepared.settings.lookback
        start = self.wish.start(transaction, prepared.name, stream, lookback)
        cursor = start.cursor
        summary = StreamSummary(prepared.name, stream.name, run_id)
        summary.notes += self.wish.notes(stream.name)
        info = RunInfo(
            run_id,
            prepared.name,
            stream.name,
            stream.kind,
            prepared.plugin,
            prepared.version,
            self.clock.now(),
        )
        committer = StoreCommitter(
            store,
            self.host,
            info,
            run_id,
            summary,
            lease,
            self._budget(prepared),
            context.inputs,
            open_records(transaction, prepared.name, stream.name),
            Contradictions(
                prepared.name,
                run_id,
                runs.reading_since(transaction, prepared.name, stream.name, run_id),
            ),
            cursors.dump(cursor) if cursor is not None else None,
            start.purpose,
            start.replaces,
            self._snapshot(prepared, stream, context.inputs, start),
            Erased.of(self.project, self.host, prepared),
            context.addresses,
            prepared.settings.disappear_guard,
        )
        return self._stream_task(prepared, stream, committer, context, start)

    def _stream_task(
        self,
        prepared: Prepared,
        stream: Stream,
        committer: StoreCommitter | DryCommitter,
        context: RunContext,
        start: Start,
    ) -> StreamTask:
        return StreamTask(
            stream,
            committer.summary,
            committer,
            context,
            start.since,
            defaults_of(prepared, stream),
            _retries(prepared),
            start.until,
        )

    def _finish(
        self, store: Store, run_id: int, lease: leases.Lease, summaries: list[StreamSummary]
    ) -> None:
        outcome = overall(summary.outcome for summary in summaries)
        error = next((summary.error for summary in summaries if summary.error), None)
        interrupted = sys.exception()
        if interrupted is not None:
            outcome = Outcome.FAILED
            error = str(interrupted) or type(interrupted).__name__
        # Whoever took the source over has noted that this run did not end.
        with suppress(LeaseLost), store.write() as transaction:
            for summary in summaries:
                if not summary.stream:
                    runs.put_stream(transaction, summary, "", ended=True)
            runs.end(transaction, lease, run_id, outcome, error)

    def dry_run(self, store: Store | None, name: str) -> tuple[list[StreamSummary], list[Refused]]:
        """
        Do all that a run does but write.

        Args:
            store: What is stored already; None where there is no store yet.
            name: The source's name in the configuration.

        Returns:
            What a run would do to each stream, and what it would refuse.
        """
        stop = self._stop(name)
        try:
            with stop.reading():
                prepared = prepare(self.project, self.host, name)
        except RegardError as error:
            return [self._unprepared(name, error)], []
        inputs = self._inputs(name, (), None)
        runner = self
        if store is not None:
            runner = self._resuming(store, prepared)
            with store.read() as transaction:
                known = stored_files.load(transaction, name)
                inputs = runner._inputs(name, known, transaction)
        # Nothing is kept, so nothing need be found again: no key is made either.
        context = self._context(prepared, inputs, lambda raw: (), stop)
        context.addresses = AddressBook(store, name, writes=False)
        context.lookups = Lookups(store, name)
        retries = _retries(prepared)
        with fetcher_of(context, stop, self.limits, retries, writes=False) as inputs.fetcher:
            return runner._dry_streams(store, prepared, context, stop)

    def _dry_streams(
        self, store: Store | None, prepared: Prepared, context: RunContext, stop: Stop
    ) -> tuple[list[StreamSummary], list[Refused]]:
        name = prepared.name
        summaries: list[StreamSummary] = []
        found = discover(
            prepared.source, context, stop, self.wish, None, summaries, debug=self.debug
        )
        tasks = []
        committers = []
        for stream in found:
            lookback = stream.lookback or prepared.settings.lookback
            if store is None:
                start = self.wish.start(None, name, stream, lookback)
            else:
                with store.read() as transaction:
                    start = self.wish.start(transaction, name, stream, lookback)
            summary = StreamSummary(name, stream.name, None)
            summary.notes += self.wish.notes(stream.name)
            census = self._snapshot(prepared, stream, context.inputs, start)
            info = RunInfo(
                None,
                name,
                stream.name,
                stream.kind,
                prepared.plugin,
                prepared.version,
                self.clock.now(),
            )
            erased = Erased.of(self.project, self.host, prepared)
            committer = DryCommitter(
                store,
                self.host,
                info,
                summary,
                self._budget(prepared),
                census,
                erased,
                context.inputs,
            )
            tasks.append(self._stream_task(prepared, stream, committer, context, start))
            committers.append(committer)
        self._read(prepared.source, tasks, stop)
        summaries += [task.summary for task in tasks]
        return summaries, [item for committer in committers for item in committer.refused]

    def _inputs(
        self,
        name: str,
        known: Sequence[stored_files.FileState],
        transaction: Transaction | None,
    ) -> Inputs:
        inputs = Inputs(self.project.root, self.wish.known(known), settle=self.settle)
        inputs.source = name
        inputs.empty_runs = most = self.project.settings.limits.empty_runs
        if transaction is not None:
            inputs.orphans = orphaned_files(transaction, self.project.settings.sources)
            inputs.missed = missed_before(runs.past_notes(transaction, name, most))
        return inputs

    def _budget(self, prepared: Prepared) -> Budget:
        configured = prepared.settings.error_budget
        return Budget(configured if self.error_budget is None else self.error_budget)

    def _context(
        self, prepared: Prepared, inputs: Inputs, identify: Identify, stop: Stop
    ) -> RunContext:
        name = prepared.name
        watch = self.watch
        context: RunContext

        def hear(done: int, total: int | None, unit: str) -> None:
            if watch is not None:
                watch(name, context.stream or "", done, total, unit)

        context = RunContext(
            name,
            root=self.project.root,
            timezone=self.project.zone(name),
            clock=self.clock,
            inputs=inputs,
            identify=identify,
            profiles=self.host.profiles,
            cancel=stop,
            watch=hear,
        )
        return context


def _retries(prepared: Prepared) -> int:
    """Return how often a stream is tried again after a failure that may pass."""
    configured = prepared.settings.retries
    return _RETRIES if configured is None else configured
