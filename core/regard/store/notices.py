"""
What people should hear of, kept until they have been told: the outbox.

A notice is written in the transaction of what it speaks of. Telling claims it first, in a
short transaction of its own: its next time is moved on, so that nobody else tells it
meanwhile, and that it is told after all where the teller dies. So a notice is told at least
once, and twice only where a teller dies between the telling and the noting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from regard.notifiers import Notice
from regard.store.texts import storable
from regard.store.transactions import Transaction, table

__all__ = [
    "HELD",
    "PATIENCE",
    "StoredNotice",
    "claim_due",
    "counts",
    "failed",
    "given_up",
    "listed",
    "occasions",
    "prune",
    "put",
    "repeated",
    "rests_until",
    "told",
]

HELD: Final = timedelta(minutes=2)
"""So long nobody else tells what a teller has claimed."""

PATIENCE: Final = timedelta(hours=24)
"""What could not be told for so long is given up."""

_PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)
"""How long telling waits after each failure; after more, as after the last."""

_SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """
    A notice with what became of it.

    Attributes:
        channel: The name of its ``[notices.NAME]`` table.
        notice: What is told.
        occasion: Tells one occurrence from the next.
        tries: How often telling has failed.
        next_at: Not before then is it tried.
        told_at: When it was told.
        given_up_at: When it was given up.
        error: Why telling failed the last time.
    """

    channel: str
    notice: Notice
    occasion: str
    tries: int
    next_at: datetime
    told_at: datetime | None
    given_up_at: datetime | None
    error: str | None

    @property
    def state(self) -> str:
        """``told``, ``given up`` or ``waits``."""
        if self.told_at is not None:
            return "told"
        return "waits" if self.given_up_at is None else "given up"


def _open() -> ColumnElement[bool]:
    notices = table("notices")
    return and_(notices.c.told_at.is_(None), notices.c.given_up_at.is_(None))


def put(transaction: Transaction, channel: str, notice: Notice, occasion: str) -> bool:
    """
    Write a notice for a channel; False: it is there already.

    Args:
        transaction: A writing one.
        channel: The name of its table.
        notice: What is told; its number is not looked at.
        occasion: Of a channel, subject and event, each occasion is told once.
    """
    notices = table("notices")
    values: dict[str, Any] = {
        "channel": channel,
        "subject": storable(notice.subject),
        "event": notice.event,
        "occasion": storable(occasion),
        "severity": notice.severity,
        "text": storable(notice.text),
        "created_at": notice.at,
        "tries": 0,
        "next_at": notice.at,
    }
    dialect = sqlite if transaction.connection.dialect.name == "sqlite" else postgresql
    statement: Any = dialect.insert(notices).values(**values).on_conflict_do_nothing()
    return transaction.connection.execute(statement.returning(notices.c.id)).first() is not None


def occasions(
    transaction: Transaction, channel: str, subject: str, event: str, occasion: str
) -> list[StoredNotice]:
    """
    Return what was written for one occasion, the oldest first.

    Args:
        transaction: Any.
        channel: The name of its table.
        subject: What it is about.
        event: What happened.
        occasion: As it was written first; repetitions have it with a number behind a slash.
    """
    notices = table("notices")
    said = storable(occasion)
    query = (
        select(notices)
        .where(
            notices.c.channel == channel,
            notices.c.subject == storable(subject),
            notices.c.event == event,
            or_(
                notices.c.occasion == said,
                notices.c.occasion.startswith(f"{said}{_SEPARATOR}", autoescape=True),
            ),
        )
        .order_by(notices.c.id)
    )
    return [_stored(row) for row in transaction.connection.execute(query)]


def repeated(occasion: str, number: int) -> str:
    """Return the occasion of the second, third, ... notice of what lasts."""
    return f"{occasion}{_SEPARATOR}{number}"


def rests_until(transaction: Transaction, channel: str, pause: timedelta) -> datetime | None:
    """
    Return how long nothing may be told in a channel; None: it may be told now.

    It rests for its pause after each message, while somebody else is telling, and after a
    failure: what comes meanwhile is told with the rest.

    Args:
        transaction: Any.
        channel: The name of its table.
        pause: At most one message in so long.
    """
    notices = table("notices")
    mine = notices.c.channel == channel
    connection = transaction.connection
    last = connection.execute(select(func.max(notices.c.told_at)).where(mine)).scalar()
    held = connection.execute(select(func.max(notices.c.next_at)).where(mine, _open())).scalar()
    until = [moment for moment in (last and last + pause, held) if moment]
    return max((one for one in until if one > transaction.now), default=None)


def claim_due(transaction: Transaction, channel: str, limit: int = 1_000) -> list[Notice]:
    """
    Return what is due in a channel, and keep others from telling it for `HELD`.

    Args:
        transaction: A writing one.
        channel: The name of its table.
        limit: How many at most, the oldest first.
    """
    transaction.writer.lock()
    notices = table("notices")
    query = (
        select(notices)
        .where(notices.c.channel == channel, _open(), notices.c.next_at <= transaction.now)
        .order_by(notices.c.id)
        .limit(limit)
    )
    found = [_stored(row).notice for row in transaction.connection.execute(query)]
    _change(transaction, [one.id for one in found], next_at=transaction.now + HELD)
    return found


def told(transaction: Transaction, numbers: Sequence[int]) -> None:
    """Note that notices have been told."""
    _change(transaction, numbers, told_at=transaction.now, error=None)


def failed(
    transaction: Transaction,
    numbers: Sequence[int],
    error: str,
    wait: timedelta = timedelta(0),
) -> int:
    """
    Note that telling failed: it is tried again later, but not for ever.

    Args:
        transaction: A writing one.
        numbers: The notices.
        error: Why, without secrets.
        wait: Not before so long is it tried again, where somebody has asked for that.

    Returns:
        How many were given up, because they have waited for longer than `PATIENCE`.
    """
    notices = table("notices")
    query = select(notices.c.id, notices.c.tries, notices.c.created_at).where(
        notices.c.id.in_(numbers), _open()
    )
    gone = 0
    for number, tries, created_at in transaction.connection.execute(query).all():
        pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
        values: dict[str, Any] = {
            "tries": tries + 1,
            "error": storable(error),
            "next_at": transaction.now + max(pause, min(wait, PATIENCE)),
        }
        if transaction.now - created_at >= PATIENCE:
            values["given_up_at"] = transaction.now
            gone += 1
        _change(transaction, [number], **values)
    return gone


def given_up(transaction: Transaction, numbers: Sequence[int], error: str) -> None:
    """Note that telling has failed and is not tried again."""
    notices = table("notices")
    _change(
        transaction,
        numbers,
        given_up_at=transaction.now,
        error=storable(error),
        tries=notices.c.tries + 1,
    )


def _change(transaction: Transaction, numbers: Sequence[int], **values: Any) -> None:  # noqa: ANN401  # SQLAlchemy's own loose type
    notices = table("notices")
    statement = update(notices).where(notices.c.id.in_(numbers), _open()).values(**values)
    transaction.connection.execute(statement)


def listed(
    transaction: Transaction, *, channel: str | None = None, limit: int | None = None
) -> list[StoredNotice]:
    """Return notices, the latest first."""
    notices = table("notices")
    query = select(notices).order_by(notices.c.id.desc()).limit(limit)
    if channel is not None:
        query = query.where(notices.c.channel == channel)
    return [_stored(row) for row in transaction.connection.execute(query)]


def counts(transaction: Transaction, *, channel: str | None = None) -> dict[str, int]:
    """Return how many notices there are, by what became of them."""
    notices = table("notices")
    query = select(func.count(), func.count(notices.c.told_at), func.count(notices.c.given_up_at))
    if channel is not None:
        query = query.where(notices.c.channel == channel)
    total, was_told, gone = transaction.connection.execute(query).one()
    return {"told": was_told, "waits": total - was_told - gone, "given up": gone}


def prune(transaction: Transaction, older_than: timedelta) -> int:
    """
    Forget what was told or given up so long ago, or waits since then; return how many.

    What lasts longer than this and is forgotten is told as if it were new: give more than
    the longest ``repeat``. What waits for so long is of a channel that is gone.
    """
    notices = table("notices")
    ended = func.coalesce(notices.c.told_at, notices.c.given_up_at, notices.c.created_at)
    done = transaction.connection.execute(
        delete(notices).where(ended <= transaction.now - older_than)
    )
    return done.rowcount


def _stored(row: Any) -> StoredNotice:  # noqa: ANN401  # a row of any query
    notice = Notice(row.id, row.subject, row.event, row.severity, row.text, row.created_at)
    return StoredNotice(
        channel=row.channel,
        notice=notice,
        occasion=row.occasion,
        tries=row.tries,
        next_at=row.next_at,
        told_at=row.told_at,
        given_up_at=row.given_up_at,
        error=row.error,
    )
