"""
The inbox: where fetched files land, and what is remembered of where they came from.

``inbox/NAME/`` holds the files of one source. A file is written under a hidden name and renamed
when it is whole, so that under its own name there is never half a file. ``.fetched.json`` beside
them says what was fetched from where; whoever deletes it has all fetched anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any, BinaryIO

from regard.errors import FileError
from regard.fetching.naming import apart, safe_name
from regard.secrets import mask

__all__ = ["FOLDER", "Inbox", "Kept", "Memory", "Part", "identity", "prunable", "rename"]

FOLDER = "inbox"
_NOTES = ".fetched.json"
_PART = ".part-"
_LONGEST_NOTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Kept:
    """
    What is remembered of one file that was fetched.

    Attributes:
        origin: What it is where it came from; no other file has the same.
        size: In bytes, there.
        version: What tells whether it has changed there.
        fetched_at: When, in ISO form.
    """

    origin: str
    size: int
    version: str
    fetched_at: str


@dataclass(slots=True)
class Memory:
    """
    What is remembered of one remote.

    Attributes:
        shown: The remote, for people who look at the file.
        files: By their names in the inbox.
        current: The name of the file that stands for an address.
        etag: What the server said of it.
        last_modified: Likewise.
        reached: For each folder of mails UIDVALIDITY and the last UID that was looked at.
    """

    shown: str = ""
    files: dict[str, Kept] = field(default_factory=dict)
    current: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    reached: dict[str, tuple[int, int]] = field(default_factory=dict)


def identity(*parts: str) -> str:
    """Return what names a remote; a secret in it may change without making it another one."""
    return sha256(mask("\0".join(parts)).encode("utf-8", "surrogateescape")).hexdigest()[:16]


class Part:
    """
    A file that is being written and has no name yet.

    Args:
        path: Its hidden name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file: BinaryIO

    def __enter__(self) -> Part:
        with _telling(self.path.parent):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """
        Add to it.

        Raises:
            FileError: The disk takes no more.
        """
        with _telling(self.path.parent):
            self._file.write(data)
        self.size += len(data)

    def finish(self) -> None:
        """
        Have all of it on the disk.

        Raises:
            FileError: The disk does not take it.
        """
        with _telling(self.path.parent):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{folder} cannot be written to: {error.strerror}"
        raise FileError(message) from error


