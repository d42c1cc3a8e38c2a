"""
CSV, whatever its delimiter and encoding.

`csv.reader` does the work at its full speed; this module only looks closer at a record that is
not as wide as the header, starts with an empty cell or with the header's first name, or stands on
a line with bytes that are no text. A quote that is never closed would swallow what follows:
such a record is given up and reading goes on with the physical line after its first.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from regard.errors import FileError
from regard.tabular.contents import Content
from regard.tabular.dialects import FIELD_LIMIT, Dialect, find_dialect, parse_lines
from regard.tabular.encodings import SURROGATE, Text
from regard.tabular.lines import MAX_LINE, ODD_LINES, Lines, count_lines, too_long
from regard.tabular.pieces import PIECE, is_plain
from regard.tabular.tables import BadRow, Items, Piece, PieceItems, Row, Table

__all__ = ["open_delimited"]

MAX_SEARCHED = 1_000
"""Lines of one bad record among which a swallowed neighbour is looked for."""

_OPEN = "unexpected end of data"
"""What csv says of a quote that is still open at the end."""

_MARK = b"\xed"
"""What marks begin with in UTF-8, as some letters do."""

_BOUNDARIES = 100
"""Lines among which the end of a record is looked for."""


def open_delimited(
    content: Content,
    text: str,
    *,
    whole: bool,
    encoding: str,
    settled: bool,
    delimiter: str | None,
    header: tuple[str, ...] | None,
) -> Table:
    """
    Open a CSV file.

    Args:
        content: Its bytes.
        text: Its decoded beginning.
        whole: The text is all there is.
        encoding: What it was decoded with.
        settled: The caller wanted this encoding.
        delimiter: What the caller wants; ``None`` to find out.
        header: The columns of a file without a header row.

    Raises:
        FileError: Nothing is in it, or its header is no text.
    """
    dialect = find_dialect(text, whole=whole, delimiter=delimiter, header=header)
    if dialect is None:
        what = "is empty: it has neither header nor rows"
        if text.strip(" \0\t\r\n,;|"):
            what = "has no line that can be read as a row; is a quote left open?"
        message = f"{content.label} {what}"
        raise FileError(message)
    if any(SURROGATE.search(name) or "\0" in name for name in dialect.header):
        message = (
            f"{content.label}: the header on line {dialect.header_line} is no text in {encoding}; "
            "say which encoding the file is in"
        )
        raise FileError(message)
    notes = []
    if dialect.header_line > 1:
        notes.append(f"{_count(dialect.header_line - 1, 'line')} before the header passed over")
    return Table(
        path=content.path,
        member=content.member,
        format="csv",
        header=dialect.header,
        reader=lambda table: _Reading(content, dialect, encoding, settled).rows(table),
        cutter=lambda table: _Reading(content, dialect, encoding, settled).pieces(table),
        header_line=dialect.header_line,
        encoding=encoding,
        delimiter=dialect.delimiter,
        notes=notes,
    )


@dataclass(slots=True)
class _Reading:
    """One pass over a file."""

    content: Content
    dialect: Dialect
    encoding: str
    settled: bool
    repeated: int = 0
    width: int = 0
    unfinished: str = ""
    told: list[str] | None = None
    lines: Lines = field(init=False)

    def rows(self, table: Table) -> Items:
        """Yield what is after the header."""
        text = Text(self.encoding, settled=self.settled)
        self.width = len(self.dialect.header)
        with closing(self.content.blocks()) as data:
            blocks = text.blocks(data)
            self.lines = Lines(blocks, self.content.label, marked=lambda: text.marked)
            try:
                yield from self._records(self._after_header(), last=True)
            finally:
                self.lines.close()
                self._note(table, text.encoding)

    def pieces(self, table: Table) -> PieceItems:
        """Yield what is after the header in pieces, and row by row where it is not plain."""
        text = Text(self.encoding, settled=self.settled)
        self.width = len(self.dialect.header)
        line, far = 1, False
        with closing(self.content.blocks()) as data:
            try:
                for cut, odd, last in self._cuts(text, data):
                    body, start = cut, line
                    if line == 1:
                        self._begin(cut, line, odd=odd)
                        try:
                            start = self._after_header()
                        except FileError:
                            far = not last
                            if far:
                                break
                            raise
                        body = _packed("".join(self.lines.from_line(start)))
                    if body and not odd and is_plain(body, self.dialect):
                        dialect = self.dialect
                        mark = dialect.delimiter or ""
                        piece = Piece(
                            body, start, dialect.cells, mark, dialect.reader, self._pass_over
                        )
                        yield piece
                        if not piece.refused:
                            line = start + body.count(b"\n")
                            continue
                    lines = self._begin(body, start, odd=odd)
                    yield from self._records(start, last=last)
                    line = start + lines - count_lines(self.unfinished)
            finally:
                self._note(table, text.encoding)
        if far:
            # What stands above the header is longer than a piece.
            yield from self.rows(table)

    def _begin(self, data: bytes, line: int, *, odd: bool) -> int:
        """Make ready for reading lines from one on, and return how many they are."""
        text = data.decode("utf-8", "surrogatepass")
        self.lines = Lines([text], self.content.label, marked=lambda: odd, first=line)
        return count_lines(text)

    def _cuts(self, text: Text, data: Iterable[bytes]) -> Iterator[tuple[bytes, bool, bool]]:
        """Yield a text in cuts of whole lines, whether one is odd, and whether it is the last."""
        held: list[bytes] = []
        size, odd = 0, False
        for block in text.blocks(data):
            packed = text.packed(block)
            odd = odd or text.marked or b"\0" in packed
            held.append(packed)
            size += len(packed)
            if size < PIECE:
                continue
            whole = b"".join(held)
            cut = _last_boundary(whole)
            held = [whole[cut:]]
            if cut:
                yield whole[:cut], odd, False
                if self.unfinished:
                    held = [_packed(self.unfinished), *held]
                    self.unfinished = ""
                odd = odd and any(b"\0" in each or _MARK in each for each in held)
            elif len(whole) > MAX_LINE:
                raise FileError(too_long(self.content.label))
            size = sum(map(len, held))
        if whole := b"".join(held):
            yield whole, odd, True

    def _records(self, line: int, *, last: bool) -> Items:
        """
        Yield the records from one line on.

        Args:
            line: The first one starts there.
            last: Nothing follows; else a record that is not finished is left for later.
        """
        lines, width = self.lines, self.width
        first_name, make, odd = self.dialect.cells[0], tuple.__new__, lines.odd
        self.unfinished, reading = "", True
        while reading:
            offset = line
            reader = self.dialect.reader(lines.from_line(line))
            try:
                # The hot path: a good row costs one tuple and a few comparisons.
                for cells in reader:
                    if (
                        len(cells) == width
                        and (first := cells[0])
                        and not first[0].isspace()
                        and first != first_name
                        and not odd
                    ):
                        yield make(Row, (line, cells, None))
                    elif item := self._judge(cells, line, offset + reader.line_num - 1):
                        yield item
                    lines.start = line = offset + reader.line_num
                reading = False
            except csv.Error as error:
                if not last and _OPEN in str(error):
                    self.unfinished = "".join(lines.from_line(line))
                    if len(self.unfinished) <= FIELD_LIMIT:
                        return
                    self.unfinished = ""
                yield self._broken(line)
                lines.start = line = line + 1

    def _after_header(self) -> int:
        """Return the line on which the first record starts."""
        lines, line = self.lines, self.dialect.first_line
        if not self.dialect.header_line:
            return self._skip_to(line)
        self._skip_to(line)
        reader = self.dialect.reader(lines.from_line(line))
        try:
            next(reader)
        except (csv.Error, StopIteration) as error:
            message = f"{self.content.label} is no longer as it was when it was opened"
            raise FileError(message) from error
        lines.start = after = line + reader.line_num
        lines.take_odd(line, after - 1)
        return after

    def _skip_to(self, line: int) -> int:
        """Let the lines before one go."""
        before = self.lines.from_line(1)
        for number in range(1, line):
            next(before, None)
            self.lines.odd.pop(number, None)
        self.lines.start = line
        return line

    def _judge(self, cells: list[str], line: int, last: int) -> Row | BadRow | None:
        """Look closer at a record; ``None``: there is nothing to hand on."""
        lines, width, found = self.lines, self.width, len(cells)
        if lines.odd and (reason := lines.take_odd(line, last)):
            return BadRow(line, lines.raw(line, last), reason, f"line {line} {ODD_LINES[reason]}")
        # Full rows whose first cell is only spaces go on, as they do where nothing is odd.
        if not any(cells) or ((found != width or not cells[0]) and not "".join(cells).strip()):
            return None
        if found > width and not any(cells[width:]):
            cells = cells[:width]
        if len(cells) == width:
            if tuple(cells) == self.dialect.cells:
                self.repeated += 1
                return None
            return Row(line, cells)
        if last > line and self._swallowed(line, last):
            raise csv.Error
        message = f"line {line} has {_count(found, 'field')} where the header has {width}"
        return BadRow(line, cells, "short-line" if found < width else "long-line", message)

    def _swallowed(self, line: int, last: int) -> bool:
        """Say whether a bad record that spans lines has whole records of others in it."""
        inner = self.lines.between(line + 1, min(last, line + MAX_SEARCHED))
        return any(
            len(cells) == self.width
            for each in inner
            for _, cells in parse_lines(
                [each], self.dialect.delimiter, skip_spaces=self.dialect.skip_spaces
            )
        )

    def _broken(self, line: int) -> BadRow:
        """Return the physical line on which a record that cannot be parsed starts."""
        raw = self.lines.raw(line, line)
        if odd := self.lines.take_odd(line, line):
            return BadRow(line, raw, odd, f"line {line} {ODD_LINES[odd]}")
        if len(raw) > FIELD_LIMIT:
            message = f"line {line} has a field of more than {FIELD_LIMIT:,} characters"
            return BadRow(line, raw, "field-too-large", message)
        message = f"line {line} has a quote that is not closed, or not doubled inside quotes"
        return BadRow(line, raw, "broken-quotes", message)

    def _pass_over(self) -> None:
        """Count a repeated header, which may be met when all has been read."""
        before = self._repeats()
        self.repeated += 1
        if self.told is not None:
            self.told[:] = [self._repeats(), *(note for note in self.told if note != before)]

    def _repeats(self) -> str:
        return f"{_count(self.repeated, 'repeated header')} passed over"

    def _note(self, table: Table, encoding: str) -> None:
        """Tell the table what was passed over and which encoding it was in the end."""
        table.encoding = encoding
        self.told = table.notes
        if self.repeated:
            table.notes.append(self._repeats())
        if encoding != self.encoding:
            table.notes.append(f"read as {encoding}: it has bytes that are not {self.encoding}")


def _packed(text: str) -> bytes:
    """Return a text in UTF-8, with its marks."""
    return text.encode("utf-8", "surrogatepass")


def _last_boundary(data: bytes) -> int:
    """Return the place behind the last line at whose end all quotes are closed; 0: none is."""
    cut = data.rfind(b"\n") + 1
    if not cut:
        # A "\r" at the very end may be half of a "\r\n".
        return data.rfind(b"\r", 0, len(data) - 1) + 1
    first, quotes = cut, data.count(b'"', 0, cut)
    for _ in range(_BOUNDARIES):
        if not cut or quotes % 2 == 0:
            return cut
        before = data.rfind(b"\n", 0, cut - 1) + 1
        quotes -= data.count(b'"', before, cut)
        cut = before
    return first  # a quote in some text: the rows tell


def _count(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
