"""
Mapping and encoding column by column, for files whose rows stand alone.

A file of a million rows has few different states, days and prices. So each field's cells are
looked at once for every different text: that text goes through the very step, validator and
encoder that a single row would, and what it came to is remembered. A row is then put together
from what its cells came to. Rows with anything unusual are left to the row lane, which knows
the exact reason; both lanes store the same because they run the same code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from hashlib import md5
from typing import Any, TypeAlias

from pydantic import AwareDatetime

from regard.errors import RecordError
from regard.keys import MAX_LENGTH
from regard.mapping.kinds import ValueType
from regard.mapping.mappers import TOTAL_HEADS, Mapper, Numbered, Plan
from regard.mapping.quick import Meaning, Quick, quick_reader
from regard.mapping.steps import Step, parse_text
from regard.records import Kind
from regard.records.encoding import SEPARATOR, Encoded, StoredValue, encode_time

__all__ = ["BulkMapper"]

_REMEMBERED = 16_384
_UNUSUAL_STARTS = frozenset("'=")

_Cell: TypeAlias = Any
_UNCHECKED = (str | None, Decimal | None, bool | None, date | None, AwareDatetime | None)
"""Types whose every value is a field's value; others are closed sets or have a pattern."""

_BAD: Meaning = (None, "\x00")
"""A cell that the row lane must look at."""


@dataclass(slots=True)
class _Field:
    """
    What the cells of one field came to.

    Attributes:
        name: The field.
        places: The columns that its step reads.
        step: Fills the field.
        default: What it is where the step fills nothing.
        checked: Whether the validator may refuse or change what the step fills in; a step
            always gives a value of the field's type.
        quick: Reads the plainest shape without the step.
        memory: What cells came to.
        bad: Whether any of them is bad.
    """

    name: str
    places: tuple[int, ...]
    step: Step
    default: Meaning
    checked: bool
    quick: Quick | None
    memory: dict[_Cell, Meaning] = field(default_factory=dict)
    bad: bool = False


