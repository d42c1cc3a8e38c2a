"""
The bulk lane of one table: pieces of a file are mapped and encoded beside each other.

DuckDB works without the interpreter, so while one piece is mapped the next is cut and parsed,
and what was mapped before is stored. Pieces come out in the order in which they went in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from regard.mapping import Mapper
from regard.mapping.bulk import BulkMapper
from regard.records import kind_named
from regard.records.encoding import EncodedRows
from regard.tabular import Piece, PieceReader, Slice

__all__ = ["Bulk", "Encoding"]

_AT_ONCE = 2
"""Pieces that are mapped beside each other; each lies in memory, in text and in records."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """
    What the bulk lane made of a piece.

    Attributes:
        piece: The piece.
        count: How many rows it has.
        rows: Those that it encoded.
        left: The numbers of the others.
    """

    piece: Piece | Slice
    count: int
    rows: EncodedRows
    left: Sequence[int]

    def kept(self) -> Sequence[int]:
        """Return the numbers of the rows that were encoded."""
        if not self.left:
            return range(self.count)
        left = set(self.left)
        return [at for at in range(self.count) if at not in left]


@dataclass(frozen=True, slots=True)
class _Lane:
    """Where one piece at a time is mapped."""

    reader: PieceReader
    mapper: BulkMapper

    def encode(self, piece: Piece | Slice, count: int) -> Encoding:
        """Map and encode the piece that was read last."""
        rows, left = self.mapper.encode()
        return Encoding(piece, count, rows, left)


class Bulk:
    """
    Maps the pieces of a table, for the length of a block.

    Args:
        mapper: The row lane of the same file.
        now: No version is newer than this.
        as_of: How old a version is that does not say so, from `encode_time`.
    """

    def __init__(self, mapper: Mapper, now: datetime, as_of: str) -> None:
        self._mapper = mapper
        self._now = now
        self._as_of = as_of
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="regard-map")
        self._free: list[_Lane] = []
        self._going: deque[tuple[_Lane, Future[Encoding]]] = deque()

    def __enter__(self) -> Bulk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        for lane in (*self._free, *(lane for lane, _ in self._going)):
            lane.reader.close()

    def put(self, piece: Piece | Slice) -> bool:
        """
        Begin with a piece; `ready` has to be taken before the next one.

        Returns:
            Whether it can be read many rows at once; else nothing was begun.
        """
        lane = self._free.pop() if self._free else self._lane(piece)
        count = lane.reader.load(piece)
        if count is None:
            self._free.append(lane)
            return False
        work = self._pool.submit(lane.encode, piece, count)
        self._going.append((lane, work))
        return True

    def ready(self) -> Iterator[Encoding]:
        """Yield the pieces that must be taken before another one can begin."""
        while len(self._going) >= _AT_ONCE:
            yield self._first()

    def rest(self) -> Iterator[Encoding]:
        """Yield all pieces that were begun."""
        while self._going:
            yield self._first()

    def _first(self) -> Encoding:
        lane, work = self._going.popleft()
        self._free.append(lane)
        return work.result()

    def _lane(self, piece: Piece | Slice) -> _Lane:
        beside = self._going[0][0].reader if self._going else None
        reader = PieceReader(piece.width, piece.delimiter, beside=beside)
        kind = kind_named(self._mapper.spec.kind)
        mapper = BulkMapper(
            self._mapper,
            kind,
            reader,
            header=piece.header,
            now=self._now,
            as_of=self._as_of,
            revives=piece.revives if isinstance(piece, Slice) else (),
        )
        return _Lane(reader, mapper)
