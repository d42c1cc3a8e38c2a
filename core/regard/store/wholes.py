"""
What is stored of a whole beside the records that its source has of it is gone.

A response that comes again may lack an answer that it had: it was taken back, or another option
was chosen. Nobody names the record that is no more, so it is looked for here, within the
transaction that stores the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from regard.records.encoding import Encoded, EncodedRows, StoredValue
from regard.store.batches import Batch
from regard.store.merging import Deletion, Item, Known, Remainder
from regard.store.transactions import Transaction

__all__ = ["FIELDS", "settle"]

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "answer": ("response_key", "question"),
    "visit_score": ("visit_key", "item"),
}
"""What names the whole that a record belongs to, and what the record is about, by kind."""

_Members = dict[str, dict[str, StoredValue]]


def settle(
    transaction: Transaction | None, batch: Batch, source: str, known: dict[str, Known]
) -> None:
    """
    Put a deletion for each record that is gone in the place of every remainder.

    Args:
        transaction: The batch's own; None: nothing is stored.
        batch: Changed in place.
        source: The source's name.
        known: What is stored under the batch's keys; what is gone is added.
    """
    if isinstance(batch.items, EncodedRows):
        return
    found = [item for item in batch.items if isinstance(item, Remainder)]
    if not found:
        return
    members: _Members = {item.key: {} for item in found}
    if transaction is not None:
        writer = transaction.writer
        # Where looking reads the whole table, what has only new records is taken for new: in a
        # first load all is.
        counts = {each.key: sum(key in known for key in each.kept) for each in found}
        empty = {each.key for each in found if not each.kept}
        asked = {
            name: count
            for name, count in counts.items()
            if count or writer.finds_members or name in empty
        }
        whole, about = FIELDS[batch.kind.name]
        rows = writer.members(batch.kind.table, whole, about, source, asked)
        for name, key, said in rows if asked else ():
            if name in members:
                members[name][key] = said
    _replace(batch, members)
    gone = [item.key for item in batch.items if isinstance(item, Deletion)]
    if transaction is not None and (new := [key for key in gone if key not in known]):
        known.update(transaction.writer.known(batch.kind.table, source, new))


def _replace(batch: Batch, members: _Members) -> None:
    whole, about = map(batch.kind.fields.index, FIELDS[batch.kind.name])
    items: list[Item] = []
    files: list[str | None] = []
    origins: list[Any] = []
    for item, file, origin in zip(batch.items, batch.item_files, batch.origins, strict=True):
        if not isinstance(item, Remainder):
            if isinstance(item, Encoded) and (name := str(item.values[whole])) in members:
                # Another file of the same batch may have other records of it.
                members[name][item.key] = item.values[about]
            items.append(item)
            files.append(file)
            origins.append(origin)
            continue
        for key in _gone(item, members[item.key]):
            items.append(Deletion(key, item.as_of))
            files.append(file)
            origins.append(None)
    batch.items, batch.item_files, batch.origins = items, files, origins


def _gone(left: Remainder, members: Mapping[str, StoredValue]) -> Iterable[str]:
    for key, about in members.items():
        if key not in left.kept and (left.among is None or about in left.among):
            yield key
