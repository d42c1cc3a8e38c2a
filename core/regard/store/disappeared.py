"""Which records of a stream are stored, so that those that are no longer there can be found."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from regard.records import Kind
from regard.store.transactions import Transaction, table

__all__ = ["count", "only_stream", "stored_keys"]


def only_stream(transaction: Transaction, kind: Kind, source: str, stream: str) -> str | None:
    """
    Return what narrows a source's records of a kind to one stream's: its name, or None.

    Records do not say which stream they come from, but the batch that wrote them does. It is
    asked only where the source has other streams of the kind, because it costs a join.
    """
    streams = table("streams")
    others = transaction.connection.execute(
        select(streams.c.stream).where(
            streams.c.source == source, streams.c.kind == kind.name, streams.c.stream != stream
        )
    ).first()
    return stream if others is not None else None


def _stored(kind: Kind, source: str, stream: str | None) -> list[ColumnElement[bool]]:
    rows = kind.table
    found = [rows.c.source == source, rows.c.deleted_at.is_(None)]
    if kind.historic:
        found.append(rows.c.valid_to.is_(None))
    if stream is not None:
        batches = table("batches")
        found.append(rows.c.batch_id.in_(select(batches.c.id).where(batches.c.stream == stream)))
    return found


def count(transaction: Transaction, kind: Kind, source: str, stream: str | None) -> int:
    """Return how many records of a stream are stored and not deleted."""
    query = select(func.count()).select_from(kind.table).where(*_stored(kind, source, stream))
    return int(transaction.connection.execute(query).scalar_one())


def stored_keys(
    transaction: Transaction,
    kind: Kind,
    source: str,
    stream: str | None,
    *,
    after: str = "",
    limit: int = 5_000,
) -> list[str]:
    """Return the next keys of a stream's stored records, in the database's order."""
    rows = kind.table
    query = (
        select(rows.c.key)
        .where(*_stored(kind, source, stream), rows.c.key > after)
        .order_by(rows.c.key)
        .limit(limit)
    )
    return list(transaction.connection.execute(query).scalars())
