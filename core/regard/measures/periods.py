"""
Periods: from what people type to two instants.

A period contains its beginning and not its end, so that two neighbours share no purchase and
miss none. Days begin at midnight in the project's time zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from regard.errors import ConfigError
from regard.reports import Period
from regard.views import Parameter

__all__ = [
    "Compared",
    "Moment",
    "bounds",
    "compared_periods",
    "during",
    "last_days",
    "local_day",
    "months_of",
    "parse_moment",
    "period_before",
    "resolve_period",
]

Moment: TypeAlias = str | date | datetime | None
"""A day, an aware time, or a text such as 2026-01-31, 2026-01, 2026 or 90d; None: no bound."""

_AGO = re.compile(r"(\d{1,5})\s*([dw])", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7}


@dataclass(frozen=True, slots=True)
class Compared:
    """
    The period of a report and what it is compared with.

    Attributes:
        now: The period, with an end.
        before: The one of the same length just before; None: there is none.
        usual: Whether nobody has asked for another one.
    """

    now: Period
    before: Period | None
    usual: bool

    @property
    def days(self) -> int:
        """How many days the period has, begun ones too; 0: it has no beginning."""
        if self.now.since is None or self.now.until is None:
            return 0
        return -((self.now.since - self.now.until) // timedelta(days=1))


def local_day(moment: datetime, timezone: str) -> date:
    """Return the day on which an instant falls in a time zone."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def during(column: str) -> str:
    """Return the condition that a time lies in a period; `bounds` gives its parameters."""
    return (
        f"((CAST($since AS TIMESTAMPTZ) IS NULL OR {column} >= $since)\n"
        f" AND (CAST($until AS TIMESTAMPTZ) IS NULL OR {column} < $until))"
    )


def bounds(period: Period | None) -> dict[str, Parameter]:
    """Return a period as the parameters of a query."""
    return {
        "since": period.since if period else None,
        "until": period.until if period else None,
    }


def period_before(period: Period) -> Period | None:
    """Return the period of the same length just before; None: it has no beginning or no end."""
    if period.since is None or period.until is None:
        return None
    return Period(period.since - (period.until - period.since), period.since)


def months_of(period: Period, *, timezone: str, at_least: int = 1) -> list[date]:
    """
    Return the first days of the months that a period touches, in order.

    Args:
        period: With a beginning and an end.
        timezone: Where a month begins.
        at_least: So many months up to its end, also where they lie before its beginning.
    """
    if period.since is None or period.until is None:
        return []
    month = local_day(period.until - timedelta(microseconds=1), timezone).replace(day=1)
    first = local_day(period.since, timezone).replace(day=1)
    months = [month]
    while months[-1] > first or len(months) < at_least:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


def _midnight(day: date, timezone: str) -> datetime:
    # Where the clock jumps over midnight, the offset before the jump gives the first instant.
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def _placed(moment: datetime, timezone: str) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return aware.astimezone(UTC)


def last_days(days: int, *, now: datetime, timezone: str) -> Period:
    """Return the period from midnight so many days ago until now."""
    return Period(_midnight(local_day(now, timezone) - timedelta(days), timezone), now)


def parse_moment(value: Moment, *, name: str, now: datetime, timezone: str) -> datetime | None:
    """
    Return the instant that a bound of a period means.

    Args:
        value: A text means a day, the first day of a month or year, an ISO 8601 time, or so
            many days (``90d``) or weeks (``12w``) before today. Without a zone a time is the
            project's.
        name: What to call it in a message, such as ``--since``.
        now: The current time.
        timezone: Where a day begins.

    Raises:
        ConfigError: It is none of these.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(timezone))).astimezone(
            UTC
        )
    if isinstance(value, date):
        return _midnight(value, timezone)
    try:
        return _parse_text(value.strip(), now, timezone)
    except (ValueError, OverflowError) as error:
        message = (
            f"{name}: {value!r} is no day; write 2026-01-31, 2026-01, 2026, "
            "90d (days ago) or 2026-01-31T08:00"
        )
        raise ConfigError(message) from error


def _parse_text(text: str, now: datetime, timezone: str) -> datetime:
    ago = _AGO.fullmatch(text)
    if ago:
        days = int(ago[1]) * _DAYS[ago[2].lower()]
        return _midnight(local_day(now, timezone) - timedelta(days), timezone)
    if re.fullmatch(r"\d{4}", text):
        text += "-01-01"
    elif re.fullmatch(r"\d{4}-\d{2}", text):
        text += "-01"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _midnight(date.fromisoformat(text), timezone)
    return _placed(datetime.fromisoformat(text), timezone)


def resolve_period(since: Moment, until: Moment, *, now: datetime, timezone: str) -> Period | None:
    """
    Return the period between two bounds; None: neither is given.

    Raises:
        ConfigError: A bound is no day, or the end is not after the beginning.
    """
    first = parse_moment(since, name="--since", now=now, timezone=timezone)
    end = parse_moment(until, name="--until", now=now, timezone=timezone)
    if first is None and end is None:
        return None
    if first is not None and end is not None and end <= first:
        message = f"--until {until}: a period ends after it begins, and it begins {since}"
        raise ConfigError(message)
    return Period(first, end)


def compared_periods(
    since: Moment, until: Moment, *, now: datetime, timezone: str, days: int = 90
) -> Compared:
    """
    Return the period between two bounds, or the last days, and the one before it.

    Args:
        since: The first day; None with ``until``: all before that.
        until: The first day that no longer counts; None: now.
        now: The current time.
        timezone: Where a day begins.
        days: How many days count where no bound is given.

    Raises:
        ConfigError: A bound is no day, or the end is not after the beginning.
    """
    asked = resolve_period(since, until, now=now, timezone=timezone)
    if asked is None:
        usual = last_days(days, now=now, timezone=timezone)
        before = last_days(2 * days, now=now, timezone=timezone).since
        return Compared(usual, Period(before, usual.since), usual=True)
    if asked.until is None and asked.since is not None and asked.since >= now:
        message = (
            f"--since {since}: this is not in the past, and the report is made for {now:%Y-%m-%d}"
        )
        raise ConfigError(message)
    period = Period(asked.since, asked.until or now)
    return Compared(period, period_before(period), usual=False)
