"""
Rows of one file that disagree under one key: the later one is stored, the other can be found.

Within a batch both are at hand. Where a batch ended between them, the earlier one has been
stored already; it is taken out of the store as it was, so that what is in quarantine does not
depend on where batches end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regard.errors import RecordError
from regard.pipeline.batching import Batcher
from regard.pipeline.origins import Pending
from regard.records import Kind
from regard.records.encoding import encode_time
from regard.store import Batch, Refused, Transaction
from regard.store.batches import stored_rows
from regard.store.merging import HistoryPlan, Known, UpsertPlan

__all__ = ["Contradictions", "duplicate_key"]


def duplicate_key() -> RecordError:
    """Return why a row is refused that a later row of its file contradicts."""
    message = (
        "another row of the same file has this key and says something else; "
        "the later one was stored: is the key complete?"
    )
    return RecordError("duplicate-key", message, "key")


@dataclass(slots=True)
class Contradictions:
    """
    Finds stored rows that later rows of the same file contradict.

    Attributes:
        source: The source's name.
        run_id: The run.
        since: The first of the runs, this one and those before it that broke off, that read
            the same with the same settings.
        repeated: How many records overwrote one of the same age that came from no file, or
            from another one.
    """

    source: str
    run_id: int
    since: int
    repeated: int = 0
    _file: str | None = None
    _first: int = 0
    _others: frozenset[str] = field(default_factory=frozenset)

    def find(
        self,
        transaction: Transaction,
        plan: UpsertPlan | HistoryPlan,
        batch: Batch,
        known: Mapping[str, Known],
        batcher: Batcher,
    ) -> list[Refused]:
        """Return the stored rows that a batch contradicts, and count them as refused."""
        if isinstance(plan, HistoryPlan):
            return []
        self.repeated += plan.repeated
        keys = {batch.items[at].key: at for at in plan.rewritten}
        recent = [key for key in keys if known[key].last_run_id >= self.since]
        found = []
        for row in stored_rows(transaction, batch.kind, self.source, recent):
            at = keys[row["key"]]
            origin = batch.origins[at]
            file = batch.item_files[at] if batch.item_files else None
            if file is not None and self._same_file(row, file, known[row["key"]], origin, batcher):
                found.append(_refused(batch.kind, row, file, batcher))
            elif row["last_run_id"] == self.run_id:
                self.repeated += 1
        plan.counts.changed -= len(found)
        plan.counts.quarantined += len(found)
        return found

    def _same_file(
        self,
        row: Mapping[str, Any],
        file: str,
        known: Known,
        origin: Pending | None,
        batcher: Batcher,
    ) -> bool:
        """Say whether a stored row came from a file, too."""
        if row["last_run_id"] != self.run_id:
            # Nobody has kept which file a run that broke off had in hand; a row that is just
            # as old as this one came from it.
            modified_at = origin.page.modified_at if origin and origin.page else None
            return (
                modified_at is not None
                and encode_time(min(modified_at, batcher.now)) == known.as_of
            )
        number = row["batch_id"]
        if file != self._file or not self._first or number < self._first:
            return False
        return number > self._first or row["key"] not in self._others

    def remember(self, batch: Batch, batch_id: int) -> None:
        """
        Take note of a batch that has been stored.

        Args:
            batch: The batch.
            batch_id: Its number; 0 where it changed nothing.
        """
        if not batch.item_files:
            return
        last = batch.item_files[-1]
        if last == self._file and (self._first or not batch_id):
            return
        self._file, self._first, self._others = last, batch_id, frozenset()
        if batch.item_files[0] != last:
            pairs = zip(batch.keys(), batch.item_files, strict=True)
            self._others = frozenset(key for key, file in pairs if file != last)


def _refused(kind: Kind, row: Mapping[str, Any], file: str, batcher: Batcher) -> Refused:
    """Return a stored row as a refused record: the row that it came from is not at hand."""
    error = duplicate_key()
    names = ("key", "as_of", *kind.fields, "extra")
    raw = {name: row[name] for name in names if row[name] is not None}
    return Refused(
        row["key"],
        error.reason,
        str(error),
        raw,
        error.field,
        file,
        identifiers=batcher.identify(raw),
    )
