"""
How everything is doing, at one look: what `regard status`, its probes and the metrics say.

It reads the store and the configuration, and needs neither a loop that lives nor a plug-in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from regard.jobs import RAN, Job, Planned, State
from regard.reports import Freshness
from regard.runs import Outcome
from regard.scheduler.planning import jobs_of, planned_of, tables_of
from regard.settings import Settings
from regard.store import Transaction, ledger, loops
from regard.store import findings as stored_findings
from regard.store import runs as stored_runs
from regard.store.ledger import Entry
from regard.store.loops import LivingLoop
from regard.store.runs import PastRun

__all__ = ["GRACE", "JobStatus", "Overview", "overview"]

GRACE: Final = timedelta(seconds=60)
"""So long after its time, and its jitter, a job that has not begun is late."""

_USUAL: Final = 20
"""Over so many runs before the last one its usual duration is taken."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """
    How one source, enricher or report is doing.

    Attributes:
        job: ``source:NAME``, ``enricher:NAME`` or ``report:NAME``.
        outcome: Of its last run; None: it never ran.
        finished_at: When that ended.
        error: Why it did not end well.
        next_due_at: When it is due next, or has been since; None: it has no schedule.
        late_seconds: For how long it should have begun; None: it is not late.
        running: Who is at it and how far; None: nobody is.
        seconds: How long its last run took.
        usual_seconds: How long the runs before took: their median.
        records: How many records of a source are stored.
        quarantined: How many are refused.
        idle: The last due time led to no run, and why.
        enabled: Whether it is run by itself.
        orphan: Its records are stored, and it is not configured.
    """

    job: str
    outcome: str | None = None
    finished_at: datetime | None = None
    error: str | None = None
    next_due_at: datetime | None = None
    late_seconds: int | None = None
    running: Mapping[str, Any] | None = None
    seconds: float | None = None
    usual_seconds: float | None = None
    records: int | None = None
    quarantined: int | None = None
    idle: str | None = None
    enabled: bool = True
    orphan: bool = False

    @property
    def kind(self) -> str:
        """``source``, ``enricher`` or ``report``."""
        return self.job.partition(":")[0]

    @property
    def label(self) -> str:
        """The name in the configuration."""
        return self.job.partition(":")[2]

    @property
    def failing(self) -> bool:
        """Whether its last run failed."""
        return self.outcome == Outcome.FAILED and not self.orphan


@dataclass(frozen=True, slots=True)
class Overview:
    """
    How everything is doing.

    Attributes:
        loops: The loops that live.
        loop_seen_at: When any loop last said that it lives; None: there never was one.
        scheduled: Whether anything has a schedule, so that a loop should live.
        jobs: Sources first, reports last.
        findings: The open ones, the gravest first.
    """

    loops: Sequence[LivingLoop] = ()
    loop_seen_at: datetime | None = None
    scheduled: bool = False
    jobs: Sequence[JobStatus] = ()
    findings: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def late(self) -> list[str]:
        """The names of those that are late."""
        return [job.label for job in self.jobs if job.late_seconds]

    @property
    def well(self) -> bool:
        """Whether nothing failed, nothing is late, and a loop lives where one should."""
        failing = any(job.failing for job in self.jobs)
        alone = self.scheduled and not self.loops
        return not failing and not self.late and not alone


def overview(
    transaction: Transaction | None,
    settings: Settings,
    now: datetime,
    known: Mapping[str, Freshness],
) -> Overview:
    """
    Look at everything.

    Args:
        transaction: A reading one; None: there is no store yet.
        settings: The configuration.
        now: The time.
        known: What `regard.store.runs.freshness` counted, by source.
    """
    jobs = jobs_of(settings)
    planned = planned_of(settings, jobs)
    if transaction is None:
        names = _names(settings, ())
        statuses = [_without_store(name, jobs, planned, now) for name in names]
        return Overview(scheduled=bool(planned), jobs=statuses)
    look = _Look(transaction, settings, now, known, jobs, planned)
    return Overview(
        loops.living(transaction),
        loops.last_seen(transaction),
        bool(planned),
        [look.at(name) for name in _names(settings, known)],
        stored_findings.listed(transaction),
    )


def _names(settings: Settings, known: Mapping[str, Freshness] | tuple[()]) -> list[str]:
    names = [f"source:{name}" for name in dict.fromkeys([*settings.sources, *known])]
    names += [f"enricher:{name}" for name in settings.enrichers]
    reports = settings.reports.items()
    return names + [f"report:{name}" for name, one in reports if one.schedule is not None]


def _without_store(
    name: str, jobs: Mapping[str, Job], planned: Mapping[str, Planned], now: datetime
) -> JobStatus:
    due = planned[name].next_after(now) if name in planned else None
    return JobStatus(name, next_due_at=due, enabled=name in jobs)


class _Look:
    """Looks at one job after the other, with what concerns all of them read once."""

    def __init__(
        self,
        transaction: Transaction,
        settings: Settings,
        now: datetime,
        known: Mapping[str, Freshness],
        jobs: Mapping[str, Job],
        planned: Mapping[str, Planned],
    ) -> None:
        self._transaction = transaction
        self._settings = settings
        self._now = now
        self._known = known
        self._jobs = jobs
        self._planned = planned
        self._runs = stored_runs.latest(transaction)
        self._runs |= stored_runs.latest(transaction, enrichers=True)
        for source, run in self._runs.items():
            if run.outcome is None:
                # It goes on: how the source is doing the run before it says.
                ended = stored_runs.history(transaction, source=source, limit=2)[1:]
                self._runs[source] = ended[0] if ended else run
        self._settled = ledger.settled(transaction)
        self._open: dict[str, list[Entry]] = {}
        for entry in ledger.open_entries(transaction):
            self._open.setdefault(entry.job, []).append(entry)

    def at(self, name: str) -> JobStatus:
        kind, _, label = name.partition(":")
        last = ledger.history(self._transaction, job=name, limit=_USUAL + 1)
        # The history of runs names enrichers as jobs are named, and sources by their labels.
        known_as = label if kind == "source" else name
        run = self._runs.get(known_as)
        fresh = self._known.get(label) if kind == "source" else None
        running = self._running(name, known_as)
        outcome, finished_at, error = _last_outcome(run, last)
        due = self._due(name, run)
        configured = tables_of(self._settings, kind)
        seconds, usual = self._durations(known_as, kind, last)
        return JobStatus(
            name,
            outcome,
            finished_at,
            error,
            due,
            self._late(name, due) if running is None else None,
            running,
            seconds,
            usual,
            fresh.records if fresh else (0 if kind == "source" else None),
            fresh.quarantined if fresh else (0 if kind == "source" else None),
            _idle(last),
            name in self._jobs,
            label not in configured,
        )

    def _running(self, name: str, known_as: str) -> Mapping[str, Any] | None:
        if not name.startswith("report:"):
            return stored_runs.running(self._transaction, known_as)
        for entry in self._open.get(name, ()):
            if entry.state is State.RUNNING:
                return {"host": entry.host, "since": entry.started_at}
        return None

    def _due(self, name: str, run: PastRun | None) -> datetime | None:
        """Return the first due time that has led to nothing yet."""
        planned = self._planned.get(name)
        if planned is None:
            return None
        queued = [
            entry.scheduled_for
            for entry in self._open.get(name, ())
            if entry.state is State.QUEUED and entry.attempt == 1
        ]
        if queued:
            return min(queued)
        # One that was never planned and never ran waits for its first time.
        since = self._settled.get(name) or (run.started_at if run else self._now)
        due = planned.next_after(since)
        if run is not None and run.started_at >= due:
            # Somebody has read it by hand since.
            due = planned.next_after(run.started_at)
        return due

    def _late(self, name: str, due: datetime | None) -> int | None:
        if due is None:
            return None
        start = self._planned[name].start_of(due)
        return int((self._now - due).total_seconds()) if self._now - start > GRACE else None

    def _durations(
        self, known_as: str, kind: str, last: Sequence[Entry]
    ) -> tuple[float | None, float | None]:
        if kind != "report":
            took = stored_runs.durations(self._transaction, known_as, _USUAL + 1)
        else:
            took = [one.seconds for one in last if one.state in RAN and one.seconds is not None]
        if not took:
            return None, None
        return took[0], median(took[1:]) if len(took) > 1 else None


def _last_outcome(
    run: PastRun | None, last: Sequence[Entry]
) -> tuple[str | None, datetime | None, str | None]:
    """Return how the last run went, be it in the history or only in the ledger."""
    entry = next((one for one in last if one.state in RAN), None)
    told = (run.outcome, run.finished_at, run.error) if run is not None else (None, None, None)
    if entry is None or entry.finished_at is None:
        return told
    if run is not None and (run.finished_at or run.started_at) >= entry.finished_at:
        return told
    if run is not None and entry.run_id == run.id:
        return told
    return entry.state.value, entry.finished_at, entry.reason


def _idle(last: Sequence[Entry]) -> str | None:
    """Return why the last due time led to no run; None: it did."""
    ended = next((one for one in last if one.finished_at is not None), None)
    if ended is None or ended.state in RAN:
        return None
    many = f" {ended.due_count:,} times" if ended.due_count > 1 else ""
    return f"{ended.state}{many}: {ended.reason}" if ended.reason else f"{ended.state}{many}"
