"""
Profiles of which more follows than which column fills which field.

The profile says how a vendor's columns are called and what fills the fields; a few lines of
code say what follows from several of them, such as how long somebody waited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final, TypeAlias

from regard.exports import Format, RowMapper, Wishes
from regard.mapping import Mapped, Mapper, Profile
from regard.mapping.amounts import DecimalSign, parse_amount, parse_number
from regard.mapping.headers import Columns
from regard.mapping.mappers import Numbered
from regard.mapping.times import TimeReader, zone_of
from regard.mapping.values import clean
from regard.sources import Delete

__all__ = ["Cells", "Derive", "Derived", "DerivedMapper"]

_MOST_DIGITS: Final = 12


class Cells:
    """
    The cells of one row, by the names that the profile gives its columns.

    What is asked for is said by a field or by ``extra`` in our words, so the column itself is
    not kept beside the record once more.

    Args:
        columns: The columns of the file.
        times: Reads dates and times.
        decimal: The decimal sign, where it is known.
        member: The name of the file, or of the member of a zip.
    """

    def __init__(
        self, columns: Columns, times: TimeReader, decimal: DecimalSign | None, member: str
    ) -> None:
        self.member = member
        self._places = _Places(columns)
        self._times = times
        self._decimal = decimal
        self._values: Sequence[Any] = ()
        self._extra: dict[str, Any] = {}

    def begin(self, values: Sequence[Any], extra: dict[str, Any]) -> None:
        """Go on to the next row."""
        self._values, self._extra = values, extra

    def text(self, name: str) -> str:
        """Return a cell's text; empty where the file does not have the column."""
        return clean(self._cell(name))

    def passed(self, *names: str) -> None:
        """Keep none of some cells beside the record."""
        for name in names:
            self._cell(name)

    def time(self, name: str) -> datetime | None:
        """
        Return a moment.

        Raises:
            RecordError: It is none.
        """
        return self._times.time(self._cell(name))

    def midnight(self, day: date) -> datetime:
        """Return when a day begins where the file's times are."""
        return datetime.combine(day, time(), self._times.zone).astimezone(UTC)

    def number(self, name: str) -> Any:  # noqa: ANN401  # a Decimal or None
        """
        Return a number.

        Raises:
            RecordError: It is none.
        """
        return parse_number(self._cell(name), self._decimal)

    def amount(self, name: str) -> Any:  # noqa: ANN401  # a pair or None
        """
        Return an amount and the currency beside it.

        Raises:
            RecordError: It is none.
        """
        return parse_amount(self._cell(name), self._decimal)

    def seconds(self, name: str) -> int | None:
        """
        Return a duration in seconds, written as such or as ``1:02:03``.

        Raises:
            RecordError: It is neither.
        """
        text = self.text(name)
        if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
            return int(text)
        if ":" in text and all(part.isdigit() for part in text.split(":")[:3]):
            total = 0
            for part in text.split(":")[:3]:
                total = total * 60 + int(part)
            return total
        value = self.number(name)
        return None if value is None else int(value)

    def _cell(self, name: str) -> Any:  # noqa: ANN401  # any cell
        found = self._places[name]
        if found is None:
            return None
        place, header = found
        self._extra.pop(header, None)
        return self._values[place]


class _Places(dict[str, "tuple[int, str] | None"]):
    """Where the columns of a file are, and what it calls them; each is looked for once."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self._columns = columns

    def __missing__(self, name: str) -> tuple[int, str] | None:
        place = self._columns.find(name)
        found = self[name] = None if place is None else (place, self._columns.header[place])
        return found


Derive: TypeAlias = Callable[[Mapped, Cells], Iterable[Mapped]]
"""Returns what follows from a record and its row: the record with more in it, or several."""


class DerivedMapper(RowMapper):
    """
    Maps rows as the profile says, and then as the code does.

    Args:
        inner: Maps rows as the profile says.
        cells: The cells of a row.
        derive: What follows.
    """

    def __init__(self, inner: Mapper, cells: Cells, derive: Derive) -> None:
        super().__init__(inner.header)
        self._inner = inner
        self._cells = cells
        self._derive = derive

    @property
    def drops(self) -> bool:
        """Whether the table has columns that must never be stored."""
        return self._inner.drops

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over."""
        return self._inner.notes

    @property
    def form(self) -> str | None:
        """The variant of the profile."""
        return self._inner.form

    def raw(self, row: Numbered) -> Mapping[str, str]:
        """Return a row by its headers, without what is never stored."""
        return self._inner.raw(row)

    def records(self, row: Numbered) -> Sequence[Mapped | Delete]:
        """Return all that a row says."""
        found: list[Mapped | Delete] = []
        for each in self._inner.records(row):
            if isinstance(each, Delete):
                found.append(each)
                continue
            extra = each.setdefault("extra", {})
            self._cells.begin(row.values, extra)
            for record in self._derive(each, self._cells):
                if not record.get("extra"):
                    record.pop("extra", None)
                found.append(record)
        return found

    def passes_over(self, cells: Sequence[object]) -> bool:
        """Say whether a line that is no row is a total or a footer."""
        return self._inner.passes_over(cells)


@dataclass(frozen=True)
class Derived(Format):
    """
    A profile with code behind it.

    Attributes:
        profile: The profile.
        derive: Makes what follows from one table's rows.
        member: The name of the file, or of the member of a zip.
    """

    profile: Profile | None = None
    derive: Callable[[], Derive] | None = None
    member: str = ""

    @classmethod
    def of(cls, profile: Profile, derive: Callable[[], Derive], member: str) -> Derived:
        """Return a profile as a format."""
        return cls(
            profile.name,
            profile.title,
            profile.stream,
            profile.kind,
            confirmed=profile.confirmed,
            note=profile.note,
            alone=True,
            profile=profile,
            derive=derive,
            member=member,
        )

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """
        Return what maps the rows of the table.

        Raises:
            FileError: The table lacks a column.
        """
        profile, derive = self.profile, self.derive
        if profile is None or derive is None:
            message = f"{self.name} has no profile"
            raise TypeError(message)
        inner = wishes.mapper(profile, header)
        styles = wishes.dates or profile.dates
        times = TimeReader(zone_of(profile.timezone or wishes.timezone), styles)
        decimal = wishes.decimal or profile.decimal
        columns = Columns(header, profile.aliases)
        return DerivedMapper(inner, Cells(columns, times, decimal, self.member), derive())
