"""
Typed columns as plain text, for whoever looks at many rows at once.

One thread writes the columns as CSV into a pipe, another cuts what comes out of it into pieces:
so a file of any length takes the same memory. Each text is what `regard.mapping` would make of the
typed value; rows for which that cannot be promised are marked, and asked for one by one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from threading import Lock, Thread

from regard.errors import FileError
from regard.tabular.contents import BLOCK
from regard.tabular.pieces import PIECE
from regard.tabular.tables import BadRow, Items, PieceItems, Revive, Row, Slice

__all__ = ["RowsBehind", "cut_slices"]


class RowsBehind:
    """
    The rows of a table, found by their number; cheapest in their order.

    Args:
        begin: Returns the rows behind so many.
    """

    def __init__(self, begin: Callable[[int], Items]) -> None:
        self._begin = begin
        self._rows: Items | None = None
        self._next = 1
        # Rows are asked for where a file is read, and where a batch is stored.
        self._lock = Lock()

    def row(self, number: int) -> Row | BadRow:
        """
        Return one row.

        Args:
            number: Which one, from 1.

        Raises:
            FileError: The file was changed since.
        """
        with self._lock:
            if self._rows is None or number < self._next:
                self.close()
                self._rows, self._next = self._begin(number - 1), number
            for row in self._rows:
                self._next += 1
                if self._next > number:
                    return row
        message = f"record {number} is no longer there; the file changed while it was read"
        raise FileError(message)

    def close(self) -> None:
        """Let go of the file."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None


class _Pipe:
    """
    What a thread writes, for whoever reads it.

    Args:
        write: Writes all to the file of a number.
    """

    def __init__(self, write: Callable[[int], None]) -> None:
        self._write = write
        self._out, self._into = os.pipe()
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, name="regard-columns", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._write(self._into)
        except Exception as error:  # noqa: BLE001  # raised again by whoever reads
            self._error = error
        finally:
            os.close(self._into)

    def blocks(self) -> Iterator[bytes]:
        """
        Yield what was written.

        Raises:
            FileError: The file breaks off; what was before it came.
        """
        while block := os.read(self._out, BLOCK):
            yield block
        self._thread.join()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop the writer and wait for it."""
        with suppress(OSError):
            os.close(self._out)
        self._thread.join()


def cut_slices(
    header: tuple[str, ...],
    revives: Sequence[Revive | None],
    write: Callable[[int], None],
    begin: Callable[[int], Items],
) -> PieceItems:
    """
    Yield a table in slices, and row by row where one is refused.

    Args:
        header: The columns.
        revives: For each column what makes its values of their texts; None: they are texts.
        write: Writes all rows as lines of CSV to the file of a number: a text for each column,
            and a last one that is not empty where the others are, because they would not do.
            No text has a line's end in it.
        begin: Returns the typed rows behind so many.
    """
    behind = RowsBehind(begin)
    done = 0
    with closing(_Pipe(write)) as pipe:
        for cut in _cuts(pipe.blocks()):
            count = cut.count(b"\n")
            slice_ = Slice(cut, done + 1, header, tuple(revives), behind.row)
            yield slice_
            if slice_.refused:
                for number in range(done + 1, done + count + 1):
                    yield behind.row(number)
            done += count


def _cuts(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield blocks as some whole lines each."""
    held: list[bytes] = []
    size = 0
    broken: FileError | None = None
    try:
        for block in blocks:
            held.append(block)
            size += len(block)
            if size < PIECE:
                continue
            whole = b"".join(held)
            cut = whole.rfind(b"\n") + 1
            held, size = [whole[cut:]], len(whole) - cut
            if cut:
                yield whole[:cut]
    except FileError as error:
        broken = error
    whole = b"".join(held)
    if cut := whole.rfind(b"\n") + 1:
        yield whole[:cut]
    if broken is not None:
        raise broken
