"""When something is due, and what is refused with which advice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import ConfigError
from regard.schedules import parse_duration, parse_schedule


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """Return a local time as UTC."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return local.astimezone(UTC)


def due(schedule: str, zone: str, start: datetime, count: int) -> list[str]:
    """Return the next local times, with their offset."""
    times, when = [], start
    for _ in range(count):
        when = parse_schedule(schedule).next_after(when, zone)
        times.append(when.astimezone(ZoneInfo(zone)).strftime("%d %H:%M %z"))
    return times


class TestRefusals:
    """Texts that are no schedule; each is told what would be right."""

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("dayly", 'write "@daily" or "0 6 * * *" or "every 1d"'),
            ("weekly", '"@weekly"'),
            ("@dayli", 'write "@daily"'),
            ("@reboot", "known words: @hourly"),
            ("15m", 'write "every 15m"'),
            ("every15m", 'write "every 15m"'),
            ("every 15 min", 'write "every 15m"'),
            ("every 15 minutes", 'write "every 15m"'),
            ("every day", 'write "every 1d"'),
            ("every 1h30m", 'write "every 90m"'),
            ("every 1.5h", 'write "every 90m"'),
            ("every 2 weeks", 'write "every 14d"'),
            ("every 36h", '"every 1d" or "every 2d"'),
            ("every 0s", '"every 1s"'),
            ("every", '"every 15m"'),
            ("06:30", 'write "30 6 * * *"'),
            ("0 6 * *", "five fields, this one 4"),
            ("0 0 6 * * *", 'no seconds: "0 6 * * *"'),
            ("0 25 * * *", "its hour, '25', must be 0-23"),
            ("60 * * * *", "its minute, '60', must be 0-59"),
            ("*/0 * * * *", "its minute"),
            ("0 6 * * FRI-MON", "a range goes upwards"),
            ("0 6 * * lun", "MON-SUN"),
            ("0 0 30 2 *", "month '2' has no day 30"),
            ("0 0 32 * *", "its day-of-month, '32', must be 1-31"),
            ("", '"0 6 * * *"'),
            ("9" * 5000, "..."),
            ("\u00b2 * * * *", "its minute"),
        ],
    )
    def test_advice(self, text: str, advice: str) -> None:
        """A wrong schedule is refused with the nearest right one."""
        with pytest.raises(ConfigError) as caught:
            parse_schedule(text)

        assert advice in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("90", 'write "90s" or "90m"'),
            ("1h30m", 'write "90m"'),
            ("5 minutes", 'write "5m"'),
            ("1w", 'write "7d"'),
            ("-5m", '"90s", "15m"'),
            ("", '"90s", "15m"'),
            ("99999999d", "longer than ten years"),
            ("٣m", '"90s", "15m"'),
        ],
    )
    def test_duration(self, text: str, advice: str) -> None:
        """A wrong length of time is refused with the nearest right one."""
        with pytest.raises(ConfigError) as caught:
            parse_duration(text)

        assert advice in str(caught.value)

    @given(st.text(st.sampled_from("every @dailyLW#/*-,0123456789smhdMON "), max_size=30))
    def test_nothing_else_escapes(self, text: str) -> None:
        """Whatever is written, it is a schedule or a clear refusal."""
        try:
            schedule = parse_schedule(text)
        except ConfigError:
            return

        assert schedule.next_after(at("2024-05-05"), "Europe/Madrid") > at("2024-05-05")

    def test_naive_time(self) -> None:
        """A time without a zone is refused: it could mean anything."""
        with pytest.raises(ValueError, match="aware"):
            parse_schedule("@daily").next_after(datetime(2024, 1, 1), "UTC")


