"""
Copies of a SQLite store that lie in its project: those of ``regard db upgrade`` and ``backup``.

A copy has the random name of the store that it was made from, by which it is known wherever it
lies and whatever it is called.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from regard.store import connections

__all__ = ["Copies", "copies_of"]

_HEADER = b"SQLite format 3\x00"
_BESIDE = ("-wal", "-shm", "-journal")


_NAMES = re.compile(r"\.(?:backup|db|sqlite3?)$", re.IGNORECASE)
_NO_STORE = "no such table"


@dataclass(frozen=True, slots=True)
class Copies:
    """
    The databases below a project, in order of their paths.

    Attributes:
        known: Copies of the store.
        doubtful: What may be copies, but cannot be looked into, each with why.
    """

    known: list[Path]
    doubtful: list[tuple[Path, str]]


def copies_of(url: str, identity: str, root: Path) -> Copies:
    """
    Return the copies of a store, and what may be some.

    Args:
        url: The store's address.
        identity: Its random name.
        root: The project's folder; what is below it is looked at, links are not followed.
    """
    own = connections.database_path(connections.parse_url(url))
    folders = [root]
    if own is not None and not own.resolve().is_relative_to(root.resolve()):
        # An upgrade copies a store beside itself.
        folders.append(own.parent)
    known: set[Path] = set()
    doubtful: dict[Path, str] = {}
    for folder in folders:
        for path in _files(folder, deep=folder is root):
            try:
                if not _same(path, own) and _is_database(path) and _identity(path) == identity:
                    known.add(path)
            except OSError as error:
                # Whatever else lies there and is closed to us is hardly a copy.
                if _NAMES.search(path.name):
                    doubtful[path] = error.strerror or type(error).__name__
            except sqlite3.Error as error:
                doubtful[path] = str(error)
    return Copies(sorted(known), sorted(doubtful.items()))


def _files(folder: Path, *, deep: bool) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        if not deep:
            folders.clear()
        for name in names:
            if not name.endswith(_BESIDE):
                yield Path(place) / name


def _same(path: Path, own: Path | None) -> bool:
    # Before anything is opened: closing the store's own file would drop its locks.
    try:
        return path.is_symlink() or (own is not None and own.exists() and path.samefile(own))
    except OSError:
        return True


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def _identity(path: Path) -> str | None:
    """Return the random name in a database; None: it is no store."""
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            row = connection.execute("SELECT value FROM store_info WHERE name = 'id'").fetchone()
    except sqlite3.OperationalError as error:
        if _NO_STORE in str(error):
            return None
        raise
    return str(row[0]) if row else None
