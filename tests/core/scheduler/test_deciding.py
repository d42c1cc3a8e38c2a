"""What becomes of a due time: run, skipped with its reason, or counted as missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.jobs import Due, Job, Planned, State
from regard.scheduler.deciding import (
    IN_TIME,
    SLOWED_AFTER,
    Standing,
    decide,
    due_times,
    pause_after,
    slowed,
)
from regard.schedules import parse_schedule

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
IDLE = Standing()

ZONES = ("UTC", "Europe/Madrid", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu")
SCHEDULES = ("every 7m", "every 6h", "every 2d", "*/5 * * * *", "30 2 * * *", "0 0 1 * MON")


def planned(
    schedule: str = "every 1h",
    zone: str = "UTC",
    *,
    job: dict[str, Any] | None = None,
    **values: Any,
) -> Planned:
    """Return a job with a schedule."""
    made = Job("source:crm", timedelta(hours=1), 2)
    return Planned(replace(made, **(job or {})), parse_schedule(schedule), zone, **values)


def told(
    plan: Planned, settled: datetime, now: datetime = NOW, standing: Standing = IDLE
) -> list[Due]:
    """Return what is decided about all times of a job that have come."""
    return decide(plan, due_times(plan, settled, now), now, standing)


def ago(**span: float) -> datetime:
    """Return a time before now."""
    return NOW - timedelta(**span)


class TestInTime:
    """Times that somebody was there for."""

    def test_it_is_run(self) -> None:
        """A time that has just come is run, on schedule."""
        (due,) = told(planned(), ago(minutes=59), NOW + timedelta(seconds=3))

        assert Due("source:crm", NOW, State.QUEUED, "schedule", NOW) == due

    def test_nothing_has_come(self) -> None:
        """Between two times nothing is decided."""
        assert [] == told(planned(), NOW, NOW + timedelta(minutes=59))

    def test_the_very_instant(self) -> None:
        """A time is due at its very instant, and not again after it is settled."""
        assert [NOW] == [due.scheduled_for for due in told(planned(), ago(minutes=59))]
        assert [] == told(planned(), NOW)

    @pytest.mark.parametrize(("late", "cause"), [(0, "schedule"), (1, "catch-up")])
    def test_the_last_second(self, late: int, cause: str) -> None:
        """A minute late is in time still; a second more has fallen into a downtime."""
        now = NOW + IN_TIME + timedelta(seconds=late)
        (due,) = told(planned(), ago(minutes=59), now)

        assert (State.QUEUED, cause, NOW) == (due.state, due.cause, due.scheduled_for)


class TestDowntime:
    """Times that nobody was there for."""

    def test_the_latest_is_made_up_for(self) -> None:
        """After a downtime the last time is run, and one row counts the others."""
        missed, made_up = told(planned(), ago(hours=5), NOW + timedelta(minutes=10))

        assert (State.MISSED, ago(hours=1), 4) == (
            missed.state,
            missed.scheduled_for,
            missed.count,
        )
        assert (State.QUEUED, "catch-up", NOW, 1) == (
            made_up.state,
            made_up.cause,
            made_up.scheduled_for,
            made_up.count,
        )
        assert "4 times since 2026-03-04 08:00 UTC; a later time is run" in str(missed.reason)

    def test_one_alone(self) -> None:
        """A single time that fell into a downtime is run, and nothing is missed."""
        (due,) = told(planned(), ago(minutes=50), NOW + timedelta(minutes=10))

        assert (State.QUEUED, "catch-up") == (due.state, due.cause)

    def test_none(self) -> None:
        """With catch_up = "none" nothing is made up for, and the row says since when."""
        (due,) = told(planned(catch_up="none"), ago(hours=5), NOW + timedelta(minutes=10))

        assert (State.MISSED, 5, NOW) == (due.state, due.count, due.scheduled_for)
        assert "no loop was there for 5 times since 2026-03-04 08:00 UTC" == due.reason

    def test_all(self) -> None:
        """With catch_up = "all" every time is run, the oldest first."""
        plan = planned(catch_up="all", job={"overlap": "queue"})
        dues = told(plan, ago(hours=3), NOW + timedelta(minutes=10))

        assert [ago(hours=2), ago(hours=1), NOW] == [due.scheduled_for for due in dues]
        assert {(State.QUEUED, "catch-up")} == {(due.state, due.cause) for due in dues}

    def test_all_within_the_window(self) -> None:
        """Times older than the window are missed also with catch_up = "all"."""
        plan = planned(
            catch_up="all", catch_up_window=timedelta(hours=2), job={"overlap": "queue"}
        )
        missed, *made_up = told(plan, ago(hours=10), NOW + timedelta(minutes=10))

        assert (State.MISSED, ago(hours=2), 8) == (
            missed.state,
            missed.scheduled_for,
            missed.count,
        )
        assert [ago(hours=1), NOW] == [due.scheduled_for for due in made_up]
        assert "catch_up_window = 2h" in str(missed.reason)

    def test_a_window_that_is_too_short(self) -> None:
        """Where even the last time is too old nothing is run, and the row says why."""
        plan = planned(catch_up_window=timedelta(minutes=5))
        (due,) = told(plan, ago(hours=3), NOW + timedelta(minutes=10))

        assert (State.MISSED, 3) == (due.state, due.count)
        assert str(due.reason).endswith("; catch_up_window = 5m")

    def test_max_late(self) -> None:
        """A job that must not begin late is not made up for beyond that."""
        plan = planned(job={"max_late": timedelta(minutes=9)})
        (due,) = told(plan, ago(hours=3), NOW + timedelta(minutes=10))

        assert (State.MISSED, 3) == (due.state, due.count)
        assert str(due.reason).endswith("; max_late = 9m")

    def test_a_time_that_is_in_time_covers_the_others(self) -> None:
        """Where a time has come just now the downtime before it needs no run of its own."""
        missed, run = told(planned(), ago(hours=3))

        assert (State.MISSED, 2, ago(hours=1)) == (
            missed.state,
            missed.count,
            missed.scheduled_for,
        )
        assert (State.QUEUED, "schedule", NOW) == (run.state, run.cause, run.scheduled_for)

    @pytest.mark.parametrize(
        ("schedule", "down", "count"),
        [
            ("*/5 * * * *", timedelta(days=30), 30 * 288),
            ("every 10s", timedelta(days=2), 2 * 8_640),
            ("0 6 * * *", timedelta(days=1_000), 1_000),
        ],
    )
    def test_a_long_downtime_is_one_row(self, schedule: str, down: timedelta, count: int) -> None:
        """A downtime of months is one row with the exact number of times."""
        plan = planned(schedule, catch_up="none")
        now = NOW + timedelta(seconds=0.5) + IN_TIME + timedelta(hours=18)
        (due,) = [one for one in told(plan, now - down, now) if one.state is State.MISSED]
        expected = len([when for when in due_times(plan, now - down, now) if now - when > IN_TIME])

        assert expected == due.count
        assert abs(count - due.count) <= 6


class TestQuietHours:
    """Hours in which a job does not start."""

    @pytest.mark.parametrize(
        ("hours", "local", "quiet"),
        [
            ("22:00-07:00", 22, True),
            ("22:00-07:00", 23, True),
            ("22:00-07:00", 0, True),
            ("22:00-07:00", 6, True),
            ("22:00-07:00", 7, False),
            ("22:00-07:00", 21, False),
            ("09:00-17:00", 9, True),
            ("09:00-17:00", 16, True),
            ("09:00-17:00", 17, False),
            ("09:00-17:00", 3, False),
        ],
    )
    def test_hours(self, hours: str, local: int, quiet: bool) -> None:
        """A time within them is skipped, also over midnight; their end lies outside."""
        plan = planned("0 * * * *", "Asia/Kolkata", quiet_hours=hours)
        when = datetime(2026, 3, 4, local, tzinfo=UTC) - timedelta(hours=5, minutes=30)
        (due,) = told(plan, when - timedelta(minutes=1), when)

        assert (State.SKIPPED if quiet else State.QUEUED) == due.state
        assert (f"quiet hours {hours}" if quiet else None) == due.reason

    def test_a_time_that_is_made_up_for(self) -> None:
        """What is made up for starts now, so it is the present hour that counts."""
        plan = planned("0 12 * * *", quiet_hours="13:00-14:00")
        (now_quiet,) = told(plan, ago(hours=1), NOW + timedelta(minutes=70))
        (now_loud,) = told(
            replace(plan, quiet_hours="11:00-13:00"), ago(hours=1), NOW + timedelta(hours=3)
        )

        assert (State.SKIPPED, State.QUEUED) == (now_quiet.state, now_loud.state)

    def test_jitter_does_not_lead_into_them(self) -> None:
        """It is the spread time at which a job would start that counts."""
        plan = planned("59 * * * *", jitter=timedelta(minutes=30), quiet_hours="12:00-13:00")
        when = NOW - timedelta(minutes=1)
        (due,) = told(plan, when - timedelta(minutes=1), when)

        assert plan.start_of(when) >= NOW
        assert State.SKIPPED == due.state


class TestOverlap:
    """Times at which the run before still goes on."""

    def test_skip(self) -> None:
        """The time is skipped, and the reason says which run went on."""
        (due,) = told(planned(), ago(minutes=1), NOW, Standing(busy=ago(hours=1)))

        assert State.SKIPPED == due.state
        assert "the run that was due at 2026-03-04 11:00 UTC was still going on" == due.reason

    def test_queue(self) -> None:
        """With overlap = "queue" the time waits its turn."""
        plan = planned(job={"overlap": "queue"})
        (due,) = told(plan, ago(minutes=1), NOW, Standing(busy=ago(hours=1)))

        assert State.QUEUED == due.state

    def test_two_at_once(self) -> None:
        """Of two times that came since somebody looked only the first is run."""
        first, second = told(planned("every 10s"), ago(seconds=11))

        assert (State.QUEUED, State.SKIPPED) == (first.state, second.state)


class TestSlowingDown:
    """A job that keeps failing is run less often."""

    def test_not_at_first(self) -> None:
        """A few failures change nothing."""
        for failures in range(SLOWED_AFTER):
            assert slowed(planned(), Standing(failures=failures, failed_at=NOW)) is None

    def test_it_doubles(self) -> None:
        """The pause doubles with every failure."""
        pauses = [
            slowed(planned(), Standing(failures=SLOWED_AFTER + more, failed_at=NOW))
            for more in range(4)
        ]

        assert [NOW + timedelta(hours=hours) for hours in (2, 4, 8, 16)] == pauses

    @pytest.mark.parametrize("failures", [10, 30, 60])
    @pytest.mark.parametrize("schedule", ["every 1s", "every 1h", "*/5 * * * *", "0 6 * * *"])
    def test_the_ceiling(self, schedule: str, failures: int) -> None:
        """However often a job failed, it is tried once a day."""
        pause = slowed(planned(schedule), Standing(failures=failures, failed_at=NOW))

        assert pause is not None
        assert pause - NOW <= timedelta(days=1)

    @pytest.mark.parametrize("schedule", ["0 6 * * MON", "@yearly", "every 3650d"])
    def test_what_is_rare_is_not_made_rarer(self, schedule: str) -> None:
        """A job that is due less than once a day keeps its schedule."""
        plan = planned(schedule)
        standing = Standing(failures=60, failed_at=plan.next_after(NOW))
        due = plan.next_after(plan.next_after(NOW))
        (decided,) = decide(plan, [due], due, standing)

        assert State.QUEUED == decided.state

    def test_skipped_with_its_reason(self) -> None:
        """A time within the pause is skipped; the reason says from when on it is tried."""
        standing = Standing(failures=6, failed_at=ago(hours=1))
        (due,) = told(planned(), ago(minutes=1), NOW, standing)

        assert State.SKIPPED == due.state
        assert (
            "slowed down after 6 failures in a row; "
            "the next try is due from 2026-03-04 15:00 UTC on" == due.reason
        )

    def test_after_the_pause(self) -> None:
        """The first time after the pause is run."""
        standing = Standing(failures=6, failed_at=ago(hours=4))
        (due,) = told(planned(), ago(minutes=1), NOW, standing)

        assert State.QUEUED == due.state


class TestJitter:
    """Due times are spread, so that not all begin at once."""

    def test_the_same_everywhere(self) -> None:
        """Every loop spreads a due time in the same way, and each time in another."""
        plan = planned(jitter=timedelta(minutes=10))
        times = [NOW + timedelta(hours=hour) for hour in range(50)]
        starts = [plan.start_of(when) - when for when in times]

        assert starts == [planned(jitter=timedelta(minutes=10)).start_of(t) - t for t in times]
        assert len(set(starts)) > 25
        assert min(starts) >= timedelta()
        assert max(starts) < timedelta(minutes=10)

    def test_the_row_says_when_it_starts(self) -> None:
        """A due time keeps its time, and starts by its spread."""
        plan = planned(jitter=timedelta(minutes=10))
        (due,) = told(plan, ago(minutes=1))

        assert (NOW, plan.start_of(NOW)) == (due.scheduled_for, due.start_at)


def test_pauses_between_tries() -> None:
    """Pauses between tries grow, and never beyond half an hour."""
    minutes = [pause_after(attempt) // timedelta(minutes=1) for attempt in range(1, 8)]

    assert [1, 5, 15, 30, 30, 30, 30] == minutes


@st.composite
def situations(draw: st.DrawFn) -> tuple[Planned, datetime, datetime, Standing]:
    """Draw a job, up to when it is settled, the time, and how the job stands."""
    plan = planned(
        draw(st.sampled_from(SCHEDULES)),
        draw(st.sampled_from(ZONES)),
        job={
            "overlap": draw(st.sampled_from(["skip", "queue"])),
            "max_late": draw(st.none() | st.timedeltas(timedelta(minutes=1), timedelta(hours=9))),
        },
        jitter=draw(st.sampled_from([timedelta(), timedelta(minutes=3)])),
        catch_up=draw(st.sampled_from(["none", "latest", "all"])),
        catch_up_window=draw(st.timedeltas(timedelta(minutes=1), timedelta(days=2))),
        quiet_hours=draw(st.sampled_from([None, "22:00-07:00", "01:00-03:30"])),
    )
    settled = draw(
        st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
    )
    now = settled + draw(st.timedeltas(timedelta(0), timedelta(days=4)))
    busy = draw(st.none() | st.just(settled))
    failures = draw(st.integers(0, 12))
    return plan, settled, now, Standing(busy, failures, settled if failures else None)


@settings(max_examples=150, deadline=None)
@given(situations())
def test_every_time_is_one_row_or_counted_by_one(
    situation: tuple[Planned, datetime, datetime, Standing],
) -> None:
    """Whatever happens, each due time is exactly one row, or counted by exactly one."""
    plan, settled, now, standing = situation
    times = due_times(plan, settled, now)
    dues = decide(plan, times, now, standing)
    rows = [due.scheduled_for for due in dues]

    assert len(times) == sum(due.count for due in dues)
    assert sorted(set(rows)) == rows
    assert set(rows) <= set(times)
    # What one row counts lies before it, and behind all rows that come earlier.
    place = 0
    for due in dues:
        place += due.count
        assert times[place - 1] == due.scheduled_for
    # Only what nobody was there for is counted together.
    assert all(due.count == 1 or due.state is State.MISSED for due in dues)
    assert all((due.reason is None) == (due.state is State.QUEUED) for due in dues)
    assert all(due.start_at >= due.scheduled_for for due in dues)


@settings(max_examples=60, deadline=None)
@given(situations(), st.lists(st.timedeltas(timedelta(0), timedelta(days=4)), max_size=4))
def test_a_restart_moves_nothing(
    situation: tuple[Planned, datetime, datetime, Standing], looks: list[timedelta]
) -> None:
    """However often somebody looks in between, the same times are due, each once."""
    plan, settled, now, _ = situation
    seen, since = [], settled
    for look in [*sorted(settled + span for span in looks if settled + span < now), now]:
        times = due_times(plan, since, look)
        seen += times
        since = times[-1] if times else since

    assert due_times(plan, settled, now) == seen
