"""
The floor: ``csv`` and ``executemany`` upserts into regard's own table, checking nothing.

    python bare.py FILE.csv DATABASE_URL

The table and its indexes must exist. No hashes, no reasons, no progress, no second look: a
bad value ends the script or is stored as it is. Times are handed on as texts.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

_SOURCE = "orders"
_READ_AT = "2025-01-01 00:00:00.000000"
_STATUSES = {"paid": "completed", "returned": "refunded", "cancelled": "cancelled"}
_COLUMNS = (
    "source",
    "key",
    "as_of",
    "content_hash",
    "batch_id",
    "first_run_id",
    "last_run_id",
    "basis",
    "order_key",
    "customer_key",
    "email",
    "ordered_at",
    "status",
    "channel",
    "place",
    "sku",
    "product_name",
    "quantity",
    "unit_price",
    "discount",
    "amount",
    "currency",
    "tax_included",
    "campaign",
)
_BATCH_ROWS = 20_000


def _millionths(text: str) -> int:
    return round(float(text) * 1_000_000)


def _rows(path: str) -> Iterator[tuple[Any, ...]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for row in lines:
            yield (
                _SOURCE,
                f"{row[0]}|{row[1]}",
                _READ_AT,
                "",
                1,
                1,
                1,
                "sale",
                row[0],
                row[2],
                row[3] or None,
                row[4],
                _STATUSES[row[5]],
                row[6],
                row[7] or None,
                row[8],
                row[9],
                _millionths(row[10]),
                _millionths(row[11]),
                _millionths(row[12]) if row[12] else None,
                _millionths(row[13]),
                row[14],
                row[15] == "true",
                row[16] or None,
            )


def _statement(mark: str) -> str:
    names = ", ".join(_COLUMNS)
    marks = ", ".join([mark] * len(_COLUMNS))
    changes = ", ".join(
        f"{name} = excluded.{name}" for name in _COLUMNS if name not in {"source", "key"}
    )
    return (
        f"INSERT INTO purchases ({names}) VALUES ({marks}) "
        f"ON CONFLICT (source, key) DO UPDATE SET {changes}"
    )


def _into_sqlite(path: str, database: str) -> None:
    import sqlite3

    connection = sqlite3.connect(database)
    # As regard's own: the file is in WAL mode already.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")
    with connection:
        connection.executemany(_statement("?"), _rows(path))
    connection.close()


def _into_postgres(path: str, url: str) -> None:
    import psycopg

    statement = _statement("%s")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        rows = _rows(path)
        while batch := list(islice(rows, _BATCH_ROWS)):
            cursor.executemany(statement, batch)


def main(path: str, url: str) -> None:
    """Load a file."""
    if url.startswith("sqlite:///"):
        _into_sqlite(path, url.removeprefix("sqlite:///"))
    else:
        _into_postgres(path, url)


if __name__ == "__main__":
    main(*sys.argv[1:])
