"""
State: how far sources have been read, to look at, to set back, and to carry elsewhere.

Whoever changes state by hand does so while nobody reads the source, in one transaction, and
the log of cursors says so: such an entry belongs to run 0 and batch 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from regard import cursors
from regard.cursors import CursorValue
from regard.errors import LeaseHeld, UsageError
from regard.names import did_you_mean
from regard.store import files as stored_files
from regard.store.files import FileState
from regard.store.leases import holder
from regard.store.transactions import Transaction, table

__all__ = [
    "BY_HAND",
    "LIVE",
    "REFRESH",
    "REFRESHED",
    "Rewound",
    "SourceState",
    "StoredCursor",
    "begun_refreshes",
    "forget",
    "load",
    "replace",
    "require_idle",
    "rewind",
    "sources",
]

BY_HAND = 0
"""The run and the batch of entries in the log that somebody made by hand."""

LIVE = "live"
"""The purpose of the cursor from which reading goes on."""

REFRESH = "refresh"
"""The purpose of the cursor that says since when a full refresh is under way."""

REFRESHED = "refreshed"
"""The purpose of the cursor that says how far that full refresh has got."""


@dataclass(frozen=True, slots=True)
class StoredCursor:
    """
    One cursor.

    Attributes:
        stream: The stream.
        purpose: ``live``, the span of a backfill, or one of the two of a full refresh.
        value: How far has been read.
        run_id: The run that moved it; 0: somebody set it.
        updated_at: When.
    """

    stream: str
    purpose: str
    value: CursorValue
    run_id: int = BY_HAND
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """
    All that says how far one source has been read.

    Attributes:
        source: The source's name.
        cursors: Its cursors.
        files: Its files.
    """

    source: str
    cursors: Sequence[StoredCursor] = ()
    files: Sequence[FileState] = field(default_factory=list)


def sources(transaction: Transaction) -> list[str]:
    """Return the names of all sources that have a state."""
    names: set[str] = set()
    for name in ("cursors", "files"):
        stored = table(name)
        names.update(transaction.connection.execute(select(stored.c.source).distinct()).scalars())
    return sorted(names)


def load(transaction: Transaction, source: str) -> SourceState:
    """Return a source's state."""
    stored = table("cursors")
    rows = transaction.connection.execute(
        select(
            stored.c.stream,
            stored.c.purpose,
            stored.c.value,
            stored.c.run_id,
            stored.c.updated_at,
        )
        .where(stored.c.source == source)
        .order_by(stored.c.stream, stored.c.purpose)
    )
    found = [StoredCursor(row[0], row[1], cursors.parse(row[2]), row[3], row[4]) for row in rows]
    return SourceState(source, found, stored_files.load(transaction, source))


def begun_refreshes(transaction: Transaction, source: str) -> dict[str, int]:
    """Return the streams of which a full refresh has not ended, with the runs that began it."""
    stored = table("cursors")
    rows = transaction.connection.execute(
        select(stored.c.stream, stored.c.run_id).where(
            stored.c.source == source, stored.c.purpose == REFRESH
        )
    )
    return {row[0]: row[1] for row in rows}


def require_idle(transaction: Transaction, source: str) -> None:
    """
    Refuse to change what a run is changing; the caller holds the write lock.

    Raises:
        LeaseHeld: The source is being read.
    """
    held = holder(transaction, f"source:{source}")
    if held is not None:
        message = (
            f"source {source!r} is being read by run {held.run_id} on {held.host}, process "
            f"{held.pid}; wait for it to end"
        )
        raise LeaseHeld(message)


def replace(transaction: Transaction, state: SourceState) -> None:
    """Make a source's state what is given, and log every cursor that changes."""
    before = _texts(transaction, state.source)
    wanted = {(item.stream, item.purpose): cursors.dump(item.value) for item in state.cursors}
    for place in sorted(before.keys() | wanted.keys()):
        _set(transaction, state.source, place, before.get(place), wanted.get(place))
    stored = table("files")
    transaction.connection.execute(delete(stored).where(stored.c.source == state.source))
    for file in state.files:
        stored_files.save(transaction, state.source, file, BY_HAND)


