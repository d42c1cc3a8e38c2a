"""
The ledger: what was due when, who has it, and what became of it.

Whoever inserts the row of a due time has it, on whichever machine: there is no leader. A row
that is being worked on belongs to one loop for a short while, by the database's clock, and is
renewed as long as that loop lives. A loop that was overtaken changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from regard.jobs import ENDED, Due, State
from regard.store.leases import gone, stamp
from regard.store.texts import storable
from regard.store.transactions import Transaction, table

__all__ = [
    "LENGTH",
    "Entry",
    "Streak",
    "adopt",
    "claim",
    "finish",
    "history",
    "keep",
    "of_owner",
    "open_entries",
    "orphaned",
    "plan",
    "prune",
    "release",
    "renew",
    "requeue",
    "settled",
    "start",
    "streak",
    "taken",
]

LENGTH = timedelta(seconds=20)
"""How long a row belongs to a loop that does not renew it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger; see `regard.records.jobs.LedgerRow`."""

    id: int
    job: str
    scheduled_for: datetime
    state: State
    cause: str
    due_count: int
    attempt: int
    start_at: datetime
    owner: str | None
    host: str | None
    boot: str | None
    pid: int | None
    until_at: datetime | None
    claimed_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_id: int | None
    exit_code: int | None
    reason: str | None
    log: str | None

    @property
    def seconds(self) -> float | None:
        """How long its last run took; None: it has not ended, or never began."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


def _entry(row: Row[Any]) -> Entry:
    values = row._asdict()
    return Entry(**{**values, "state": State(values["state"])})


def _entries(transaction: Transaction, query: Select[Any]) -> list[Entry]:
    return [_entry(row) for row in transaction.connection.execute(query)]


# What is planned.


def plan(transaction: Transaction, schedules: Mapping[str, str], now: datetime) -> None:
    """
    Note what is planned from now on.

    A job that is new, or whose schedule is another one, is due from now on: times before that
    were never planned, so none of them was missed. A job that is gone is forgotten.

    Args:
        transaction: A writing one.
        schedules: The text of each job's schedule, by its name.
        now: The time.
    """
    jobs = table("jobs")
    rows = transaction.connection.execute(select(jobs.c.job, jobs.c.schedule))
    known = {row.job: row.schedule for row in rows}
    for job, schedule in schedules.items():
        if known.get(job) != schedule:
            keep(transaction, job, schedule, now)
    gone_jobs = sorted(known.keys() - schedules.keys())
    if gone_jobs:
        transaction.connection.execute(delete(jobs).where(jobs.c.job.in_(gone_jobs)))


def keep(transaction: Transaction, job: str, schedule: str, settled_until: datetime) -> None:
    """Note that a job is planned, and up to when its due times are settled."""
    values = {
        "job": job,
        "schedule": schedule,
        "settled_until": settled_until,
        "planned_at": transaction.now,
    }
    transaction.put("jobs", values)


def settled(
    transaction: Transaction, schedules: Mapping[str, str] | None = None
) -> dict[str, datetime]:
    """
    Return up to when the due times of each planned job are settled.

    Args:
        transaction: Any.
        schedules: The text of each job's schedule: what another loop plans differently is left
            out, because it settles other times. None: as whoever planned last has it.
    """
    jobs = table("jobs")
    rows = transaction.connection.execute(
        select(jobs.c.job, jobs.c.schedule, jobs.c.settled_until)
    )
    return {
        row.job: row.settled_until
        for row in rows
        if schedules is None or schedules.get(row.job, row.schedule) == row.schedule
    }


# Claiming and working.


