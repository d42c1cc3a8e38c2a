"""The cells of a table as people read them: one form for each column, so that they align."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from regard.render import formats
from regard.render.text import plain
from regard.render.words import unit, word
from regard.reports import Cell, Column, Table

__all__ = ["Shown", "shown_columns"]


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A column ready to be drawn.

    Attributes:
        header: Label and unit.
        cells: From top to bottom.
        right: They align right, being numbers.
        rigid: They lose their meaning when they are cut: numbers, days and times.
        wrap: They run over several lines rather than being cut.
    """

    header: str
    cells: tuple[str, ...]
    right: bool
    rigid: bool
    wrap: bool = False


def shown_columns(table: Table, language: str, timezone: str) -> list[Shown]:
    """Return a table's columns as people read them, with the rows that they are shown."""
    return [
        _shown(column, [row[place] for row in table.shown_rows], language, timezone)
        for place, column in enumerate(table.columns)
    ]


def _shown(column: Column, cells: Sequence[Cell], language: str, timezone: str) -> Shown:
    known = [cell for cell in cells if cell is not None and cell != ""]
    numeric = bool(known) and all(isinstance(cell, int | Decimal) for cell in known)
    rigid = bool(known) and not any(isinstance(cell, str) for cell in known)
    header = plain(column.label)
    if column.unit:
        header += f" ({plain(unit(column.unit, language))})"
    decimals = _decimals(column, known) if numeric else 0
    texts = tuple(_cell(cell, numeric, decimals, language, timezone) for cell in cells)
    return Shown(header, texts, right=numeric, rigid=rigid, wrap=column.wrap)


def _decimals(column: Column, cells: Sequence[Cell]) -> int:
    if all(isinstance(cell, int) for cell in cells):
        return 0
    if formats.is_currency(column.unit):
        return formats.currency_decimals(column.unit)
    numbers = [cell for cell in cells if isinstance(cell, int | Decimal)]
    decimals = max(formats.decimals_for(cell, column.unit) for cell in numbers)
    # Where all are tenths, a second decimal would only promise what is not known.
    return 1 if decimals == 2 and not any(_hundredths(cell) for cell in numbers) else decimals


def _hundredths(cell: Decimal | int) -> bool:
    return bool(cell * 10 % 1)


def _cell(cell: Cell, numeric: bool, decimals: int, language: str, timezone: str) -> str:
    if cell is None:
        return word("none" if numeric else "unknown", language)
    if isinstance(cell, str):
        return plain(cell)
    if isinstance(cell, int | Decimal):
        return formats.number(cell, language, decimals if numeric else None)
    if isinstance(cell, datetime):
        return formats.moment(cell, timezone, language)
    assert isinstance(cell, date)  # noqa: S101  # nothing else is a cell
    return formats.day(cell, language)
