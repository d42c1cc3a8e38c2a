"""
Which records an enricher has not seen: whether there are any, and which come next.

What was only seen again says nothing new, and is not among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, and_, func, or_, select, tuple_

from regard.records import KINDS, Kind
from regard.store.enriching import Progress, progress_of
from regard.store.transactions import Transaction

__all__ = ["Changed", "behind", "changed", "why_stale"]

_NEVER: Final = "it has never been run"


@dataclass(frozen=True, slots=True)
class Changed:
    """
    Some records that an enricher has not seen.

    Attributes:
        kind: Their kind.
        records: Their fields with ``key``, by source.
        gone: The keys of those that are deleted, by source.
        last: Batch, source and key of the last one.
    """

    kind: Kind
    records: Mapping[str, Sequence[Mapping[str, Any]]]
    gone: Mapping[str, Sequence[str]]
    last: tuple[int, str, str]


def changed(
    transaction: Transaction, kind: Kind, progress: Progress, upto: int, limit: int
) -> Changed | None:
    """
    Return the next records of a kind that an enricher has not seen; None: there are none.

    Args:
        transaction: A reading one.
        kind: The kind.
        progress: How far it has come.
        upto: Only those up to this batch.
        limit: So many at most.
    """
    rows = kind.table
    batch = _batch_of(rows)
    place = (batch, rows.c.source, rows.c.key)
    at = progress.seen.get(kind.name)
    later = batch > progress.batch_id
    if at is not None:
        # Said twice: the first half is what an index is good for.
        later = and_(batch >= at[0], tuple_(*place) > tuple_(*at))
    names = (*kind.fields, "key", "extra")
    chosen = [*place[:2], rows.c.deleted_at, *(rows.c[name] for name in names)]
    query = select(*chosen).where(later, batch <= upto).order_by(*place).limit(limit)
    found = transaction.connection.execute(query).all()
    if not found:
        return None
    last = found[-1]
    records: dict[str, list[Mapping[str, Any]]] = {}
    gone: dict[str, list[str]] = {}
    if kind.historic:
        gone = _keys(found)
        current = select(*chosen).where(rows.c.valid_to.is_(None), rows.c.deleted_at.is_(None))
        conditions = [
            and_(rows.c.source == source, rows.c.key.in_(keys)) for source, keys in gone.items()
        ]
        found = transaction.connection.execute(current.where(or_(*conditions))).all()
    for _, source, deleted_at, *values in found:
        record = dict(zip(names, values, strict=True))
        if deleted_at is not None:
            gone.setdefault(source, []).append(record["key"])
            continue
        record["extra"] = json.loads(record["extra"]) if record["extra"] else {}
        records.setdefault(source, []).append(record)
    if kind.historic:
        # Of these some version was written, and none holds any more.
        held = {source: {record["key"] for record in some} for source, some in records.items()}
        gone = {
            source: [key for key in keys if key not in held.get(source, ())]
            for source, keys in gone.items()
        }
    return Changed(kind, records, gone, (last[0], last.source, last.key))


def _batch_of(rows: Table) -> ColumnElement[int]:
    """Return which batch last changed what a row says; that it was seen again is no change."""
    found: ColumnElement[int] = rows.c.get("content_batch_id", rows.c.batch_id)
    return found


def _keys(found: Sequence[Row[Any]]) -> dict[str, list[str]]:
    """Return the keys of rows by source, each once."""
    keys: dict[str, dict[str, None]] = {}
    for row in found:
        keys.setdefault(row.source, {})[row.key] = None
    return {source: list(some) for source, some in keys.items()}


def why_stale(
    transaction: Transaction,
    name: str,
    recipe: str | None = None,
    after: Iterable[str] = (),
) -> str | None:
    """
    Return why an enricher should be run; None: it has seen everything.

    Args:
        transaction: Any.
        name: The enricher.
        recipe: What its results would be made by today; None: that is not known here.
        after: The enricher whose side tables it reads beside the records.
    """
    known = progress_of(transaction, name)
    if known is None or not known.run_id:
        return _NEVER
    if recipe is not None and known.recipe != recipe:
        return "its version, its settings or what it reads has changed"
    tables = [KINDS[kind].table for kind in known.inputs if kind in KINDS]
    if known.sets:
        others = [progress_of(transaction, other) for other in after]
        tables += [side.table for other in others if other for side in other.sides]
    for rows in tables:
        newest = transaction.connection.execute(select(func.max(_batch_of(rows)))).scalar()
        if newest is not None and newest > known.batch_id:
            return f"there are newer {rows.name.removeprefix('side_')}"
    return None


def behind(transaction: Transaction, names: Iterable[str]) -> list[str]:
    """Return which enrichers have not seen all records that they read."""
    return [name for name in names if why_stale(transaction, name) is not None]
