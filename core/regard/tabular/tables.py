"""A table in a file, and the rows that come out of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

__all__ = [
    "BadRow",
    "Items",
    "Piece",
    "PieceItems",
    "Reader",
    "Revive",
    "Row",
    "Slice",
    "Table",
    "Value",
    "printable",
]

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


@dataclass(slots=True, eq=False)
class Piece:
    """
    Some whole records of a file.

    Attributes:
        data: Their lines in UTF-8.
        first_line: The 1-based line on which the first one starts.
        header: The header as it is written, cut to the table's width.
        delimiter: What parts the cells.
        reader: Makes records of lines, as `csv.reader` does.
        refused: Set by whoever cannot use it, before the next one is asked for: then its
            rows follow one by one.
        pass_over: Called for each of the rows that were asked for and repeat the header.
    """

    data: bytes = field(repr=False)
    first_line: int
    header: tuple[str, ...]
    delimiter: str
    reader: Callable[[Iterator[str]], Any] = field(repr=False)
    pass_over: Callable[[], None] = field(repr=False)
    refused: bool = False
    _lines: list[str] = field(default_factory=list, repr=False)
    _records: list[tuple[int, list[str]]] = field(default_factory=list, repr=False)

    @property
    def width(self) -> int:
        """How many cells its records have."""
        return len(self.header)

    def row(self, at: int, count: int) -> Row | BadRow | None:
        """
        Return one row, or None where the header is repeated or no cell says anything.

        Args:
            at: Which one, from 0.
            count: How many the piece has.
        """
        if not self._lines:
            self._lines = StringIO(self.data.decode(), newline="").readlines()
        if len(self._lines) == count:
            line, cells = self.first_line + at, next(self.reader(iter([self._lines[at]])))
        else:
            line, cells = self._all()[at]
        given, cells = cells, cells[: len(self.header)]
        if tuple(cells) == self.header:
            self.pass_over()
            return None
        # As where rows come one by one: of full rows only those without a first cell are doubted.
        full = len(given) == len(cells) and cells[0] != ""
        return Row(line, cells) if full or "".join(given).strip() else None

    def records(self) -> int:
        """
        Return how many records `csv.reader` finds, blank lines left out.

        Raises:
            csv.Error: It does not understand the text.
        """
        if not self._lines:
            self._lines = StringIO(self.data.decode(), newline="").readlines()
        return len(self._all())

    def _all(self) -> list[tuple[int, list[str]]]:
        """Return all records of a piece whose records may have several lines, with the lines."""
        if not self._records:
            reader = self.reader(iter(self._lines))
            line = self.first_line
            for cells in reader:
                if cells:
                    self._records.append((line, cells))
                line = self.first_line + reader.line_num
        return self._records


Revive: TypeAlias = Callable[[str], Value]
"""Makes a typed value of the text that stands for it."""


@dataclass(slots=True, eq=False)
class Slice:
    """
    Some rows of a file with types, as lines of CSV without a line's end inside.

    Attributes:
        data: A text for each column, and a last one that is not empty where the row has to be
            looked at by itself.
        first_line: The number of the first row, from 1.
        header: The columns.
        revives: For each column what makes its values of their texts; None: they are texts.
        find: Returns the row of a number.
        refused: As in `Piece`.
        delimiter: What parts the texts.
    """

    data: bytes = field(repr=False)
    first_line: int
    header: tuple[str, ...]
    revives: tuple[Revive | None, ...]
    find: Callable[[int], Row | BadRow] = field(repr=False)
    refused: bool = False
    delimiter: str = ","

    @property
    def width(self) -> int:
        """How many texts its lines have."""
        return len(self.header) + 1

    def row(self, at: int, count: int) -> Row | BadRow | None:
        """Return one row, by its place from 0."""
        return self.find(self.first_line + at)

    def records(self) -> int:
        """Return how many rows it has."""
        return self.data.count(b"\n")


Items: TypeAlias = Generator[Row | BadRow, None, None]
PieceItems: TypeAlias = Generator[Piece | Slice | Row | BadRow, None, None]
Reader: TypeAlias = Callable[["Table"], Items]
Resumer: TypeAlias = Callable[["Table", int], Items]
Cutter: TypeAlias = Callable[["Table"], PieceItems]


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
        resumer: Reads the rows behind so many bytes, where the rows before need not be known.
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
    cutter: Cutter | None = field(default=None, repr=False)
    resumer: Resumer | None = field(default=None, repr=False)
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

    def pieces(self) -> PieceItems | None:
        """
        Read a CSV file like `rows`, but plain text in pieces of many rows; None: it is no CSV.

        Whoever cannot use a piece says so in it and gets its rows one by one.

        Raises:
            FileError: The file ends or breaks in the middle.
        """
        del self.notes[self._opening_notes :]
        return None if self.cutter is None else self.cutter(self)

    def rows_behind(self, size: int) -> Items | None:
        """
        Read the rows behind so many bytes; None: the table must be read from its beginning.

        Raises:
            FileError: The file ends or breaks in the middle.
        """
        del self.notes[self._opening_notes :]
        return None if self.resumer is None else self.resumer(self, size)

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
