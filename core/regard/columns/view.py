"""
The view: columns as read-only tables of an in-memory DuckDB.

After the tables are made the connection is closed against the outside: queries can read the
columns' files and nothing else, and nothing can be set any more.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import duckdb

from regard import privacy
from regard.columns.holding import Hold, hold_columns
from regard.columns.manifest import Manifest
from regard.columns.naming import make_directory
from regard.columns.resolving import pattern, valid_rows
from regard.columns.results import QueryResult, plain_rows
from regard.columns.writing import literal
from regard.directory import NOTHING_NAMED, Directory
from regard.errors import RegardError, StoreMissing
from regard.records import kind_named
from regard.records.sides import PREFIX, SideTable
from regard.reports import Freshness
from regard.views import Parameter

__all__ = ["ColumnsView", "connect", "hold", "open_view", "unreadable"]

_MEMORY = "256MB"
_MOST_MEMORY = "1500MB"
_BOOKKEEPING = ("content_hash", "batch_id", "run_id", "deleted_at")
"""Columns of side tables that are of no use to anybody who asks."""

_EMPTY_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(18,6)",
    "time": "TIMESTAMP WITH TIME ZONE",
    "day": "DATE",
    "flag": "BOOLEAN",
}
"""Of the fields of side tables, as their columns have them."""

_PLAIN_TYPES = {
    *("BOOLEAN", "VARCHAR", "JSON", "DATE", "FLOAT", "DOUBLE"),
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
}
_TIME = "TIMESTAMP WITH TIME ZONE"
_TELLING = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)
"""Errors about the query's text; those about its data may quote personal values."""


class ColumnsView:
    """
    A consistent picture of the store. Close it, or use it in a ``with`` block.

    Args:
        connection: With all tables made and locked.
        roomier: Makes another such connection that may use more memory.
        manifest: What the tables were made from.
        hold: Keeps its files from being removed until the view is closed.
        now: The time that reports are made for.
        language: Of labels and sentences.
        timezone: Where a day begins.
        freshness: How current each source is.
        pseudonym_key: The project's privacy key.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        roomier: Callable[[], duckdb.DuckDBPyConnection],
        manifest: Manifest,
        hold: Hold,
        *,
        now: datetime,
        language: str,
        timezone: str,
        freshness: Sequence[Freshness],
        pseudonym_key: bytes,
    ) -> None:
        self._connection = connection
        self._roomier: Callable[[], duckdb.DuckDBPyConnection] | None = roomier
        self._manifest = manifest
        self._now = now
        self._language = language
        self._timezone = timezone
        self._freshness = tuple(freshness)
        self._pseudonym_key = pseudonym_key
        # A view that nobody closes must not keep files for ever.
        self._let_go = weakref.finalize(self, hold.release)

    def __enter__(self) -> ColumnsView:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free memory and temporary files, and let the columns' files go."""
        self._connection.close()
        self._let_go()

    @property
    def now(self) -> datetime:
        """The time that the report is made for."""
        return self._now

    @property
    def language(self) -> str:
        """The language of labels and sentences."""
        return self._language

    @property
    def timezone(self) -> str:
        """The project's time zone."""
        return self._timezone

    @property
    def written_at(self) -> datetime:
        """When the columns were written."""
        return self._manifest.written_at

    def sql(self, query: str, /, **parameters: Parameter) -> QueryResult:
        """
        Run one read-only query.

        Args:
            query: One statement in DuckDB's dialect; parameters stand in it as ``$name``.
            parameters: Their values: plain ones, or a sequence of texts.

        Raises:
            RegardError: The query is wrong; the message names its first line.
        """
        given = {name: _parameter(name, value) for name, value in parameters.items()}
        try:
            text = self._single_select(query)
            described = self._run(f"DESCRIBE {text}", given)
            names = tuple(str(row[0]) for row in described)
            types = [str(row[1]) for row in described]
            return QueryResult(names, plain_rows(self._run(_plain(text, types), given), types))
        except duckdb.Error as error:
            raise _wrapped(query, error) from None

    def _run(self, text: str, given: Mapping[str, object]) -> list[tuple[object, ...]]:
        try:
            # Read to the end at once: a connection has one open result only.
            return self._connection.execute(text, given or None).fetchall()
        except duckdb.OutOfMemoryException:
            if self._roomier is None:
                raise
        # Nearly all queries do with little, and write aside what does not fit; some cannot.
        roomier, self._roomier = self._roomier, None
        connection = roomier()
        self._connection.close()
        self._connection = connection
        return self._run(text, given)

    def _single_select(self, query: str) -> str:
        statements = self._connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            message = f"query {_first_line(query)!r}: a view runs one SELECT and nothing else"
            raise RegardError(message)
        return query.strip().rstrip(";")

    def kind(self, name: str) -> QueryResult:
        """Return all columns of one kind's current records, by table name."""
        return self.sql(f"SELECT * FROM {_name(name)}")

    def fields(self, name: str) -> Mapping[str, str]:
        """Return the columns of a table with their types, as DuckDB names them."""
        described = self.sql(f"SELECT column_name, column_type FROM (DESCRIBE {_name(name)})")
        return {str(field): str(kind) for field, kind in described.rows()}

    def freshness(self) -> Sequence[Freshness]:
        """Say how current each source is."""
        return self._freshness

    def pseudonym(self, kind: str, key: str) -> str:
        """Return the form in which a key may be shown, such as ``customer#1f3a90bc``."""
        return privacy.pseudonym(kind, key, self._pseudonym_key)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _first_line(query: str) -> str:
    return next((line.strip() for line in query.splitlines() if line.strip()), "")


