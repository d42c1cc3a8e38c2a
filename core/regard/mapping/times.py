"""
Dates and times as exports write them, placed in the source's time zone.

``05/04/2026`` is a day in April or in May. Unless the map, the profile or the value itself
says which, the record is refused; a value that contradicts what is declared is refused too.

Where the clock is turned back, an hour comes twice: the first of the two is meant (``fold=0``).
Where it is turned forward, an hour is missing: a time in it is moved forward by the gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from regard.errors import ConfigError, RecordError
from regard.mapping.headers import fold
from regard.mapping.values import Cell, clean, shape
from regard.names import did_you_mean

__all__ = ["STYLES", "TimeReader", "check_style", "zone_of"]

STYLES = ("iso", "day-first", "month-first", "epoch", "epoch-ms", "excel")
"""What may stand for a date format; anything else is a ``strptime`` format with a ``%``."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january ene enero janv janvier",
            "feb february febrero fev fevr fevrier",
            "mar march marzo mars",
            "apr april abr abril avr avril",
            "may mayo mai",
            "jun june junio juin",
            "jul july julio juil juillet",
            "aug august ago agosto aout",
            "sep sept september septiembre setiembre septembre",
            "oct october octubre octobre",
            "nov november noviembre novembre",
            "dec december dic diciembre decembre",
        ),
        start=1,
    )
    for name in names.split()
}

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)", re.ASCII)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d))?(?!\d)", re.ASCII)
_DAY_NAME = re.compile(
    r"(?:[^\W\d_]+\.?,?\s+)?(\d{1,2})(?:st|nd|rd|th|er|º|°|\.)?[\s-]+(?:de\s+)?"
    r"([^\W\d_]{3,})\.?,?[\s-]+(?:del?\s+)?(\d{4}|\d{2})(?!\d)"
)
_NAME_DAY = re.compile(
    r"(?:[^\W\d_]+,\s+)?([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)"
)
_CLOCK = re.compile(
    r"(?:T|,|\s)\s*(?:-\s+|at\s+|à\s+|a\s+las?\s+)?(\d{1,2})[:h](\d{2})?"
    r"(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?\s?m\.?)?\s*"
    r"(Z|UTC|GMT|(?:UTC|GMT)?\s*[+-]\d{1,2}(?::?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?$", re.ASCII)
_NOTHING = re.compile(r"0{4}-00-00(?: 00:00:00)?", re.ASCII)
"""What MySQL keeps where there is no date; PrestaShop exports it as it is."""

_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
_EXCEL_END = 2958466
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_END = 253402300800
_LONGEST = 60
_REMEMBERED = 8192
_CLOCKS = 90_000
"""A day has 86,400 seconds, and a long file has them all."""
_SPLITTABLE = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d", "%Y/%m/%d")
_BETWEEN = frozenset(" T")
_PIVOT = 69
"""Two digits up to 68 are years of this century, as in POSIX."""

_DIRECTIVES = {
    "d": r"(?P<d>\d{1,2})",
    "m": r"(?P<m>\d{1,2})",
    "Y": r"(?P<Y>\d{4})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
}


def _bad(text: str, why: str) -> RecordError:
    return RecordError("bad-date", f"{shape(text)!r} {why}")


def zone_of(name: str) -> ZoneInfo:
    """
    Return a time zone by its name, such as ``Europe/Madrid``.

    Raises:
        ConfigError: There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError) as error:
        message = f"timezone: {name!r} is no time zone such as Europe/Madrid or UTC"
        raise ConfigError(message) from error


def check_style(style: str) -> str:
    """
    Return a date style as it is if it can be used.

    Raises:
        ValueError: It is neither one of `STYLES` nor a format with at least a ``%``.
    """
    if style in STYLES:
        return style
    if "%" not in style:
        message = f"{style!r} is no way to write dates{did_you_mean(style, STYLES)}"
        raise ValueError(message)
    try:
        sample = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
        datetime.strptime(sample.strftime(style), style)  # noqa: DTZ007 - only tried out
    except ValueError as error:
        message = f"{style!r} is no date format: {error}"
        raise ValueError(message) from error
    return style


def _offset(text: str) -> tzinfo:
    """Return the zone that ``Z``, ``GMT``, ``+0100`` or ``GMT+1`` stands for."""
    found = _OFFSET.search(text)
    if found is None:
        return UTC
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)


def _clock(text: str) -> tuple[time, tzinfo | None]:
    """Return the time of day behind a date, and its zone where it is written."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        message = "has something behind its date that is no time of day"
        raise ValueError(message)
    hour, minute, second, fraction, half, zone = found.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            message = "has an hour that no clock with a.m. and p.m. shows"
            raise ValueError(message)
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    micros = int((fraction or "").ljust(6, "0")[:6])
    clock = time(hours, int(minute or 0), int(second or 0), micros)
    return clock, _offset(zone) if zone else None


def _at(clock: Sequence[int]) -> time:
    """Return the time of day of an hour, a minute and perhaps a second."""
    return time(clock[0], clock[1], clock[2] if len(clock) > 2 else 0)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if year < _PIVOT else 1900)


