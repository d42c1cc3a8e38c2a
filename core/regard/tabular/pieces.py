"""
CSV in pieces of whole records, for whoever looks at many rows at once.

A piece is some megabytes of plain text: its lines end alike, its quotes pair up, nothing in it is
odd. DuckDB parses it strictly, which comes to the same as `csv.reader` does there; whatever it
refuses is read row by row. So the two ways give the same rows.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from regard.tabular.dialects import FIELD_LIMIT, Dialect
from regard.tabular.tables import Piece, Slice

if TYPE_CHECKING:
    import duckdb

__all__ = ["PIECE", "PieceReader", "is_plain"]

PIECE = 7 << 18
"""Bytes in a piece: enough rows to be worth a query, few enough to lie in memory."""

SEPARATOR = b"\x1f"
"""What joins the cells of many rows, and may therefore stand in none of them."""

_OPTIMIZERS = frozenset({"unused_columns"})
"""Planning a query over a hundred expressions takes as long as running it over a piece."""

_MEMORY = "128MB"


def is_plain(data: bytes, dialect: Dialect) -> bool:
    """
    Say whether DuckDB and `csv.reader` read a text alike.

    Args:
        data: Whole lines in UTF-8, without NUL bytes and marks.
        dialect: How it is written.
    """
    delimiter = dialect.delimiter
    if delimiter is None or not delimiter.isascii() or dialect.skip_spaces:
        return False
    # A single byte is found at once, three of them are not.
    if codecs.BOM_UTF8[:1] in data and codecs.BOM_UTF8 in data:
        return False
    if b"\r" in data and not data.count(b"\r") == data.count(b"\r\n") == data.count(b"\n"):
        return False
    if b'"' not in data:
        return True
    # Spaces between a quote and a delimiter: one takes them for text, the other passes them over.
    mark = re.escape(delimiter).encode()
    # Most texts have none, and this first look is fast, for it begins at quotes.
    maybe = b'"(?: +(?:' + mark + b"|\r?\n|\\Z)|(?<=[" + mark + b'\n] ")|(?<=  "))'
    if not (data.startswith(b" ") or re.search(maybe, data)):
        return True
    beside = (mark + b' +"', b'\n +"', b'" +' + mark, b'" +(?:\r?\n|\\Z)')
    return not (data.startswith(b" ") or any(re.search(each, data) for each in beside))


class PieceReader:
    """
    Parses pieces and runs queries over their cells, one piece at a time.

    Args:
        width: How many columns they have.
        delimiter: What parts their cells.
        beside: Another reader, to share memory with; each may be used by a thread of its own.
    """

    def __init__(self, width: int, delimiter: str, *, beside: PieceReader | None = None) -> None:
        # Only here: many commands read no file.
        import duckdb

        self._error: type[Exception] = duckdb.Error
        self._width = width
        self._delimiter = delimiter.replace("'", "''")
        self._connection: duckdb.DuckDBPyConnection
        if beside is not None:
            self._connection = beside._connection.cursor()
        else:
            self._connection = duckdb.connect(
                ":memory:", config={"threads": 1, "memory_limit": _MEMORY, "temp_directory": ""}
            )
            self._settle()
        self._file = _lend_file()
        self._path = f"/proc/self/fd/{self._file}"

    def close(self) -> None:
        """Let go of what is held."""
        self._connection.close()
        os.close(self._file)

    def _settle(self) -> None:
        """Keep DuckDB from what costs more than it brings for some thousand rows."""
        self._connection.execute("SET enable_external_file_cache = false")
        self._connection.execute("SET enable_progress_bar = false")
        known = {name for (name,) in self.rows("SELECT name FROM duckdb_optimizers()")}
        idle = ", ".join(sorted(known - _OPTIMIZERS))
        self._connection.execute(f"SET disabled_optimizers = '{idle}'")

    def load(self, piece: Piece | Slice) -> int | None:
        """
        Make a piece the table ``piece`` with the columns ``c0``, ``c1``, ...

        Returns:
            How many rows it has; None where it has to be read row by row.
        """
        if SEPARATOR in piece.data:
            return None
        data = piece.data
        if b"\r" in data:
            # One way of ending lines: DuckDB is lenient with the other.
            data = data.replace(b"\r\n", b"\n")
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, data, 0)
        names = [f"c{at}" for at in range(self._width)]
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        filled = ", ".join(f"'{name}'" for name in names)
        try:
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE piece AS SELECT * FROM read_csv('{self._path}', "
                f"auto_detect = false, header = false, columns = {{{columns}}}, "
                f"delim = '{self._delimiter}', quote = '\"', escape = '\"', new_line = '\\n', "
                f"strict_mode = true, force_not_null = [{filled}], parallel = false, "
                f"max_line_size = {FIELD_LIMIT}, buffer_size = {2 * PIECE})"
            )
        except self._error:
            return None
        (count,) = self.rows("SELECT count(*) FROM piece")[0]
        if not isinstance(count, int):
            return None
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        if count != lines and (b"\r" in piece.data or not self._agrees(piece, count)):
            return None
        return count

    @staticmethod
    def _agrees(piece: Piece | Slice, count: int) -> bool:
        """Say whether `csv.reader` finds as many rows where records and lines differ."""
        try:
            return piece.records() == count
        except csv.Error:
            return False

    def rows(self, query: str, given: Mapping[str, Any] | Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query."""
        return self._connection.execute(query, given or None).fetchall()


def _lend_file() -> int:
    """Return a file that has no name for others to find, and is gone with the process."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("regard-piece")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
