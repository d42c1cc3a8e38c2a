"""Two lanes lead into the store; whatever a file holds, both store and refuse the same."""

from __future__ import annotations

import csv
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.errors import RecordError
from regard.mapping import FieldMap, Mapper, compile_map, fields_of
from regard.mapping.bulk import BulkMapper
from regard.mapping.kinds import ValueType
from regard.mapping.shapes import OFFSETS, offsets_of, shape_of
from regard.mapping.times import zone_of
from regard.numbers import to_millionths
from regard.pipeline.batching import Batcher
from regard.records import kind_named
from regard.records.encoding import Encoded, encode_time, microseconds
from regard.sources import Stream
from regard.tabular import Piece, PieceReader, Row, open_tables

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MODIFIED = datetime(2026, 1, 30, tzinfo=UTC)
HEADER = ("order", "line", "mail", "when", "state", "n", "price", "cur", "day", "more", "note")
SPEC = FieldMap.model_validate(
    {
        "kind": "purchase",
        "key": ["order", "line"],
        "fields": {
            "order_key": "order",
            "email": "mail",
            "ordered_at": "when",
            "status": "state",
            "quantity": "n",
            "amount": "price",
            "currency": "cur",
            "product_name": {"join": ["more", "note"], "with": " / "},
            "channel": ["more", "note"],
        },
        "values": {"status": {"paid": "completed", "Ganado": "completed"}},
        "constants": {"place": "Centro", "basis": "sale"},
        "as_of": "day",
    }
)

OFFERS = FieldMap.model_validate(
    {
        "kind": "offer",
        "key": ["order"],
        "fields": {"price": "price", "list_price": "was", "shipping": "sent", "currency": "cur"},
        "constants": {"competitor": "Rival", "currency": "EUR"},
        "decimal": ".",
    }
)

CELLS = {
    "order": [
        "A1",
        "A2",
        " A3 ",
        "",
        "Total",
        "total general",
        "'9",
        "=x",
        "a|b",
        "a\\b",
        "x" * 230,
    ],
    "line": ["1", "2", "", " 3", "|", "subtotal"],
    "mail": ["ana@example.com", " ANA@Example.com ", "", "no mail", "ñ@example.es"],
    "when": ["2025-03-30 02:30:00", "2025-01-02", "2025-10-26T02:30:00", "03/04/2025", "", "?"],
    "state": ["paid", "Ganado", "ganado", "lost", "", "never heard of"],
    "n": ["1", "2,5", "-3", "", "many", "1.234,5", "0.0000001"],
    "price": [
        *("1000000", "999999999.999999", "-123456789.000001", "1000000000.01"),
        *("10.00", "€ 12,50", "1.234", "(5.00)", "", "12 USD", "9" * 14, "7%"),
    ],
    "cur": ["EUR", "eur", "€", "", "EURO", "USD"],
    "day": ["2025-05-01 10:00", "2099-01-01", "", "01/02/2025", "soon"],
    "more": ["", "web", "=1+1", "'quoted", "tienda"],
    "note": ["", "x", "Ünïcode", '"q"', "a\tb"],
}
"""What stands in real files, and what should not."""

_ROW = st.tuples(
    *(st.sampled_from(CELLS[name]) | st.text("aZ1 .,-|'é", max_size=6) for name in HEADER)
)
ROWS = st.lists(_ROW, min_size=1, max_size=3) | st.lists(_ROW, min_size=16, max_size=64)
"""A file costs far more than a row: few rows to look at one by one, else many."""


def _mapper(extra: bool) -> Mapper:
    header = (*HEADER, "left over", "also") if extra else HEADER
    return _compiled(SPEC, header)


def _compiled(spec: FieldMap, header: tuple[str, ...]) -> Mapper:
    return compile_map(
        spec, header, timezone="Europe/Madrid", kind_fields=fields_of(kind_named(spec.kind).model)
    )


def _by_row(mapper: Mapper, rows: list[Row]) -> list[Any]:
    """Return for each row what the row lane makes of it: an encoded record, a reason, or None."""
    results: list[Any] = []
    kind = mapper.spec.kind
    for row in rows:
        batcher = Batcher(kind_named(kind), Stream("s", kind), NOW, identify=lambda raw: ())
        try:
            found = mapper.map(row)
        except RecordError as error:
            results.append(error.reason)
            continue
        if found is None:
            results.append(None)
            continue
        batcher.add({"as_of": MODIFIED, **found})
        batch = batcher.take()
        results.append(batch.items[0] if batch.items else batch.refused[0].reason)
    return results


def _text(rows: list[tuple[str, ...]]) -> str:
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _in_bulk(path: Path, mapper: Mapper) -> list[tuple[Row, Encoded | None]]:
    """Return each row that the bulk lane was given, with what it made of it."""
    (table,) = open_tables(path, delimiter=",", encoding="utf-8")
    kind = kind_named(mapper.spec.kind)
    pieces, found = table.pieces(), []

    assert BulkMapper.fits(mapper)
    assert pieces is not None
    for piece in pieces:
        if not isinstance(piece, Piece):
            continue
        with closing(PieceReader(len(piece.header), piece.delimiter)) as reader:
            count = reader.load(piece)
            if count is None:
                continue
            as_of = encode_time(MODIFIED)
            bulk = BulkMapper(mapper, kind, reader, header=piece.header, now=NOW, as_of=as_of)
            rows, left = bulk.encode()
            encoded = iter(rows)
            for at in range(count):
                row, made = piece.row(at, count), None if at in left else next(encoded)
                assert row is not None or made is None
                if row is not None:
                    found.append((row, made))
    return found


