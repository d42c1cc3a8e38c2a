"""
A map for a file that no profile fits, proposed from its headers and its first rows.

What a header or a word means is looked up among all profiles and in a vocabulary of plain
ones. Only words that are found there are repeated: a map ends up in messages and logs, and
what else a file says may be personal.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regard.errors import ConfigError, FileError, RecordError
from regard.mapping.compiling import compile_map
from regard.mapping.headers import fold
from regard.mapping.kinds import ValueType, fields_of, words_of
from regard.mapping.maps import LINE, FieldMap
from regard.mapping.profiles import Profile
from regard.mapping.steps import converter
from regard.mapping.times import TimeReader, zone_of
from regard.mapping.values import Cell, clean
from regard.mapping.vocabulary import HEADERS, VALUES
from regard.records import kind_named

__all__ = ["propose"]

_SHOWN = 40
_MOST_WORDS = 12
_MOST_COLUMNS = 50
"""So many are tried for a key: a table may have thousands."""
_NOT_A_WORD = re.compile(r"[\W_]+")
_NUMBER_OF = re.compile(r"\b(?:id|no|num|numero|number|nr|code|codigo|key|ref|clave|cle)\b")
_TIMES = (ValueType.DAY, ValueType.TIME)
_NUMBERS = (ValueType.MONEY, ValueType.NUMBER, ValueType.INTEGER)

Rows = Sequence[Sequence[Cell]]


def propose(
    header: Sequence[str], rows: Rows, *, profiles: Iterable[Profile], kinds: Sequence[str]
) -> str:
    """
    Return a map as it can be pasted into the configuration, in TOML.

    Args:
        header: The file's column names.
        rows: Its first rows, so far as they are known: what they hold decides about the key,
            dates and decimal signs, and shows how much of it would be refused.
        profiles: What headers and words mean is learned from them.
        kinds: The kinds to choose from; the one that most columns speak of is proposed.
    """
    known = list(profiles)
    sample = _Sample(tuple(header), rows)
    drafts = [_Draft(kind, sample, _fields(kind, sample, known)) for kind in kinds]
    draft = max(drafts, key=lambda each: len(each.fields))
    draft.learn(known)
    return draft.text()


def _plain(name: str) -> str:
    """Return a header or word without dots, dashes and the like."""
    return _NOT_A_WORD.sub(" ", fold(name)).strip()


@dataclass(frozen=True, slots=True)
class _Sample:
    """The first rows of a table, by its columns."""

    header: tuple[str, ...]
    rows: Rows

    def cells(self, name: str) -> list[Cell]:
        """Return what stands in a column, empty cells left out."""
        at = self.header.index(name)
        return [row[at] for row in self.rows if at < len(row) and clean(row[at])]

    def passing(self, name: str, read: Callable[[Cell], Any]) -> int:
        """Return how many cells of a column can be read."""
        good = 0
        for cell in self.cells(name):
            try:
                good += read(cell) is not None
            except RecordError:
                pass
        return good

    def names_rows(self, name: str) -> bool:
        """Say whether a column is filled in nearly each row, and never twice the same."""
        texts = [clean(cell) for cell in self.cells(name)]
        return len(texts) >= 0.9 * len(self.rows) - 1 and len(set(texts)) == len(texts)


def _fields(kind: str, sample: _Sample, profiles: Iterable[Profile]) -> dict[str, str]:
    """Return for each field the column that most likely fills it."""
    meant: dict[str, Counter[str]] = {}
    for name, column in _meanings(kind, profiles):
        meant.setdefault(_plain(column), Counter())[name] += 1
    sorts = fields_of(kind_named(kind).model)
    found: dict[str, str] = {}
    for column in sample.header:
        for name, _ in meant.get(_plain(column), Counter()).most_common():
            if name not in found and _fits(sample, column, sorts[name]):
                found[name] = column
                break
    return found


def _meanings(kind: str, profiles: Iterable[Profile]) -> Iterator[tuple[str, str]]:
    """Yield fields with a header that means each, once for each profile that says so."""
    model = kind_named(kind).model
    for profile in profiles:
        if profile.kind != kind:
            continue
        for name, sources in profile.fields.items():
            for column in sources[0].columns[:1]:
                yield name, column
                for headers in profile.aliases.values():
                    yield from ((name, other) for other in headers.get(column, ()))
    for name, columns in HEADERS.get(kind, {}).items():
        yield from ((name, column) for column in columns)
    # Consent is nothing to guess: a column of that name may mean its contrary.
    yield from ((name, name) for name in model.model_fields if name != "consent")


def _fits(sample: _Sample, column: str, sort: ValueType) -> bool:
    """Say whether what stands in a column can be read as what a field holds."""
    cells = sample.cells(column)
    if not cells or sort not in (*_TIMES, *_NUMBERS, ValueType.EMAIL):
        return True
    best = max(sample.passing(column, read) for read in _readings(sort))
    return 2 * best >= len(cells)


def _readings(sort: ValueType) -> Iterator[Callable[[Cell], Any]]:
    """Yield the ways in which cells of a sort may be read."""
    for order in ("day-first", "month-first"):
        for sign in (".", ","):
            yield converter(sort, TimeReader(zone_of("UTC"), (order,)), sign)


@dataclass(slots=True)
class _Draft:
    """
    A map that is being drawn up.

    Attributes:
        kind: The kind of its records.
        sample: What it is drawn up for.
        fields: For each field the column.
        dates: The order of day and month, where the rows need one.
        unsure: Both orders fit the rows.
        decimal: The decimal sign, where the rows need one.
        values: For each field what the words of its column mean.
        unknown: For each field how many words nobody knows.
    """

    kind: str
    sample: _Sample
    fields: dict[str, str]
    dates: str | None = None
    unsure: bool = False
    decimal: str | None = None
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)

    @property
    def sorts(self) -> Mapping[str, ValueType]:
        """What sort of value each field holds."""
        return fields_of(kind_named(self.kind).model)

    @property
    def key(self) -> list[str]:
        """What names a record."""
        header, sample = self.sample.header, self.sample
        named = [each for each in header if _NUMBER_OF.search(_plain(each))]
        order = self.fields.get("order_key")
        candidates = list(dict.fromkeys([*([order] if order else []), *named, *header]))
        taken = {self.fields.get(name) for name, sort in self.sorts.items() if sort in _TIMES}
        for each in candidates[:_MOST_COLUMNS]:
            if sample.rows and sample.names_rows(each) and each not in taken:
                return [each]
        if order and sample.rows:
            return [order, LINE]
        return [candidates[0]]

    def learn(self, profiles: Sequence[Profile]) -> None:
        """Learn from the rows how dates, numbers and words are written."""
        days = self._readable(_TIMES, "day-first", "month-first", "")
        if days["day-first"] != days["month-first"]:
            self.dates = max(days, key=lambda way: days[way])
        elif days[""] < days["day-first"]:
            # Most of the world writes the day first, and nothing here says otherwise.
            self.dates, self.unsure = "day-first", True
        signs = self._readable(_NUMBERS, ",", ".")
        if signs[","] != signs["."]:
            self.decimal = max(signs, key=lambda way: signs[way])
        model = kind_named(self.kind).model
        for name, column in self.fields.items():
            if words := words_of(model.model_fields[name].annotation):
                self._learn_words(name, column, words, profiles)

    def _readable(self, sorts: Sequence[ValueType], *ways: str) -> Counter[str]:
        """Return for each way of writing how many cells can be read as written so."""
        good = Counter(dict.fromkeys(ways, 0))
        for way in ways:
            times = TimeReader(zone_of("UTC"), (way,) if way and sorts is _TIMES else ())
            sign: Any = way if sorts is _NUMBERS else None
            for name, column in self.fields.items():
                if (sort := self.sorts[name]) in sorts:
                    good[way] += self.sample.passing(column, converter(sort, times, sign))
        return good

    def _learn_words(
        self, name: str, column: str, words: Sequence[str], profiles: Iterable[Profile]
    ) -> None:
        cells = list(dict.fromkeys(clean(cell) for cell in self.sample.cells(column)))
        if all(cell in words for cell in cells):
            return
        meant = dict(_word_meanings(name, profiles))
        meant |= {_plain(word): word for word in words}
        known = {cell: meant[_plain(cell)] for cell in cells if _plain(cell) in meant}
        self.values[name] = dict(list(known.items())[:_MOST_WORDS])
        self.unknown[name] = len(cells) - len(self.values[name])

    def text(self) -> str:
        """Return it in TOML, with what is left to say as comments."""
        header = self.sample.header
        key = self.key
        fields = ", ".join(f"{name} = {_toml(column)}" for name, column in self.fields.items())
        rest = [each for each in header if each not in (*self.fields.values(), *key)]
        lines = [
            "[sources.NAME.map]",
            f'kind = "{self.kind}"',
            f"key = [{', '.join(map(_toml, key))}]",
            f"fields = {{{fields}}}",
        ]
        if self.kind == "purchase" and "status" not in self.fields:
            lines.append('constants.status = "completed"')
        if self.dates:
            doubt = '  # or "month-first": the first rows fit both' if self.unsure else ""
            lines.append(f'dates = "{self.dates}"{doubt}')
        lines += [f'decimal = "{self.decimal}"'] if self.decimal else []
        if not self.fields:
            lines.append("# no header is known: say which column fills which field of the kind")
        if rest:
            shown = ", ".join(_shown(each) for each in rest[:_SHOWN])
            lines.append(f"# not mapped, kept as they are: {shown}")
        money = any(self.sorts[name] is ValueType.MONEY for name in self.fields)
        if money and "currency" not in self.fields:
            lines.append("# amounts have no currency; where all are in one:")
            lines.append('# constants.currency = "EUR"')
        tables = [line for name in self.values for line in self._words(name)]
        return "\n".join([*lines, *tables, *self._trial("\n".join([*lines, *tables]))])

    def _words(self, name: str) -> Iterator[str]:
        known, unknown = self.values[name], self.unknown[name]
        yield f"[sources.NAME.map.values.{name}]"
        yield from (f"{_toml(word)} = {_toml(meaning)}" for word, meaning in known.items())
        if unknown:
            model = kind_named(self.kind).model
            words = ", ".join(words_of(model.model_fields[name].annotation))
            noun = "word stands" if unknown == 1 else "words stand"
            where = _shown(self.fields[name])
            yield f"# {unknown} more {noun} in {where}; each means one of {words}"

    def _trial(self, text: str) -> Iterator[str]:
        """Yield what becomes of the first rows when they are read so."""
        if not self.sample.rows or not self.fields:
            return
        refused = _refused(text, self.sample)
        count = len(self.sample.rows)
        if refused is None:
            return
        rows = "the first row" if count == 1 else f"the first {count} rows"
        if not refused:
            yield f"# read so, nothing in {rows} is refused"
            return
        reasons = ", ".join(f"{number} {reason}" for reason, number in refused.most_common(4))
        yield f"# read so, of {rows} would be refused: {reasons}"


def _refused(text: str, sample: _Sample) -> Counter[str] | None:
    """Return why rows would be refused, and how many; None where the map itself is."""
    try:
        spec = FieldMap.model_validate(tomllib.loads(text)["sources"]["NAME"]["map"])
    except ValueError:
        # A header may hold what no map can name.
        return None
    model = kind_named(spec.kind).model
    refused = Counter[str]()
    try:
        mapper = compile_map(
            spec, sample.header, timezone="UTC", kind_fields=fields_of(model), where="map"
        )
    except (ConfigError, FileError):
        return None
    words = {name: words_of(info.annotation) for name, info in model.model_fields.items()}
    for line, row in enumerate(sample.rows, 1):
        values = [*row, *[None] * (len(sample.header) - len(row))]
        try:
            records = mapper.records(_Row(line, values))
        except RecordError as error:
            refused[error.reason + (f" in {error.field}" if error.field else "")] += 1
            continue
        for record in records:
            if isinstance(record, dict):
                refused.update(_unknown(record, words)[:1])
    return refused


def _unknown(record: Mapping[str, Any], words: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what is wrong with fields that hold none of the words that they may hold."""
    return [
        f"unknown-value in {name}"
        for name, known in words.items()
        if known and record.get(name) not in (*known, None)
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as a mapper wants it."""

    line: int
    values: Sequence[Any]
    surplus: None = None


def _word_meanings(name: str, profiles: Iterable[Profile]) -> Iterator[tuple[str, str]]:
    """Yield the words that profiles and the vocabulary know of a field, with what they mean."""
    for profile in profiles:
        for word, meaning in profile.values.get(name, {}).items():
            if isinstance(meaning, str) and meaning and word != "*":
                yield _plain(word), meaning
    for meaning, words in VALUES.get(name, {}).items():
        yield from ((_plain(word), meaning) for word in words)


def _toml(name: str) -> str:
    # A basic string of TOML is escaped as one of JSON is.
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(name: str) -> str:
    return repr(name[:_SHOWN])
