"""Which tables of which files are read, and as what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from regard.errors import FileError
from regard.exports.formats import Format, RowMapper
from regard.exports.wishes import Wishes
from regard.mapping import FieldMap, Mapper, Profile, explain, recognise
from regard.sources import InputFile
from regard.tabular import EmptyFile, Table

__all__ = ["AnyMapper", "Finder", "Found", "Opener", "Reading", "Spec"]

Spec: TypeAlias = FieldMap | Format
"""How a table is read: a map, a profile, or what a plug-in has of its own."""

AnyMapper: TypeAlias = Mapper | RowMapper

Opener: TypeAlias = Callable[[InputFile, Wishes], Sequence[Table]]
"""Opens a file; raises FileError where nothing in it can be read."""

Finder: TypeAlias = Callable[[Table, Wishes], Sequence[Format]]
"""Says what a plug-in itself makes of a table; nothing: profiles decide."""


_SAMPLE = 200
"""So many rows are looked at before a map is proposed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One table, and how it is read.

    Attributes:
        table: The table.
        spec: The map or profile.
    """

    table: Table
    spec: Spec

    def mapper(self, wishes: Wishes, file: InputFile) -> AnyMapper:
        """
        Return what maps the table's rows.

        Raises:
            ConfigError: The map names a field that its kind does not have.
            FileError: The table lacks a column.
        """
        if isinstance(self.spec, Format):
            return self.spec.mapper(self.table.header, wishes, file.modified_at)
        return wishes.mapper(self.spec, self.table.header)


@dataclass(frozen=True, slots=True)
class Found:
    """
    One file, and what was found in it.

    Attributes:
        file: The file.
        readings: Its tables that are read.
        ignored: Sentences on tables beside them that are not.
        problem: Why nothing in it can be read; None where something can.
        empty: Nothing is written in it.
    """

    file: InputFile
    readings: tuple[Reading, ...] = ()
    ignored: tuple[str, ...] = ()
    problem: str | None = None
    empty: bool = False

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that read the file."""
        return tuple(dict.fromkeys(reading.spec.stream for reading in self.readings))

    @classmethod
    def look(cls, file: InputFile, wishes: Wishes, opener: Opener, finder: Finder) -> Found:
        """
        Open a file and say what is in it; what cannot be read stops no other file.

        Args:
            file: The file.
            wishes: What the configuration says about files.
            opener: Opens it.
            finder: Says what the plug-in itself makes of a table.

        Raises:
            ConfigError: The map names a field that its kind does not have.
        """
        try:
            tables = opener(file, wishes)
        except FileError as error:
            return cls(file, problem=str(error), empty=isinstance(error, EmptyFile))
        readings: list[Reading] = []
        problems: list[str] = []
        for table in tables:
            found, problem = _readings(table, wishes, file, finder)
            readings += found
            if not found:
                problems.append(problem)
        if not readings:
            return cls(file, problem="\n".join(problems))
        ignored = tuple(problem.splitlines()[0] for problem in problems)
        return cls(file, tuple(readings), ignored)


def _readings(
    table: Table, wishes: Wishes, file: InputFile, finder: Finder
) -> tuple[list[Reading], str]:
    """Return how a table is read, or why it cannot be."""
    try:
        if wishes.spec is None or isinstance(wishes.spec, Profile):
            formats = finder(table, wishes)
            if wishes.spec is not None:
                # What carries the profile's name is how the plug-in reads that profile.
                formats = [each for each in formats if each.name == wishes.spec.name]
            if formats:
                for each in formats:
                    each.mapper(table.header, wishes, file.modified_at)
                return [Reading(table, each) for each in formats], ""
        spec, problem = _spec_for(table, wishes)
        if spec is None:
            return [], problem
        wishes.mapper(spec, table.header)
    except FileError as error:
        return [], f"{table.label}: {error}"
    return [Reading(table, spec)], ""


def _spec_for(table: Table, wishes: Wishes) -> tuple[FieldMap | None, str]:
    """Return the map or profile of a table, or why there is none."""
    if wishes.spec is not None:
        return wishes.spec, ""
    name, profiles = table.member or table.path.name, wishes.profiles
    found = recognise(table.header, filename=name, profiles=profiles)
    if found.profile is None:
        rows = _first_rows(table)
        text = explain(found, table.header, filename=table.label, profiles=profiles, rows=rows)
        return None, text
    return found.profile, ""


def _first_rows(table: Table) -> list[Sequence[Any]]:
    """Return rows to draw up a map from; none of a file that breaks among them."""
    try:
        return [row.values for row in table.sample(_SAMPLE)]
    except FileError:
        return []
