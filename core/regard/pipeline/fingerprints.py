"""What files are, from outside and from inside: their size, their time, their content."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path, PurePath

from regard.errors import FileError

__all__ = ["UNREAD", "Fingerprint", "ages_of", "digests_of", "fingerprint_of"]

UNREAD = ""
"""In place of the sha256 of a file that was not read: it equals none that is stored."""

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_NO_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """
    What a file was when the run looked at it.

    Attributes:
        path: Where it lies.
        name: Its path below the project.
        size: In bytes.
        modified_ns: Its modification time in nanoseconds.
    """

    path: Path
    name: str
    size: int
    modified_ns: int

    @property
    def order(self) -> tuple[str, int, str]:
        """What files are sorted by; those without a date in their name come first."""
        return (_date_in(self.path.name), self.modified_ns, self.name)

    def unchanged(self) -> bool:
        """Say whether the file still is what it was."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)


def _date_in(name: str) -> str:
    dates = _DATE.findall(name)
    return "".join(dates[-1]) if dates else ""


def ages_of(files: Iterable[tuple[str, int]]) -> dict[tuple[str, int], datetime]:
    """
    Return how old what is in files with a date in their name is: mostly the modification time.

    Of files that are called alike but for numbers and signs, one with an earlier date in its name
    is older than all with a later one, also where it was copied or unpacked after them.

    Args:
        files: Paths and modification times in nanoseconds; those without a date are left out.
    """
    ages: dict[tuple[str, int], datetime] = {}
    alike: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for each in files:
        if date := _date_in(PurePath(each[0]).name):
            ages[each] = datetime.fromtimestamp(each[1] / 1e9, UTC)
            family = _NO_LETTERS.sub(" ", each[0])
            alike.setdefault(family, {}).setdefault(date, []).append(each)
    for dated in alike.values():
        later: datetime | None = None
        for date in sorted(dated, reverse=True):
            for each in dated[date]:
                ages[each] = ages[each] if later is None else min(ages[each], later)
            later = min(ages[each] for each in dated[date]) - timedelta(microseconds=1)
    return ages


def fingerprint_of(path: Path, root: Path) -> Fingerprint:
    """
    Return what a file is now.

    Raises:
        FileError: It cannot be looked at.
    """
    try:
        status = path.stat()
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise FileError(message) from error
    resolved = path.absolute()
    inside = resolved.is_relative_to(root)
    name = (resolved.relative_to(root) if inside else resolved).as_posix()
    # A file's name may be no text at all; what names it in the store must be.
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return Fingerprint(path, name, status.st_size, status.st_mtime_ns)


def digests_of(path: Path, sizes: Collection[int]) -> tuple[str, dict[int, str]]:
    """
    Return the sha256 of a file, and of its beginnings.

    Args:
        path: The file.
        sizes: How long the beginnings are, in bytes; only those that end a line count.
    """
    digest, beginnings, at = sha256(), {}, 0
    cuts = sorted(size for size in set(sizes) if size > 0)
    try:
        with path.open("rb") as file:
            for cut in cuts:
                last = b""
                while at < cut and (block := file.read(min(1 << 20, cut - at))):
                    digest.update(block)
                    at += len(block)
                    last = block[-1:]
                if at == cut and last == b"\n":
                    beginnings[cut] = digest.hexdigest()
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        # Whoever opens the file says why; its neighbours are read all the same.
        return UNREAD, {}
    return digest.hexdigest(), beginnings
