"""From the configuration to jobs: what can be run, and when it is due."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from regard.jobs import Job, Planned
from regard.settings import ScheduledSettings, Settings

__all__ = ["DEADLINE", "jobs_of", "most_at_once", "planned_of"]

DEADLINE: Final = timedelta(hours=1)
"""How long a run of the loop may take where nothing else is said."""

_RETRIES: Final = 2


def jobs_of(settings: Settings, sites: Mapping[str, str] | None = None) -> dict[str, Job]:
    """
    Return all jobs that are enabled, by name; sources first.

    Args:
        settings: The configuration.
        sites: Which site of somebody else a source reads, by the source's name; None: it does
            not matter here.
    """
    jobs = [
        _job(f"source:{name}", source, settings, (sites or {}).get(name))
        for name, source in settings.sources.items()
        if source.enabled
    ]
    jobs += [
        _job(f"report:{name}", report, settings)
        for name, report in settings.reports.items()
        if report.enabled
    ]
    return {job.name: job for job in jobs}


def _job(
    name: str, scheduled: ScheduledSettings, settings: Settings, site: str | None = None
) -> Job:
    is_source = name.startswith("source:")
    return Job(
        name,
        scheduled.deadline or DEADLINE,
        _RETRIES if scheduled.retries is None else scheduled.retries,
        scheduled.overlap,
        scheduled.max_late,
        tuple(
            f"{'source' if is_source or other in settings.sources else 'report'}:{other}"
            for other in scheduled.depends_on
        ),
        site,
    )


def planned_of(settings: Settings, jobs: dict[str, Job]) -> dict[str, Planned]:
    """Return the jobs that have a schedule, by name."""
    found = {}
    for job in jobs.values():
        tables = settings.sources if job.kind == "source" else settings.reports
        scheduled: ScheduledSettings = tables[job.label]
        if scheduled.schedule is not None:
            found[job.name] = Planned(
                job,
                scheduled.schedule,
                settings.timezone,
                scheduled.jitter or timedelta(),
                scheduled.catch_up,
                scheduled.catch_up_window,
                scheduled.quiet_hours,
            )
    return found


def most_at_once(settings: Settings) -> int:
    """Return how many runs may go on at once."""
    return settings.limits.runs or max(2, os.cpu_count() or 1)
