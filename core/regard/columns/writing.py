"""Writing Parquet: one table at a time, from the store's CSV, checked by its count."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import duckdb

from regard.columns.exporting import StoreColumn, StoreSnapshot, csv_columns, select_list
from regard.columns.manifest import KindFiles, sync_to_disk
from regard.errors import StoreError

__all__ = ["connect_writer", "literal", "write_table"]

_MEMORY = "256MB"
_MAX_LINE_BYTES = 64 * 1024 * 1024
"""A row may carry a long text and all that its profile did not map."""

# The reader's own detection of line ends works; its `new_line` option reads nothing at all
# without a word. Quoted line breaks are read right by several threads too as far as we saw,
# yet one thread cannot guess a row's beginning wrong and costs a fifth more.
_READ = """\
read_csv({path}, auto_detect=false, header=true, delim=',', quote='"', escape='"',
         columns={columns}, nullstr='', allow_quoted_nulls=false, strict_mode=true,
         null_padding=false, parallel=false, max_line_size={max_line})"""


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def connect_writer(temporary: Path) -> duckdb.DuckDBPyConnection:
    """
    Return a connection that writes Parquet within a bounded memory.

    Args:
        temporary: Where it may put what does not fit into memory.
    """
    connection = duckdb.connect(
        ":memory:", config={"memory_limit": _MEMORY, "temp_directory": str(temporary)}
    )
    connection.execute("SET TimeZone = 'UTC'")
    # Row order means nothing here, and keeping it would keep row groups in memory.
    connection.execute("SET preserve_insertion_order = false")
    return connection


def write_table(
    connection: duckdb.DuckDBPyConnection,
    snapshot: StoreSnapshot,
    table: str,
    columns: Sequence[StoreColumn],
    target: Path,
    temporary: Path,
) -> KindFiles:
    """
    Write all rows of one table to a Parquet file and make sure it is on disk.

    Args:
        connection: From `connect_writer`.
        snapshot: The moment of the store that all tables are written from.
        table: The table's name.
        columns: The table's columns.
        target: The file to write.
        temporary: A private folder for the CSV between the two.

    Raises:
        StoreError: What was read back is not what was exported.
    """
    path = temporary / f"{table}.csv"
    try:
        with path.open("wb") as stream:
            exported = snapshot.export_csv(table, stream)
        _check_header(path, table, columns)
        written = _convert(connection, path, table, columns, target)
    finally:
        path.unlink(missing_ok=True)
    if written != exported:
        message = f"{table}: the store exported {exported} rows, {written} became columns"
        raise StoreError(message)
    sync_to_disk(target)
    return KindFiles(written, (target.name,), bytes={target.name: target.stat().st_size})


def _check_header(path: Path, table: str, columns: Sequence[StoreColumn]) -> None:
    with path.open("rb") as stream:
        header = next(csv.reader([stream.readline().decode("utf-8")]), [])
    expected = [column.name for column in columns]
    if header != expected:
        message = f"{table}: the export has the columns {header}, the store says {expected}"
        raise StoreError(message)


def _convert(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    columns: Sequence[StoreColumn],
    target: Path,
) -> int:
    types = ", ".join(f"{literal(n)}: {literal(t)}" for n, t in csv_columns(columns).items())
    source = _READ.format(
        path=literal(str(path)), columns=f"{{{types}}}", max_line=_MAX_LINE_BYTES
    )
    query = (
        f"COPY (SELECT {select_list(columns)} FROM {source}) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    try:
        counted = connection.execute(query).fetchone()
    except duckdb.Error as error:
        # DuckDB's message quotes the line at fault, which may hold personal values.
        message = f"{table}: the export cannot become columns ({type(error).__name__})"
        raise StoreError(message) from None
    return int(counted[0]) if counted else 0
