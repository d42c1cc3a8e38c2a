"""
Jobs: what can be due, how a due time may end, and what is decided when one comes.

A job is a source that is read or a report that is made. Each of its due times ends as a row
of the ledger: run, skipped with its reason, or missed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Literal

from regard.schedules import Schedule

__all__ = ["ENDED", "RAN", "Cause", "Due", "Job", "Planned", "State"]

Cause = Literal["schedule", "catch-up", "manual", "stale"]
"""
Why a due time is in the ledger: it came, it fell into a downtime, somebody asked, or there were
records that an enricher had not seen.
"""


class State(StrEnum):
    """What has become of a due time."""

    QUEUED = "queued"
    RUNNING = "running"
    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"


RAN = frozenset({State.OK, State.PARTIAL, State.FAILED})
"""The states of due times that led to a run that ended."""

ENDED = RAN | {State.SKIPPED, State.MISSED}
"""The states that are final."""


@dataclass(frozen=True, slots=True)
class Job:
    """
    A source, an enricher or a report, as something that can be run.

    Attributes:
        name: ``source:NAME``, ``enricher:NAME`` or ``report:NAME``.
        deadline: How long one run may take.
        retries: How often a failed run is tried again.
        overlap: What becomes of a due time while the one before still goes on.
        max_late: Begun no later than so long after its time; None: whenever it can.
        depends_on: Jobs that go first where they are due as well.
        site: Which site of somebody else it reads; None: none.
        builds_on: Enrichers that go before an enricher, because it reads what they make.
        recipe: What decides about an enricher's results beside the records; None: not known.
    """

    name: str
    deadline: timedelta
    retries: int
    overlap: Literal["skip", "queue"] = "skip"
    max_late: timedelta | None = None
    depends_on: tuple[str, ...] = ()
    site: str | None = None
    builds_on: tuple[str, ...] = ()
    recipe: str | None = None

    @property
    def kind(self) -> str:
        """``source``, ``enricher`` or ``report``."""
        return self.name.partition(":")[0]

    @property
    def label(self) -> str:
        """The name in the configuration."""
        return self.name.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Planned:
    """
    A job with its schedule.

    Attributes:
        job: The job.
        schedule: When it is due.
        zone: Whose wall clock the schedule speaks of.
        jitter: How far due times are spread.
        catch_up: Which of the times that nobody was there for are made up for.
        catch_up_window: How old such a time may be.
        quiet_hours: When it does not start, such as ``22:00-07:00``.
    """

    job: Job
    schedule: Schedule
    zone: str
    jitter: timedelta = timedelta()
    catch_up: Literal["none", "latest", "all"] = "latest"
    catch_up_window: timedelta = timedelta(days=1)
    quiet_hours: str | None = None

    @property
    def text(self) -> str:
        """The schedule with its zone: while it stays the same, so do the due times."""
        return f"{self.schedule} {self.zone}"

    def next_after(self, when: datetime) -> datetime:
        """Return its first due time after a time, in UTC."""
        return self.schedule.next_after(when, self.zone)

    def start_of(self, due: datetime) -> datetime:
        """Return when a due time may begin: the same spread for the same time, everywhere."""
        if not self.jitter:
            return due
        digest = sha256(f"{self.job.name} {due.isoformat()}".encode()).digest()
        share = int.from_bytes(digest[:8]) / 2**64
        return due + timedelta(seconds=int(self.jitter.total_seconds() * share))


@dataclass(frozen=True, slots=True)
class Due:
    """
    What was decided about a due time; it becomes a row of the ledger.

    Attributes:
        job: The job's name.
        scheduled_for: The time; of several that were missed the last.
        state: ``queued``, ``skipped`` or ``missed``.
        cause: Why it is there.
        start_at: Not before then does it start.
        count: How many due times it stands for.
        reason: Why it does not run.
    """

    job: str
    scheduled_for: datetime
    state: State
    cause: Cause
    start_at: datetime
    count: int = 1
    reason: str | None = None

    def without_run(self, state: State, reason: str) -> Due:
        """Return the same due time as one that leads to no run."""
        return replace(self, state=state, reason=reason)
