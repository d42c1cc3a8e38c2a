"""
How refused records leave quarantine by somebody's wish: sent again, or given up.

A record that is given up keeps its identity, so that reading it again is no news and does not
count against the error budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from regard.errors import RecordError
from regard.store.quarantine import RefusedRecord, pack, unpack
from regard.store.texts import storable
from regard.store.transactions import Transaction, table

__all__ = [
    "Selection",
    "StreamPlace",
    "drop",
    "droppable",
    "erase",
    "keep_refused",
    "numbers",
    "places",
    "resolve_replayed",
    "waiting",
]

DROPPED = "dropped"
REPLAYED = "replayed"
_AT_ONCE = 500
_NAMES = tuple(item.name for item in fields(RefusedRecord))


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which refused records are meant; what is None or empty does not narrow it.

    Attributes:
        source: Those of this source.
        reason: Those refused for this reason.
        numbers: Those with these numbers.
    """

    source: str | None = None
    reason: str | None = None
    numbers: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.source or self.reason or self.numbers)


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """A stream that has refused records waiting."""

    source: str
    stream: str
    kind: str
    count: int


def _chosen(selection: Selection, *, purge: bool = False) -> list[ColumnElement[bool]]:
    quarantine = table("quarantine")
    waits: ColumnElement[bool] = quarantine.c.resolved_at.is_(None)
    if purge:
        waits = waits | (quarantine.c.resolution == DROPPED)
    found = [waits]
    if selection.source is not None:
        found.append(quarantine.c.source == selection.source)
    if selection.reason is not None:
        found.append(quarantine.c.reason == selection.reason)
    if selection.numbers:
        found.append(quarantine.c.id.in_(selection.numbers))
    return found


def numbers(transaction: Transaction, wanted: Iterable[int]) -> set[int]:
    """Return which of some numbers name a refused record, resolved or not."""
    quarantine = table("quarantine")
    query = select(quarantine.c.id).where(quarantine.c.id.in_(list(wanted)))
    return set(transaction.connection.execute(query).scalars())


def places(transaction: Transaction, selection: Selection) -> list[StreamPlace]:
    """Return the streams with open refused records among those that are meant."""
    quarantine = table("quarantine")
    columns = [quarantine.c[name] for name in ("source", "stream", "kind")]
    query = (
        select(*columns, func.count())
        .where(*_chosen(selection))
        .group_by(*columns)
        .order_by(*columns)
    )
    rows = transaction.connection.execute(query)
    return [StreamPlace(row[0], row[1], row[2], row[3]) for row in rows]


def waiting(
    transaction: Transaction,
    selection: Selection,
    place: StreamPlace,
    *,
    after: int = 0,
    limit: int = _AT_ONCE,
) -> list[RefusedRecord]:
    """Return open refused records of a stream with their payloads, by number."""
    quarantine = table("quarantine")
    query = (
        select(*(quarantine.c[name] for name in _NAMES))
        .where(
            *_chosen(selection),
            quarantine.c.source == place.source,
            quarantine.c.stream == place.stream,
            quarantine.c.kind == place.kind,
            quarantine.c.id > after,
        )
        .order_by(quarantine.c.id)
        .limit(limit)
    )
    return [_record(row._asdict()) for row in transaction.connection.execute(query)]


def _record(values: dict[str, Any]) -> RefusedRecord:
    return RefusedRecord(**{**values, "raw": unpack(values["raw"])})


def resolve_replayed(transaction: Transaction, done: Sequence[int]) -> None:
    """Mark refused records whose payload has now been stored."""
    quarantine = table("quarantine")
    for start in range(0, len(done), _AT_ONCE):
        transaction.connection.execute(
            update(quarantine)
            .where(
                quarantine.c.id.in_(done[start : start + _AT_ONCE]),
                quarantine.c.resolved_at.is_(None),
            )
            .values(resolved_at=transaction.now, resolution=REPLAYED)
        )


def keep_refused(transaction: Transaction, item: RefusedRecord, error: RecordError) -> None:
    """Note why a record is refused today; its first reason stays where the new one is taken."""
    quarantine = table("quarantine")
    reason = storable(error.reason)
    if reason != item.reason:
        taken = transaction.connection.execute(
            select(quarantine.c.id).where(
                quarantine.c.source == item.source,
                quarantine.c.stream == item.stream,
                quarantine.c.record == item.record,
                quarantine.c.reason == reason,
            )
        ).scalar()
        if taken is not None:
            return
    transaction.connection.execute(
        update(quarantine)
        .where(quarantine.c.id == item.id)
        .values(
            reason=reason,
            message=storable(str(error))[:1000],
            field=None if error.field is None else storable(error.field),
        )
    )


def erase(transaction: Transaction, erased: Sequence[int]) -> None:
    """Delete refused records with all that is known of them."""
    quarantine = table("quarantine")
    for start in range(0, len(erased), _AT_ONCE):
        some = erased[start : start + _AT_ONCE]
        transaction.connection.execute(delete(quarantine).where(quarantine.c.id.in_(some)))


def drop(transaction: Transaction, selection: Selection, *, purge: bool = False) -> int:
    """
    Give refused records up.

    Args:
        transaction: A writing one.
        selection: Which ones.
        purge: Also delete their payloads, and those of records that were given up before.

    Returns:
        How many records that concerned.
    """
    quarantine = table("quarantine")
    values: dict[str, Any] = {"resolved_at": transaction.now, "resolution": DROPPED}
    if purge:
        values |= {"raw": pack(""), "identifiers": None}
    done = transaction.connection.execute(
        update(quarantine).where(*_chosen(selection, purge=purge)).values(**values)
    )
    return done.rowcount


def droppable(transaction: Transaction, selection: Selection, *, purge: bool = False) -> int:
    """Return how many records `drop` would concern."""
    quarantine = table("quarantine")
    query = select(func.count()).select_from(quarantine).where(*_chosen(selection, purge=purge))
    return int(transaction.connection.execute(query).scalar_one())
