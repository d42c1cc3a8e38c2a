"""
Enriching: an enricher looks at the records that it has not seen, and the host stores what it says.

One that looks at each record gets them batch by batch; what it makes of a batch and how far it
has come are one transaction. One that works on all records together reads a view, and its side
tables are replaced in one transaction. Either way a run that is killed leaves nothing half done.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from typing import Any

from regard import __version__
from regard.enrichers import InputBatch
from regard.errors import LeaseHeld, LeaseLost, RecordsMoved, RegardError, StoreError
from regard.pipeline.children import Tell
from regard.pipeline.delivering import surroundings_of
from regard.pipeline.enrichers import PreparedEnricher, prepare_enricher
from regard.pipeline.reading import packed
from regard.pipeline.reporting import open_report_view
from regard.pipeline.stopping import Asked, Stop
from regard.pipeline.streams import FINAL, explain
from regard.pipeline.workplace import Workplace
from regard.pipeline.yielding import AT_ONCE, Asker, EnricherSurroundings, grouped
from regard.records import KINDS
from regard.runs import Counts, Outcome, StreamSummary
from regard.secrets import privacy_key
from regard.store import RunStart, Store, Transaction, enriching, leases, runs, unseen
from regard.store.enriching import Progress, SideRows
from regard.store.exporting import batch_token, identity
from regard.store.heartbeats import Heartbeat
from regard.store.unseen import Changed

__all__ = ["EnrichRunner", "Enriching"]

_PROGRESS_SECONDS = 0.1

Watch = Callable[[str, int, str], None]
"""Hears of progress: the enricher as the history names it, done, unit."""


@dataclass(frozen=True, slots=True)
class Enriching:
    """
    How enrichers are run as the work of a process of its own; see `regard.pipeline.reading`.

    Attributes:
        place: The project.
        dry: Decide everything, write nothing.
        cause: Why, for the history.
    """

    place: Workplace
    dry: bool = False
    cause: str = "manual"

    def read(self, name: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        """Run one enricher, named as the history names it; return what was done as JSON values."""
        place, name = self.place, name.partition(":")[2]
        runner = EnrichRunner(
            place,
            __version__,
            cancel=asked,
            watch=_telling(tell),
            cause=self.cause,
            overtaken=lambda error: tell("lost", str(error)),
            begun=lambda number: tell("run", number),
        )
        tell("began", None)
        if not self.dry:
            with place.open_store() as store:
                return packed([runner.run(store, name)])
        if Store.inspect(place.store_url).state == "missing":
            return packed([runner.dry_run(None, name)])
        with place.open_store(readonly=True) as store:
            return packed([runner.dry_run(store, name)])


def _telling(tell: Tell) -> Watch:
    next_at = 0.0

    def watch(name: str, done: int, unit: str) -> None:
        nonlocal next_at
        now = time.monotonic()
        if now >= next_at:
            next_at = now + _PROGRESS_SECONDS
            tell("progress", [name, "", done, None, unit])

    return watch


@dataclass(slots=True)
class EnrichRunner:
    """
    Runs the enrichers of one project.

    Attributes:
        place: The project.
        version: Of regard, for the history.
        cancel: Set when the run should stop.
        watch: Hears of progress.
        cause: Who asked for it, for the history.
        lease_length: How long a run's lease lasts where its heartbeat has stopped.
        overtaken: Hears, in another thread, that another run has the enricher now.
        begun: Hears the number of the run that begins.
    """

    place: Workplace
    version: str
    cancel: Event = field(default_factory=Event)
    watch: Watch | None = None
    cause: str = "manual"
    lease_length: timedelta = leases.LENGTH
    overtaken: Callable[[LeaseLost], None] | None = None
    begun: Callable[[int], None] | None = None

    def run(self, store: Store, name: str) -> StreamSummary:
        """Run one enricher, and return what it did."""
        summary = StreamSummary(f"enricher:{name}", "", None)
        stop = self._stop(name)
        try:
            with stop.reading():
                prepared = prepare_enricher(self.place, name)
        except RegardError as error:
            return self._failed(summary, error)
        start = RunStart(
            summary.source,
            prepared.plugin,
            prepared.version,
            prepared.recipe,
            self.version,
            self.cause,
        )
        try:
            with store.write() as transaction:
                transaction.writer.lock()
                # The number is only known once the row is there; a held lease undoes both.
                summary.run_id = run_id = runs.begin(transaction, start)
                lease = leases.acquire(transaction, summary.source, run_id, self.lease_length)
        except LeaseHeld as error:
            return StreamSummary(summary.source, "", None, Outcome.SKIPPED, error=str(error))
        if self.begun is not None:
            self.begun(run_id)
        began = time.monotonic()
        work = _Work(self, store, prepared, stop, summary, run_id, lease)
        try:
            with Heartbeat(store, lease, stop.lose):
                self._work(work)
        except LeaseLost as error:
            self._failed(summary, error)
        finally:
            summary.seconds = time.monotonic() - began
            self._finish(work, lease)
        return summary

    def _work(self, work: _Work) -> None:
        try:
            work.do()
        except (KeyboardInterrupt, LeaseLost):
            raise
        except BaseException as error:  # noqa: BLE001  # a plug-in may raise anything
            self._failed(work.summary, error)
        work.summary.notes += work.context.notes

    def _failed(self, summary: StreamSummary, error: BaseException) -> StreamSummary:
        summary.outcome, summary.error = explain(error, debug=self.place.debug)
        summary.final = isinstance(error, FINAL)
        return summary

    def _finish(self, work: _Work, lease: leases.Lease) -> None:
        summary = work.summary
        outcome, error = summary.outcome, summary.error
        interrupted = sys.exception()
        if interrupted is not None:
            outcome = Outcome.FAILED
            error = str(interrupted) or type(interrupted).__name__
        # Whoever took the enricher over has noted that this run did not end.
        with suppress(LeaseLost), work.store.write() as transaction:
            runs.put_stream(transaction, summary, "", ended=True)
            runs.end(transaction, lease, work.run_id, outcome, error)

    def _stop(self, name: str) -> Stop:
        settings = self.place.project.settings.enrichers.get(name)
        deadline = settings.deadline if settings else None
        return Stop(self.cancel, self.place.clock, deadline, self.overtaken)

    def dry_run(self, store: Store | None, name: str) -> StreamSummary:
        """
        Do all that a run does but write to the store.

        Args:
            store: What is stored already; None where there is no store yet.
            name: The enricher.
        """
        summary = StreamSummary(f"enricher:{name}", "", None)
        stop = self._stop(name)
        began = time.monotonic()
        try:
            with stop.reading():
                prepared = prepare_enricher(self.place, name)
            if store is not None:
                work = _Work(self, store, prepared, stop, summary, 0, None)
                self._work(work)
        except RegardError as error:
            self._failed(summary, error)
        summary.seconds = time.monotonic() - began
        return summary


@dataclass(slots=True)
class _Work:
    """One run of one enricher; without a lease it writes nothing."""

    runner: EnrichRunner
    store: Store
    prepared: PreparedEnricher
    stop: Stop
    summary: StreamSummary
    run_id: int
    lease: leases.Lease | None
    context: EnricherSurroundings = field(init=False)
    _asker: Asker = field(init=False)

    def __post_init__(self) -> None:
        place, prepared = self.runner.place, self.prepared
        log = logging.getLogger(f"regard.enricher.{prepared.name}")
        root, config = place.project.root, prepared.enricher.config
        self.context = EnricherSurroundings(log, place.clock, root, config, self.stop)
        key = privacy_key(place.project, place.host.resolve_secret)
        self._asker = Asker(prepared, self.context, self.stop, key)

    def do(self) -> None:
        """Do it, and begin again where records were erased under it."""
        while True:
            self.stop.check()
            progress = self._begin()
            try:
                if self.prepared.declared.sets:
                    self._together(progress)
                else:
                    self._one_by_one(progress)
            except RecordsMoved as error:
                self.context.log.info("%s: it begins again", error)
            else:
                return

    def _begin(self) -> Progress:
        maker = self.prepared.maker
        if self.lease is not None:
            with self.store.write() as transaction:
                leases.check(transaction, self.lease)
                return enriching.prepare(transaction, maker, self.run_id)
        with self.store.read() as transaction:
            known = enriching.progress_of(transaction, maker.name)
        if known is not None and (known.recipe, known.sides) == (maker.recipe, maker.sides):
            return known
        nothing: dict[str, tuple[int, str, str]] = {}
        now = self.runner.place.clock.now()
        return Progress(
            maker.recipe, maker.inputs, maker.sides, maker.sets, 0, "", nothing, 0, now
        )

    # Record by record.

    def _one_by_one(self, progress: Progress) -> None:
        with self.store.read() as transaction:
            now = identity(transaction)
        for kind in map(KINDS.__getitem__, self.prepared.declared.inputs):
            while True:
                self.stop.check()
                with self.store.read() as transaction:
                    found = unseen.changed(transaction, kind, progress, now.batch_id, AT_ONCE)
                if found is None:
                    break
                progress = self._take(found, progress)
        if self.lease is not None:
            with self.store.write() as transaction:
                leases.check(transaction, self.lease)
                upto = (now.batch_id, now.token)
                enriching.settle(transaction, self.prepared.name, progress, upto)

    def _take(self, found: Changed, progress: Progress) -> Progress:
        """Let the enricher look at some records, and store what it says."""
        given = [
            self._asker.about(InputBatch(found.kind.name, source, records))
            for source, records in found.records.items()
        ]
        given += [SideRows(found.kind.name, source, keys) for source, keys in found.gone.items()]
        seen = {**progress.seen, found.kind.name: found.last}
        with self._storing() as transaction:
            if self.lease is None:
                counts = enriching.decide(transaction, progress.sides, given)
            else:
                done = self.summary.counts.read
                leases.renew(transaction, self.lease, {"read": done})
                name = self.prepared.name
                counts = enriching.store_rows(
                    transaction, name, progress, given, seen, self.run_id
                )
            counts.read = sum(len(each.keys) for each in given)
            self._count(transaction, counts)
        return replace(progress, seen=seen)

    def _storing(self) -> AbstractContextManager[Transaction]:
        return self.store.read() if self.lease is None else self.store.write()

    def _count(self, transaction: Transaction, counts: Counts) -> None:
        summary = self.summary
        summary.counts.add(counts)
        if self.lease is not None:
            runs.put_stream(transaction, summary, "")
        if self.runner.watch is not None:
            self.runner.watch(summary.source, summary.counts.read, "records")

    # All together.

    def _together(self, progress: Progress) -> None:
        from regard.columns import sync_columns

        place = self.runner.place
        surroundings = surroundings_of(place)
        state = sync_columns(self.store, surroundings.columns, clock=place.clock)
        if not state.current:
            message = (
                f"the enricher {self.prepared.name!r} works on columns, and {state.folder} cannot "
                "be written to by this user"
            )
            raise StoreError(message)
        with self.store.read() as transaction:
            token = batch_token(transaction, state.batch_id) or ""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
            with open_report_view(self.store, surroundings) as (view, _):
                count = self._asker.all_into(spool, view, self._hear)
            spool.seek(0)
            self.summary.counts = Counts(read=count)
            with self._storing() as transaction:
                self._replace(transaction, progress, (state.batch_id, token), spool)

    def _hear(self, done: int) -> None:
        if self.runner.watch is not None:
            self.runner.watch(self.summary.source, done, "rows")

    def _replace(
        self,
        transaction: Transaction,
        progress: Progress,
        upto: tuple[int, str],
        spool: Iterable[str],
    ) -> None:
        sides = [output.side for output in self.prepared.declared.outputs]
        given = grouped(sides, spool)
        if self.lease is None:
            counts = enriching.decide(transaction, progress.sides, given)
        else:
            leases.check(transaction, self.lease)
            name = self.prepared.name
            counts = enriching.replace_all(transaction, name, progress, given, upto, self.run_id)
        self._count(transaction, counts)
