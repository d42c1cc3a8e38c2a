"""
Makes stores ready for a contender and looks at what it stored.

It runs as a child of `load.py`, which itself must stay small:

    python stores.py database SERVER_URL NAME     an empty database of that name
    python stores.py tables URL                   regard's own tables and indexes
    python stores.py verify URL millionths        what is in the table purchases, as JSON
    python stores.py verify URL decimal
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import Engine, create_engine, make_url, text

_MILLION = 1_000_000
_SUMS = {
    # dlt keeps decimals in SQLite as binary floats; six decimals bring them back.
    ("sqlite", "decimal"): "SUM(CAST(ROUND(amount * 1000000) AS INTEGER))",
    ("postgresql", "decimal"): "SUM(amount) * 1000000",
    ("sqlite", "millionths"): "SUM(amount)",
    ("postgresql", "millionths"): "SUM(amount)",
}


def _engine(url: str) -> Engine:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return create_engine(address)


def database(server: str, name: str) -> None:
    """Make an empty database, removing one that was left behind."""
    engine = _engine(server)
    # A database cannot be made within a transaction.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()


def tables(url: str) -> None:
    """Make regard's tables, as a first run would."""
    from regard.store import Store

    Store.open(url).close()


def verify(url: str, numbers: str) -> None:
    """Print how many rows there are and the exact sum of their amounts."""
    engine = _engine(url)
    total = _SUMS[engine.dialect.name, numbers]
    with engine.connect() as connection:
        rows, amount = connection.execute(text(f"SELECT COUNT(*), {total} FROM purchases")).one()
    engine.dispose()
    print(json.dumps({"rows": rows, "amount": str(Decimal(amount or 0) / _MILLION)}))


_COMMANDS: dict[str, Callable[..., None]] = {
    "database": database,
    "tables": tables,
    "verify": verify,
}

if __name__ == "__main__":
    _COMMANDS[sys.argv[1]](*sys.argv[2:])
