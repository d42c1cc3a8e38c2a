"""Clock changes: each local time is due once, whoever looks when, and whoever starts anew."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from regard.clock import FixedClock
from regard.jobs import Job, Planned
from regard.scheduler.desk import Desk
from regard.schedules import parse_schedule
from regard.store import Store, ledger

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

CHANGES = [
    ("Europe/Madrid", 2026),
    ("Europe/London", 2026),
    ("America/New_York", 2026),
    ("America/St_Johns", 2026),
    ("Australia/Lord_Howe", 2026),  # by half an hour
    ("Africa/Casablanca", 2026),  # for Ramadan
    ("Africa/Cairo", 2026),  # at midnight
    ("Asia/Gaza", 2026),
    ("America/Havana", 2026),  # midnight comes twice
    ("America/Sao_Paulo", 2018),  # a day begins at one
    ("Asia/Tehran", 2022),
    ("Antarctica/Troll", 2026),  # by two hours
]
DAILY = ("30 2 * * *", "0 0 * * *", "15 1 * * *", "0 3 * * *")
OFTEN = ("0 * * * *", "*/15 * * * *")
STEPS = ("every 6h", "every 5h")


def transitions(zone: ZoneInfo, year: int) -> Iterator[datetime]:
    """Yield the instants at which a zone's clocks are changed."""
    when, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while when < end:
        following = when + HOUR / 2
        if when.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            yield following
        when = following


def minutes(begin: datetime, end: datetime, zone: ZoneInfo) -> dict[datetime, list[datetime]]:
    """Return all minutes of a span by what the wall clock shows."""
    shown: dict[datetime, list[datetime]] = {}
    when = begin
    while when <= end:
        shown.setdefault(when.astimezone(zone).replace(tzinfo=None), []).append(when)
        when += MINUTE
    return shown


