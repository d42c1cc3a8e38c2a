"""
How often a group of rows was met in a file, in bounded memory however many groups it has.

The groups met last are at hand; the others lie in a temporary file, which SQLite makes and
removes by itself.
"""

from __future__ import annotations

import sqlite3
from itertools import islice

from regard.errors import FileError

__all__ = ["Group", "Occurrences"]

Group = tuple[str, ...]
"""The parts of a key that the rows of a group share."""

_AT_HAND = 50_000


class Occurrences:
    """
    Counts the rows of groups.

    Args:
        at_hand: How many groups are kept in memory.
    """

    def __init__(self, at_hand: int = _AT_HAND) -> None:
        self._at_hand = at_hand
        self._recent: dict[Group, int] = {}
        self._file: sqlite3.Connection | None = None

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def __contains__(self, group: Group) -> bool:
        """Say whether a group was met before."""
        return self._count(group) > 0

    def add(self, group: Group) -> int:
        """
        Count one more row of a group, and return how many there are now.

        Raises:
            FileError: There is no room for the temporary file.
        """
        number = self._count(group) + 1
        # Last in the order of the dictionary: what was not met for long is put away first.
        self._recent.pop(group, None)
        self._recent[group] = number
        if len(self._recent) > self._at_hand:
            try:
                self._put_away()
            except sqlite3.Error as error:
                message = f"the lines of orders are counted in a temporary file: {error}"
                raise FileError(message) from error
        return number

    def _count(self, group: Group) -> int:
        found = self._recent.get(group)
        if found is not None or self._file is None:
            return found or 0
        query = "SELECT number FROM occurrences WHERE name = ?"
        row: tuple[int] | None = self._file.execute(query, (_name(group),)).fetchone()
        return row[0] if row else 0

    def _put_away(self) -> None:
        """Move the half that was not met for longest to the file."""
        if self._file is None:
            # Without a name the file is a temporary one, and nobody else's.
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("PRAGMA synchronous = OFF")
            self._file.execute(
                "CREATE TABLE occurrences (name TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID"
            )
        oldest = list(islice(self._recent, self._at_hand // 2 + 1))
        rows = sorted((_name(group), self._recent.pop(group)) for group in oldest)
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO occurrences VALUES (?, ?)", rows)
        self._file.execute("COMMIT")


def _name(group: Group) -> str:
    # Readable and unmistakable, also where a part holds separators or half a surrogate pair.
    return ascii(group)
