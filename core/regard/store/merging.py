"""
What becomes of each record of a batch: pure decisions, no database.

The rules are the same for both merge modes. A key that is not known is new. A record older
than what is stored is stale. Equal content is unchanged and not written. Anything else is
changed. Records of one batch are decided in their order, each against what the ones before
it left, so that the size of a batch never changes the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias, TypeGuard

from regard.records.encoding import Encoded, EncodedRows
from regard.runs import Counts

__all__ = [
    "Deletion",
    "HistoryPlan",
    "Item",
    "Known",
    "Remainder",
    "Sighting",
    "UpsertPlan",
    "Version",
    "plan_history",
    "plan_upserts",
]


class Deletion(NamedTuple):
    """That a record is gone since ``as_of``."""

    key: str
    as_of: str


class Sighting(NamedTuple):
    """That a record was still as it is stored at ``as_of``, though nobody read its content."""

    key: str
    as_of: str


class Remainder(NamedTuple):
    """
    That what is stored of a whole beside some records is gone since ``as_of``.

    Attributes:
        key: What the whole is called, such as the ``response_key`` of its answers.
        kept: The keys of the records that are left.
        among: Only records that say one of these; None: all. See `regard.store.wholes`.
    """

    key: str
    as_of: str
    kept: frozenset[str]
    among: frozenset[str] | None


class Known(NamedTuple):
    """
    What the store holds under a key; of historic kinds, the latest version.

    Attributes:
        last_run_id: The run that last changed it.
        valid_from: Only of historic kinds.
        last_seen_at: Only of historic kinds.
    """

    key: str
    as_of: str
    content_hash: str
    last_run_id: int
    deleted_at: str | None
    valid_from: str = ""
    last_seen_at: str = ""


Item: TypeAlias = Encoded | Deletion | Sighting | Remainder


@dataclass(frozen=True, slots=True)
class Version:
    """
    A row to write.

    Attributes:
        record: Its content.
        deleted_at: When it was deleted within the same batch.
        valid_from: Only of historic kinds.
        valid_to: Only of historic kinds.
        last_seen_at: Only of historic kinds.
    """

    record: Encoded
    deleted_at: str | None = None
    valid_from: str = ""
    valid_to: str | None = None
    last_seen_at: str = ""


@dataclass(slots=True)
class UpsertPlan:
    """
    What to write where the latest version wins.

    Attributes:
        write: Rows to insert or to overwrite.
        gone: Those of them that were deleted within the same batch, with the time.
        delete: Stored rows to mark, by key, with the time of deletion.
        counts: What became of the items.
        overruled: Indexes of items that a later item of the same file overruled though
            neither is older.
        rewritten: Indexes of items that overwrite a stored row of the same age.
        repeated: How many items overwrite an earlier one of the same age that came with them,
            but not from the same file.
        fresh: Nothing is stored under any of the keys.
    """

    write: Sequence[Encoded] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)
    delete: dict[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    overruled: list[int] = field(default_factory=list)
    rewritten: list[int] = field(default_factory=list)
    repeated: int = 0
    fresh: bool = False

    @property
    def writes(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.write or self.delete)


@dataclass(slots=True)
class _Slot:
    """Where one key stands while a batch is decided."""

    as_of: str
    content_hash: str
    deleted_at: str | None
    record: Encoded | None = None
    index: int = -1
    was_known: bool = True


def plan_upserts(
    items: Sequence[Item],
    known: Mapping[str, Known],
    *,
    files: Sequence[str | None] = (),
) -> UpsertPlan:
    """
    Decide a batch of a kind whose latest version wins.

    Args:
        items: Records and deletions in the order in which they were read.
        known: What the store holds under their keys.
        files: For each item the file it came from, or None; empty: none came from one.
    """
    plan = UpsertPlan(fresh=not known)
    if not known and _all_new(items):
        plan.write = items
        plan.counts.new = len(items)
        return plan
    if isinstance(items, EncodedRows) and _once_each(items):
        _decide_rows(items, known, plan)
        return plan
    slots: dict[str, _Slot] = {}
    for index, item in enumerate(items):
        slot = slots.get(item.key)
        if slot is None:
            stored = known.get(item.key)
            if stored is not None:
                slot = _Slot(stored.as_of, stored.content_hash, stored.deleted_at)
                slots[item.key] = slot
        if isinstance(item, Deletion):
            _decide_deletion(item, slot, plan)
        elif isinstance(item, Remainder):
            continue  # `regard.store.wholes` has said which records it means
        elif isinstance(item, Sighting):
            plan.counts.unchanged += slot is not None and slot.deleted_at is None
        elif slot is None:
            plan.counts.new += 1
            slots[item.key] = _Slot(
                item.as_of, item.content_hash, None, item, index, was_known=False
            )
        elif item.as_of < slot.as_of:
            plan.counts.stale += 1
        elif item.content_hash == slot.content_hash and slot.deleted_at is None:
            plan.counts.unchanged += 1
        else:
            _overwrite(item, index, slot, plan, files)
    _collect(slots, plan)
    return plan


def _all_new(items: Sequence[Item]) -> TypeGuard[Sequence[Encoded]]:
    """Say whether a batch has neither deletions nor a key twice: a first load's usual case."""
    if isinstance(items, EncodedRows):
        return _once_each(items)
    if any(type(item) is not Encoded for item in items):
        return False
    return len({item.key for item in items}) == len(items)


