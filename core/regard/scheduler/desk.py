"""
The loop's work on the ledger: each step one short transaction.

Several loops may share a store. Each step takes the store's lock first, so that what it reads
is still true when it writes; a row that somebody else has by now is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from regard.findings import Finding, Severity
from regard.jobs import Due, Job, Planned, State
from regard.scheduler.deciding import SLOWED_AFTER, Standing, decide, due_times, pause_after
from regard.scheduler.planning import RANKS
from regard.store import Store, Transaction, ledger, loops
from regard.store import findings as stored_findings
from regard.store.ledger import Entry

__all__ = ["Desk", "Result"]

_PATIENCE: Final = timedelta(seconds=5)
_AGAIN_AFTER: Final = timedelta(seconds=15)
"""So long after it was found to be read by somebody else a source is looked at again."""


@dataclass(frozen=True, slots=True)
class Result:
    """
    What became of one try.

    Attributes:
        state: How it ended.
        reason: Why so.
        run_id: The run that it led to.
        exit_code: Of the child; negative: the signal that ended it.
        final: Another try would fail as well.
    """

    state: State
    reason: str | None = None
    run_id: int | None = None
    exit_code: int | None = None
    final: bool = False


@dataclass(slots=True)
class Desk:
    """
    One loop's hand in the ledger.

    Attributes:
        store: Where the ledger is.
        owner: Names this loop.
        jobs: All jobs that are enabled.
        planned: Those that have a schedule.
        ended: Hears, within the transaction, of every row that comes to its end.
        settled: Up to when the due times of each job are settled, as far as we know.
        beat_at: When it last said that it lives.
        again_at: When it could last say so after it had been cut off from the store.
    """

    store: Store
    owner: str
    jobs: Mapping[str, Job]
    planned: Mapping[str, Planned]
    ended: Callable[[Transaction, Entry, Standing], None]
    settled: dict[str, datetime] = field(default_factory=dict)
    beat_at: datetime | None = None
    again_at: datetime | None = None

    def begin(self, version: str, digest: str, now: datetime) -> None:
        """Say that this loop lives, and what it plans."""
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            loops.begin(transaction, self.owner, version, digest)
            ledger.plan(transaction, self._schedules, now)
            self.settled = ledger.settled(transaction)

    @property
    def _schedules(self) -> dict[str, str]:
        """The text of each planned job's schedule."""
        return {name: one.text for name, one in self.planned.items()}

    def beat(self, now: datetime, known: Collection[int] = ()) -> list[Entry]:
        """
        Say that this loop lives, and take over what nobody has.

        Args:
            now: The time.
            known: The rows that this loop knows to be its own.

        Returns:
            What is ours now, and was not known to be.
        """
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            loops.beat(transaction, self.owner)
            ledger.renew(transaction, self.owner)
            entries = ledger.open_entries(transaction)
            lost = ledger.orphaned(transaction, entries, silent=self._is_steady(now))
            adopted = [self._adopt(transaction, entry, now) for entry in lost]
        # A commit may succeed and its answer be lost: then a row is ours, and nobody runs it.
        unheard = [
            entry
            for entry in entries
            if entry.owner == self.owner
            and entry.state is State.QUEUED
            and entry.id not in known
            and entry not in lost
        ]
        self.beat_at = now
        return [*unheard, *(entry for entry in adopted if entry is not None)]

    def _is_steady(self, now: datetime) -> bool:
        """
        Say whether others had time to renew their rows.

        Who was cut off from the store may not have been the only one: the rows of all loops
        look like those of dead ones then, until each had its turn.
        """
        if self.beat_at is not None and now - self.beat_at > ledger.LENGTH / 2:
            self.again_at = now
        return self.again_at is None or now - self.again_at > ledger.LENGTH

    def _adopt(self, transaction: Transaction, entry: Entry, now: datetime) -> Entry | None:
        """Take over a row that nobody has, or end it where it can no longer be run."""
        job = self.jobs.get(entry.job)
        if job is None:
            self._end(transaction, entry, State.SKIPPED, "it is no longer configured")
            return None
        if entry.cause == "manual":
            text = "the command that asked for it ended before it was done"
            self._end(transaction, entry, State.SKIPPED, text)
            return None
        if self._too_old(entry, now):
            began = entry.state is State.RUNNING
            text = "the loop that ran it died, and " if began else ""
            text += "no loop was there to run it in time"
            self._end(transaction, entry, State.FAILED if began else State.MISSED, text)
            return None
        if entry.state is State.QUEUED:
            return ledger.adopt(
                transaction, entry, self.owner, attempt=entry.attempt, start_at=entry.start_at
            )
        if entry.attempt > max(job.retries, 1):
            text = f"the loop that ran it died, as in {entry.attempt} tries altogether"
            self._end(transaction, entry, State.FAILED, text)
            return None
        return ledger.adopt(
            transaction, entry, self.owner, attempt=entry.attempt + 1, start_at=now
        )

    def _too_old(self, entry: Entry, now: datetime) -> bool:
        planned = self.planned.get(entry.job)
        if planned is None:
            return False
        longest = planned.catch_up_window
        if planned.catch_up == "none":
            longest = timedelta(minutes=5)
        since = max(entry.scheduled_for, entry.start_at)
        if entry.state is State.RUNNING and entry.until_at is not None:
            # It was somebody's until then, however long it had been running.
            since = max(since, entry.until_at)
        return now - since > longest

    def next_due(self) -> dict[str, datetime]:
        """Return the first due time of each planned job that is not settled yet."""
        return {
            name: planned.next_after(self.settled[name])
            for name, planned in self.planned.items()
            if name in self.settled
        }

    def claim(self, now: datetime) -> list[Entry]:
        """Settle all due times that have come; return the rows that are ours to run."""
        # Looked up before others are kept waiting: after a month there are many.
        times = {
            name: due_times(self.planned[name], self.settled[name], now)
            for name, due in self.next_due().items()
            if due <= now
        }
        if not times:
            return []
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            self.settled = self._settled(transaction)
            dues, until = self._decide(transaction, times, now)
            by_schedule = {(name, self._schedules[name]): until[name] for name in until}
            claimed = ledger.claim(transaction, self.owner, dues, by_schedule)
            for entry in claimed:
                if entry.state is not State.QUEUED:
                    self.ended(transaction, entry, self._standing(transaction, entry.job))
        self.settled |= until
        return [entry for entry in claimed if entry.state is State.QUEUED]

    def _settled(self, transaction: Transaction) -> dict[str, datetime]:
        """Return up to when all jobs are settled, also those that another loop has forgotten."""
        settled = ledger.settled(transaction, self._schedules)
        known = ledger.settled(transaction)
        for name, text in self._schedules.items():
            if name not in settled and name in self.settled:
                if name not in known:
                    # The other's configuration does not have this job; ours does.
                    ledger.keep(transaction, name, text, self.settled[name])
                # Where it plans the job otherwise, what we have settled we know ourselves.
                settled[name] = self.settled[name]
        return settled

    def _decide(
        self, transaction: Transaction, come: Mapping[str, Sequence[datetime]], now: datetime
    ) -> tuple[list[Due], dict[str, datetime]]:
        """Decide about the due times that have come and that no other loop has settled."""
        dues: list[Due] = []
        until: dict[str, datetime] = {}
        waiting = ledger.open_entries(transaction)
        for name, all_times in come.items():
            planned, settled = self.planned[name], self.settled.get(name)
            times = [when for when in all_times if settled is not None and when > settled]
            if not times:
                continue
            until[name] = times[-1]
            own = [entry for entry in waiting if entry.job == name]
            self._supersede(transaction, own, now)
            standing = self._standing(transaction, name, own)
            dues += decide(planned, times, now, standing)
        # The oldest first, over all jobs: a source of six o'clock goes before a report of seven.
        dues.sort(key=lambda due: due.scheduled_for)
        return dues, until

    def _supersede(self, transaction: Transaction, own: list[Entry], now: datetime) -> None:
        """End what waits for another try when the next time of its job has come."""
        for entry in list(own):
            if entry.state is State.QUEUED and entry.attempt > 1 and entry.start_at > now:
                own.remove(entry)
                code = entry.exit_code
                self._end(transaction, entry, State.FAILED, entry.reason, exit_code=code)

    def _standing(self, transaction: Transaction, job: str, own: Sequence[Entry] = ()) -> Standing:
        failed = ledger.streak(transaction, job)
        # What was read in part makes progress, so it is not slowed down; well it is not.
        unwell = ledger.streak(transaction, job, also_partial=True)
        busy = own[0].scheduled_for if own else None
        return Standing(busy, failed.count, unwell.since, failed.last)

    def _standing_after(self, transaction: Transaction, entry: Entry) -> Standing:
        """Return how a job stands now that a row of it has ended."""
        standing = self._standing(transaction, entry.job)
        if entry.state is State.OK:
            before = ledger.streak(
                transaction, entry.job, before=entry.scheduled_for, also_partial=True
            )
            return replace(standing, recovered_from=before.since)
        return standing

    def ask(self, names: Iterable[str], now: datetime) -> list[Entry]:
        """Let jobs run once now, whatever their schedules say; return their rows."""
        jobs, when = list(names), now
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            # That very instant may be in the ledger already, where a clock stands still.
            while ledger.taken(transaction, jobs, when):
                when += timedelta(microseconds=1)
            dues = [Due(name, when, State.QUEUED, "manual", now) for name in jobs]
            return ledger.claim(transaction, self.owner, dues, {})

    def start(self, entry: Entry, log: str, now: datetime) -> Entry | None:
        """
        Begin with a queued row.

        Returns:
            The row as it runs; None: not now, or it is not ours any more.
        """
        job = self.jobs[entry.job]
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            late = job.max_late
            if late is not None and entry.attempt == 1 and now - entry.scheduled_for > late:
                text = "it could not begin before it was later than `max_late` allows"
                self._end(transaction, entry, State.MISSED, text)
                return None
            return ledger.start(transaction, entry, log)

    def drop(self, entry: Entry, why: str) -> None:
        """End a queued row that is not to be run."""
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            self._end(transaction, entry, State.SKIPPED, why)

    def renew(self) -> None:
        """Keep the rows that are ours."""
        with self.store.write(patience=_PATIENCE) as transaction:
            ledger.renew(transaction, self.owner)

    def waits(self, queued: Collection[Entry]) -> set[int]:
        """Return which queued rows wait for others to end first."""
        with self.store.read() as transaction:
            entries = ledger.open_entries(transaction)
            # What nobody has ends only when a loop takes it over, and there may be none.
            lost = {entry.id for entry in ledger.orphaned(transaction, entries)}
        entries = [entry for entry in entries if entry.id not in lost]
        known = [entry for entry in queued if entry.job in self.jobs]
        return {entry.id for entry in known if self._waits(entry, entries)}

    def _waits(self, entry: Entry, entries: Sequence[Entry]) -> bool:
        job = self.jobs[entry.job]
        for other in entries:
            if other.id == entry.id:
                continue
            if other.job == entry.job and other.state is State.RUNNING:
                return True
            if other.scheduled_for > entry.scheduled_for:
                continue
            # What failed and waits for another try holds nobody up.
            if other.state is State.QUEUED and other.attempt > 1:
                continue
            if other.job == entry.job:
                return True
            if other.job in job.depends_on or other.job in job.builds_on:
                return True
            together = other.scheduled_for == entry.scheduled_for
            kind = other.job.partition(":")[0]
            first = kind in RANKS and RANKS.index(kind) < RANKS.index(job.kind)
            if not job.depends_on and together and first:
                return True
        return False

    def settle(self, entry: Entry, result: Result, now: datetime) -> Entry | None:
        """
        Note what became of a try.

        Returns:
            The row where it is tried again; None: it has ended, or is not ours any more.
        """
        job = self.jobs.get(entry.job)
        ids = {"run_id": result.run_id, "exit_code": result.exit_code}
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            reason = result.reason or "it failed"
            queues = job is not None and job.overlap == "queue" and entry.cause != "manual"
            if queues and result.state is State.SKIPPED:
                again = now + _AGAIN_AFTER
                return ledger.requeue(transaction, entry, again, reason, **ids)
            if job is not None and self._tries_again(job, entry, result, now):
                again = now + pause_after(entry.attempt)
                number = entry.attempt + 1
                return ledger.requeue(transaction, entry, again, reason, attempt=number, **ids)
            self._end(transaction, entry, result.state, result.reason, **ids)
        return None

    def _tries_again(self, job: Job, entry: Entry, result: Result, now: datetime) -> bool:
        if result.state is not State.FAILED or result.final or entry.attempt > job.retries:
            return False
        planned = self.planned.get(job.name)
        again = now + pause_after(entry.attempt)
        # The next due time is the next try then.
        return planned is not None and planned.next_after(now) > again

    def _end(
        self,
        transaction: Transaction,
        entry: Entry,
        state: State,
        reason: str | None,
        *,
        run_id: int | None = None,
        exit_code: int | None = None,
    ) -> None:
        done = ledger.finish(transaction, entry, state, reason, run_id=run_id, exit_code=exit_code)
        if done is None:
            return
        standing = self._standing_after(transaction, done)
        _note_failures(transaction, done, standing)
        self.ended(transaction, done, standing)

    def end(self) -> None:
        """Say that this loop has ended, and let others have what it did not get to."""
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            for entry in ledger.open_entries(transaction):
                if entry.owner == self.owner and entry.cause == "manual":
                    text = "the command that asked for it ended before it was done"
                    self._end(transaction, entry, State.SKIPPED, text)
            ledger.release(transaction, self.owner)
            loops.end(transaction, self.owner)


def _note_failures(transaction: Transaction, entry: Entry, standing: Standing) -> None:
    """Raise a finding about a job that keeps failing, and withdraw it when it does not."""
    kind, _, name = entry.job.partition(":")
    # As everywhere beside the records: a source by its name, all others as the job is called.
    owner = name if kind == "source" else entry.job
    if entry.state in (State.OK, State.PARTIAL):
        stored_findings.resolve(transaction, owner, "keeps-failing", kind)
    if entry.state is not State.FAILED or standing.failures < SLOWED_AFTER:
        return
    text = f"failed {standing.failures} times in a row, and is run less often now"
    finding = Finding(
        "keeps-failing",
        text,
        Severity.CRITICAL,
        subject=kind,
        n=standing.failures,
        why=entry.reason,
    )
    stored_findings.save(transaction, owner, finding, entry.run_id or 0)
