"""
Bulk statements for each database, on the engine's own driver connection.

ORM objects cost twenty times what a row costs here. SQLite gets multi-row upserts;
PostgreSQL gets COPY into a staging table and one upsert from it. Both go through the very
connection whose transaction SQLAlchemy opened: a second SQLite library in the process would
drop the file's locks.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from math import nan
from typing import Any, ClassVar

from sqlalchemy import Connection, Table

from regard.keys import compose
from regard.records.encoding import StoredValue
from regard.store.merging import Known

__all__ = ["BulkWriter", "bulk_writer"]

_ROWS_A_STATEMENT = 200
_LOCK = 7_263_004_127
"""The advisory lock that orders batches on PostgreSQL; any constant of our own does."""

_KNOWN = ("key", "as_of", "content_hash", "last_run_id", "deleted_at")
_KNOWN_HISTORY = (*_KNOWN, "valid_from", "last_seen_at")


class BulkWriter(ABC):
    """
    Reads and writes many rows at once within one transaction.

    Args:
        connection: With its transaction open.
    """

    finds_members: ClassVar[bool] = False
    """Whether `members` finds records by their keys, and need not read the whole table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw: Any = connection.connection.driver_connection

    @abstractmethod
    def lock(self) -> None:
        """Wait until no other batch is being committed; held to the end of the transaction."""

    @abstractmethod
    def known(self, table: Table, source: str, keys: Sequence[str]) -> dict[str, Known]:
        """Return what a table holds under some keys of a source."""

    @abstractmethod
    def members(
        self, table: Table, whole: str, about: str, source: str, names: Mapping[str, int]
    ) -> Iterator[tuple[str, str, StoredValue]]:
        """
        Yield what a table holds of some wholes of a source: each whole, key, and what about.

        A whole of which nothing else is stored than what is known may be left out.

        Args:
            table: Of a kind whose latest version wins.
            whole: The column that names the whole; keys of its records begin with it.
            about: The column that says what a record is about.
            source: The source's name.
            names: Which wholes, and how many of their records are known; records of others
                may come with theirs.
        """

    @abstractmethod
    def upsert(
        self,
        table: Table,
        columns: Sequence[str],
        cells: Sequence[Sequence[StoredValue]],
        same: Mapping[str, StoredValue],
        *,
        fresh: bool = False,
    ) -> None:
        """
        Insert rows, overwriting those that exist; ``first_run_id`` is never overwritten.

        Args:
            table: Where to.
            columns: What the rows hold; no key occurs twice in them.
            cells: For each of the columns its values, in the order of the rows.
            same: Further columns, with what they are in each row.
            fresh: None of the rows exists; the caller has looked, and holds the lock.
        """

    @abstractmethod
    def update(
        self,
        table: Table,
        changes: Sequence[str],
        where: Sequence[str],
        rows: Iterable[tuple[StoredValue, ...]],
    ) -> None:
        """Set columns of single rows; each tuple has the changes, then the conditions."""

    @staticmethod
    def _conflict(table: Table, columns: Sequence[str]) -> tuple[str, str]:
        keys = [column.name for column in table.primary_key.columns]
        kept = {*keys, "first_run_id"}
        changes = ", ".join(
            f'"{name}" = excluded."{name}"' for name in columns if name not in kept
        )
        return ", ".join(keys), changes


_NULL_OF_SQLITE = nan
"""SQLite stores it as NULL; for None the driver looks for an adapter, ten times as long."""


def _row_after_row(
    columns: Sequence[str], cells: Sequence[Sequence[StoredValue]]
) -> Iterator[StoredValue | float]:
    """Yield the values of all rows, one row after the other, as the driver binds them best."""
    bound: list[Sequence[StoredValue | float]] = [
        [_NULL_OF_SQLITE if value is None else value for value in column]
        if None in column
        else column
        for column in cells
    ]
    keys = list(cells[columns.index("key")])
    if sorted(keys) != keys:  # type: ignore[type-var]
        # Neighbours in the index of keys are written together: each page is touched once.
        order = sorted(range(len(keys)), key=keys.__getitem__)  # type: ignore[arg-type]
        bound = [[column[at] for at in order] for column in bound]
    return chain.from_iterable(zip(*bound, strict=True))