def _once_each(items: EncodedRows) -> bool:
    return len(set(items.cells[0])) == len(items)


def _decide_rows(items: EncodedRows, known: Mapping[str, Known], plan: UpsertPlan) -> None:
    """Decide rows of which none has another's key: so each meets only what is stored."""
    write: list[int] = []
    counts = plan.counts
    columns = items.cells[0], items.column("content_hash"), items.column("as_of")
    for at, (key, digest, as_of) in enumerate(zip(*columns, strict=True)):
        stored = known.get(key)  # type: ignore[arg-type]
        if stored is None:
            counts.new += 1
            write.append(at)
        elif as_of < stored.as_of:  # type: ignore[operator]
            counts.stale += 1
        elif digest == stored.content_hash and stored.deleted_at is None:
            counts.unchanged += 1
        else:
            counts.changed += 1
            if stored.as_of == as_of and stored.deleted_at is None:
                plan.rewritten.append(at)
            write.append(at)
    plan.write = items.only(write)


def _decide_deletion(item: Deletion, slot: _Slot | None, plan: UpsertPlan) -> None:
    if slot is None:
        return  # what was never stored need not be deleted, nor counted
    if slot.deleted_at is not None:
        plan.counts.unchanged += 1
    elif item.as_of < slot.as_of:
        plan.counts.stale += 1
    else:
        plan.counts.deleted += 1
        slot.deleted_at = slot.as_of = item.as_of


def _overwrite(
    item: Encoded, index: int, slot: _Slot, plan: UpsertPlan, files: Sequence[str | None]
) -> None:
    same_file = (
        slot.index >= 0
        and bool(files)
        and files[index] is not None
        and files[index] == files[slot.index]
    )
    if same_file and item.as_of == slot.as_of:
        # Two rows of one file say different things about one key, and neither is newer.
        # The later one wins and takes the earlier one's place in the counts.
        plan.overruled.append(slot.index)
        plan.counts.quarantined += 1
    else:
        plan.counts.changed += 1
        if item.as_of == slot.as_of and slot.deleted_at is None:
            if slot.index < 0:
                plan.rewritten.append(index)
            else:
                plan.repeated += 1
    slot.record, slot.index = item, index
    slot.as_of, slot.content_hash, slot.deleted_at = item.as_of, item.content_hash, None


def _collect(slots: Mapping[str, _Slot], plan: UpsertPlan) -> None:
    write: list[Encoded] = []
    for key, slot in slots.items():
        if slot.record is not None and slot.deleted_at is None:
            write.append(slot.record)
        elif slot.record is not None and slot.deleted_at is not None:
            # Deleted within the batch, it is as old as its deletion: a batch boundary between
            # the two would have made it so.
            write.append(slot.record._replace(as_of=slot.as_of))
            plan.gone[key] = slot.deleted_at
        elif slot.deleted_at is not None:
            plan.delete[key] = slot.deleted_at
    plan.write = write


