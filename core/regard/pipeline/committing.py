"""How a batch gets into the store: one transaction, then word to the observers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from regard import cursors
from regard.cursors import CursorValue
from regard.errors import BudgetExceeded
from regard.findings import Finding
from regard.hookspecs import CommittedBatch, QuarantinedRecord, RunInfo, RunSummary
from regard.host import Host
from regard.pipeline.addressing import AddressBook
from regard.pipeline.batching import Batcher
from regard.pipeline.contradicting import Contradictions
from regard.pipeline.disappearing import Census, Disappearance
from regard.pipeline.erased import Erased
from regard.pipeline.inputs import Inputs
from regard.pipeline.judging import Budget, check_batch, counted, overruled, together
from regard.pipeline.leaving import FilesLeft, LeftOut, tally
from regard.pipeline.withdrawing import Withdrawal
from regard.records import Kind
from regard.runs import Counts, StreamSummary
from regard.sources import FileProgress
from regard.store import Batch, Refused, Store, Transaction, doubts, state
from regard.store import addresses as stored_addresses
from regard.store import cursors as stored_cursors
from regard.store import files as stored_files
from regard.store import findings as stored_findings
from regard.store import quarantine as stored_quarantine
from regard.store.batches import decide, look_up, next_batch, write_plan
from regard.store.leases import Lease, check, renew
from regard.store.merging import HistoryPlan, UpsertPlan
from regard.store.quarantine import PutAside
from regard.store.runs import put_stream
from regard.store.wholes import settle

__all__ = ["StoreCommitter"]

_CAUSES_TOLD = 3
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_FIELD = re.compile(r"[^\W\d][\w.]{0,39}")


def _cause(refused: Refused) -> str:
    """
    Return why a record was refused, without a word of what it said.

    A plug-in may have put anything where a code and a field should stand.
    """
    reason = refused.reason if _CODE.fullmatch(refused.reason) else "something that is no code"
    known = refused.field and _FIELD.fullmatch(refused.field)
    return f"{reason} in {refused.field}" if known else reason


@dataclass(slots=True)
class StoreCommitter:
    """
    Stores batches.

    Attributes:
        store: Where to.
        host: Whose plug-ins hear of it.
        info: The run, as hooks see it.
        summary: What the run has done to the stream so far; kept up to date here.
        lease: Checked and renewed with every batch.
        budget: How many records may be refused.
        inputs: Knows the files.
        in_quarantine: Names of the stream's records that are in quarantine.
        contradictions: Finds rows of one file that disagree.
        purpose: Which cursor moves.
        replaces: A full refresh: the cursor is replaced at its end, wherever it was, and how
            far it has got is kept beside until then.
        census: Knows what disappears, where a complete read tells; else None.
        erased: Keeps erased people out.
        book: The addresses that the source looks at.
        guard: The share of the records that may be withdrawn at once.
    """

    store: Store
    host: Host
    info: RunInfo
    run_id: int
    summary: StreamSummary
    lease: Lease
    budget: Budget
    inputs: Inputs
    in_quarantine: set[str]
    contradictions: Contradictions
    cursor_before: str | None = None
    purpose: str = "live"
    replaces: bool = False
    census: Census | None = None
    erased: Erased | None = None
    book: AddressBook | None = None
    guard: float = 0.3
    _left: LeftOut = field(init=False)
    _causes: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    _aside: dict[str, int] = field(default_factory=dict)
    _held: dict[str, FileProgress] = field(default_factory=dict)
    _cursor_after: str | None = None
    _position: CursorValue | None = None

    def __post_init__(self) -> None:
        self._left = LeftOut(self.inputs, self.budget)

    def commit(
        self, batch: Batch, progress: Sequence[FileProgress], batcher: Batcher, *, complete: bool
    ) -> None:
        """
        Store one batch in one transaction, then tell the observers.

        Raises:
            BudgetExceeded: Too much was refused, and not because of some files among others.
        """
        progress = self._left.take_out(batch, progress)
        check_batch(self.host, self.info, batch, batcher, self._note)
        while True:
            progress = self._left.take_out(batch, progress)
            whole = complete and not self._left.said
            repeated = self.contradictions.repeated
            try:
                self._store(batch, progress, batcher, complete=whole)
                break
            except FilesLeft:
                self.contradictions.repeated = repeated
        if whole and self.book is not None and self.book.begun:
            self._end_pass(self.book, batch.kind, batcher)
        if self.census is not None:
            self.census.meet(batch)
            self._held.update((item.file.name, item) for item in progress)
            if whole:
                self._complete(self.census, batch.kind, batcher)

    def _store(
        self, batch: Batch, progress: Sequence[FileProgress], batcher: Batcher, *, complete: bool
    ) -> None:
        """
        Store one batch in one transaction, then tell the observers.

        Raises:
            BudgetExceeded: Too much was refused; nothing was stored.
            FilesLeft: Nothing was stored, and can be without some files.
        """
        with self.store.write() as transaction:
            transaction.writer.lock()
            if self.erased is not None:
                self.erased.take_out(transaction, batch)
            known = look_up(transaction, batch, self.info.source)
            settle(transaction, batch, self.info.source, known)
            plan = decide(batch, known)
            contradicted = [
                *self.contradictions.find(transaction, plan, batch, known, batcher),
                *overruled(plan, batch, batcher),
            ]
            counts = counted(plan, len(batch.refused))
            total = self._left.without(together(self.summary.counts, counts))
            refused = [*batch.refused, *contradicted]
            aside = self._put_aside(transaction, refused)
            found = tally(batch, refused, aside.known, known)
            self._left.judge(found)
            self._take_back(transaction)
            batch_id = self._write(transaction, batch, plan)
            self._resolve(transaction, batch)
            if self.census is None:
                self._save_states(transaction, self._states(progress))
            self._save_cursor(transaction, batch, batch_id, complete=complete)
            self._save_findings(transaction, batch.findings)
            waiting = self._save_addresses(transaction, batch)
            seconds = self.summary.seconds + batch.milliseconds / 1000
            done = replace(self.summary, counts=total, seconds=seconds)
            put_stream(
                transaction,
                done,
                batch.kind.name,
                cursors=(self.cursor_before, self._cursor_after),
            )
            renew(transaction, self.lease, {"stream": self.info.stream, **total.as_dict()})
        self._left.stored(found)
        self._causes.update((item.file, _cause(item)) for item in refused)
        for file, number in aside.first.items():
            self._aside.setdefault(file, number)
        self.contradictions.remember(batch, batch_id)
        self.summary.counts, self.summary.seconds = total, seconds
        if self.book is not None and batch.addresses is not None:
            self.book.settled(batch.addresses, waiting)
        self._tell(batch, batch_id, counts, aside)

    def _save_addresses(self, transaction: Transaction, batch: Batch) -> int:
        """Store what became of addresses, and return how many have no outcome yet."""
        if batch.addresses is None:
            return 0
        source = self.info.source
        stored_addresses.save(transaction, source, batch.addresses)
        return stored_addresses.count_due(transaction, source, batch.addresses.number)

    def _end_pass(self, book: AddressBook, kind: Kind, batcher: Batcher) -> None:
        """
        Note that every address had its outcome, and delete what two whole passes did not meet.

        Raises:
            BudgetExceeded: That would be more than may be withdrawn at once.
        """
        current, source = book.current, self.info.source
        assert current is not None  # noqa: S101  # it was begun
        with self.store.write() as transaction:
            check(transaction, self.lease)
            if not stored_addresses.give_up(transaction, source, current.number):
                # The rest is left for the next run: today's budget is used up.
                return
            # Reviews move from page to page, offers do not.
            moves = kind.name != "offer"
            spared = doubts.end_pass(transaction, source, current, moves=moves)
        if spared is None and current.number > 1:
            self._note("too much failed to tell what is gone, so nothing counts as withdrawn")
        if spared is not None and current.whole_began_at is not None:
            since, now = current.whole_began_at, self.store.clock.now()
            gone = Withdrawal(source, self.guard, since, now, spared)
            self._delete(gone.measure(self.store, kind, self._note), gone, kind, batcher)

    def _complete(self, census: Census, kind: Kind, batcher: Batcher) -> None:
        """
        Delete what a complete read has not met, and only then note its files as read.

        The other way round, a run that is killed between the two would leave files that
        nobody opens again, and records that nobody misses.
        """
        held, self._held = list(self._held.values()), {}
        # Asked first: a file that changed while it was read tells nothing of what it lacks.
        states = self._states(held)
        self._disappear(census, kind, batcher)
        if states:
            with self.store.write() as transaction:
                check(transaction, self.lease)
                self._save_states(transaction, states)

    def _disappear(self, census: Census, kind: Kind, batcher: Batcher) -> None:
        """
        Delete what a complete read has not met.

        Raises:
            BudgetExceeded: That would be more than may disappear at once.
        """
        self._delete(census.measure(self.store, kind, self._note), census, kind, batcher)

    def _delete(
        self,
        found: Disappearance | None,
        missing: Census | Withdrawal,
        kind: Kind,
        batcher: Batcher,
    ) -> None:
        if found is None:
            return
        if found.too_much:
            finding = found.finding(self.info.source, self.info.stream)
            with self.store.write() as transaction:
                self._save_findings(transaction, [finding])
            for incident in self.host.observers.finding(self.info, finding):
                self._note(f"{incident.plugin}: {incident.hook} failed: {incident.error}")
            raise BudgetExceeded(finding.text)
        for batch in missing.gone(self.store, kind):
            self.commit(batch, (), batcher, complete=False)

    def _put_aside(self, transaction: Transaction, refused: Sequence[Refused]) -> PutAside:
        if not refused:
            return PutAside(0, ())
        return stored_quarantine.put_aside(
            transaction,
            refused,
            source=self.info.source,
            stream=self.info.stream,
            kind=self.info.kind,
            run_id=self.run_id,
            plugin=self.info.plugin,
            plugin_version=self.info.plugin_version,
        )

    def _take_back(self, transaction: Transaction) -> None:
        """Make files that are left out look as if this run had not begun them."""
        source, stream = self.info.source, self.info.stream
        for name in self._left.undone:
            if name in self._aside:
                stored_quarantine.take_back(transaction, source, stream, name, self._aside[name])
            if self.census is None and self.purpose == "live":
                before = self.inputs.before(name, stream)
                stored_files.save(transaction, source, before, self.run_id)

    def _write(
        self, transaction: Transaction, batch: Batch, plan: UpsertPlan | HistoryPlan
    ) -> int:
        """Write what was decided and return the batch's number; 0 where nothing changed."""
        if not plan.writes:
            return 0
        batch_id = next_batch(transaction, self.run_id, self.info.stream)
        write_plan(
            transaction,
            batch.kind,
            plan,
            source=self.info.source,
            run_id=self.run_id,
            batch_id=batch_id,
        )
        return batch_id

    def _resolve(self, transaction: Transaction, batch: Batch) -> None:
        good = self.in_quarantine.intersection(batch.keys()) if self.in_quarantine else ()
        if good:
            stored_quarantine.resolve_stored(
                transaction, self.info.source, self.info.stream, sorted(good), self.run_id
            )

    def _states(
        self, progress: Sequence[FileProgress]
    ) -> list[tuple[FileProgress, stored_files.FileState]]:
        """Return what to store of files: how far they were read, or how far others were."""
        if self.purpose != "live":
            # What a backfill reads of a file says nothing about the rest of it.
            return []
        found = []
        for item in progress:
            name = item.file.name
            file = self.inputs.state(name, self.info.stream, item.rows, complete=item.complete)
            if file is not None:
                found += [(item, one) for one in (file, *self.inputs.unbegun(name, item.also))]
        return found

    def _save_states(
        self,
        transaction: Transaction,
        states: Sequence[tuple[FileProgress, stored_files.FileState]],
    ) -> None:
        source, stream = self.info.source, self.info.stream
        for item, file in states:
            stored_files.save(transaction, source, file, self.run_id)
            if item.complete and item.file.rows_done == 0 and file.stream == stream:
                stored_quarantine.resolve_file(transaction, source, stream, file.path, self.run_id)

    def _save_cursor(
        self, transaction: Transaction, batch: Batch, batch_id: int, *, complete: bool
    ) -> None:
        source, stream = self.info.source, self.info.stream
        under_way = state.REFRESHED if self.replaces else self.purpose
        value = stored_cursors.load(transaction, source, stream, under_way)
        if batch.cursor is not None:
            value = cursors.advance(value, batch.cursor, transaction.now)
        ends = self.replaces and complete
        if value is None or not (ends or batch.cursor is not None):
            return
        if self.replaces and not ends and self.census is not None:
            # What disappeared is only known once one run has met everything.
            return
        purpose = self.purpose if ends else under_way
        stored_cursors.save(
            transaction,
            source,
            stream,
            value,
            run_id=self.run_id,
            batch_id=batch_id,
            purpose=purpose,
        )
        self._position = value
        if purpose == self.purpose:
            self._cursor_after = cursors.dump(value)

    def _save_findings(self, transaction: Transaction, findings: Sequence[Finding]) -> None:
        for finding in findings:
            stored_findings.save(transaction, self.info.source, finding, self.run_id)

    def _tell(self, batch: Batch, batch_id: int, counts: Counts, aside: PutAside) -> None:
        observers = self.host.observers
        incidents = observers.batch_committed(
            self.info, CommittedBatch(batch_id, counts.as_dict())
        )
        items = [QuarantinedRecord(*item) for item in aside.fresh]
        incidents += observers.quarantined(self.info, items)
        for finding in batch.findings:
            incidents += observers.finding(self.info, finding)
        for incident in incidents:
            self._note(f"{incident.plugin}: {incident.hook} failed: {incident.error}")

    def position(self) -> CursorValue | None:
        """Return the cursor that this run has stored."""
        return self._position

    def begin(self) -> None:
        """Tell the observers that the stream's run begins."""
        for incident in self.host.observers.run_started(self.info):
            self._note(f"{incident.plugin}: {incident.hook} failed: {incident.error}")

    def _note(self, text: str) -> None:
        if text not in self.summary.notes:
            self.summary.notes.append(text)

    def close(self, findings: Sequence[Finding]) -> None:
        """
        Store how the stream ended and tell the observers.

        Raises:
            LeaseLost: Another run has the source now; nothing was stored.
        """
        self._left.tell(self.summary)
        if repeated := self.contradictions.repeated:
            self._note(
                f"{repeated} records came more than once under the same key with "
                "different content; the last one was kept: is the key complete?"
            )
        self._tell_causes()
        for note in self.erased.notes() if self.erased else ():
            self._note(note)
        with self.store.write() as transaction:
            transaction.writer.lock()
            check(transaction, self.lease)
            for file in self._touched():
                stored_files.save(transaction, self.info.source, file, self.run_id)
            self._save_findings(transaction, findings)
            put_stream(
                transaction,
                self.summary,
                self.info.kind,
                cursors=(self.cursor_before, self._cursor_after),
                ended=True,
            )
        summary = RunSummary(
            self.summary.outcome, self.summary.seconds, self.summary.counts.as_dict()
        )
        for incident in self.host.observers.run_finished(self.info, summary):
            self._note(f"{incident.plugin}: {incident.hook} failed: {incident.error}")

    def _tell_causes(self) -> None:
        """Say for what most was refused of the files that were not left out."""
        causes: Counter[str] = Counter()
        for (file, cause), number in self._causes.items():
            if file not in self._left.said:
                causes[cause] += number
        if causes:
            most = causes.most_common(_CAUSES_TOLD)
            told = ", ".join(f"{number} {cause}" for cause, number in most)
            others = len(causes) - len(most)
            self._note(f"refused: {told}" + (f" and {others} other causes" if others else ""))

    def _touched(self) -> list[stored_files.FileState]:
        touched = self.inputs.touched
        mine = [place for place in touched if place[0] == self.info.stream]
        return [touched.pop(place) for place in mine]
