"""
Replay: what was refused is sent again through today's map and validator.

A replay is a run of its own with a lease and a place in the history. What is good now is
stored, batch by batch, under the rule of every run: nothing overwrites what is newer. What is
still bad stays, with today's reason. Nothing is done twice, because only open records are sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from threading import Event
from typing import Any

from regard.clock import Clock
from regard.errors import Cancelled, LeaseHeld, LeaseLost, RegardError
from regard.hookspecs import RunInfo
from regard.host import Host
from regard.pipeline.batching import Batcher
from regard.pipeline.contradicting import Contradictions
from regard.pipeline.erased import Erased
from regard.pipeline.inputs import Inputs
from regard.pipeline.judging import Budget
from regard.pipeline.preparing import Prepared, defaults_of, prepare
from regard.pipeline.rejudging import Ages, StreamReplay
from regard.pipeline.resending import ReplayContext, Resender
from regard.pipeline.resolving import DryReplay, StoreReplay
from regard.pipeline.streams import explain
from regard.records import kind_named
from regard.runs import Outcome, StreamSummary, overall
from regard.settings import Project
from regard.sources import Source, Stream
from regard.store import RunStart, Store, leases, runs, streams
from regard.store.heartbeats import Heartbeat
from regard.store.resolving import Selection, StreamPlace, places, waiting

__all__ = ["Replayer"]

REASON = "replay"


@dataclass(slots=True)
class Replayer:
    """
    Sends refused records again, source by source.

    Attributes:
        project: The project.
        host: Its plug-ins.
        clock: The time.
        version: Of regard, for the history.
        cancel: Set when it should stop.
        debug: Whether bugs of plug-ins tell their whole traceback.
        at_once: How many refused records a batch takes.
    """

    project: Project
    host: Host
    clock: Clock
    version: str
    cancel: Event = field(default_factory=Event)
    debug: bool = False
    at_once: int = 500

    def replay(
        self, store: Store, selection: Selection, *, dry: bool = False
    ) -> list[StreamSummary]:
        """
        Send refused records again.

        Args:
            store: Where they are; with ``dry`` it may be read-only.
            selection: Which ones.
            dry: Decide everything and write nothing.

        Returns:
            What was done to each stream; empty where nothing was waiting.
        """
        with store.read() as transaction:
            found = places(transaction, selection)
        summaries: list[StreamSummary] = []
        for name, group in groupby(found, key=attrgetter("source")):
            summaries += self._source(store, name, list(group), selection, dry=dry)
        return summaries

    def _source(
        self,
        store: Store,
        name: str,
        found: Sequence[StreamPlace],
        selection: Selection,
        *,
        dry: bool,
    ) -> list[StreamSummary]:
        try:
            prepared = prepare(self.project, self.host, name)
        except RegardError as error:
            return [StreamSummary(name, "", None, Outcome.FAILED, error=str(error))]
        summaries: list[StreamSummary] = []
        if dry:
            self._streams(store, prepared, found, selection, None, summaries)
            return summaries
        start = RunStart(
            name, prepared.plugin, prepared.version, prepared.digest, self.version, REASON
        )
        try:
            with store.write() as transaction:
                transaction.writer.lock()
                run_id = runs.begin(transaction, start)
                lease = leases.acquire(transaction, f"source:{name}", run_id)
        except LeaseHeld as error:
            return [StreamSummary(name, "", None, Outcome.SKIPPED, error=str(error))]
        try:
            # A lost lease is heard of by the next batch, which is never far.
            with Heartbeat(store, lease, lambda error: None):
                self._streams(store, prepared, found, selection, (run_id, lease), summaries)
        except LeaseLost as error:
            summaries[-1].outcome, summaries[-1].error = Outcome.FAILED, str(error)
        finally:
            self._finish(store, run_id, lease, summaries)
        return summaries

    def _finish(
        self, store: Store, run_id: int, lease: leases.Lease, summaries: Sequence[StreamSummary]
    ) -> None:
        # Nothing was told: something broke off what happens between two streams.
        outcome = (
            overall(summary.outcome for summary in summaries) if summaries else Outcome.FAILED
        )
        error = next((summary.error for summary in summaries if summary.error), None)
        with suppress(LeaseLost), store.write() as transaction:
            runs.end(transaction, lease, run_id, outcome, error)

    def _streams(
        self,
        store: Store,
        prepared: Prepared,
        found: Sequence[StreamPlace],
        selection: Selection,
        run: tuple[int, leases.Lease] | None,
        summaries: list[StreamSummary],
    ) -> None:
        name = prepared.name
        context = ReplayContext(
            name,
            root=self.project.root,
            timezone=self.project.zone(name),
            clock=self.clock,
            inputs=Inputs(self.project.root, ()),
            # What is still refused keeps the hashes that it has.
            identify=lambda raw: (),
            profiles=self.host.profiles,
            cancel=self.cancel,
        )
        with store.read() as transaction:
            ages = Ages.load(transaction, name)
            keys = streams.keys(transaction, name)
        for place in found:
            summary = StreamSummary(name, place.stream, run[0] if run else None)
            summaries.append(summary)
            began = self.clock.monotonic()
            try:
                stream = _stream_of(prepared.source, place, context, keys.get(place.stream))
                judge = self._judge(prepared, stream, context, ages)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # a plug-in may raise anything
                summary.outcome, summary.error = explain(error, debug=self.debug)
                continue
            committer = self._committer(store, prepared, judge, summary, run)
            self._stream(store, place, selection, judge, committer)
            summary.seconds = self.clock.monotonic() - began
            committer.close(())

    def _stream(
        self,
        store: Store,
        place: StreamPlace,
        selection: Selection,
        judge: StreamReplay,
        committer: DryReplay | StoreReplay,
    ) -> None:
        """Send the records of one stream; its summary says how that went."""
        summary, context = committer.summary, judge.resender.context
        if isinstance(committer, StoreReplay):
            committer.begin()
        try:
            self._send(store, place, selection, judge, committer)
        except (KeyboardInterrupt, LeaseLost):
            raise
        except BaseException as error:  # noqa: BLE001  # a plug-in may raise anything
            summary.outcome, summary.error = explain(error, debug=self.debug)
        summary.notes += [
            f"{count} left as {'it is' if count == 1 else 'they are'}: {reason}"
            for reason, count in judge.reasons.most_common()
        ]
        summary.notes += [*context.notes, *judge.batcher.notes()]
        context.notes = []

    def _judge(
        self, prepared: Prepared, stream: Stream, context: ReplayContext, ages: Ages
    ) -> StreamReplay:
        kind = kind_named(stream.kind)
        context.kind, context.stream = kind, stream.name
        defaults = defaults_of(prepared, stream)
        batcher = Batcher(kind, stream, self.clock.now(), context.identify, defaults)
        return StreamReplay(Resender(prepared.source, stream, context), kind, batcher, ages)

    def _committer(
        self,
        store: Store,
        prepared: Prepared,
        judge: StreamReplay,
        summary: StreamSummary,
        run: tuple[int, leases.Lease] | None,
    ) -> DryReplay | StoreReplay:
        """Return what takes the batches of one stream."""
        budget = Budget(1.0)
        info = RunInfo(
            run[0] if run else None,
            prepared.name,
            summary.stream,
            judge.kind.name,
            prepared.plugin,
            prepared.version,
            self.clock.now(),
        )
        erased = Erased.of(self.project, self.host, prepared)
        if run is None:
            return DryReplay(store, self.host, info, summary, budget, erased=erased)
        run_id, lease = run
        inputs = judge.resender.context.inputs
        return StoreReplay(
            store,
            self.host,
            info,
            run_id,
            summary,
            lease,
            budget,
            inputs,
            set(),
            Contradictions(prepared.name, run_id, run_id),
            erased=erased,
        )

    def _send(
        self,
        store: Store,
        place: StreamPlace,
        selection: Selection,
        judge: StreamReplay,
        committer: DryReplay | StoreReplay,
    ) -> None:
        after = 0
        while True:
            with store.read() as transaction:
                items = waiting(transaction, selection, place, after=after, limit=self.at_once)
            if not items:
                return
            if self.cancel.is_set():
                message = "the replay was asked to stop; what was committed stays"
                raise Cancelled(message)
            committer.resolve(judge.send(items), judge.batcher)
            after = items[-1].id


def _stream_of(
    source: Source[Any],
    place: StreamPlace,
    context: ReplayContext,
    key: tuple[str, ...] | None,
) -> Stream:
    """Return a stream as its source has it today; one that is gone, as it was."""
    declared = {stream.name: stream for stream in source.streams}
    # Whoever finds streams in the data may read a lot for it: only where nothing else tells.
    finds = type(source).discover is not Source.discover
    if place.stream not in declared and finds and type(source).replay is Source.replay:
        declared = {stream.name: stream for stream in source.discover(context)}
    return declared.get(place.stream) or Stream(place.stream, place.kind, key=key)
