"""
The steps of a mapper: one closure for each field, made once for each file.

A file of a million rows has a million e-mail addresses but a dozen states and a few thousand
days, so what a cell's text came to is remembered; when too many are, all are forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from regard.errors import RecordError
from regard.keys import compose
from regard.mapping.amounts import (
    DecimalSign,
    parse_amount,
    parse_currency,
    parse_integer,
    parse_number,
)
from regard.mapping.headers import Columns, fold
from regard.mapping.kinds import ValueType
from regard.mapping.maps import ValueSource
from regard.mapping.times import TimeReader
from regard.mapping.values import (
    Cell,
    clean,
    parse_country,
    parse_email,
    parse_flag,
    parse_flag_or_text,
)

__all__ = ["Cells", "Convert", "Reader", "Step", "converter", "parse_text", "reader", "step"]

Cells: TypeAlias = Sequence[Cell]
Convert: TypeAlias = Callable[[Cell], Any]
Read: TypeAlias = Callable[[Cells], Any]
Step: TypeAlias = Callable[[Cells, dict[str, Any]], None]

_REMEMBERED = 32_768


def parse_text(cell: Cell) -> str | None:
    """Return a cell's text, or None for an empty one."""
    if type(cell) is str:
        text = cell.strip()
        if text and text[0] not in "'=":
            return text
    return clean(cell) or None


def converter(kind: ValueType, times: TimeReader, decimal: DecimalSign | None) -> Convert:
    """
    Return what makes a cell a value of one sort; an amount comes with its currency.

    Args:
        kind: The sort.
        times: Reads dates and times.
        decimal: The decimal sign, where it is known.
    """
    by_kind: dict[ValueType, Convert] = {
        ValueType.EMAIL: parse_email,
        ValueType.COUNTRY: parse_country,
        ValueType.CURRENCY: parse_currency,
        ValueType.NUMBER: lambda cell: parse_number(cell, decimal),
        ValueType.MONEY: lambda cell: parse_amount(cell, decimal),
        ValueType.INTEGER: lambda cell: parse_integer(cell, decimal),
        ValueType.FLAG: parse_flag,
        ValueType.FLAG_OR_TEXT: parse_flag_or_text,
        ValueType.DAY: times.day,
        ValueType.TIME: times.time,
    }
    return by_kind.get(kind, parse_text)


def _by_words(words: Mapping[str, Any], convert: Convert) -> Convert:
    """Return a converter that knows what some words mean; ``*`` is any other."""
    meanings = {fold(word): meaning for word, meaning in words.items()}
    otherwise = meanings.pop("*", None)

    def meant(cell: Cell) -> Any:  # noqa: ANN401  # whatever the field holds
        text = clean(cell)
        if not text:
            return None
        meaning = meanings.get(fold(text), otherwise)
        if meaning is None:
            return convert(cell)
        return None if meaning == "" else convert(meaning)

    return meant


def _interpret(source: ValueSource, words: Mapping[str, Any] | None, convert: Convert) -> Convert:
    """Return what one source's cell means."""
    known = source.values if source.values is not None else words
    if known:
        convert = _by_words(known, convert)
    if source.constant is not None:
        inner, constant = convert, source.constant
        convert = lambda cell: inner(constant) if clean(cell) else None  # noqa: E731
    if source.split is not None:
        whole, sign = convert, source.split
        convert = lambda cell: whole(clean(cell).split(sign)[0])  # noqa: E731
    if source.prefix:
        bare, prefix = convert, source.prefix

        def prefixed(cell: Cell) -> str | None:
            text = bare(cell)
            return None if text is None else compose([f"{prefix}{text}"])

        convert = prefixed
    return convert