def _parameter(name: str, value: Parameter) -> object:
    if isinstance(value, datetime) and value.tzinfo is None:
        message = f"${name}: a time must be aware, this one has no zone"
        raise RegardError(message)
    if value is None or isinstance(value, str | int | Decimal) or not isinstance(value, Sequence):
        return value
    return list(value)


def _plain(query: str, types: Sequence[str]) -> str:
    """
    Return the query with columns that become plain Python values.

    DuckDB hands out aware times only where pytz is installed, so they leave as naive UTC.
    """
    if all(kind in _PLAIN_TYPES or kind.startswith("DECIMAL") for kind in types):
        return query
    names = [f"c{place}" for place in range(len(types))]
    chosen = ", ".join(_expression(*pair) for pair in zip(names, types, strict=True))
    return f"SELECT {chosen} FROM ({query}\n) AS q({', '.join(names)})"


def _expression(name: str, kind: str) -> str:
    if kind in _PLAIN_TYPES or kind.startswith("DECIMAL"):
        return name
    if kind == _TIME:
        return f"timezone('UTC', {name})"
    if kind.startswith("TIMESTAMP"):
        message = (
            "a query gave a time without a zone; give it one with timezone('UTC', ...), "
            "or make it a day with CAST(... AS DATE)"
        )
        raise RegardError(message)
    # Intervals, lists and the like have no plain form but their text.
    return f"CAST({name} AS VARCHAR)"


def _wrapped(query: str, error: duckdb.Error) -> RegardError:
    said = type(error).__name__.removesuffix("Exception")
    told = str(error).splitlines()[0] if str(error) else ""
    if isinstance(error, _TELLING) or "arameter" in told:
        said = told
    elif isinstance(error, duckdb.OutOfMemoryException):
        said = "it needs more memory than a view may use, or more room for temporary files"
    elif isinstance(error, duckdb.IOException):
        said = "the columns' files are gone, because others replaced them; run it again"
    return RegardError(f"query {_first_line(query)!r}: {said}")


def open_view(
    folder: Path,
    *,
    now: datetime,
    language: str,
    timezone: str,
    freshness: Sequence[Freshness],
    pseudonym_key: bytes,
    orphans: Collection[str] = (),
    directory: Directory = NOTHING_NAMED,
    sides: Iterable[SideTable] = (),
    threads: int | None = None,
    memory: str = _MEMORY,
    most_memory: str = _MOST_MEMORY,
) -> ColumnsView:
    """
    Open the columns in a folder.

    Args:
        folder: Where `regard.columns.sync_columns` wrote them.
        now: The time that reports are made for, aware.
        language: ``en``, ``es`` or ``fr``.
        timezone: Where a day begins, such as ``Europe/Madrid``.
        freshness: How current each source is.
        pseudonym_key: The project's privacy key.
        orphans: Sources that are no longer configured; their records are left out.
        directory: What is known by name; records of a source that is not believed for their
            kind are left out.
        sides: Side tables that are there in any case, empty where there are none yet.
        threads: At most so many; None: as many as there are cores.
        memory: What queries get, such as ``256MB``; the rest goes to temporary files.
        most_memory: What the view gets once a query cannot do with that.

    Raises:
        StoreMissing: There are no columns in the folder.
    """
    manifest, held = hold(folder)
    lacking = [side for side in sides if side.stored_name not in manifest.kinds]

    def opened(limit: str) -> duckdb.DuckDBPyConnection:
        return _open(folder, manifest, orphans, directory, lacking, threads, limit)

    try:
        connection = opened(memory)
    except BaseException:
        held.release()
        raise
    return ColumnsView(
        connection,
        lambda: opened(most_memory),
        manifest,
        held,
        now=now,
        language=language,
        timezone=timezone,
        freshness=freshness,
        pseudonym_key=pseudonym_key,
    )