def claim(
    transaction: Transaction,
    owner: str,
    dues: Iterable[Due],
    until: Mapping[tuple[str, str], datetime],
) -> list[Entry]:
    """
    Insert the rows of due times, and return those that are ours now.

    Args:
        transaction: A writing one.
        owner: The loop.
        dues: What was decided about each due time.
        until: Up to when the due times of each job, by its schedule's text, are settled by that.
    """
    ledger, jobs = table("ledger"), table("jobs")
    sqlite_store = transaction.connection.dialect.name == "sqlite"
    insert: Any = sqlite.insert if sqlite_store else postgresql.insert
    ends = transaction.database_now() + LENGTH
    claimed = []
    for due in dues:
        ended = due.state in ENDED
        values = {
            "job": due.job,
            "scheduled_for": due.scheduled_for,
            "state": due.state.value,
            "cause": due.cause,
            "due_count": due.count,
            "attempt": 1,
            "start_at": due.start_at,
            "owner": owner,
            **stamp(),
            "until_at": None if ended else ends,
            "claimed_at": transaction.now,
            "finished_at": transaction.now if ended else None,
            "reason": due.reason,
        }
        statement = insert(ledger).values(**values).on_conflict_do_nothing().returning(ledger)
        row = transaction.connection.execute(statement).first()
        if row is not None:
            claimed.append(_entry(row))
    for (job, schedule), moment in until.items():
        transaction.connection.execute(
            update(jobs)
            .where(
                jobs.c.job == job,
                jobs.c.schedule == schedule,
                jobs.c.settled_until < moment,
            )
            .values(settled_until=moment)
        )
    return claimed


def taken(transaction: Transaction, jobs: Sequence[str], when: datetime) -> bool:
    """Say whether one of some jobs has a row for a due time."""
    ledger = table("ledger")
    query = select(ledger.c.id).where(ledger.c.job.in_(jobs), ledger.c.scheduled_for == when)
    return transaction.connection.execute(query).first() is not None


def open_entries(transaction: Transaction) -> list[Entry]:
    """Return all rows that have not ended, whoever has them, the oldest due time first."""
    ledger = table("ledger")
    states = (State.QUEUED.value, State.RUNNING.value)
    query = select(ledger).where(ledger.c.state.in_(states))
    return _entries(transaction, query.order_by(ledger.c.scheduled_for, ledger.c.id))


def _ours(entry: Entry) -> ColumnElement[bool]:
    """Return what is true of a row while nobody has taken it over or ended it."""
    ledger = table("ledger")
    return and_(
        ledger.c.id == entry.id,
        ledger.c.owner == entry.owner,
        ledger.c.attempt == entry.attempt,
        ledger.c.state.in_((State.QUEUED.value, State.RUNNING.value)),
    )


def _change(transaction: Transaction, entry: Entry, values: Mapping[str, Any]) -> Entry | None:
    ledger = table("ledger")
    statement = update(ledger).where(_ours(entry)).values(**values).returning(ledger)
    row = transaction.connection.execute(statement).first()
    return None if row is None else _entry(row)


def start(transaction: Transaction, entry: Entry, log: str | None) -> Entry | None:
    """Note that a queued row runs now; None: it is somebody else's by now."""
    values = {
        "state": State.RUNNING.value,
        "started_at": transaction.now,
        "until_at": transaction.database_now() + LENGTH,
        "log": log,
    }
    return _change(transaction, entry, values)


def finish(
    transaction: Transaction,
    entry: Entry,
    state: State,
    reason: str | None = None,
    *,
    run_id: int | None = None,
    exit_code: int | None = None,
) -> Entry | None:
    """Note how a row ended; None: it is somebody else's by now, and nothing was noted."""
    values = {
        "state": state.value,
        "finished_at": transaction.now,
        "until_at": None,
        "run_id": run_id if run_id is not None else entry.run_id,
        "exit_code": exit_code,
        "reason": None if reason is None else storable(reason),
    }
    return _change(transaction, entry, values)


def requeue(
    transaction: Transaction,
    entry: Entry,
    start_at: datetime,
    reason: str,
    *,
    attempt: int | None = None,
    run_id: int | None = None,
    exit_code: int | None = None,
) -> Entry | None:
    """
    Let a row be tried again.

    Args:
        transaction: A writing one.
        entry: The row.
        start_at: Not before then.
        reason: Why.
        attempt: The number of that try; None: the same as before.
        run_id: The run that it led to.
        exit_code: Of the child that failed.
    """
    values = {
        "state": State.QUEUED.value,
        "attempt": entry.attempt if attempt is None else attempt,
        "start_at": start_at,
        "until_at": transaction.database_now() + LENGTH,
        "run_id": run_id if run_id is not None else entry.run_id,
        "exit_code": exit_code,
        "reason": storable(reason),
    }
    return _change(transaction, entry, values)


