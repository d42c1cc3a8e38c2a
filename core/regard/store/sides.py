"""
Side tables in the store: made from what the enrichers say, and dropped with the records.

A row that is withdrawn stays as a tombstone without values, so that columns can follow. What
is erased is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, select, text, update

from regard.records.encoding import Encoded, StoredValue
from regard.records.sides import SideTable
from regard.store.transactions import Transaction, table

__all__ = [
    "Owner",
    "count",
    "drop",
    "drop_source",
    "erase",
    "known_of",
    "make",
    "owners",
    "parse_shape",
    "rename_source",
    "shape_of",
    "stored",
    "withdraw",
    "write",
]

_AT_ONCE = 500

Places = Mapping[str, Sequence[tuple[str, str]]]
"""Records by kind: source and key of each."""


def shape_of(sides: Iterable[SideTable]) -> str:
    """Return side tables as the text by which they are remembered."""
    return json.dumps([[side.name, dict(side.fields)] for side in sides])


def parse_shape(shape: str) -> tuple[SideTable, ...]:
    """Return the side tables that a text stands for."""
    return tuple(SideTable(name, tuple(fields.items())) for name, fields in json.loads(shape))


@dataclass(frozen=True, slots=True)
class Owner:
    """
    An enricher, as far as its side tables are concerned.

    Attributes:
        name: Its name.
        sides: Its side tables.
        inputs: The kinds that it reads.
        sets: Whether it makes them whole.
    """

    name: str
    sides: tuple[SideTable, ...]
    inputs: tuple[str, ...]
    sets: bool


def owners(transaction: Transaction) -> list[Owner]:
    """Return all enrichers that have side tables, by name."""
    rows = table("enrichers")
    query = select(rows.c.name, rows.c.shape, rows.c.inputs, rows.c.sets).order_by(rows.c.name)
    return [
        Owner(row.name, parse_shape(row.shape), tuple(json.loads(row.inputs)), row.sets)
        for row in transaction.connection.execute(query)
    ]


def stored(transaction: Transaction) -> list[SideTable]:
    """Return all side tables."""
    return [side for owner in owners(transaction) for side in owner.sides]


def make(transaction: Transaction, sides: Iterable[SideTable]) -> None:
    """Make side tables that are not there."""
    for side in sides:
        side.table.create(transaction.connection, checkfirst=True)


def drop(transaction: Transaction, sides: Iterable[SideTable]) -> None:
    """Drop side tables, with what this connection has prepared for them."""
    for side in sides:
        if transaction.connection.dialect.name == "postgresql":
            # It has the columns of before, and lives as long as the connection.
            staging = text(f"DROP TABLE IF EXISTS pg_temp.staging_{side.stored_name}")
            transaction.connection.execute(staging)
        side.table.drop(transaction.connection, checkfirst=True)


# Rows.


def known_of(
    transaction: Transaction, side: SideTable, kind: str, source: str, keys: Sequence[str]
) -> dict[str, str | None]:
    """Return the hash of each row under some keys; None: it is withdrawn."""
    rows, found = side.table, dict[str, str | None]()
    for start in range(0, len(keys), _AT_ONCE):
        query = select(rows.c.key, rows.c.content_hash, rows.c.deleted_at).where(
            rows.c.kind == kind,
            rows.c.source == source,
            rows.c.key.in_(keys[start : start + _AT_ONCE]),
        )
        for row in transaction.connection.execute(query):
            found[row.key] = row.content_hash if row.deleted_at is None else None
    return found


def write(
    transaction: Transaction,
    side: SideTable,
    place: tuple[str, str],
    rows: Sequence[Encoded],
    *,
    batch_id: int,
    run_id: int,
) -> None:
    """Write rows beside records of one kind and one source; no key occurs twice in them."""
    if not rows:
        return
    names = [name for name, _ in side.fields]
    cells = list(zip(*((row.key, row.content_hash, *row.values) for row in rows), strict=True))
    kind, source = place
    same: dict[str, StoredValue] = {"kind": kind, "source": source, "deleted_at": None}
    same |= {"batch_id": batch_id, "run_id": run_id}
    columns = ["key", "content_hash", *names]
    transaction.writer.upsert(side.table, columns, cells, same)


def withdraw(
    transaction: Transaction,
    side: SideTable,
    where: Sequence[ColumnElement[bool]],
    *,
    batch_id: int,
    run_id: int,
) -> None:
    """Withdraw rows; what they said is gone."""
    nothing = dict.fromkeys(name for name, _ in side.fields)
    transaction.connection.execute(
        update(side.table)
        .where(*where)
        .values(
            **nothing,
            content_hash="",
            deleted_at=transaction.now,
            batch_id=batch_id,
            run_id=run_id,
        )
    )


# What happens to records happens to the rows beside them.


def _beside(rows: Table, kind: str, places: Sequence[tuple[str, str]]) -> Iterator[Any]:
    """Yield conditions that together mean the rows beside some records of a kind."""
    by_source: dict[str, list[str]] = {}
    for source, key in places:
        by_source.setdefault(source, []).append(key)
    for source, keys in by_source.items():
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            yield and_(rows.c.kind == kind, rows.c.source == source, rows.c.key.in_(some))


def count(transaction: Transaction, places: Places) -> int:
    """Return how many rows stand beside records."""
    queries = [
        select(func.count())
        .select_from(side.table)
        .where(condition, side.table.c.deleted_at.is_(None))
        for side in stored(transaction)
        for kind, some in places.items()
        for condition in _beside(side.table, kind, some)
    ]
    return sum(int(transaction.connection.execute(query).scalar_one()) for query in queries)


def erase(transaction: Transaction, gone: Places, changed: Places) -> list[str]:
    """
    Erase what stands beside records that are erased, or lose a text.

    What an enricher has worked out from all records together may hold anything of any of them:
    it goes whole, and is made again.

    Args:
        transaction: A writing one.
        gone: The records that are erased.
        changed: The records that lose a text.

    Returns:
        The tables that rows are gone from.
    """
    if not any(gone.values()) and not any(changed.values()):
        return []
    touched = []
    for owner in owners(transaction):
        if owner.sets:
            for side in owner.sides:
                transaction.connection.execute(delete(side.table))
        else:
            for side in owner.sides:
                _erase_beside(transaction, side.table, gone)
                _erase_beside(transaction, side.table, changed)
        again = owner.sets or any(changed.get(kind) for kind in owner.inputs)
        _disturb(transaction, owner.name, again=again)
        touched += [side.stored_name for side in owner.sides]
    return touched


def _erase_beside(transaction: Transaction, rows: Table, places: Places) -> None:
    for kind, some in places.items():
        for condition in _beside(rows, kind, some):
            transaction.connection.execute(delete(rows).where(condition))


def _disturb(transaction: Transaction, name: str, *, again: bool) -> None:
    """Note that an enricher's work was disturbed, and whether it begins again."""
    rows = table("enrichers")
    values: dict[str, Any] = {"disturbed": rows.c.disturbed + 1}
    if again:
        values |= {"seen": "{}", "batch_id": 0, "token": ""}
    transaction.connection.execute(update(rows).where(rows.c.name == name).values(**values))


def rename_source(transaction: Transaction, old: str, new: str) -> None:
    """Give the rows beside a source's records its other name."""
    for owner in owners(transaction):
        for side in owner.sides:
            rows = side.table
            transaction.connection.execute(delete(rows).where(rows.c.source == new))
            transaction.connection.execute(
                update(rows).where(rows.c.source == old).values(source=new)
            )
        # Its records are in new batches: who looks at each of them sees them again anyway.
        _disturb(transaction, owner.name, again=owner.sets)


def drop_source(transaction: Transaction, name: str) -> None:
    """Erase the rows beside a source's records."""
    for owner in owners(transaction):
        for side in owner.sides:
            rows = side.table
            transaction.connection.execute(delete(rows).where(rows.c.source == name))
        _disturb(transaction, owner.name, again=owner.sets)
