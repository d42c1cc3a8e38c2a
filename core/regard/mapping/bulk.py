"""
Mapping and encoding in SQL, for files whose rows stand alone.

Each field is one of two sorts. Texts, numbers and times mostly have a plain shape that SQL reads
as the row lane would. A state, a country or a joined name has a meaning that only the row lane's
own step, validator and encoder know: each different cell goes through them once and what it came
to is remembered in a table beside the rows. Rows with anything unusual are left to the row lane,
which knows the exact reason; so both lanes store the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import compress
from typing import Any

from pydantic import AwareDatetime

from regard.keys import MAX_LENGTH
from regard.mapping.kinds import ValueType
from regard.mapping.mappers import TOTAL_HEADS, Mapper
from regard.mapping.memories import Cells, Meaning, Memories, is_numeric
from regard.mapping.shapes import (
    OFFSETS,
    SPACES,
    Shape,
    literal,
    offsets_of,
    separator,
    shape_of,
    time_text,
)
from regard.records import Kind
from regard.records.encoding import SEPARATOR, EncodedRows, StoredValue, encode_time

__all__ = ["BulkMapper"]

_UNCHECKED = (str | None, Decimal | None, bool | None, date | None, AwareDatetime | None)
"""Types whose every value is a field's value; others are closed sets or have a pattern."""


@dataclass(frozen=True, slots=True)
class _Part:
    """
    One field in SQL.

    Attributes:
        value: What is stored.
        shown: Its part of the hashed text, or NULL.
        good: What must hold, else the row lane looks at the row; empty: nothing.
        reads: What both are made of, and how they call it.
        begins: What that is made of, and how it calls that.
    """

    value: str
    shown: str
    good: str = ""
    reads: str = ""
    begins: str = ""


