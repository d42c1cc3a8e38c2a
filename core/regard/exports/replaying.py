"""Rows from quarantine, mapped again by what their headers are recognised as today."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from regard.errors import FileError, RecordError
from regard.exports.formats import Refusal, RowMapper
from regard.exports.tables import Finder
from regard.exports.wishes import Wishes
from regard.mapping import FieldMap, Mapped, Mapper, Profile, explain, recognise
from regard.records.encoding import Encoded
from regard.sources import Delete, Stream, Whole
from regard.tabular import Row, Table
from regard.tabular.tables import Items

__all__ = ["RowReplay"]

_TEXT_FILE = re.compile(r"\.(?:csv|tsv|txt)(?:\.gz)?$", re.IGNORECASE)
_THREE_DECIMALS = re.compile(r"-?\d{1,3}\.\d{3}", re.ASCII)


def _no_rows(_: Table) -> Items:
    yield from ()


@dataclass(slots=True)
class RowReplay:
    """
    Maps single rows; each header is recognised and compiled once.

    Attributes:
        wishes: What the configuration says about files.
        finder: Says what the plug-in itself makes of a table.
    """

    wishes: Wishes
    finder: Finder
    _mappers: dict[tuple[str, tuple[str, ...]], Mapper | RowMapper] = field(default_factory=dict)

    def records(
        self, raw: Mapping[str, Any], stream: Stream, file: str | None
    ) -> Sequence[Mapped | Encoded | Delete | Whole]:
        """
        Return what a row says.

        Raises:
            RecordError: It is still refused.
            FileError: Nothing fits its headers, or it means nothing without its neighbours.
        """
        header = tuple(raw)
        mapper = self._mappers.get((stream.name, header))
        if mapper is None:
            mapper = self._compile(header, stream, file or "")
            self._mappers[stream.name, header] = mapper
        values = ["" if cell is None else str(cell) for cell in raw.values()]
        if isinstance(mapper, Mapper):
            self._guard_numbers(mapper.spec, values, file)
        return list(_judged(mapper.records(Row(0, values))))

    def _compile(self, header: tuple[str, ...], stream: Stream, file: str) -> Mapper | RowMapper:
        wishes = self.wishes
        spec = wishes.spec
        if spec is None or isinstance(spec, Profile):
            table = Table(Path(file), None, "csv", header, _no_rows)
            for each in self.finder(table, wishes):
                if each.alone and each.stream == stream.name:
                    return each.mapper(header, wishes, datetime.fromtimestamp(0, UTC))
        if spec is None:
            profiles = [each for each in wishes.profiles if each.stream == stream.name]
            found = recognise(header, filename=file, profiles=profiles)
            spec = found.profile
            if spec is None:
                raise FileError(explain(found, header, filename=file, profiles=profiles))
        mapper = wishes.mapper(spec, header)
        plan = mapper.plan
        if plan.carry or plan.orders is not None or None in plan.key:
            message = (
                "a row of an order means nothing without the others: mend the file or the map, "
                f"then run the source with --full-refresh {stream.name}"
            )
            raise FileError(message)
        return mapper

    def _guard_numbers(self, spec: FieldMap, values: Sequence[str], file: str | None) -> None:
        """Refuse what was a number in a spreadsheet and would be read as a larger text."""
        if file is None or _TEXT_FILE.search(file):
            return
        signs = {self.wishes.decimal, spec.decimal}
        if isinstance(spec, Profile):
            signs |= {variant.decimal for variant in spec.variants.values()}
        if "," in signs and any(_THREE_DECIMALS.fullmatch(value.strip()) for value in values):
            message = "1.234 was a number or a text in the file, which the payload cannot tell"
            raise FileError(message)


def _judged(
    found: Iterable[Mapped | Encoded | Delete | Whole | Refusal],
) -> Iterator[Mapped | Encoded | Delete | Whole]:
    """Yield records; one that is refused is the row's own fault, since it stands alone."""
    for each in found:
        if isinstance(each, Refusal):
            raise RecordError(each.reason, each.message, each.field)
        yield each
