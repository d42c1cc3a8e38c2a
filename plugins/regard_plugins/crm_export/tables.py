"""Which tables of which files are read, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from regard.errors import FileError
from regard.mapping import (
    Basis,
    FieldMap,
    Mapper,
    Profile,
    compile_map,
    explain,
    fields_of,
    recognise,
)
from regard.records import kind_named
from regard.sources import InputFile
from regard.tabular import Table, open_tables

__all__ = ["Found", "Reading", "Wishes"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the configuration says about the files.

    Attributes:
        timezone: Where local times are, unless the profile says otherwise.
        spec: The map or the profile to read all files with; None: they are recognised.
        profiles: Those to recognise files by.
        dates: How dates are written, if not as the profile says.
        decimal: The decimal sign, if not what the profile says.
        basis: What stands behind purchases, if not what the profile says.
        delimiter: What parts the cells of CSV files, if it should not be found out.
        encoding: The encoding of text files, if it should not be found out.
        sheet: The only sheet wanted of workbooks.
    """

    timezone: str
    spec: FieldMap | None
    profiles: tuple[Profile, ...]
    dates: tuple[str, ...] = ()
    decimal: Literal[".", ","] | None = None
    basis: Basis | None = None
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None

    def mapper(self, spec: FieldMap, header: Sequence[str]) -> Mapper:
        """
        Return what maps the rows of a table.

        Raises:
            ConfigError: The map names a field that its kind does not have.
            FileError: The table lacks a column.
        """
        return compile_map(
            spec,
            header,
            timezone=self.timezone,
            kind_fields=fields_of(kind_named(spec.kind).model),
            dates=self.dates,
            decimal=self.decimal,
            basis=self.basis,
            where=f"profile {spec.name}" if isinstance(spec, Profile) else "map",
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One table, and how it is read.

    Attributes:
        table: The table.
        spec: The map or profile.
    """

    table: Table
    spec: FieldMap


@dataclass(frozen=True, slots=True)
class Found:
    """
    One file, and what was found in it.

    Attributes:
        file: The file.
        readings: Its tables that are read.
        ignored: Sentences on tables beside them that are not.
        problem: Why nothing in it can be read; None where something can.
    """

    file: InputFile
    readings: tuple[Reading, ...] = ()
    ignored: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that read the file."""
        return tuple(dict.fromkeys(reading.spec.stream for reading in self.readings))

    @classmethod
    def look(cls, file: InputFile, wishes: Wishes) -> Found:
        """
        Open a file and say what is in it; what cannot be read stops no other file.

        Raises:
            ConfigError: The map names a field that its kind does not have.
        """
        try:
            tables = open_tables(
                file.path,
                delimiter=wishes.delimiter,
                encoding=wishes.encoding,
                sheet=wishes.sheet,
            )
        except FileError as error:
            return cls(file, problem=str(error))
        readings: list[Reading] = []
        problems: list[str] = []
        for table in tables:
            spec, problem = _spec_for(table, wishes)
            if spec is None:
                problems.append(problem)
            else:
                readings.append(Reading(table, spec))
        if not readings:
            return cls(file, problem="\n".join(problems))
        ignored = tuple(problem.splitlines()[0] for problem in problems)
        return cls(file, tuple(readings), ignored)


def _spec_for(table: Table, wishes: Wishes) -> tuple[FieldMap | None, str]:
    """Return how a table is read, or why it cannot be."""
    spec = wishes.spec
    if spec is None:
        name, profiles = table.member or table.path.name, wishes.profiles
        found = recognise(table.header, filename=name, profiles=profiles)
        spec = found.profile
        if spec is None:
            return None, explain(found, table.header, filename=table.label, profiles=profiles)
    try:
        wishes.mapper(spec, table.header)
    except FileError as error:
        return None, f"{table.label}: {error}"
    return spec, ""