class _SqliteWriter(BulkWriter):
    finds_members = True

    def lock(self) -> None:
        """BEGIN IMMEDIATE holds the write lock already."""

    def known(self, table: Table, source: str, keys: Sequence[str]) -> dict[str, Known]:
        history = "valid_from" in table.columns
        wanted = ", ".join(f"t.{name}" for name in (_KNOWN_HISTORY if history else _KNOWN))
        # Of an export in the order of its keys, each batch of a first load lies behind all.
        within = f"SELECT 1 FROM {table.name} WHERE source = ? AND key BETWEEN ? AND ? LIMIT 1"
        if not self._raw.execute(within, (source, min(keys), max(keys))).fetchone():
            return {}
        # CROSS JOIN keeps SQLite from turning the order round and scanning the table.
        query = (
            f"SELECT {wanted} FROM json_each(?) AS j CROSS JOIN {table.name} AS t "
            "ON t.source = ? AND t.key = j.value"
        )
        if history:
            query += " WHERE t.valid_to IS NULL OR t.deleted_at IS NOT NULL ORDER BY t.valid_from"
        cursor = self._raw.execute(query, (json.dumps(list(keys)), source))
        return {row[0]: Known(*row) for row in cursor}

    def members(
        self, table: Table, whole: str, about: str, source: str, names: Mapping[str, int]
    ) -> Iterator[tuple[str, str, StoredValue]]:
        wanted = f'SELECT t."{whole}", t.key, t."{about}" FROM'
        # The keys of one whole are neighbours, except those that are too long to be kept.
        begun = {
            key: count
            for name, count in names.items()
            if (key := compose((name, ""))).endswith("|")
        }
        beside = (
            f"json_each(?) AS j CROSS JOIN {table.name} AS t ON t.source = ? "
            "AND t.key > j.value AND t.key < substr(j.value, 1, length(j.value) - 1) || '}'"
        )
        counted = self._raw.execute(
            f"SELECT j.value, count(*) FROM {beside} GROUP BY j.value",
            (json.dumps(list(begun)), source),
        )
        more = [key for key, count in counted if count != begun[key]]
        query = (
            f"{wanted} {beside} WHERE t.deleted_at IS NULL UNION ALL {wanted} {table.name} AS t "
            "WHERE t.source = ? AND t.key > 'sha256:' AND t.key < 'sha256;' "
            f'AND t.deleted_at IS NULL AND t."{whole}" IN (SELECT value FROM json_each(?))'
        )
        values = (json.dumps(more), source, source, json.dumps(list(names)))
        yield from self._raw.execute(query, values)

    def upsert(
        self,
        table: Table,
        columns: Sequence[str],
        cells: Sequence[Sequence[StoredValue]],
        same: Mapping[str, StoredValue],
        *,
        fresh: bool = False,
    ) -> None:
        keys, changes = self._conflict(table, [*same, *columns])
        names = ", ".join(f'"{name}"' for name in (*same, *columns))
        # What is the same is bound once: the first row names its place, the others repeat it.
        head = "".join(f"?{place}, " for place in range(1, len(same) + 1))
        one = f"({head}{', '.join('?' * len(columns))})"
        size = min(_ROWS_A_STATEMENT, 32_000 // len(columns))
        first = list(same.values())

        def statement(count: int) -> str:
            values = ", ".join([one] * count)
            return (
                f"INSERT INTO {table.name} ({names}) VALUES {values} "
                f"ON CONFLICT ({keys}) DO UPDATE SET {changes}"
            )

        full = statement(size)
        values, width, left = _row_after_row(columns, cells), len(columns), len(cells[0])
        while left:
            # The driver keeps each statement that it has met, and one of many rows is large: of
            # all lengths that batches have, powers of two are few.
            count = size if left >= size else 1 << (left.bit_length() - 1)
            bound = [*first, *islice(values, count * width)]
            self._raw.execute(full if count == size else statement(count), bound)
            left -= count

    def update(
        self,
        table: Table,
        changes: Sequence[str],
        where: Sequence[str],
        rows: Iterable[tuple[StoredValue, ...]],
    ) -> None:
        settings = ", ".join(f"{name} = ?" for name in changes)
        conditions = " AND ".join(f"{name} = ?" for name in where)
        statement = f"UPDATE {table.name} SET {settings} WHERE {conditions}"
        self._raw.executemany(statement, list(rows))


class _PostgresWriter(BulkWriter):
    def lock(self) -> None:
        self._raw.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")

    def known(self, table: Table, source: str, keys: Sequence[str]) -> dict[str, Known]:
        history = "valid_from" in table.columns
        wanted = ", ".join(
            f"to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US')"
            if name.endswith(("_at", "_of", "_from"))
            else name
            for name in (_KNOWN_HISTORY if history else _KNOWN)
        )
        query = f"SELECT {wanted} FROM {table.name} WHERE source = %s AND key = ANY(%s)"
        if history:
            query += " AND (valid_to IS NULL OR deleted_at IS NOT NULL) ORDER BY valid_from"
        cursor = self._raw.execute(query, (source, list(keys)))
        return {row[0]: Known(*row) for row in cursor}

    def members(
        self, table: Table, whole: str, about: str, source: str, names: Mapping[str, int]
    ) -> Iterator[tuple[str, str, StoredValue]]:
        query = (
            f'SELECT "{whole}", key, "{about}" FROM {table.name} '
            f'WHERE source = %s AND "{whole}" = ANY(%s) AND deleted_at IS NULL'
        )
        yield from self._raw.execute(query, (source, list(names)))

    def upsert(
        self,
        table: Table,
        columns: Sequence[str],
        cells: Sequence[Sequence[StoredValue]],
        same: Mapping[str, StoredValue],
        *,
        fresh: bool = False,
    ) -> None:
        if fresh:
            self._insert(table, columns, cells, same)
            return
        keys, changes = self._conflict(table, [*same, *columns])
        names = ", ".join(f'"{name}"' for name in columns)
        also = ", ".join(f'"{name}"' for name in same)
        values = ", ".join(f"{_cast(table, name)}" for name in same)
        staging = f"staging_{table.name}"
        self._raw.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging} "
            f"ON COMMIT DELETE ROWS AS SELECT * FROM {table.name} WHERE false"
        )
        cursor = self._raw.cursor()
        with cursor.copy(f"COPY {staging} ({names}) FROM STDIN") as copy:
            copy.write(_copied(cells))
        cursor.execute(
            f"INSERT INTO {table.name} ({also}, {names}) SELECT {values}, {names} FROM {staging} "
            f"ON CONFLICT ({keys}) DO UPDATE SET {changes}",
            list(same.values()),
        )
        cursor.execute(f"DELETE FROM {staging}")

    def _insert(
        self,
        table: Table,
        columns: Sequence[str],
        cells: Sequence[Sequence[StoredValue]],
        same: Mapping[str, StoredValue],
    ) -> None:
        """Copy rows straight into a table that has none of them."""
        said = {name: value for name, value in same.items() if value is not None}
        names = ", ".join(f'"{name}"' for name in (*said, *columns))
        head = "".join(f"{str(value).translate(_ESCAPED)}\t" for value in said.values())
        # A line ends nowhere but at its end, so what all rows say can be put in front of each.
        rows = _copied(cells).removesuffix("\n").replace("\n", f"\n{head}")
        with self._raw.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            copy.write(f"{head}{rows}\n")

    def update(
        self,
        table: Table,
        changes: Sequence[str],
        where: Sequence[str],
        rows: Iterable[tuple[StoredValue, ...]],
    ) -> None:
        settings = ", ".join(f"{name} = {_cast(table, name)}" for name in changes)
        conditions = " AND ".join(f"{name} = {_cast(table, name)}" for name in where)
        statement = f"UPDATE {table.name} SET {settings} WHERE {conditions}"
        self._raw.cursor().executemany(statement, list(rows))


