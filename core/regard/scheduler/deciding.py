"""
What becomes of due times: pure, so that every rule can be tested by itself.

A time that is noticed within a minute is in time. One that is noticed later fell into a
downtime, whether the loop was not there, or asleep with its machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from regard.jobs import Cause, Due, Planned, State
from regard.schedules import write_duration
from regard.settings.scheduling import QuietHours

__all__ = ["IN_TIME", "SLOWED_AFTER", "Standing", "decide", "due_times", "pause_after", "slowed"]

IN_TIME: Final = timedelta(seconds=60)
"""A due time that is noticed later than this fell into a downtime."""

SLOWED_AFTER: Final = 5
"""After so many due times in a row that ended in failure a job is run less often."""

_SLOWEST: Final = timedelta(days=1)
_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a job stands when one of its times comes.

    Attributes:
        busy: Since when a run of it goes on or waits; None: none does.
        failures: How many of its due times in a row ended in failure.
        failing_since: When the first time was due since which none has ended well.
        failed_at: When the last of these was due.
        recovered_from: Where the row in question ended well, and those before it did not:
            when the first of those was due.
    """

    busy: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    recovered_from: datetime | None = None


def due_times(planned: Planned, after: datetime, until: datetime) -> list[datetime]:
    """Return the times that are due after one time and up to another."""
    times = []
    when = planned.next_after(after)
    while when <= until:
        times.append(when)
        when = planned.next_after(when)
    return times


def decide(
    planned: Planned, times: Sequence[datetime], now: datetime, standing: Standing
) -> list[Due]:
    """
    Decide about due times of one job that have come.

    Args:
        planned: The job.
        times: All its due times that are not settled yet, the oldest first.
        now: The time.
        standing: How the job stands.

    Returns:
        What goes into the ledger, the oldest first; every time is one of them, or counted by
        one of them.
    """
    in_time = [when for when in times if now - when <= IN_TIME]
    fallen = times[: len(times) - len(in_time)]
    made_up = _made_up(planned, fallen, now, covered=bool(in_time))
    missed = fallen[: len(fallen) - len(made_up)]
    dues = [_missed(planned, missed, now)] if missed else []
    busy = standing.busy
    for when in (*made_up, *in_time):
        cause: Cause = "schedule" if when in in_time else "catch-up"
        due = Due(planned.job.name, when, State.QUEUED, cause, max(planned.start_of(when), when))
        due = _judged(planned, due, now, busy, standing)
        if due.state is State.QUEUED:
            busy = busy or when
        dues.append(due)
    return dues


def _made_up(
    planned: Planned, fallen: Sequence[datetime], now: datetime, *, covered: bool
) -> Sequence[datetime]:
    """Return the times of a downtime that are made up for: the last ones, one, or none."""
    if planned.catch_up == "none" or (planned.catch_up == "latest" and covered):
        return ()
    longest = planned.catch_up_window
    if planned.job.max_late is not None:
        longest = min(longest, planned.job.max_late)
    young = [when for when in fallen if now - when <= longest]
    return young[-1:] if planned.catch_up == "latest" else young


def _missed(planned: Planned, times: Sequence[datetime], now: datetime) -> Due:
    """Return the one row that stands for all times that nobody was there for."""
    many = f"{len(times)} times since {times[0]:%Y-%m-%d %H:%M} UTC" if len(times) > 1 else "it"
    reason = f"no loop was there for {many}"
    if planned.catch_up != "none":
        reason += f"; {_why_not(planned, times[-1], now)}"
    return Due(
        planned.job.name, times[-1], State.MISSED, "catch-up", times[-1], len(times), reason
    )


def _why_not(planned: Planned, last: datetime, now: datetime) -> str:
    late, age = planned.job.max_late, now - last
    if late is not None and age > late:
        return f"max_late = {write_duration(late)}"
    if age > planned.catch_up_window:
        return f"catch_up_window = {write_duration(planned.catch_up_window)}"
    return "a later time is run"


def _judged(
    planned: Planned, due: Due, now: datetime, busy: datetime | None, standing: Standing
) -> Due:
    """Return a due time as it is, or as one that is skipped, with the reason."""
    if planned.quiet_hours is not None:
        quiet = QuietHours(planned.quiet_hours, ZoneInfo(planned.zone))
        # A time that is made up for starts now, whatever hour it was due at; jitter moves others.
        begins = now if due.cause == "catch-up" else due.start_at
        if quiet.cover(begins):
            return due.without_run(State.SKIPPED, f"quiet hours {planned.quiet_hours}")
    if busy is not None and planned.job.overlap == "skip":
        reason = f"the run that was due at {busy:%Y-%m-%d %H:%M} UTC was still going on"
        return due.without_run(State.SKIPPED, reason)
    pause = slowed(planned, standing)
    if pause is not None and due.scheduled_for < pause:
        reason = (
            f"slowed down after {standing.failures} failures in a row; "
            f"the next try is due from {pause:%Y-%m-%d %H:%M} UTC on"
        )
        return due.without_run(State.SKIPPED, reason)
    return due


def slowed(planned: Planned, standing: Standing) -> datetime | None:
    """
    Return before when a job that keeps failing is not run; None: it is run as planned.

    The pause doubles with every further failure, and never exceeds a day.
    """
    if standing.failures < SLOWED_AFTER or standing.failed_at is None:
        return None
    step = planned.next_after(standing.failed_at) - standing.failed_at
    if step >= _SLOWEST:
        return None
    doublings = min(standing.failures - SLOWED_AFTER + 1, 20)
    return standing.failed_at + min(step * (1 << doublings), _SLOWEST)


def pause_after(attempt: int) -> timedelta:
    """Return how long to wait after a try that failed, by its number."""
    return _PAUSES[min(attempt, len(_PAUSES)) - 1]
