"""One report in every format: whole screens, exact JSON, CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from regard.findings import Finding, Severity
from regard.render import plain, render_csv, render_json, render_terminal
from regard.render.words import LANGUAGES, WORDS
from regard.reports import Column, Figure, Freshness, Period, Report, Section, Table

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
JANUARY = Period(datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC))
SCREENS = Path(__file__).with_name("screens")

ATTACK = (
    "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link [bold]b[/bold] \u202egnp.exe \x9b2J a\nb\rc\x07"
)


def report(language: str = "en", **changes: Any) -> Report:
    """Return a report that has one of everything."""
    places = Table(
        "Customers by region",
        (
            Column("region", "Region"),
            Column("customers", "Customers"),
            Column("share", "Share", "%"),
        ),
        (
            ("Castilla-La Mancha and all that lies behind its mountains", 1234, Decimal("61.5")),
            (None, 772, Decimal("38.5")),
            ("3 others", None, None),
        ),
        note="n = 2,006 customer records",
    )
    top = Table(
        "Top customers in EUR",
        (
            Column("customer", "Customer"),
            Column("revenue", "Revenue", "EUR"),
            Column("last", "Last purchase"),
        ),
        (
            ("customer#6c7ef234", Decimal("999999999.5"), date(2026, 1, 30)),
            ("customer#00000000", Decimal("-3.456"), None),
        ),
    )
    figures = (
        Figure("customers.total", "Customer records", 2006, "customers", n=2006),
        Figure("nps", "Net promoter score", Decimal(42), "points", 118, Decimal(31), Decimal(52)),
        Figure(
            "revenue.EUR", "Revenue in EUR", Decimal("1234567.891"), "EUR", n=20, period=JANUARY
        ),
        Figure(
            "share", "Not made", Decimal("12.34"), "%", n=0, note="Sales and pipeline together."
        ),
        Figure("gap", "Median days between purchases", None, "days", n=0),
    )
    findings = (
        Finding("late", "One thing is late.", Severity.INFO),
        Finding("gone", "Nine of ten are gone.", Severity.CRITICAL, value=Decimal(90), n=1000),
        Finding("odd", "This is odd.", subject="crm", why="Nobody knows.", evidence={"rows": 3}),
    )
    sources = (
        Freshness("crm", 2006, NOW, "ok", datetime(2026, 1, 30, 8, tzinfo=UTC), 3),
        Freshness("till", 0, None, None, None),
    )
    sections = (
        Section("Who they are", figures, (places, top), findings, note="Records, not yet people."),
        Section("Nothing here"),
    )
    given: dict[str, Any] = {"sources": sources, "period": JANUARY, "language": language}
    return Report("customers", "Customers", NOW, sections, **{**given, **changes})


def screen(shown: Report, width: int) -> str:
    """Return what a terminal of a width shows, without colours."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        color_system=None,
        force_terminal=False,
        legacy_windows=False,
    )
    render_terminal(shown, console, timezone="Europe/Madrid")
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_screen(width: int) -> None:
    """The whole screen is as it was agreed on."""
    expected = (SCREENS / f"{width}.txt").read_text(encoding="utf-8")

    assert expected == screen(report(), width)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_is_cut(width: int, language: str) -> None:
    """At any width every number is there whole, and from 40 columns no line is too long."""
    shown = screen(report(language), width)
    separators = str.maketrans("", "", ".,  \u00a0\u202f\n")
    digits = shown.translate(separators)

    for number in ("2006", "123456789", "99999999950", "-346", "1234", "772", "118"):
        assert number in digits
    assert max(map(cell_len, shown.splitlines())) <= max(width, 40)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_untrusted_text(width: int) -> None:
    """Text from outside cannot colour, steer, link, mark up or turn around a line."""
    table = Table(ATTACK, (Column("a", ATTACK, ATTACK),), ((ATTACK,),), note=ATTACK)
    figure = Figure("f", ATTACK, 1, ATTACK, n=1, note=ATTACK)
    finding = Finding("c", ATTACK, why=ATTACK)
    section = Section(ATTACK, (figure,), (table,), (finding,), note=ATTACK)
    source = Freshness(ATTACK, 1, NOW, ATTACK, NOW)
    shown = screen(Report("r", ATTACK, NOW, [section], [source]), width)

    assert set() == set("\x1b\x9b\x07\r\u202e") & set(shown)
    assert "[bold]" in shown


def test_colours_only_repeat() -> None:
    """With colours the words are the same as without."""
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system="standard")
    render_terminal(report(), console, timezone="Europe/Madrid")
    coloured = out.getvalue()

    assert "\x1b[" in coloured
    assert screen(report(), 80) == re.sub(r"\x1b\[[0-9;]*m", "", coloured)