@dataclass(frozen=True, slots=True)
class Reader:
    """
    Reads one source of one field.

    Attributes:
        field: The field, for messages.
        name: The columns, for messages.
        places: Where they are.
        between: What stands between columns that are joined.
        joined: Whether several columns make up the value.
        interpret: Makes a cell the field's value.
        plain: Nothing but the text as it is.
        bare: The cell says just what its sort of value says, nothing is added to it.
    """

    field: str
    name: str
    places: tuple[int, ...]
    between: str
    joined: bool
    interpret: Convert
    plain: bool
    bare: bool

    def value(self, cell: Cell) -> Any:  # noqa: ANN401  # whatever the field holds
        """
        Return a cell's value.

        Raises:
            RecordError: With the column and the field.
        """
        if cell is None or cell == "":
            return None
        try:
            return self.interpret(cell)
        except RecordError as error:
            message = f"column {self.name!r}: {error}"
            raise RecordError(error.reason, message, self.field) from error

    def reads(self) -> Read:
        """Return what reads the source from a row."""
        place, places, between, value = self.places[0], self.places, self.between, self.value
        memory: dict[str, Any] = {}

        def read(values: Cells) -> Any:  # noqa: ANN401  # whatever the field holds
            cell = values[place]
            # Only texts: 1, True and Decimal(1) are equal and would be taken for one another.
            if type(cell) is not str:
                return value(cell)
            if cell in memory:
                return memory[cell]
            found = value(cell)
            if len(memory) >= _REMEMBERED:
                memory.clear()
            memory[cell] = found
            return found

        def read_joined(values: Cells) -> Any:  # noqa: ANN401  # whatever the field holds
            return value(between.join(part for each in places if (part := clean(values[each]))))

        return read_joined if self.joined else read


def reader(
    source: ValueSource,
    columns: Columns,
    *,
    field: str,
    kind: ValueType,
    convert: Convert,
    words: Mapping[str, Any] | None,
) -> Reader | None:
    """
    Return what reads one source of a field, or None where the file lacks its columns.

    Args:
        source: Where the value comes from.
        columns: The file's columns.
        field: The field, for messages.
        kind: Its sort of value.
        convert: Makes a cell such a value.
        words: What the field's words mean.
    """
    found = (columns.find(each) for each in source.columns)
    places = tuple(place for place in found if place is not None)
    if not places:
        return None
    interpret = _interpret(source, words, convert)
    plain = kind is ValueType.TEXT and interpret is convert
    name = " + ".join(columns.header[place] for place in places)
    bare = interpret is convert and not source.join
    return Reader(field, name, places, source.between, bool(source.join), interpret, plain, bare)


def _check_currency(out: dict[str, Any], field: str, code: str) -> None:
    """Give a record the currency beside an amount, or refuse it if it has another one."""
    known = out.setdefault("currency", code)
    if known != code:
        message = f"the amount is in {code}, the record in {known}"
        raise RecordError("currency-mismatch", message, field)


def _text_step(reader: Reader) -> Step:
    """Return the step of a field that is a column's text: the most frequent one by far."""
    field, place = reader.field, reader.places[0]

    def run(values: Cells, out: dict[str, Any]) -> None:
        cell = values[place]
        if type(cell) is str:
            text: str | None = cell.strip()
            if text and text[0] in "'=":
                text = parse_text(text)
        else:
            text = parse_text(cell)
        if text:
            out[field] = text

    return run


def step(field: str, kind: ValueType, readers: Sequence[Reader]) -> Step:
    """Return the step that fills a field by the first source that says something."""
    if len(readers) == 1 and readers[0].plain and not readers[0].joined:
        return _text_step(readers[0])
    reads = [each.reads() for each in readers]
    only = reads[0]

    discount = field == "discount"

    def money(values: Cells, out: dict[str, Any]) -> None:
        for read in reads:
            found = read(values)
            if found is not None:
                value, code = found
                if code is not None:
                    _check_currency(out, field, code)
                # Some write a discount as what is taken off, others as what it changes.
                out[field] = abs(value) if discount else value
                return

    def one(values: Cells, out: dict[str, Any]) -> None:
        value = only(values)
        if value is not None:
            out[field] = value

    def several(values: Cells, out: dict[str, Any]) -> None:
        for read in reads:
            value = read(values)
            if value is not None:
                out[field] = value
                return

    if kind is ValueType.MONEY:
        return money
    return one if len(reads) == 1 else several
