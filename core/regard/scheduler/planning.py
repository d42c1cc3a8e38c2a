"""From the configuration to jobs: what can be run, and when it is due."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from regard.jobs import Job, Planned
from regard.settings import ScheduledSettings, Settings

__all__ = ["DEADLINE", "RANKS", "Recipes", "jobs_of", "most_at_once", "planned_of", "tables_of"]

DEADLINE: Final = timedelta(hours=1)
"""How long a run of the loop may take where nothing else is said."""

_RETRIES: Final = 2

RANKS: Final = ("source", "enricher", "report")
"""The kinds of jobs; of those that are due together, the first go first."""

Recipes = Mapping[str, tuple[str, Sequence[str]]]
"""Of enrichers by name: the recipe, and the names of those that they build on."""


def tables_of(settings: Settings, kind: str) -> Mapping[str, ScheduledSettings]:
    """Return the tables of all jobs of a kind, enabled or not, by name."""
    if kind == "source":
        return settings.sources
    return settings.enrichers if kind == "enricher" else settings.reports


def jobs_of(
    settings: Settings,
    sites: Mapping[str, str] | None = None,
    recipes: Recipes | None = None,
) -> dict[str, Job]:
    """
    Return all jobs that are enabled, by name; sources first, reports last.

    Args:
        settings: The configuration.
        sites: Which site of somebody else a source reads, by the source's name; None: it does
            not matter here.
        recipes: What is known of enrichers; None: it does not matter here.
    """
    jobs = [
        _job(f"source:{name}", source, settings, (sites or {}).get(name))
        for name, source in settings.sources.items()
        if source.enabled
    ]
    jobs += [
        _enricher(name, enricher, settings, recipes or {})
        for name, enricher in settings.enrichers.items()
        if enricher.enabled
    ]
    jobs += [
        _job(f"report:{name}", report, settings)
        for name, report in settings.reports.items()
        if report.enabled
    ]
    return {job.name: job for job in jobs}


def _enricher(
    name: str, scheduled: ScheduledSettings, settings: Settings, recipes: Recipes
) -> Job:
    job = _job(f"enricher:{name}", scheduled, settings)
    if name not in recipes:
        return job
    recipe, above = recipes[name]
    return replace(job, recipe=recipe, builds_on=tuple(f"enricher:{other}" for other in above))


def _job(
    name: str, scheduled: ScheduledSettings, settings: Settings, site: str | None = None
) -> Job:
    return Job(
        name,
        scheduled.deadline or DEADLINE,
        _RETRIES if scheduled.retries is None else scheduled.retries,
        scheduled.overlap,
        scheduled.max_late,
        tuple(f"{_kind_of(other, settings)}:{other}" for other in scheduled.depends_on),
        site,
    )


def _kind_of(name: str, settings: Settings) -> str:
    """Return the kind of job that a name means: of several the one that goes first."""
    return next((kind for kind in RANKS if name in tables_of(settings, kind)), RANKS[-1])


def planned_of(settings: Settings, jobs: dict[str, Job]) -> dict[str, Planned]:
    """Return the jobs that have a schedule, by name."""
    found = {}
    for job in jobs.values():
        scheduled = tables_of(settings, job.kind)[job.label]
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
