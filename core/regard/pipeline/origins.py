"""Where records come from: the file and the row behind each, found when somebody asks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple, overload

from regard.records.encoding import EncodedRows
from regard.sources import Origin

__all__ = ["Origins", "PageOrigin", "Pending", "Run"]


@dataclass(frozen=True, slots=True)
class PageOrigin:
    """Where the records of one page came from."""

    origin: Origin | None
    file: str | None
    modified_at: datetime | None


class Pending(NamedTuple):
    """One yielded record, a mapping or encoded already, with where it came from."""

    record: Any
    page: PageOrigin | None
    place: int


class Run(NamedTuple):
    """Encoded records that follow each other on one page, from a place on."""

    records: EncodedRows
    page: PageOrigin
    first: int

    def pending(self) -> Iterator[Pending]:
        """Yield the records one by one."""
        for at, record in enumerate(self.records):
            yield Pending(record, self.page, self.first + at)


class Origins(Sequence[Pending]):
    """
    The records of some runs, each with where it came from.

    Args:
        runs: In their order.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._ends = list(accumulate(len(run.records) for run in runs))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, at: int) -> Pending: ...

    @overload
    def __getitem__(self, at: slice) -> list[Pending]: ...

    def __getitem__(self, at: int | slice) -> Pending | list[Pending]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        found = bisect_right(self._ends, at)
        run = self._runs[found]
        inside = at - (self._ends[found] - len(run.records))
        return Pending(run.records[inside], run.page, run.first + inside)
