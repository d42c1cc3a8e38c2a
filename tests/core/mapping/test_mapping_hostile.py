"""Whatever stands in a cell: a value or a refusal, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import RecordError
from regard.mapping import FieldMap, Mapper, compile_map, fields_of
from regard.mapping.amounts import parse_amount, parse_integer
from regard.mapping.times import TimeReader, zone_of
from regard.mapping.values import parse_flag
from regard.records import kind_named
from regard.sources import Delete
from regard.tabular import Row

CELLS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789.,-/: +()€$%'TZ\u00a0", max_size=24),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.none(),
)
MONTHS = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"]
MADRID = zone_of("Europe/Madrid")


def survives(read: Callable[[Any], object], cell: object) -> object:
    """Return what a cell comes to, or None where it is refused with a reason."""
    try:
        return read(cell)
    except RecordError:
        return None


@given(CELLS)
def test_every_cell_is_a_number_or_refused(cell: object) -> None:
    """No cell breaks the reading of numbers, and what is read is finite."""
    for sign in (None, ".", ","):
        found = survives(lambda each, sign=sign: parse_amount(each, sign), cell)

        assert found is None or found[0].is_finite()  # type: ignore[index]  # an amount
    survives(parse_integer, cell)
    survives(parse_flag, cell)


@given(CELLS)
def test_every_cell_is_a_moment_or_refused(cell: object) -> None:
    """No cell breaks the reading of dates, and what is read is aware and in UTC."""
    for styles in ((), ("day-first",), ("%d/%m/%Y %H:%M",), ("epoch",), ("excel",)):
        reader = TimeReader(MADRID, styles)
        moment = survives(reader.time, cell)
        day = survives(reader.day, cell)

        assert moment is None or (isinstance(moment, datetime) and moment.tzinfo is UTC)
        assert day is None or type(day) is date


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_number_is_the_same_in_every_country(number: Decimal) -> None:
    """A number that is written as in Madrid, Paris, London or Zurich is the same number."""
    english = f"{number:,.2f}"
    spanish = english.translate(str.maketrans(",.", ".,"))
    french = english.replace(",", "\u202f").replace(".", ",")
    swiss = english.replace(",", "’")

    assert {number} == {parse_amount(each)[0] for each in (english, spanish, french, swiss)}  # type: ignore[index]  # no number is empty


MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2099, 12, 30))


# No notation says which of the two hours is meant that clocks show twice.
@given(MOMENTS.map(lambda moment: moment.replace(fold=0)))
def test_a_moment_is_the_same_in_every_notation(moment: datetime) -> None:
    """A moment is read alike in ISO form, day first, with a month's name and with an offset."""
    moment = moment.replace(microsecond=0)
    aware = moment.replace(tzinfo=MADRID)
    reader = TimeReader(MADRID, ("day-first",))
    expected = aware.astimezone(UTC)
    shown = moment.strftime
    texts = [
        shown("%Y-%m-%d %H:%M:%S"),
        shown("%d/%m/%Y %H:%M:%S"),
        f"{moment.day} {MONTHS[moment.month - 1]} {moment.year} {shown('%H:%M:%S')}",
        expected.isoformat(),
    ]

    assert [expected] * 4 == [reader.time(text) for text in texts]


@given(st.lists(CELLS, min_size=3, max_size=3))
def test_every_row_is_a_record_or_refused(cells: list[object]) -> None:
    """No row breaks the mapping, whatever its cells are."""
    spec = FieldMap.model_validate(
        {
            "kind": "purchase",
            "key": ["a", "#line"],
            "fields": {
                "ordered_at": "b",
                "amount": ["c", "b"],
                "product_name": {"join": ["a", "c"]},
            },
            "carry": ["a", "b"],
            "settle": "c",
            "refund": {"amount": "b"},
        }
    )
    mapper: Mapper = compile_map(
        spec,
        ["a", "b", "c"],
        timezone="Europe/Madrid",
        kind_fields=fields_of(kind_named("purchase").model),
    )
    for line in range(3):
        survives(mapper.records, Row(line, cells))  # type: ignore[arg-type]  # cells of any type
    for record in mapper.finish():
        # Lines that add up take back what they lacked in an earlier export.
        assert record.key if isinstance(record, Delete) else record["key"]


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_long_cells_are_refused_quickly(length: int) -> None:
    """A cell of any length is refused without being looked at for long."""
    reader = TimeReader(MADRID, ("day-first",))
    for text in ("1" * length, "1," * length, " " * length + "x", "a" * length, "-" * length):
        survives(parse_amount, text)
        survives(reader.time, text)
