"""The store: the one door to the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal

from sqlalchemy import Engine, inspect

from regard.clock import Clock, SystemClock
from regard.errors import StoreError, StoreMoved, StoreOutdated, StoreTooNew
from regard.reports import Freshness
from regard.store import connections, exporting, reading, runs, schema
from regard.store.exporting import StoreColumn, StoreIdentity
from regard.store.transactions import Transaction

__all__ = ["Store", "StoreState"]

_CREATION_LOCK = 7_263_004_126


@dataclass(frozen=True, slots=True)
class StoreState:
    """
    What one would find when opening a store.

    Attributes:
        state: Whether it can be used as it is.
        detail: What to do, where it cannot.
        revision: The version of its tables, where it has one.
    """

    state: Literal["missing", "ready", "outdated", "newer", "unreachable"]
    detail: str
    revision: str | None = None


class Store:
    """
    An open store.

    Args:
        engine: From `regard.store.connections`.
        clock: The time for what is written.
        place: How messages name the store, without a password.
    """

    def __init__(self, engine: Engine, clock: Clock, place: str) -> None:
        self.engine = engine
        self.clock = clock
        self.place = place

    @classmethod
    def open(cls, url: str, *, clock: Clock | None = None, readonly: bool = False) -> Store:
        """
        Open a store; an empty one is created, an existing one is never migrated.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql://...``.
            clock: The time for what is written.
            readonly: Nothing may be written; a missing store is an error.

        Raises:
            ConfigError: The address is wrong, or its driver is not installed.
            StoreError: It cannot be opened, or its tables are of another version.
        """
        address = connections.parse_url(url)
        place = connections.shown(url)
        engine = connections.make_engine(address, readonly=readonly)
        store = cls(engine, clock or SystemClock(), place)
        try:
            with store._looking():
                if not readonly and store._revision() is None and store._empty():
                    store._create()
                else:
                    # Asked again: another process may have made it between the two questions.
                    schema.require_current(store._revision(), place)
                    store._require_whole()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def inspect(cls, url: str) -> StoreState:
        """
        Say what one would find when opening a store, without creating anything.

        Raises:
            StoreMoved: Somebody without rights looked while it was written to.
        """
        address = connections.parse_url(url)
        place = connections.shown(url)
        path = connections.database_path(address)
        if path is not None and not path.exists():
            return StoreState("missing", f"{path} does not exist yet; `regard run` makes it")
        engine = connections.make_engine(address, readonly=True)
        store = cls(engine, SystemClock(), place)
        try:
            with store._looking():
                revision = store._revision()
                if revision is None and store._empty():
                    return StoreState(
                        "missing", f"{place} is empty; `regard run` makes its tables"
                    )
                schema.require_current(revision, place)
                store._require_whole()
        except StoreMoved:
            raise
        except StoreTooNew as error:
            return StoreState("newer", str(error))
        except StoreOutdated as error:
            return StoreState("outdated", str(error))
        except StoreError as error:
            return StoreState("unreachable", str(error))
        finally:
            store.close()
        return StoreState("ready", place, revision)

    def require_current(self) -> None:
        """
        Refuse to go on with a store that has been upgraded meanwhile.

        Raises:
            StoreTooNew: A newer regard wrote it.
            StoreError: It is gone, or cannot be reached.
        """
        with connections.translated(self.place):
            schema.require_current(self._revision(), self.place)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _revision(self) -> str | None:
        with self.engine.connect() as connection:
            return schema.revision_of(connection)

    def _require_whole(self) -> None:
        with self.engine.connect() as connection:
            schema.require_whole(connection, self.place)

    def _empty(self) -> bool:
        with self.engine.connect() as connection:
            return not inspect(connection).get_table_names()

    def _create(self) -> None:
        with self.write() as transaction:
            connection = transaction.connection
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CREATION_LOCK})")
            # Another process may have made it while this one waited for the lock.
            if schema.revision_of(connection) is None:
                schema.create(connection, self.clock.now())

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Turn drivers' errors into ours, and what another one's writing led to into that."""
        try:
            with connections.translated(self.place):
                yield
        except StoreMoved:
            raise
        except Exception as error:
            # What was read of two moments may be refused anywhere.
            if reading.has_moved(self.engine):
                raise reading.moved(self.place) from error
            raise

    @contextmanager
    def write(self, *, patience: timedelta | None = None) -> Iterator[Transaction]:
        """
        Open a transaction that writes; it is committed at the end of the block.

        Args:
            patience: How long to wait for another writer; None: a minute.

        Raises:
            StoreBusy: Another process kept the lock for too long.
            StoreError: The disk is full, the store is read-only, gone or damaged.
        """
        options: dict[str, Any] = {connections.WRITE: True}
        if patience is not None:
            options[connections.PATIENCE] = max(1, round(patience.total_seconds() * 1000))
        with (
            connections.translated(self.place),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield Transaction(connection, self.clock.now())

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """
        Open a transaction that only reads, and sees one moment of the store.

        Raises:
            StoreMoved: Somebody without rights reads, and it was written to meanwhile: what was
                read cannot be relied on.
        """
        with self._looking(), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield Transaction(connection, self.clock.now())

    # What columns and reports need.

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open a consistent picture from which several tables can be exported."""
        with self.read() as transaction:
            yield Snapshot(transaction)

    def identity(self) -> StoreIdentity:
        """Return which store this is and how far it has come."""
        with self.read() as transaction:
            return exporting.identity(transaction)

    def tables(self) -> dict[str, tuple[StoreColumn, ...]]:
        """Return the columns of all tables that are exported."""
        with self.read() as transaction:
            return exporting.tables(transaction)

    def freshness(
        self, counted: Mapping[str, tuple[int, datetime | None]] | None = None
    ) -> Sequence[Freshness]:
        """
        Return how current every source is.

        Args:
            counted: How many current records each source has, and the latest time in them;
                None: they are counted, and the latest time is not known.
        """
        with self.read() as transaction:
            return runs.freshness(transaction, counted)

    # What `regard db` needs.

    @classmethod
    def upgrade(cls, url: str, *, clock: Clock | None = None, aside: bool = True) -> Path | None:
        """
        Bring a store's tables to this regard's version.

        Args:
            url: Its address.
            clock: The time.
            aside: Whether a copy of a SQLite file is made before.

        Returns:
            The copy, where one was made.

        Raises:
            StoreTooNew: A newer regard wrote it.
        """
        address = connections.parse_url(url)
        place = connections.shown(url)
        engine = connections.make_engine(address, readonly=False)
        store = cls(engine, clock or SystemClock(), place)
        try:
            with connections.translated(place):
                return store._upgrade(aside=aside)
        finally:
            store.close()

    def _upgrade(self, *, aside: bool) -> Path | None:
        revision = self._revision()
        if revision == schema.REVISION:
            return None
        if revision is not None and revision not in schema.KNOWN:
            schema.require_current(revision, self.place)
        copy = self._copy_aside() if aside and not self._empty() else None
        with self.write() as transaction:
            schema.upgrade(transaction.connection)
            schema.ensure_identity(transaction.connection, self.clock.now())
        return copy

    def _copy_aside(self) -> Path | None:
        path = connections.database_path(self.engine.url)
        if path is None:
            return None
        copy = path.with_name(f"{path.name}.{self.clock.now():%Y%m%dT%H%M%S}.backup")
        schema.back_up(self.engine, copy)
        return copy

    def back_up(self, destination: Path) -> None:
        """Copy a SQLite store into a new file while others use it."""
        with connections.translated(self.place):
            schema.back_up(self.engine, destination)

    @classmethod
    def copy(cls, url: str, destination: Path) -> StoreState:
        """
        Copy a SQLite store as it is into a new file, whatever version its tables have.

        Returns:
            What was copied.

        Raises:
            StoreError: It is a server's, is missing or damaged, or the file exists.
        """
        state = cls.inspect(url)
        if state.state in ("outdated", "newer"):
            engine = connections.make_engine(connections.parse_url(url), readonly=True)
            store = cls(engine, SystemClock(), connections.shown(url))
        else:
            # What else is wrong it says itself.
            store = cls.open(url, readonly=True)
        try:
            store.back_up(destination)
        finally:
            store.close()
        return state

    def faults(self) -> list[str]:
        """Return what is wrong with the store's tables or file; empty when nothing is."""
        found = schema.differences(self.engine)
        if self.engine.dialect.name == "sqlite":
            with self.read() as transaction:
                rows: list[Any] = list(
                    transaction.connection.exec_driver_sql("PRAGMA integrity_check")
                )
            found += [str(row[0]) for row in rows if row[0] != "ok"]
        return found


class Snapshot:
    """
    One moment of the store, for exports.

    Args:
        transaction: A reading one.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def identity(self) -> StoreIdentity:
        """Return which store this is and how far it had come."""
        return exporting.identity(self._transaction)

    def tables(self) -> dict[str, tuple[StoreColumn, ...]]:
        """Return the columns of all tables that are exported."""
        return exporting.tables(self._transaction)

    def batch_token(self, batch_id: int) -> str | None:
        """Return a batch's random token; None: there is no such batch."""
        return exporting.batch_token(self._transaction, batch_id)

    def vanished(self, name: str) -> int:
        """Return the last batch in which rows of a table were erased; 0: none ever were."""
        return exporting.vanished(self._transaction, name)

    def export_csv(
        self,
        name: str,
        destination: BinaryIO,
        *,
        after_batch: int = 0,
        upto_batch: int | None = None,
    ) -> int:
        """Write a table's rows as CSV; see `regard.store.exporting.export_csv`."""
        return exporting.export_csv(
            self._transaction, name, destination, after_batch=after_batch, upto_batch=upto_batch
        )