def renew(transaction: Transaction, owner: str) -> None:
    """Keep all open rows of a loop for another while."""
    ledger = table("ledger")
    transaction.connection.execute(
        update(ledger)
        .where(
            ledger.c.owner == owner,
            ledger.c.state.in_((State.QUEUED.value, State.RUNNING.value)),
            ledger.c.until_at.is_not(None),
        )
        .values(until_at=transaction.database_now() + LENGTH)
    )


def release(transaction: Transaction, owner: str) -> None:
    """Let anybody have the open rows of a loop that ends; none of them runs any more."""
    ledger = table("ledger")
    transaction.connection.execute(
        update(ledger)
        .where(
            ledger.c.owner == owner,
            ledger.c.state.in_((State.QUEUED.value, State.RUNNING.value)),
        )
        .values(state=State.QUEUED.value, until_at=None)
    )


def orphaned(
    transaction: Transaction, entries: Sequence[Entry], *, silent: bool = True
) -> list[Entry]:
    """
    Return which open rows nobody has.

    Args:
        transaction: Any.
        entries: Open rows.
        silent: Whether a loop that has not renewed its rows in time has lost them; else only
            one that has ended or is surely gone.
    """
    now = transaction.database_now()
    return [
        entry
        for entry in entries
        if entry.until_at is None or (silent and entry.until_at <= now) or gone(entry)
    ]


def adopt(
    transaction: Transaction, entry: Entry, owner: str, *, attempt: int, start_at: datetime
) -> Entry | None:
    """Take over a row that nobody has, to be tried again; None: somebody was faster."""
    values = {
        "state": State.QUEUED.value,
        "owner": owner,
        "attempt": attempt,
        "start_at": start_at,
        "until_at": transaction.database_now() + LENGTH,
        **stamp(),
    }
    return _change(transaction, entry, values)


# Looking back.


def history(transaction: Transaction, *, job: str | None = None, limit: int = 20) -> list[Entry]:
    """Return rows of the ledger, the latest due time first."""
    ledger = table("ledger")
    query = select(ledger).order_by(ledger.c.scheduled_for.desc(), ledger.c.id.desc())
    if job is not None:
        query = query.where(ledger.c.job == job)
    return _entries(transaction, query.limit(limit))


def of_owner(transaction: Transaction, owner: str) -> list[Entry]:
    """Return all rows of a loop, in the order in which they were claimed."""
    ledger = table("ledger")
    return _entries(
        transaction, select(ledger).where(ledger.c.owner == owner).order_by(ledger.c.id)
    )


@dataclass(frozen=True, slots=True)
class Streak:
    """
    Due times in a row that ended in failure.

    Attributes:
        count: How many.
        since: When the first of them was due; None: there is none.
        last: When the last of them was due.
    """

    count: int = 0
    since: datetime | None = None
    last: datetime | None = None


def streak(
    transaction: Transaction,
    job: str,
    *,
    before: datetime | None = None,
    also_partial: bool = False,
) -> Streak:
    """
    Return how often a job has failed since it last did not.

    Args:
        transaction: Any.
        job: The job.
        before: Only due times before this one count; None: all do.
        also_partial: Whether what was done only in part counts as a failure.
    """
    ledger = table("ledger")
    own = [ledger.c.job == job]
    if before is not None:
        own.append(ledger.c.scheduled_for < before)
    partial = (State.PARTIAL.value,)
    good = (State.OK.value, *(() if also_partial else partial))
    bad = (State.FAILED.value, *(partial if also_partial else ()))
    last_good = transaction.connection.execute(
        select(func.max(ledger.c.scheduled_for)).where(*own, ledger.c.state.in_(good))
    ).scalar()
    if last_good is not None:
        own.append(ledger.c.scheduled_for > last_good)
    moment = ledger.c.scheduled_for
    row = transaction.connection.execute(
        select(func.count(), func.min(moment), func.max(moment)).where(
            *own, ledger.c.state.in_(bad)
        )
    ).one()
    return Streak(*row)


def prune(transaction: Transaction, older_than: timedelta) -> int:
    """Forget rows that ended so long ago, but the last of each job; return how many."""
    ledger = table("ledger")
    last = select(func.max(ledger.c.id)).group_by(ledger.c.job)
    before = transaction.now - older_than
    done = transaction.connection.execute(
        delete(ledger).where(
            ledger.c.finished_at < before,
            ledger.c.id.not_in(last),
            or_(*(ledger.c.state == state.value for state in sorted(ENDED))),
        )
    )
    return done.rowcount