class TestCrontab:
    """Crontab lines speak of the wall clock."""

    def test_local_time(self) -> None:
        """Six in the morning is six in the morning in the zone, in winter and in summer."""
        start = at("2024-03-30T12:00", "Europe/Madrid")

        assert ["31 06:00 +0200", "01 06:00 +0200"] == due("0 6 * * *", "Europe/Madrid", start, 2)

    def test_strictly_after(self) -> None:
        """A time that is due itself gives the next one."""
        assert at("2024-01-02T06:00") == parse_schedule("0 6 * * *").next_after(
            at("2024-01-01T06:00"), "UTC"
        )

    def test_weekday_numbers(self) -> None:
        """1 is Monday, 0 and 7 are Sunday, as in every crontab."""
        start = at("2024-01-01T12:00")  # a Monday

        assert ["07 00:00 +0000"] == due("0 0 * * 0", "UTC", start, 1)
        assert ["07 00:00 +0000"] == due("0 0 * * 7", "UTC", start, 1)
        assert ["02 07:30 +0000", "03 07:30 +0000"] == due("30 7 * * TUE-FRI", "UTC", start, 2)

    def test_spring(self) -> None:
        """What falls into the hour that is left out is due right after it, once."""
        start = at("2024-03-30T12:00", "Europe/Madrid")

        assert ["31 03:00 +0200", "01 02:30 +0200"] == due("30 2 * * *", "Europe/Madrid", start, 2)

    def test_autumn(self) -> None:
        """What falls into the hour that comes twice is due once."""
        start = at("2024-10-26T12:00", "Europe/Madrid")

        assert ["27 02:30 +0200", "28 02:30 +0100"] == due("30 2 * * *", "Europe/Madrid", start, 2)

    def test_autumn_never_back(self) -> None:
        """Asked within the second of the two hours, the next time lies ahead."""
        when = at("2024-10-27T02:10", "Europe/Madrid", fold=1)

        assert ["28 02:30 +0100"] == due("30 2 * * *", "Europe/Madrid", when, 1)

    def test_autumn_quarters(self) -> None:
        """Every quarter of an hour goes on through both of them."""
        start = at("2024-10-27T01:45", "Europe/Madrid")

        assert [
            "27 02:00 +0200",
            "27 02:30 +0200",
            "27 02:00 +0100",
            "27 02:30 +0100",
            "27 03:00 +0100",
        ] == due("*/30 * * * *", "Europe/Madrid", start, 5)

    def test_midnight_left_out(self) -> None:
        """Where a spring night leaves midnight out, the day is not skipped."""
        start = at("2024-04-25T12:00", "Africa/Cairo")

        assert ["26 01:00 +0300", "27 00:00 +0300"] == due("@daily", "Africa/Cairo", start, 2)

    def test_last_day(self) -> None:
        """L is the last day of a month."""
        assert ["29 00:00 +0000"] == due("0 0 L * *", "UTC", at("2024-02-01"), 1)

    def test_blanks_and_case(self) -> None:
        """Blanks and case do not matter, and the text is kept tidy."""
        assert "0 6 * JAN mon" == str(parse_schedule("  0 6\t* JAN   mon "))


class TestEvery:
    """``every N`` is elapsed time from local midnight."""

    def test_aligned(self) -> None:
        """Six hours are counted from midnight, not from when the loop began."""
        start = at("2024-05-05T07:13", "Europe/Madrid")

        assert ["05 12:00 +0200", "05 18:00 +0200", "06 00:00 +0200"] == due(
            "every 6h", "Europe/Madrid", start, 3
        )

    def test_begins_again(self) -> None:
        """A step that does not divide a day begins again at midnight."""
        assert ["01 21:00 +0000", "02 00:00 +0000", "02 07:00 +0000"] == due(
            "every 7h", "UTC", at("2024-01-01T14:00"), 3
        )

    def test_autumn(self) -> None:
        """An hour is an hour, also in the night that has 25."""
        start = at("2024-10-27T01:00", "Europe/Madrid")

        assert ["27 02:00 +0200", "27 02:00 +0100", "27 03:00 +0100"] == due(
            "every 1h", "Europe/Madrid", start, 3
        )

    def test_days(self) -> None:
        """Whole weeks are due on Mondays, at local midnight."""
        start = at("2024-05-08T12:00", "Europe/Madrid")

        assert ["13 00:00 +0200", "20 00:00 +0200"] == due("every 7d", "Europe/Madrid", start, 2)

    def test_whole_days_in_hours(self) -> None:
        """48 hours are two days, whatever the clock does in between."""
        start = at("2024-03-30T12:00", "Europe/Madrid")
        first, second = due("every 48h", "Europe/Madrid", start, 2)

        assert first.endswith("00:00 +0200")
        assert second.endswith("00:00 +0200")

    @given(
        st.datetimes(datetime(2023, 1, 1), datetime(2025, 12, 31)),
        st.sampled_from(["1s", "7m", "15m", "1h", "7h", "12h", "1d", "3d"]),
        st.sampled_from(["Europe/Madrid", "America/Havana", "Australia/Lord_Howe", "UTC"]),
    )
    def test_ahead_and_near(self, naive: datetime, step: str, zone: str) -> None:
        """The next time always lies ahead, and never further than the step and an hour."""
        when = naive.replace(tzinfo=UTC)
        wait = parse_schedule(f"every {step}").next_after(when, zone) - when

        assert timedelta() < wait <= parse_duration(step) + timedelta(hours=1)


class TestDurations:
    """Lengths of time in the configuration."""

    @pytest.mark.parametrize(
        ("text", "seconds"), [("90s", 90), ("15m", 900), (" 6h ", 21600), ("1d", 86400), ("0s", 0)]
    )
    def test_units(self, text: str, seconds: int) -> None:
        """Seconds, minutes, hours and days are known."""
        assert timedelta(seconds=seconds) == parse_duration(text)
