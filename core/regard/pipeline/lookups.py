"""What a source may ask of the store about its own records while it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from regard.records import KINDS, Kind
from regard.store import Store
from regard.store.quarantine import unpack
from regard.store.transactions import table

__all__ = ["Lookups"]

_AT_ONCE = 400


@cache
def _current(kind: str) -> Select[Any]:
    """Return the query for current records; making it anew for each page costs more than it."""
    rows = KINDS[kind].table
    current = [
        rows.c.source == bindparam("source"),
        rows.c.deleted_at.is_(None),
        rows.c.key.in_(bindparam("keys", expanding=True)),
    ]
    names = ["key", *KINDS[kind].fields]
    if KINDS[kind].historic:
        current.append(rows.c.valid_to.is_(None))
        names.append("last_seen_at")
    return select(*(rows.c[name] for name in names)).where(*current)


@dataclass(frozen=True, slots=True)
class Lookups:
    """
    Looks into the store for one source.

    Attributes:
        store: The store; None: there is none, and so nothing in it.
        source: The source's name.
    """

    store: Store | None
    source: str

    def stored(self, kind: Kind, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the current fields of records by key; what is not stored is left out."""
        if self.store is None or not keys:
            return {}
        found: dict[str, dict[str, Any]] = {}
        with self.store.read() as transaction:
            for start in range(0, len(keys), _AT_ONCE):
                wanted = {"source": self.source, "keys": list(keys[start : start + _AT_ONCE])}
                answer = transaction.connection.execute(_current(kind.name), wanted)
                for row in answer.mappings():
                    found[str(row["key"])] = dict(row)
        return found

    def refused(self, stream: str, key: str, reason: str) -> Mapping[str, Any] | None:
        """Return the payload of a refused record that is still open; None: there is none."""
        if self.store is None:
            return None
        quarantine = table("quarantine")
        with self.store.read() as transaction:
            raw = transaction.connection.execute(
                select(quarantine.c.raw).where(
                    quarantine.c.source == self.source,
                    quarantine.c.stream == stream,
                    quarantine.c.record == key,
                    quarantine.c.reason == reason,
                    quarantine.c.resolved_at.is_(None),
                )
            ).scalar()
        payload = unpack(raw) if raw is not None else None
        return payload if isinstance(payload, Mapping) else None
