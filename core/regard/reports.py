"""
A report as data: a tree of sections that every renderer can draw.

The reporter says what is so; how it looks in a terminal, in a file or in a spreadsheet is
the renderers' business. Every number carries its base, and "cannot tell" is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from regard.findings import Finding

__all__ = [
    "Cell",
    "Column",
    "Figure",
    "Freshness",
    "Period",
    "Point",
    "Report",
    "Section",
    "Series",
    "Table",
]

Cell: TypeAlias = str | int | Decimal | date | datetime | None


@dataclass(frozen=True, slots=True)
class Period:
    """
    The time a number speaks of.

    Attributes:
        since: Its first instant; None has no beginning.
        until: The first instant after it; None has no end.
    """

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One number with its base.

    Attributes:
        id: Stable and unique within the report, such as ``customers.new``.
        label: What it is, in the report's language.
        value: The number; None means that one cannot tell.
        unit: ``customers``, ``EUR``, ``%``, ``days``...; percentages are 0 to 100.
        n: How many records it was computed from.
        low: Lower end of its 95 % interval, where there is one.
        high: Upper end of it.
        period: The time it speaks of; None: all there is.
        note: What one must know to read it rightly.
    """

    id: str
    label: str
    value: Decimal | int | None
    unit: str = ""
    n: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    period: Period | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a table.

    Attributes:
        name: Stable, for machines.
        label: For people, in the report's language.
        unit: Shown in the header; empty for texts and counts.
        wrap: Its texts run over several lines where they would be cut: people's own words.
    """

    name: str
    label: str
    unit: str = ""
    wrap: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """
    Rows under columns.

    Attributes:
        title: What it shows.
        columns: From left to right.
        rows: As many cells as columns each; programs get all of them.
        note: The base, or what was left out and why.
        shown: How many of them people are shown; None: all.
        others: The row that stands for those people are not shown.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    shown: int | None = None
    others: tuple[Cell, ...] = ()

    @property
    def shown_rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that people are shown."""
        if self.shown is None or len(self.rows) <= self.shown:
            return self.rows
        return (*self.rows[: self.shown], *((self.others,) if self.others else ()))


@dataclass(frozen=True, slots=True)
class Point:
    """
    One number of a series.

    Attributes:
        on: The first day of the time that it speaks of.
        value: The number; None means that one cannot tell.
        n: How many records it was computed from.
        low: Lower end of its 95 % interval, where there is one.
        high: Upper end of it.
    """

    on: date
    value: Decimal | int | None
    n: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """
    One number over time.

    Attributes:
        id: Stable and unique within the report, such as ``nps.month``.
        label: What it is, in the report's language.
        points: In order of time, with every step of it.
        unit: As of a figure.
        step: How long each point lasts: ``month``, ``week`` or ``day``.
    """

    id: str
    label: str
    points: tuple[Point, ...]
    unit: str = ""
    step: Literal["month", "week", "day"] = "month"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under one heading."""

    title: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    note: str = ""
    series: tuple[Series, ...] = ()


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    How current one source is.

    Attributes:
        source: Its name in the configuration.
        records: How many of its records the store holds, deleted ones left out.
        last_run_at: When it was last read, well or not; None: never.
        outcome: How that went.
        newest_at: The latest time in its records.
        quarantined: How many of its records are in quarantine.
    """

    source: str
    records: int
    last_run_at: datetime | None
    outcome: str | None
    newest_at: datetime | None
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """
    What a reporter returns.

    Attributes:
        name: The reporter's name.
        title: In the report's language.
        made_at: When it was made.
        period: The time it speaks of; None: all there is.
        sections: From top to bottom.
        sources: Where its numbers come from and how fresh they are.
        language: ``en``, ``es`` or ``fr``.
    """

    name: str
    title: str
    made_at: datetime
    sections: Sequence[Section]
    sources: Sequence[Freshness] = field(default=())
    period: Period | None = None
    language: str = "en"
