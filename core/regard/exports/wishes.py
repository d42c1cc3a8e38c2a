"""What the configuration says about the files of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from regard.mapping import Basis, FieldMap, Mapper, Profile, compile_map, fields_of
from regard.records import kind_named

__all__ = ["Wishes"]


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
        Return what maps the rows of a table by a map or profile.

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
