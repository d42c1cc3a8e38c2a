"""Sheets as they stand: rows of texts with their line, before anybody knows what they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.mapping.values import clean
from regard.tabular import Row, Table, open_tables

__all__ = ["WIDEST", "grid", "rows_below"]

WIDEST = 400
"""Columns that are looked at: XLSForms and agencies' sheets have fewer."""

_HEADER = tuple(f"column {number}" for number in range(1, WIDEST + 1))
_SEARCHED = 30


def grid(path: Path, *, sheet: str | None = None) -> tuple[Table, ...]:
    """
    Return the sheets of a workbook with all their rows, merged cells filled.

    Raises:
        FileError: It cannot be read, or has no such sheet.
    """
    return open_tables(path, sheet=sheet, header=_HEADER, unmerge=True)


def rows_below(path: Path, sheet: str, *needed: str) -> Iterator[tuple[int, dict[str, str]]]:
    """
    Yield the rows of a sheet with their line, by the names in the row that has those needed.

    Names are folded, and what stands in a cell is text.

    Raises:
        FileError: There is no such sheet, or no row with these names.
    """
    (table,) = grid(path, sheet=sheet)
    names: list[str] | None = None
    with closing(table.rows()) as items:
        for item in items:
            if not isinstance(item, Row):
                continue
            cells = [clean(cell) for cell in item.values]
            if names is None:
                folded = [fold(cell) for cell in cells]
                if all(name in folded for name in needed):
                    names = folded
                elif item.line > _SEARCHED:
                    break
                continue
            row: dict[str, str] = {}
            for name, cell in zip(names, cells, strict=False):
                if name and cell:
                    row.setdefault(name, cell)
            if row:
                yield item.line, row
    if names is None:
        wanted = " and ".join(repr(name) for name in needed)
        message = f"{table.label}: no row has the columns {wanted}"
        raise FileError(message)