def _month(word: str) -> int:
    month = _MONTHS.get(fold(word))
    if month is None:
        message = "has no month that is known in English, Spanish or French"
        raise ValueError(message)
    return month


def _order_of(formats: Sequence[str]) -> str | None:
    """Return what formats say about the order of day and month, if they agree."""
    orders = {
        "day-first" if each.index("%d") < each.index("%m") else "month-first"
        for each in formats
        if "%d" in each and "%m" in each and each.find("%Y") > each.find("%d")
    }
    return orders.pop() if len(orders) == 1 else None


def _by_format(style: str) -> Callable[[str], date | datetime | None]:
    """Return what reads one ``strptime`` format; the usual directives without strptime."""
    has_clock = any(each in style for each in ("%H", "%I", "%M", "%S", "%f", "%T", "%X", "%c"))
    pattern = ""
    for part in re.split(r"(%.)", style):
        if part[:1] != "%":
            pattern += re.escape(part)
        elif part[1] in _DIRECTIVES and f"?P<{part[1]}>" not in pattern:
            pattern += _DIRECTIVES[part[1]]
        else:
            return _by_strptime(style, has_clock)
    if not all(f"?P<{each}>" in pattern for each in "dmY"):
        return _by_strptime(style, has_clock)
    match = re.compile(pattern, re.ASCII).fullmatch
    names = [each for each in "YmdHMS" if f"?P<{each}>" in pattern]
    if names not in (["Y", "m", "d"], list("YmdHM"), list("YmdHMS")):
        return _by_strptime(style, has_clock)

    def read(text: str) -> date | datetime | None:
        found = match(text)
        if found is None:
            return None
        year, month, day, *clock = map(int, found.group(*names))
        found_on = date(year, month, day)
        return datetime.combine(found_on, _at(clock)) if clock else found_on

    return read


def _by_strptime(style: str, has_clock: bool) -> Callable[[str], date | datetime | None]:
    def read(text: str) -> date | datetime | None:
        try:
            moment = datetime.strptime(text, style)  # noqa: DTZ007 - the zone comes later
        except ValueError:
            return None
        return moment if has_clock else moment.date()

    return read


