"""Dates and times as exports write them, placed in time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from regard.errors import ConfigError, RecordError
from regard.mapping.times import TimeReader, check_style, zone_of

MADRID = zone_of("Europe/Madrid")


def utc(*parts: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # numbers only


@pytest.mark.parametrize(
    ("text", "styles", "reason"),
    [
        ("soon", (), "bad-date"),
        ("2026-13-01", (), "bad-date"),
        ("2026-02-30", (), "bad-date"),
        ("31/04/2026", ("day-first",), "bad-date"),
        ("05/14/2026", ("day-first",), "bad-date"),
        ("14/05/2026", ("month-first",), "bad-date"),
        ("12 Foo 2024", (), "bad-date"),
        ("2026-05-14 25:00", (), "bad-date"),
        ("2026-05-14 13:00 PM", (), "bad-date"),
        ("2026-05-14 10:00 XYZ", (), "bad-date"),
        ("1778752800", (), "bad-date"),
        ("45000", (), "bad-date"),
        ("99999999999999", ("epoch",), "bad-date"),
        ("9" * 80, (), "bad-date"),
        ("05/04/2026", (), "ambiguous-date"),
        ("05.04.2026 10:00", (), "ambiguous-date"),
        ("14/05/26", (), "ambiguous-date"),
        ("01-02-03", (), "ambiguous-date"),
    ],
)
def test_no_date_or_two_dates_are_refused(text: str, styles: tuple[str, ...], reason: str) -> None:
    """A text that is no date, contradicts what is declared, or may be two is refused."""
    with pytest.raises(RecordError) as caught:
        TimeReader(MADRID, styles).time(text)

    assert reason == caught.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-14T11:23:45Z", utc(2026, 5, 14, 11, 23, 45)),
        ("2024-03-12T09:14:00.000+0000", utc(2024, 3, 12, 9, 14)),
        ("2026-05-14 11:23:45 +0100", utc(2026, 5, 14, 10, 23, 45)),
        ("2026-05-14 11:23:45 -05:30", utc(2026, 5, 14, 16, 53, 45)),
        ("2026-05-14 11:23:45 UTC", utc(2026, 5, 14, 11, 23, 45)),
        ("2024-03-12 09:14", utc(2024, 3, 12, 8, 14)),
        ("2024/03/12 09:14", utc(2024, 3, 12, 8, 14)),
        ("2024-03-12", utc(2024, 3, 11, 23)),
        ("20240312", utc(2024, 3, 11, 23)),
        ("20240312T091400", utc(2024, 3, 12, 8, 14)),
        ("14/05/2026 10:00", utc(2026, 5, 14, 8)),
        ("05/14/2026 10:00", utc(2026, 5, 14, 8)),
        ("05/05/2026", utc(2026, 5, 4, 22)),
        ("12 mars 2024", utc(2024, 3, 11, 23)),
        ("1er août 2024 09h30", utc(2024, 8, 1, 7, 30)),
        ("12 de enero de 2024 a las 18:05", utc(2024, 1, 12, 17, 5)),
        ("12-ene-2024", utc(2024, 1, 11, 23)),
        ("12 Mar 2024 09:14:05", utc(2024, 3, 12, 8, 14, 5)),
        ("Jun 09, 2018 09:30 pm", utc(2018, 6, 9, 19, 30)),
        ("March 12, 2024 9:14 AM", utc(2024, 3, 12, 8, 14)),
        ("Tue, 12 Mar 2024 09:14:00 +0000", utc(2024, 3, 12, 9, 14)),
        ("2025/02/03 10:00:00 AM GMT+1", utc(2025, 2, 3, 9)),
        ("12/31/2024 12:05 a. m.", utc(2024, 12, 30, 23, 5)),
    ],
)
def test_a_moment_is_read_without_a_declaration(text: str, expected: datetime) -> None:
    """What can mean only one moment is read, local times in the source's zone."""
    assert expected == TimeReader(MADRID).time(text)


@pytest.mark.parametrize(
    ("text", "styles", "expected"),
    [
        ("05/04/2026", ("day-first",), date(2026, 4, 5)),
        ("05/04/2026", ("month-first",), date(2026, 5, 4)),
        ("5.4.26", ("day-first",), date(2026, 4, 5)),
        ("5/4/85", ("day-first",), date(1985, 4, 5)),
        ("05/04/2026", ("%d/%m/%Y %H:%M",), date(2026, 4, 5)),
        ("05/04/2026", ("%m/%d/%Y",), date(2026, 5, 4)),
        ("2026-04-05", ("%Y-%d-%m",), date(2026, 5, 4)),
        ("05|04|2026", ("%d|%m|%Y",), date(2026, 4, 5)),
        ("Sun 5 Apr 2026", ("%a %d %b %Y",), date(2026, 4, 5)),
    ],
)
def test_what_is_declared_decides(text: str, styles: tuple[str, ...], expected: date) -> None:
    """Where a text may be two days, the declared order or format decides."""
    assert expected == TimeReader(MADRID, styles).day(text)


