"""The loops that live, as they themselves say: each writes a heartbeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from regard.store.leases import gone, stamp
from regard.store.transactions import Transaction, table

__all__ = ["LENGTH", "LivingLoop", "beat", "begin", "end", "last_seen", "living", "prune"]

LENGTH = timedelta(seconds=30)
"""So long a loop is believed to live without having said so."""


@dataclass(frozen=True, slots=True)
class LivingLoop:
    """
    A loop that lives.

    Attributes:
        owner: Names it in the ledger.
        host: Its machine.
        pid: Its process there.
        version: Of regard.
        config_digest: Tells whether two loops have the same configuration.
        started_at: When it began.
        beat_at: When it last said that it lives.
    """

    owner: str
    host: str
    pid: int
    version: str
    config_digest: str
    started_at: datetime
    beat_at: datetime


def begin(transaction: Transaction, owner: str, version: str, config_digest: str) -> None:
    """Note that a loop begins, or that it has another configuration now."""
    now = transaction.database_now()
    transaction.put(
        "loops",
        {
            "owner": owner,
            **stamp(),
            "version": version,
            "config_digest": config_digest,
            "started_at": transaction.now,
            "beat_at": now,
            "until_at": now + LENGTH,
            "ended_at": None,
        },
        keep=("started_at",),
    )


def beat(transaction: Transaction, owner: str) -> None:
    """Say that a loop lives."""
    loops, now = table("loops"), transaction.database_now()
    transaction.connection.execute(
        update(loops).where(loops.c.owner == owner).values(beat_at=now, until_at=now + LENGTH)
    )


def end(transaction: Transaction, owner: str) -> None:
    """Note that a loop has stopped in good order."""
    loops = table("loops")
    transaction.connection.execute(
        update(loops).where(loops.c.owner == owner).values(ended_at=transaction.database_now())
    )


def living(transaction: Transaction) -> list[LivingLoop]:
    """Return the loops that live, the oldest first."""
    loops = table("loops")
    query = (
        select(loops)
        .where(loops.c.ended_at.is_(None), loops.c.until_at > transaction.database_now())
        .order_by(loops.c.started_at)
    )
    return [_loop(row) for row in transaction.connection.execute(query) if not gone(row)]


def _loop(row: Row[Any]) -> LivingLoop:
    names = LivingLoop.__dataclass_fields__
    return LivingLoop(**{name: getattr(row, name) for name in names})


def last_seen(transaction: Transaction) -> datetime | None:
    """Return when any loop last said that it lives; None: there never was one."""
    loops = table("loops")
    return transaction.connection.execute(select(func.max(loops.c.beat_at))).scalar()


def prune(transaction: Transaction, older_than: timedelta) -> int:
    """Forget loops that were last heard of so long ago; return how many."""
    loops = table("loops")
    before = transaction.database_now() - older_than
    done = transaction.connection.execute(delete(loops).where(loops.c.beat_at < before))
    return done.rowcount
