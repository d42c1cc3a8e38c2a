"""
What the loop looks after beside its jobs: lateness, room on the disk, notices, its own pulse.

Each is a chore in a child; see `regard.scheduler.chores`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from regard.findings import Severity
from regard.jobs import State
from regard.pipeline.announcing import Announcer, Event
from regard.pipeline.channels import ping_address
from regard.pipeline.children import Bounds, Tell
from regard.pipeline.stopping import Asked
from regard.pipeline.telling import ping, tell_due
from regard.pipeline.workplace import Workplace
from regard.reports import Freshness
from regard.scheduler.chores import Chore
from regard.scheduler.deciding import Standing
from regard.scheduler.metrics import as_text
from regard.scheduler.overview import JobStatus, Overview, overview
from regard.scheduler.planning import tables_of
from regard.scheduler.space import Space, is_scarce, space
from regard.schedules import write_duration
from regard.store import Store, Transaction
from regard.store import runs as stored_runs
from regard.store.ledger import Entry

__all__ = ["KEEP", "LOOK", "TELL", "Look", "Telling", "ended_events"]

KEEP: Final = Chore("keep", 3600.0, Bounds(deadline=timedelta(minutes=30)))
LOOK: Final = Chore("look", 60.0, Bounds(deadline=timedelta(minutes=5)))
TELL: Final = Chore("tell", 60.0, Bounds(deadline=timedelta(seconds=60)))

_LATE: Final = timedelta(minutes=10)
"""Where nothing else is said, somebody hears of a job that is later than this."""


def ended_events(entry: Entry, standing: Standing) -> list[Event]:
    """Return what somebody should hear of a row that has come to its end."""
    name = entry.job.partition(":")[2]
    occasion = (standing.failing_since or entry.scheduled_for).isoformat()
    if entry.state in (State.FAILED, State.PARTIAL):
        what = "failed" if entry.state is State.FAILED else "was done only in part"
        why = f": {entry.reason}" if entry.reason else ""
        severity = Severity.CRITICAL if standing.failures > 1 else Severity.WARNING
        return [Event("failed", entry.job, occasion, severity, f"{name} {what}{why}")]
    if standing.recovered_from is not None:
        occasion = standing.recovered_from.isoformat()
        return [Event("recovered", entry.job, occasion, Severity.INFO, f"{name} is well again")]
    return []


@dataclass(frozen=True, slots=True)
class Look:
    """
    A look at everything, in a child.

    Attributes:
        place: The project.
        counts: How many records and refused ones each source had when they were last counted;
            None: count them, which takes long where there are many.
    """

    place: Workplace
    counts: Mapping[str, tuple[int, int]] | None = None

    def __call__(self, asked: Asked, tell: Tell) -> dict[str, Any]:
        """Announce what is late and what is new; return the metrics' text, and the counts."""
        settings, root = self.place.project.settings, self.place.project.root
        now = self.place.clock.now()
        with self.place.open_store() as store:
            with store.read() as transaction:
                known = self._known(transaction)
                seen = overview(transaction, settings, now, known)
            room = space(store, root, now)
            self._announce(store, seen, room, now)
        counts = {name: (one.records, one.quarantined) for name, one in known.items()}
        return {"metrics": as_text(seen, room), "scarce": is_scarce(root), "counts": counts}

    def _known(self, transaction: Transaction) -> dict[str, Freshness]:
        if self.counts is None:
            return {item.source: item for item in stored_runs.freshness(transaction)}
        return {
            name: Freshness(name, records, None, None, None, refused)
            for name, (records, refused) in self.counts.items()
        }

    def _announce(self, store: Store, seen: Overview, room: Space, now: datetime) -> None:
        events = [self._late(job) for job in seen.jobs if self._is_late(job)]
        events += [_finding(item) for item in seen.findings]
        if is_scarce(self.place.project.root):
            share = 100 * room.free / room.disk
            text = f"only {share:.0f} % of the disk are free: sites are not read until more is"
            day = now.date().isoformat()
            events.append(Event("disk", "disk", day, Severity.CRITICAL, text))
        if events:
            with store.write() as transaction:
                transaction.writer.lock()
                Announcer(self.place.project.settings).announce(transaction, events)

    def _is_late(self, job: JobStatus) -> bool:
        table = tables_of(self.place.project.settings, job.kind)
        if job.late_seconds is None or job.label not in table:
            return False
        return timedelta(seconds=job.late_seconds) > (table[job.label].max_late or _LATE)

    def _late(self, job: JobStatus) -> Event:
        span = write_duration(timedelta(minutes=max(1, (job.late_seconds or 0) // 60)))
        text = f"{job.label} is late by {span}"
        occasion = job.next_due_at.isoformat() if job.next_due_at else ""
        return Event("late", job.job, occasion, Severity.WARNING, text)


def _finding(item: Any) -> Event:  # noqa: ANN401  # a row of any shape
    text = f"{item['source']}: {item['text']}"
    first = item["first_seen_at"].isoformat()
    return Event("finding", str(item["id"]), first, Severity(item["severity"]), text)


@dataclass(frozen=True, slots=True)
class Telling:
    """
    Telling what waits to be told, in a child: a notifier may do whatever it likes there.

    Attributes:
        place: The project.
    """

    place: Workplace

    def __call__(self, asked: Asked, tell: Tell) -> list[str]:
        """Call those who watch over the loop, and tell; return what went wrong."""
        place = self.place
        problems = self._ping()
        with place.open_store() as store:
            return problems + tell_due(place.project, place.host, store, place.clock)

    def _ping(self) -> list[str]:
        project, host = self.place.project, self.place.host
        found = []
        for name, table in project.settings.notices.items():
            address = None if table.ping is None else ping_address(project, host, name)
            if address is not None:
                problem = ping(address)
                if problem is not None:
                    found.append(f"notices.{name}: {problem}")
        return found
