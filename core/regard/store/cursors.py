"""Where cursors are kept, and every value they ever had."""

from __future__ import annotations

from sqlalchemy import select

from regard import cursors
from regard.cursors import CursorValue
from regard.store.transactions import Transaction, table

__all__ = ["load", "save"]


def load(
    transaction: Transaction, source: str, stream: str, purpose: str = "live"
) -> CursorValue | None:
    """Return a stream's cursor, or None where it was never read."""
    stored = table("cursors")
    text = transaction.connection.execute(
        select(stored.c.value).where(
            stored.c.source == source, stored.c.stream == stream, stored.c.purpose == purpose
        )
    ).scalar()
    return None if text is None else cursors.parse(text)


def save(
    transaction: Transaction,
    source: str,
    stream: str,
    value: CursorValue,
    *,
    run_id: int,
    batch_id: int,
    purpose: str = "live",
) -> None:
    """Store a cursor and log it; an equal value is not logged twice."""
    if load(transaction, source, stream, purpose) == value:
        return
    text = cursors.dump(value)
    place = {"source": source, "stream": stream, "purpose": purpose}
    transaction.put(
        "cursors", {**place, "value": text, "run_id": run_id, "updated_at": transaction.now}
    )
    transaction.connection.execute(
        table("cursor_log").insert(),
        {
            **place,
            "value": text,
            "run_id": run_id,
            "batch_id": batch_id,
            "changed_at": transaction.now,
        },
    )