class _Split:
    """
    Puts moments together from days and clocks that were read before.

    A file has few days and few times of day but seldom the same moment twice, and placing a
    local time costs more than anything else about it. Days on which the clock is turned are
    left out.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._days: dict[str, tuple[datetime, datetime | None]] = {}
        self._clocks: dict[str, tuple[timedelta, bool]] = {}

    def read(self, text: str) -> datetime | None:
        """Return the moment a text means, or None where a part of it is new."""
        day = self._days.get(text[:10])
        clock = self._clocks.get(text[10:])
        if day is None or clock is None:
            return None
        midnight = day[0] if clock[1] else day[1]
        return None if midnight is None else midnight + clock[0]

    def learn(self, text: str, day: date, moment: datetime) -> None:
        """Remember the parts of a text that was read."""
        if len(self._clocks) >= _CLOCKS:
            self._clocks.clear()
        midnight = datetime.combine(day, time(), UTC)
        if moment.tzinfo is None:
            self._clocks[text[10:]] = moment - datetime.combine(day, time()), False
        else:
            self._clocks[text[10:]] = moment.astimezone(UTC) - midnight, True
        if text[:10] in self._days:
            return  # one day has many times, and placing it costs the most
        if len(self._days) >= _REMEMBERED:
            self._days.clear()
        here = datetime.combine(day, time(), self._zone)
        steady = here.utcoffset() == (here + timedelta(days=1)).utcoffset()
        self._days[text[:10]] = midnight, here.astimezone(UTC) if steady else None


class TimeReader:
    """
    Reads the dates and times of one file.

    Args:
        zone: Where local times are placed.
        styles: What is declared: any of `STYLES` and ``strptime`` formats, which are tried
            first. ISO 8601 and dates with a month's name are always understood.

    Raises:
        ConfigError: Two of the styles contradict each other.
    """

    def __init__(self, zone: tzinfo, styles: Sequence[str] = ()) -> None:
        self._zone = self.zone = zone
        self.iso = all(each in ("iso", "day-first", "month-first") for each in styles)
        self._formats = [_by_format(each) for each in styles if "%" in each]
        orders = {each for each in styles if each in ("day-first", "month-first")}
        if len(orders) > 1:
            message = "dates: day-first and month-first cannot both be declared"
            raise ConfigError(message)
        formats = [each for each in styles if "%" in each]
        self._order = orders.pop() if orders else _order_of(formats)
        self._split = _Split(zone)
        # With a format of another order the parts could be read otherwise than the whole.
        self._splits = all(each[:8] in _SPLITTABLE for each in formats) and len(formats) <= 1
        self._number: Callable[[Decimal, str], datetime | None] = self._from_excel
        self._number_texts = "excel" in styles
        if "epoch" in styles or "epoch-ms" in styles:
            per_second = 1000 if "epoch-ms" in styles else 1
            self._number = lambda number, text: self._from_epoch(number / per_second, text)
            self._number_texts = True

    def time(self, cell: Cell) -> datetime | None:
        """
        Return a moment in UTC; of a day alone its local midnight.

        Raises:
            RecordError: ``bad-date`` or ``ambiguous-date``.
        """
        text = cell if isinstance(cell, str) and self._splits and cell[10:11] in _BETWEEN else ""
        if text:
            known = self._split.read(text)
            if known is not None:
                return known
        moment = self._moment(cell)
        if moment is None:
            return None
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        elif text:
            self._learn(text, moment)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise _bad(clean(cell), "is outside of the years 1 to 9999") from error

    def _learn(self, text: str, moment: datetime) -> None:
        try:
            day = self._moment(text[:10])
            if day == moment.date():
                self._split.learn(text, moment.date(), moment)
        except (RecordError, OverflowError):
            pass  # its parts do not stand alone: it is read whole each time

    def day(self, cell: Cell) -> date | None:
        """
        Return a day as it is written; a time of day behind it says nothing about it.

        Raises:
            RecordError: ``bad-date`` or ``ambiguous-date``.
        """
        moment = self._moment(cell)
        return moment.date() if isinstance(moment, datetime) else moment

    def _moment(self, cell: Cell) -> date | datetime | None:
        if isinstance(cell, str):
            return self._text(cell)
        if cell is None or isinstance(cell, date):
            return cell
        text = str(cell)
        if isinstance(cell, bool):
            raise _bad(text, "is yes or no, not a date")
        return self._number(Decimal(cell), text)

    def _text(self, cell: str) -> date | datetime | None:
        text = clean(cell)
        if not text or _NOTHING.fullmatch(text):
            return None
        for read in self._formats:
            try:
                found = read(text)
            except ValueError as error:
                raise _bad(text, "is no day of the calendar") from error
            if found is not None:
                return found
        if len(text) > _LONGEST:
            raise _bad(text, "is too long for a date")
        if self._number_texts and re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
            return self._number(Decimal(text), text)
        if text[4:5] == "-" and text[7:8] == "-":
            try:
                return (
                    date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
                )
            except ValueError:
                pass  # nearly ISO, such as "2026-05-14 11:23:45 +0100": read below
        try:
            return self._written(text)
        except (ValueError, OverflowError) as error:
            why = str(error) if str(error).startswith("has ") else "is no day of the calendar"
            raise _bad(text, why) from error

    def _written(self, text: str) -> date | datetime:
        compact = _COMPACT.fullmatch(text)
        if compact is not None:
            year, month, day, *rest = compact.groups()
            found = date(int(year), int(month), int(day))
            return datetime.combine(found, _at([*map(int, rest)])) if rest[0] else found
        found, behind = self._date(text)
        if not behind:
            return found
        clock, zone = _clock(behind)
        return datetime.combine(found, clock, zone)

    def _date(self, text: str) -> tuple[date, str]:
        """Return the date a text starts with, and what stands behind it."""
        found = _YEAR_FIRST.match(text)
        if found is not None:
            return date(int(found[1]), int(found[3]), int(found[4])), text[found.end() :]
        found = _NUMERIC.match(text)
        if found is not None:
            return self._numeric(found, text), text[found.end() :]
        found = _DAY_NAME.match(text)
        if found is not None:
            return date(_year(found[3]), _month(found[2]), int(found[1])), text[found.end() :]
        found = _NAME_DAY.match(text)
        if found is not None:
            return date(int(found[3]), _month(found[1]), int(found[2])), text[found.end() :]
        message = 'has no form of a date that is known; declare it, such as dates = "day-first"'
        raise ValueError(message)

    def _numeric(self, found: re.Match[str], text: str) -> date:
        first, second, digits = int(found[1]), int(found[3]), found[4]
        if self._order is None:
            # Two digits for the year leave even its place open: 01-02-03.
            both = first <= 12 and second <= 12 and first != second
            if both or len(digits) == 2:
                message = (
                    f"{shape(text)!r} can be two days: declare the order, "
                    'such as dates = "day-first"'
                )
                raise RecordError("ambiguous-date", message)
            day_first = first > 12 or first == second
        else:
            day_first = self._order == "day-first"
        day, month = (first, second) if day_first else (second, first)
        if month > 12 and day <= 12 and self._order is not None:
            message = f"has its day and month not in the order that is declared, {self._order}"
            raise ValueError(message)
        return date(_year(digits), month, day)

    def _from_excel(self, number: Decimal, text: str) -> datetime | None:
        if not 1 <= number < _EXCEL_END:
            raise _bad(text, "is no date of a spreadsheet; declare epoch or epoch-ms if it is one")
        return _EXCEL_EPOCH + timedelta(
            milliseconds=int((number * 86_400_000).to_integral_value())
        )

    def _from_epoch(self, number: Decimal, text: str) -> datetime | None:
        if not 0 <= number < _EPOCH_END:
            raise _bad(text, "is no count of seconds since 1970; declare epoch-ms if it is more")
        return _EPOCH + timedelta(microseconds=int(number * 1_000_000))
