"""
How numbers, money, days, times and durations are written for people, once for all.

Babel knows the languages; it is loaded when the first value is written. Nothing here rounds
what machines read: JSON and CSV carry exact values.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from regard.render.words import locale_of, word
from regard.reports import Period

__all__ = [
    "age",
    "currency_decimals",
    "day",
    "decimals_for",
    "duration",
    "exact",
    "is_currency",
    "moment",
    "money",
    "month",
    "number",
    "percent",
    "period",
]

_TINY = Decimal("0.01")
_SECONDS = {"d": 86_400, "h": 3_600, "min": 60}


def decimals_for(value: Decimal | int, unit: str = "") -> int:
    """
    Return how many decimals show a number well.

    Args:
        value: Whole numbers have none, others two, very small ones six.
        unit: Percentages always have one, and points, hours and seconds that are
            not whole.
    """
    if unit == "%":
        return 1
    if isinstance(value, int) or value == value.to_integral_value():
        return 0
    if unit in ("points", "hours", "seconds"):
        return 1
    return 6 if abs(value) < _TINY else 2


def exact(value: Decimal) -> str:
    """Return a number for machines: every digit it has, no exponent, no trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def number(value: Decimal | int, language: str, decimals: int | None = None) -> str:
    """
    Return a number with its language's separators: ``1,234.5``, ``1.234,5``, ``1 234,5``.

    Args:
        value: Exact.
        language: ``en``, ``es`` or ``fr``.
        decimals: How many to show; None: as many as show it well.
    """
    from babel.numbers import format_decimal

    shown = decimals_for(value) if decimals is None else decimals
    pattern = "#,##0" + ("." + "0" * shown if shown else "")
    return format_decimal(value, format=pattern, locale=locale_of(language))


def is_currency(unit: str) -> bool:
    """Say whether a unit is the ISO 4217 code of a currency."""
    from babel.numbers import is_currency as known

    return len(unit) == 3 and unit.isupper() and known(unit, locale="en")


def currency_decimals(currency: str) -> int:
    """Return how many decimals amounts of a currency have: 2 for EUR, 0 for JPY."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


def money(value: Decimal | int, currency: str, language: str) -> str:
    """Return an amount with its sign: ``€1,234.56`` in English, ``1.234,56 €`` in Spanish."""
    from babel.numbers import format_currency

    return format_currency(value, currency, locale=locale_of(language))


def percent(value: Decimal | int, language: str) -> str:
    """Return a percentage from 0 to 100 with one decimal: ``12.3 %``, ``12,3 %``."""
    return f"{number(value, language, 1)}\N{NO-BREAK SPACE}%"


def duration(seconds: float) -> str:
    """
    Return a length of time by one rule: its two largest units, and no more precision.

    ``0.04`` is ``0.04 s``, ``0.4`` is ``0.4 s``, ``12.34`` is ``12.3 s``, ``75`` is
    ``1 min 15 s``, ``7260`` is ``2 h 01 min``, ``93600`` is ``1 d 02 h``.
    """
    if seconds < 0.1:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _SECONDS["h"]:
        return f"{whole // 60} min {whole % 60:02d} s"
    whole = round(seconds / 60)
    if whole < 24 * 60:
        return f"{whole // 60} h {whole % 60:02d} min"
    whole = round(seconds / 3600)
    return f"{whole // 24} d {whole % 24:02d} h"


def day(value: date, language: str) -> str:
    """Return a day: ``31 Jan 2026``, ``31 ene 2026``, ``31 janv. 2026``."""
    from babel.dates import format_date

    return format_date(value, format="d MMM y", locale=locale_of(language))


def month(value: date, language: str) -> str:
    """Return a month by one of its days: ``Jan 2026``, ``ene 2026``, ``janv. 2026``."""
    from babel.dates import format_date

    return format_date(value, format="MMM y", locale=locale_of(language))


def moment(value: datetime, timezone: str, language: str) -> str:
    """Return a time in a zone, to the minute: ``31 Jan 2026, 08:05``."""
    local = value.astimezone(ZoneInfo(timezone))
    return f"{day(local.date(), language)}, {local:%H:%M}"


def age(value: datetime, now: datetime, language: str) -> str:
    """Return how long ago a time was, in its largest unit: ``3 hours ago``, ``hace 3 horas``."""
    from babel.dates import format_timedelta

    passed = value - now
    if abs(passed) < timedelta(seconds=1):
        passed = timedelta(seconds=-1)
    return format_timedelta(passed, add_direction=True, locale=locale_of(language))


def period(value: Period, timezone: str, language: str) -> str:
    """Return a period by its first and its last day, both within it."""
    zone = ZoneInfo(timezone)
    since = value.since.astimezone(zone).date() if value.since else None
    until = None
    if value.until:
        last = value.until.astimezone(UTC) - timedelta(microseconds=1)
        until = last.astimezone(zone).date()
    if since and until:
        first, last_day = day(since, language), day(until, language)
        if since == until:
            return word("on", language, day=first)
        return word("from_to", language, since=first, until=last_day)
    if since:
        return word("from", language, since=day(since, language))
    return word("to", language, until=day(until, language)) if until else ""
