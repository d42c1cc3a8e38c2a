"""From rows of series to indicators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from regard.errors import RecordError
from regard.exports import Format, RowMapper, Wishes
from regard.keys import compose
from regard.mapping import Mapped
from regard.mapping.amounts import DecimalSign, parse_number
from regard.mapping.headers import fold
from regard.mapping.mappers import Numbered
from regard.mapping.times import TimeReader, zone_of
from regard.mapping.values import clean, shape
from regard_plugins.indicators.periods import first_day
from regard_plugins.indicators.shapes import Shape

__all__ = ["Choice", "SeriesFormat"]

_MISSING = frozenset(
    (
        *("", ":", ".", "..", "...", "-", "na", "n/a", "nan", "nd", "n.d.", "c", "x"),
        *("so", "(so)", "(s)", "(c)", "(nd)"),
    )
)
"""How offices write that there is no value."""

_FLAGGED = re.compile(r"(\S+)\s+([a-z]{1,4})", re.IGNORECASE)
"""A value with its flags behind it, as in Eurostat's tables: ``123.4 p``."""

_CODE = re.compile(r"([A-Za-z0-9_.+-]{1,40}):\s+\S.*")
"""A code with its label: ``I15: Index, 2015=100``."""

_NUMBERED = re.compile(r"(\d{2,}) \S.*")
_FLOW = re.compile(r"(?:[\w.]+:)?([\w.-]+?)(?:\([\d.]+\))?(?::\s.*)?")
_DAY_FIRST = re.compile(r"(\d\d)/(\d\d)/(\d\d(?:\d\d)?)\b.*")


@dataclass(frozen=True)
class Choice:
    """
    What the configuration says about series.

    Attributes:
        series: The name of all series of a file, where it has no better one.
        names: What series are called here.
        only: The series that are wanted; empty: all.
        region: The region of all values, where the file has none.
        unit: The unit, where the file has none.
        published_on: The day of publication, where it is the same for all files.
    """

    series: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    region: str | None = None
    unit: str | None = None
    published_on: date | None = None


