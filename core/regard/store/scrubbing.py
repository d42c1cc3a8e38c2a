"""
Taking what was deleted out of the database's files.

A deleted row is gone for every query, but not yet for whoever reads the files. SQLite
overwrites what it deletes, and yet leaves pieces of rows behind that it once moved between
pages: measured, a few in ten thousand. PostgreSQL keeps a dead row in its place. So the file,
or the tables, are written anew, and SQLite's log is emptied. Somebody who still reads the
state of before blocks that; the store then remembers that it is still to be done.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, text

from regard.errors import StoreError
from regard.store import connections
from regard.store.store import Store
from regard.store.transactions import Transaction, table

__all__ = ["Pending", "flatten", "note_pending", "pending", "scrub", "settle"]

_NAME = "erasure_pending"
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Pending:
    """
    What is still to be done of an erasure.

    Attributes:
        tables: From which rows were deleted.
        columns: Whether columns hold any of them.
        number: Of the last transaction that erased, where the database has one.
        noted: The text in the store, by which it is known to be done.
    """

    tables: tuple[str, ...]
    columns: bool
    number: str | None
    noted: str


def note_pending(transaction: Transaction, tables: Iterable[str], *, columns: bool) -> None:
    """Note what is to be done when the transaction is committed; nothing where it is nothing."""
    before = pending(transaction)
    touched = set(tables) | set(before.tables if before else ())
    if not touched:
        return
    number = None
    if transaction.connection.dialect.name == "postgresql":
        query = text("SELECT pg_current_xact_id()::xid::text")
        number = str(transaction.connection.execute(query).scalar_one())
    value = {
        "tables": sorted(touched),
        "columns": columns or bool(before and before.columns),
        "number": number,
        "noted_at": transaction.now_text,
    }
    transaction.put("store_info", {"name": _NAME, "value": json.dumps(value)})


def pending(transaction: Transaction) -> Pending | None:
    """Return what is still to be done; None: nothing."""
    info = table("store_info")
    noted = transaction.connection.execute(
        select(info.c.value).where(info.c.name == _NAME)
    ).scalar()
    if noted is None:
        return None
    value = json.loads(noted)
    return Pending(tuple(value["tables"]), value["columns"], value["number"], noted)


def settle(transaction: Transaction, done: Pending) -> None:
    """Note that all was done, unless more was noted meanwhile."""
    info = table("store_info")
    transaction.connection.execute(
        delete(info).where(info.c.name == _NAME, info.c.value == done.noted)
    )


def scrub(
    store: Store, tables: Collection[str], *, number: str | None, wait_seconds: float
) -> list[str]:
    """
    Write anew what rows were deleted from.

    Args:
        store: Nothing else of it may be in use in this process.
        tables: The tables.
        number: Of the transaction that deleted them, where the database has one.
        wait_seconds: How long to wait for others who read.

    Returns:
        What could not be done, a sentence each; empty: all was.
    """
    if not tables:
        return []
    try:
        with connections.translated(store.place):
            if store.engine.dialect.name == "sqlite":
                return _scrub_sqlite(store, wait_seconds)
            return _scrub_postgres(store, sorted(tables), number, wait_seconds)
    except StoreError as error:
        return [f"the store's files still hold what was deleted: {error}"]


def _alone(store: Store) -> sqlite3.Connection:
    """Return a connection outside of any transaction, which the caller closes."""
    store.engine.dispose()
    raw = store.engine.raw_connection()
    connection = raw.driver_connection
    raw.detach()
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  # the dialect says so
    return connection


def _scrub_sqlite(store: Store, wait_seconds: float) -> list[str]:
    with closing(_alone(store)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {round(wait_seconds * 1000)}")
        # What it writes meanwhile can be as large as the store; nothing of the person is in it.
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        log = f"{store.place.rpartition('/')[2]}-wal"
        return [f"another process uses the store: what was deleted stays in {log} until it ends"]
    return []


def flatten(store: Store) -> None:
    """Leave a copy of a SQLite store as the single file that it was."""
    with closing(_alone(store)) as connection, suppress(sqlite3.OperationalError):
        # While somebody reads it, it keeps its log beside it.
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE")


def _scrub_postgres(
    store: Store, tables: Sequence[str], number: str | None, wait_seconds: float
) -> list[str]:
    engine = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = {round(wait_seconds * 1000)}"))
        try:
            readers = _readers(connection, number, wait_seconds)
            for name in tables:
                there = text("SELECT to_regclass(:name)").bindparams(name=name)
                if connection.execute(there).scalar() is None:
                    continue  # a side table that was made anew, or dropped, has no old rows
                # With the statistics, which hold samples of what the columns held.
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {name}")
        finally:
            connection.execute(text("RESET lock_timeout"))
    if readers:
        named = ", ".join(map(str, readers))
        return [f"the server's processes {named} still see what was deleted: it stays until then"]
    return []


def _readers(connection: Any, number: str | None, wait_seconds: float) -> list[int]:  # noqa: ANN401
    """Return who still sees the state before a transaction, after waiting for them."""
    if number is None:
        return []
    query = text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL "
        "AND age(backend_xmin) >= age(CAST(CAST(:number AS text) AS xid)) ORDER BY pid"
    )
    end = time.monotonic() + wait_seconds
    while found := connection.execute(query, {"number": number}).scalars().all():
        if time.monotonic() >= end:
            return list(found)
        time.sleep(_PAUSE_SECONDS)
    return []
