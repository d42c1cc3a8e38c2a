"""
Reports of web analytics: how often pages were seen, added up by somebody else.

Google's file is no plain table: lines that begin with ``#`` say the days, several tables follow
each other, and a row of totals may stand among the others. A report speaks of a period, not of
a moment; its facts happened on the first day, and ``extra`` says the last one.
"""

from __future__ import annotations

import csv
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path, PurePath
from typing import Any

from regard.errors import RecordError
from regard.exports import Format, RowMapper, Wishes
from regard.keys import compose
from regard.mapping import Mapped
from regard.mapping.amounts import parse_number
from regard.mapping.headers import fold
from regard.mapping.mappers import Numbered
from regard.mapping.times import zone_of
from regard.mapping.values import clean, shape
from regard.sources import InputFile
from regard.tabular import BadRow, Row, Table
from regard.tabular.contents import Content
from regard.tabular.encodings import Text, detect_encoding
from regard.tabular.tables import Items
from regard_plugins.touchpoints.addresses import page_of
from regard_plugins.touchpoints.deriving import Cells, Derive

__all__ = ["Summed", "ga4_formats", "ga4_tables", "is_ga4", "matomo"]

_PREAMBLE = re.compile(r"#\s*-{5,}|#\s*(?:start|end) date:\s*\d{8}", re.IGNORECASE)
_DAYS = re.compile(r"#\s*(start|end) date:\s*(\d{8})", re.IGNORECASE)
_NAME_DAY = re.compile(r"((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])")
_METRICS = {
    "views": ("web.views", "views"),
    "screen views": ("web.views", "views"),
    "vistas": ("web.views", "views"),
    "vues": ("web.views", "views"),
    "sessions": ("web.sessions", "sessions"),
    "sesiones": ("web.sessions", "sessions"),
    "total users": ("web.users", "users"),
    "users": ("web.users", "users"),
    "active users": ("web.users", "users"),
    "total de usuarios": ("web.users", "users"),
    "usuarios activos": ("web.users", "users"),
    "nombre total d'utilisateurs": ("web.users", "users"),
    "utilisateurs actifs": ("web.users", "users"),
    "event count": ("web.events", "events"),
    "numero de eventos": ("web.events", "events"),
    "nombre d'evenements": ("web.events", "events"),
}
_PAGES = re.compile(r"\b(?:page|pagina|screen|pantalla|ecran|landing|url|path)\b")
_PERIODS = re.compile(r"nth (?:day|week|month)|(?:dia|jour) n|date|fecha")
_TOTALS = frozenset({"", "total", "totals", "grand total", "totales", "total general", "totaux"})


@dataclass(frozen=True, slots=True)
class _Block:
    """One table inside of a file, with the days of the lines before it."""

    header: tuple[str, ...]
    line: int
    days: tuple[str, str]


def is_ga4(head: str) -> bool:
    """Say whether a file begins as the exports of Google Analytics do."""
    lines = [line.lstrip("\ufeff") for line in head.splitlines()[:30] if line.strip()]
    return bool(lines) and lines[0].startswith("#") and any(map(_PREAMBLE.match, lines))


def ga4_tables(file: InputFile, content: Content, encoding: str | None) -> list[Table]:
    """
    Return the tables of an export of Google Analytics.

    Raises:
        FileError: It cannot be read.
    """
    found = []
    for number, block in enumerate(_blocks(content, encoding), start=1):
        reader = _Reader(content, encoding, block)
        member = f"table {number}, {block.days[0]} to {block.days[1]}"
        found.append(Table(Path(file.path), member, "ga4", block.header, reader.rows, block.line))
    return found


def _lines(content: Content, encoding: str | None) -> Iterator[tuple[int, str]]:
    head = content.head()
    decoder = Text(detect_encoding(head, encoding), settled=encoding is not None)
    carry, number = "", 0
    with closing(content.blocks()) as blocks:
        for block in decoder.blocks(blocks):
            *lines, carry = (carry + block).split("\n")
            for line in lines:
                number += 1
                yield number, line.rstrip("\r")
    if carry:
        yield number + 1, carry


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
    except csv.Error:
        return []


