"""How a dry run decides batches: as the store would, and writing nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regard.cursors import CursorValue
from regard.errors import BudgetExceeded
from regard.findings import Finding
from regard.hookspecs import RunInfo
from regard.host import Host
from regard.pipeline.batching import Batcher
from regard.pipeline.contradicting import duplicate_key
from regard.pipeline.disappearing import Census
from regard.pipeline.erased import Erased
from regard.pipeline.inputs import Inputs
from regard.pipeline.judging import Budget, check_batch, counted, overruled, together
from regard.pipeline.leaving import FilesLeft, LeftOut, tally
from regard.records import Kind
from regard.runs import StreamSummary
from regard.sources import FileProgress
from regard.store import Batch, Refused, Store
from regard.store import quarantine as stored_quarantine
from regard.store.batches import decide, look_up
from regard.store.merging import HistoryPlan, Known, UpsertPlan
from regard.store.wholes import settle

__all__ = ["DryCommitter"]


@dataclass(slots=True)
class DryCommitter:
    """
    Decides batches as the store would, and writes nothing.

    Attributes:
        store: What is stored already; None where there is no store yet.
        host: Whose plug-ins may object.
        info: The run, as hooks see it.
        summary: What the run would do; kept up to date here.
        budget: How many records may be refused.
        census: Knows what disappears, where a complete read tells; else None.
        erased: Keeps erased people out.
        inputs: Knows the files; None: there are none.
    """

    store: Store | None
    host: Host
    info: RunInfo
    summary: StreamSummary
    budget: Budget
    census: Census | None = None
    erased: Erased | None = None
    inputs: Inputs | None = None
    refused: list[Refused] = field(default_factory=list)
    _left: LeftOut = field(init=False)
    _pending: dict[str, Known] = field(default_factory=dict)
    _files: dict[str, str | None] = field(default_factory=dict)
    _met: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._left = LeftOut(self.inputs, self.budget)

    def commit(
        self, batch: Batch, progress: Sequence[FileProgress], batcher: Batcher, *, complete: bool
    ) -> None:
        """Decide one batch against the store and the batches before it."""
        progress = self._left.take_out(batch, progress)
        check_batch(self.host, self.info, batch, batcher, self._note)
        while True:
            progress = self._left.take_out(batch, progress)
            try:
                self._decide(batch, batcher)
                break
            except FilesLeft:
                continue
        if self.census is not None:
            self.census.meet(batch)
            if complete and not self._left.said:
                self._disappear(self.census, batch.kind, batcher)

    def _decide(self, batch: Batch, batcher: Batcher) -> None:
        """
        Decide one batch.

        Raises:
            BudgetExceeded: Too much was refused.
            FilesLeft: It is to be decided again without some files.
        """
        known: dict[str, Known] = {}
        if self.store is not None:
            with self.store.read() as transaction:
                if self.erased is not None:
                    self.erased.take_out(transaction, batch)
                known = look_up(transaction, batch, self.info.source)
                settle(transaction, batch, self.info.source, known)
        else:
            settle(None, batch, self.info.source, known)
        for item in batch.items:
            if item.key in self._pending:
                known[item.key] = self._pending[item.key]
        plan = decide(batch, known)
        before = self._contradicted(plan, batch)
        refused = [*batch.refused, *before, *overruled(plan, batch, batcher)]
        total = together(self.summary.counts, counted(plan, len(batch.refused)))
        total = self._left.without(total)
        found = tally(batch, refused, self._known_before(refused), known)
        self._left.judge(found)
        self._left.stored(found)
        self._met.update((item.record, item.reason) for item in refused)
        self.refused = [item for item in self.refused if item.file not in self._left.said]
        self.refused += refused
        self._remember(plan, known)
        self._files.update(zip(batch.keys(), batch.item_files, strict=False))
        self.summary.counts = total

    def _contradicted(self, plan: UpsertPlan | HistoryPlan, batch: Batch) -> list[Refused]:
        """Return what a row of a batch before would be refused for, and count it so."""
        if isinstance(plan, HistoryPlan) or not batch.item_files:
            return []
        found = []
        for at in plan.rewritten:
            key, file = batch.items[at].key, batch.item_files[at]
            if key in self._pending and file is not None and self._files.get(key) == file:
                error = duplicate_key()
                found.append(Refused(key, error.reason, str(error), {}, error.field, file))
        plan.counts.changed -= len(found)
        plan.counts.quarantined += len(found)
        return found

    def _disappear(self, census: Census, kind: Kind, batcher: Batcher) -> None:
        if self.store is None:
            return
        found = census.measure(self.store, kind, self.summary.notes.append)
        if found is None:
            return
        if found.too_much:
            raise BudgetExceeded(found.finding(census.source, census.stream).text)
        for batch in census.gone(self.store, kind):
            self.commit(batch, (), batcher, complete=False)

    def _known_before(self, refused: Sequence[Refused]) -> set[tuple[str, str]]:
        """Return which of a batch's refused records do not count against the budget."""
        fresh = [item for item in refused if (item.record, item.reason) not in self._met]
        again = self._met.intersection((item.record, item.reason) for item in refused)
        if self.store is None or not fresh:
            return again
        with self.store.read() as transaction:
            return again | stored_quarantine.known_before(
                transaction, fresh, source=self.info.source, stream=self.info.stream
            )

    def _note(self, text: str) -> None:
        if text not in self.summary.notes:
            self.summary.notes.append(text)

    def _remember(self, plan: UpsertPlan | HistoryPlan, known: Mapping[str, Known]) -> None:
        """Keep what the next batch would find in the store."""
        if isinstance(plan, UpsertPlan):
            for key, at in plan.delete.items():
                self._pending[key] = known[key]._replace(as_of=at, deleted_at=at)
            for record in plan.write:
                key, as_of, digest, _, _ = record
                self._pending[key] = Known(key, as_of, digest, 0, plan.gone.get(key))
            return
        for (key, _), at in plan.touch.items():
            self._pending[key] = known[key]._replace(last_seen_at=at)
        for (key, _), (_, deleted_at) in plan.close.items():
            seen = self._pending.get(key, known[key])
            self._pending[key] = seen._replace(deleted_at=deleted_at)
        for version in plan.write:
            key, as_of, digest, _, _ = version.record
            self._pending[key] = Known(
                key, as_of, digest, 0, version.deleted_at, version.valid_from, version.last_seen_at
            )

    def position(self) -> CursorValue | None:
        """Return None: nothing is stored."""
        return None

    def close(self, findings: Sequence[Finding]) -> None:
        """Write nothing, but say what a run would say."""
        self._left.tell(self.summary)
        for note in self.erased.notes() if self.erased else ():
            self._note(note)
