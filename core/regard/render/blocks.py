"""
Laying tables out in a given width: which column may give way, and what never does.

Numbers, days and times are never cut. Headers wrap first, then texts are shortened, and
where even that is not enough each row becomes a small list of its own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from regard.render.cells import Shown

__all__ = ["Block", "Line", "beside", "ellipsised", "line", "table_block", "wrapped"]

_GAP = 2
_SHORTEST = 8
"""A text that is cut below this many columns says nothing."""
_LONGEST = 72
"""Sentences that wrap are read best in lines that are not longer."""


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line of pieces.

    Attributes:
        parts: Texts, each with how it is drawn where the terminal can: ``bold``, ``dim`` or
            empty.
    """

    parts: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The whole line, plain."""
        return "".join(text for text, _ in self.parts)

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return cell_len(self.text)


def line(text: str, style: str = "") -> Line:
    """Return a line of one piece."""
    return Line(((text, style),))


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together."""

    lines: tuple[Line, ...]

    @property
    def width(self) -> int:
        """The width of the longest line."""
        return max((line.width for line in self.lines), default=0)


def ellipsised(text: str, width: int) -> str:
    """Return a text that fits a width, with an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines that fit a width; words that are longer are broken."""
    return textwrap.wrap(text, max(width, 1), break_on_hyphens=False) or [""]


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * max(width - cell_len(text), 0)
    return space + text if right else text + space


def _natural(column: Shown) -> int:
    width = max(map(cell_len, (column.header, *column.cells)))
    return min(width, max(_LONGEST, cell_len(column.header))) if column.wrap else width


def _least(column: Shown) -> int:
    """Return the width below which a column would lose something that it must not lose."""
    words = max((cell_len(part) for part in column.header.split()), default=1)
    cells = max(map(cell_len, column.cells), default=1)
    if column.rigid:
        return max(words, cells)
    return max(1, min(max(cells, words), max(_SHORTEST, min(words, 2 * _SHORTEST))))


def fitted(columns: Sequence[Shown], width: int) -> list[int] | None:
    """Return a width for each column; None: they cannot stand beside each other."""
    widths = [_natural(column) for column in columns]
    least = [_least(column) for column in columns]
    room = width - _GAP * (len(columns) - 1)
    if sum(widths) > room:
        # Headers of numbers wrap before any text is cut.
        widths = [
            low if column.rigid else now
            for column, now, low in zip(columns, widths, least, strict=True)
        ]
    while sum(widths) > room:
        spare = [now - low for now, low in zip(widths, least, strict=True)]
        if max(spare, default=0) <= 0:
            return None
        place = max((p for p, s in enumerate(spare) if s > 0), key=lambda p: widths[p])
        widths[place] -= 1
    return widths


def table_block(columns: Sequence[Shown], width: int, *, indent: int = 2) -> Block:
    """Return a table, header first, that fits a width; none of its numbers is cut."""
    margin = " " * indent
    widths = fitted(columns, width - indent)
    if widths is None:
        return _listed(columns, width, margin)
    lines = [line(margin + text, "bold") for text in _headers(columns, widths)]
    lines.append(line(margin + (" " * _GAP).join("─" * size for size in widths), "dim"))
    for row in range(len(columns[0].cells) if columns else 0):
        cells = [_cell_lines(c, row, size) for c, size in zip(columns, widths, strict=True)]
        for at in range(max(map(len, cells))):
            parts = [
                _padded(cell[at] if at < len(cell) else "", size, right=column.right)
                for column, size, cell in zip(columns, widths, cells, strict=True)
            ]
            lines.append(line((margin + (" " * _GAP).join(parts)).rstrip()))
    return Block(tuple(lines))


def _cell_lines(column: Shown, row: int, width: int) -> list[str]:
    cell = column.cells[row]
    return wrapped(cell, width) if column.wrap else [ellipsised(cell, width)]


def _headers(columns: Sequence[Shown], widths: Sequence[int]) -> list[str]:
    parts = [wrapped(c.header, size) for c, size in zip(columns, widths, strict=True)]
    height = max(map(len, parts))
    lines = []
    for place in range(height):
        cells = []
        for column, size, part in zip(columns, widths, parts, strict=True):
            # Short headers stand at the bottom, next to their column.
            offset = place - (height - len(part))
            text = part[offset] if offset >= 0 else ""
            cells.append(_padded(ellipsised(text, size), size, right=column.right))
        lines.append((" " * _GAP).join(cells).rstrip())
    return lines


def _listed(columns: Sequence[Shown], width: int, margin: str) -> Block:
    """Return each row as lines of label and value, for tables that are too wide."""
    values = max(
        (cell_len(c) for column in columns for c in column.cells if column.rigid), default=1
    )
    room = width - len(margin) - _GAP
    labels = min(max(cell_len(column.header) for column in columns), max(room - values, 1))
    lines: list[Line] = []
    for row in range(len(columns[0].cells)):
        if row:
            lines.append(line(""))
        for column in columns:
            label = _padded(ellipsised(column.header, labels), labels, right=False)
            cell = column.cells[row]
            texts = [cell] if column.rigid else _cell_lines(column, row, max(room - labels, 1))
            for text in texts:
                lines.append(line(f"{margin}{label}{' ' * _GAP}{text}".rstrip()))
                label = " " * labels
    return Block(tuple(lines))


def beside(blocks: Sequence[Block], width: int, *, gap: int = 4) -> list[Block]:
    """Return blocks with as many of them side by side as fit a width, in their order."""
    rows: list[list[Block]] = []
    for block in blocks:
        taken = sum(other.width + gap for other in rows[-1]) if rows else 0
        if rows and taken + block.width <= width:
            rows[-1].append(block)
        else:
            rows.append([block])
    return [_joined(row, gap) if len(row) > 1 else row[0] for row in rows]


def _joined(blocks: Sequence[Block], gap: int) -> Block:
    lines = []
    for place in range(max(len(block.lines) for block in blocks)):
        parts: list[tuple[str, str]] = []
        room = 0
        for block in blocks:
            if place < len(block.lines):
                here = block.lines[place]
                parts += [(" " * room, ""), *here.parts]
                room = -here.width
            room += block.width + gap
        lines.append(Line(tuple(parts)))
    return Block(tuple(lines))