_NULL = "\\N"
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copied(cells: Sequence[Sequence[StoredValue]]) -> str:
    """Return columns as the rows that PostgreSQL's COPY reads."""
    nulls = [column.count(None) for column in cells]
    shown = [
        [_NULL if value is None else str(value) for value in column] if null else map(str, column)
        for column, null in zip(cells, nulls, strict=True)
    ]
    text = "\n".join(map("\t".join, zip(*shown, strict=True)))
    # Hardly any text holds a tab, and counting is far cheaper than looking at each.
    count = len(cells[0])
    plain = (
        text.count("\\") == sum(nulls)
        and text.count("\t") == count * (len(cells) - 1)
        and text.count("\n") == count - 1
        and "\r" not in text
    )
    if plain:
        return text + "\n"
    lines = (
        "\t".join([_NULL if value is None else str(value).translate(_ESCAPED) for value in row])
        for row in zip(*cells, strict=True)
    )
    return "\n".join(lines) + "\n"


def _cast(table: Table, name: str) -> str:
    # Times arrive as texts in UTC; the session's zone is UTC, so the cast places them.
    return "%s::timestamptz" if name.endswith(("_at", "_of", "_from", "_to")) else "%s"


_WRITERS: Mapping[str, type[BulkWriter]] = {
    "sqlite": _SqliteWriter,
    "postgresql": _PostgresWriter,
}


def bulk_writer(connection: Connection) -> BulkWriter:
    """Return the bulk writer for a connection's database."""
    return _WRITERS[connection.dialect.name](connection)