class Wall:
    """
    What a wall clock shows over some days, and when a schedule is due by it.

    Args:
        zone: The clock's.
        begin: When we begin to look.
        end: When we end.
    """

    def __init__(self, zone: ZoneInfo, begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, end
        self.shown = minutes(begin - 50 * HOUR, end + 50 * HOUR, zone)
        first, last = min(self.shown).date(), max(self.shown).date()
        # Also a day that the clock never shows.
        self.days = [first + timedelta(days=day) for day in range(1, (last - first).days)]

    def within(self, times: list[datetime]) -> list[datetime]:
        """Return times within the span, in their order."""
        return sorted(when for when in set(times) if self.begin < when <= self.end)

    def daily(self, line: str) -> list[datetime]:
        """Return when a line with one minute and one hour is due."""
        minute, hour = map(int, line.split()[:2])
        times = []
        for day in self.days:
            wanted = datetime(day.year, day.month, day.day, hour, minute)
            # The first of two; where the clock never shows it, right after the gap.
            later = min(shown for shown in self.shown if shown >= wanted)
            times.append(self.shown[later][0])
        return self.within(times)

    def often(self, line: str) -> list[datetime]:
        """Return when a line whose hours are ``*`` is due."""
        step = {"0 * * * *": 60, "*/15 * * * *": 15}[line]
        return self.within(
            [
                when
                for shown, times in self.shown.items()
                if shown.minute % step == 0
                for when in times
            ]
        )

    def steps(self, text: str) -> list[datetime]:
        """Return when ``every N`` is due: from each midnight on, by elapsed time."""
        step = parse_schedule(text).step
        assert step is not None
        real = {shown.date() for shown in self.shown}
        starts = [self.start(day) for day in self.days if day in real]
        times = []
        for start, following in itertools.pairwise(starts):
            while start < following:
                times.append(start)
                start += step
        return self.within(times)

    def start(self, day: date) -> datetime:
        """Return when a day begins."""
        return min(times[0] for shown, times in self.shown.items() if shown.date() == day)

    def due(self, text: str) -> list[datetime]:
        """Return when a schedule is due."""
        if text in DAILY:
            return self.daily(text)
        return self.often(text) if text in OFTEN else self.steps(text)


def ledger_of(path: Path, zone: str, begin: datetime, end: datetime) -> dict[str, list[datetime]]:
    """
    Let time pass in uneven steps, with a new loop now and then, and return the ledger.

    Returns:
        The due times by schedule, in the order of their rows.
    """
    planned = {}
    for number, text in enumerate((*DAILY, *OFTEN, *STEPS)):
        job = Job(f"source:s{number}", HOUR, 0, "queue")
        planned[job.name] = Planned(job, parse_schedule(text), zone, catch_up="all")
    jobs = {name: one.job for name, one in planned.items()}
    store = Store.open(f"sqlite:///{path}", clock=FixedClock(begin))
    now, look = begin, 0
    desk = Desk(store, "loop 0", jobs, planned, lambda transaction, entry, standing: None)
    desk.begin("1", "digest", now)
    while now < end:
        look += 1
        # Between five and fourteen minutes: no two times of one schedule in one look.
        now = min(now + timedelta(minutes=5 + look * 7 % 10, seconds=look % 60), end)
        if look % 29 == 0:
            desk = Desk(store, f"loop {look}", jobs, planned, desk.ended)
            desk.begin("1", "digest", now)
        desk.claim(now)
    with store.read() as transaction:
        rows = ledger.history(transaction, limit=100_000)[::-1]
    store.close()

    assert {1} == {row.due_count for row in rows}
    return {
        str(one.schedule): [row.scheduled_for for row in rows if row.job == name]
        for name, one in planned.items()
    }


@pytest.mark.parametrize(("zone", "year"), CHANGES)
def test_around_a_change(zone: str, year: int, tmp_path: Path) -> None:
    """Around each change of the year's clocks nothing is lost, doubled or moved."""
    changes = list(transitions(ZoneInfo(zone), year))
    assert len(changes) >= 2
    for number, change in enumerate(changes[:2]):
        begin, end = change - 9 * HOUR - 13 * MINUTE, change + 21 * HOUR
        wall = Wall(ZoneInfo(zone), begin, end)
        found = ledger_of(tmp_path / f"{number}.db", zone, begin, end)
        expected = {text: wall.due(text) for text in found}

        assert _shown(expected, zone) == _shown(found, zone)


def test_a_day_that_never_was(tmp_path: Path) -> None:
    """Samoa had no 30th of December in 2011: its times are due once, right after the gap."""
    zone = ZoneInfo("Pacific/Apia")
    (change,) = [when for when in transitions(zone, 2011) if when.month == 12]
    begin, end = change - 26 * HOUR, change + 4 * HOUR
    wall = Wall(zone, begin, end)
    found = ledger_of(tmp_path / "regard.db", "Pacific/Apia", begin, end)
    expected = {text: wall.due(text) for text in found}

    assert _shown(expected, "Pacific/Apia") == _shown(found, "Pacific/Apia")


@pytest.mark.parametrize(("zone", "year"), CHANGES)
@pytest.mark.parametrize("schedule", ["30 2 * * *", "0 * * * *", "every 6h"])
def test_a_year(zone: str, year: int, schedule: str) -> None:
    """Over a whole year the times are the same from wherever one begins to count."""
    text = parse_schedule(schedule)
    times, when = [], datetime(year, 1, 1, tzinfo=UTC)
    while when.year == year:
        when = text.next_after(when, zone)
        times.append(when)
    for change in transitions(ZoneInfo(zone), year):
        for minutes_before in range(-200, 200, 7):
            start = change + timedelta(minutes=minutes_before)
            following = next(due for due in times if due > start)

            assert following == text.next_after(start, zone)


def _shown(times: dict[str, list[datetime]], zone: str) -> dict[str, list[str]]:
    """Return times as a local clock shows them, for a message that can be read."""
    place = ZoneInfo(zone)
    return {
        text: [f"{when.astimezone(place):%d %H:%M %z}" for when in each]
        for text, each in times.items()
    }
