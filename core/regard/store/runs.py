"""The history of runs: what each one did, and how sources are doing."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, update

from regard.reports import Freshness
from regard.runs import Counts, Outcome, StreamSummary
from regard.store import counting
from regard.store.leases import Lease, check, held_by, holder, release
from regard.store.texts import storable
from regard.store.transactions import Transaction, table

__all__ = [
    "PastRun",
    "RunStart",
    "begin",
    "bury",
    "durations",
    "end",
    "finish",
    "freshness",
    "history",
    "is_enricher",
    "job_of",
    "latest",
    "past_notes",
    "put_stream",
    "reading_since",
    "recipe",
    "running",
]


BESIDE = ("replay", "backfill", "send")
"""The reasons of runs that say nothing about how current a source is."""

_WORDLESS = "the run ended without a word: it was killed, or the machine stopped"
_BROKEN_OFF_RUNS = 100
"""So many runs that broke off are taken for parts of one reading."""

_BROKEN_OFF = "not read to its end: the run broke off"


_ENRICHER = "enricher:"


def is_enricher(source: str) -> bool:
    """Say whether a name in the history is that of an enricher; no source has a colon in it."""
    return source.startswith(_ENRICHER)


def job_of(source: str) -> str:
    """Return the job of a name in the history, by which leases go: a source's, or it says."""
    return source if is_enricher(source) else f"source:{source}"


@dataclass(frozen=True, slots=True)
class RunStart:
    """
    What is known of a run when it begins.

    Attributes:
        source: The source's name, or ``enricher:NAME``.
        plugin: Which plug-in reads it.
        plugin_version: Of the plug-in's distribution, or the hash of its file.
        config_digest: Tells whether two runs had the same settings.
        regard_version: The host's.
        reason: Who asked for it.
    """

    source: str
    plugin: str
    plugin_version: str | None
    config_digest: str
    regard_version: str
    reason: str = "manual"


@dataclass(frozen=True, slots=True)
class PastRun:
    """
    One run as the history tells it.

    Attributes:
        outcome: None while it is running.
        streams: What it did, a summary for each stream.
    """

    id: int
    source: str
    outcome: str | None
    reason: str
    plugin: str
    plugin_version: str | None
    regard_version: str
    config_digest: str
    host: str
    pid: int
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    streams: list[StreamSummary] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """The counts of all its streams together."""
        total = Counts()
        for stream in self.streams:
            total.add(stream.counts)
        return total


def begin(transaction: Transaction, start: RunStart) -> int:
    """
    Note that a run begins and return its number.

    Runs of the same source that never said how they ended have died: the lease was free.
    """
    runs = table("runs")
    dead = select(runs.c.id).where(runs.c.source == start.source, runs.c.outcome.is_(None))
    for number in transaction.connection.execute(dead).scalars().all():
        finish(transaction, number, Outcome.FAILED, _WORDLESS)
    inserted = transaction.connection.execute(
        runs.insert()
        .values(
            source=start.source,
            reason=start.reason,
            plugin=start.plugin,
            plugin_version=start.plugin_version,
            regard_version=start.regard_version,
            config_digest=start.config_digest,
            host=socket.gethostname(),
            pid=os.getpid(),
            started_at=transaction.now,
        )
        .returning(runs.c.id)
    )
    return int(inserted.scalar_one())


def put_stream(
    transaction: Transaction,
    summary: StreamSummary,
    kind: str,
    *,
    cursors: tuple[str | None, str | None] = (None, None),
    ended: bool = False,
) -> None:
    """
    Store what a run has done to a stream so far.

    Args:
        transaction: A writing one.
        summary: What was done.
        kind: Of the stream's records.
        cursors: Where it was before, and where it is now.
        ended: Nothing follows; before that the outcome is not known.
    """
    transaction.put(
        "run_streams",
        {
            "run_id": summary.run_id,
            "stream": summary.stream,
            "kind": kind,
            "outcome": summary.outcome.value if ended else None,
            **summary.counts.as_dict(),
            "milliseconds": round(summary.seconds * 1000),
            "cursor_before": cursors[0],
            "cursor_after": cursors[1],
            "error": None if summary.error is None else storable(summary.error),
            "notes": json.dumps(summary.notes) if summary.notes else None,
        },
    )


