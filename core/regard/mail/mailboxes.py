"""
Mail in files: mbox, Maildir, and single messages.

An mbox may be larger than memory: it is read line by line, and of each message only as much is
kept as is looked at.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from regard.errors import FileError
from regard.mail.messages import MAX_BYTES

__all__ = ["Places", "RawMessage", "expand", "goes_on", "kind_of", "read_file", "read_mbox"]

_LINE = 64 * 1024
_SEPARATOR = re.compile(
    # RFC 4155: an address and a time; the zone and the seconds are not always there.
    rb"^From .{0,400}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"
    rb".{0,20}?(\w{3})\s+(\d{1,2})\s+(\d\d):(\d\d)(?::(\d\d))?.{0,20}?\b(\d{4})\b|^From \S+\s*$"
)
_ESCAPED = re.compile(rb"^>+From ")
_HEADER = re.compile(rb"^[!-9;-~]{1,76}[ \t]*:")
_SENDER = re.compile(rb"^from[ \t]*:", re.IGNORECASE)
_TELLING = frozenset({b"date", b"message-id", b"received", b"return-path", b"mime-version"})
"""Headers of which a message has one beside its sender; no table begins like this."""
_HEADS = 100
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MAILDIR = ("cur", "new")


@dataclass(frozen=True, slots=True)
class RawMessage:
    """
    A message as it lies in a mailbox.

    Attributes:
        data: Its bytes; of a large one the beginning, one byte longer than is looked at.
        received_at: When it was delivered, where the mailbox says so.
        place: Where it begins, as a line of the file or the number of the server.
    """

    data: bytes
    received_at: datetime | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """
    Where the files of mailboxes are.

    Attributes:
        files: Patterns of mbox files, which grow at their end, and of single messages.
        maildirs: Folders with a message a file.
        empty: How many Maildirs hold no message.
    """

    files: tuple[str, ...] = ()
    maildirs: tuple[str, ...] = ()
    empty: int = 0


def expand(paths: Sequence[str], root: Path) -> Places:
    """
    Return where the files of mailboxes are.

    Args:
        paths: Files, folders and globs; a Maildir becomes its folders of messages.
        root: The project's folder, where relative ones start.
    """
    patterns: list[str] = []
    filled: list[str] = []
    empty = 0
    for path in paths:
        full = root / Path(path).expanduser()
        folders = [full] if full.is_dir() else _folders(str(full))
        maildirs = [folder for folder in folders if _is_maildir(folder)]
        if not maildirs:
            patterns.append(path)
            continue
        for maildir in maildirs:
            found = [str(maildir / name) for name in _MAILDIR if _has_files(maildir / name)]
            filled += found
            empty += not found
    return Places(tuple(patterns), tuple(filled), empty)


def _folders(pattern: str) -> list[Path]:
    if not re.search(r"[*?\[]", pattern):
        return []
    return [Path(name) for name in sorted(glob.glob(pattern)) if Path(name).is_dir()]  # noqa: PTH207  # absolute


def _is_maildir(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in _MAILDIR)


def _has_files(folder: Path) -> bool:
    return any(not each.name.startswith(".") and each.is_file() for each in folder.iterdir())


def goes_on(path: Path, at: int) -> bool:
    """Say whether a message of an mbox begins at a place, so that it can be read on there."""
    try:
        with path.open("rb") as file:
            file.seek(at)
            return _SEPARATOR.match(file.readline(_LINE).lstrip(b"\r\n")) is not None
    except OSError:
        return False


def kind_of(path: Path) -> str | None:
    """Say what sort of mail a file holds, by its place and first lines; None: it holds none."""
    if path.parent.name in _MAILDIR and _is_maildir(path.parent.parent):
        return "message of a mailbox"
    try:
        with path.open("rb") as file:
            head = file.read(_LINE).lstrip(b"\r\n")
    except OSError:
        return None
    lines = head.splitlines()[:_HEADS]
    if lines and _SEPARATOR.match(lines[0]) and any(map(_SENDER.match, lines)):
        return "mailbox (mbox)"
    names = {line.partition(b":")[0].lower() for line in lines if _HEADER.match(line)}
    return "message of a mailbox" if b"from" in names and names & _TELLING else None


def read_file(path: Path, at: int = 0) -> Iterator[RawMessage]:
    """
    Yield the messages of a file: all of an mbox, or the one that it is.

    Args:
        path: Where it lies.
        at: How many bytes to pass over; a message of an mbox begins there.

    Raises:
        FileError: It cannot be read, or is no mailbox.
    """
    try:
        with path.open("rb") as file:
            file.seek(at)
            first = file.readline(_LINE)
            while first and not first.strip():
                first = file.readline(_LINE)
            file.seek(at)
            if first.startswith(b"From "):
                yield from read_mbox(file, numbered=not at)
            elif _HEADER.match(first) or path.parent.name in _MAILDIR:
                # What a Maildir holds is a message each, also one that cannot be understood.
                yield RawMessage(file.read(MAX_BYTES + 1), place=1)
            elif first:
                message = f"{path.name} is neither a mailbox (mbox) nor a message"
                raise FileError(message)
    except OSError as error:
        message = f"{path.name} cannot be read: {error.strerror}"
        raise FileError(message) from error


@dataclass(slots=True)
class _Collected:
    """The message that is being read."""

    received_at: datetime | None = None
    place: int | None = 1
    kept: bytearray = field(default_factory=bytearray)

    def add(self, line: bytes) -> None:
        """Keep a line, unless enough is kept."""
        room = MAX_BYTES + 1 - len(self.kept)
        if room > 0:
            self.kept += line[:room]

    def message(self) -> RawMessage:
        """Return what was collected."""
        return RawMessage(bytes(self.kept), self.received_at, self.place)


def read_mbox(file: BinaryIO, *, numbered: bool = True) -> Iterator[RawMessage]:
    """
    Yield the messages of a file in mbox form.

    A line that begins with ``From `` begins a message where an empty one stands before it and
    it goes on as such lines do: not every program escapes those of the text.

    Args:
        file: Opened as bytes, where a message begins.
        numbered: Whether that is the file's first line, so that lines can be counted.
    """
    collected: _Collected | None = None
    after_empty, whole, number = True, True, 0
    while line := file.readline(_LINE):
        number += whole
        starts = whole and after_empty and line.startswith(b"From ") and _SEPARATOR.match(line)
        if starts:
            if collected is not None:
                yield collected.message()
            collected = _Collected(_delivered_at(starts), number if numbered else None)
        elif collected is not None:
            collected.add(line[1:] if whole and _ESCAPED.match(line) else line)
        elif line.strip():
            # A first line that only looks like a separator: what follows is still a message.
            collected = _Collected(place=number)
            if not line.startswith(b"From "):
                collected.add(line)
        after_empty = whole and not line.strip()
        whole = line.endswith(b"\n")
    if collected is not None:
        yield collected.message()


def _delivered_at(found: re.Match[bytes]) -> datetime | None:
    month, day, hour, minute, second, year = found.groups()
    name = (month or b"").decode("ascii", "replace").lower()
    if name not in _MONTHS:
        return None
    try:
        return datetime(
            int(year),
            _MONTHS.index(name) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
