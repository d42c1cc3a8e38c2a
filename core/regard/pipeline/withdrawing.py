"""
What several looks at all addresses did not meet has been withdrawn.

One look is not enough: a list may show an article or a review on the next page only, or skip one
while it is sorted anew. What was met neither in this whole pass nor in the one before is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

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
        spared: The keys of pages that failed.
    """

    source: str
    guard: float
    since: datetime
    at: datetime
    spared: frozenset[str] = frozenset()

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
        rows = kind.table
        current = and_(
            rows.c.source == self.source, rows.c.valid_to.is_(None), rows.c.deleted_at.is_(None)
        )
        unseen = and_(rows.c.last_seen_at < self.since, self._not_refused(kind))
        with store.read() as transaction:
            stored, missing = transaction.connection.execute(
                select(func.count(), func.count().filter(unseen)).where(current)
            ).one()
        return Disappearance(int(missing), int(stored), self.guard) if missing else None

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
        """What was met and refused is there, whatever it says; what failed may be."""
        quarantine = table("quarantine")
        refused = select(quarantine.c.record).where(self._refused(kind))
        key = kind.table.c.key
        return and_(key.not_in(refused), key.not_in(sorted(self.spared)))

    def gone(self, store: Store, kind: Kind) -> Iterator[Batch]:
        """Yield batches that delete what is gone."""
        rows = kind.table
        at = encode_time(self.at)
        after = ""
        while True:
            with store.read() as transaction:
                keys = [
                    str(key)
                    for (key,) in transaction.connection.execute(
                        select(rows.c.key)
                        .where(
                            rows.c.source == self.source,
                            rows.c.valid_to.is_(None),
                            rows.c.deleted_at.is_(None),
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