class Inbox:
    """
    The fetched files of one source.

    Args:
        root: The project's folder.
        source: The source's name.
        drafts: Where new files go instead, for who only looks; nothing is remembered then.
    """

    def __init__(self, root: Path, source: str, drafts: Path | None = None) -> None:
        self.folder = root / FOLDER / source
        self._target = drafts or self.folder
        self._remembers = drafts is None
        self._remotes: dict[str, Memory] | None = None

    def memory(self, remote: str, shown: str) -> Memory:
        """Return what is remembered of a remote; nothing at first."""
        found = self._known().setdefault(remote, Memory())
        found.shown = mask(shown)
        return found

    def _known(self) -> dict[str, Memory]:
        if self._remotes is None:
            self._remotes = _read_notes(self.folder / _NOTES)
        return self._remotes

    def path(self, name: str) -> Path | None:
        """Return where a file is; None: it is no longer there."""
        for folder in dict.fromkeys((self._target, self.folder)):
            if (folder / name).is_file():
                return folder / name
        return None

    def files(self, memory: Memory) -> list[Path]:
        """Return the files of a remote that are still there."""
        return [path for name in memory.files if (path := self.path(name)) is not None]

    def begin(self) -> None:
        """
        Make the folder, and clear away what a killed run has left.

        Raises:
            FileError: It cannot be written to.
        """
        with _telling(self._target):
            # What is fetched is people's data.
            self._target.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in self._target.glob(f"{_PART}*"):
                left.unlink(missing_ok=True)

    def part(self) -> Part:
        """Return a file to write to; it is gone at the block's end unless it landed."""
        return Part(self._target / f"{_PART}{token_hex(8)}")

    def land(
        self,
        memory: Memory,
        part: Part,
        wanted: str,
        kept: Kept,
        modified_at: datetime | None = None,
    ) -> str:
        """
        Give a file that is whole its name; what had it before is replaced.

        Args:
            memory: The remote that it came from; it is remembered with `save`.
            part: What was written.
            wanted: What it is called there.
            kept: What to remember of it.
            modified_at: When it was last changed there; None: now.

        Raises:
            FileError: The disk does not take it.
        """
        name = self._name(safe_name(wanted), kept.origin)
        part.finish()
        now = time.time_ns()
        modified = now if modified_at is None else int(modified_at.timestamp() * 1e9)
        final = self._target / name
        with _telling(self._target):
            modified = min(max(modified, 0), now)
            before = self.path(name)
            if before is not None and before.stat().st_mtime_ns == modified:
                # Who compares only size and time would take it for the one before.
                modified += 1
            os.utime(part.path, ns=(modified, modified))
            part.path.replace(final)
            _sync(self._target)
        memory.files[name] = kept
        return name

    def _name(self, wanted: str, origin: str) -> str:
        """Return the name of a file: its own, or one beside it where another has that."""
        taken: dict[str, str] = {}
        for memory in self._known().values():
            for name, kept in memory.files.items():
                if kept.origin == origin and name in (wanted, apart(wanted, origin)):
                    return name
                taken[name.casefold()] = kept.origin
        return apart(wanted, origin) if wanted.casefold() in taken else wanted

    def save(self) -> None:
        """
        Remember what was fetched.

        Raises:
            FileError: The disk does not take it.
        """
        if not self._remembers:
            return
        known = {remote: _packed(memory) for remote, memory in self._known().items()}
        text = json.dumps({"version": 1, "remotes": known}, indent=1, ensure_ascii=True)
        with self.part() as part:
            part.write(text.encode("ascii"))
            part.finish()
            with _telling(self.folder):
                part.path.replace(self.folder / _NOTES)
                _sync(self.folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _packed(memory: Memory) -> dict[str, Any]:
    values = {each.name: getattr(memory, each.name) for each in fields(memory)}
    values["files"] = {name: asdict(kept) for name, kept in memory.files.items()}
    return values


def _read_notes(path: Path) -> dict[str, Memory]:
    """Return what a file says; one that is missing or damaged says nothing."""
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_LONGEST_NOTES))
        return {str(remote): _unpacked(values) for remote, values in data["remotes"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _unpacked(values: dict[str, Any]) -> Memory:
    memory = Memory(str(values["shown"]))
    for name, kept in values["files"].items():
        if name != safe_name(name):
            raise ValueError(name)
        memory.files[name] = Kept(
            str(kept["origin"]), int(kept["size"]), str(kept["version"]), str(kept["fetched_at"])
        )
    for name in ("current", "etag", "last_modified"):
        if values[name] is not None:
            setattr(memory, name, str(values[name]))
    for folder, (validity, uid) in values["reached"].items():
        memory.reached[str(folder)] = (int(validity), int(uid))
    return memory


def rename(root: Path, old: str, new: str) -> list[str]:
    """
    Give the folder of a source's fetched files another source's name.

    What was fetched under the new name by then was never stored: it is set aside.

    Args:
        root: The project's folder.
        old: The source's name before.
        new: Its new name.

    Returns:
        What was done, a sentence each; nothing where nothing was ever fetched.

    Raises:
        FileError: The folder cannot be renamed.
    """
    before, after = root / FOLDER / old, root / FOLDER / new
    if not before.is_dir():
        return []
    done = []
    with _telling(before):
        if after.exists():
            # No source can be called so.
            aside = after.with_name(f"{new}.{token_hex(4)}")
            after.rename(aside)
            done.append(f"what was in {FOLDER}/{new} is in {FOLDER}/{aside.name}")
        before.rename(after)
    return [*done, f"{FOLDER}/{old} is now {FOLDER}/{new}"]


def prunable(inbox: Path, before: datetime) -> list[Path]:
    """
    Return fetched files that may be deleted, in all sources' folders.

    The file that stands for an address is none of them: it is compared with what is there. A
    file that is deleted is not fetched again, because it is remembered.

    Args:
        inbox: The project's folder ``inbox``.
        before: What was fetched before this moment is old.
    """
    found: list[Path] = []
    for notes in sorted(inbox.glob(f"*/{_NOTES}")):
        for memory in _read_notes(notes).values():
            for name, kept in sorted(memory.files.items()):
                path = notes.parent / name
                if name != memory.current and _older(kept, before) and path.is_file():
                    found.append(path)
    return found


def _older(kept: Kept, before: datetime) -> bool:
    try:
        moment = datetime.fromisoformat(kept.fetched_at)
    except ValueError:
        return False
    return moment.replace(tzinfo=moment.tzinfo or UTC) < before
