"""
How a SQLite store is opened by somebody who only reads it, and perhaps may not write it.

A store in WAL mode has two files beside it that even a reader writes to. A reader without the
right to do so can use them while a writer lives that keeps them. Where none lives the file
holds everything and is read as one that nobody changes. Where a writer was killed, its last
batches lie beside the file, and only a copy can take them in.

Writers come and go while such a reader reads. What one writes lies beside the file at first:
the file holds what it held when reading began. Once it is written to the file itself, what was
read may be of two moments, and the reader begins again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event

from regard.errors import StoreError, StoreMoved

__all__ = ["has_moved", "make_reader", "moved", "reader_url"]

_TRIES = 3
_BESIDE = ("-wal", "-shm")

_Mark = tuple[int, int, int] | None


def reader_url(url: URL, path: Path) -> tuple[URL, Path | None]:
    """
    Return the address by which a reader opens a store.

    Args:
        url: The store's.
        path: Its file.

    Returns:
        The address, and the folder of a copy, where one had to be made.

    Raises:
        StoreError: It can be read in no way.
    """
    if _may_change(path):
        # Not mode=ro: such a connection cannot remove the two files beside the store that
        # reading makes, and a dry run would leave them behind.
        return _named(url, path, mode="rw"), None
    if not os.access(path, os.R_OK):
        message = f"the store {path} may not be read by this user; its owner can allow it"
        raise StoreError(message)
    if _beside(path, "-shm").exists() and _opens(path):
        return _named(url, path, mode="ro"), None
    if not _unmerged(path):
        return _named(url, path, mode="ro", immutable="1"), None
    folder = _copied(path)
    return _named(url, folder / path.name, mode="rw"), folder


@dataclass(frozen=True, slots=True)
class _Situation:
    """How a store stood when somebody without rights began to read it."""

    path: Path
    mark: _Mark
    kept: bool

    @classmethod
    def of(cls, path: Path) -> _Situation:
        return cls(path, _mark(path), _beside(path, "-shm").exists())


_SITUATIONS: WeakKeyDictionary[Engine, _Situation] = WeakKeyDictionary()


def has_moved(engine: Engine) -> bool:
    """Say whether writers have come, gone or written under a reader without rights."""
    before = _SITUATIONS.get(engine)
    return before is not None and before != _Situation.of(before.path)


def moved(place: object) -> StoreMoved:
    """Return what to raise where that is so, and what was read cannot be relied on."""
    return StoreMoved(f"the store {place} was written to while it was read; try again")


def make_reader(url: URL, path: Path) -> Engine:
    """
    Return an engine for a store that is only read.

    Args:
        url: The store's address.
        path: Its file.

    Raises:
        StoreError: It can be read in no way.
        StoreMoved: It is being written to.
    """
    # Looked at first: whatever comes after it is noticed.
    before = _Situation.of(path)
    found, folder = reader_url(url, path)
    engine = create_engine(found, hide_parameters=True)
    if folder is not None:
        weakref.finalize(engine, shutil.rmtree, folder, ignore_errors=True)
    elif found.query.get("mode") == "ro":
        _SITUATIONS[engine] = before
    if found.query.get("immutable") is not None:

        def compare(connection: Connection) -> None:
            # Pages that were read are remembered: they are of no use beside changed ones.
            if _mark(path) != before.mark:
                raise moved(path)

        event.listen(engine, "begin", compare)
        event.listen(engine, "commit", compare)
    return engine


def _may_change(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _named(url: URL, path: Path, **how: str) -> URL:
    return url.set(database=f"file:{quote(str(path.absolute()))}", query={**how, "uri": "true"})


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}{suffix}")


def _unmerged(path: Path) -> bool:
    """Say whether batches lie beside the file that are not in it yet."""
    try:
        return _beside(path, "-wal").stat().st_size > 0
    except OSError:
        return False


def _opens(path: Path) -> bool:
    """Say whether what a living writer keeps beside the file can be used."""
    named = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        connection = sqlite3.connect(named, uri=True)
    except sqlite3.Error:
        return False
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return True


def _mark(path: Path) -> _Mark:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _copied(path: Path) -> Path:
    """Copy a store with what lies beside it into a folder that only this user can read."""
    folder = Path(tempfile.mkdtemp(prefix="regard-read-"))
    try:
        for _ in range(_TRIES):
            before = (_mark(path), _mark(_beside(path, "-wal")))
            for suffix in ("", *_BESIDE[:1]):
                shutil.copyfile(_beside(path, suffix), folder / f"{path.name}{suffix}")
            if before == (_mark(path), _mark(_beside(path, "-wal"))):
                return folder
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        message = f"the store {path} cannot be read: {error.strerror or error}"
        raise StoreError(message) from error
    shutil.rmtree(folder, ignore_errors=True)
    message = f"the store {path} is being written to; try again"
    raise StoreMoved(message)