def test_the_same_days_and_clocks_come_to_the_same_moments_when_remembered() -> None:
    """Parts that were read before give the same moments as texts read whole."""
    texts = [
        f"{day}{clock}"
        for day in ("2026-05-14", "2026-03-29", "2026-10-25", "2026-01-02")
        for clock in (" 02:30", " 10:00:07", "T23:59:59.25", " 10:00:00 +0100", "T01:00:00Z")
    ]
    warm = TimeReader(MADRID)
    for text in reversed(texts):
        warm.time(text)

    assert [TimeReader(MADRID).time(text) for text in texts] == [warm.time(t) for t in texts]


def test_formats_of_two_orders_are_not_mixed_up_when_remembered() -> None:
    """Two declared formats are each read as declared, in whatever order rows come."""
    reader = TimeReader(MADRID, ("%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p"))
    found = [reader.day(t) for t in ("03/04/2025 10:00", "05/05/2025 10:00 AM")]
    found += [reader.day(t) for t in ("03/04/2025 10:00 AM", "03/04/2025 10:00")]

    assert [date(2025, 4, 3), date(2025, 5, 5), date(2025, 3, 4), date(2025, 4, 3)] == found


def test_an_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    """When the clock is turned back, a local time means its first occurrence."""
    assert utc(2026, 10, 25, 0, 30) == TimeReader(MADRID).time("2026-10-25 02:30")


def test_an_hour_that_does_not_exist_is_moved_forward() -> None:
    """When the clock is turned forward, a local time in the gap moves by the gap."""
    assert utc(2026, 3, 29, 1, 30) == TimeReader(MADRID).time("2026-03-29 02:30")


def test_counts_of_seconds_only_where_they_are_declared() -> None:
    """A number is a time only if somebody said so."""
    moment = utc(2026, 5, 14, 10)

    assert moment == TimeReader(MADRID, ("epoch",)).time("1778752800")
    assert moment == TimeReader(MADRID, ("epoch-ms",)).time(1778752800000)


def test_days_of_spreadsheets_are_counted_from_their_epoch() -> None:
    """A number in a spreadsheet's date column is a day and a part of it, in local time."""
    assert utc(2024, 3, 12, 11) == TimeReader(MADRID).time(Decimal("45363.5"))
    assert date(2024, 3, 12) == TimeReader(MADRID, ("excel",)).day("45363")


def test_dates_of_spreadsheets_are_taken_as_they_are() -> None:
    """A cell that is a date or a time already is only placed in its zone."""
    reader = TimeReader(MADRID)

    assert utc(2024, 3, 11, 23) == reader.time(date(2024, 3, 12))
    assert utc(2024, 3, 12, 9) == reader.time(datetime(2024, 3, 12, 10))


@pytest.mark.parametrize("text", ["", "  ", "0000-00-00", "0000-00-00 00:00:00"])
def test_what_databases_write_for_no_date_is_none(text: str) -> None:
    """The zero date of MySQL is no date."""
    assert TimeReader(MADRID).time(text) is None


def test_a_birthday_is_the_day_as_written() -> None:
    """A day does not move with a zone, whatever stands behind it."""
    assert date(1990, 5, 14) == TimeReader(MADRID).day("1990-05-14T00:00:00-08:00")


@pytest.mark.parametrize("style", ["dayfirst", "DD/MM/YYYY", "%Q"])
def test_an_unknown_style_is_refused(style: str) -> None:
    """A way to write dates that is none is refused before anything is read."""
    with pytest.raises(ValueError, match="no "):
        check_style(style)


def test_two_orders_cannot_both_be_declared() -> None:
    """Day-first and month-first contradict each other."""
    with pytest.raises(ConfigError, match="both"):
        TimeReader(MADRID, ("day-first", "month-first"))


def test_an_unknown_zone_is_refused() -> None:
    """A time zone that does not exist is a mistake of the configuration."""
    with pytest.raises(ConfigError, match="Europe/Madird"):
        zone_of("Europe/Madird")