def _texts(transaction: Transaction, source: str) -> dict[tuple[str, str], str]:
    """Return a source's cursors by stream and purpose, also those that cannot be read."""
    stored = table("cursors")
    rows = transaction.connection.execute(
        select(stored.c.stream, stored.c.purpose, stored.c.value).where(stored.c.source == source)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _set(
    transaction: Transaction,
    source: str,
    place: tuple[str, str],
    old: str | None,
    text: str | None,
    run_id: int = BY_HAND,
) -> None:
    """Set, move or remove a cursor, and log it unless nothing changes."""
    if old == text:
        return
    named = {"source": source, "stream": place[0], "purpose": place[1]}
    stored = table("cursors")
    if text is None:
        transaction.connection.execute(
            delete(stored).where(*(stored.c[name] == value for name, value in named.items()))
        )
    else:
        transaction.put(
            "cursors", {**named, "value": text, "run_id": run_id, "updated_at": transaction.now}
        )
    transaction.connection.execute(
        table("cursor_log").insert(),
        {
            **named,
            "value": text,
            "run_id": run_id,
            "batch_id": BY_HAND,
            "changed_at": transaction.now,
        },
    )


def forget(transaction: Transaction, source: str, stream: str, purpose: str, run_id: int) -> None:
    """Remove a cursor that has served its purpose."""
    place = (stream, purpose)
    _set(transaction, source, place, _texts(transaction, source).get(place), None, run_id)


@dataclass(frozen=True, slots=True)
class Rewound:
    """
    What setting a source back did to one stream.

    Attributes:
        stream: The stream.
        before: Where its cursor was, as the store keeps it.
        after: Where it is; None: at the beginning.
        files: How many files will be read again.
    """

    stream: str
    before: str | None
    after: str | None
    files: int


def rewind(
    transaction: Transaction, source: str, run_id: int, stream: str | None = None
) -> list[Rewound]:
    """
    Set a source back to where it was when a run had ended.

    Files that later runs have read are read again. Nothing that is stored is taken back:
    what is read again is recognised.

    Args:
        transaction: A writing one; nobody reads the source.
        source: Its name.
        run_id: The run; 0: the beginning of everything.
        stream: Only this stream.

    Raises:
        UsageError: The source has no such run or stream.
    """
    _require_run(transaction, source, run_id)
    found = _texts(transaction, source)
    live = {name: text for (name, purpose), text in found.items() if purpose == LIVE}
    later = _files_since(transaction, source, run_id)
    names = sorted({*live, *later, *_logged(transaction, source)})
    if not names:
        message = f"source {source!r} has no state{did_you_mean(source, sources(transaction))}"
        raise UsageError(message)
    if stream is not None and stream not in names:
        message = f"source {source!r} has no stream {stream!r} with a state"
        raise UsageError(message + did_you_mean(stream, names))
    done = []
    for name in [stream] if stream is not None else names:
        before, after = live.get(name), _value_after(transaction, source, name, LIVE, run_id)
        _set(transaction, source, (name, LIVE), before, after)
        for purpose in (REFRESH, REFRESHED):
            was = _value_after(transaction, source, name, purpose, run_id)
            _set(transaction, source, (name, purpose), found.get((name, purpose)), was)
        done.append(Rewound(name, before, after, later.get(name, 0)))
        stored_files.forget(transaction, source, name, run_id, after=run_id)
    return done


def _require_run(transaction: Transaction, source: str, run_id: int) -> None:
    runs = table("runs")
    named = transaction.connection.execute(
        select(runs.c.source).where(runs.c.id == run_id)
    ).scalar()
    if run_id != 0 and named != source:
        of = f"; run {run_id} is one of {named!r}" if named else ""
        message = (
            f"source {source!r} has no run {run_id}{of}; `regard runs --source {source}` lists "
            "them, and 0 means before the first"
        )
        raise UsageError(message)


def _files_since(transaction: Transaction, source: str, run_id: int) -> dict[str, int]:
    stored = table("files")
    rows = transaction.connection.execute(
        select(stored.c.stream, func.count())
        .where(stored.c.source == source, stored.c.run_id > run_id)
        .group_by(stored.c.stream)
    )
    return {row[0]: row[1] for row in rows}


def _logged(transaction: Transaction, source: str) -> Iterable[str]:
    log = table("cursor_log")
    return transaction.connection.execute(
        select(log.c.stream).where(log.c.source == source, log.c.purpose == LIVE).distinct()
    ).scalars()


def _value_after(
    transaction: Transaction, source: str, stream: str, purpose: str, run_id: int
) -> str | None:
    """Return a cursor as it was when a run had ended; None: there was none."""
    if run_id == 0:
        return None
    log, runs = table("cursor_log"), table("runs")
    mine = (log.c.source == source, log.c.stream == stream, log.c.purpose == purpose)
    connection = transaction.connection
    later: Any = connection.execute(
        select(func.min(log.c.id)).where(*mine, log.c.run_id > run_id)
    ).scalar()
    ended = connection.execute(select(runs.c.finished_at).where(runs.c.id == run_id)).scalar()
    query = select(log.c.value).where(*mine).order_by(log.c.id.desc()).limit(1)
    if later is not None:
        query = query.where(log.c.id < later)
    # What somebody set by hand after the run had ended is not how the run left it.
    by_run = log.c.run_id != BY_HAND
    query = query.where(by_run if ended is None else by_run | (log.c.changed_at <= ended))
    found: str | None = connection.execute(query).scalar()
    return found
