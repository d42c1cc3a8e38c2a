"""
JSON and JSON Lines: records are objects, their keys the columns.

Nested objects become dotted columns (``customer.email``), nested arrays stay JSON text. The header
is what the first records hold; later keys come as a row's surplus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, NamedTuple

from regard.errors import FileError
from regard.tabular.contents import Content
from regard.tabular.encodings import SURROGATE, Text, unmarked
from regard.tabular.headers import make_header
from regard.tabular.jsontext import FAULTS, Decoder, Window, compact
from regard.tabular.lines import ODD_LINES, Lines
from regard.tabular.tables import BadRow, Items, Row, Table, Value

__all__ = ["open_json", "open_json_lines"]

HEADER_RECORDS = 1_000
MAX_COLUMNS = 2_000
MAX_DEPTH = 8
ARRAY_DEPTH = 3

Path = tuple[str, ...]
NESTED = frozenset({dict, list})


class _Record(NamedTuple):
    """One record, flattened, or why it is none."""

    line: int
    values: dict[str, Value] | BadRow


Records = Generator[_Record, None, None]


def open_json(
    content: Content, *, encoding: str, settled: bool, header: tuple[str, ...] | None
) -> Table:
    """
    Open an array of objects, or an object that holds exactly one such array.

    Args:
        content: The bytes.
        encoding: Their encoding.
        settled: The caller wanted this encoding.
        header: The keys of interest, if the caller knows them.

    Raises:
        FileError: There is no array of objects, or more than one of equal rank.
    """
    with _text(content, encoding, settled) as blocks:
        path = _find_array(Window(blocks, content.label))

    def records() -> Records:
        with _text(content, encoding, settled) as blocks:
            yield from _array_records(Window(blocks, content.label), path)

    return _table(content, "json", encoding, header, records)


def open_json_lines(
    content: Content, *, encoding: str, settled: bool, header: tuple[str, ...] | None
) -> Table:
    """Open a file with one object a line; the arguments are those of `open_json`."""

    def records() -> Records:
        with closing(content.blocks()) as data:
            text = Text(encoding, settled=settled)
            lines = Lines(text.blocks(data), content.label, marked=lambda: text.marked)
            with closing(_line_records(lines)) as found:
                yield from found

    return _table(content, "jsonl", encoding, header, records)


def _table(
    content: Content,
    form: str,
    encoding: str,
    header: tuple[str, ...] | None,
    records: Callable[[], Records],
) -> Table:
    """Make the table of a file whose records are known how to get."""
    columns = header or _columns(records)
    known = frozenset(columns)

    def rows(_: Table) -> Items:
        with closing(records()) as found:
            for line, values in found:
                if isinstance(values, BadRow):
                    yield values
                elif tuple(values) == columns:
                    yield Row(line, list(values.values()))
                else:
                    surplus = {key: values[key] for key in values if key not in known}
                    yield Row(line, [values.get(key) for key in columns], surplus or None)

    names = make_header(columns, len(columns))
    return Table(content.path, content.member, form, names, rows, encoding=encoding)


def _columns(records: Callable[[], Records]) -> tuple[str, ...]:
    """Return the keys of the first records, in the order in which they turn up."""
    columns: dict[str, None] = {}
    found = 0
    with closing(records()) as some:
        try:
            for record in islice(some, HEADER_RECORDS):
                if isinstance(record.values, dict):
                    columns.update(dict.fromkeys(record.values))
                    found += 1
        except FileError:
            # What stands before the break is read; reading raises it again when it gets there.
            if not found:
                raise
    return tuple(islice(columns, MAX_COLUMNS))


@contextmanager
def _text(content: Content, encoding: str, settled: bool) -> Iterator[Iterator[str]]:
    """
    Lend the decoded text of a JSON file.

    Undecodable bytes stay marked: as lone surrogates they are found in the record they are in.
    """
    with closing(content.blocks()) as data:
        yield Text(encoding, settled=settled).blocks(data)


BEGIN, EMPTY = object(), object()
"""Not elements, but that an array of objects begins, or that one was empty."""


class _Element(NamedTuple):
    """One element of an array of objects, or `BEGIN`, or `EMPTY`."""

    path: Path
    value: Any


def _find_array(window: Window) -> Path:
    """
    Return the path of the array of records: the one nearest to the top.

    Raises:
        FileError: There is none, or another of the same rank among the first records.
    """
    paths: list[Path] = []
    empty: list[Path] = []
    elements = 0
    try:
        for element in _walk(window, ()):
            if element.value is BEGIN:
                paths.append(element.path)
            elif element.value is EMPTY:
                empty.append(element.path)
            elements += 1
            if elements > HEADER_RECORDS:
                break
    except FileError:
        if not paths:
            raise
    paths = paths or empty[:1]
    if not paths:
        message = (
            f"{window.label} is JSON without a list of objects; "
            "a list of records, or an object with one such list, would be right"
        )
        raise FileError(message)
    depth = min(map(len, paths))
    nearest = [path for path in paths if len(path) == depth]
    if len(nearest) > 1:
        raise FileError(_ambiguous(window.label, nearest))
    return nearest[0]


def _ambiguous(label: str, paths: list[Path]) -> str:
    """Say that there are several candidates for the table."""
    names = ", ".join(repr(".".join(path)) for path in paths[:5])
    return f"{label} holds several lists of objects ({names}); one file is to hold one table"


def _walk(window: Window, path: Path) -> Generator[_Element, None, None]:
    """Walk through a document and yield the elements of its arrays of objects."""
    first = window.peek()
    if first == "[":
        yield from _walk_array(window, path)
    elif first == "{" and len(path) < ARRAY_DEPTH:
        window.take("{")
        while window.peek() != "}":
            window.expect('"')
            key = window.value()
            window.take(":")
            yield from _walk(window, (*path, key))
            if window.peek() != "}":
                window.take(",}")
        window.take("}")
    else:
        window.value()
        if not path and first != "{":
            message = f"{window.label} is a single JSON value; a list of objects would be right"
            raise FileError(message)
    if not path and window.peek():
        message = f"{window.label} goes on after its JSON has ended; one document a file is right"
        raise FileError(message)


def _walk_array(window: Window, path: Path) -> Generator[_Element, None, None]:
    """Yield the elements of an array of objects; walk past any other array."""
    window.take("[")
    first = window.peek()
    wanted = first == "{" or not path
    if first == "]" or wanted:
        yield _Element(path, BEGIN if wanted else EMPTY)
    while window.peek() != "]":
        value = window.value()
        if wanted:
            yield _Element(path, value)
        if window.peek() != "]":
            window.take(",]")
    window.take("]")


def _array_records(window: Window, wanted: Path) -> Records:
    """Yield the elements of the wanted array as records."""
    number = 0
    for path, value in _walk(window, ()):
        if path != wanted:
            if value is BEGIN and len(path) <= len(wanted):
                raise FileError(_ambiguous(window.label, [wanted, path]))
        elif value is not BEGIN and value is not EMPTY:
            number += 1
            yield _Record(number, _judge(value, window.raw, number, window.decoder, "record"))


def _line_records(lines: Lines) -> Records:
    """Yield the lines as records."""
    decoder = Decoder()
    for number, line in enumerate(lines.from_line(1), 1):
        lines.start = number
        text = line.strip()
        if lines.odd and (reason := lines.take_odd(number, number)):
            message = f"line {number} {ODD_LINES[reason]}"
            yield _Record(number, BadRow(number, lines.raw(number, number), reason, message))
        elif text:
            yield _Record(number, _judge_line(text, number, decoder))


def _judge_line(text: str, number: int, decoder: Decoder) -> dict[str, Value] | BadRow:
    """Return the record on a line, or what is wrong with it."""
    try:
        value, end = decoder.decode(text, 0)
    except json.JSONDecodeError as error:
        message = f"line {number} is no JSON: {error.msg} at character {error.pos + 1}"
        return BadRow(number, unmarked(text), "bad-json", message)
    except RecursionError:
        message = f"line {number} is JSON nested too deeply"
        return BadRow(number, unmarked(text), "bad-json", message)
    if end != len(text):
        message = f"line {number} goes on after its JSON has ended, at character {end + 1}"
        return BadRow(number, unmarked(text), "bad-json", message)
    return _judge(value, lambda: text, number, decoder, "line")


def _judge(
    value: Any,  # noqa: ANN401 - JSON enters here and leaves flat
    raw: Callable[[], str],
    number: int,
    decoder: Decoder,
    what: str,
) -> dict[str, Value] | BadRow:
    """Return a record flat, or what is wrong with it."""

    def bad(reason: str, message: str) -> BadRow:
        return BadRow(number, unmarked(raw()), reason, f"{what} {number} {message}")

    if not isinstance(value, dict):
        return bad("not-an-object", "is no JSON object")
    if decoder.faults:
        return bad(decoder.faults[0], FAULTS[decoder.faults[0]])
    if NESTED.isdisjoint(map(type, value.values())):
        flat: dict[str, Value] = value
    else:
        flat = {}
        if not _flatten(value, "", flat, 1):
            return bad("duplicate-key", "has two keys that are the same when written with dots")
    text = raw()
    if not text.isascii() or "\\u" in text:
        if any(SURROGATE.search(each) for each in _texts(flat)):
            return bad("undecodable", "has characters that are no text (lone surrogates)")
        if any("\0" in each for each in _texts(flat)):
            return bad("nul-bytes", ODD_LINES["nul-bytes"])
    return flat


def _texts(flat: Mapping[str, Value]) -> Iterator[str]:
    """Yield all texts of a record, its keys among them."""
    yield from flat
    yield from (value for value in flat.values() if isinstance(value, str))


def _flatten(nested: Mapping[str, Any], prefix: str, flat: dict[str, Value], depth: int) -> bool:
    """Fill `flat` with dotted keys; ``False`` if two of them are the same."""
    for key, value in nested.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < MAX_DEPTH:
            if not _flatten(value, f"{name}.", flat, depth + 1):
                return False
            continue
        if name in flat:
            return False
        flat[name] = compact(value) if isinstance(value, (dict, list)) else value
    return True
