"""
A report on the terminal: findings first, then the sections, then how fresh it all is.

It reads the same without colours, in a pipe and at 80 columns; colour only repeats what the
words say already.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from regard.findings import Finding, Severity
from regard.render import formats
from regard.render.blocks import Block, Line, beside, ellipsised, line, table_block, wrapped
from regard.render.cells import shown_columns
from regard.render.lines import series_table
from regard.render.text import plain
from regard.render.words import WORDS, unit, word
from regard.reports import Cell, Column, Figure, Report, Section, Series, Table

__all__ = ["render_terminal", "render_text"]

_NARROWEST = 40
_SHORTEST_LABEL = 8
_LABEL = 24
"""Labels keep so many columns even where bases are long."""
_TEXT_WIDTH = 100
"""Sentences that run over the whole of a wide terminal are hard to read."""

_SEVERITY_STYLES = {
    Severity.INFO: "cyan",
    Severity.WARNING: "yellow",
    Severity.CRITICAL: "bold red",
}
_ASCII = str.maketrans(
    {"─": "-", "…": ".", "–": "-", "·": "-", "\u00a0": " ", "\u202f": " "}
    | dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True))
)


def render_terminal(report: Report, console: Console, *, timezone: str = "UTC") -> None:
    """
    Draw a report.

    Args:
        report: What to draw; none of its texts is trusted.
        console: Where.
        timezone: The zone that times are shown in.
    """
    _Screen(report, console, timezone).draw()


def render_text(report: Report, *, timezone: str = "UTC", width: int = 100) -> str:
    """
    Return a report as plain text, as a terminal without colours would show it.

    Args:
        report: What to draw; none of its texts is trusted.
        timezone: The zone that times are shown in.
        width: In columns.
    """
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False)
    render_terminal(report, console, timezone=timezone)
    return out.getvalue()


class _Screen:
    """Draws one report on one console; it lives for one call."""

    def __init__(self, report: Report, console: Console, timezone: str) -> None:
        self.report = report
        self.console = console
        self.timezone = timezone
        self.language = report.language
        self.width = max(console.width, _NARROWEST)

    def draw(self) -> None:
        """Draw all of it, from top to bottom."""
        self._head()
        self._findings([f for section in self.report.sections for f in section.findings])
        for section in self.report.sections:
            self._section(section)
        if self.report.sources:
            self._sources()
        self._line("")
        self._text(self._counts(), "dim")

    def _line(self, text: str, style: str = "") -> None:
        self._lines([line(text, style)])

    def _lines(self, lines: Iterable[Line]) -> None:
        for one in lines:
            parts = [(self._encodable(text), style) for text, style in one.parts]
            self.console.print(Text.assemble(*parts), soft_wrap=True, highlight=False)

    def _encodable(self, text: str) -> str:
        """Return a text that the terminal's encoding has: the nearest sign, and no crash."""
        encoding = self.console.encoding
        if "utf" in encoding.lower():
            return text
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)

    def _text(self, text: str, style: str = "", indent: int = 0) -> None:
        width = min(self.width, _TEXT_WIDTH) - indent
        for part in wrapped(plain(text), width):
            self._line(" " * indent + part, style)

    def _head(self) -> None:
        self._text(self.report.title, "bold")
        at = formats.moment(self.report.made_at, self.timezone, self.language)
        parts = [word("made", self.language, at=f"{at} ({self.timezone})")]
        if self.report.period:
            parts.insert(0, formats.period(self.report.period, self.timezone, self.language))
        self._text(" · ".join(parts), "dim")

    def _heading(self, title: str) -> None:
        self._line("")
        text = ellipsised(plain(title), self.width)
        self._line(text, "bold")
        self._line("─" * cell_len(text), "dim")

    def _findings(self, findings: Sequence[Finding]) -> None:
        if not findings:
            return
        self._heading(word("findings", self.language))
        order = list(Severity)
        for finding in sorted(findings, key=lambda one: -order.index(one.severity)):
            mark = word(finding.severity.value, self.language)
            base = self._base(finding.n, ())
            style = _SEVERITY_STYLES[finding.severity]
            said = word("finding", self.language, mark=mark, text=finding.text)
            self._text(f"{said}{base and ' ' + base}", style, indent=2)
            if finding.why:
                self._text(finding.why, indent=4)

    def _section(self, section: Section) -> None:
        self._heading(section.title)
        if section.note:
            self._text(section.note, indent=2)
        if section.figures:
            self._figures(section.figures)
        blocks = [self._series(series) for series in section.series]
        blocks += [self._table(table) for table in section.tables]
        for block in beside(blocks, self.width):
            self._line("")
            self._lines(block.lines)

    def _base(self, n: int | None, more: Iterable[str]) -> str:
        parts = [] if n is None else [f"n = {formats.number(n, self.language)}"]
        parts += [part for part in more if part]
        return f"({', '.join(parts)})" if parts else ""

    def _value(self, figure: Figure) -> tuple[str, str]:
        """Return a figure's number and its unit; an amount carries its currency's sign."""
        if figure.value is None:
            return word("unknown", self.language), ""
        if formats.is_currency(figure.unit):
            return formats.money(figure.value, figure.unit, self.language), ""
        decimals = formats.decimals_for(figure.value, figure.unit)
        return (
            formats.number(figure.value, self.language, decimals),
            plain(unit(figure.unit, self.language, one=figure.value == 1)),
        )

    def _interval(self, figure: Figure) -> str:
        if figure.low is None or figure.high is None:
            return ""
        ends = (figure.low, figure.high)
        decimals = max(formats.decimals_for(value, figure.unit) for value in ends)
        low, high = (formats.number(value, self.language, decimals) for value in ends)
        return word("interval", self.language, low=low, high=high)

    def _during(self, figure: Figure) -> str:
        # The report's own period stands at its top and need not be said again.
        if figure.period is None or figure.period == self.report.period:
            return ""
        return formats.period(figure.period, self.timezone, self.language)

    def _figures(self, figures: Sequence[Figure]) -> None:
        values = [self._value(figure) for figure in figures]
        bases = [
            self._base(figure.n, (self._interval(figure), self._during(figure)))
            for figure in figures
        ]
        value_width = max(cell_len(value) for value, _ in values)
        unit_width = max(cell_len(name) for _, name in values)
        labels = [plain(figure.label) for figure in figures]
        base_width = max(map(cell_len, bases))
        room = self.width - 2 - value_width - unit_width - base_width - 5
        longest = max(map(cell_len, labels))
        label_width = max(min(longest, room), min(longest, _LABEL))
        # Where even that is too much, bases go below and labels wrap.
        label_width = max(min(label_width, room + base_width), _SHORTEST_LABEL)
        for figure, label, (value, name), base in zip(figures, labels, values, bases, strict=True):
            first, *rest = wrapped(label, label_width)
            start = f"  {_left(first, label_width)}  {_right(value, value_width)}"
            whole = f"{start} {_left(name, unit_width)}  {base}".rstrip()
            if cell_len(whole) <= self.width:
                self._line(whole)
            else:
                self._line(f"{start} {name}".rstrip())
                rest = [*rest, *wrapped(base, self.width - 4)]
            for part in rest:
                self._line(f"    {part}")
            if figure.note:
                self._text(figure.note, "dim", indent=4)

    def _series(self, series: Series) -> Block:
        shape, table = series_table(series, self.language)
        block = self._table(table)
        return Block((block.lines[0], line(f"  {shape}"), *block.lines[1:])) if shape else block

    def _table(self, table: Table) -> Block:
        columns = shown_columns(table, self.language, self.timezone)
        body = table_block(columns, self.width)
        width = min(max(body.width, 48), self.width)
        head = [line(f"  {part}", "bold") for part in wrapped(plain(table.title), width - 2)]
        note = wrapped(plain(table.note), width - 2) if table.note else []
        return Block((*head, *body.lines, *(line(f"  {part}", "dim") for part in note)))

    def _sources(self) -> None:
        self._heading(word("sources", self.language))
        names = ("source", "records", "quarantined", "outcome", "last_run", "newest")
        # Names and ages say nothing where they are cut.
        wraps = ("source", "last_run", "newest")
        columns = tuple(
            Column(name, word(name, self.language), wrap=name in wraps) for name in names
        )
        rows: list[tuple[Cell, ...]] = []
        for one in self.report.sources:
            when = [
                formats.age(at, self.report.made_at, self.language)
                if at
                else word("never" if place == 0 else "none", self.language)
                for place, at in enumerate((one.last_run_at, one.newest_at))
            ]
            known = one.outcome in WORDS["en"]
            outcome = word(str(one.outcome), self.language) if known else one.outcome or "–"
            rows.append((one.source, one.records, one.quarantined, outcome, *when))
        table = Table("", columns, tuple(rows))
        columns_shown = shown_columns(table, self.language, self.timezone)
        self._lines(table_block(columns_shown, self.width).lines)

    def _counts(self) -> str:
        sections = self.report.sections
        counted = {
            "sections": len(sections),
            "figures": sum(len(section.figures) for section in sections),
            "tables": sum(len(section.tables) for section in sections),
            "findings": sum(len(section.findings) for section in sections),
            "sources": len(self.report.sources),
            "records": sum(one.records for one in self.report.sources),
        }
        texts = {name: formats.number(count, self.language) for name, count in counted.items()}
        return word("counts", self.language, **texts)


def _left(text: str, width: int) -> str:
    return text + " " * max(width - cell_len(text), 0)


def _right(text: str, width: int) -> str:
    return " " * max(width - cell_len(text), 0) + text
