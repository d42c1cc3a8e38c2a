"""Parquet files take the bulk lane, too, and it stores what the row lane would."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.errors import FileError, RecordError
from regard.mapping import FieldMap, Mapper, compile_map, fields_of
from regard.mapping.bulk import BulkMapper
from regard.pipeline.batching import Batcher
from regard.records import kind_named
from regard.records.encoding import encode_time
from regard.sources import Stream
from regard.tabular import BadRow, PieceReader, Row, Slice, Table, open_tables, slices

KIND = kind_named("purchase")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MODIFIED = datetime(2026, 1, 30, tzinfo=UTC)
COLUMNS = {
    "order": "VARCHAR",
    "line": "INTEGER",
    "mail": "VARCHAR",
    "when": "TIMESTAMP",
    "state": "VARCHAR",
    "n": "DOUBLE",
    "price": "DECIMAL(18, 4)",
    "off": "FLOAT",
    "day": "TIMESTAMPTZ",
    "taxed": "BOOLEAN",
    "label": "BIGINT",
    "left": "DATE",
    "more": "DECIMAL(9, 2)",
    "also": "VARCHAR",
    "fine": "TIMESTAMP_NS",
    "coarse": "TIMESTAMP_S",
    "vast": "DECIMAL(38, 0)",
    "bag": "STRUCT(size UTINYINT, tone VARCHAR)",
}
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
            "discount": "off",
            "tax_included": "taxed",
            "sku": "label",
            "product_name": {"join": ["left", "also"], "with": " / "},
        },
        "values": {"status": {"paid": "completed"}},
        "constants": {"currency": "EUR"},
        "as_of": "day",
    }
)
TEXTS = st.sampled_from(
    ["A1", " A2 ", "", "'9", "=x", "a|b", "total", "x\ny", "x\r\ny", "a\x00b", "a\x1fb", '"q"']
) | st.text("aZ1 .,-|'\"é\n", max_size=6)
TIMES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)) | st.sampled_from(
    [datetime(2025, 3, 30, 2, 30), datetime(2025, 7, 1, 10), datetime(2025, 7, 1, 0, 0, 0, 5)]
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "order": TEXTS,
    "line": st.integers(-3, 2**31 - 1),
    "mail": st.sampled_from(["ana@example.com", " ANA@Example.com ", "", "no mail"]),
    "when": TIMES,
    "state": st.sampled_from(["paid", "lost", "", "never heard of"]),
    "n": st.floats() | st.sampled_from([1.0, 2.5, 1.234, 1e20, 1e-7, -0.0]),
    "price": st.decimals(-(10**13), 10**13, places=4) | st.sampled_from([Decimal("1.5000")]),
    "off": st.floats(width=32) | st.sampled_from([0.5, 12.0]),
    "day": st.datetimes(datetime(1970, 1, 1), datetime(2099, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
    "taxed": st.booleans(),
    "label": st.integers(-(2**63), 2**63 - 1),
    "left": st.dates(),
    "more": st.decimals(-(10**6), 10**6, places=2),
    "also": TEXTS,
    "fine": st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
    "coarse": TIMES.map(lambda moment: moment.replace(microsecond=0)),
    "vast": st.integers(1 - 10**38, 10**38 - 1).map(Decimal),
    "bag": st.fixed_dictionaries({"size": st.none() | st.integers(0, 255), "tone": TEXTS}),
}
_ROW = st.tuples(*(st.none() | VALUES[name] for name in COLUMNS))
ROWS = st.lists(_ROW, min_size=1, max_size=3) | st.lists(_ROW, min_size=16, max_size=64)
"""A file costs far more than a row: few rows to look at one by one, else many."""


def _write(path: Path, rows: list[tuple[Any, ...]]) -> Path:
    names = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    marks = ", ".join("?" * len(COLUMNS))
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE made ({names})")
        connection.executemany(f"INSERT INTO made VALUES ({marks})", rows)
        connection.execute(f"COPY made TO '{path}' (FORMAT parquet)")
    return path


def _mapper(table: Table) -> Mapper:
    fields = fields_of(KIND.model)
    return compile_map(SPEC, table.header, timezone="Europe/Madrid", kind_fields=fields)


def _by_row(mapper: Mapper, row: Row | BadRow) -> Any:
    """Return what the row lane makes of a row: an encoded record, a reason, or None."""
    if isinstance(row, BadRow):
        return row.reason
    batcher = Batcher(KIND, Stream("s", "purchase"), NOW, identify=lambda raw: ())
    try:
        found = mapper.map(row)
    except RecordError as error:
        return error.reason
    if found is None:
        return None
    batcher.add({"as_of": MODIFIED, **found})
    batch = batcher.take()
    return batch.items[0] if batch.items else batch.refused[0].reason


def _in_bulk(table: Table) -> list[tuple[Row | BadRow, Any]]:
    """Return each row with what the bulk lane made of it, None for what it left alone."""
    pieces, found = table.pieces(), []
    assert pieces is not None
    for piece in pieces:
        assert isinstance(piece, Slice)
        with closing(PieceReader(piece.width, piece.delimiter)) as reader:
            count = reader.load(piece)
            assert count is not None
            bulk = BulkMapper(
                _mapper(table),
                KIND,
                reader,
                header=piece.header,
                now=NOW,
                as_of=encode_time(MODIFIED),
                revives=piece.revives,
            )
            rows, left = bulk.encode()
        encoded = iter(rows)
        for at in range(count):
            row = piece.row(at, count)
            assert row is not None
            found.append((row, None if at in left else next(encoded)))
    return found


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_both_lanes_agree(rows: list[tuple[Any, ...]], tmp_path: Path) -> None:
    """Whatever the typed columns hold, what the bulk lane encodes the row lane would have."""
    (table,) = open_tables(_write(tmp_path / "till.parquet", rows))
    found, mapper = _in_bulk(table), _mapper(table)

    assert list(table.rows()) == [row for row, _ in found]
    for row, encoded in found:
        if encoded is not None:
            assert _by_row(mapper, row) == encoded


def test_ordinary_rows_take_the_bulk_lane(tmp_path: Path) -> None:
    """Rows without surprises are encoded in bulk, in slices that are read in their order."""
    when, day = datetime(2025, 7, 1, 10), datetime(2025, 7, 1, tzinfo=UTC)
    rows = [
        (
            *(f"A{at}", at, "ana@example.com", when + timedelta(seconds=at), "paid", at / 4),
            *(Decimal(at) * 10_000, 0.5, day, True, at, when.date(), Decimal("1.5"), "naïve"),
            *(when, when, -(10**30), {"size": 3, "tone": "red, or so"}),
        )
        for at in range(90)
    ]
    (table,) = open_tables(_write(tmp_path / "till.parquet", rows))
    mapper = _mapper(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "PIECE", 2_000)
        patch.setattr(slices, "BLOCK", 700)
        found = _in_bulk(table)

    assert [_by_row(mapper, row) for row in table.rows()] == [encoded for _, encoded in found]


def test_refused_slices_come_row_by_row(tmp_path: Path) -> None:
    """Who cannot use a slice gets its rows, and those of the others, in their order."""
    rows = [(f"A{at}", at, *[None] * (len(COLUMNS) - 2)) for at in range(200)]
    (table,) = open_tables(_write(tmp_path / "till.parquet", rows))
    seen: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "PIECE", 1_000)
        patch.setattr(slices, "BLOCK", 300)
        for at, item in enumerate(table.pieces() or ()):
            if not isinstance(item, Slice):
                seen.append(item.line)
                continue
            item.refused = at % 2 == 0
            if not item.refused:
                seen += range(item.first_line, item.first_line + item.records())

    assert list(range(1, 201)) == seen


@pytest.mark.parametrize(
    "value",
    [
        "[1, 2]",
        "{'in': [1, 2]}",
        "MAP {'a': 1}",
        "'\\x00'::BLOB",
        "uuid()",
        "TIME '10:00:00'",
        "INTERVAL 1 DAY",
    ],
)
def test_values_without_a_plain_text_take_the_row_lane(value: str, tmp_path: Path) -> None:
    """A file with a column of lists, bytes or the like is read row by row, whole."""
    path = tmp_path / "till.parquet"
    with duckdb.connect(":memory:") as connection:
        made = f"SELECT 'A' || range AS \"order\", {value} AS odd FROM range(3)"
        connection.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet)")
    (table,) = open_tables(path)

    assert table.pieces() is None
    assert ["A0", "A1", "A2"] == [row.values[0] for row in table.rows()]


def test_a_broken_file_breaks_off_in_both_lanes(tmp_path: Path) -> None:
    """Where bytes in the midst of a file are wrong, both lanes say so, and neither hangs."""
    path = tmp_path / "till.parquet"
    with duckdb.connect(":memory:") as connection:
        made = "SELECT 'A' || range AS \"order\", range AS line FROM range(300000)"
        connection.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 20000)")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = b"\xff" * 20_000
    path.write_bytes(data)
    (table,) = open_tables(path)
    for lane in (table.rows, table.pieces):
        with pytest.raises(FileError, match="broken Parquet file"):
            list(lane() or ())
