"""What each source's streams were when they were last read."""

from __future__ import annotations

import json

from regard.sources import Stream
from regard.store.transactions import Transaction

__all__ = ["save"]


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
