"""A series as text: a small line that shows its shape, and the numbers under it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from regard.render import formats
from regard.render.words import unit, word
from regard.reports import Cell, Column, Point, Series, Table

__all__ = ["drawn_line", "series_table"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = " "


def drawn_line(values: Sequence[Decimal | int | None]) -> str:
    """
    Return one sign for each value, the lowest value as the lowest block.

    What one cannot tell is a gap. Where all values are the same the line runs in the middle.
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    span, top = high - low, len(_BLOCKS) - 1
    return "".join(
        _GAP if value is None else _BLOCKS[round((value - low) * top / span) if span else top // 2]
        for value in values
    )


def series_table(series: Series, language: str) -> tuple[str, Table]:
    """Return a series as people read it: the drawn line with its range, and its points."""
    values = [point.value for point in series.points]
    known = [value for value in values if value is not None]
    shape = ""
    if known:
        low, high = (_number(value, language) for value in (min(known), max(known)))
        drawn = drawn_line(values)
        shape = drawn if low == high else f"{drawn}  {word('range', language, low=low, high=high)}"
    named = unit(series.unit, language) if series.unit else word("value", language)
    columns = [Column("on", word(series.step, language)), Column("value", named)]
    ranged = any(point.low is not None for point in series.points)
    based = any(point.n is not None for point in series.points)
    columns += [Column("interval", "95 %")] if ranged else []
    columns += [Column("n", "n")] if based else []
    rows: list[tuple[Cell, ...]] = []
    for point in series.points:
        row: list[Cell] = [_when(series, point, language), point.value]
        row += [_interval(point, language)] if ranged else []
        row += [point.n] if based else []
        rows.append(tuple(row))
    return shape, Table(series.label, tuple(columns), tuple(rows))


def _when(series: Series, point: Point, language: str) -> str:
    if series.step == "month":
        return formats.month(point.on, language)
    return formats.day(point.on, language)


def _interval(point: Point, language: str) -> str:
    if point.low is None or point.high is None:
        return word("none", language)
    low, high = (_number(value, language) for value in (point.low, point.high))
    return word("range", language, low=low, high=high)


def _number(value: Decimal | int, language: str) -> str:
    return formats.number(value, language, 0 if isinstance(value, int) else 1)
