"""Parquet, streamed through DuckDB in chunks, with types that Python holds exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from regard.errors import FileError
from regard.tabular.contents import Content
from regard.tabular.headers import make_header
from regard.tabular.lines import ODD_LINES
from regard.tabular.tables import BadRow, Items, Row, Table, Value

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from duckdb.sqltypes import DuckDBPyType

__all__ = ["open_parquet"]

CHUNK = 2048
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # Never reach for the network to fetch an extension; what is needed is built in.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "2",
    "memory_limit": "1GB",
}

Convert = Callable[[Any], Value]


class _NotFinite(ValueError):
    """A float is infinite."""


class _Column(NamedTuple):
    """One column as it is read: how SQL gets it and what Python makes of it."""

    name: str
    sql: str
    convert: Convert | None = None
    is_text: bool = False


def open_parquet(content: Content) -> Table:
    """
    Open a Parquet file.

    Structs become dotted columns, lists and maps JSON text. Floats become the Decimal that they
    show, NaN (which data frames write for what is missing) ``None``.

    Raises:
        FileError: The file is broken or encrypted.
    """
    with _connected(content) as (connection, source):
        described = connection.sql(f"SELECT * FROM {source} LIMIT 0")
        pairs = list(zip(described.columns, described.types, strict=True))
    columns = [
        column for name, kind in pairs for column in _columns(name, kind, _quoted(name, '"'))
    ]
    header = make_header([column.name for column in columns], len(columns))

    def rows(_: Table) -> Items:
        with _connected(content) as (connection, source):
            yield from _rows(connection, source, columns)

    return Table(content.path, content.member, "parquet", header, rows)


@contextmanager
def _connected(content: Content) -> Iterator[tuple[DuckDBPyConnection, str]]:
    """Lend a DuckDB of our own and the SQL that names the file."""
    import duckdb

    with content.on_disk() as path, closing(duckdb.connect(":memory:", config=SETTINGS)) as db:
        # File names are patterns to DuckDB, and folders like "year=2024" columns.
        pattern = re.sub(r"[\[*?]", lambda found: f"[{found.group()}]", str(path))
        source = f"read_parquet({_quoted(pattern, chr(39))}, hive_partitioning = false)"
        try:
            yield db, source
        except duckdb.Error as error:
            message = (
                f"{content.label} is a broken Parquet file, perhaps cut short; write it again"
            )
            raise FileError(message) from error


def _rows(connection: DuckDBPyConnection, source: str, columns: list[_Column]) -> Items:
    """Yield the rows chunk by chunk."""
    texts = [f"contains({column.sql}, chr(0))" for column in columns if column.is_text]
    has_nul = " OR ".join(f"coalesce({each}, false)" for each in texts) or "false"
    selected = ", ".join([*(column.sql for column in columns), has_nul])
    converts = [(at, column.convert) for at, column in enumerate(columns) if column.convert]
    result = connection.execute(f"SELECT {selected} FROM {source}")
    done = 0
    while chunk := result.fetchmany(CHUNK):
        for number, (*values, nul) in enumerate(chunk, done + 1):
            try:
                for at, convert in converts:
                    if values[at] is not None:
                        values[at] = convert(values[at])
            except (_NotFinite, OverflowError):
                message = f"record {number} has a number or time out of all bounds"
                yield BadRow(number, [_shown(value) for value in values], "not-finite", message)
                continue
            if nul:
                message = f"record {number} {ODD_LINES['nul-bytes']}"
                yield BadRow(number, [_shown(value) for value in values], "nul-bytes", message)
                continue
            yield Row(number, values)
        done += len(chunk)


def _columns(name: str, kind: DuckDBPyType, sql: str) -> Iterator[_Column]:
    """Say how a column of a type is read; a struct gives one column for each of its fields."""
    match kind.id:
        case "struct":
            for field, inner in cast("list[tuple[str, DuckDBPyType]]", kind.children):
                part = f"struct_extract({sql}, {_quoted(field, chr(39))})"
                yield from _columns(f"{name}.{field}", inner, part)
        case "boolean" | "date" | "hugeint" | "uhugeint" | "decimal" | "timestamp":
            yield _Column(name, sql)
        case number if number.endswith(("tinyint", "smallint", "integer", "bigint")):
            yield _Column(name, sql)
        case "varchar":
            yield _Column(name, sql, is_text=True)
        case "double":
            yield _Column(name, sql, _from_float)
        case "float":
            # As text, because 0.1 in 32 bits is 0.10000000149 in 64.
            yield _Column(name, f"CAST({sql} AS VARCHAR)", _from_float)
        case "timestamp with time zone":
            yield _Column(name, f"epoch_us({sql})", _from_microseconds)
        case "timestamp_s" | "timestamp_ms" | "timestamp_ns":
            yield _Column(name, f"CAST({sql} AS TIMESTAMP)")
        case "blob":
            yield _Column(name, sql, _from_bytes)
        case "list" | "array" | "map" | "union":
            yield _Column(name, f"CAST(to_json({sql}) AS VARCHAR)", is_text=True)
        case _:
            yield _Column(name, f"CAST({sql} AS VARCHAR)", is_text=True)


def _quoted(text: str, quote: str) -> str:
    """Quote a text for SQL."""
    return quote + text.replace(quote, quote * 2) + quote


def _from_float(value: float | str) -> Decimal | None:
    """Return the number that a float shows; ``None`` for NaN."""
    number = Decimal(repr(value) if isinstance(value, float) else value)
    if number.is_nan():
        return None
    if number.is_infinite():
        raise _NotFinite
    return number


def _from_microseconds(value: int) -> datetime:
    """Return the time so many microseconds after 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)


def _from_bytes(value: bytes) -> str:
    """Return what old writers store as bytes though it is text; else the bytes in hexadecimal."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return value.hex() if "\0" in text else text


def _shown(value: Any) -> Value:  # noqa: ANN401 - a value that was not converted
    """Return a value of a bad row as it may leave."""
    if isinstance(value, (bytes, float)):
        return str(value) if isinstance(value, float) else value.hex()
    if isinstance(value, str):
        return value.replace("\0", "\\x00")
    shown: Value = value
    return shown
