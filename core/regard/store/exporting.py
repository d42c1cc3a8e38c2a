"""
Rows on their way into columns: CSV that loses nothing.

SQLite builds each line itself, which is several times faster than handing every value to
Python; PostgreSQL has COPY. Both write the same text: NULL is an empty field without
quotes, every text is quoted, times are UTC with microseconds, numbers stay millionths.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Literal

from sqlalchemy import BigInteger, Boolean, Column, Date, Table, text
from sqlmodel import UTCDateTime

from regard.records import KINDS
from regard.records.sides import PREFIX
from regard.records.types import Millionths
from regard.store import sides
from regard.store.schema import revision_of
from regard.store.transactions import Transaction, table

__all__ = [
    "StoreColumn",
    "StoreIdentity",
    "batch_token",
    "export_csv",
    "identity",
    "note_vanished",
    "tables",
    "vanished",
]

ColumnType = Literal["text", "integer", "number", "time", "day", "flag", "json"]

_LINES_AT_ONCE = 5_000
_NOT_EXPORTED = frozenset({"content_batch_id"})
"""What only the store's own work needs."""


@dataclass(frozen=True, slots=True)
class StoreColumn:
    """
    A column of a table as columns need it.

    Attributes:
        name: Its name.
        type: ``number`` is an integer of millionths; ``time`` is UTC.
    """

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """
    Which store this is, and how far it has come.

    Attributes:
        id: Random, given when the store was made.
        revision: The version of its tables.
        batch_id: The last committed batch; 0: none.
        token: That batch's random token, which a restored copy cannot share.
    """

    id: str
    revision: str
    batch_id: int
    token: str


def _type_of(column: Column[object]) -> ColumnType:
    if column.name == "extra":
        return "json"
    types: tuple[tuple[type, ColumnType], ...] = (
        (Millionths, "number"),
        (UTCDateTime, "time"),
        (Boolean, "flag"),
        (Date, "day"),
        (BigInteger, "integer"),
    )
    return next((name for kind, name in types if isinstance(column.type, kind)), "text")


def tables(transaction: Transaction) -> dict[str, tuple[StoreColumn, ...]]:
    """Return the columns of all tables that are exported: of the kinds, and of enrichers."""
    found = [kind.table for kind in KINDS.values()]
    found += [side.table for side in sides.stored(transaction)]
    return {each.name: _columns_of(each) for each in found}


def _columns_of(found: Table) -> tuple[StoreColumn, ...]:
    return tuple(
        StoreColumn(column.name, _type_of(column))
        for column in found.columns
        if column.name not in _NOT_EXPORTED
    )


def _columns_named(transaction: Transaction, name: str) -> tuple[StoreColumn, ...]:
    if name.startswith(PREFIX):
        return tables(transaction)[name]
    return _columns_of(table(name))


def identity(transaction: Transaction) -> StoreIdentity:
    """Return which store this is and how far it has come."""
    connection = transaction.connection
    named = connection.execute(text("SELECT value FROM store_info WHERE name = 'id'")).scalar_one()
    last = connection.execute(
        text("SELECT id, token FROM batches ORDER BY id DESC LIMIT 1")
    ).first()
    return StoreIdentity(
        id=str(named),
        revision=revision_of(connection) or "",
        batch_id=int(last[0]) if last else 0,
        token=str(last[1]) if last else "",
    )


def batch_token(transaction: Transaction, batch_id: int) -> str | None:
    """
    Return a batch's random token; None: there is no such batch.

    A restored copy that went another way has the batch's number with another token.
    """
    query = text("SELECT token FROM batches WHERE id = :id")
    token = transaction.connection.execute(query, {"id": batch_id}).scalar()
    return None if token is None else str(token)


def note_vanished(transaction: Transaction, names: Iterable[str], batch_id: int) -> None:
    """Note in a batch that rows of some tables are gone, which no later row tells."""
    for name in names:
        transaction.put("store_info", {"name": f"vanished:{name}", "value": str(batch_id)})


def vanished(transaction: Transaction, name: str) -> int:
    """Return the last batch in which rows of a table were erased; 0: none ever were."""
    query = text("SELECT value FROM store_info WHERE name = :name")
    value = transaction.connection.execute(query, {"name": f"vanished:{name}"}).scalar()
    return 0 if value is None else int(value)


def export_csv(
    transaction: Transaction,
    name: str,
    destination: BinaryIO,
    *,
    after_batch: int = 0,
    upto_batch: int | None = None,
) -> int:
    """
    Write a table's rows as CSV with a header, deleted ones included.

    Args:
        transaction: Several exports within one are consistent.
        name: The table.
        destination: Where the UTF-8 text goes.
        after_batch: Only rows of later batches.
        upto_batch: Only rows up to this batch; None: all.

    Returns:
        How many rows were written.
    """
    columns = _columns_named(transaction, name)
    header = ",".join(f'"{column.name}"' for column in columns)
    destination.write(f"{header}\n".encode())
    condition = f"batch_id > {int(after_batch)}"
    if upto_batch is not None:
        condition += f" AND batch_id <= {int(upto_batch)}"
    if transaction.connection.dialect.name == "sqlite":
        return _export_sqlite(transaction, name, columns, condition, destination)
    return _export_postgres(transaction, name, columns, condition, destination)


def _sqlite_cell(column: StoreColumn) -> str:
    # (NULL || anything) is NULL, so coalesce leaves exactly the nulls empty.
    if column.type in ("text", "json"):
        return f"""coalesce('"' || replace("{column.name}", '"', '""') || '"', '')"""
    if column.type == "flag":
        return f"""CASE "{column.name}" WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE '' END"""
    return f"""coalesce("{column.name}", '')"""


def _export_sqlite(
    transaction: Transaction,
    name: str,
    columns: tuple[StoreColumn, ...],
    condition: str,
    destination: BinaryIO,
) -> int:
    line = " || ',' || ".join(_sqlite_cell(column) for column in columns)
    connection = transaction.connection.connection.driver_connection
    if connection is None:
        return 0
    cursor = connection.execute(f"SELECT {line} FROM {name} WHERE {condition}")
    written = 0
    while lines := cursor.fetchmany(_LINES_AT_ONCE):
        destination.write(("\n".join(row[0] for row in lines) + "\n").encode())
        written += len(lines)
    return written


def _postgres_cell(column: StoreColumn) -> str:
    name = f'"{column.name}"'
    if column.type == "time":
        return f"to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US') AS {name}"
    if column.type == "flag":
        return f"CASE {name} WHEN true THEN 'true' WHEN false THEN 'false' END AS {name}"
    return name


def _export_postgres(
    transaction: Transaction,
    name: str,
    columns: tuple[StoreColumn, ...],
    condition: str,
    destination: BinaryIO,
) -> int:
    cells = ", ".join(_postgres_cell(column) for column in columns)
    quoted = ", ".join(f'"{c.name}"' for c in columns if c.type in ("text", "json"))
    connection = transaction.connection.connection.driver_connection
    if connection is None:
        return 0
    cursor = connection.cursor()
    query = (
        f"COPY (SELECT {cells} FROM {name} WHERE {condition}) "
        f"TO STDOUT (FORMAT csv, FORCE_QUOTE ({quoted}))"
    )
    with cursor.copy(query) as copy:
        for block in copy:
            destination.write(block)
    return int(cursor.rowcount)
