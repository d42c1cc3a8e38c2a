"""
Forgetting old runs, and nothing that somebody may still ask for.

The last run of a source stays, as do runs whose refused records are still open: how old those
are is known from them. Of cursors the value before the oldest run that stays is kept, so that
one can go back to each of these. Batches stay while a record belongs to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, delete, exists, func, or_, select

from regard.records import KINDS
from regard.store.runs import BESIDE
from regard.store.transactions import Transaction, table

__all__ = ["Pruned", "prunable", "prune"]

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """
    How much was forgotten.

    Attributes:
        runs: Runs, with what they did to each stream.
        cursors: Former values of cursors.
        batches: Batches that no record belongs to.
    """

    runs: int
    cursors: int = 0
    batches: int = 0


def prunable(
    transaction: Transaction,
    *,
    source: str | None = None,
    keep: int | None = None,
    older_than: timedelta | None = None,
) -> list[int]:
    """
    Return the runs that may be forgotten.

    Args:
        transaction: A reading one.
        source: Only runs of this source.
        keep: So many of the latest of each source stay.
        older_than: Only runs that began so long ago.
    """
    runs = table("runs")
    query = (
        select(runs.c.id, runs.c.source, runs.c.reason, runs.c.started_at, runs.c.outcome)
        .order_by(runs.c.id.desc())
        .where(*([runs.c.source == source] if source is not None else []))
    )
    needed = _needed(transaction)
    seen: dict[str, int] = defaultdict(int)
    read_on: set[str] = set()
    found = []
    for row in transaction.connection.execute(query):
        seen[row.source] += 1
        last = seen[row.source] == 1
        if row.reason not in BESIDE and row.source not in read_on:
            read_on.add(row.source)
            last = True
        young = older_than is not None and row.started_at >= transaction.now - older_than
        kept = keep is not None and seen[row.source] <= keep
        if not (last or young or kept or row.outcome is None or row.id in needed):
            found.append(int(row.id))
    return found


def _needed(transaction: Transaction) -> set[int]:
    quarantine = table("quarantine")
    query = select(quarantine.c.run_id).where(quarantine.c.resolved_at.is_(None)).distinct()
    return set(transaction.connection.execute(query).scalars())


def prune(transaction: Transaction, numbers: Sequence[int]) -> Pruned:
    """Forget runs, and what only they needed."""
    runs, streams = table("runs"), table("run_streams")
    batches = 0
    for some in _slices(numbers):
        batches += _forget_batches(transaction, some)
        transaction.connection.execute(delete(streams).where(streams.c.run_id.in_(some)))
        transaction.connection.execute(delete(runs).where(runs.c.id.in_(some)))
    return Pruned(len(numbers), _forget_cursors(transaction) if numbers else 0, batches)


def _slices(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _AT_ONCE):
        yield numbers[start : start + _AT_ONCE]


def _forget_batches(transaction: Transaction, runs: Sequence[int]) -> int:
    """Forget batches of which nothing is left; the last one numbers those to come."""
    batches = table("batches")
    used = [
        exists().where(kind.table.c.batch_id == batches.c.id).correlate(batches)
        for kind in KINDS.values()
    ]
    last = transaction.connection.execute(select(func.max(batches.c.id))).scalar()
    done = transaction.connection.execute(
        delete(batches).where(batches.c.run_id.in_(runs), batches.c.id != (last or 0), ~or_(*used))
    )
    return done.rowcount


def _forget_cursors(transaction: Transaction) -> int:
    """Forget the values of each cursor before the one that the oldest run found."""
    runs, log = table("runs"), table("cursor_log")
    connection = transaction.connection
    oldest = connection.execute(
        select(runs.c.source, func.min(runs.c.id)).group_by(runs.c.source)
    ).all()
    gone = 0
    for source, first in oldest:
        began = connection.execute(
            select(runs.c.started_at).where(runs.c.id == first)
        ).scalar_one()
        before = or_(
            and_(log.c.run_id > 0, log.c.run_id < first),
            and_(log.c.run_id == 0, log.c.changed_at < began),
        )
        found = connection.execute(
            select(log.c.stream, log.c.purpose, func.max(log.c.id))
            .where(log.c.source == source, before)
            .group_by(log.c.stream, log.c.purpose)
        ).all()
        for stream, purpose, last in found:
            done = connection.execute(
                delete(log).where(
                    log.c.source == source,
                    log.c.stream == stream,
                    log.c.purpose == purpose,
                    log.c.id < last,
                )
            )
            gone += done.rowcount
    return gone
