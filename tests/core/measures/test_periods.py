"""Periods begin at midnight of the project's time zone and never contain their end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from regard.errors import ConfigError
from regard.measures.periods import last_days, local_day, parse_moment, resolve_period
from regard.reports import Period

NOW = datetime(2026, 3, 15, 23, 30, tzinfo=UTC)
"""In Madrid it is half past midnight, on the 16th."""


def moment(value: object, timezone: str = "Europe/Madrid") -> datetime | None:
    """Parse one bound."""
    return parse_moment(value, name="--since", now=NOW, timezone=timezone)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13", "2026-02-30", "31/01/2026", "99999999d", "20260", "2026-1", "d"],
)
def test_no_day(text: str) -> None:
    """What is no day is refused with the forms that would be right."""
    with pytest.raises(ConfigError, match=r"--since: .* is no day; write 2026-01-31"):
        moment(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("2026-01-31", datetime(2026, 1, 30, 23, tzinfo=UTC)),
        (" 2026-07 ", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("1d", datetime(2026, 3, 14, 23, tzinfo=UTC)),
        ("2W", datetime(2026, 3, 1, 23, tzinfo=UTC)),
        ("2026-01-31T08:00", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("2026-01-31T08:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        (date(2026, 1, 31), datetime(2026, 1, 30, 23, tzinfo=UTC)),
        (datetime(2026, 1, 31, 8), datetime(2026, 1, 31, 7, tzinfo=UTC)),
        (
            datetime(2026, 1, 31, 8, tzinfo=ZoneInfo("Asia/Tokyo")),
            datetime(2026, 1, 30, 23, tzinfo=UTC),
        ),
    ],
)
def test_days(value: object, expected: datetime | None) -> None:
    """Days, months, years, ages and times mean one instant; a local time is the project's."""
    assert expected == moment(value)


def test_day_without_midnight() -> None:
    """Where the clock jumps over midnight, the day begins with its first instant."""
    expected = datetime(2026, 9, 6, 4, tzinfo=UTC)

    assert expected == moment("2026-09-06", "America/Santiago")
    assert date(2026, 9, 6) == local_day(expected, "America/Santiago")


def test_backwards() -> None:
    """A period that ends before it begins is refused; so is an empty one."""
    for until in ("2026-01-01", "2026-01"):
        with pytest.raises(ConfigError, match="ends after it begins"):
            resolve_period("2026-01-01", until, now=NOW, timezone="UTC")


def test_half_open() -> None:
    """A missing bound leaves that side open; no bound at all is no period."""
    begun = resolve_period("2026-01", None, now=NOW, timezone="UTC")

    assert Period(datetime(2026, 1, 1, tzinfo=UTC), None) == begun
    assert None is resolve_period(None, None, now=NOW, timezone="UTC")


def test_last_days() -> None:
    """The last days begin at local midnight and end now."""
    expected = Period(datetime(2026, 3, 13, 23, tzinfo=UTC), NOW)

    assert expected == last_days(2, now=NOW, timezone="Europe/Madrid")
