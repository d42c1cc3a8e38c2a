"""How large the store is, and how large everything was on the last days."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import delete, select, text

from regard.store.transactions import Transaction, table

__all__ = ["note", "noted", "size"]

_PREFIX = "size:"


def size(transaction: Transaction) -> int:
    """Return how many bytes the store takes on its disk."""
    connection = transaction.connection
    if connection.dialect.name == "postgresql":
        query = text("SELECT pg_database_size(current_database())")
        return int(connection.execute(query).scalar_one())
    query = text("SELECT file FROM pragma_database_list WHERE name = 'main'")
    path = connection.execute(query).scalar_one()
    files = (Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm"))
    # Only asked about, never opened: closing such a file would drop SQLite's locks on it.
    return sum(file.stat().st_size for file in files if file.exists())


def note(transaction: Transaction, day: date, value: str, keep: int) -> None:
    """Note something about the sizes of a day, and forget all but the last days."""
    info = table("store_info")
    transaction.put("store_info", {"name": f"{_PREFIX}{day.isoformat()}", "value": value})
    old = sorted(noted(transaction))[:-keep]
    if old:
        names = [f"{_PREFIX}{each}" for each in old]
        transaction.connection.execute(delete(info).where(info.c.name.in_(names)))


def noted(transaction: Transaction) -> dict[str, str]:
    """Return what was noted, by day."""
    info = table("store_info")
    query = select(info).where(info.c.name.startswith(_PREFIX))
    rows = transaction.connection.execute(query)
    return {row.name.removeprefix(_PREFIX): row.value for row in rows}