def test_other_encodings() -> None:
    """A terminal that knows few signs shows the nearest ones and does not fail."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="latin-1")
    console = Console(file=out, width=80, color_system=None)
    render_terminal(report("es"), console)
    out.flush()
    shown = raw.getvalue().decode("latin-1")

    assert "Última lectura" in shown
    assert "-------" in shown


def test_empty_report() -> None:
    """A report without sections is a title and its counts."""
    shown = screen(Report("r", "Nothing", NOW, []), 80)

    assert [
        "Nothing",
        "made 31 Jan 2026, 09:00 (Europe/Madrid)",
        "",
        "sections: 0, figures: 0, tables: 0, findings: 0; sources: 0, records: 0",
    ] == shown.splitlines()


def test_table_without_rows() -> None:
    """A table without rows shows its columns."""
    table = Table("Empty", (Column("a", "A"), Column("b", "B", "EUR")), ())
    shown = screen(Report("r", "R", NOW, [Section("S", tables=(table,))]), 80)

    assert "  A  B (EUR)" in shown.splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Ana-María Ñ ‘x’ 漢字 שלום", "Ana-María Ñ ‘x’ 漢字 שלום"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("a\tb\r\nc\u2028d", "a b c d"),
        ("\x1b[1;31mred\x1b[0m", "\ufffdred\ufffd"),
        ("\x1b]0;title\x07rest", "\ufffdrest"),
        ("\x1b]0;no end", "\ufffd"),
        ("\x9b31mred", "\ufffdred"),
        ("\x1b(0lqk", "\ufffdlqk"),
        ("\x1b", "\ufffd"),
        ("a\x00b\x7fc\x85", "a\ufffdb\ufffdc "),
        ("\u202eabc\u2066d\u200e\ufeff\u00ad", "abcd"),
        ("\ud800", "\ufffd"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    """Control goes, writing stays."""
    assert expected == plain(text)


def test_json() -> None:
    """JSON has the published shape: decimals as texts, times in UTC, unknown as null."""
    data = json.loads(render_json(report()))
    section = data["sections"][0]

    assert ["name", "title", "made_at", "period", "sections", "sources"] == list(data)
    assert "2026-01-31T08:00:00Z" == data["made_at"]
    assert {"since": "2025-12-31T23:00:00Z", "until": "2026-01-31T23:00:00Z"} == data["period"]
    shape = ["title", "figures", "tables", "series", "findings", "actions", "note"]
    assert shape == list(section)
    assert {
        "id": "nps",
        "label": "Net promoter score",
        "value": "42",
        "unit": "points",
        "n": 118,
        "low": "31",
        "high": "52",
        "period": None,
        "note": None,
    } == section["figures"][1]
    assert [2006, "1234567.891", None] == [section["figures"][n]["value"] for n in (0, 2, 4)]
    assert {"name": "share", "label": "Share", "unit": "%"} == section["tables"][0]["columns"][2]
    assert [None, 772, "38.5"] == section["tables"][0]["rows"][1]
    assert ["customer#6c7ef234", "999999999.5", "2026-01-30"] == section["tables"][1]["rows"][0]
    finding = section["findings"][2]
    assert 12 == len(finding.pop("id"))
    assert {
        "code": "odd",
        "severity": "warning",
        "state": "open",
        "text": "This is odd.",
        "value": None,
        "n": None,
        "why": "Nobody knows.",
        "evidence": {"rows": 3},
    } == finding
    assert {
        "source": "crm",
        "records": 2006,
        "last_run_at": "2026-01-31T08:00:00Z",
        "outcome": "ok",
        "newest_at": "2026-01-30T08:00:00Z",
        "quarantined": 3,
    } == data["sources"][0]


def test_json_is_text() -> None:
    """Half a character pair and huge or tiny numbers are still JSON that anybody can read."""
    table = Table("t\ud800", (Column("a", "a"),), ((Decimal("1E+3"),), (Decimal("1E-6"),)))
    text = render_json(Report("r", "r", NOW, [Section("s", tables=(table,))]))

    assert [["1000"], ["0.000001"]] == json.loads(text)["sections"][0]["tables"][0]["rows"]
    assert text.encode()


def lines_of(shown: Report) -> list[dict[str, str]]:
    """Return a report's CSV as rows."""
    return list(csv.DictReader(io.StringIO(render_csv(shown), newline="")))


def test_csv() -> None:
    """CSV has a line for each number, exact, with its base and period."""
    rows = lines_of(report())
    revenue = next(row for row in rows if row["item"] == "revenue.EUR")
    cell = next(row for row in rows if row["block"] == "table" and row["column"] == "share")

    assert {"finding", "figure", "table", "source"} == {row["block"] for row in rows}
    assert ("1234567.891", "EUR", "20") == (revenue["value"], revenue["unit"], revenue["n"])
    assert "2025-12-31T23:00:00Z" == revenue["since"]
    assert ("Customers by region", "1", "61.5") == (cell["item"], cell["row"], cell["value"])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_csv_formulas(start: str) -> None:
    """Text that a spreadsheet would run gets an apostrophe; negative numbers do not."""
    bad = f"{start}HYPERLINK(1)"
    table = Table(bad, (Column("a", bad), Column("b", "b")), ((bad, Decimal("-1.5")),))
    rows = lines_of(Report("r", "r", NOW, [Section(bad, tables=(table,))]))

    assert {f"'{bad}"} == {rows[0][name] for name in ("section", "item", "label", "value")}
    assert "-1.5" == rows[1]["value"]


def test_words_are_complete() -> None:
    """Each of our own words exists in every language, with the same gaps to fill."""

    def gaps(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    assert set(LANGUAGES) == set(WORDS)
    for name, text in WORDS["en"].items():
        assert {frozenset(gaps(text))} == {frozenset(gaps(WORDS[one][name])) for one in LANGUAGES}