def _blocks(content: Content, encoding: str | None) -> Iterator[_Block]:
    """Yield the tables: after lines of comment or empty ones, a line is a header."""
    days = {"start": "", "end": ""}
    between = True
    for number, line in _lines(content, encoding):
        if line.startswith("#"):
            found = _DAYS.match(line)
            if found is not None:
                days[found[1].lower()] = found[2]
            between = True
        elif not line.strip(", \t"):
            between = True
        elif between:
            header = _cells(line)
            if len(header) > 1 and not any(cell.replace(".", "").isdigit() for cell in header):
                yield _Block(_unique(header), number, (days["start"], days["end"]))
            between = False


def _unique(header: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    names = []
    for at, name in enumerate(header, start=1):
        seen[name] = seen.get(name, 0) + 1
        names.append((name or f"column {at}") + (f" ({seen[name]})" if seen[name] > 1 else ""))
    return tuple(names)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the rows of one table inside of a file."""

    content: Content
    encoding: str | None
    block: _Block

    def rows(self, table: Table) -> Items:
        """Yield the rows up to the next line that is empty or a comment."""
        width = len(self.block.header)
        for number, line in _lines(self.content, self.encoding):
            if number <= self.block.line:
                continue
            if line.startswith("#") or not line.strip(", \t"):
                break
            cells = _cells(line)
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if len(cells) != width or "\0" in line:
                reason = "short-line" if len(cells) < width else "long-line"
                message = f"the line has {len(cells)} cells, the header {width}"
                yield BadRow(number, line.replace("\0", "\\x00"), reason, message)
                continue
            yield Row(number, cells)


@dataclass(frozen=True)
class Ga4(Format):
    """
    One table of Google Analytics.

    Attributes:
        days: The first and the last day of the period, as ``20260910``.
    """

    days: tuple[str, str] = ("", "")

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what maps the rows of the table."""
        zone = zone_of(wishes.timezone)
        days = tuple(_day(day) for day in self.days)
        first = days[0] or modified_at.astimezone(zone).date()
        return Summed(_Ga4Mapper(header, first, days[1] or first, zone))


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


class _Ga4Mapper(RowMapper):
    """
    Makes a fact of each known metric of a row.

    Args:
        header: The columns: dimensions, then metrics.
        first: The first day of the period.
        last: The last one.
        zone: Where the days are.
    """

    def __init__(self, header: Sequence[str], first: date, last: date, zone: Any) -> None:  # noqa: ANN401  # a tzinfo
        super().__init__(header)
        self._zone, self._first, self._last = zone, first, last
        self._metrics: dict[int, tuple[str, str]] = {}
        for place, name in enumerate(header):
            known = _METRICS.get(fold(name))
            # "Active users" and "Total users" are both users: the first one counts.
            if place and known is not None and known not in self._metrics.values():
                self._metrics[place] = known
        self._dimension = fold(header[0])
        self._totals = 0

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over."""
        found = [f"passed over, rows of totals: {self._totals}"] if self._totals else []
        if not self._metrics:
            found.append("the table has no metric that is kept: views, users, sessions, events")
        return found

    def records(self, row: Numbered) -> Sequence[Mapped]:
        """Return the facts of a row."""
        label = clean(row.values[0])
        if fold(label) in _TOTALS:
            self._totals += 1
            return ()
        happened_on, last = self._first, self._last
        subject: str | None = self._subject(label)
        if _PERIODS.fullmatch(self._dimension):
            happened_on = last = self._period(label)
            subject = None
        moment = datetime.combine(happened_on, time(), self._zone).astimezone(UTC)
        facts: list[Mapped] = []
        for place, (name, unit) in self._metrics.items():
            value = parse_number(row.values[place], ".")
            if value is None:
                continue
            facts.append(
                {
                    "key": compose((self.header[0], subject, name, happened_on, last)),
                    "subject": subject,
                    "name": name,
                    "value": value,
                    "unit": unit,
                    "happened_at": moment,
                    "extra": {"until": last.isoformat()},
                }
            )
        return facts

    def passes_over(self, cells: Sequence[object]) -> bool:
        """Say whether a line is empty."""
        return not any(str(cell or "").strip(", ") for cell in cells)

    def _subject(self, label: str) -> str:
        if label.startswith("/"):
            return page_of(label)
        return label if _PAGES.search(self._dimension) else f"{self.header[0]}: {label}"

    def _period(self, label: str) -> date:
        """Return the day of ``0003``, the third after the first one, or of ``20260913``."""
        if len(label) == 8:
            found = _day(label)
            if found is not None:
                return found
        if label.isdigit() and len(label) < 8:
            if "week" in self._dimension:
                return self._first + timedelta(weeks=int(label))
            if "month" in self._dimension:
                months = self._first.year * 12 + self._first.month - 1 + int(label)
                return date(months // 12, months % 12 + 1, 1)
            return self._first + timedelta(days=int(label))
        message = f"column {self.header[0]!r}: {shape(label)!r} is no day"
        raise RecordError("bad-date", message, "happened_at")


def ga4_formats(table: Table) -> Sequence[Format]:
    """Return how a table of Google Analytics is read; nothing for other tables."""
    if table.format != "ga4":
        return []
    first, _, last = (table.member or "").partition(", ")[2].partition(" to ")
    title = "Google Analytics 4 export"
    return [Ga4("ga4", title, "analytics", "fact", days=(first, last))]


class Summed(RowMapper):
    """
    Adds up facts that share a key: a page that was counted once for each of its queries.

    Args:
        inner: Makes the facts of a row.
    """

    def __init__(self, inner: RowMapper) -> None:
        super().__init__(inner.header)
        self._inner = inner
        self._facts: dict[str, Mapped] = {}

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over."""
        return self._inner.notes

    def raw(self, row: Numbered) -> Mapping[str, str]:
        """Return a row by its headers."""
        return self._inner.raw(row)

    def records(self, row: Numbered) -> Sequence[Mapped]:
        """Take the facts of a row."""
        for fact in self._inner.records(row):
            if not isinstance(fact, dict):
                continue
            known = self._facts.setdefault(fact["key"], fact)
            if known is not fact:
                # Whoever saw a page under two addresses is still one user.
                join = max if fact["unit"] == "users" else operator.add
                known["value"] = join(known["value"], fact["value"])
        return ()

    def finish(self) -> Sequence[Mapped]:
        """Return the sums."""
        facts = tuple(self._facts.values())
        self._facts.clear()
        return facts

    def passes_over(self, cells: Sequence[object]) -> bool:
        """Say whether a line that is no row is empty."""
        return self._inner.passes_over(cells)


_MATOMO = {"views": ("nb_hits", "views"), "sessions": ("nb_visits", "sessions")}


def matomo(path: PurePath, modified_on: date | None = None) -> Derive:
    """Return the facts of a row of Matomo's report of pages; the days are in the file's name."""
    found = (_day("".join(each.groups())) for each in _NAME_DAY.finditer(path.name))
    named = [each for each in found if each is not None]  # 31 February is none
    day = named[0] if named else modified_on
    extra = {"until": named[-1].isoformat()} if len(named) > 1 else None

    def derive(record: Mapped, cells: Cells) -> Iterable[Mapped]:
        label = str(record.get("subject", ""))
        if "://" not in label and not label.startswith("/") and "/" in label:
            label = f"/{label}"
        subject = page_of(label) if "/" in label else label
        for name, (column, unit) in _MATOMO.items():
            value = cells.number(column)
            if value is not None:
                fact: Mapped = {
                    "key": compose((subject, name, day)),
                    "subject": subject,
                    "unit": unit,
                }
                fact |= {"name": f"web.{name}", "value": value}
                if extra is not None:
                    fact["extra"] = dict(extra)
                if day is not None:
                    fact["happened_at"] = cells.midnight(day)
                yield fact

    return derive
