"""A transaction on the store: its connection, its bulk writer and its clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite

from regard.records import metadata
from regard.records.encoding import encode_time
from regard.store.writing import BulkWriter, bulk_writer

__all__ = ["Transaction", "table"]


def table(name: str) -> Table:
    """Return one of the store's tables by its name."""
    return metadata.tables[name]


class Transaction:
    """
    One transaction, reading or writing.

    Args:
        connection: With the transaction open.
        now: The time of the command, for what is written.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now

    @property
    def now_text(self) -> str:
        """The time of the command as stored text."""
        return encode_time(self.now)

    @cached_property
    def writer(self) -> BulkWriter:
        """The bulk writer on this connection."""
        return bulk_writer(self.connection)

    def database_now(self) -> datetime:
        """Return the time by the database's own clock, which all processes share."""
        if self.connection.dialect.name == "sqlite":
            query = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"
            said = str(self.connection.execute(text(query)).scalar_one())
            return datetime.fromisoformat(said).replace(tzinfo=UTC)
        moment: datetime = self.connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def put(self, name: str, values: Mapping[str, Any], *, keep: Sequence[str] = ()) -> None:
        """
        Insert one row, or overwrite the row with the same primary key.

        Args:
            name: The table.
            values: By column; all of its primary key among them.
            keep: Columns that an existing row keeps.
        """
        into = table(name)
        keys = [column.name for column in into.primary_key.columns]
        if self.connection.dialect.name == "sqlite":
            statement: Any = sqlite.insert(into).values(**values)
        else:
            statement = postgresql.insert(into).values(**values)
        changed = {
            column: statement.excluded[column]
            for column in values
            if column not in keys and column not in keep
        }
        self.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))
