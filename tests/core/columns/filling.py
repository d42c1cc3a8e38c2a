"""Records put into a real store without a run: what tests of columns and reports begin with."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from regard.records import KINDS, metadata
from regard.store import Store

AT = datetime(2026, 1, 1, tzinfo=UTC)


def fill(
    store: Store, kind: str, records: Iterable[Mapping[str, Any]], source: str = "crm"
) -> None:
    """Commit one batch with records of a kind; the store's own columns may be given too."""
    table = KINDS[kind].table
    batches = metadata.tables["batches"]
    with store.write() as transaction:
        connection = transaction.connection
        number = (connection.execute(select(func.max(batches.c.id))).scalar() or 0) + 1
        batch = {
            "id": number,
            "token": secrets.token_hex(8),
            "run_id": 1,
            "stream": kind,
            "committed_at": AT,
        }
        connection.execute(batches.insert(), batch)
        given = {
            "source": source,
            "as_of": AT,
            "content_hash": "0" * 32,
            "batch_id": number,
            "content_batch_id": number,
            "first_run_id": 1,
            "last_run_id": 1,
            "valid_from": AT,
            "last_seen_at": AT,
        }
        names = [column.name for column in table.columns]
        blank = {name: given.get(name) for name in names}
        rows = [{**blank, "key": str(place), **row} for place, row in enumerate(records)]
        if rows:
            connection.execute(table.insert(), rows)
