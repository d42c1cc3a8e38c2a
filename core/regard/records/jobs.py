"""
The tables of the loop: what is planned, what was due and what became of it, who lives.

The ledger is the truth about schedules. Every due time ends as one of its rows, or is counted
by one: nothing falls due silently, also not while nobody was there.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlmodel import Field

from regard.records.rows import StoreRow
from regard.records.tables import NUMBER

__all__ = ["JobRow", "LedgerRow", "LoopRow", "NoticeRow"]


class JobRow(StoreRow, table=True):
    """
    What is planned for one job, and up to when that is settled.

    Attributes:
        job: ``source:NAME``, ``enricher:NAME`` or ``report:NAME``.
        schedule: As it was written when it was planned, with its zone.
        settled_until: Every due time up to this one is in the ledger, or fell before the job
            was planned.
        planned_at: When this schedule was first seen.
    """

    __tablename__: ClassVar[str] = "jobs"

    job: str = Field(primary_key=True, sa_type=Text)
    schedule: str = Field(sa_type=Text)
    settled_until: datetime
    planned_at: datetime


class LedgerRow(StoreRow, table=True):
    """
    One due time of a job, and what became of it.

    Attributes:
        job: ``source:NAME``, ``enricher:NAME`` or ``report:NAME``.
        scheduled_for: When it was due; whoever inserts the row has it.
        state: ``queued``, ``running``, then ``ok``, ``partial``, ``failed``, ``skipped`` or
            ``missed``.
        cause: ``schedule``, ``catch-up`` for one that fell into a downtime, ``manual``, or
            ``stale`` for an enricher that had not seen everything.
        due_count: How many due times it stands for: a long downtime is one missed row.
        attempt: Counts the tries, from 1.
        start_at: Not before then does it start: jitter, or the pause before another try.
        owner: The loop that has it; random.
        host: The machine of that loop.
        boot: The machine's boot, so that a process number is not believed after a restart.
        pid: The process of that loop.
        until_at: When it is somebody else's unless renewed, by the database's clock.
        run_id: The last run that it led to, where it is a source's or an enricher's.
        exit_code: Of the last child; negative: the signal that ended it.
        reason: Why it ended so, in one sentence.
        log: The last child's log file, below the project.
    """

    __tablename__: ClassVar[str] = "ledger"
    __table_args__ = (
        UniqueConstraint("job", "scheduled_for", name="uq_ledger_due"),
        Index("ix_ledger_state", "state"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    job: str = Field(sa_type=Text)
    scheduled_for: datetime
    state: str = Field(sa_type=Text)
    cause: str = Field(sa_type=Text)
    due_count: int = Field(default=1, sa_type=BigInteger)
    attempt: int = Field(default=1, sa_type=BigInteger)
    start_at: datetime
    owner: str | None = Field(default=None, sa_type=Text)
    host: str | None = Field(default=None, sa_type=Text)
    boot: str | None = Field(default=None, sa_type=Text)
    pid: int | None = Field(default=None, sa_type=BigInteger)
    until_at: datetime | None = None
    claimed_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    run_id: int | None = Field(default=None, sa_type=BigInteger)
    exit_code: int | None = Field(default=None, sa_type=BigInteger)
    reason: str | None = Field(default=None, sa_type=Text)
    log: str | None = Field(default=None, sa_type=Text)


class LoopRow(StoreRow, table=True):
    """
    One loop that lives, or has lived.

    Attributes:
        owner: Random; names it in the ledger.
        config_digest: Tells whether two loops have the same configuration.
        beat_at: When it last said that it lives, by the database's clock.
        until_at: It is believed to live until then.
        ended_at: When it stopped in good order.
    """

    __tablename__: ClassVar[str] = "loops"

    owner: str = Field(primary_key=True, sa_type=Text)
    host: str = Field(sa_type=Text)
    boot: str = Field(sa_type=Text)
    pid: int = Field(sa_type=BigInteger)
    version: str = Field(sa_type=Text)
    config_digest: str = Field(sa_type=Text)
    started_at: datetime
    beat_at: datetime
    until_at: datetime
    ended_at: datetime | None = None


class NoticeRow(StoreRow, table=True):
    """
    Something that somebody should hear of, until it has been told.

    Attributes:
        channel: The name of the ``[notices.NAME]`` table that it goes to.
        subject: What it is about: a job, or a finding's number.
        event: ``failed``, ``recovered``, ``late``, ``finding``, ``disk``.
        occasion: Tells one occurrence from the next, so that each is told once.
        severity: ``info``, ``warning`` or ``critical``.
        text: One sentence, without personal values.
        tries: How often telling has failed.
        next_at: Not before then is it tried.
        told_at: When it was told; None: not yet.
        given_up_at: When it was decided that nobody can be reached.
        error: Why telling failed the last time.
    """

    __tablename__: ClassVar[str] = "notices"
    __table_args__ = (
        UniqueConstraint("channel", "subject", "event", "occasion", name="uq_notices_occasion"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    channel: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    event: str = Field(sa_type=Text)
    occasion: str = Field(sa_type=Text)
    severity: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    created_at: datetime
    tries: int = Field(default=0, sa_type=BigInteger)
    next_at: datetime
    told_at: datetime | None = None
    given_up_at: datetime | None = None
    error: str | None = Field(default=None, sa_type=Text)
