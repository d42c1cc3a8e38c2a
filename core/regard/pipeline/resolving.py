"""How a batch of records from quarantine gets into the store: one transaction, then word."""

from __future__ import annotations

from dataclasses import dataclass, replace

from regard.errors import RecordError, SourceChanged
from regard.hookspecs import Batch as CheckedBatch
from regard.hookspecs import CommittedBatch, Consequence
from regard.pipeline.batching import Batcher
from regard.pipeline.committing import StoreCommitter
from regard.pipeline.deciding import DryCommitter
from regard.pipeline.judging import counted
from regard.pipeline.rejudging import Sent
from regard.runs import Counts
from regard.store.batches import decide, look_up
from regard.store.leases import renew
from regard.store.merging import Known
from regard.store.resolving import erase, keep_refused, resolve_replayed
from regard.store.runs import put_stream

__all__ = ["DryReplay", "StoreReplay"]


@dataclass(slots=True)
class StoreReplay(StoreCommitter):
    """Stores what is good now and marks it as resolved, in one transaction for each batch."""

    def resolve(self, sent: Sent, batcher: Batcher) -> None:
        """Store one batch, then tell the observers."""
        self._object(sent, batcher)
        total = Counts()
        total.add(self.summary.counts)
        with self.store.write() as transaction:
            transaction.writer.lock()
            if self.erased is not None:
                erase(transaction, self.erased.take_back(transaction, sent))
            known = look_up(transaction, sent.batch, self.info.source)
            sent.withdraw(sent.rivals(known))
            plan = decide(sent.batch, known)
            counts = sent.counts(counted(plan, 0))
            total.add(counts)
            batch_id = self._write(transaction, sent.batch, plan)
            resolve_replayed(transaction, sent.good)
            for at, error in sent.bad.items():
                keep_refused(transaction, sent.items[at], error)
            put_stream(transaction, replace(self.summary, counts=total), self.info.kind)
            renew(transaction, self.lease, {"stream": self.info.stream, **total.as_dict()})
        self.summary.counts = total
        told = self.host.observers.batch_committed(
            self.info, CommittedBatch(batch_id, counts.as_dict())
        )
        for incident in told:
            self._note(f"{incident.plugin}: {incident.hook} failed: {incident.error}")

    def _object(self, sent: Sent, batcher: Batcher) -> None:
        """Let plug-ins object, as to the batches of any run."""
        if not self.host.checks_batches or not sent.batch.items:
            return
        shown = CheckedBatch(self.info.stream, self.info.kind, batcher.accepted(sent.batch))
        for problem in self.host.check_batch(self.info, shown):
            said = f"{problem.plugin}: {problem.text}"
            if problem.severity is Consequence.STOP:
                raise SourceChanged(said)
            if problem.severity is Consequence.QUARANTINE:
                error = RecordError(problem.code, said)
                pairs = zip(sent.owners, sent.batch.items, strict=True)
                keys = problem.keys
                sent.withdraw({at: error for at, item in pairs if not keys or item.key in keys})
            else:
                self._note(said)


@dataclass(slots=True)
class DryReplay(DryCommitter):
    """Decides what a replay would store, and writes nothing."""

    def resolve(self, sent: Sent, batcher: Batcher) -> None:
        """Decide one batch against the store and the batches before it."""
        known: dict[str, Known] = {}
        if self.store is not None:
            with self.store.read() as transaction:
                if self.erased is not None:
                    self.erased.take_back(transaction, sent)
                known = look_up(transaction, sent.batch, self.info.source)
        known |= {
            item.key: self._pending[item.key]
            for item in sent.batch.items
            if item.key in self._pending
        }
        sent.withdraw(sent.rivals(known))
        plan = decide(sent.batch, known)
        self._remember(plan, known)
        self.summary.counts.add(sent.counts(counted(plan, 0)))
