"""How many records each source has in the columns, and how new the newest one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from regard.columns.manifest import KindFiles
from regard.columns.resolving import valid_rows
from regard.columns.view import connect, hold, unreadable
from regard.records import KINDS

__all__ = ["Standing", "standings"]

_NEWEST: Final = {
    "customer": "created_at",
    "purchase": "ordered_at",
    "touchpoint": "happened_at",
    "answer": "answered_at",
    "visit": "visited_at",
    "review": "published_at",
    "offer": "observed_at",
    "fact": "happened_at",
}
"""For each kind when what a record tells of has happened; else its version's time counts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What the columns hold of one source.

    Attributes:
        records: How many current records, of all kinds.
        newest_at: The latest time in them that is not to come; None: none says one.
    """

    records: int
    newest_at: datetime | None


def standings(folder: Path, now: datetime, *, threads: int | None = None) -> dict[str, Standing]:
    """
    Count the records of all sources, also of those that are no longer configured.

    Args:
        folder: Where `regard.columns.sync_columns` wrote them.
        now: No later time is taken for the newest.
        threads: At most so many; None: as many as there are cores.

    Raises:
        StoreMissing: There are no columns in the folder.
    """
    manifest, held = hold(folder)
    try:
        with connect(folder, threads) as connection:
            parts = [
                _counted(kind.name, manifest.kinds[kind.table.name], folder.resolve())
                for kind in KINDS.values()
                if kind.table.name in manifest.kinds
            ]
            query = (
                "SELECT source, sum(number), max(epoch_us(newest)) FROM "
                f"({' UNION ALL '.join(parts)}) GROUP BY source"
            )
            rows = connection.execute(query, {"now": now}).fetchall()
    except duckdb.Error as error:
        raise unreadable(folder, error) from None
    finally:
        held.release()
    return {source: Standing(int(number), _moment(newest)) for source, number, newest in rows}


def _counted(kind: str, files: KindFiles, folder: Path) -> str:
    """Return the query that counts the records of one kind."""
    moment = _NEWEST.get(kind, "as_of")
    # A deal that may close next month is no news from next month.
    newest = f"max({moment}) FILTER ({moment} <= $now)"
    ended = " AND valid_to IS NULL" if "valid_to" in files.columns else ""
    return (
        f"SELECT source, count(*) AS number, {newest} AS newest "
        f"FROM ({valid_rows(files, folder)}) WHERE deleted_at IS NULL{ended} GROUP BY source"
    )


def _moment(microseconds: int | None) -> datetime | None:
    if microseconds is None:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
