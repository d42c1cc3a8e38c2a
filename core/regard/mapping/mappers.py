"""
From rows to records: what a compiled map does with each row of one file.

All decisions that do not depend on the row are made before, so that a row costs a few
microseconds. A mapper remembers what came before (carried columns, numbered lines), so each
file needs a mapper of its own, and a file that is read on must be mapped from its start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from regard.errors import RecordError
from regard.keys import MAX_LENGTH, compose
from regard.mapping.amounts import DecimalSign
from regard.mapping.headers import fold
from regard.mapping.kinds import ValueType, fields_of
from regard.mapping.maps import FieldMap
from regard.mapping.occurrences import Group, Occurrences
from regard.mapping.orders import OrderLines
from regard.mapping.steps import Cells, Step, parse_text
from regard.mapping.values import Cell, as_text, clean, parse_flag
from regard.records import kind_named
from regard.sources import Delete

__all__ = ["TOTAL_HEADS", "Mapped", "Mapper", "Numbered", "Plan"]

_TOTALS = re.compile(
    r"(?:grand |gran |sub[ -]?|sous[ -])?(?:totals?|totales|totaux|suma|sum|somme|summe|"
    r"gesamt|gesamtsumme)(?: general)?\s*(?::|\(\d+\))?"
)
TOTAL_HEADS = frozenset({"tot", "gra", "sub", "sou", "sum", "som", "ges"})
_WRAPPED = ("'", "=")
_FIGURE = re.compile(r"[\d.,\s€$£%()+-]*")

_ONE = {
    "empty rows": "empty row",
    "footer rows": "footer row",
    "rows of totals": "row of totals",
    "rows without a value of their own": "row without a value of its own",
}
"""What is passed over, and how one of it is called."""

Mapped: TypeAlias = dict[str, Any]
"""The fields of one record by name, with ``key`` and, where known, ``as_of`` and ``extra``."""


class Numbered(Protocol):
    """A row of a table, as `regard.tabular` reads it."""

    @property
    def line(self) -> int:
        """Its line in the file."""

    @property
    def values(self) -> Cells:
        """Its cells, in the order of the header."""

    @property
    def surplus(self) -> Mapping[str, Cell] | None:
        """What it holds under names that are not in the header, as JSON records may."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a map comes to for the columns of one file.

    Attributes:
        key: The places of the key's parts; None for the counted line.
        steps: Fill the fields, in this order.
        places: For each step, its field, the columns that it reads, and its sort of value where
            a single cell says just that.
        decimal: The decimal sign, where it is known.
        zone: Where local times are.
        iso: Whether times as ISO 8601 writes them are understood as such.
        template: The fields that are the same in each record.
        formulas: Fields that follow from others.
        lower_key: The places of key parts that are compared in lower case.
        carry: The places of columns that are filled on the first row of a group only.
        as_of: Fills ``as_of``.
        as_of_place: The column that it reads.
        empty: The places of columns without which a row says nothing of its own.
        deleted: The place of the column that says that the record is gone.
        extra: The columns that no field takes, kept as they are.
        dropped: The places of columns that are never stored.
        never_stored: Says the same of a name that is not in the header.
        orders: Adds the lines that orders need.
        form: The variant of the profile that the header fits.
        recipe: A digest of everything that decides about the result.
    """

    key: tuple[int | None, ...]
    steps: tuple[Step, ...]
    places: tuple[tuple[str, tuple[int, ...], ValueType | None], ...] = ()
    decimal: DecimalSign | None = None
    zone: tzinfo = UTC
    iso: bool = True
    template: Mapping[str, Any] = field(default_factory=dict)
    formulas: tuple[tuple[str, Callable[[Mapping[str, object]], Decimal | None]], ...] = ()
    lower_key: frozenset[int] = frozenset()
    carry: tuple[int, ...] = ()
    as_of: Step | None = None
    as_of_place: int | None = None
    empty: tuple[int, ...] = ()
    deleted: int | None = None
    extra: tuple[tuple[int, str], ...] = ()
    dropped: frozenset[int] = frozenset()
    never_stored: Callable[[str], bool] = field(default=lambda name: False)
    orders: OrderLines | None = None
    form: str | None = None
    recipe: str = ""


class Mapper:
    """
    Maps the rows of one file; made by `regard.mapping.compile_map`.

    Args:
        spec: The map or profile.
        header: The file's column names.
        plan: What the map comes to for this header.
    """

    def __init__(self, spec: FieldMap, header: Sequence[str], plan: Plan) -> None:
        self.spec = spec
        self.header = tuple(header)
        self.form = plan.form
        self.recipe = plan.recipe
        self.plan = plan
        self._steps = plan.steps
        self._template = dict(plan.template)
        self._extra = plan.extra
        self._orders = plan.orders
        self._key = plan.key
        self._lower = [at for at, place in enumerate(plan.key) if place in plan.lower_key]
        self._prefix = spec.key_prefix
        self._skips = bool(spec.skip.starts) or spec.skip.lone or bool(plan.empty)
        self._counted = None in plan.key
        self._group_width = plan.key.index(None) if self._counted else 1
        self._passed: dict[str, int] = {}
        self._occurrences = Occurrences()
        self._first: Cells | None = None
        self._group: Group = ()

    @property
    def drops(self) -> bool:
        """Whether the file has columns that must never be stored."""
        return bool(self.plan.dropped)

    @property
    def notes(self) -> list[str]:
        """What was passed over, in sentences for the run's summary."""
        return [
            f"{count} {what if count > 1 else _ONE[what]} passed over"
            for what, count in sorted(self._passed.items())
        ]

    @property
    def unpriced(self) -> list[str]:
        """The columns of money whose currency neither a column nor a constant says."""
        fields = fields_of(kind_named(self.spec.kind).model)
        filled = {name for name, _, _ in self.plan.places}
        if "currency" not in fields or "currency" in filled | self._template.keys():
            return []
        money = [name for name in filled if fields.get(name) is ValueType.MONEY]
        return sorted(column for name in money for column in self.columns(name))

    def raw(self, row: Numbered) -> dict[str, str]:
        """Return a row by its headers, without the columns that are never stored."""
        cells = {
            name: as_text(cell)
            for place, (name, cell) in enumerate(zip(self.header, row.values, strict=False))
            if place not in self.plan.dropped
        }
        for name, cell in (row.surplus or {}).items():
            if not self.plan.never_stored(name):
                cells[name] = as_text(cell)
        return cells

    def columns(self, name: str) -> list[str]:
        """Return the columns that a field is read from; none where it is the same in each row."""
        found = {at for field_, places, _ in self.plan.places if field_ == name for at in places}
        return [self.header[at] for at in sorted(found)]

    def key_of(self, row: Numbered) -> str | None:
        """Return the key of a row that is no record; None where it does not say it alone."""
        if self._counted or self.plan.carry or self._orders is not None:
            return None
        try:
            return self._named(self._parts(row.values))
        except RecordError:
            return None

    def map(self, row: Numbered) -> Mapped | None:
        """
        Return the record of a row; None for totals, footers and deleted records.

        Lines that an order needs beside its own come from `records` only.

        Raises:
            RecordError: The row cannot be used.
        """
        return next((each for each in self.records(row) if isinstance(each, dict)), None)

    def records(self, row: Numbered) -> Sequence[Mapped | Delete]:
        """
        Return all that a row says: a record, lines that its order needs, or a deletion.

        Raises:
            RecordError: ``missing-key``, or what the reading of a cell raised.
        """
        values = row.values
        parts = self._parts(values)
        first = parts[0]
        if (
            not first or self._skips or first[:3].casefold() in TOTAL_HEADS
        ) and self._is_no_record(values, first):
            return ()
        if self.plan.carry:
            values, parts = self._carried(values, parts)
        orders = self._orders
        if orders is None:
            if self.plan.carry:
                self._group = tuple(parts[: self._group_width])
            return (self._mapped(row, values, parts),)
        group = tuple(parts[: self._group_width])
        orders.begin(group, values, again=group != self._group and group in self._occurrences)
        self._group = group
        try:
            mapped = self._mapped(row, values, parts)
            added = (mapped,) if isinstance(mapped, Delete) else orders.add(mapped, group, values)
        except RecordError:
            orders.spoil()
            raise
        return (*orders.ended(), *added)

    def finish(self) -> Sequence[Mapped | Delete]:
        """Return what the last rows need once nothing follows."""
        return self._orders.finish() if self._orders is not None else ()

    def interrupt(self) -> None:
        """Hear that a line between the rows could not be read."""
        if self._orders is not None:
            self._orders.spoil()

    def passes_over(self, cells: Sequence[object]) -> bool:
        """
        Say whether a line that is no row is a total or a footer, and count it.

        Args:
            cells: What stands in it, as far as it could be read.
        """
        filled = [text for cell in cells if (text := str(cell or "").strip())]
        if not filled:
            return self._pass("empty rows")
        first, *rest = filled
        if _TOTALS.fullmatch(fold(first)) and all(_FIGURE.fullmatch(text) for text in rest):
            return self._pass("rows of totals")
        skip = self.spec.skip
        if (skip.lone and not rest) or any(first.startswith(each) for each in skip.starts):
            return self._pass("footer rows")
        return False

    def _pass(self, what: str) -> bool:
        self._passed[what] = self._passed.get(what, 0) + 1
        return True

    def _parts(self, values: Cells) -> list[str]:
        """Return the parts of the key as texts, the counted line as an empty one."""
        parts = []
        for place in self._key:
            cell = "" if place is None else values[place]
            text = cell.strip() if type(cell) is str else as_text(cell)
            parts.append(clean(text) if text[:1] in _WRAPPED else text)
        for at in self._lower:
            parts[at] = parts[at].lower()
        return parts

    def _is_no_record(self, values: Cells, first_part: str) -> bool:
        """Say whether a row is a total or a footer, and count it."""
        filled = [(at, text) for at, cell in enumerate(values) if (text := clean(cell))]
        if not filled:
            return self._pass("empty rows")
        at, first = filled[0]
        empty = self.plan.empty
        if empty and not any(clean(values[place]) for place in empty):
            return self._pass("rows without a value of their own")
        names_record = at in self.plan.key
        if first_part and not names_record:
            return False
        if _TOTALS.fullmatch(fold(first)) and (
            not names_record or all(_FIGURE.fullmatch(text) for _, text in filled[1:])
        ):
            return self._pass("rows of totals")
        skip = self.spec.skip
        lone = skip.lone and at == 0 and len(filled) == 1
        if lone or any(first.startswith(each) for each in skip.starts):
            return self._pass("footer rows")
        return False

    def _carried(self, values: Cells, parts: list[str]) -> tuple[Cells, list[str]]:
        """Return a row with what only the first row of its group says."""
        first = self._first
        same = tuple(parts[: self._group_width]) == self._group
        # An empty key that is carried itself belongs to the row above, as in merged cells.
        same = same or (not parts[0] and self.plan.key[0] in self.plan.carry)
        if first is None or not same:
            self._first = values
            return values, parts
        filled = list(values)
        for place in self.plan.carry:
            if filled[place] is None or filled[place] == "":
                filled[place] = first[place]
        return filled, self._parts(filled)

    def _named(self, parts: list[str]) -> str:
        """Return the row's key; number it where rows are counted."""
        known = any(parts)
        if self._counted:
            group = tuple(parts[: self._group_width])
            parts[self._group_width] = str(self._occurrences.add(group))
        if not known:
            names = [self.header[place] for place in self.plan.key if place is not None]
            message = f"column {names[0]!r} names the record and is empty"
            raise RecordError("missing-key", message, "key")
        key = self._prefix + "|".join(parts)
        plain = "\\" not in key and key.count("|") == len(parts) - 1 and len(key) <= MAX_LENGTH
        return key if plain else compose([self._prefix + parts[0], *parts[1:]])

    def _mapped(self, row: Numbered, values: Cells, parts: list[str]) -> Mapped | Delete:
        key = self._named(parts)
        plan = self.plan
        out = self._template.copy()
        out["key"] = key
        if plan.as_of is not None:
            plan.as_of(values, out)
        if plan.deleted is not None and parse_flag(values[plan.deleted]):
            as_of: datetime | None = out.get("as_of")
            return Delete(key, as_of)
        for run in self._steps:
            run(values, out)
        for name, compute in plan.formulas:
            if name not in out:
                value = compute(out)
                if value is not None:
                    out[name] = value
        extra = self._rest(values, row.surplus)
        if extra:
            out["extra"] = extra
        return out

    def _rest(self, values: Cells, surplus: Mapping[str, Cell] | None) -> dict[str, str]:
        """Return what no field takes, as text."""
        extra = {}
        for place, name in self._extra:
            cell = values[place]
            if cell is not None and cell != "":
                text = parse_text(cell)
                if text is not None:
                    extra[name] = text
        for name, cell in surplus.items() if surplus else ():
            text = parse_text(cell)
            if text is not None and not self.plan.never_stored(name):
                extra.setdefault(name, text)
        return extra
