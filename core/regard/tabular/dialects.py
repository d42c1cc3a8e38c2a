"""How a CSV file is written: what parts its cells, and on which line its header stands."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from regard.errors import FileError
from regard.tabular.headers import extent, find_header, is_blank, make_header, short_table
from regard.tabular.lines import split_lines

if TYPE_CHECKING:
    from _csv import Reader

__all__ = ["FIELD_LIMIT", "Dialect", "find_dialect", "parse_lines"]

FIELD_LIMIT = 1 << 20
"""Characters in one field: beyond them a quote was surely never closed."""

DELIMITERS = "\t;|,"
"""In this order where nothing tells them apart; a comma may also be a decimal comma."""

NO_DELIMITER = "\x1f"
ONE_COLUMN = 0.4
"""What a delimiter has to beat: sentences have commas too, but never as regularly as cells."""

SAMPLE = 1 << 17
MAX_RECORDS = 500
MAX_BROKEN = 50
HINT = re.compile(r"\"?sep=([^\r\n\"])\"?[\r\n]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    How one CSV file is written.

    Attributes:
        delimiter: What parts the cells; ``None`` with a single column.
        skip_spaces: Quotes come after spaces: ``1, "two"``.
        header_line: The 1-based line of the header; 0 if there is none.
        first_line: The 1-based line to start reading at: the header's, else the data's.
        cells: The header as it is written, cut to `header`'s width.
        header: The names of the columns.
    """

    delimiter: str | None
    skip_spaces: bool
    header_line: int
    first_line: int
    cells: tuple[str, ...]
    header: tuple[str, ...]

    def reader(self, lines: Iterator[str]) -> Reader:
        """Return the strict csv reader of this dialect over physical lines."""
        return _reader(lines, self.delimiter, skip_spaces=self.skip_spaces)


@dataclass(frozen=True, slots=True)
class _Guess:
    """A way to read the file, and how well it fits."""

    score: float
    dialect: Dialect


def find_dialect(
    text: str, *, whole: bool, delimiter: str | None = None, header: Sequence[str] | None = None
) -> Dialect | None:
    """
    Find out how a CSV file is written.

    Args:
        text: The file's beginning.
        whole: The text is all there is.
        delimiter: What the caller says it is.
        header: What the caller says the columns are: the file has no header row.

    Returns:
        ``None`` where no line has a cell that is not empty, or none can be parsed.

    Raises:
        FileError: The wanted delimiter is none, or the wanted header has no columns.
    """
    wanted = _wanted_delimiter(delimiter)
    if header is not None and not header:
        message = "header must name at least one column"
        raise FileError(message)
    lines = split_lines(text[:SAMPLE])
    if len(lines) > 1 and not (whole and len(text) <= SAMPLE):
        lines.pop()  # cut in its middle
    hint = HINT.fullmatch(lines[0]) if lines else None
    skipped = 1 if hint else 0
    if hint and wanted is None:
        wanted = hint.group(1)
    tried = (wanted,) if wanted else (*DELIMITERS, None)
    used = set("".join(lines[skipped:])) - set(' "\t\r\n')
    if not used or (len(used) == 1 and used <= set(tried)):
        return None
    guesses = [_guess(lines[skipped:], each, skipped, header) for each in tried]
    found = [guess for guess in guesses if guess]
    return max(found, key=lambda guess: guess.score).dialect if found else None


def parse_lines(
    lines: Sequence[str], delimiter: str | None, *, skip_spaces: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield (0-based line, cells) of what can be parsed; what cannot is left out."""
    start = 0
    for _ in range(MAX_BROKEN):
        reader = _reader(iter(lines[start:]), delimiter, skip_spaces=skip_spaces)
        line = begin = start
        try:
            for cells in reader:
                yield line, cells
                line = begin + reader.line_num
        except csv.Error:
            start = line + 1
        else:
            return


def _reader(lines: Iterator[str], delimiter: str | None, *, skip_spaces: bool) -> Reader:
    """Return a strict csv reader with our limit on fields."""
    # The limit belongs to the whole process; another library may have moved it meanwhile.
    csv.field_size_limit(FIELD_LIMIT)
    return csv.reader(
        lines, delimiter=delimiter or NO_DELIMITER, skipinitialspace=skip_spaces, strict=True
    )


def _wanted_delimiter(delimiter: str | None) -> str | None:
    """Return the delimiter that the caller means."""
    if delimiter is None:
        return None
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        message = f"delimiter {delimiter!r} is none: one character such as ',' or ';' would be"
        raise FileError(message)
    return delimiter


def _guess(
    lines: Sequence[str],
    delimiter: str | None,
    skipped: int,
    header: Sequence[str] | None,
) -> _Guess | None:
    """Say how well a delimiter fits; ``None`` where no line can be parsed."""
    best: _Guess | None = None
    for skip_spaces in (False, True):
        if skip_spaces and not (delimiter and f'{delimiter} "' in "".join(lines)):
            continue
        parsed = parse_lines(lines, delimiter, skip_spaces=skip_spaces)
        filled = ((line + skipped, cells) for line, cells in parsed if not is_blank(cells))
        records = list(islice(filled, MAX_RECORDS))
        guess = _judge(records, delimiter, header, skip_spaces=skip_spaces) if records else None
        if guess and (best is None or guess.score > best.score):
            best = guess
    return best


def _judge(
    records: list[tuple[int, list[str]]],
    delimiter: str | None,
    header: Sequence[str] | None,
    *,
    skip_spaces: bool,
) -> _Guess:
    """Say how regular a file's records are when they are parted like this."""
    at = 0 if header is not None else find_header([cells for _, cells in records])
    if header is None and (size := short_table([cells for _, cells in records])):
        # The footer below a report of few rows says nothing about how its rows are parted.
        records = records[:size]
    widths = Counter(len(cells) for _, cells in records[at:])
    usual = max(widths, key=lambda width: (widths[width], width))
    share = widths[usual] / (len(records) - at)
    # A delimiter that first shows up below other lines is more likely part of the data.
    score = share * math.log2(usual) / (2 if at else 1) if delimiter else ONE_COLUMN
    if header is not None:
        fits = 2.0 if usual == len(header) else 1.0
        first = records[0][0] + 1
        dialect = Dialect(delimiter, skip_spaces, 0, first, tuple(header), make_header(header, 0))
        return _Guess(score * fits, dialect)
    line, cells = records[at]
    widest = max((extent(row) for _, row in records[at + 1 :]), default=0)
    names = make_header(cells, widest)
    dialect = Dialect(
        delimiter, skip_spaces, line + 1, line + 1, tuple(cells[: len(names)]), names
    )
    return _Guess(score, dialect)
