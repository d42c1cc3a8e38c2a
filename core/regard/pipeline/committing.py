"""How a batch gets into the store: one transaction, then word to the observers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from regard import cursors
from regard.cursors import CursorValue
from regard.errors import BudgetExceeded, RecordError, SourceChanged
from regard.findings import Finding
from regard.hookspecs import Batch as CheckedBatch
from regard.hookspecs import CommittedBatch, Consequence, QuarantinedRecord, RunInfo, RunSummary
from regard.host import Host
from regard.pipeline.batching import Batcher
from regard.pipeline.disappearing import Census
from regard.pipeline.erased import Erased
from regard.pipeline.inputs import Inputs
from regard.records import Kind
from regard.runs import Counts, StreamSummary
from regard.sources import FileProgress
from regard.store import Batch, Refused, Store, Transaction
from regard.store import cursors as stored_cursors
from regard.store import files as stored_files
from regard.store import findings as stored_findings
from regard.store import quarantine as stored_quarantine
from regard.store.batches import decide, look_up, next_batch, write_plan
from regard.store.leases import Lease, check, renew
from regard.store.merging import HistoryPlan, Known, UpsertPlan
from regard.store.quarantine import PutAside
from regard.store.runs import put_stream

__all__ = ["Budget", "Committer", "DryCommitter", "StoreCommitter"]


@dataclass(frozen=True, slots=True)
class Budget:
    """
    How many records may be refused before the stream is stopped.

    Attributes:
        share: Of the records read, 0 to 1.
        at_least: So many are always allowed.
    """

    share: float = 0.05
    at_least: int = 20

    def check(self, refused: int, read: int, reasons: Counter[str]) -> None:
        """
        Stop where too many records were refused.

        Args:
            refused: How many were refused for the first time.
            read: How many were read.
            reasons: Why, for the message.

        Raises:
            BudgetExceeded: More than allowed.
        """
        if refused <= self.at_least or refused <= self.share * read:
            return
        named = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(4))
        message = (
            f"{refused} of {read} records were refused, more than the error budget of "
            f"{self.share:.0%} allows; the last batch was rolled back and the cursor stays. "
            f"Reasons: {named}. Fix the map or the data, or raise error_budget"
        )
        raise BudgetExceeded(message)


class Committer(Protocol):
    """Takes batches."""

    def commit(
        self, batch: Batch, progress: Sequence[FileProgress], batcher: Batcher, *, complete: bool
    ) -> None:
        """
        Take one batch.

        Args:
            batch: Its records.
            progress: How far files have been read with it.
            batcher: Knows where its records came from.
            complete: Whether the stream has been read to its end.
        """

    def position(self) -> CursorValue | None:
        """Return the cursor that this run has stored, or None where it has stored none."""

    def close(self, findings: Sequence[Finding]) -> None:
        """Note how the stream ended, well or not."""


def counted(plan: UpsertPlan | HistoryPlan, refused: int) -> Counts:
    """Return the counts of a batch: what was decided, and what never came so far."""
    counts = replace(plan.counts)
    counts.quarantined += refused
    counts.read = (
        counts.new
        + counts.changed
        + counts.unchanged
        + counts.stale
        + counts.quarantined
        + counts.deleted
    )
    return counts


def _overruled(plan: UpsertPlan | HistoryPlan, batch: Batch, batcher: Batcher) -> list[Refused]:
    return batcher.overruled(batch, plan.overruled) if isinstance(plan, UpsertPlan) else []


def _check(
    host: Host, info: RunInfo, batch: Batch, batcher: Batcher, note: Callable[[str], None]
) -> None:
    """Let plug-ins object before anything is written."""
    if not host.checks_batches:
        return
    shown = CheckedBatch(info.stream, info.kind, batcher.accepted(batch))
    for problem in host.check_batch(info, shown):
        said = f"{problem.plugin}: {problem.text}"
        if problem.severity is Consequence.STOP:
            raise SourceChanged(said)
        if problem.severity is Consequence.QUARANTINE:
            error = RecordError(problem.code, said)
            batch.refused += batcher.withdraw(batch, problem.keys, error)
        else:
            note(said)


def _sum(first: Counts, second: Counts) -> Counts:
    total = replace(first)
    total.add(second)
    return total


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
        purpose: Which cursor moves.
        replaces: The cursor is replaced at the end, wherever it was, and not before.
        census: Knows what disappears, where a complete read tells; else None.
        erased: Keeps erased people out.
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
    cursor_before: str | None = None
    purpose: str = "live"
    replaces: bool = False
    census: Census | None = None
    erased: Erased | None = None
    _refused: int = 0
    _rewritten: int = 0
    _reasons: Counter[str] = field(default_factory=Counter)
    _held: dict[str, FileProgress] = field(default_factory=dict)
    _cursor_after: str | None = None
    _position: CursorValue | None = None

    def commit(
        self, batch: Batch, progress: Sequence[FileProgress], batcher: Batcher, *, complete: bool
    ) -> None:
        """Store one batch in one transaction, then tell the observers."""
        _check(self.host, self.info, batch, batcher, self._note)
        with self.store.write() as transaction:
            transaction.writer.lock()
            if self.erased is not None:
                self.erased.take_out(transaction, batch)
            reasons = Counter(item.reason for item in batch.refused)
            known = look_up(transaction, batch, self.info.source)
            plan = decide(batch, known, run_id=self.run_id)
            overruled = _overruled(plan, batch, batcher)
            reasons.update(item.reason for item in overruled)
            counts = counted(plan, len(batch.refused))
            total = _sum(self.summary.counts, counts)
            aside = self._put_aside(transaction, [*batch.refused, *overruled])
            refused = self._refused + counts.quarantined - aside.again
            self.budget.check(refused, total.read, self._reasons + reasons)
            batch_id = self._write(transaction, batch, plan)
            self._resolve(transaction, batch)
            if self.census is None:
                self._save_states(transaction, self._states(progress))
            if complete or not self.replaces:
                self._save_cursor(transaction, batch, batch_id)
            self._save_findings(transaction, batch.findings)
            seconds = self.summary.seconds + batch.milliseconds / 1000
            done = replace(self.summary, counts=total, seconds=seconds)
            put_stream(
                transaction,
                done,
                batch.kind.name,
                cursors=(self.cursor_before, self._cursor_after),
            )
            renew(transaction, self.lease, {"stream": self.info.stream, **total.as_dict()})
        self._refused, self._reasons = refused, self._reasons + reasons
        self._rewritten += plan.rewritten if isinstance(plan, UpsertPlan) else 0
        self.summary.counts, self.summary.seconds = total, seconds
        self._tell(batch, batch_id, counts, aside)
        if self.census is not None:
            self.census.meet(batch)
            self._held.update((item.file.name, item) for item in progress)
            if complete:
                self._complete(self.census, batch.kind, batcher)

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
        found = census.measure(self.store, kind, self._note)
        if found is None:
            return
        if found.too_much:
            finding = found.finding(self.info.stream)
            with self.store.write() as transaction:
                self._save_findings(transaction, [finding])
            for incident in self.host.observers.finding(self.info, finding):
                self._note(f"{incident.plugin}: {incident.hook} failed: {incident.error}")
            raise BudgetExceeded(finding.text)
        for batch in census.gone(self.store, kind):
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
            state = self.inputs.state(name, self.info.stream, item.rows, complete=item.complete)
            if state is not None:
                found += [(item, one) for one in (state, *self.inputs.unbegun(name, item.also))]
        return found

    def _save_states(
        self,
        transaction: Transaction,
        states: Sequence[tuple[FileProgress, stored_files.FileState]],
    ) -> None:
        source, stream = self.info.source, self.info.stream
        for item, state in states:
            stored_files.save(transaction, source, state, self.run_id)
            if item.complete and item.file.rows_done == 0 and state.stream == stream:
                stored_quarantine.resolve_file(
                    transaction, source, stream, state.path, self.run_id
                )

    def _save_cursor(self, transaction: Transaction, batch: Batch, batch_id: int) -> None:
        if batch.cursor is None:
            return
        source, stream = self.info.source, self.info.stream
        old = None
        if not self.replaces:
            old = stored_cursors.load(transaction, source, stream, self.purpose)
        value = cursors.advance(old, batch.cursor, transaction.now)
        stored_cursors.save(
            transaction,
            source,
            stream,
            value,
            run_id=self.run_id,
            batch_id=batch_id,
            purpose=self.purpose,
        )
        self._position, self._cursor_after = value, cursors.dump(value)

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
        if self._rewritten:
            self._note(
                f"{self._rewritten} records came more than once under the same key with "
                "different content; the last one was kept: is the key complete?"
            )
        for note in self.erased.notes() if self.erased else ():
            self._note(note)
        with self.store.write() as transaction:
            transaction.writer.lock()
            check(transaction, self.lease)
            for state in self._touched():
                stored_files.save(transaction, self.info.source, state, self.run_id)
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

    def _touched(self) -> list[stored_files.FileState]:
        touched = self.inputs.touched
        mine = [place for place in touched if place[0] == self.info.stream]
        return [touched.pop(place) for place in mine]


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
    """

    store: Store | None
    host: Host
    info: RunInfo
    summary: StreamSummary
    budget: Budget
    census: Census | None = None
    erased: Erased | None = None
    refused: list[Refused] = field(default_factory=list)
    _pending: dict[str, Known] = field(default_factory=dict)
    _again: int = 0
    _met: set[tuple[str, str]] = field(default_factory=set)
    _reasons: Counter[str] = field(default_factory=Counter)

    def commit(
        self, batch: Batch, progress: Sequence[FileProgress], batcher: Batcher, *, complete: bool
    ) -> None:
        """Decide one batch against the store and the batches before it."""
        _check(self.host, self.info, batch, batcher, self._note)
        known: dict[str, Known] = {}
        if self.store is not None:
            with self.store.read() as transaction:
                if self.erased is not None:
                    self.erased.take_out(transaction, batch)
                known = look_up(transaction, batch, self.info.source)
        for item in batch.items:
            if item.key in self._pending:
                known[item.key] = self._pending[item.key]
        plan = decide(batch, known, run_id=0)
        overruled = _overruled(plan, batch, batcher)
        refused = [*batch.refused, *overruled]
        self.refused += refused
        self._reasons.update(item.reason for item in refused)
        self._again += self._known_before(refused)
        total = _sum(self.summary.counts, counted(plan, len(batch.refused)))
        self.budget.check(total.quarantined - self._again, total.read, self._reasons)
        self._remember(plan, known)
        self.summary.counts = total
        if self.census is not None:
            self.census.meet(batch)
            if complete:
                self._disappear(self.census, batch.kind, batcher)

    def _disappear(self, census: Census, kind: Kind, batcher: Batcher) -> None:
        if self.store is None:
            return
        found = census.measure(self.store, kind, self.summary.notes.append)
        if found is None:
            return
        if found.too_much:
            raise BudgetExceeded(found.finding(census.stream).text)
        for batch in census.gone(self.store, kind):
            self.commit(batch, (), batcher, complete=False)

    def _known_before(self, refused: Sequence[Refused]) -> int:
        """Return how many of a batch's refused records do not count against the budget."""
        fresh = [item for item in refused if (item.record, item.reason) not in self._met]
        again = len(refused) - len(fresh)
        self._met.update((item.record, item.reason) for item in fresh)
        if self.store is None or not fresh:
            return again
        with self.store.read() as transaction:
            return again + stored_quarantine.known_before(
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
        for note in self.erased.notes() if self.erased else ():
            self._note(note)
