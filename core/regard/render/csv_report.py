"""
A report as one CSV: a line for each number, for spreadsheets and notebooks.

The form is long and always the same, so that reports of different shapes can be stacked.
Spreadsheets run what begins like a formula; a text from outside that does gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from regard.render.formats import exact
from regard.reports import Cell, Period, Report, Section, Series, Table

__all__ = ["COLUMNS", "render_csv"]

COLUMNS = (
    "section",
    "block",
    "item",
    "row",
    "column",
    "label",
    "value",
    "unit",
    "n",
    "low",
    "high",
    "since",
    "until",
)
"""
``block`` is figure, table, series, finding or source; ``item`` a figure's or series' id, a
table's title, a finding's code or a source's name; ``row`` counts a table's rows from 1, and
``column`` is the first day of a series' point.
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, int):
        return str(value)
    text = value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA) else text


def render_csv(report: Report) -> str:
    """Return a report as CSV text with a header; values are exact and unformatted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for section in report.sections:
        for line in _section(section, report.period):
            writer.writerow([_text(line.get(column)) for column in COLUMNS])
    for source in report.sources:
        cells: dict[str, Cell] = {
            "records": source.records,
            "quarantined": source.quarantined,
            "outcome": source.outcome,
            "last_run_at": source.last_run_at,
            "newest_at": source.newest_at,
        }
        for column, cell in cells.items():
            line = {"block": "source", "item": source.source, "column": column, "value": cell}
            writer.writerow([_text(line.get(column)) for column in COLUMNS])
    return out.getvalue()


def _bounds(period: Period | None) -> dict[str, Cell]:
    return {"since": period.since, "until": period.until} if period else {}


def _section(section: Section, period: Period | None) -> Iterator[dict[str, Cell]]:
    for finding in section.findings:
        yield {
            "section": section.title,
            "block": "finding",
            "item": finding.code,
            "label": finding.text,
            "value": finding.value,
            "n": finding.n,
            **_bounds(period),
        }
    for figure in section.figures:
        yield {
            "section": section.title,
            "block": "figure",
            "item": figure.id,
            "label": figure.label,
            "value": figure.value,
            "unit": figure.unit,
            "n": figure.n,
            "low": figure.low,
            "high": figure.high,
            **_bounds(figure.period or period),
        }
    for table in section.tables:
        yield from _table(section, table, period)
    for series in section.series:
        yield from _series(section, series)


def _table(section: Section, table: Table, period: Period | None) -> Iterator[dict[str, Cell]]:
    for number, row in enumerate(table.rows, start=1):
        for column, cell in zip(table.columns, row, strict=True):
            yield {
                "section": section.title,
                "block": "table",
                "item": table.title,
                "row": number,
                "column": column.name,
                "label": column.label,
                "value": cell,
                "unit": column.unit,
                **_bounds(period),
            }


def _series(section: Section, series: Series) -> Iterator[dict[str, Cell]]:
    for number, point in enumerate(series.points, start=1):
        yield {
            "section": section.title,
            "block": "series",
            "item": series.id,
            "row": number,
            "column": point.on,
            "label": series.label,
            "value": point.value,
            "unit": series.unit,
            "n": point.n,
            "low": point.low,
            "high": point.high,
        }
