"""
What columns need from a store, and how a store's types become Parquet's.

The store gives CSV and knows nothing of DuckDB; this package knows nothing of SQLite and
PostgreSQL. What stands between them is described here, so that either side can change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from regard.errors import StoreError

__all__ = [
    "ExportingStore",
    "StoreColumn",
    "StoreIdentity",
    "StoreSnapshot",
    "csv_columns",
    "key_columns",
    "select_list",
]


class StoreColumn(Protocol):
    """A column of a stored table."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def type(self) -> str:
        """One of text, integer, number, time, day, flag, json."""


class StoreIdentity(Protocol):
    """Which store this is, and how far it has been written."""

    @property
    def id(self) -> str:
        """The store's own id, made with it."""

    @property
    def revision(self) -> str:
        """The revision of its schema."""

    @property
    def batch_id(self) -> int:
        """The last committed batch."""

    @property
    def token(self) -> str:
        """That batch's random token: a restored backup counts on with other tokens."""


class StoreSnapshot(Protocol):
    """One moment of a store, from which several tables can be exported."""

    def identity(self) -> StoreIdentity:
        """Say which store this is, and how far it had been written."""

    def tables(self) -> Mapping[str, Sequence[StoreColumn]]:
        """Return all tables, with their columns in the order in which they are exported."""

    def batch_token(self, batch_id: int) -> str | None:
        """Return a batch's random token; None: there is no such batch."""

    def vanished(self, name: str) -> int:
        """Return the last batch in which rows of a table were erased; 0: none ever were."""

    def export_csv(
        self,
        name: str,
        destination: BinaryIO,
        *,
        after_batch: int = 0,
        upto_batch: int | None = None,
    ) -> int:
        """Write a table's rows as CSV and return how many there were."""


class ExportingStore(Protocol):
    """What a store must offer so that its records can become columns."""

    def identity(self) -> StoreIdentity:
        """Say which store this is, and how far it has been written."""

    def tables(self) -> Mapping[str, Sequence[StoreColumn]]:
        """Return all tables, with their columns in the order in which they are exported."""

    def snapshot(self) -> AbstractContextManager[StoreSnapshot]:
        """Open one moment of the store for the length of a block."""


_CSV_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "BIGINT",
    "time": "TIMESTAMP",
    "day": "DATE",
    "flag": "BOOLEAN",
    "json": "VARCHAR",
}
# A number arrives as whole millionths. Dividing would go through a double and lose the last
# digits of large ones; this product of two decimals is exact.
_SELECTS = {
    "number": "CAST(CAST({0} AS DECIMAL(18,0)) * 0.000001 AS DECIMAL(18,6))",
    "time": "timezone('UTC', {0})",
}


_KEYS = ("kind", "source", "key", "valid_from")
"""What tells rows apart; only rows of side tables have a kind, that of the record beside them."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _csv_type(column: StoreColumn) -> str:
    if column.type not in _CSV_TYPES:
        message = f"the store's column {column.name!r} has the unknown type {column.type!r}"
        raise StoreError(message)
    return _CSV_TYPES[column.type]


def csv_columns(columns: Sequence[StoreColumn]) -> dict[str, str]:
    """
    Return the types that DuckDB must read a store's CSV with.

    Raises:
        StoreError: A column has a type that columns do not know.
    """
    return {column.name: _csv_type(column) for column in columns}


def key_columns(columns: Sequence[StoreColumn]) -> tuple[str, ...]:
    """Return the columns that tell a table's rows apart."""
    names = {column.name for column in columns}
    return tuple(name for name in _KEYS if name in names)


def select_list(columns: Sequence[StoreColumn]) -> str:
    """Return the expressions that turn the CSV's values into those of the columns."""
    parts = []
    for column in columns:
        name = _quoted(column.name)
        parts.append(f"{_SELECTS.get(column.type, '{0}').format(name)} AS {name}")
    return ", ".join(parts)
