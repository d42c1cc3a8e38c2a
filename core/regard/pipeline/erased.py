"""
Who was erased does not come back: records of such people are passed over, and only counted.

The tombstones are looked at in each batch's own transaction, so that a run that was going on
while somebody was erased stores nothing of this person either. Where there are none that is
one question to an empty table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from regard.host import Host
from regard.pipeline.preparing import Prepared
from regard.pipeline.rejudging import Sent
from regard.records import Kind
from regard.records.encoding import Encoded
from regard.secrets import privacy_key
from regard.settings import Project
from regard.store import Batch, Transaction, tombstones
from regard.store.tombstones import Marks, Recogniser

__all__ = ["Erased"]


@dataclass(slots=True)
class Erased:
    """
    Keeps erased people out of one stream.

    Attributes:
        source: The source's name.
        customers: The source that its customers are in.
        secret: Returns the project's privacy key; asked only where there are tombstones.
        passed_over: How many records were theirs.
    """

    source: str
    customers: str
    secret: Callable[[], bytes]
    passed_over: int = 0
    _known: int = 0
    _marks: Marks | None = None
    _foreign: bool = False

    @classmethod
    def of(cls, project: Project, host: Host, prepared: Prepared) -> Erased:
        """Return what keeps erased people out of a stream of a source."""
        customers = prepared.settings.customers or prepared.name
        return cls(prepared.name, customers, lambda: privacy_key(project, host.resolve_secret))

    def take_out(self, transaction: Transaction, batch: Batch) -> None:
        """
        Take out of a batch what is theirs, good or refused.

        Args:
            transaction: The batch's own.
            batch: Changed in place.
        """
        recogniser = self._recogniser(transaction, batch.kind)
        if recogniser is None:
            return
        kept = [at for at, item in enumerate(batch.items) if not _is_theirs(recogniser, item)]
        refused = [item for item in batch.refused if not recogniser.refused(item.record, item.raw)]
        gone = len(batch.items) - len(kept) + len(batch.refused) - len(refused)
        if not gone:
            return
        self.passed_over += gone
        batch.items = [batch.items[at] for at in kept]
        if batch.item_files:
            batch.item_files = [batch.item_files[at] for at in kept]
        if batch.origins:
            batch.origins = [batch.origins[at] for at in kept]
        batch.refused = refused

    def take_back(self, transaction: Transaction, sent: Sent) -> list[int]:
        """
        Take out of what is sent again what is theirs.

        Args:
            transaction: The batch's own.
            sent: Changed in place.

        Returns:
            The numbers of the refused records that they stood in.
        """
        recogniser = self._recogniser(transaction, sent.batch.kind)
        if recogniser is None:
            return []
        owners = {
            owner
            for owner, item in zip(sent.owners, sent.batch.items, strict=True)
            if _is_theirs(recogniser, item)
        }
        owners |= {
            at
            for at, item in enumerate(sent.items)
            if recogniser.refused(item.record, item.raw if item.raw is not None else "")
        }
        self.passed_over += len(owners)
        sent.pass_over(owners)
        return [sent.items[at].id for at in sorted(owners)]

    def _recogniser(self, transaction: Transaction, kind: Kind) -> Recogniser | None:
        """Return what tells whose records are theirs; None: nobody's can be."""
        number = tombstones.count(transaction)
        if not number:
            return None
        if number != self._known or self._marks is None:
            secret = self.secret()
            self._marks = tombstones.load(transaction, secret)
            self._foreign = tombstones.foreign_key(transaction, secret)
            self._known = number
        found = Recogniser(self._marks, kind, self.source, self.customers)
        return found if found.awake else None

    def notes(self) -> list[str]:
        """Return what an operator should know."""
        notes = []
        if self.passed_over == 1:
            notes.append("1 record belongs to an erased person and was passed over")
        elif self.passed_over:
            notes.append(
                f"{self.passed_over} records belong to erased persons and were passed over"
            )
        if self._foreign:
            notes.append(
                "the privacy key is not the one that persons were erased with: their records "
                "are not recognised; bring the former key back"
            )
        return notes


def _is_theirs(recogniser: Recogniser, item: object) -> bool:
    # That a record is gone says nothing about anybody.
    return isinstance(item, Encoded) and recogniser.record(item.key, item.values)
