"""
The sources that a store knows, and what becomes of one whose name changes or that goes.

Both happen in one transaction, while nobody reads the source. Columns follow batches, and
neither a row that has another key now nor one that is gone would be among the newer ones:
every batch gets another token, so that columns of before match no more and are made anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Table, delete, exists, func, literal, select, update

from regard.errors import UsageError
from regard.names import did_you_mean, is_name
from regard.records import KINDS
from regard.store import sides
from regard.store.batches import next_batch
from regard.store.counting import count_by, current
from regard.store.runs import is_enricher, latest
from regard.store.state import require_idle
from regard.store.transactions import Transaction, table

__all__ = [
    "StoredSource",
    "check_drop",
    "check_rename",
    "drop",
    "held",
    "known",
    "orphaned_files",
    "rename",
    "stored",
]

_BESIDE = (
    *("cursors", "cursor_log", "files", "quarantine", "streams", "findings", "runs"),
    *("passes", "addresses", "links", "matches", "privacy_tombstones"),
)
"""The tables beside the records that name a source in a column of that name."""

_BATCHES = ("batch_id", "content_batch_id")
_KEPT = frozenset({"privacy_tombstones"})
"""What outlives its source: who was erased must not come back by another way."""


@dataclass(frozen=True, slots=True)
class StoredSource:
    """
    A source as the store knows it.

    Attributes:
        name: Its name.
        rows: Its current records by kind; none of a kind is left out.
        quarantined: How many refused records are open.
        files: How many files it has read.
        last_run_at: When its last run began.
        outcome: How that ended; None: it has not, or there was none.
    """

    name: str
    rows: Mapping[str, int] = field(default_factory=dict)
    quarantined: int = 0
    files: int = 0
    last_run_at: datetime | None = None
    outcome: str | None = None

    @property
    def records(self) -> int:
        """All its current records."""
        return sum(self.rows.values())


def known(transaction: Transaction) -> list[str]:
    """Return the names of all sources that the store holds anything of."""
    names: set[str] = set()
    for found in (*(kind.table for kind in KINDS.values()), *map(table, _BESIDE)):
        if found.name in _KEPT:
            continue
        query = select(found.c.source).distinct()
        names.update(transaction.connection.execute(query).scalars())
    # The history of runs tells of enrichers, too.
    return sorted(name for name in names if not is_enricher(name))


def stored(transaction: Transaction) -> list[StoredSource]:
    """Return all sources that the store holds anything of, by name."""
    rows = current(transaction)
    refused = count_by(
        transaction, table("quarantine"), table("quarantine").c.resolved_at.is_(None)
    )
    files = count_by(transaction, table("files"))
    runs = latest(transaction)
    return [
        StoredSource(
            name,
            rows.get(name, {}),
            refused.get(name, 0),
            files.get(name, 0),
            runs[name].started_at if name in runs else None,
            runs[name].outcome if name in runs else None,
        )
        for name in known(transaction)
    ]


def held(transaction: Transaction, name: str) -> dict[str, int]:
    """Return how many rows of each table are a source's, deleted ones included; none left out."""
    counts: dict[str, int] = {}
    for found in (*(kind.table for kind in KINDS.values()), *map(table, _BESIDE)):
        if found.name not in _KEPT:
            query = select(func.count()).select_from(found).where(found.c.source == name)
            counts[found.name] = int(transaction.connection.execute(query).scalar_one())
    return {name: count for name, count in counts.items() if count}


def _require_known(transaction: Transaction, name: str) -> None:
    names = known(transaction)
    if name not in names:
        message = f"the store holds nothing of a source {name!r}{did_you_mean(name, names)}"
        raise UsageError(message)


def rename(transaction: Transaction, old: str, new: str) -> dict[str, int]:
    """
    Give a source another name, with all that the store holds of it.

    Args:
        transaction: A writing one.
        old: Its name.
        new: Its new name; of that the store may hold nothing but runs.

    Returns:
        How many rows of each table that concerned.

    Raises:
        UsageError: There is no such source, or the new name is none or is taken.
        LeaseHeld: One of the two is being read.
    """
    transaction.writer.lock()
    moved = check_rename(transaction, old, new)
    _renew_tokens(transaction)
    for name in ("streams", "findings"):
        # A first run of the new name may have got as far as this.
        _delete(transaction, table(name), new)
    _forget_twins(transaction, old, new)
    for kind in KINDS.values():
        _rename_records(transaction, kind.table, old, new)
    for name in _BESIDE:
        found = table(name)
        transaction.connection.execute(
            update(found).where(found.c.source == old).values(source=new)
        )
    sides.rename_source(transaction, old, new)
    _rename_inbox(transaction, old, new)
    _rename_subject(transaction, old, new)
    _forget_lease(transaction, old)
    return moved


def _rename_inbox(transaction: Transaction, old: str, new: str) -> None:
    """Note where files lie that were fetched for a source: their folder has its name."""
    before, after = f"inbox/{old}/", f"inbox/{new}/"
    for name, column in (("files", "path"), ("quarantine", "file")):
        rows = table(name)
        place = rows.c[column]
        moved = literal(after) + func.substr(place, len(before) + 1)
        transaction.connection.execute(
            update(rows)
            .where(rows.c.source == new, place.startswith(before, autoescape=True))
            .values({column: moved})
        )


