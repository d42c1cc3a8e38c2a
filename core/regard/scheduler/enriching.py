"""
Enrichers without a schedule: run when they are stale, behind their sources, before a report.

An enricher is stale when there are records that it has not seen, or when it would make other
rows of them today. While sources are being read it waits for them, for a while. A report waits
for stale enrichers, once for each: whoever reads all the time cannot hold it up for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from regard.jobs import Due, Job, Planned, State
from regard.scheduler.deciding import pause_after
from regard.store import Store, Transaction, ledger
from regard.store.ledger import Entry
from regard.store.unseen import why_stale

__all__ = ["StaleEnrichers"]

_PATIENCE: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(minutes=10)
"""So long a stale enricher waits for sources that are being read all the time."""

_ROWS_A_REPORT: Final = 2
"""For so many runs of one enricher a report waits: one that goes on, and one after that."""


@dataclass(slots=True)
class StaleEnrichers:
    """
    One loop's eye on the enrichers that have no schedule.

    Attributes:
        store: Where the ledger is.
        owner: Names this loop.
        jobs: All jobs that are enabled.
        planned: Those that have a schedule.
    """

    store: Store
    owner: str
    jobs: Mapping[str, Job]
    planned: Mapping[str, Planned]
    _since: dict[str, datetime] = field(default_factory=dict)
    _awaited: dict[int, dict[str, set[int]]] = field(default_factory=dict)
    _claimed: set[str] = field(default_factory=set)

    def claim(self, now: datetime, reports: Collection[Entry] = ()) -> list[Entry]:
        """
        Let stale enrichers run; return the rows that are ours to run.

        Args:
            now: The time.
            reports: Rows of reports that could begin now; stale enrichers go before them,
                whatever is being read.
        """
        names = [
            job.name
            for job in self.jobs.values()
            if job.kind == "enricher" and job.name not in self.planned
        ]
        if not names:
            return []
        with self.store.read() as transaction:
            found = self._due(transaction, names, now, reports)
        if not found:
            return []
        with self.store.write(patience=_PATIENCE) as transaction:
            transaction.writer.lock()
            # Asked again: another loop may have been faster.
            found = self._due(transaction, names, now, reports)
            dues = [Due(name, now, State.QUEUED, "stale", now) for name in found]
            claimed = ledger.claim(transaction, self.owner, dues, {})
        for entry in claimed:
            self._claimed.add(entry.job)
            self._await(entry, reports)
        return claimed

    def waits(self, reports: Collection[Entry]) -> set[int]:
        """Return which of some reports wait for enrichers to end first."""
        if not any(self._awaited.get(report.id) for report in reports):
            return set()
        with self.store.read() as transaction:
            entries = ledger.open_entries(transaction)
            lost = {entry.id for entry in ledger.orphaned(transaction, entries)}
        # What failed and waits for another try holds nobody up.
        going = {
            entry.id
            for entry in entries
            if entry.id not in lost and (entry.state is State.RUNNING or entry.attempt == 1)
        }
        return {
            report.id
            for report in reports
            if any(rows & going for rows in self._awaited.get(report.id, {}).values())
        }

    def began(self, entry: Entry) -> None:
        """Forget for whom a report waited: it has begun."""
        self._awaited.pop(entry.id, None)

    def _due(
        self,
        transaction: Transaction,
        names: Iterable[str],
        now: datetime,
        reports: Collection[Entry],
    ) -> list[str]:
        entries = ledger.open_entries(transaction)
        found = []
        for name in names:
            job = self.jobs[name]
            after = [other.partition(":")[2] for other in job.builds_on]
            recipe = self._recipe(transaction, job)
            if why_stale(transaction, job.label, recipe, after) is None:
                self._since.pop(name, None)
                continue
            since = self._since.setdefault(name, now)
            going = next((entry for entry in entries if entry.job == name), None)
            if going is not None:
                self._await(going, reports)
            elif not self._rests(transaction, name, now) and (
                now - since > _LONGEST_WAIT
                or not self._is_fed(job, entries, now)
                or any(self._may_await(name, report) for report in reports)
            ):
                found.append(name)
        return found

    def _recipe(self, transaction: Transaction, job: Job) -> str | None:
        """
        Return what an enricher's results should be made by; None: that is not known any more.

        Its code may be newer by now than what this loop knows: once it has been run, what it was
        run by is right.
        """
        if job.name not in self._claimed:
            return job.recipe
        last = ledger.history(transaction, job=job.name, limit=1)
        return None if last and last[0].state is State.OK else job.recipe

    def _is_fed(self, job: Job, entries: Sequence[Entry], now: datetime) -> bool:
        """Say whether a source is being read that an enricher goes behind."""
        chosen = [other for other in job.depends_on if other.startswith("source:")]
        return any(
            entry.job in chosen if chosen else entry.job.startswith("source:")
            for entry in entries
            if entry.state is State.RUNNING or (entry.attempt == 1 and entry.start_at <= now)
        )

    def _rests(self, transaction: Transaction, name: str, now: datetime) -> bool:
        """Say whether an enricher that did not end well is left alone for a while."""
        last = next(iter(ledger.history(transaction, job=name, limit=1)), None)
        if last is None or last.finished_at is None or last.state is State.OK:
            return False
        failures = max(1, ledger.streak(transaction, name).count)
        return now - last.finished_at < pause_after(failures)

    def _may_await(self, name: str, report: Entry) -> bool:
        return len(self._awaited.get(report.id, {}).get(name, ())) < _ROWS_A_REPORT

    def _await(self, enricher: Entry, reports: Iterable[Entry]) -> None:
        for report in reports:
            rows = self._awaited.setdefault(report.id, {}).setdefault(enricher.job, set())
            if len(rows) < _ROWS_A_REPORT:
                rows.add(enricher.id)
