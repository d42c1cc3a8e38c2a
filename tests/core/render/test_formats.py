"""How numbers, money, days and times are written in each language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from regard.render import formats
from regard.reports import Period

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["1,234.50", "-12,345", "0.000001", "999,999,999,999.999999"]),
        ("es", ["1.234,50", "-12.345", "0,000001", "999.999.999.999,999999"]),
        (
            "fr",
            [
                f"1{NARROW}234,50",
                f"-12{NARROW}345",
                "0,000001",
                f"999{NARROW}999{NARROW}999{NARROW}999,999999",
            ],
        ),
        ("xx", ["1,234.50", "-12,345", "0.000001", "999,999,999,999.999999"]),
    ],
)
def test_numbers(language: str, expected: list[str]) -> None:
    """Separators are the language's; an unknown language is written as English."""
    values = [Decimal("1234.5"), -12345, Decimal("0.000001")]
    shown = [formats.number(value, language) for value in values]
    largest = formats.number(Decimal("999999999999.999999"), language, 6)

    assert expected == [*shown, largest]


@pytest.mark.parametrize(
    ("currency", "language", "expected"),
    [
        ("EUR", "en", "€1,234.56"),
        ("EUR", "es", f"1.234,56{NBSP}€"),
        ("EUR", "fr", f"1{NARROW}234,56{NBSP}€"),
        ("JPY", "en", "¥1,235"),
        ("USD", "es", f"1.234,56{NBSP}US$"),
    ],
)
def test_money(currency: str, language: str, expected: str) -> None:
    """An amount has its currency's sign and decimals, where its language puts them."""
    assert expected == formats.money(Decimal("1234.56"), currency, language)


@pytest.mark.parametrize("unit", ["", "%", "days", "eur", "ZZQ", "EURO"])
def test_no_currency(unit: str) -> None:
    """Only a code of ISO 4217 is a currency."""
    assert not formats.is_currency(unit)
    assert formats.is_currency("EUR")


def test_exact() -> None:
    """Machines get every digit, and no exponent or idle zero."""
    texts = ["1E+3", "1E-6", "12.500000", "-0.00", "100", "999999999999999999999999999999.999999"]

    assert ["1000", "0.000001", "12.5", "0", "100", texts[5]] == [
        formats.exact(Decimal(text)) for text in texts
    ]


def test_percent() -> None:
    """A percentage has one decimal and stays with its sign."""
    assert f"12.3{NBSP}%" == formats.percent(Decimal("12.34"), "en")
    assert f"0,0{NBSP}%" == formats.percent(0, "es")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0.00 s"),
        (0.04, "0.04 s"),
        (0.4, "0.4 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (75, "1 min 15 s"),
        (3599.7, "1 h 00 min"),
        (7260, "2 h 01 min"),
        (86_399, "1 d 00 h"),
        (93_600, "1 d 02 h"),
    ],
)
def test_durations(seconds: float, expected: str) -> None:
    """A length of time shows its two largest units and never sixty of one."""
    assert expected == formats.duration(seconds)


def test_days_and_times() -> None:
    """Days are written out, times are shown in the project's zone."""
    at = datetime(2026, 1, 31, 23, 5, tzinfo=UTC)

    assert "31 Jan 2026" == formats.day(date(2026, 1, 31), "en")
    assert "31 ene 2026" == formats.day(date(2026, 1, 31), "es")
    assert "1 Feb 2026, 00:05" == formats.moment(at, "Europe/Madrid", "en")
    assert "31 janv. 2026, 23:05" == formats.moment(at, "UTC", "fr")


def test_ages() -> None:
    """How long ago is said in the largest unit; the future is said too."""
    now = datetime(2026, 1, 31, tzinfo=UTC)
    passed = [timedelta(), timedelta(minutes=5), timedelta(hours=3), timedelta(days=400)]

    assert ["1 second ago", "5 minutes ago", "3 hours ago", "1 year ago"] == [
        formats.age(now - one, now, "en") for one in passed
    ]
    assert "hace 3 horas" == formats.age(now - passed[2], now, "es")
    assert "in 2 days" == formats.age(now + timedelta(days=2), now, "en")


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (1, 32, "1 Jan 2026 to 31 Jan 2026"),
        (1, 2, "1 Jan 2026"),
        (1, None, "since 1 Jan 2026"),
        (None, 32, "until 31 Jan 2026"),
        (None, None, ""),
    ],
)
def test_periods(since: int | None, until: int | None, expected: str) -> None:
    """A period is said by its first and its last day; its end itself is outside."""
    first = datetime(2025, 12, 30, 23, tzinfo=UTC)
    period = Period(
        first + timedelta(days=since) if since else None,
        first + timedelta(days=until) if until else None,
    )

    assert expected == formats.period(period, "Europe/Madrid", "en")