class BulkMapper:
    """
    Maps and encodes many rows at once.

    Args:
        mapper: The row lane of the same file.
        kind: The kind of its records.
        cells: Where the rows are.
        header: The header as it is written: rows that repeat its first cell are left alone.
        now: No version is newer than this.
        as_of: How old a version is that does not say so, from `encode_time`.
        revives: For each column what makes its values of their texts, None where they are
            texts; then a last column is not empty where a row has to be left alone.
    """

    def __init__(
        self,
        mapper: Mapper,
        kind: Kind,
        cells: Cells,
        *,
        header: Sequence[str],
        now: datetime,
        as_of: str,
        revives: Sequence[Callable[[str], Any] | None] = (),
    ) -> None:
        self._mapper = mapper
        self._revives = revives
        self._plan = mapper.plan
        self._kind = kind
        self._now = encode_time(now)
        self._as_of = as_of
        self._cells = cells
        self._encoder = kind.encoder()
        self._memories = Memories(kind, cells, len(mapper.header), revives)
        self._columns: tuple[str, ...] = ()
        self._numbers: frozenset[str] = frozenset()
        self._same: dict[str, StoredValue] = {}
        self._good: list[str] = [f"c0 <> {literal(header[0])}"]
        if revives:
            self._good.append(f"c{len(revives)} = ''")
        self._checked: dict[str, None] = {}
        self._learning = True
        self._prepared = False
        self._single = ""
        self._query = self._compile()
        if OFFSETS in self._query:
            offsets = list(offsets_of(self._plan.zone))
            # Not as SQL: to read a number for each day of forty years takes it long.
            cells.rows(f"SET VARIABLE {OFFSETS} = CAST(? AS BIGINT[])", [offsets])
        self._memories.begin()

    @staticmethod
    def fits(mapper: Mapper) -> bool:
        """Say whether each row of a file can be understood without its neighbours."""
        plan, skip = mapper.plan, mapper.spec.skip
        alone = not (plan.carry or plan.orders or plan.formulas or plan.empty)
        plain_key = None not in plan.key and plan.deleted is None
        return alone and plain_key and not (skip.starts or skip.lone)

    def encode(self) -> tuple[EncodedRows, list[int]]:
        """
        Return the rows as they are stored, and which ones the row lane must look at.

        Returns:
            The encoded rows in their order; the numbers, from 0, of those left out.
        """
        self._prepare()
        # Cells that nobody has met yet are rare behind the first rows, and looking for them
        # costs; only where the last rows had some are they looked for first.
        found = None if self._learning else self._joined()
        if found is None:
            self._learning = self._memories.learn()
            found = self._joined()
        if found is None:
            rows = self._cells.rows("EXECUTE singly")
            found = [list(column) for column in zip(*rows, strict=True)]
        left = [at for at, key in enumerate(found[0]) if not key]
        if left:
            good = [bool(key) for key in found[0]]
            found = [list(compress(column, good)) for column in found]
        cells = [
            self._stored(name, texts) for name, texts in zip(self._columns, found, strict=True)
        ]
        same = dict(self._same)
        if "as_of" not in self._columns:
            same["as_of"] = self._as_of
        return EncodedRows(self._kind.fields, self._columns, same, cells), left

    def _prepare(self) -> None:
        """Have the queries parsed once and for all; that takes as long as some thousand rows."""
        if not self._prepared:
            self._cells.rows(f"PREPARE joined AS {self._query}")
            self._cells.rows(f"PREPARE singly AS {self._single}")
            self._prepared = True

    def _joined(self) -> list[list[str]] | None:
        """
        Return all columns as texts, an empty one for what is not there.

        They come as one text each, which is split here: that takes a third of the time that
        single values take. None: there are cells that nobody has met, or the rows came out of
        their order, or a separator is in a cell.
        """
        count, met, *joined = self._cells.rows("EXECUTE joined")[0]
        if not met:
            return [[] for _ in self._columns] if not count else None
        columns = [text.split(SEPARATOR) for text in joined]
        return columns if all(len(column) == count for column in columns) else None

    def _stored(self, name: str, texts: list[str]) -> list[StoredValue]:
        """Return a column's stored values."""
        if name in self._numbers:
            if "" in texts:
                return [int(text) if text else None for text in texts]
            return list(map(int, texts))
        return [text or None for text in texts] if "" in texts else texts  # type: ignore[return-value]

    def _compile(self) -> str:
        """Return the query that makes columns of cells."""
        parts = self._parts()
        key = self._key()
        hashed = ", ".join(part.shown for _, part in sorted(parts.items()) if part.shown)
        age_begins, age_reads, age = self._age()
        reads = [part.reads for part in parts.values() if part.reads] + age_reads
        begins = [part.begins for part in parts.values() if part.begins] + age_begins
        memories = self._memories.all
        joins = "".join(f" LEFT JOIN {each.table} ON {each.match}" for each in memories)
        known = [
            f"{each.table}.v AS {each.table}_v, {each.table}.p AS {each.table}_p, "
            f"{each.table}.good AS {each.table}_good"
            for each in memories
        ]
        met = " AND ".join(f"{each.table}.good IS NOT NULL" for each in memories) or "true"
        first = ", ".join(["piece.*", "piece.rowid AS place", f"({met}) AS met", *known, *begins])
        query = f"SELECT {first} FROM piece{joins}"
        query = f"SELECT {', '.join(['*', *reads])} FROM ({query})"
        query = (
            f"SELECT *, {key} AS key, concat_ws({separator()}, {hashed or 'NULL'}) AS hashed, "
            f"{self._extra()} AS extra FROM ({query})"
        )
        self._good.append(self._untouched())
        good = " AND ".join(f"({each})" for each in (*self._good, *self._goods(parts)))
        digest = "md5(hashed)"
        if self._plan.extra:
            more = f"concat_ws({separator()}, nullif(hashed, ''), 'extra=' || extra)"
            digest = f"md5(CASE WHEN extra IS NULL THEN hashed ELSE {more} END)"
        columns = {"key": f"CASE WHEN {good} THEN key END", "content_hash": digest}
        if age:
            columns["as_of"] = age
        if self._plan.extra:
            columns["extra"] = "extra"
        columns |= {name: part.value for name, part in parts.items() if name not in self._same}
        self._columns = tuple(columns)
        table = self._kind.table.columns
        self._numbers = frozenset(name for name in columns if is_numeric(table[name]))
        return self._gathering(columns, query)

    def _gathering(self, columns: Mapping[str, str], query: str) -> str:
        """Return the query that makes one text of each column."""
        texts = [
            f"coalesce(CAST({value} AS VARCHAR), '') AS o{at}"
            for at, value in enumerate(columns.values())
        ]
        made = f"SELECT {', '.join(texts)}, place, met FROM ({query})"
        names = ", ".join(f"o{at}" for at in range(len(texts)))
        self._single = f"SELECT {names} FROM ({made}) ORDER BY place"
        joined = ", ".join(f"string_agg(o{at}, {separator()})" for at in range(len(texts)))
        # Materialized, for DuckDB would compute what several columns are made of for each.
        return (
            "WITH made AS MATERIALIZED "
            f"(SELECT *, row_number() OVER () - 1 AS nth FROM ({made})) "
            f"SELECT count(*), bool_and(met AND place = nth), {joined} FROM made"
        )

    @staticmethod
    def _goods(parts: Mapping[str, _Part]) -> list[str]:
        return [part.good for part in parts.values() if part.good]

    def _parts(self) -> dict[str, _Part]:
        """Return each field that a column or a constant fills."""
        constants = self._constants()
        parts: dict[str, _Part] = {}
        plan = self._plan
        for at, ((name, places, sort), step) in enumerate(
            zip(plan.places, plan.steps, strict=True)
        ):
            default = constants.pop(name, (None, None, True))
            checked = self._kind.model.model_fields[name].annotation not in _UNCHECKED
            shape = None if checked else self._shape(name, sort, places)
            if shape is not None:
                parts[name] = self._plain(name, f"q{at}", places[0], shape, default)
                continue
            table = f"m{at}"
            self._memories.add(name, table, places, step, default, checked=checked)
            parts[name] = _Part(f"{table}_v", f"{table}_p", f"{table}_good")
        for name, (value, shown, _) in constants.items():
            parts[name] = _Part("", literal(shown) if shown else "")
            self._same[name] = value
        return parts

    def _shape(self, name: str, sort: ValueType | None, places: Sequence[int]) -> Shape | None:
        if len(places) != 1:
            return None
        plan, cell = self._plan, f"c{places[0]}"
        revive = self._revives[places[0]] if self._revives else None
        # A value with a type says by itself what it is, however texts are written.
        decimal = "." if revive in (int, Decimal) else plan.decimal
        iso = plan.iso or revive is not None
        return shape_of(name, sort, cell, decimal=decimal, zone=plan.zone, iso=iso)

    def _plain(self, name: str, read: str, place: int, shape: Shape, default: Meaning) -> _Part:
        """Return a field that is read in SQL."""
        cell = f"c{place}"
        value, shown = shape.value.format(read), shape.shown.format(read)
        text = f"{literal(name + '=')} || {shown}"
        if default[0] is not None:
            value = f"CASE WHEN {cell} = '' THEN {literal(default[0])} ELSE {value} END"
            text = f"CASE WHEN {cell} = '' THEN {literal(default[1])} ELSE {text} END"
        if not self._encoder.hashes(name):
            text = ""
        begins, reads = _read(cell, read, shape)
        if shape.reads != cell:
            return _Part(value, text, f"{cell} = '' OR {read} IS NOT NULL", reads, begins)
        self._checked[cell] = None
        return _Part(cell if value == read else value, text, reads=reads)

    def _constants(self) -> dict[str, Meaning]:
        """Return what the fields that no column fills come to."""
        validator = self._kind.validator()
        typed, problems = validator.validate([self._plan.template])
        if problems or typed[0] is None:
            raise problems[0]
        given = {name: value for name, value in typed[0].items() if value is not None}
        return {name: self._memories.part(name, value) for name, value in given.items()}

    def _untouched(self) -> str:
        """Say that no cell has what the row lane would take off or unwrap."""
        cells = ", ".join(["''", *self._checked, "''"])
        inside = SPACES.replace("\\x00-\\x20", "\\x00-\\x1e\\x20")
        return (
            f"NOT regexp_matches(concat_ws({separator()}, {cells}), "
            f"'\\x1f[{inside}''=]|[{inside}]\\x1f')"
        )

    def _key(self) -> str:
        """Return the key."""
        parts: list[str] = []
        for place in self._plan.key:
            cell = f"c{place}"
            self._checked[cell] = None
            self._good.append(f"instr({cell}, '|') = 0 AND instr({cell}, '\\') = 0")
            if place in self._plan.lower_key:
                self._good.append(_ascii(cell))
                cell = f"lower({cell})"
            parts.append(cell)
        first = f"left(c{self._plan.key[0]}, 3)"
        heads = ", ".join(literal(head) for head in sorted(TOTAL_HEADS))
        key = " || '|' || ".join(parts)
        prefix = self._mapper.spec.key_prefix
        self._good += [
            f"{first} <> '' AND {_ascii(first)} AND lower({first}) NOT IN ({heads})",
            f"length(key) <= {MAX_LENGTH}",
        ]
        return f"{literal(prefix)} || {key}" if prefix else key

    def _age(self) -> tuple[list[str], list[str], str]:
        """Return how a row's age is read, in two steps, and what it is; empty: no row says."""
        place = self._plan.as_of_place
        if self._plan.as_of is None or place is None:
            return [], [], ""
        shape = self._shape("as_of", ValueType.TIME, (place,))
        if shape is None:
            self._good.append(f"c{place} = ''")
            return [], [], ""
        self._good.append(f"c{place} = '' OR age IS NOT NULL")
        begins, reads = _read(f"c{place}", "age", shape)
        now, as_of = literal(self._now), literal(self._as_of)
        said = f"CASE WHEN age IS NULL THEN {as_of} ELSE least({time_text('age')}, {now}) END"
        return [begins] if begins else [], [reads], said

    def _extra(self) -> str:
        """Return what no field takes, as canonical JSON."""
        members = []
        for name, place in sorted((name, place) for place, name in self._plan.extra):
            head = json.dumps(name, ensure_ascii=False) + ':"'
            text = f"c{place}"
            for plain, escaped in _ESCAPES:
                text = f"replace({text}, {plain}, '{escaped}')"
            members.append(f"CASE WHEN c{place} <> '' THEN {literal(head)} || {text} || '\"' END")
        if not members:
            return "NULL"
        odd = f'":"([{SPACES}\'\'=]|\\\\[nrt])|([{SPACES}]|\\\\[nrt])"[,}}]|[\\x00-\\x1f]'
        self._good.append(f"extra IS NULL OR NOT regexp_matches(extra, '{odd}')")
        joined = f"concat_ws(',', {', '.join(members)})"
        return f"CASE WHEN {joined} <> '' THEN '{{' || {joined} || '}}' END"


_ESCAPES = (
    ("'\\'", "\\\\"),
    ("'\"'", '\\"'),
    ("chr(10)", "\\n"),
    ("chr(13)", "\\r"),
    ("chr(9)", "\\t"),
)
"""What JSON escapes; other control characters are left to the row lane."""


def _read(cell: str, name: str, shape: Shape) -> tuple[str, str]:
    """Return what a reading begins with, if anything, and what it comes to, under a name."""
    if shape.reads == cell:
        return "", f"nullif({cell}, '') AS {name}"
    first = f"{name}_0"
    begins = f"CASE WHEN {cell} <> '' THEN {shape.begins} END AS {first}" if shape.begins else ""
    return begins, f"CASE WHEN {cell} <> '' THEN {shape.reads.replace('{}', first)} END AS {name}"


def _ascii(text: str) -> str:
    """Say that lower case means the same everywhere."""
    return f"strlen({text}) = length({text})"