def hold(folder: Path) -> tuple[Manifest, Hold]:
    """
    Keep the files of columns from being removed, until they are let go.

    Raises:
        StoreMissing: There are no columns in the folder.
    """
    try:
        held = hold_columns(folder)
    except OSError as error:
        message = f"{folder}: the columns cannot be read ({error.strerror})"
        raise StoreMissing(message) from error
    if held is None:
        message = f"{folder}: there are no columns; `regard report` writes them"
        raise StoreMissing(message)
    return held


def _open(
    folder: Path,
    manifest: Manifest,
    orphans: Collection[str],
    directory: Directory,
    lacking: Iterable[SideTable],
    threads: int | None,
    memory: str,
) -> duckdb.DuckDBPyConnection:
    connection = connect(folder, threads, memory)
    try:
        _make_tables(connection, folder.resolve(), manifest, orphans, directory)
        _make_empty(connection, lacking)
        make_directory(connection, directory)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        connection.close()
        raise unreadable(folder, error) from None
    return connection


def unreadable(folder: Path, error: duckdb.Error) -> StoreMissing:
    """Return what to raise where DuckDB cannot read columns; it may quote what is in them."""
    return StoreMissing(f"{folder}: the columns cannot be read ({type(error).__name__})")


def connect(folder: Path, threads: int | None, memory: str = _MEMORY) -> duckdb.DuckDBPyConnection:
    """
    Return a connection with nothing in it.

    Args:
        folder: Where what does not fit into its memory may lie.
        threads: At most so many; None: as many as there are cores.
        memory: What queries get, such as ``256MB``.
    """
    # DuckDB makes the folder when it first needs it and removes it in the end.
    beside = folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
    spill = beside.resolve() / f".spill-{os.getpid()}-{secrets.token_hex(4)}"
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _make_tables(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    manifest: Manifest,
    orphans: Collection[str],
    directory: Directory,
) -> None:
    paths = [str(folder / name) for name in manifest.files]
    # The permission is checked on the pattern first and on the file behind it then.
    allowed = sorted({*paths, *map(pattern, paths)})
    connection.execute(f"SET allowed_paths = [{', '.join(map(literal, allowed))}]")
    for table, kind in manifest.kinds.items():
        if table.startswith(PREFIX):
            _make_side(connection, table, f"({valid_rows(kind, folder)})", orphans, directory)
            continue
        without = {*orphans, *_disbelieved(directory, table)}
        kept = f"source NOT IN ({', '.join(map(literal, sorted(without)))})" if without else "true"
        source = f"({valid_rows(kind, folder)})"
        current = f"{kept} AND deleted_at IS NULL"
        if "valid_to" in kind.columns:
            # A withdrawn record is not current, but the periods in which it held are history.
            current += " AND valid_to IS NULL"
            _make_table(connection, f"{table}_history", "*", source, kept)
        _make_table(connection, table, "* EXCLUDE (deleted_at)", source, current)


def _make_side(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    orphans: Collection[str],
    directory: Directory,
) -> None:
    """Make an enricher's side table, without rows beside records that are left out."""
    kept = ["deleted_at IS NULL"]
    if orphans:
        kept.append(f"source NOT IN ({', '.join(map(literal, sorted(orphans)))})")
    for name, kinds in directory.counts.items():
        believed = ", ".join(map(literal, ("", *sorted(kinds))))
        kept.append(f"(source <> {literal(name)} OR kind IN ({believed}))")
    chosen = f"* EXCLUDE ({', '.join(_BOOKKEEPING)})"
    _make_table(connection, table.removeprefix(PREFIX), chosen, source, " AND ".join(kept))


def _make_empty(connection: duckdb.DuckDBPyConnection, sides: Iterable[SideTable]) -> None:
    """Make side tables of which the columns know nothing yet."""
    for side in sides:
        fields = [*((name, "text") for name in ("kind", "source", "key")), *side.fields]
        chosen = ", ".join(
            f"CAST(NULL AS {_EMPTY_TYPES[word]}) AS {_name(name)}" for name, word in fields
        )
        query = f"CREATE VIEW {_name(side.name)} AS SELECT {chosen} WHERE false"
        connection.execute(query)


def _make_table(
    connection: duckdb.DuckDBPyConnection, name: str, chosen: str, source: str, where: str
) -> None:
    query = f"CREATE VIEW {_name(name)} AS SELECT {chosen} FROM {source} WHERE {where}"
    connection.execute(query)


def _disbelieved(directory: Directory, table: str) -> list[str]:
    """Return the sources whose records of a kind are stored and not measured."""
    return [
        source
        for source, kinds in directory.counts.items()
        if table not in {kind_named(kind).table.name for kind in kinds}
    ]
