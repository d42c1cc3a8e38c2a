"""Headers: which row is the header, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from regard.tabular.tables import Value

__all__ = ["extent", "find_header", "is_blank", "make_header", "short_table"]

SEARCHED = 50
"""Rows among which the header is looked for: title rows and comments are few."""

DATA_LIKE = re.compile(
    r"""[^\w]* (?:
          [-+]? [\d.,'\s]* \d [\d.,'\s]* (?: %|[A-Z]{3}|[€$£] )?   # 12, 1.234,56 EUR, 5 %
        | \d{1,4} [-/.] \d{1,2} [-/.] \d{1,4} (?: [T\s] .* )?      # 2024-03-12 09:14, 12/03/2024
        | \d{1,2} : \d{2} (?: : \d{2} )? .*                        # 09:14
        | [^@\s]+ @ [^@\s]+ \. [^@\s]+                             # an e-mail address
        | https?:// .*
    ) [^\w]*""",
    re.VERBOSE,
)
MAX_JUDGED = 60
"""Longer cells are text, whatever they are made of: and the pattern stays cheap."""


def is_blank(cells: Sequence[Value]) -> bool:
    """Say whether a row has nothing but empty cells."""
    return not any(cell is not None and str(cell).strip() for cell in cells)


def extent(cells: Sequence[Value]) -> int:
    """Return how many cells a row has up to its last one that is not empty."""
    for at in range(len(cells), 0, -1):
        cell = cells[at - 1]
        if cell is not None and str(cell).strip():
            return at
    return 0


def find_header(rows: Sequence[Sequence[Value]]) -> int:
    """
    Return which of the first rows is the header: 0 unless titles or comments stand before it.

    The header is the first row that is about as wide as most rows are. Where that row looks like
    data and the row before it like names, the header was narrower than its data.

    Args:
        rows: Rows from the file's beginning, blank ones left out; at least one.
    """
    extents = [extent(row) for row in rows]
    usual = _most_common(extents)
    if short_table(rows):
        return 0
    if usual < 2:
        # A single column: only comments can be told from a header.
        plain = (at for at, row in enumerate(rows[:SEARCHED]) if not str(row[0]).startswith("# "))
        return next(plain, 0)
    enough = usual if usual <= 3 else -(-2 * usual // 3)
    for at, row in enumerate(rows[:SEARCHED]):
        if extents[at] >= enough:
            before = at - 1
            if before >= 0 and extents[before] >= 2 and not _looks_like_names(row):
                return before if _looks_like_names(rows[before]) else at
            return at
    return 0


def short_table(rows: Sequence[Sequence[Value]]) -> int:
    """
    Return how many lines of a file are its table, where most lines are a footer below it.

    That is a header of names and at least one row, all of one width of three or more; what
    follows are lines of one cell. 0: the file is nothing of the kind.
    """
    width = len(rows[0])
    size = next((at for at, row in enumerate(rows) if len(row) != width), len(rows))
    if width < 3 or size < 2 or 2 * size > len(rows) or not _looks_like_names(rows[0]):
        return 0
    return size if all(extent(row) < 2 for row in rows[size:]) else 0


def make_header(cells: Sequence[Value], widest: int) -> tuple[str, ...]:
    """
    Name the columns.

    Args:
        cells: The header row.
        widest: The extent of the widest data row seen: unnamed columns up to there are kept,
            because something is in them; further ones are the spreadsheet's leavings.

    Returns:
        Unique names without spaces, quotes and byte order marks around them.
    """
    width = max(extent(cells), min(widest, len(cells)), 1)
    names: list[str] = []
    taken = {_name(cell) for cell in cells[:width]}
    seen: set[str] = set()
    for at, cell in enumerate(cells[:width], 1):
        wanted = _name(cell) or f"column {at}"
        name, number = wanted, 1
        while name in seen or (number > 1 and name in taken):
            number += 1
            name = f"{wanted} ({number})"
        seen.add(name)
        names.append(name)
    return tuple(names)


def _name(cell: Value) -> str:
    """Return a header cell as a name; empty where it has none."""
    text = "" if cell is None else str(cell).strip().strip("\ufeff").strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text


def _looks_like_names(row: Sequence[Value]) -> bool:
    """Say whether fewer than half of a row's cells look like numbers, dates or addresses."""
    cells = [cell for cell in row if cell is not None and str(cell).strip()]
    data = sum(
        not isinstance(cell, str)
        or (len(cell) <= MAX_JUDGED and DATA_LIKE.fullmatch(cell.strip()) is not None)
        for cell in cells
    )
    return 2 * data < len(cells)


def _most_common(numbers: Sequence[int]) -> int:
    """Return the most frequent number; of several, the largest."""
    counts = Counter(numbers)
    return max(counts, key=lambda number: (counts[number], number))
