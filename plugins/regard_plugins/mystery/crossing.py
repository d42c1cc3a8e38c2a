"""Tables of two directions: places by section, waves by place, competitors by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from regard.measures import mystery
from regard.measures.mystery import CrossScore
from regard.privacy import mask_text
from regard.reports import Cell, Column, Section, Table
from regard_plugins.mystery.sections import Asked

__all__ = ["by_rival", "by_section", "progress", "with_tables"]

_MOST = 5
"""Columns that fit beside a name at 80 characters."""


def with_tables(section: Section, tables: Sequence[Table]) -> Section:
    """Return a section with more tables behind its own."""
    return replace(section, tables=(*section.tables, *tables))


def by_section(asked: Asked) -> list[Table]:
    """Say what each place scores in each section, the lowest place first."""
    ranked = mystery.scores_by(asked.view, asked.period, "place")
    places = [one.part for one in ranked if one.part is not None]
    found = mystery.cross_scores(asked.view, asked.period, "section", "place")
    turned = [CrossScore(one.part, one.row, one.estimate) for one in found if one.part]
    sections = list(dict.fromkeys(one.part for one in turned if one.part))
    if not 2 <= len(sections) <= _MOST or len(places) < 2:
        return []
    return [_crossed(asked, "place_sections", "place", turned, places, sections)]


def by_rival(asked: Asked) -> list[Table]:
    """Say what we and competitors score in each section."""
    found = mystery.cross_scores(asked.view, asked.period, "section", "subject")
    parts = [None, *dict.fromkeys(one.part for one in found if one.part)]
    rows = list(dict.fromkeys(one.row for one in found))
    if not 2 <= len(parts) <= _MOST or len(rows) < 2:
        return []
    return [_crossed(asked, "beside_sections", "section", found, rows, parts)]


def progress(asked: Asked) -> list[Table]:
    """Say how places and sections went from the wave before to the last one."""
    ranked = mystery.scores_by(asked.view, asked.period, "wave")
    waves = [one.part for one in ranked if one.part is not None][-2:]
    tables = []
    for row in ("place", "section"):
        found = mystery.cross_scores(asked.view, asked.period, row, "wave")
        rows = list(dict.fromkeys(one.row for one in found if one.part in waves))
        if len(rows) > 1:
            tables.append(_changed(asked, row, found, rows, waves))
    return tables


def _crossed(
    asked: Asked,
    title: str,
    first: str,
    found: Sequence[CrossScore],
    rows: Sequence[str],
    parts: Sequence[str | None],
) -> Table:
    scores = {(one.row, one.part): one.estimate for one in found}
    made: list[tuple[Cell, ...]] = []
    for row in rows:
        cells = [scores.get((row, part)) for part in parts]
        bases = [cell.n for cell in cells if cell is not None]
        if bases:
            values = (None if cell is None else cell.value for cell in cells)
            made.append((mask_text(row), *values, min(bases)))
    columns = (
        asked.to.column(first),
        *(_column(asked, at, part) for at, part in enumerate(parts)),
        asked.to.column("n"),
    )
    return _shortened(asked, title, columns, made)


def _changed(
    asked: Asked, row: str, found: Sequence[CrossScore], rows: Sequence[str], waves: Sequence[str]
) -> Table:
    scores = {(one.row, one.part): one.estimate for one in found}
    made: list[tuple[Cell, ...]] = []
    for name in rows:
        cells = [scores.get((name, wave)) for wave in waves]
        values = [None if cell is None else cell.value for cell in cells]
        before, last = values
        change = None if before is None or last is None else last - before
        bases = [cell.n for cell in cells if cell is not None]
        made.append((mask_text(name), *values, change, min(bases)))
    made.sort(key=lambda cells: cells[3] if isinstance(cells[3], Decimal) else Decimal(1000))
    columns = (
        asked.to.column(row),
        *(_column(asked, at, wave) for at, wave in enumerate(waves)),
        asked.to.column("change"),
        asked.to.column("n"),
    )
    return _shortened(asked, f"progress_{row}", columns, made)


def _shortened(
    asked: Asked, title: str, columns: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]]
) -> Table:
    rest = len(rows) - asked.params.rows
    others: tuple[Cell, ...] = ()
    if rest > 0:
        others = (asked.to.say("others", n=rest), *[None] * (len(columns) - 1))
    shown = asked.params.rows if rest > 0 else None
    note = asked.to.say("smallest")
    return Table(asked.to.say(title), columns, tuple(rows), note, shown, others)


def _column(asked: Asked, at: int, part: str | None) -> Column:
    return Column(f"part_{at + 1}", asked.to.say("us") if part is None else mask_text(part))