def _rename_subject(transaction: Transaction, old: str, new: str) -> None:
    """Let notices speak of a source by its new name, where they do not already."""
    rows = table("notices")
    twin = rows.alias()
    told = exists().where(
        twin.c.subject == f"source:{new}",
        *(twin.c[name] == rows.c[name] for name in ("channel", "event", "occasion")),
    )
    transaction.connection.execute(
        update(rows)
        .where(rows.c.subject == f"source:{old}", ~told)
        .values(subject=f"source:{new}")
    )


def _forget_twins(transaction: Transaction, old: str, new: str) -> None:
    """Let go of tombstones that the new name has already: from a source that was dropped."""
    erased = table("privacy_tombstones")
    taken = select(erased.c.identifier).where(erased.c.source == new)
    transaction.connection.execute(
        delete(erased).where(erased.c.source == old, erased.c.identifier.in_(taken))
    )


def check_rename(transaction: Transaction, old: str, new: str) -> dict[str, int]:
    """
    Return how many rows of each table `rename` would concern.

    Raises:
        UsageError: There is no such source, or the new name is none or is taken.
        LeaseHeld: One of the two is being read.
    """
    _require_known(transaction, old)
    if not is_name(new) or new == old:
        message = f"{new!r} is no other name: letters, digits, - and _, at most 63 of them"
        raise UsageError(message)
    require_idle(transaction, old)
    require_idle(transaction, new)
    _require_free(transaction, new)
    return held(transaction, old)


def _require_free(transaction: Transaction, name: str) -> None:
    taken = held(transaction, name)
    for harmless in ("runs", "streams", "findings"):
        taken.pop(harmless, None)
    if taken:
        shown = ", ".join(f"{count} {what}" for what, count in taken.items())
        message = (
            f"the store holds a source {name!r} already ({shown}); `regard source drop {name}` "
            "erases it"
        )
        raise UsageError(message)


def _rename_records(transaction: Transaction, found: Table, old: str, new: str) -> None:
    """Rename the records of one kind, stream by stream: their batch tells their stream."""
    batches = table("batches")
    connection = transaction.connection
    of = select(batches.c.stream).where(batches.c.id == found.c.batch_id).scalar_subquery()
    streams = connection.execute(select(of).where(found.c.source == old).distinct()).scalars()
    for stream in sorted(streams, key=lambda name: name or ""):
        mine = [found.c.source == old]
        if stream is not None:
            mine.append(
                found.c.batch_id.in_(select(batches.c.id).where(batches.c.stream == stream))
            )
        number = next_batch(transaction, 0, stream or "")
        numbers = {name: number for name in _BATCHES if name in found.c}
        connection.execute(update(found).where(*mine).values(source=new, **numbers))


def drop(transaction: Transaction, name: str) -> dict[str, int]:
    """
    Erase all that the store holds of a source.

    That somebody was erased from it is kept.

    Args:
        transaction: A writing one.
        name: Its name.

    Returns:
        How many rows of each table were erased.

    Raises:
        UsageError: There is no such source.
        LeaseHeld: It is being read.
    """
    transaction.writer.lock()
    erased = check_drop(transaction, name)
    _renew_tokens(transaction)
    runs = table("runs")
    mine = select(runs.c.id).where(runs.c.source == name)
    for beside in ("run_streams", "batches"):
        found = table(beside)
        transaction.connection.execute(delete(found).where(found.c.run_id.in_(mine)))
    for kind in KINDS.values():
        _delete(transaction, kind.table, name)
    for beside in _BESIDE:
        if beside not in _KEPT:
            _delete(transaction, table(beside), name)
    sides.drop_source(transaction, name)
    _forget_lease(transaction, name)
    return erased


def check_drop(transaction: Transaction, name: str) -> dict[str, int]:
    """
    Return how many rows of each table `drop` would erase.

    Raises:
        UsageError: There is no such source.
        LeaseHeld: It is being read.
    """
    _require_known(transaction, name)
    require_idle(transaction, name)
    return held(transaction, name)


def _delete(transaction: Transaction, found: Table, source: str) -> None:
    transaction.connection.execute(delete(found).where(found.c.source == source))


def _forget_lease(transaction: Transaction, source: str) -> None:
    leases = table("leases")
    transaction.connection.execute(delete(leases).where(leases.c.name == f"source:{source}"))


def _renew_tokens(transaction: Transaction) -> None:
    """Make sure that no columns of before are taken for current, whichever batch they end at."""
    batches = table("batches")
    # Made before any batch is erased: their numbers are never given again.
    next_batch(transaction, 0, "")
    transaction.connection.execute(update(batches).values(token=secrets.token_hex(8)))


def orphaned_files(
    transaction: Transaction, configured: Collection[str]
) -> dict[tuple[str, str], str]:
    """
    Return which files sources have read that are no longer configured.

    Args:
        transaction: A reading one.
        configured: The names of those that are.

    Returns:
        The source by path and sha256 of the file.
    """
    files = table("files")
    rows = transaction.connection.execute(
        select(files.c.path, files.c.sha256, files.c.source).where(
            files.c.source.not_in(list(configured)), files.c.sha256 != ""
        )
    )
    return {(row[0], row[1]): row[2] for row in rows}
