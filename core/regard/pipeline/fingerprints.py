"""What files are, from outside and from inside: their size, their time, their content."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path, PurePath

from regard.errors import FileError

__all__ = ["UNREAD", "Fingerprint", "age_of", "digests_of", "fingerprint_of"]

UNREAD = ""
"""In place of the sha256 of a file that was not read: it equals none that is stored."""

_MOMENT = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[-_. T]?([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?(?![-_.]?\d))?(?!\d)"
)
"""A day, and a time of it that no further numbers follow: those would be another day's."""

_DAY_MICROSECONDS = 86_400_000_000
_DAYS = 50_000
"""Days since 1970 on which files may have been changed, until 2106."""


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
    def order(self) -> tuple[bool, datetime, int, str]:
        """What files are sorted by; those without a date in their name come first."""
        dated = _moment_in(self.path.name) is not None
        return (dated, self.age, self.modified_ns, self.name)

    @property
    def age(self) -> datetime:
        """How old what is in it is."""
        return age_of(self.name, self.modified_ns)

    def unchanged(self) -> bool:
        """Say whether the file still is what it was."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)


def _moment_in(name: str) -> tuple[datetime, bool] | None:
    """Return the last moment in a name, and whether it says more than the day."""
    for found in reversed([*_MOMENT.finditer(name)]):
        year, month, day, hour, minute, second = (int(each or 0) for each in found.groups())
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC), bool(found[4])
        except ValueError:
            continue  # the 31st of February is a number of something
    return None


def age_of(name: str, modified_ns: int) -> datetime:
    """
    Return how old what is in a file is: from when its name says, else when it was changed.

    When a file was changed is often when it was copied, downloaded or unpacked. Of files of one
    day those that were changed later are newer, so the whole day stands for all the times at
    which files may be changed.

    Args:
        name: The file's path or name; the last date of the name counts.
        modified_ns: Its modification time in nanoseconds.
    """
    named = _moment_in(PurePath(name).name)
    if named is None:
        return datetime.fromtimestamp(modified_ns / 1e9, UTC)
    moment, timed = named
    if timed:
        return moment
    share = min(max(modified_ns, 0) // 1000 // _DAYS, _DAY_MICROSECONDS - 1)
    return moment + timedelta(microseconds=share)


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