def finish(
    transaction: Transaction,
    run_id: int,
    outcome: Outcome,
    error: str | None,
    broken: tuple[Outcome, str] = (Outcome.FAILED, _BROKEN_OFF),
) -> None:
    """
    Note how a run ended.

    Args:
        transaction: A writing one.
        run_id: The run.
        outcome: How it ended.
        error: Why not well.
        broken: What becomes of a stream that has not ended by then.
    """
    runs, parts = table("runs"), table("run_streams")
    transaction.connection.execute(
        update(parts)
        .where(parts.c.run_id == run_id, parts.c.outcome.is_(None))
        .values(outcome=broken[0].value, error=storable(broken[1]))
    )
    transaction.connection.execute(
        update(runs)
        .where(runs.c.id == run_id)
        .values(
            outcome=outcome.value,
            finished_at=transaction.now,
            error=None if error is None else storable(error),
        )
    )


def end(
    transaction: Transaction, lease: Lease, run_id: int, outcome: Outcome, error: str | None
) -> None:
    """
    Note how a run ended and give its lease back.

    Raises:
        LeaseLost: Another run has the source now; nothing was stored.
    """
    check(transaction, lease)
    finish(transaction, run_id, outcome, error)
    release(transaction, lease)


def bury(
    transaction: Transaction, source: str, pid: int, outcome: Outcome, error: str
) -> PastRun | None:
    """
    Note how the run of a process of this machine ended that can no longer say so itself.

    Its lease is given back. The caller knows that the process has ended.

    Returns:
        What the run did; None where the process had no run of the source, or ended it.
    """
    row = held_by(transaction, job_of(source), pid)
    if row is None or row.run_id is None:
        return None
    finish(transaction, row.run_id, outcome, error, (outcome, error))
    release(transaction, Lease(row.name, row.owner, row.fence))
    found = history(transaction, run_id=row.run_id)
    return found[0] if found else None


def history(
    transaction: Transaction,
    *,
    source: str | None = None,
    run_id: int | None = None,
    limit: int | None = 20,
) -> list[PastRun]:
    """Return past runs with their streams, the latest first."""
    runs = table("runs")
    query = select(runs).order_by(runs.c.id.desc()).limit(limit)
    if source is not None:
        query = query.where(runs.c.source == source)
    if run_id is not None:
        query = query.where(runs.c.id == run_id)
    return _past_runs(transaction, query)


def _past_runs(transaction: Transaction, query: Select[Any]) -> list[PastRun]:
    found = [
        _judged(transaction, PastRun(**row._asdict()))
        for row in transaction.connection.execute(query).all()
    ]
    by_id = {run.id: run for run in found}
    for row in _stream_rows(transaction, by_id):
        run = by_id[row["run_id"]]
        run.streams.append(_summary(run, row))
    return found


def _judged(transaction: Transaction, run: PastRun) -> PastRun:
    """Return a run that never ended as failed, where nobody is at it any more."""
    if run.outcome is not None:
        return run
    held = holder(transaction, job_of(run.source))
    if held is not None and held.run_id == run.id:
        return run
    return replace(run, outcome=Outcome.FAILED.value, error=_WORDLESS)


def reading_since(transaction: Transaction, source: str, stream: str, run_id: int) -> int:
    """
    Return the first of the runs that belong to one reading of a stream.

    These are this run and those right before it that broke off, as long as they had the same
    plug-in and the same settings.
    """
    runs, parts = table("runs"), table("run_streams")
    same = [runs.c[name] for name in ("plugin_version", "config_digest", "regard_version")]
    query = (
        select(runs.c.id, parts.c.outcome, *same)
        .outerjoin(parts, and_(parts.c.run_id == runs.c.id, parts.c.stream == stream))
        .where(runs.c.source == source, runs.c.id <= run_id, runs.c.reason.not_in(BESIDE))
        .order_by(runs.c.id.desc())
        .limit(_BROKEN_OFF_RUNS)
    )
    since, own = run_id, None
    for number, outcome, *settings in transaction.connection.execute(query):
        own = own or settings
        if outcome == Outcome.OK.value or settings != own:
            break
        since = number
    return since


