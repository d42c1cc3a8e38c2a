"""A table in a file, and the rows that come out of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

__all__ = ["BadRow", "Items", "Reader", "Row", "Table", "Value", "printable"]

Value: TypeAlias = str | int | Decimal | bool | date | datetime | None
"""What a cell may hold; never a float, never text with lone surrogates or NUL in it."""


class Row(NamedTuple):
    """
    One good row.

    Attributes:
        line: 1-based. CSV and JSON Lines: the physical line on which the record starts;
            spreadsheets: the sheet's row; JSON and Parquet: the number of the record.
        values: Exactly as many as the table's header has names. CSV gives text only, and an
            empty cell as an empty text; the other formats give ``None`` for what is not there.
        surplus: JSON only: what the record holds under keys that are not in the header.
    """

    line: int
    values: Sequence[Value]
    surplus: Mapping[str, Value] | None = None


class BadRow(NamedTuple):
    r"""
    One row that cannot be vouched for.

    Attributes:
        line: As in `Row`.
        raw: What was there, whole; bytes that are no text stand as ``\xe9``.
        reason: A short code: ``short-line``, ``long-line``, ``broken-quotes``,
            ``field-too-large``, ``undecodable``, ``nul-bytes``, ``bad-json``,
            ``not-an-object``, ``not-finite``, ``bad-number``, ``duplicate-key``.
        message: One sentence for people; it never contains the data.
    """

    line: int
    raw: Sequence[Value] | str
    reason: str
    message: str


Items: TypeAlias = Generator[Row | BadRow, None, None]
Reader: TypeAlias = Callable[["Table"], Items]


@dataclass(slots=True, eq=False)
class Table:
    """
    One table of one file, ready to be read, as often as wanted.

    Attributes:
        path: The file.
        member: The zip member or sheet, where the file holds several tables.
        format: ``csv`` (whatever the delimiter), ``xlsx``, ``xls``, ``ods``, ``json``, ``jsonl``
            or ``parquet``.
        header: The columns: trimmed, unique ("Name", "Name (2)"), never empty ("column 3").
        header_line: The 1-based line or sheet row of the header; 0 where there is none.
        encoding: The text's encoding as Python names it, where the format is text.
        delimiter: What parts the cells of a CSV file; ``None`` with a single column.
        notes: Sentences on what was passed over; complete once `rows` has been read to its end.
    """

    path: Path
    member: str | None
    format: str
    header: tuple[str, ...]
    reader: Reader = field(repr=False)
    header_line: int = 0
    encoding: str | None = None
    delimiter: str | None = None
    notes: list[str] = field(default_factory=list)
    _opening_notes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._opening_notes = len(self.notes)

    @property
    def label(self) -> str:
        """The file's name without its folder, and the member: what messages call the table."""
        name = printable(self.path.name)
        return name if self.member is None else f"{name}: {printable(self.member)}"

    def rows(self) -> Items:
        """
        Read the table from its beginning, in the order of the file.

        The file is closed when the rows are exhausted or the generator is closed.

        Raises:
            FileError: The file ends or breaks in the middle; the rows before were delivered.
        """
        del self.notes[self._opening_notes :]
        # Not a generator of its own: each level between reader and caller costs time per row.
        return self.reader(self)

    def sample(self, n: int = 50) -> list[Row]:
        """
        Return the first good rows, at most `n` of them; the notes stay as they are.

        Raises:
            FileError: The file breaks before so many rows were found.
        """
        notes = list(self.notes)
        with closing(self.reader(self)) as items:
            rows = list(islice((item for item in items if isinstance(item, Row)), n))
        self.notes[:] = notes
        return rows


def printable(name: str) -> str:
    """Return a file's, member's or sheet's name with nothing in it that controls a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
