"""Series and people's own words: as lines on a terminal, and exact for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from rich.cells import cell_len
from rich.console import Console

from regard.render import render_csv, render_json, render_terminal
from regard.render.lines import drawn_line
from regard.reports import Column, Point, Report, Section, Series, Table

POINTS = (
    Point(date(2026, 1, 1), Decimal("-10.5"), 40, Decimal("-20.0"), Decimal("1.0")),
    Point(date(2026, 2, 1), None, 0),
    Point(date(2026, 3, 1), Decimal("31.0"), 118, Decimal("20.0"), Decimal("42.0")),
)
SERIES = Series("nps.month", "NPS by month", POINTS, "points")
WORDS = "I wrote three times and nobody answered, so this was the last time that I came here"
TEXTS = Table("Unhappy", (Column("n", "n"), Column("text", "Text", wrap=True)), ((1, WORDS),))
REPORT = Report(
    "voice",
    "Voice",
    datetime(2026, 3, 15, tzinfo=UTC),
    [Section("What they say", tables=(TEXTS,), series=(SERIES,))],
)


def screen(width: int, encoding: str = "utf-8") -> str:
    """Return what a terminal of a width shows."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=out, width=width, color_system=None, force_terminal=False)
    render_terminal(REPORT, console)
    out.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ((), ""),
        ((None, None), ""),
        ((1, 2, 3), "▁▅█"),
        ((Decimal("0.5"), None, Decimal(-1)), "█ ▁"),
        ((7, 7), "▄▄"),
    ],
)
def test_lines(values: tuple[Decimal | int | None, ...], line: str) -> None:
    """The lowest value is the lowest block, what is unknown a gap, what is even the middle."""
    assert line == drawn_line(values)


def test_series_on_a_terminal() -> None:
    """A series is a small line with its range, and a table of its points."""
    shown = screen(80)

    assert "  ▁ █  -10.5 to 31.0\n" in shown
    rows = [line.split() for line in shown.splitlines() if " 2026 " in line]
    assert ["Jan", "2026", "-10.5", "-20.0", "to", "1.0", "40"] == rows[0]
    assert ["Feb", "2026", "–", "–", "0"] == rows[1]


def test_series_without_blocks() -> None:
    """A terminal that knows no blocks shows the line in digits."""
    assert "  1 8  -10.5 to 31.0\n" in screen(80, "latin-1")


def test_series_for_programs() -> None:
    """JSON and CSV have every point with its base and interval."""
    found = json.loads(render_json(REPORT))["sections"][0]["series"]
    rows = [
        row for row in csv.DictReader(io.StringIO(render_csv(REPORT))) if row["block"] == "series"
    ]

    assert ["nps.month", "points", "month"] == [found[0][key] for key in ("id", "unit", "step")]
    assert {
        "on": "2026-01-01", "value": "-10.5", "n": 40, "low": "-20", "high": "1"
    } == found[0]["points"][0]  # fmt: skip
    assert found[0]["points"][1]["value"] is None
    assert ["2026-01-01", "2026-02-01", "2026-03-01"] == [row["column"] for row in rows]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_words_are_never_cut(width: int) -> None:
    """People's own words run over several lines and lose none."""
    shown = screen(width)

    assert WORDS.split() == [word for word in shown.split() if word in WORDS.split()]
    assert max(map(cell_len, shown.splitlines())) <= width
