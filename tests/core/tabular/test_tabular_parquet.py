"""Parquet through DuckDB."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from regard.errors import FileError
from regard.tabular import BadRow, Row, open_tables

NAMES = (
    *("i", "d", "f", "g", "b", "s", "day", "at"),
    *("zone", "t", "n", "nan", "l", "st.a", "st.b.c", "bl"),
)


def write(path: Path, select: str) -> Path:
    """Write the result of a query as Parquet, whatever the name of the file."""
    made = path.parent / "made.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"COPY ({select}) TO '{made}' (FORMAT parquet)")
    return made.rename(path)


def test_types(tmp_path):
    """Every type comes as one that is exact."""
    path = write(
        tmp_path / "a.parquet",
        """SELECT 1::TINYINT AS i, 12.50::DECIMAL(18,2) AS d, 0.1::DOUBLE AS f, 0.1::FLOAT AS g,
        true AS b, 'x' AS s, DATE '2024-01-02' AS day, TIMESTAMP '2024-01-02 03:04:05' AS at,
        TIMESTAMPTZ '2024-01-02 03:04:05+02' AS zone, TIME '10:05:00' AS t, NULL::INT AS n,
        'nan'::DOUBLE AS nan, [1, 2] AS l, {'a': 1, 'b': {'c': 'x'}} AS st, 'abc'::BLOB AS bl""",
    )
    (table,) = open_tables(path)
    (row,) = table.rows()

    assert NAMES == table.header
    assert "parquet" == table.format
    assert (
        Row(
            1,
            [
                1,
                Decimal("12.50"),
                Decimal("0.1"),
                Decimal("0.1"),
                True,
                "x",
                date(2024, 1, 2),
                datetime(2024, 1, 2, 3, 4, 5),
                datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC),
                "10:05:00",
                None,
                None,
                "[1,2]",
                1,
                "x",
                "abc",
            ],
        )
        == row
    )


def test_bad_rows(tmp_path):
    """Infinite numbers and NUL characters cost their records."""
    path = write(
        tmp_path / "a.parquet",
        "SELECT * FROM (VALUES (1, 1.5::DOUBLE, 'a'), (2, 'inf'::DOUBLE, 'b'), "
        "(3, 2.5, 'c' || chr(0)), (4, NULL, NULL)) AS t(i, f, s)",
    )
    rows = list(open_tables(path)[0].rows())

    assert [1, (2, "not-finite"), (3, "nul-bytes"), 4] == [
        (row.line, row.reason) if isinstance(row, BadRow) else row.line for row in rows
    ]
    assert [4, None, None] == rows[-1].values


def test_many_rows(tmp_path):
    """Rows come in the order of the file, over many chunks, again and again."""
    (table,) = open_tables(
        write(tmp_path / "a.parquet", "SELECT i, 'n' || i AS s FROM range(30000) AS t(i)")
    )

    assert list(range(1, 30_001)) == [row.line for row in table.rows()]
    assert [29_999, "n29999"] == list(table.rows())[-1].values
    assert 3 == len(table.sample(3))


@pytest.mark.parametrize("name", ["a[1].parquet", "a*?.parquet", "year=2024.csv", "it's.parquet"])
def test_names(tmp_path, name):
    """The name of the file is a name, not a pattern, and adds no columns."""
    folder = tmp_path / "month=2"
    folder.mkdir()
    write(folder / "a1.parquet", "SELECT 2 AS b")
    (table,) = open_tables(write(folder / name, "SELECT 1 AS a"))

    assert (("a",), [1]) == (table.header, next(table.rows()).values)


def test_no_rows(tmp_path):
    """A file without rows is a table without rows."""
    (table,) = open_tables(write(tmp_path / "a.parquet", "SELECT 1 AS a WHERE false"))

    assert (("a",), []) == (table.header, list(table.rows()))


def test_in_a_zip(tmp_path):
    """A Parquet file may lie in a zip."""
    inner = write(tmp_path / "a.parquet", "SELECT 1 AS a")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(inner, "deep/a.parquet")
    (table,) = open_tables(tmp_path / "x.zip")

    assert ("x.zip: deep/a.parquet", [1]) == (table.label, next(table.rows()).values)


def test_broken(tmp_path):
    """A file cut short, or damaged inside, is an error."""
    path = write(tmp_path / "a.parquet", "SELECT i, hash(i) AS h FROM range(100000) AS t(i)")
    data = path.read_bytes()
    path.write_bytes(data[:2000])
    with pytest.raises(FileError, match=r"a\.parquet is a broken Parquet file"):
        open_tables(path)
    path.write_bytes(data[:100] + b"\xff" * 20_000 + data[20_100:])
    with pytest.raises(FileError, match=r"a\.parquet is a broken Parquet file"):
        list(open_tables(path)[0].rows())
