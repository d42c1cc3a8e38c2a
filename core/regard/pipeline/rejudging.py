"""Refused records, judged again as a run would judge them today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from regard.errors import FileError, RecordError, SourceChanged
from regard.pipeline.batching import Batcher
from regard.pipeline.fingerprints import age_of
from regard.pipeline.resending import Resender
from regard.records import Kind
from regard.records.encoding import Encoded
from regard.runs import Counts
from regard.sources import Delete, FileProgress, InputFile, Page, Whole
from regard.store import Batch, RefusedRecord, Transaction
from regard.store import files as stored_files
from regard.store.merging import Known
from regard.store.transactions import table

__all__ = ["Ages", "Sent", "StreamReplay"]


@dataclass(slots=True)
class Sent:
    """
    What sending some refused records again came to.

    Attributes:
        batch: The records that passed.
        owners: For each of the batch's items the refused record it came from, by index.
        items: The refused records.
        bad: Those that are still refused, by index, with today's reason.
        stuck: How many cannot be judged alone.
        empty: Those that are no records today, by index.
        passed_over: Those of erased people, by index.
    """

    batch: Batch
    items: Sequence[RefusedRecord]
    owners: list[int] = field(default_factory=list)
    bad: dict[int, RecordError] = field(default_factory=dict)
    stuck: set[int] = field(default_factory=set)
    empty: set[int] = field(default_factory=set)
    passed_over: set[int] = field(default_factory=set)

    @property
    def good(self) -> list[int]:
        """The numbers of those that are resolved."""
        left = self.bad.keys() | self.stuck | self.passed_over
        return [item.id for at, item in enumerate(self.items) if at not in left]

    def withdraw(self, wrong: Mapping[int, RecordError]) -> None:
        """Take records back that passed the validator, and all that came with them."""
        if not wrong:
            return
        self.bad.update(wrong)
        self._keep([at for at, owner in enumerate(self.owners) if owner not in wrong])

    def pass_over(self, owners: AbstractSet[int]) -> None:
        """Leave refused records out of everything, counts included."""
        self.passed_over |= owners
        for at in owners:
            self.bad.pop(at, None)
        self.stuck -= owners
        self.empty -= owners
        self._keep([at for at, owner in enumerate(self.owners) if owner not in owners])

    def _keep(self, kept: Sequence[int]) -> None:
        batch = self.batch
        batch.items = [batch.items[at] for at in kept]
        batch.item_files = [batch.item_files[at] for at in kept]
        batch.origins = [batch.origins[at] for at in kept]
        self.owners = [self.owners[at] for at in kept]

    def rivals(self, known: Mapping[str, Known]) -> dict[int, RecordError]:
        """
        Return those that say something else than a version that is just as old.

        Which of the two is right cannot be told here, so what is stored stays.
        """
        wrong: dict[int, RecordError] = {}
        held = {
            key: (max(found.as_of, found.last_seen_at), found.content_hash)
            for key, found in known.items()
            if found.deleted_at is None
        }
        for owner, item in zip(self.owners, self.batch.items, strict=True):
            if not isinstance(item, Encoded):
                continue
            as_of, digest = held.get(item.key, ("", ""))
            if item.as_of == as_of and item.content_hash != digest:
                message = "another version of this record that is just as old is stored already"
                wrong[owner] = RecordError("duplicate-key", message)
            elif item.as_of > as_of:
                held[item.key] = item.as_of, item.content_hash
        return wrong

    def counts(self, stored: Counts) -> Counts:
        """Return the counts of all of them, given those of what was stored."""
        counts = replace(stored)
        counts.quarantined += len(self.bad) + len(self.stuck)
        counts.unchanged += len(self.empty)
        counts.read += len(self.bad) + len(self.stuck) + len(self.empty)
        return counts


@dataclass(slots=True)
class Ages:
    """
    How old payloads are: as old as their file, else as the run that read them.

    Attributes:
        files: How old files are, by stream and path.
        runs: When runs began, by number.
    """

    files: Mapping[tuple[str, str], datetime]
    runs: Mapping[int, datetime]

    @classmethod
    def load(cls, transaction: Transaction, source: str) -> Ages:
        """Return the ages of all that a source has in quarantine."""
        stored = table("runs")
        rows = transaction.connection.execute(
            select(stored.c.id, stored.c.started_at).where(stored.c.source == source)
        )
        return cls(
            {
                (state.stream, state.path): age_of(state.path, state.modified_ns)
                for state in stored_files.load(transaction, source)
            },
            {row[0]: row[1] for row in rows},
        )

    def of(self, item: RefusedRecord) -> datetime:
        """Return how old a payload is."""
        read_at = self.runs.get(item.run_id, item.last_seen_at)
        file = self.files.get((item.stream, item.file)) if item.file else None
        return read_at if file is None else min(file, read_at)


@dataclass(slots=True)
class StreamReplay:
    """
    Sends the refused records of one stream again.

    Attributes:
        resender: Asks the source.
        kind: The kind of the stream's records today.
        batcher: Validates and encodes.
        ages: How old payloads are.
        reasons: Why records could not be judged alone, and how often.
    """

    resender: Resender
    kind: Kind
    batcher: Batcher
    ages: Ages
    reasons: Counter[str] = field(default_factory=Counter)

    def send(self, items: Sequence[RefusedRecord]) -> Sent:
        """Send records again and sort what comes of them."""
        sent = Sent(Batch(self.kind), items)
        for at, item in enumerate(items):
            as_of = self.ages.of(item)
            try:
                found = self.resender.records(item)
            except RecordError as error:
                sent.bad[at] = error
            except (FileError, SourceChanged) as error:
                sent.stuck.add(at)
                self.reasons[str(error).splitlines()[0]] += 1
            else:
                self._judge(found, at, as_of, sent)
        return sent

    def _judge(self, found: Sequence[Any], at: int, as_of: datetime, sent: Sent) -> None:
        """Validate what one payload says; it is good only if all of it is."""
        name = sent.items[at].file or ""
        progress = FileProgress(InputFile(Path(name), name, 0, as_of), 0)
        for record in found:
            if isinstance(record, Delete):
                self.batcher.add_word(Delete(record.key, record.as_of or as_of))
            elif isinstance(record, Whole):
                continue  # what one row says alone removes nothing
            else:
                self.batcher.add_page(Page([record], progress=progress), 0, 1)
        batch = self.batcher.take()
        if batch.refused:
            first = batch.refused[0]
            sent.bad[at] = RecordError(first.reason, first.message, first.field)
            return
        if not batch.items:
            sent.empty.add(at)
        sent.batch.items = [*sent.batch.items, *batch.items]
        # Two records of one file that differ are told apart by their age, not by their place.
        sent.batch.item_files = [None] * len(sent.batch.items)
        sent.batch.origins = [*sent.batch.origins, *batch.origins]
        sent.owners += [at] * len(batch.items)