class BulkMapper:
    """
    Maps and encodes many rows at once.

    Args:
        mapper: The row lane of the same file.
        kind: The kind of its records.
        now: No version is newer than this.
    """

    def __init__(self, mapper: Mapper, kind: Kind, now: datetime) -> None:
        self._mapper = mapper
        self._kind = kind
        self._now = now
        self._plan = mapper.plan
        self._encoder = kind.encoder()
        self._sparse: list[_Cell] = [""] * len(mapper.header)
        constants = self._constants()
        self._fields = [
            _Field(
                name,
                places,
                step,
                constants.pop(name, (None, "")),
                checked := kind.model.model_fields[name].annotation not in _UNCHECKED,
                None if checked else self._quick(name, sort),
            )
            for (name, places, sort), step in zip(self._plan.places, self._plan.steps, strict=True)
        ]
        self._constant = constants
        self._extra = sorted((name, place) for place, name in self._plan.extra)
        self._fragments: list[dict[str, str]] = [{} for _ in self._extra]
        self._ages: dict[str, str | None] = {}

    def _quick(self, name: str, sort: ValueType | None) -> Quick | None:
        plan = self._plan
        return quick_reader(name, sort, decimal=plan.decimal, zone=plan.zone, iso=plan.iso)

    @staticmethod
    def fits(mapper: Mapper) -> bool:
        """Say whether each row of a file can be understood without its neighbours."""
        plan, skip = mapper.plan, mapper.spec.skip
        alone = not (plan.carry or plan.orders or plan.formulas or plan.empty)
        plain_key = None not in plan.key and plan.deleted is None
        return alone and plain_key and not (skip.starts or skip.lone)

    def _constants(self) -> dict[str, Meaning]:
        """Return what the fields that no column fills come to."""
        validator = self._kind.validator()
        typed, problems = validator.validate([self._plan.template])
        if problems or typed[0] is None:
            raise problems[0]
        given = {name: value for name, value in typed[0].items() if value is not None}
        return {name: self._encoder.part(name, value) for name, value in given.items()}

    def encode(self, rows: Sequence[Numbered], as_of: str) -> list[Encoded | None]:
        """
        Return rows as they are stored, None where the row lane must look at one.

        Args:
            rows: Rows whose cells are all texts.
            as_of: How old a version is that does not say so, from `encode_time`.
        """
        columns: list[tuple[_Cell, ...]] = list(zip(*(row.values for row in rows), strict=True))
        bad: set[int] = {at for at, row in enumerate(rows) if row.surplus}
        keys = self._keys(columns, bad)
        values: list[Iterable[StoredValue]] = []
        parts: list[tuple[str, Iterable[str]]] = []
        stored: dict[str, Iterable[StoredValue]] = {}
        for each in self._fields:
            meanings = self._meanings(each, columns)
            if each.bad:
                bad.update(at for at, found in enumerate(meanings) if found is _BAD)
            cells, texts = zip(*meanings, strict=True)
            stored[each.name] = cells
            parts.append((each.name, texts))
        count = len(rows)
        for name, (value, text) in self._constant.items():
            stored[name] = [value] * count
            parts.append((name, [text] * count))
        nothing: list[StoredValue] = [None] * count
        values = [stored.get(name, nothing) for name in self._kind.fields]
        parts.sort(key=lambda part: part[0])
        ages = self._as_of(columns, as_of, count, bad)
        extras = self._extras(columns, count)
        hashed = ["".join(row) for row in zip(*(texts for _, texts in parts), strict=True)]
        encoded = map(
            Encoded,
            keys,
            ages,
            _digests(hashed, extras),
            extras,
            zip(*values, strict=True),
        )
        if not bad:
            return list(encoded)
        return [None if at in bad else found for at, found in enumerate(encoded)]

    def _meanings(self, each: _Field, columns: Sequence[tuple[_Cell, ...]]) -> list[Meaning]:
        memory = each.memory
        if len(each.places) == 1:
            cells: Sequence[_Cell] = columns[each.places[0]]
        else:
            cells = list(zip(*(columns[place] for place in each.places), strict=True))
        unknown = set(cells).difference(memory)
        if len(memory) + len(unknown) > _REMEMBERED:
            memory.clear()
            unknown = set(cells)
        quick = each.quick
        if quick is not None and len(unknown) > len(cells) // 3:
            # A column whose cells hardly repeat: remembering them would cost more than it saves.
            return [quick(cell) or self._remembered(each, cell) for cell in cells]
        for cell in unknown:
            found = quick(cell) if quick is not None else None
            memory[cell] = found or self._meaning(each, cell)
        return [memory[cell] for cell in cells]

    def _remembered(self, each: _Field, cell: _Cell) -> Meaning:
        found = each.memory.get(cell)
        if found is None:
            found = each.memory[cell] = self._meaning(each, cell)
        return found

    def _meaning(self, each: _Field, cell: _Cell) -> Meaning:
        """Send one cell through the row lane's own step, validator and encoder."""
        sparse = self._sparse
        if len(each.places) == 1:
            sparse[each.places[0]] = cell
        else:
            for place, part in zip(each.places, cell, strict=True):
                sparse[place] = part
        out: dict[str, Any] = {}
        try:
            each.step(sparse, out)
            value = out.pop(each.name, None)
            if out:
                # A cell that also says something about another field, such as a currency.
                each.bad = True
                return _BAD
            if value is None:
                return each.default
            if each.checked:
                typed, problems = self._kind.validator().validate([{each.name: value}])
                if problems or typed[0] is None:
                    each.bad = True
                    return _BAD
                value = typed[0][each.name]
            return self._encoder.part(each.name, value)
        except RecordError:
            each.bad = True
            return _BAD
        finally:
            for place in each.places:
                sparse[place] = ""

    def _keys(self, columns: Sequence[tuple[_Cell, ...]], bad: set[int]) -> list[str]:
        """Return the rows' keys, and note those whose key needs a closer look."""
        plan = self._plan
        parts = [[str(cell).strip() for cell in columns[place or 0]] for place in plan.key]
        for place, texts in zip(plan.key, parts, strict=True):
            starts = {text[:3] for text in texts}
            unusual = {
                start
                for start in starts
                if start[:1] in _UNUSUAL_STARTS
                or (texts is parts[0] and (not start or start.casefold() in TOTAL_HEADS))
            }
            if unusual:
                bad.update(at for at, text in enumerate(texts) if text[:3] in unusual)
            if place in plan.lower_key:
                texts[:] = [text.lower() for text in texts]
        prefix = self._mapper.spec.key_prefix
        joined = (
            parts[0] if len(parts) == 1 else ["|".join(row) for row in zip(*parts, strict=True)]
        )
        keys = [prefix + key for key in joined] if prefix else joined
        bars = len(parts) - 1
        longest = max(map(len, keys), default=0)
        everything = "".join(keys)
        if "\\" in everything or everything.count("|") != bars * len(keys) or longest > MAX_LENGTH:
            bad.update(
                at
                for at, key in enumerate(keys)
                if "\\" in key or key.count("|") != bars or len(key) > MAX_LENGTH
            )
        return keys

    def _as_of(
        self, columns: Sequence[tuple[_Cell, ...]], default: str, count: int, bad: set[int]
    ) -> Sequence[str]:
        """Return how old each row's version is."""
        place = self._plan.as_of_place
        if self._plan.as_of is None or place is None:
            return [default] * count
        memory = self._ages
        cells = columns[place]
        unknown = set(cells).difference(memory)
        if len(memory) + len(unknown) > _REMEMBERED:
            memory.clear()
            unknown = set(cells)
        for cell in unknown:
            memory[cell] = self._age(self._plan, place, cell, default)
        ages = [memory[cell] for cell in cells]
        bad.update(at for at, age in enumerate(ages) if age is None)
        return [age or default for age in ages]

    def _age(self, plan: Plan, place: int, cell: _Cell, default: str) -> str | None:
        out: dict[str, Any] = {}
        self._sparse[place] = cell
        try:
            if plan.as_of is not None:
                plan.as_of(self._sparse, out)
        except RecordError:
            return None
        finally:
            self._sparse[place] = ""
        moment = out.get("as_of")
        return default if moment is None else encode_time(min(moment, self._now))

    def _extras(self, columns: Sequence[tuple[_Cell, ...]], count: int) -> list[str | None]:
        """Return what no field takes, as canonical JSON."""
        if not self._extra:
            return [None] * count
        found: list[list[str]] = []
        for (name, place), memory in zip(self._extra, self._fragments, strict=True):
            cells = columns[place]
            unknown = set(cells).difference(memory)
            if len(memory) + len(unknown) > _REMEMBERED:
                memory.clear()
                unknown = set(cells)
            for cell in unknown:
                memory[cell] = _fragment(name, cell)
            found.append([memory[cell] for cell in cells])
        joined = ("".join(row)[:-1] for row in zip(*found, strict=True))
        return ["{" + text + "}" if text else None for text in joined]


def _fragment(name: str, cell: _Cell) -> str:
    """Return a member of a JSON object with a comma behind it, or nothing for an empty cell."""
    text = parse_text(cell) if cell else None
    if text is None:
        return ""
    return json.dumps({name: text}, ensure_ascii=False, separators=(",", ":"))[1:-1] + ","


def _digests(hashed: Sequence[str], extras: Sequence[str | None]) -> list[str]:
    """Return the content hashes; each part of a text carries its separator behind it."""
    texts = (
        f"{text}extra={extra}" if extra is not None else text[: -len(SEPARATOR)]
        for text, extra in zip(hashed, extras, strict=True)
    )
    return [md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
