"""Writing Parquet: one table at a time, from the store's CSV, checked by its count."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

from regard.columns.exported import CsvParts
from regard.columns.exporting import StoreColumn, StoreSnapshot, csv_columns, select_list
from regard.columns.manifest import sync_to_disk
from regard.errors import StoreError

__all__ = ["DataFile", "Desk", "connect_writer", "export_table", "literal", "write_query"]

_MEMORY = "256MB"
_MAX_LINE_BYTES = 64 * 1024 * 1024
"""A row may carry a long text and all that its profile did not map."""

# The reader's own detection of line ends works; its `new_line` option reads nothing at all
# without a word. Quoted line breaks are read right by several threads too as far as we saw,
# yet one thread to a file cannot guess a row's beginning wrong; several files have several.
_READ = """\
read_csv([{paths}], auto_detect=false, header=true, delim=',', quote='"', escape='"',
         columns={columns}, nullstr='', allow_quoted_nulls=false, strict_mode=true,
         null_padding=false, parallel=false, max_line_size={max_line})"""


@dataclass(frozen=True, slots=True)
class DataFile:
    """
    A Parquet file that was written.

    Attributes:
        name: Its name in the columns' folder.
        rows: How many rows it holds.
        bytes: Its size.
    """

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What whoever writes columns works with.

    Attributes:
        connection: From `connect_writer`.
        folder: The columns' folder.
        work: A private folder for what lies between store and columns.
        generation: Of the columns that are being written.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    work: Path
    generation: int

    def new_file(self, table: str, suffix: str = "") -> Path:
        """Return the path of a file that has never existed."""
        name = f"{table}-{self.generation:06d}-{secrets.token_hex(4)}{suffix}.parquet"
        return self.folder / name


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def connect_writer(temporary: Path) -> duckdb.DuckDBPyConnection:
    """
    Return a connection that writes Parquet within a bounded memory.

    Args:
        temporary: Where it may put what does not fit into memory.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(temporary / "spill"),
        # Each thread that writes would hold a group of rows in memory.
        "threads": 1,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    # Row order means nothing here, and keeping it would keep row groups in memory.
    connection.execute("SET preserve_insertion_order = false")
    return connection


def export_table(
    desk: Desk,
    snapshot: StoreSnapshot,
    table: str,
    columns: Sequence[StoreColumn],
    *,
    after_batch: int | None = None,
) -> tuple[DataFile, ...]:
    """
    Write rows of one table to Parquet files and make sure they are on disk.

    Args:
        desk: What to work with.
        snapshot: The moment of the store that all tables are written from.
        table: The table's name.
        columns: The table's columns.
        after_batch: Only rows of later batches; None: all rows.

    Returns:
        The files: at least one where all rows are written, none where there are no later ones.

    Raises:
        StoreError: What was read back is not what was exported.
    """
    files: list[DataFile] = []

    def convert(parts: Sequence[Path]) -> None:
        _check_header(stream.header, table, columns)
        files.append(write_query(desk, table, _read(parts, columns)))

    stream = CsvParts(desk.work / table, convert)
    try:
        # It only ever gets written to.
        exported = snapshot.export_csv(
            table, cast("BinaryIO", stream), after_batch=after_batch or 0
        )
        stream.finish(even_empty=after_batch is None)
    finally:
        stream.close()
    written = sum(file.rows for file in files)
    if written != exported:
        message = f"{table}: the store exported {exported} rows, {written} became columns"
        raise StoreError(message)
    return tuple(files)


def _check_header(header: list[str], table: str, columns: Sequence[StoreColumn]) -> None:
    expected = [column.name for column in columns]
    if header != expected:
        message = f"{table}: the export has the columns {header}, the store says {expected}"
        raise StoreError(message)


def _read(parts: Sequence[Path], columns: Sequence[StoreColumn]) -> str:
    types = ", ".join(f"{literal(n)}: {literal(t)}" for n, t in csv_columns(columns).items())
    source = _READ.format(
        paths=", ".join(literal(str(path)) for path in parts),
        columns=f"{{{types}}}",
        max_line=_MAX_LINE_BYTES,
    )
    return f"SELECT {select_list(columns)} FROM {source}"


def write_query(desk: Desk, table: str, query: str, *, suffix: str = "") -> DataFile:
    """
    Write what a query gives to a Parquet file and make sure it is on disk.

    Args:
        desk: What to work with.
        table: The table that the file belongs to.
        query: What to write.
        suffix: Stands in the file's name before its ending.

    Raises:
        StoreError: It cannot be written.
    """
    target = desk.new_file(table, suffix)
    command = f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    try:
        counted = desk.connection.execute(command).fetchone()
    except duckdb.Error as error:
        # DuckDB's message quotes the line at fault, which may hold personal values.
        message = f"{table}: the rows cannot become columns ({type(error).__name__})"
        raise StoreError(message) from None
    sync_to_disk(target)
    return DataFile(target.name, int(counted[0]) if counted else 0, target.stat().st_size)
