"""
The shapes that machines write, as SQL expressions.

Order numbers, times and amounts hardly repeat, so remembering them gains nothing; but nearly
all of them have the plainest shape there is. Each function here knows one such shape. What it
does not know comes out as NULL, and the row lane, which knows all of them, looks at the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from regard.mapping.amounts import DecimalSign
from regard.mapping.kinds import ValueType
from regard.records.encoding import SEPARATOR, StoredValue

__all__ = [
    "OFFSETS",
    "SPACES",
    "Shape",
    "literal",
    "offsets_of",
    "separator",
    "shape_of",
    "time_text",
]

SPACES = (
    "\\x00-\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"
    "\\x{3000}"
)
"""What `str.strip` takes off, as part of a class of characters, with the control characters."""

OFFSETS = "regard_offsets"
"""The variable that holds what `offsets_of` returns."""

_DAY = "(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_LOCAL = f"{_DAY}[ T]{_CLOCK}(:[0-5][0-9])?"
_PLACED = f"{_DAY}[ T]{_CLOCK}:[0-5][0-9][+-](0[0-9]|1[0-3]):[0-5][0-9]"
_ADDRESS = (
    "[!-+\\-.-:<-~\\x{a1}-\\x{12f}\\x{131}-\\x{24f}\\x{370}-\\x{3a1}\\x{3a4}-\\x{52f}"
    "\\x{5d0}-\\x{6ff}\\x{3041}-\\x{9fff}\\x{ac00}-\\x{d7a3}]+"
)
"""One address, of letters whose lower case is the same everywhere."""

_NOON = time(12)
_DAY_LONG = 86_400_000_000
_YEARS = range(2000, 2040)
"""Local times of other years are rare, and left to the row lane."""


@dataclass(frozen=True, slots=True)
class Shape:
    """
    How cells of one sort are read.

    Attributes:
        reads: What a cell comes to; NULL where it does not have the shape.
        begins: What that starts from, where it is needed more than once: ``{}`` in `reads`.
        value: What is stored, with ``{}`` for what was read.
        shown: How it stands in the hashed text, with ``{}`` for what was read.
    """

    reads: str
    value: str = "{}"
    shown: str = "{}"
    begins: str = ""


def literal(value: StoredValue) -> str:
    """Return a value as SQL writes it."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def separator() -> str:
    """Return what stands between the parts of a hashed text, as SQL writes it."""
    return f"chr({ord(SEPARATOR)})"


def time_text(microseconds: str) -> str:
    """Return a moment, in whole seconds, as the store's text."""
    return f"(CAST(make_timestamp({microseconds}) AS VARCHAR) || '.000000')"


def shape_of(
    name: str,
    sort: ValueType | None,
    cell: str,
    *,
    decimal: DecimalSign | None,
    zone: tzinfo,
    iso: bool,
) -> Shape | None:
    """
    Return how the plainest shape of a field is read, or None where there is none.

    Args:
        name: The field.
        sort: Its sort of value; None where its cells mean more than what they say.
        cell: The column.
        decimal: The declared decimal sign.
        zone: Where local times are.
        iso: Whether ISO 8601 times are understood before anything declared.
    """
    if sort is ValueType.TEXT:
        return Shape(cell)
    if sort is ValueType.EMAIL:
        return Shape(f"CASE WHEN regexp_full_match({cell}, '{_ADDRESS}') THEN lower({cell}) END")
    if sort in (ValueType.MONEY, ValueType.NUMBER):
        return _number(name, cell, decimal)
    return _time(cell, zone) if sort is ValueType.TIME and iso else None


def _number(name: str, cell: str, decimal: DecimalSign | None) -> Shape:
    sign = {".": "[.]", ",": ",", None: "[.,]"}[decimal]
    plain = f"-?(0|[1-9][0-9]{{0,8}})({sign}[0-9]{{1,6}})?"
    if decimal is None:
        # With three decimals behind so few digits, it may also be thousands.
        plain = (
            f"-?(0|[1-9][0-9]{{0,8}})({sign}([0-9]{{1,2}}|[0-9]{{4,6}}))?|"
            f"-?(0|[1-9][0-9]{{3,8}}){sign}[0-9]{{3}}"
        )
    text = cell if decimal == "." else f"replace({cell}, ',', '.')"
    # Exact: of so few digits, a double is less than a quarter of a millionth away. A product of
    # decimals overflows from a million on, and those in which it fits are several times as slow.
    read = f"TRY_CAST(round(TRY_CAST({text} AS DOUBLE) * 1e6) AS BIGINT)"
    # Some write a discount as what is taken off, others as what it changes.
    read = f"abs({read})" if name == "discount" else read
    # As text, which is what is hashed and handed on.
    read = f"CAST({read} AS VARCHAR)"
    return Shape(f"CASE WHEN regexp_full_match({cell}, '{plain}') THEN {read} END")


def _time(cell: str, zone: tzinfo) -> Shape:
    """Read a cell's moment in microseconds since 1970."""
    placed, local = (
        f"regexp_full_match({cell}, '{_PLACED}')",
        f"regexp_full_match({cell}, '{_LOCAL}')",
    )
    clock = f"epoch_us(TRY_CAST({cell} AS TIMESTAMP))"
    moment = f"epoch_us(TRY_CAST({cell} AS TIMESTAMPTZ))"
    return Shape(
        f"CASE WHEN strlen({cell}) = 25 THEN {{}} ELSE {_in_utc('{}', zone)} END",
        time_text("{}"),
        begins=(
            f"CASE WHEN strlen({cell}) = 25 THEN CASE WHEN {placed} THEN {moment} END "
            f"WHEN {local} THEN {clock} END"
        ),
    )


def _in_utc(clock: str, zone: tzinfo) -> str:
    """Return the moment of a local time; NULL on days on which clocks change."""
    if zone is UTC:
        return clock
    day = f"CAST(floor({clock} / {_DAY_LONG}) AS BIGINT) - {_first_day()} + 1"
    # Place 0 holds nothing; a negative one would count from the end.
    return f"{clock} - getvariable('{OFFSETS}')[greatest({day}, 0)]"


def _first_day() -> int:
    return (date(_YEARS.start, 1, 1) - date(1970, 1, 1)).days


@lru_cache(maxsize=32)
def offsets_of(zone: tzinfo) -> tuple[int | None, ...]:
    """Return a zone's offsets from UTC day by day, in microseconds; None: clocks change."""
    first, last = date(_YEARS.start, 1, 1), date(_YEARS.stop, 1, 1)
    days = [first + timedelta(days) for days in range(-1, (last - first).days + 1)]
    noons = [datetime.combine(day, _NOON, zone).utcoffset() for day in days]
    offsets: list[int | None] = []
    for at in range(1, len(days) - 1):
        noon = noons[at]
        steady = noons[at - 1] == noon == noons[at + 1] or _is_steady(days[at], zone)
        offset = noon // timedelta(microseconds=1) if steady and noon is not None else None
        offsets.append(offset)
    return tuple(offsets)


def _is_steady(day: date, zone: tzinfo) -> bool:
    """Say whether no clock changes on a day, and no time occurs twice or never."""
    found = {
        datetime.combine(day, clock, zone).replace(fold=fold).utcoffset()
        for clock in (time.min, _NOON, time.max)
        for fold in (0, 1)
    }
    return len(found) == 1
