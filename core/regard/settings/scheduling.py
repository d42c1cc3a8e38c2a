"""
What the configuration says about schedules, taken together.

Each key may be right alone and the whole still be something that nobody can have meant: a
schedule that always falls into quiet hours, two jobs that wait for each other. That is refused
when the configuration is read, not found out by a morning without a report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from regard.names import did_you_mean
from regard.schedules import write_duration
from regard.settings.faults import Fault
from regard.settings.models import ScheduledSettings, Settings
from regard.settings.showing import show

__all__ = ["QuietHours", "contradictions"]

_ONLY_SCHEDULED: Final = (
    *("jitter", "catch_up", "catch_up_window", "overlap", "max_late", "quiet_hours"),
)
"""Keys that mean nothing where nothing is due."""

_PROBE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PROBED: Final = 200
"""So many due times are looked at."""


class QuietHours:
    """
    A span of the day in which nothing starts; it may run over midnight.

    Args:
        text: As ``22:00-07:00``.
        zone: Whose wall clock counts.
    """

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        begin, _, end = text.partition("-")
        self._begin, self._end = time.fromisoformat(begin), time.fromisoformat(end)
        self._zone = zone

    def cover(self, when: datetime) -> bool:
        """Say whether a time lies in them; their end does not."""
        clock = when.astimezone(self._zone).time()
        if self._begin <= self._end:
            return self._begin <= clock < self._end
        return clock >= self._begin or clock < self._end


def contradictions(settings: Settings) -> Iterator[Fault]:
    """Yield what cannot have been meant, each with its place."""
    tables: tuple[tuple[str, Mapping[str, ScheduledSettings]], ...] = (
        ("sources", settings.sources),
        ("enrichers", settings.enrichers),
        ("reports", settings.reports),
    )
    for table, jobs in tables:
        for name, job in jobs.items():
            zone = ZoneInfo(settings.timezone)
            for key, text in _contradictions(job, zone):
                yield Fault((table, name, key), text)
    yield from _unknown(settings)
    yield from _circles(settings)


def _contradictions(job: ScheduledSettings, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    given = job.model_fields_set
    if job.deadline is not None and not job.deadline:
        yield "deadline", "must be longer than 0s, or every run would be broken off"
    if job.schedule is None:
        for key in _ONLY_SCHEDULED:
            if key in given:
                yield key, "has no meaning without a `schedule`; give one, or leave it out"
        return
    if job.catch_up == "none" and "catch_up_window" in given:
        yield "catch_up_window", 'has no meaning with catch_up = "none"'
    if job.catch_up == "all" and job.overlap == "skip":
        text = (
            'is not possible with overlap = "skip": of the times made up for all but the first '
            'would be skipped; write overlap = "queue" or catch_up = "latest"'
        )
        yield "catch_up", text
    yield from _jitter(job, zone)
    if job.quiet_hours is not None and _is_empty(job.quiet_hours):
        yield "quiet_hours", "begin when they end: nobody can tell whether no hour or every one"
    elif job.quiet_hours is not None and _always_quiet(job, zone):
        yield "quiet_hours", f"cover every time of the schedule {show(str(job.schedule))}"


def _jitter(job: ScheduledSettings, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    # Two hundred due times are only looked at where jitter asks for it: every process that
    # reads the configuration would pay for them.
    if job.jitter and job.jitter >= (step := _shortest_step(job, zone)):
        yield "jitter", f"must be shorter than the {write_duration(step)} between two due times"
    if job.max_late is None:
        return
    if not job.max_late:
        yield "max_late", "must be longer than 0s, or nothing would ever be in time"
    elif job.jitter is not None and job.max_late <= job.jitter:
        yield "max_late", "must be longer than `jitter`, or nothing would ever be in time"


def _due_times(job: ScheduledSettings, zone: ZoneInfo) -> Iterator[datetime]:
    when = _PROBE
    for _ in range(_PROBED):
        if job.schedule is None:
            return
        when = job.schedule.next_after(when, zone)
        yield when


def _shortest_step(job: ScheduledSettings, zone: ZoneInfo) -> timedelta:
    times = list(_due_times(job, zone))
    return min(after - before for before, after in pairwise(times))


def _is_empty(span: str) -> bool:
    begin, _, end = span.partition("-")
    return begin == end


def _always_quiet(job: ScheduledSettings, zone: ZoneInfo) -> bool:
    quiet = QuietHours(job.quiet_hours or "", zone)
    return all(quiet.cover(when) for when in _due_times(job, zone))


def _unknown(settings: Settings) -> Iterator[Fault]:
    before = {*settings.sources, *settings.enrichers}
    for name, enricher in settings.enrichers.items():
        for referred in enricher.depends_on:
            if referred not in before:
                near = did_you_mean(referred, before)
                text = f"{show(referred)} is no source and no enricher of this project{near}"
                yield Fault(("enrichers", name, "depends_on"), text)
    known = {*before, *settings.reports}
    for name, report in settings.reports.items():
        for referred in report.depends_on:
            if referred not in known:
                near = did_you_mean(referred, known)
                text = f"{show(referred)} is no source, enricher or report of this project{near}"
                yield Fault(("reports", name, "depends_on"), text)


def _circles(settings: Settings) -> Iterator[Fault]:
    """Yield the jobs that wait for themselves, directly or by way of others."""
    waits: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name, source in settings.sources.items():
        waits[("sources", name)] = [("sources", other) for other in source.depends_on]
    for name, enricher in settings.enrichers.items():
        waits[("enrichers", name)] = [
            ("sources" if other in settings.sources else "enrichers", other)
            for other in enricher.depends_on
        ]
    for name, report in settings.reports.items():
        # A source and a report may share a name; a report waits for the source then.
        waits[("reports", name)] = [
            (_table_of(other, settings), other) for other in report.depends_on
        ]
    for job in waits:
        way = _way_back(job, waits)
        if way:
            text = f"waits for itself: {' -> '.join(name for _, name in way)}"
            yield Fault((*job, "depends_on"), text)


def _table_of(name: str, settings: Settings) -> str:
    if name in settings.sources:
        return "sources"
    return "enrichers" if name in settings.enrichers else "reports"


def _way_back(
    job: tuple[str, str], waits: Mapping[tuple[str, str], list[tuple[str, str]]]
) -> list[tuple[str, str]]:
    ways = [[job, other] for other in waits[job]]
    seen = set()
    while ways:
        way = ways.pop()
        if way[-1] == job:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, other] for other in waits.get(way[-1], ())]
    return []
