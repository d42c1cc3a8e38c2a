"""A report as JSON: the same tree, with exact numbers, for programs."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from regard.findings import Finding
from regard.render.formats import exact
from regard.reports import Cell, Figure, Freshness, Period, Report, Section, Series, Table

__all__ = ["render_json", "report_data"]


def render_json(report: Report) -> str:
    """
    Return a report as JSON text.

    Decimals are texts, times ISO 8601 in UTC, and "cannot tell" is null.
    """
    return json.dumps(report_data(report), ensure_ascii=False, indent=2) + "\n"


def report_data(report: Report) -> dict[str, Any]:
    """Return a report as plain values that JSON knows."""
    return {
        "name": report.name,
        "title": report.title,
        "made_at": _plain(report.made_at),
        "period": _period(report.period),
        "sections": [_section(section) for section in report.sections],
        "sources": [_source(source) for source in report.sources],
    }


def _plain(value: Cell) -> str | int | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, str):
        # Half a character pair is no text, and no reader of JSON need accept it.
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _period(period: Period | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {"since": _plain(period.since), "until": _plain(period.until)}


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": _plain(section.title),
        "figures": [_figure(figure) for figure in section.figures],
        "tables": [_table(table) for table in section.tables],
        "series": [_series(series) for series in section.series],
        "findings": [_finding(finding) for finding in section.findings],
        "actions": [],
        "note": _plain(section.note or None),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "id": figure.id,
        "label": _plain(figure.label),
        "value": _plain(figure.value),
        "unit": figure.unit,
        "n": figure.n,
        "low": _plain(figure.low),
        "high": _plain(figure.high),
        "period": _period(figure.period),
        "note": _plain(figure.note or None),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": _plain(table.title),
        "columns": [
            {"name": column.name, "label": _plain(column.label), "unit": column.unit}
            for column in table.columns
        ],
        "rows": [[_plain(cell) for cell in row] for row in table.rows],
        "note": _plain(table.note or None),
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        "id": series.id,
        "label": _plain(series.label),
        "unit": series.unit,
        "step": series.step,
        "points": [
            {
                "on": _plain(point.on),
                "value": _plain(point.value),
                "n": point.n,
                "low": _plain(point.low),
                "high": _plain(point.high),
            }
            for point in series.points
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    # Code and subject are what makes it the same finding when it is seen again.
    identity = f"{finding.code}\x1f{finding.subject}".encode("utf-8", "replace")
    return {
        "id": hashlib.sha256(identity).hexdigest()[:12],
        "code": finding.code,
        "severity": finding.severity.value,
        "state": "open",
        "text": _plain(finding.text),
        "value": _plain(finding.value),
        "n": finding.n,
        "why": _plain(finding.why),
        "evidence": {name: _plain(value) for name, value in finding.evidence.items()},
    }


def _source(source: Freshness) -> dict[str, Any]:
    return {
        "source": source.source,
        "records": source.records,
        "last_run_at": _plain(source.last_run_at),
        "outcome": source.outcome,
        "newest_at": _plain(source.newest_at),
        "quarantined": source.quarantined,
    }
