"""
One transaction per batch: records, refused ones, cursor, files, findings and counts.

All of it is stored or none, so a run that is killed at any instant resumes to the same end
state. Batches are numbered under a lock that is held to the commit, so they become visible
in the order of their numbers, and whoever has read up to one misses nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from regard.cursors import CursorValue
from regard.findings import Finding
from regard.records import Kind
from regard.records.encoding import EncodedRows, StoredValue
from regard.store.addresses import Changes
from regard.store.merging import (
    HistoryPlan,
    Item,
    Known,
    UpsertPlan,
    Version,
    plan_history,
    plan_upserts,
)
from regard.store.quarantine import Refused
from regard.store.writing import BulkWriter

if TYPE_CHECKING:
    from regard.store.transactions import Transaction

__all__ = ["Batch", "decide", "look_up", "next_batch", "stored_rows", "write_plan"]


@dataclass(slots=True)
class Batch:
    """
    What one transaction stores of one stream's records.

    Attributes:
        kind: The kind of its records.
        items: Records and deletions in the order in which they were read.
        item_files: For each item the file it came from, or None.
        refused: Records that did not pass.
        cursor: How far the stream has been read once this is stored; None: no change.
        findings: What the source had to say.
        milliseconds: How long reading it took.
        origins: For each item what its batcher remembers of where it came from.
        addresses: What became of addresses, and which ones were found.
    """

    kind: Kind
    items: Sequence[Item] = field(default_factory=list)
    item_files: Sequence[str | None] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    cursor: CursorValue | None = None
    findings: list[Finding] = field(default_factory=list)
    milliseconds: int = 0
    origins: Sequence[Any] = field(default_factory=list)
    addresses: Changes | None = None

    def keys(self) -> list[str]:
        """Return the keys of all items, as often as they occur."""
        if isinstance(self.items, EncodedRows):
            return self.items.keys()
        return [item.key for item in self.items]


def decide(batch: Batch, known: Mapping[str, Known]) -> UpsertPlan | HistoryPlan:
    """
    Decide what storing a batch would do, without writing.

    Args:
        batch: The batch.
        known: What is stored under its keys.
    """
    if batch.kind.historic:
        return plan_history(batch.items, known)
    return plan_upserts(batch.items, known, files=batch.item_files)


def look_up(transaction: Transaction, batch: Batch, source: str) -> dict[str, Known]:
    """Return what is stored under a batch's keys."""
    keys = batch.keys()
    return transaction.writer.known(batch.kind.table, source, keys) if keys else {}


def stored_rows(
    transaction: Transaction, kind: Kind, source: str, keys: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield what is stored under some keys, whole and typed."""
    rows = kind.table
    for start in range(0, len(keys), 500):
        query = select(rows).where(
            rows.c.source == source, rows.c.key.in_(keys[start : start + 500])
        )
        for row in transaction.connection.execute(query):
            yield row._asdict()


def next_batch(transaction: Transaction, run_id: int, stream: str) -> int:
    """Give the transaction its number; the caller holds the lock."""
    connection = transaction.connection
    last = connection.execute(text("SELECT max(id) FROM batches")).scalar()
    batch_id = int(last or 0) + 1
    connection.execute(
        text(
            "INSERT INTO batches (id, token, run_id, stream, committed_at) "
            "VALUES (:id, :token, :run_id, :stream, :at)"
        ),
        {
            "id": batch_id,
            "token": secrets.token_hex(8),
            "run_id": run_id,
            "stream": stream,
            "at": transaction.now_text,
        },
    )
    return batch_id


def write_plan(
    transaction: Transaction,
    kind: Kind,
    plan: UpsertPlan | HistoryPlan,
    *,
    source: str,
    run_id: int,
    batch_id: int,
) -> None:
    """Write what was decided, within an open transaction."""
    writer = transaction.writer
    if isinstance(plan, UpsertPlan):
        _write_latest(writer, kind, plan, source, run_id, batch_id)
    else:
        _write_versions(writer, kind, plan, source, run_id, batch_id)


_LATEST = ("key", "as_of", "content_hash", "extra")
_VERSIONED = ("deleted_at", "valid_from", "valid_to", "last_seen_at")


def _same(source: str, run_id: int, batch_id: int) -> dict[str, StoredValue]:
    """Return the columns that say the same of each row of a batch."""
    return {
        "source": source,
        "batch_id": batch_id,
        "first_run_id": run_id,
        "last_run_id": run_id,
    }


def _write_latest(
    writer: BulkWriter, kind: Kind, plan: UpsertPlan, source: str, run_id: int, batch_id: int
) -> None:
    if plan.write:
        same = _same(source, run_id, batch_id)
        if isinstance(plan.write, EncodedRows):
            write = plan.write
            nothing = dict.fromkeys((*_LATEST, *kind.fields, "deleted_at"))
            for name in write.columns:
                del nothing[name]
            same = {**nothing, **write.same, **same}
            writer.upsert(kind.table, write.columns, write.cells, same, fresh=plan.fresh)
        else:
            gone = plan.gone.get
            rows = [
                (gone(key), key, as_of, digest, extra, *values)
                for key, as_of, digest, extra, values in plan.write
            ]
            cells = list(zip(*rows, strict=True))
            columns = ("deleted_at", *_LATEST, *kind.fields)
            writer.upsert(kind.table, columns, cells, same, fresh=plan.fresh)
    if plan.delete:
        writer.update(
            kind.table,
            ("deleted_at", "as_of", "batch_id", "last_run_id"),
            ("source", "key"),
            [(at, at, batch_id, run_id, source, key) for key, at in plan.delete.items()],
        )


def _write_versions(
    writer: BulkWriter, kind: Kind, plan: HistoryPlan, source: str, run_id: int, batch_id: int
) -> None:
    def row(version: Version) -> tuple[StoredValue, ...]:
        *head, values = version.record
        life = (version.deleted_at, version.valid_from, version.valid_to, version.last_seen_at)
        return (*head, *life, *values)

    if plan.touch:
        writer.update(
            kind.table,
            ("last_seen_at", "batch_id"),
            ("source", "key", "valid_from"),
            [(at, batch_id, source, *place) for place, at in plan.touch.items()],
        )
    if plan.close:
        writer.update(
            kind.table,
            ("valid_to", "deleted_at", "batch_id", "content_batch_id", "last_run_id"),
            ("source", "key", "valid_from"),
            [
                (ended, deleted_at, batch_id, batch_id, run_id, source, *place)
                for place, (ended, deleted_at) in plan.close.items()
            ],
        )
    if plan.write:
        writer.upsert(
            kind.table,
            (*_LATEST, *_VERSIONED, *kind.fields),
            list(zip(*map(row, plan.write), strict=True)),
            {**_same(source, run_id, batch_id), "content_batch_id": batch_id},
        )
