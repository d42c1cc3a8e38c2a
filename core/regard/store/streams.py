"""What each source's streams were when they were last read."""

from __future__ import annotations

import json

from sqlalchemy import select

from regard.sources import Stream
from regard.store.transactions import Transaction, table

__all__ = ["keys", "save"]


def save(transaction: Transaction, source: str, stream: Stream, plugin: str, run_id: int) -> None:
    """Note a stream's kind, key and plug-in as this run reads it."""
    transaction.put(
        "streams",
        {
            "source": source,
            "stream": stream.name,
            "kind": stream.kind,
            "key_fields": json.dumps(stream.key) if stream.key else None,
            "plugin": plugin,
            "last_run_id": run_id,
        },
    )


def keys(transaction: Transaction, source: str) -> dict[str, tuple[str, ...] | None]:
    """Return what made up the keys of a source's streams when they were last read, by name."""
    stored = table("streams")
    rows = transaction.connection.execute(
        select(stored.c.stream, stored.c.key_fields).where(stored.c.source == source)
    )
    return {row[0]: tuple(json.loads(row[1])) if row[1] else None for row in rows}