@dataclass(frozen=True)
class SeriesFormat(Format):
    """
    One table of series.

    Attributes:
        shape: Which column is what.
        choice: What the configuration says.
        stem: The file's name without its ending, which names series that have no name.
        exact: An office's format for programs: points are decimal, and units are codes that
            tell series apart.
    """

    shape: Shape | None = None
    choice: Choice = Choice()
    stem: str = ""
    exact: bool = False

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what maps the rows of the table."""
        if self.shape is None:
            message = f"{self.name} has no shape"
            raise TypeError(message)
        zone = zone_of(wishes.timezone)
        reader = _Reader(self, header, wishes, zone, modified_at)
        return _Footfall(reader) if self.shape.name == "footfall" else _Series(reader)


class _Reader:
    """
    Reads cells of a table of series.

    Args:
        form: The format.
        header: The column names.
        wishes: What the configuration says about files.
        zone: Where days begin.
        modified_at: When the file was last changed.
    """

    def __init__(
        self,
        form: SeriesFormat,
        header: Sequence[str],
        wishes: Wishes,
        zone: tzinfo,
        modified_at: datetime,
    ) -> None:
        self.form = form
        self.header = tuple(header)
        self.choice = form.choice
        self.shape = form.shape or Shape("long", {})
        self.styles = wishes.dates
        self._times = TimeReader(zone, wishes.dates)
        self._published = form.choice.published_on or modified_at.astimezone(zone).date()
        # Offices that publish machine-readable codes write points, whatever their language.
        decimal: DecimalSign | None = "." if form.exact else None
        if self.shape.name == "long" and fold(self.header[self.shape.places["value"]]) == "total":
            decimal = ","  # INE, which groups thousands with points
        self._decimal: DecimalSign | None = wishes.decimal or decimal

    def text(self, row: Numbered, role: str) -> str:
        """Return the text of the column with a role; empty where there is none."""
        place = self.shape.places.get(role)
        return "" if place is None else clean(row.values[place])

    def period(self, text: str, column: str) -> date:
        """
        Return the first day of a period, also where days are written in another order.

        Raises:
            RecordError: It is no period.
        """
        try:
            return first_day(text, column)
        except RecordError:
            day = self._times.day(text) if "/" in text or "-" in text or "." in text else None
            if day is None:
                raise
            return day

    def value(self, cell: Any) -> tuple[Decimal | None, str]:  # noqa: ANN401  # any cell
        """
        Return a value and its flag; None: there is none.

        Raises:
            RecordError: It is no number.
        """
        if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
            return Decimal(cell), ""
        text = clean(cell)
        flagged = _FLAGGED.fullmatch(text)
        text, flag = (flagged[1], flagged[2].lower()) if flagged is not None else (text, "")
        if fold(text) in _MISSING:
            return None, flag
        return parse_number(text, self._decimal), flag

    def published(self, row: Numbered) -> date:
        """
        Return the day on which a value was published.

        Raises:
            RecordError: The file says one that cannot be read.
        """
        text = self.text(row, "published")
        if not text:
            return self._published
        found = _DAY_FIRST.fullmatch(text)
        if found is not None and self.shape.name == "sdmx":
            # Eurostat writes 23/09/26 11:00:00, the day first.
            day, month, year = int(found[1]), int(found[2]), int(found[3])
            try:
                return date(year if year > 99 else 2000 + year, month, day)
            except ValueError as error:
                message = f"{shape(text)!r} is no day of the calendar"
                raise RecordError("bad-date", message, "published_on") from error
        return self._times.day(text) or self._published

    def series(self, row: Numbered) -> str:
        """Return the name of the series that a row belongs to."""
        given = self.text(row, "series")
        flow = self.text(row, "dataflow")
        base = given or self.choice.series or (_flow(flow) if flow else self.form.stem)
        if given and not flow:
            parts = [base]
        else:
            cells = (clean(row.values[at]) for at in self.shape.dimensions)
            parts = [base, *(_code(cell) for cell in cells if cell)]
            if self.form.exact and (unit := self.text(row, "unit")):
                parts.append(_code(unit))
        name = ".".join(part for part in parts if part)
        return self.choice.names.get(name, name)

    def indicator(
        self, row: Numbered, series: str, period_on: date, value: Decimal | None, flag: str
    ) -> Mapped:
        """Return the indicator of a value."""
        region = self.text(row, "region") or self.choice.region
        place, unit = self.text(row, "place"), self.text(row, "unit") or self.choice.unit
        record: Mapped = {
            "key": compose((series, region and _code(region), place, period_on)),
            "series": series,
            "region": _code(region) if region else None,
            "place": place or None,
            "period_on": period_on,
            "value": value,
            "unit": unit or None,
            "published_on": self.published(row),
        }
        if self.text(row, "published"):
            # An older download that is copied here later must not undo a revision.
            record["as_of"] = datetime.combine(record["published_on"], time(), UTC)
        if flag:
            record["extra"] = {"status": flag}
        return record


def _flow(text: str) -> str:
    """Return the code of a dataflow: ``PRC_HICP_MIDX`` of ``ESTAT:PRC_HICP_MIDX(1.0)``."""
    found = _FLOW.fullmatch(text)
    return found[1] if found is not None else text


def _code(text: str) -> str:
    """Return the code of a category that comes with its label, as it may in each file."""
    found = _CODE.fullmatch(text)
    return found[1] if found is not None else text


class _Series(RowMapper):
    """Makes indicators of rows, one for each period in a row."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader.header)
        self._reader = reader
        self._missing = 0
        self._unwanted = 0

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over."""
        counts = (
            (self._missing, "periods without a value"),
            (self._unwanted, "values of series that are not wanted"),
        )
        return [f"passed over, {what}: {count:,}" for count, what in counts if count]

    def records(self, row: Numbered) -> Sequence[Mapped]:
        """
        Return the indicators of a row.

        Raises:
            RecordError: A period or a value cannot be read.
        """
        reader = self._reader
        if not any(clean(cell) for cell in row.values):
            return ()
        series = reader.series(row)
        if not series:
            message = "nothing names the series; say `series` in the configuration"
            raise RecordError("missing-key", message, "series")
        only = reader.choice.only
        if only and series not in only:
            self._unwanted += 1
            return ()
        found: list[Mapped] = []
        places = reader.shape.places
        cells = [(places["period"], places["value"])] if "period" in places else []
        for period, at in cells:
            text = clean(row.values[period])
            self._add(row, series, (text, self.header[period]), row.values[at], found)
        for at, name in reader.shape.periods:
            self._add(row, series, (name, name), row.values[at], found)
        return found

    def _add(
        self,
        row: Numbered,
        series: str,
        period: tuple[str, str],
        cell: Any,  # noqa: ANN401  # any cell
        found: list[Mapped],
    ) -> None:
        reader = self._reader
        value, flag = reader.value(cell)
        if value is None:
            self._missing += 1
            return
        flag = flag or reader.text(row, "status").lower()
        found.append(reader.indicator(row, series, reader.period(*period), value, flag))


class _Footfall(RowMapper):
    """Adds up who came, by place and day; counters write a row an hour."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader.header)
        self._reader = reader
        self._days: dict[tuple[str, date], Mapped] = {}

    def records(self, row: Numbered) -> Sequence[Mapped]:
        """
        Take a row.

        Raises:
            RecordError: It has no place, day or count that can be read.
        """
        reader = self._reader
        place = reader.text(row, "place")
        if not place or fold(place) in ("total", "totals", "totales", "totaux"):
            return ()
        at = reader.shape.places
        value, _ = reader.value(row.values[at["value"]])
        if value is None:
            return ()
        if value < 0:
            message = f"column {self.header[at['value']]!r}: fewer than nobody came"
            raise RecordError("bad-number", message, "value")
        cell = row.values[at["period"]]
        text = clean(cell)
        period_on = reader.period(text, self.header[at["period"]])
        series = reader.choice.series or "footfall"
        found = reader.indicator(row, series, period_on, value, "")
        found["unit"] = found["unit"] or "people"
        known = self._days.setdefault((place, period_on), found)
        if known is not found:
            known["value"] += value
        return ()

    def finish(self) -> Sequence[Mapped]:
        """Return the sums."""
        days = tuple(self._days.values())
        self._days.clear()
        return days
