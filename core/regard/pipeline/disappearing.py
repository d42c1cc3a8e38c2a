"""
What is missing from a complete read has disappeared.

Unchanged records are not written, so nothing in the store tells which ones a run has met. A
census keeps that beside the store: eight bytes for each record, in memory, and forgotten with
the process. A run that is killed has derived nothing, and the next complete one starts anew.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import ceil

from regard.findings import Finding, Severity
from regard.pipeline.inputs import Inputs
from regard.records import Kind
from regard.records.encoding import Encoded, encode_time
from regard.store import Batch, Deletion, Store, disappeared

__all__ = ["Census", "Disappearance"]

_BUCKETS = 256
_MASK = (1 << 64) - 1


class KeySet:
    """
    A set of keys that only knows their hashes; they come first, the questions afterwards.

    Two keys with one hash look like one. Among ten million that happens once in a hundred
    thousand runs, and then one record that has disappeared stays until the next run.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(_BUCKETS)]
        self._sorted: list[array[int] | None] = [None] * _BUCKETS

    def add(self, keys: Iterable[str]) -> None:
        """Take keys in."""
        buckets = self._buckets
        for key in keys:
            digest = hash(key) & _MASK
            buckets[digest % _BUCKETS].append(digest)
        self._sorted = [None] * _BUCKETS

    def __contains__(self, key: str) -> bool:
        digest = hash(key) & _MASK
        place = digest % _BUCKETS
        bucket = self._sorted[place]
        if bucket is None:
            bucket = self._sorted[place] = array("Q", sorted(self._buckets[place]))
        found = bisect_left(bucket, digest)
        return found < len(bucket) and bucket[found] == digest


@dataclass(frozen=True, slots=True)
class Disappearance:
    """
    How much has disappeared.

    Attributes:
        missing: How many stored records the read has not met.
        stored: How many there are.
        guard: The share of them that may disappear at once.
    """

    missing: int
    stored: int
    guard: float

    @property
    def too_much(self) -> bool:
        """Whether rather the source than the records is to be doubted."""
        return self.missing > self.guard * self.stored

    def finding(self, source: str, stream: str) -> Finding:
        """Return what somebody should look at, and how to let the records go."""
        enough = ceil(100 * self.missing / self.stored) / 100
        text = (
            f"{self.missing} of {self.stored} stored records of stream {stream!r} were not in "
            f"a complete read, more than the {self.guard:.0%} that disappear_guard allows; "
            f"none was deleted. If they are gone, disappear_guard = {enough:g} in "
            f"[sources.{source}] lets a run delete them"
        )
        return Finding(
            "records-disappeared",
            text,
            Severity.CRITICAL,
            stream,
            value=Decimal(self.missing),
            n=self.stored,
            why="the source gave less than all, or it was changed on purpose",
        )


@dataclass(slots=True)
class Census:
    """
    Counts the records that one stream's complete read meets.

    Attributes:
        source: The source's name.
        stream: The stream's name.
        inputs: Tells whether files were left out.
        guard: The share of the stored records that may disappear at once.
        at: When the run began: what is newer was not there to be met.
        unnamed: Refused records that do not say which record they are.
    """

    source: str
    stream: str
    inputs: Inputs
    guard: float
    at: datetime
    unnamed: int = 0
    _met: KeySet = field(default_factory=KeySet)

    def meet(self, batch: Batch) -> None:
        """Take in the records of a batch: also a refused one is there."""
        self._met.add(item.key for item in batch.items if isinstance(item, Encoded))
        named = [item.record for item in batch.refused if not item.record.startswith("raw:")]
        self._met.add(named)
        self.unnamed += len(batch.refused) - len(named)

    def measure(
        self, store: Store, kind: Kind, note: Callable[[str], None]
    ) -> Disappearance | None:
        """
        Return how much has disappeared; None where nothing has, or nobody can tell.

        Args:
            store: Where the records are.
            kind: Their kind.
            note: Hears why nobody can tell.
        """
        if {None, self.stream} & self.inputs.passed_over:
            return None
        if self.unnamed:
            which = "record does" if self.unnamed == 1 else "records do"
            note(f"{self.unnamed} refused {which} not say its key, so nothing was deleted")
            return None
        with store.read() as transaction:
            alone = disappeared.only_stream(transaction, kind, self.source, self.stream)
            stored = disappeared.count(transaction, kind, self.source, alone)
        missing = sum(len(keys) for keys in self._missing(store, kind))
        return Disappearance(missing, stored, self.guard) if missing else None

    def gone(self, store: Store, kind: Kind) -> Iterator[Batch]:
        """Yield batches that delete what has disappeared."""
        at = encode_time(self.at)
        for keys in self._missing(store, kind):
            if keys:
                nothing = [None] * len(keys)
                items = [Deletion(key, at) for key in keys]
                yield Batch(kind, list(items), list(nothing), origins=list(nothing))

    def _missing(self, store: Store, kind: Kind) -> Iterator[list[str]]:
        after = ""
        while True:
            with store.read() as transaction:
                alone = disappeared.only_stream(transaction, kind, self.source, self.stream)
                keys = disappeared.stored_keys(transaction, kind, self.source, alone, after=after)
            if not keys:
                return
            yield [key for key in keys if key not in self._met]
            after = keys[-1]
