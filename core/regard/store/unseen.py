"""Which records an enricher has not seen: whether there are any, and which come next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, func, select, tuple_

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
    place = (rows.c.batch_id, rows.c.source, rows.c.key)
    at = progress.seen.get(kind.name)
    later = rows.c.batch_id > progress.batch_id
    if at is not None:
        # Said twice: the first half is what an index is good for.
        later = and_(rows.c.batch_id >= at[0], tuple_(*place) > tuple_(*at))
    query = select(rows).where(later, rows.c.batch_id <= upto).order_by(*place).limit(limit)
    found = [row._asdict() for row in transaction.connection.execute(query)]
    if not found:
        return None
    last = found[-1]
    if kind.historic:
        found = list(_current(transaction, kind, found))
    records: dict[str, list[Mapping[str, Any]]] = {}
    gone: dict[str, list[str]] = {}
    names = kind.fields
    for row in found:
        if row["deleted_at"] is not None:
            gone.setdefault(row["source"], []).append(row["key"])
            continue
        record = {name: row[name] for name in names}
        record["key"] = row["key"]
        record["extra"] = json.loads(row["extra"]) if row["extra"] else {}
        records.setdefault(row["source"], []).append(record)
    return Changed(kind, records, gone, (last["batch_id"], last["source"], last["key"]))


def _current(
    transaction: Transaction, kind: Kind, found: Sequence[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    """Yield the versions that hold of records of which any version was written."""
    rows = kind.table
    by_source: dict[str, dict[str, None]] = {}
    for row in found:
        by_source.setdefault(row["source"], {})[row["key"]] = None
    for source, keys in by_source.items():
        left = dict(keys)
        query = select(rows).where(
            rows.c.source == source,
            rows.c.key.in_(list(keys)),
            rows.c.valid_to.is_(None),
            rows.c.deleted_at.is_(None),
        )
        for current in transaction.connection.execute(query):
            left.pop(current.key, None)
            yield current._asdict()
        yield from ({"source": source, "key": key, "deleted_at": True} for key in left)


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
    if known is None:
        return _NEVER
    if recipe is not None and known.recipe != recipe:
        return "its version, its settings or what it reads has changed"
    tables = [KINDS[kind].table for kind in known.inputs if kind in KINDS]
    if known.sets:
        others = [progress_of(transaction, other) for other in after]
        tables += [side.table for other in others if other for side in other.sides]
    for rows in tables:
        newest = transaction.connection.execute(select(func.max(rows.c.batch_id))).scalar()
        if newest is not None and newest > known.batch_id:
            return f"there are newer {rows.name.removeprefix('side_')}"
    return None


def behind(transaction: Transaction, names: Iterable[str]) -> list[str]:
    """Return which enrichers have not seen all records that they read."""
    return [name for name in names if why_stale(transaction, name) is not None]