@pytest.mark.parametrize("extra", [False, True], ids=["all mapped", "columns left over"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_both_lanes_agree(extra: bool, rows: list[tuple[str, ...]], tmp_path: Path) -> None:
    """What the bulk lane encodes is what the row lane would have; the rest it leaves alone."""
    header = (*HEADER, "left over", "also") if extra else HEADER
    beside = [("", "left"), ('say "hi"\\', "a\tb\nc"), (" x", "'y")] if extra else [()]
    full = [(*row, *beside[at % len(beside)]) for at, row in enumerate(rows)]
    path = tmp_path / "till.csv"
    path.write_text(_text([header, *full]), encoding="utf-8", newline="")
    found = _in_bulk(path, _mapper(extra))
    by_row = _by_row(_mapper(extra), [row for row, _ in found])

    for expected, (_, encoded) in zip(by_row, found, strict=True):
        if encoded is not None:
            assert expected == encoded


def test_ordinary_rows_take_the_bulk_lane(tmp_path: Path) -> None:
    """Rows without surprises are encoded by the bulk lane, wherever they are in the year."""
    row = ("1", "ana@example.com", "", "paid", "2", "10.00", "EUR", "", "web", 'a "note"')
    times = ("2025-01-02 10:00", "2025-07-02T10:00:59", "2025-07-02T10:00:59-05:30")
    rows = [(f"A{at}", *row[:2], times[at % 3], *row[3:]) for at in range(99)]
    path = tmp_path / "till.csv"
    path.write_text(_text([HEADER, *rows]), encoding="utf-8", newline="")
    found = _in_bulk(path, _mapper(extra=False))
    by_row = _by_row(_mapper(extra=False), [row for row, _ in found])

    assert by_row == [encoded for _, encoded in found]
    assert 99 == sum(isinstance(encoded, Encoded) for _, encoded in found)


PRICES = ("0", "0.00", "-0", "-0.000001", "-3", "0.000001", "9.90", "1e3", "", "€ 0.00", "(5.00)")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(*[st.sampled_from(PRICES)] * 3, st.sampled_from(["EUR", "", "USD"])),
        min_size=1,
        max_size=40,
    )
)
def test_both_lanes_refuse_the_same_prices(rows: list[tuple[str, ...]], tmp_path: Path) -> None:
    """A price of nothing or less is stored by neither lane, and all others by both alike."""
    header = ("order", "price", "was", "sent", "cur")
    path = tmp_path / "offers.csv"
    path.write_text(_text([header, *((f"A{at}", *row) for at, row in enumerate(rows))]))
    mapper = _compiled(OFFERS, header)
    found = _in_bulk(path, mapper)
    by_row = _by_row(mapper, [row for row, _ in found])

    for expected, (_, encoded) in zip(by_row, found, strict=True):
        if encoded is not None:
            assert expected == encoded
    for made in by_row:
        if isinstance(made, Encoded):
            stored = dict(zip(kind_named("offer").fields, made.values, strict=True))
            assert stored["price"] is None or int(stored["price"]) > 0
            assert all(int(stored[name] or 0) >= 0 for name in ("list_price", "shipping"))
        else:
            assert made in {"zero-price", "bad-price", "bad-number", "currency-mismatch"}


@lru_cache
def _placing(zone: str) -> duckdb.DuckDBPyConnection:
    """Return a connection that knows the offsets of a zone."""
    connection = duckdb.connect(config={"threads": 1})
    offsets = list(offsets_of(zone_of(zone)))
    connection.execute(f"SET VARIABLE {OFFSETS} = CAST(? AS BIGINT[])", [offsets])
    return connection


@settings(max_examples=100, deadline=None)
@given(
    moment=st.datetimes(datetime(1998, 1, 1), datetime(2042, 1, 1)),
    zone=st.sampled_from(
        ["Europe/Madrid", "America/Santiago", "Africa/Casablanca", "Australia/Lord_Howe", "UTC"]
    ),
)
def test_local_times_are_placed_alike(moment: datetime, zone: str) -> None:
    """A local time that SQL places is placed where the time zone database has it."""
    text = moment.isoformat(" ", "seconds")
    shape = shape_of("at", ValueType.TIME, f"'{text}'", decimal=None, zone=zone_of(zone), iso=True)
    assert shape is not None
    reads = shape.reads.replace("{}", f"({shape.begins})")
    (found,) = _placing(zone).execute(f"SELECT {reads}").fetchone() or (None,)
    placed = moment.replace(microsecond=0, tzinfo=zone_of(zone))

    assert found in (None, microseconds(placed.astimezone(UTC)))
    if moment.day == 15 and moment.month in (1, 7) and 2000 <= moment.year < 2040:
        assert found is not None


@settings(max_examples=100, deadline=None)
@given(number=st.decimals(-(10**9) + 1, 10**9 - 1, places=6), places=st.integers(0, 6))
def test_numbers_are_read_to_the_last_millionth(number: Decimal, places: int) -> None:
    """A number that SQL reads is stored to the last of its millionths, however large."""
    text = f"{number:.{places}f}"
    shape = shape_of("amount", ValueType.MONEY, f"'{text}'", decimal=".", zone=UTC, iso=True)
    assert shape is not None
    (found,) = _placing("UTC").execute(f"SELECT {shape.reads}").fetchone() or (None,)

    assert found in (None, str(to_millionths(Decimal(text))))
    assert found is not None or abs(Decimal(text)) >= 10**9
