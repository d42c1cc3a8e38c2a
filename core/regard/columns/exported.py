"""
A store's export on its way to Parquet: cut into parts that a bounded memory can read.

DuckDB takes a whole CSV file into its buffer, and one file of millions of rows would take
its place on the disk twice. So the export is cut between rows, and whenever some parts have
gathered they become a Parquet file while the export waits.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

__all__ = ["CsvParts"]

_PART_BYTES = 16 * 1024 * 1024
_PARTS_A_FILE = 16


class CsvParts:
    """
    Takes CSV text as a binary stream does, and hands it on in files.

    Args:
        stem: The parts' path without number and suffix.
        full: Called with the parts that should become one file; it may not keep them.
        part_bytes: How large a part gets, roughly.
    """

    def __init__(
        self,
        stem: Path,
        full: Callable[[Sequence[Path]], None],
        *,
        part_bytes: int = _PART_BYTES,
    ) -> None:
        self._stem = stem
        self._full = full
        self._part_bytes = part_bytes
        self._header = b""
        self._parts: list[Path] = []
        self._stream: BinaryIO | None = None
        self._made = 0
        self._room = part_bytes
        self._in_row = False

    @property
    def header(self) -> list[str]:
        """The columns' names, once the first line was written."""
        return next(csv.reader([self._header.decode("utf-8")]), [])

    def write(self, block: bytes | memoryview) -> int:
        """Take some text; the first holds the whole header."""
        data, start = bytes(block), 0
        if not self._header:
            start = data.find(b"\n") + 1
            self._header = data[:start]
        while start < len(data):
            end = self._cut(data, start)
            self._put(data[start:end])
            start = end
        return len(data)

    def _cut(self, data: bytes, start: int) -> int:
        """Return where the part that is being written can end, at a line's end or with data."""
        if len(data) - start < self._room:
            return len(data)
        return data.find(b"\n", start + max(self._room - 1, 0)) + 1 or len(data)

    def _put(self, data: bytes) -> None:
        if self._stream is None:
            self._begin()
        assert self._stream is not None  # noqa: S101  # just made
        self._stream.write(data)
        self._room -= len(data)
        # Within a quoted text the count of quotation marks is odd: that line's end ends no row.
        self._in_row ^= data.count(b'"') % 2 == 1
        if self._room <= 0 and not self._in_row and data.endswith(b"\n"):
            self._end()
            if len(self._parts) >= _PARTS_A_FILE:
                self._hand_on()

    def _begin(self) -> None:
        self._made += 1
        path = self._stem.with_name(f"{self._stem.name}.{self._made}.csv")
        self._stream = path.open("wb")
        self._parts.append(path)
        self._stream.write(self._header)

    def _end(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None
        self._room = self._part_bytes

    def _hand_on(self) -> None:
        try:
            self._full(tuple(self._parts))
        finally:
            for path in self._parts:
                path.unlink(missing_ok=True)
            self._parts.clear()

    def finish(self, *, even_empty: bool) -> None:
        """
        Hand on what has gathered.

        Args:
            even_empty: Hand on a part with the header alone where there was no row at all.
        """
        if even_empty and not self._made:
            self._begin()
        self._end()
        if self._parts:
            self._hand_on()

    def close(self) -> None:
        """Remove what was not handed on."""
        self._end()
        for path in self._parts:
            path.unlink(missing_ok=True)
