"""
A suggestion box that is a folder: each text file is one suggestion.

The day is in the file's name, as in ``2026-09-14 benches.txt``, or the file was last changed
on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from regard.errors import FileError, RecordError
from regard.exports import Format, RowMapper, Wishes
from regard.mapping import Mapped
from regard.mapping.mappers import Numbered
from regard.mapping.times import zone_of
from regard.sources import InputFile
from regard.tabular import Row, Table
from regard.tabular.contents import Content
from regard.tabular.encodings import Text, detect_encoding, unmarked
from regard.tabular.tables import Items

__all__ = ["LETTER", "is_letter", "letter_formats", "letter_tables"]

LETTER: Final = "text, one suggestion a file"
"""What people call such a file."""

_NAMES = (".txt", ".text", ".md")
_DAY = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[ T_-]+([01]\d|2[0-3])[-:.h]?([0-5]\d)(?!\d))?"
)
_HEADER = ("file", "text")
_LONGEST = 1 << 18
"""Bytes: a suggestion of more than forty thousand words is none."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def is_letter(name: str) -> bool:
    """Say whether a file's name is that of a plain text."""
    return name.lower().endswith(_NAMES)


def letter_tables(file: InputFile, content: Content, encoding: str | None) -> list[Table]:
    """
    Return a text file as a table of one row.

    Raises:
        FileError: It is too long for a suggestion, or no text.
    """
    head = content.head(_LONGEST + 1)
    if len(head) > _LONGEST:
        message = (
            f"{content.label} has more than {_LONGEST >> 10} KiB of text: it is neither a table "
            "that is known nor one suggestion"
        )
        raise FileError(message)
    decoder = Text(detect_encoding(head, encoding), settled=encoding is not None)
    text = unmarked("".join(decoder.blocks([head])).replace("\0", ""))
    if len(_CONTROL.findall(text)) > len(text) // 20 + 5:
        message = f"{content.label} looks like binary data, not like a text"
        raise FileError(message)
    text = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()

    def rows(_: Table) -> Items:
        yield Row(1, (file.name, text))

    return [Table(file.path, None, "letter", _HEADER, rows)]


@dataclass(frozen=True)
class _Letters(Format):
    """Texts, one a file."""

    named: str = ""

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what makes a suggestion of a text."""
        found = _DAY.search(self.named)
        moment = modified_at
        if found is not None:
            day = date(int(found[1]), int(found[2]), int(found[3]))
            clock = time(int(found[4]), int(found[5])) if found[4] else time()
            local = datetime.combine(day, clock, zone_of(wishes.timezone))
            moment = local.astimezone(UTC)
        return _LetterMapper(header, moment)


class _LetterMapper(RowMapper):
    """
    Makes a touchpoint of a text.

    Args:
        header: The column names.
        moment: When it was written.
    """

    def __init__(self, header: Sequence[str], moment: datetime) -> None:
        super().__init__(header)
        self._moment = moment

    def records(self, row: Numbered) -> Sequence[Mapped]:
        """
        Return the suggestion.

        Raises:
            RecordError: Nothing is written there.
        """
        name, text = str(row.values[0]), str(row.values[1])
        if not text:
            raise RecordError("empty-text", "the file holds no text", "text")
        record: Mapped = {
            "key": name,
            "channel": "box",
            "type": "suggestion",
            "direction": "inbound",
            "happened_at": self._moment,
            "text": text,
        }
        return (record,)


def letter_formats(table: Table) -> Sequence[Format]:
    """Return how a text is read; nothing for other tables."""
    if table.format != "letter":
        return []
    return [_Letters("letter", LETTER, "suggestions", "touchpoint", named=table.path.name)]
