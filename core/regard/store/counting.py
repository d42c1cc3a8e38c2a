"""
How many records each source has, without reading the records.

A probe asks for it every minute, and tables get long. So rows are counted in the index of keys,
and the few that are deleted in an index of their own; of kinds that keep their history, an
index holds the current versions alone.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, func, select

from regard.records import KINDS, Kind
from regard.store.transactions import Transaction

__all__ = ["count_by", "current"]


def current(transaction: Transaction) -> dict[str, dict[str, int]]:
    """Return for each source how many current records of each kind it has; none is left out."""
    found: dict[str, dict[str, int]] = {}
    for kind in KINDS.values():
        for source, count in _current(transaction, kind).items():
            if count:
                found.setdefault(source, {})[kind.name] = count
    return found


def _current(transaction: Transaction, kind: Kind) -> dict[str, int]:
    rows = kind.table
    if kind.historic:
        return count_by(transaction, rows, rows.c.deleted_at.is_(None), rows.c.valid_to.is_(None))
    counts = count_by(transaction, rows)
    for source, deleted in count_by(transaction, rows, rows.c.deleted_at.is_not(None)).items():
        counts[source] -= deleted
    return counts


def count_by(
    transaction: Transaction, found: Table, *where: ColumnElement[bool]
) -> dict[str, int]:
    """Return for each source how many rows a table has of it."""
    query = select(found.c.source, func.count()).where(*where).group_by(found.c.source)
    return {row[0]: row[1] for row in transaction.connection.execute(query)}