def recipe(transaction: Transaction, run_id: int) -> tuple[str | None, str, str] | None:
    """Return what a run was made with: the versions of plug-in and regard, and the settings."""
    runs = table("runs")
    row = transaction.connection.execute(
        select(runs.c.plugin_version, runs.c.config_digest, runs.c.regard_version).where(
            runs.c.id == run_id
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def past_notes(transaction: Transaction, source: str, limit: int) -> list[set[str]]:
    """Return what the last runs of a source noted, the latest first; replays left out."""
    runs = table("runs")
    query = (
        select(runs)
        .where(runs.c.source == source, runs.c.reason.not_in(BESIDE), runs.c.outcome.is_not(None))
        .order_by(runs.c.id.desc())
        .limit(limit)
    )
    return [
        {note for stream in run.streams for note in stream.notes}
        for run in _past_runs(transaction, query)
    ]


def _stream_rows(transaction: Transaction, numbers: Iterable[int]) -> list[dict[str, Any]]:
    streams = table("run_streams")
    query = (
        select(streams)
        .where(streams.c.run_id.in_(list(numbers)))
        .order_by(streams.c.run_id, streams.c.stream)
    )
    return [row._asdict() for row in transaction.connection.execute(query)]


def _summary(run: PastRun, row: dict[str, Any]) -> StreamSummary:
    counts = Counts(**{name: row[name] for name in Counts().as_dict()})
    ended = row["outcome"] is not None
    # Of a run that is going on, nobody knows yet; of one that was killed, it is known too well.
    going = not ended and run.outcome is None
    return StreamSummary(
        run.source,
        row["stream"],
        row["run_id"],
        Outcome(row["outcome"]) if ended else Outcome.FAILED,
        counts,
        row["milliseconds"] / 1000,
        row["error"] if ended or going else _BROKEN_OFF,
        json.loads(row["notes"]) if row["notes"] else [],
        ended=not going,
    )


def latest(transaction: Transaction, *, enrichers: bool = False) -> dict[str, PastRun]:
    """
    Return the last run of each source that read on from where it was.

    Args:
        transaction: Any.
        enrichers: Those of ``enricher:NAME`` instead.
    """
    runs = table("runs")
    named = runs.c.source.startswith(_ENRICHER)
    numbers = (
        select(func.max(runs.c.id))
        .where(runs.c.reason.not_in(BESIDE), named if enrichers else ~named)
        .group_by(runs.c.source)
    )
    query = select(runs).where(runs.c.id.in_(numbers))
    return {run.source: run for run in _past_runs(transaction, query)}


def durations(transaction: Transaction, source: str, limit: int) -> list[float]:
    """Return how many seconds the last runs of a source took that ended, the latest first."""
    runs = table("runs")
    query = (
        select(runs.c.started_at, runs.c.finished_at)
        .where(
            runs.c.source == source,
            runs.c.reason.not_in(BESIDE),
            runs.c.finished_at.is_not(None),
        )
        .order_by(runs.c.id.desc())
        .limit(limit)
    )
    rows = transaction.connection.execute(query)
    return [(row.finished_at - row.started_at).total_seconds() for row in rows]


def running(transaction: Transaction, source: str) -> dict[str, Any] | None:
    """Return who reads a source right now and how far it is, or None."""
    held = holder(transaction, job_of(source))
    if held is None:
        return None
    progress = json.loads(held.progress) if held.progress else {}
    return {"run_id": held.run_id, "host": held.host, "pid": held.pid, **progress}


def freshness(
    transaction: Transaction, counted: Mapping[str, tuple[int, datetime | None]] | None = None
) -> list[Freshness]:
    """
    Return how current every source is that the store knows, by name.

    Args:
        transaction: A reading one.
        counted: How many current records each source has, and the latest time in them; None:
            they are counted, and the latest time is not known.
    """
    if counted is None:
        found = counting.current(transaction)
        counted = {name: (sum(kinds.values()), None) for name, kinds in found.items()}
    refused = _refused(transaction)
    runs = latest(transaction)
    fresh = []
    for name in sorted({*counted, *runs}):
        records, newest_at = counted.get(name, (0, None))
        run = runs.get(name)
        fresh.append(
            Freshness(
                source=name,
                records=records,
                last_run_at=(run.finished_at or run.started_at) if run else None,
                outcome=run.outcome if run else None,
                newest_at=newest_at,
                quarantined=refused.get(name, 0),
            )
        )
    return fresh


def _refused(transaction: Transaction) -> dict[str, int]:
    quarantine = table("quarantine")
    return counting.count_by(transaction, quarantine, quarantine.c.resolved_at.is_(None))