@dataclass(slots=True)
class HistoryPlan:
    """
    What to write where every version is kept.

    Attributes:
        write: Versions to insert, or to overwrite where one was corrected.
        close: Stored versions that ended: (key, valid_from) to (valid_to, deleted_at).
        touch: Stored versions that were seen again: (key, valid_from) to last_seen_at.
        counts: What became of the items.
    """

    write: list[Version] = field(default_factory=list)
    close: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)
    touch: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    @property
    def writes(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.write or self.close or self.touch)


class _History:
    """Where one key of a historic kind stands while a batch is decided."""

    def __init__(self, stored: Known | None) -> None:
        self.stored = stored
        self.pending: list[Version] = []
        self.stored_seen_at = stored.last_seen_at if stored else ""
        # What is older than a deletion is as stale as what is older than a version.
        self.seen_at = max(self.stored_seen_at, (stored.deleted_at or "") if stored else "")
        self.closed: tuple[str, str | None] | None = None
        self.content_hash = stored.content_hash if stored else ""
        self.valid_from = stored.valid_from if stored else ""
        self.deleted = bool(stored and stored.deleted_at)

    @property
    def known(self) -> bool:
        return self.stored is not None or bool(self.pending)

    def see(self, as_of: str) -> None:
        """The current version was observed again."""
        self.seen_at = max(self.seen_at, as_of)
        if self.pending:
            self.pending[-1] = replace(self.pending[-1], last_seen_at=self.seen_at)
        else:
            self.stored_seen_at = self.seen_at

    def end(self, as_of: str, deleted_at: str | None) -> None:
        """The current version ended, unless it had ended before."""
        if self.deleted:
            return
        if self.pending:
            last = replace(self.pending[-1], valid_to=as_of, deleted_at=deleted_at)
            self.pending[-1] = last
        else:
            self.closed = (as_of, deleted_at)
        self.deleted = deleted_at is not None
        self.seen_at = max(self.seen_at, deleted_at or "")

    def begin(self, record: Encoded) -> None:
        """A version begins; one that began at the same instant is corrected."""
        version = Version(record, None, record.as_of, None, record.as_of)
        if self.pending and self.pending[-1].valid_from == record.as_of:
            self.pending[-1] = version
        else:
            self.pending.append(version)
        self.seen_at, self.content_hash = record.as_of, record.content_hash
        self.valid_from, self.deleted = record.as_of, False


def plan_history(items: Iterable[Item], known: Mapping[str, Known]) -> HistoryPlan:
    """
    Decide a batch of a kind that keeps every version.

    Args:
        items: Records and deletions in the order in which they were read.
        known: The latest stored version under their keys.
    """
    plan = HistoryPlan()
    histories: dict[str, _History] = {}
    for item in items:
        if isinstance(item, Remainder):
            continue  # no kind that keeps its history has wholes
        history = histories.get(item.key)
        if history is None:
            history = histories[item.key] = _History(known.get(item.key))
        _decide_version(item, history, plan.counts)
    for key, history in histories.items():
        plan.write.extend(history.pending)
        stored = history.stored
        if stored is None:
            continue
        place = (key, stored.valid_from)
        corrected = any(version.valid_from == stored.valid_from for version in history.pending)
        if corrected:
            continue
        if history.closed is not None:
            plan.close[place] = history.closed
        if history.stored_seen_at > stored.last_seen_at:
            plan.touch[place] = history.stored_seen_at
    return plan


def _decide_version(
    item: Encoded | Deletion | Sighting, history: _History, counts: Counts
) -> None:
    if isinstance(item, Deletion):
        if not history.known:
            return
        if history.deleted:
            counts.unchanged += 1
        elif item.as_of < history.seen_at:
            counts.stale += 1
        else:
            counts.deleted += 1
            history.end(item.as_of, item.as_of)
    elif isinstance(item, Sighting):
        # What is not stored, or was deleted, cannot have stayed as it was.
        if history.known and not history.deleted:
            counts.unchanged += 1
            history.see(item.as_of)
    elif not history.known:
        counts.new += 1
        history.begin(item)
    elif item.content_hash == history.content_hash and not history.deleted:
        counts.unchanged += 1
        history.see(item.as_of)
    elif item.as_of < history.seen_at:
        counts.stale += 1
    else:
        counts.changed += 1
        if item.as_of != history.valid_from:
            history.end(item.as_of, None)
        history.begin(item)
