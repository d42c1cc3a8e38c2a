"""
How a SQLite store is opened by somebody who only reads it, and perhaps may not write it.

A store in WAL mode has two files beside it that even a reader writes to. A reader without the
right to do so can use them while a writer lives that keeps them. Where none lives the file
holds everything and is read as one that nobody changes. Where a writer was killed, its last
batches lie beside the file, and only a copy can take them in.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import weakref
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, event

from regard.errors import StoreBusy, StoreError

__all__ = ["reader_url", "watch_frozen"]

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


def watch_frozen(engine: Engine, path: Path, folder: Path | None) -> None:
    """
    See to it that what was read as a file that nobody changes was one.

    Args:
        engine: On an address from `reader_url`.
        path: The store's file.
        folder: Of a copy; it is removed with the engine.
    """
    if folder is not None:
        weakref.finalize(engine, shutil.rmtree, folder, ignore_errors=True)
    if engine.url.query.get("immutable") is None:
        return

    def note(connection: Connection) -> None:
        connection.info["regard_mark"] = _mark(path)

    def compare(connection: Connection) -> None:
        if connection.info.get("regard_mark") != _mark(path) or _unmerged(path):
            message = f"the store {path} was written to while it was read; try again"
            raise StoreBusy(message)

    event.listen(engine, "begin", note)
    event.listen(engine, "commit", compare)


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
    raise StoreBusy(message)
