"""Parquet, streamed through DuckDB in chunks, with types that Python holds exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from regard.errors import FileError
from regard.tabular.contents import Content
from regard.tabular.headers import make_header
from regard.tabular.lines import ODD_LINES
from regard.tabular.slices import cut_slices
from regard.tabular.tables import BadRow, Items, PieceItems, Revive, Row, Table, Value

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

_INTEGERS = ("tinyint", "smallint", "integer", "bigint")

Convert = Callable[[Any], Value]


class _NotFinite(ValueError):
    """A float is infinite."""


class _Plain(NamedTuple):
    """
    A column whose values can be handed on as texts.

    Attributes:
        text: The text, as mapping makes it of the typed value; NULL where there is none.
        odd: Says that it may not be that text; empty: it always is.
        revive: Makes the typed value of the text; None: it is a text.
    """

    text: str
    odd: str = ""
    revive: Revive | None = None


class _Column(NamedTuple):
    """One column as it is read: how SQL gets it and what Python makes of it."""

    name: str
    sql: str
    convert: Convert | None = None
    is_text: bool = False
    plain: _Plain | None = None


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

    def rows_behind(count: int) -> Items:
        with _connected(content) as (connection, source):
            yield from _rows(connection, source, columns, behind=count)

    def write(file: int) -> None:
        with _connected(content) as (connection, source):
            _write(connection, source, columns, file)

    def pieces(_: Table) -> PieceItems:
        revives = [column.plain.revive for column in columns if column.plain is not None]
        return cut_slices(header, revives, write, rows_behind)

    table = Table(content.path, content.member, "parquet", header, lambda _: rows_behind(0))
    if all(column.plain is not None for column in columns):
        table.cutter = pieces
    return table


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


def _write(connection: DuckDBPyConnection, source: str, columns: list[_Column], file: int) -> None:
    """Write the rows as CSV, each with what says that it has to be looked at by itself."""
    plain = [column.plain for column in columns if column.plain is not None]
    texts = ", ".join(f"{each.text} AS t{at}" for at, each in enumerate(plain))
    joined = ", ".join(f"t{at}" for at in range(len(plain)))
    # What no line of CSV, and no text among joined ones, could hold.
    held = f"regexp_matches(concat_ws(' ', {joined}), '[\\x00\\n\\r\\x1f]')"
    doubts = [f"coalesce({each.odd}, false)" for each in plain if each.odd]
    doubt = " OR ".join(doubts) or "false"
    blanked = ", ".join(f"CASE WHEN odd THEN NULL ELSE t{at} END" for at in range(len(plain)))
    connection.execute(
        f"COPY (SELECT {blanked}, CASE WHEN odd THEN 'odd' END FROM "
        f"(SELECT *, doubt OR {held} AS odd "
        f"FROM (SELECT {texts}, {doubt} AS doubt FROM {source}))) "
        f"TO '/dev/fd/{file}' (FORMAT csv, HEADER false, DELIMITER ',', QUOTE '\"', "
        "ESCAPE '\"', NULLSTR '', USE_TMP_FILE false)"
    )


def _rows(
    connection: DuckDBPyConnection, source: str, columns: list[_Column], *, behind: int = 0
) -> Items:
    """Yield the rows behind so many chunk by chunk."""
    texts = [f"contains({column.sql}, chr(0))" for column in columns if column.is_text]
    has_nul = " OR ".join(f"coalesce({each}, false)" for each in texts) or "false"
    selected = ", ".join([*(column.sql for column in columns), has_nul])
    converts = [(at, column.convert) for at, column in enumerate(columns) if column.convert]
    offset = f" OFFSET {behind}" if behind else ""
    result = connection.execute(f"SELECT {selected} FROM {source}{offset}")
    done = behind
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
    if kind.id == "struct":
        for field, inner in cast("list[tuple[str, DuckDBPyType]]", kind.children):
            part = f"struct_extract({sql}, {_quoted(field, chr(39))})"
            yield from _columns(f"{name}.{field}", inner, part)
        return
    yield _column(name, kind.id, sql)._replace(plain=_plain(kind.id, sql))


def _column(name: str, kind: str, sql: str) -> _Column:
    """Say how a column that is no struct is read."""
    match kind:
        case "boolean" | "date" | "hugeint" | "uhugeint" | "decimal" | "timestamp":
            return _Column(name, sql)
        case number if number.endswith(_INTEGERS):
            return _Column(name, sql)
        case "varchar":
            return _Column(name, sql, is_text=True)
        case "double":
            return _Column(name, sql, _from_float)
        case "float":
            # As text, because 0.1 in 32 bits is 0.10000000149 in 64.
            return _Column(name, f"CAST({sql} AS VARCHAR)", _from_float)
        case "timestamp with time zone":
            return _Column(name, f"epoch_us({sql})", _from_microseconds)
        case "timestamp_s" | "timestamp_ms" | "timestamp_ns":
            return _Column(name, f"CAST({sql} AS TIMESTAMP)")
        case "blob":
            return _Column(name, sql, _from_bytes)
        case "list" | "array" | "map" | "union":
            return _Column(name, f"CAST(to_json({sql}) AS VARCHAR)", is_text=True)
        case _:
            return _Column(name, f"CAST({sql} AS VARCHAR)", is_text=True)


def _plain(kind: str, sql: str) -> _Plain | None:
    """Say how a column is handed on as texts; None: its values are looked at one by one."""
    text = f"CAST({sql} AS VARCHAR)"
    match kind:
        case "varchar":
            return _Plain(sql)
        case "boolean":
            return _Plain(text, "", _from_flag)
        case "date":
            return _Plain(text, _outside(sql), date.fromisoformat)
        case "decimal":
            return _plain_decimal(text)
        case "double" | "float":
            return _plain_decimal(text, floating=True)
        case "timestamp" | "timestamp_s" | "timestamp_ms" | "timestamp_ns":
            return _plain_time(f"CAST({sql} AS TIMESTAMP)")
        case "timestamp with time zone":
            return _plain_time(f"make_timestamp(epoch_us({sql}))", placed=True)
        case number if number.endswith((*_INTEGERS, "hugeint")):
            return _Plain(text, "", int)
        case _:
            return None


def _outside(sql: str) -> str:
    """Say that a date or time is none that Python knows."""
    return f"NOT ({sql} BETWEEN DATE '0001-01-02' AND DATE '9999-12-30')"


def _plain_time(sql: str, *, placed: bool = False) -> _Plain:
    """Return a time in whole seconds as Python writes it; placed: in UTC."""
    text = f"replace(CAST({sql} AS VARCHAR), ' ', 'T')" + (" || '+00:00'" if placed else "")
    broken = f"epoch_us({sql}) % 1000000 <> 0"
    odd = f"CASE WHEN {_outside(sql)} THEN true ELSE {broken} END"
    return _Plain(text, odd, datetime.fromisoformat)


def _plain_decimal(text: str, *, floating: bool = False) -> _Plain:
    """Return a number's text without the noughts at its end; of floats only the plain ones."""
    short = f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
    odd = f"NOT regexp_full_match({text}, '-?[0-9]+[.][0-9]+')" if floating else ""
    return _Plain(short, odd, Decimal)


def _from_flag(text: str) -> bool:
    """Return the flag that a text stands for."""
    return text == "true"


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
