"""
What wakes the loop: APScheduler, with a job in memory for every schedule.

It only rings. What is due, and what becomes of it, the ledger says: a bell that rings twice,
late or never loses nothing, because the loop looks at the ledger every few seconds as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from regard.clock import Clock
from regard.jobs import Planned

__all__ = ["Alarms"]

_LONGEST_WAIT: Final = 60.0
"""Wall clocks are set; so the scheduler looks at its own at least once in so many seconds."""


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # it comes without types
    def _process_jobs(self) -> float:
        wait = super()._process_jobs()
        return _LONGEST_WAIT if wait is None else min(float(wait), _LONGEST_WAIT)


class _Trigger(BaseTrigger):  # type: ignore[misc]
    """When one job is due next, by our own schedules and our own clock."""

    def __init__(self, planned: Planned, clock: Clock) -> None:
        self._planned = planned
        self._clock = clock

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return when to ring, by the machine's clock, which the scheduler waits by."""
        here = self._clock.now()
        due: timedelta = self._planned.next_after(here) - here
        return now + due


class Alarms:
    """
    Rings whenever a job is due.

    Args:
        clock: The time that schedules go by.
        ring: Called in another thread.
    """

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        # Only in memory: a job store in a database runs jobs twice where two loops share it,
        # and drops schedules that it cannot unpickle.
        self._scheduler: Any = _Scheduler(
            timezone=UTC,
            # A bell that rings while it still rings is none that anybody must hear of.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1_000},
        )

    def start(self) -> None:
        """Begin to ring."""
        self._scheduler.start()

    def set(self, planned: Mapping[str, Planned]) -> None:
        """Ring for these jobs from now on, and for no others."""
        self._scheduler.remove_all_jobs()
        for name, each in planned.items():
            self._scheduler.add_job(self._ring, _Trigger(each, self._clock), id=name)

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)
