"""
What several looks at all addresses did not meet has been withdrawn.

One look is not enough: a list may show an article or a review on the next page only, or skip one
while it is sorted anew. What was met neither in this whole pass nor in the one before is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Subquery,
    Table,
    and_,
    func,
    select,
    true,
)

from regard.pipeline.disappearing import Disappearance
from regard.records import Kind
from regard.records.encoding import encode_time
from regard.store import Batch, Deletion, Store
from regard.store.transactions import table

__all__ = ["Withdrawal"]

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """
    Finds what was not met since the pass before this one began.

    Attributes:
        source: The source's name.
        guard: The share of the stored records that may go at once.
        since: When the last whole pass before this one began.
        at: When this one ended.
        spared: A query for the keys that nobody could look for; None: there are none.
    """

    source: str
    guard: float
    since: datetime
    at: datetime
    spared: Subquery | None = None

    def measure(
        self, store: Store, kind: Kind, note: Callable[[str], None]
    ) -> Disappearance | None:
        """
        Return how much is gone; None: nothing, or nobody can tell.

        Args:
            store: Where the records are.
            kind: Their kind; one that does not say when it was seen tells nothing.
            note: Hears why nobody can tell.
        """
        if not kind.historic:
            return None
        if unnamed := self._unnamed(store, kind):
            which = "record does" if unnamed == 1 else "records do"
            note(f"{unnamed} refused {which} not say its key, so nothing was deleted")
            return None
        rows, places = self._places(kind)
        unseen = and_(rows.c.last_seen_at < self.since, self._not_refused(kind))
        lost = self._not_spared()
        counts = func.count(), func.count().filter(unseen), func.count().filter(unseen, lost)
        with store.read() as transaction:
            stored, unmet, missing = transaction.connection.execute(
                select(*counts).select_from(places).where(self._current(rows))
            ).one()
        if kept := unmet - missing:
            records, pages = "record that was not met stays", "its page"
            if kept > 1:
                records, pages = "records that were not met stay", "their pages"
            note(f"{kept} {records}: {pages}, or what led there, could not be read")
        return Disappearance(int(missing), int(stored), self.guard) if missing else None

    def _places(self, kind: Kind) -> tuple[Table, FromClause]:
        """Return the records' table, alone and beside what is spared."""
        rows = kind.table
        if self.spared is None:
            return rows, rows
        # Joined: some databases look through a long list of keys for each record anew.
        return rows, rows.outerjoin(self.spared, self.spared.c.key == rows.c.key)

    def _current(self, rows: Table) -> ColumnElement[bool]:
        return and_(
            rows.c.source == self.source, rows.c.valid_to.is_(None), rows.c.deleted_at.is_(None)
        )

    def _not_spared(self) -> ColumnElement[bool]:
        return true() if self.spared is None else self.spared.c.key.is_(None)

    def _unnamed(self, store: Store, kind: Kind) -> int:
        """Return how many refused records may be any of those that seem to be gone."""
        quarantine = table("quarantine")
        with store.read() as transaction:
            return int(
                transaction.connection.execute(
                    select(func.count()).where(
                        self._refused(kind), quarantine.c.record.startswith("raw:")
                    )
                ).scalar_one()
            )

    def _refused(self, kind: Kind) -> ColumnElement[bool]:
        quarantine = table("quarantine")
        return and_(
            quarantine.c.source == self.source,
            quarantine.c.kind == kind.name,
            quarantine.c.resolved_at.is_(None),
            quarantine.c.last_seen_at >= self.since,
        )

    def _not_refused(self, kind: Kind) -> ColumnElement[bool]:
        """What was met and refused is there, whatever it says."""
        quarantine = table("quarantine")
        refused = select(quarantine.c.record).where(self._refused(kind))
        key: ColumnElement[str] = kind.table.c.key
        return key.not_in(refused)

    def gone(self, store: Store, kind: Kind) -> Iterator[Batch]:
        """Yield batches that delete what is gone."""
        rows, places = self._places(kind)
        at = encode_time(self.at)
        after = ""
        while True:
            with store.read() as transaction:
                keys = [
                    str(key)
                    for (key,) in transaction.connection.execute(
                        select(rows.c.key)
                        .select_from(places)
                        .where(
                            self._current(rows),
                            self._not_spared(),
                            rows.c.last_seen_at < self.since,
                            self._not_refused(kind),
                            rows.c.key > after,
                        )
                        .order_by(rows.c.key)
                        .limit(_AT_ONCE)
                    )
                ]
            if not keys:
                return
            nothing: list[None] = [None] * len(keys)
            items = [Deletion(key, at) for key in keys]
            yield Batch(kind, list(items), list(nothing), origins=list(nothing))
            after = keys[-1]
