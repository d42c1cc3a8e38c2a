"""
How the store is opened, and what its drivers' errors mean.

SQLite needs four settings that its driver does not give by itself. Every write transaction
opens with BEGIN IMMEDIATE, because a deferred one that starts with a read loses updates or
fails at once when another process writes. WAL lets readers go on meanwhile. The busy
timeout turns a lock into waiting. And ``hide_parameters`` keeps whole batches of personal
data out of error messages.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from regard.errors import ConfigError, StoreBusy, StoreError, StoreMissing
from regard.store.reading import make_reader

__all__ = [
    "PATIENCE",
    "WRITE",
    "database_path",
    "make_engine",
    "parse_url",
    "password",
    "shown",
    "translated",
]

WRITE = "regard_write"
"""The execution option of a connection whose transactions write."""

PATIENCE = "regard_patience"
"""The execution option that says how many milliseconds to wait for another writer."""

_SQLITE = "sqlite:///"
_BUSY_MILLISECONDS = 60_000
_LOOK_SECONDS = 0.02
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}",
    "PRAGMA synchronous = NORMAL",  # with WAL: a power cut may lose the last batch, never tear it
    "PRAGMA cache_size = -32768",  # 32 MiB: batches come sorted, so few pages are needed again
    "PRAGMA temp_store = MEMORY",  # personal data leaves no temporary files
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
)
_WRITER_PRAGMAS = (
    "PRAGMA page_size = 8192",  # of a new store: rows are long, so trees get flatter
    *_PRAGMAS,
    # 32 MiB: each batch would bring the default of 4 MiB to the disk, and wait for it twice.
    "PRAGMA wal_autocheckpoint = 4096",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA journal_mode = WAL",
)


def password(text: str) -> str:
    """Return the password in a store's address; empty: there is none."""
    return parse_url(text).password or ""


def shown(text: str) -> str:
    """Return how messages name the store at an address, without its password."""
    return parse_url(text).render_as_string(hide_password=True).replace("+psycopg", "")


def parse_url(text: str) -> URL:
    """
    Return the store's address as SQLAlchemy understands it.

    Raises:
        ConfigError: It is no ``sqlite:///file`` or ``postgresql://...`` address.
    """
    if text.startswith(_SQLITE) and (path := text.removeprefix(_SQLITE)) not in ("", ":memory:"):
        # Not by make_url: a folder's name may hold a question mark, which begins no options.
        return URL.create("sqlite", database=path)
    try:
        url = make_url(text)
    except ArgumentError as error:
        message = 'store: not an address; write "sqlite:///regard.db" or "postgresql://..."'
        raise ConfigError(message) from error
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    shown = url.render_as_string(hide_password=True)
    message = f'store: {shown!r} is neither "sqlite:///FILE" nor "postgresql://..."'
    raise ConfigError(message)


def database_path(url: URL) -> Path | None:
    """Return the SQLite file of an address, or None where it is a server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def make_engine(url: URL, *, readonly: bool) -> Engine:
    """
    Return an engine on the store.

    Args:
        url: From `parse_url`.
        readonly: Whether nothing may be written.

    Raises:
        ConfigError: The driver for PostgreSQL is not installed.
        StoreMissing: There is no such file, and it may not be created.
    """
    path = database_path(url)
    if path is None:
        return _postgres_engine(url, readonly=readonly)
    if readonly and not path.exists():
        message = f"there is no store at {path} yet; `regard run` makes it"
        raise StoreMissing(message)
    if not readonly and not path.exists():
        _create_private(path)
    engine = make_reader(url, path) if readonly else create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_reader if readonly else _set_up_writer)
    event.listen(engine, "begin", _begin_sqlite)
    if not readonly:
        _watch_file(engine, path)
    event.listen(engine, "checkin", _be_patient_again)
    return engine


def _create_private(path: Path) -> None:
    """Create the file before SQLite does, so that only its owner can read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        message = f"the store {path} cannot be created: {error.strerror}"
        raise StoreError(message) from error


_OPENED = "regard_opened"


def _watch_file(engine: Engine, path: Path) -> None:
    """
    Refuse to commit into a file that is no longer the store.

    Where somebody removes or replaces the file while it is open, SQLite goes on writing to
    what nobody will ever find again, and says nothing.
    """

    def note(connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_OPENED] = _identity(path)

    def compare(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITE, False):
            opened = connection.info.get(_OPENED)
            if opened is not None and opened != _identity(path):
                message = (
                    f"the store's file {path} was removed or replaced while it was open; nothing "
                    "of this batch was stored: leave the file alone while regard runs"
                )
                raise StoreError(message)

    event.listen(engine, "connect", note)
    event.listen(engine, "commit", compare)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from every other one; None: there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _set_up_writer(connection: Any, record: object) -> None:  # noqa: ANN401  # the driver's own
    _set_up(connection, _WRITER_PRAGMAS)


def _set_up_reader(connection: Any, record: object) -> None:  # noqa: ANN401
    _set_up(connection, (*_PRAGMAS, "PRAGMA query_only = ON"))


def _set_up(connection: sqlite3.Connection, pragmas: Sequence[str]) -> None:
    # None: the driver opens no transaction by itself; `_begin_sqlite` does.
    connection.isolation_level = None
    end = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            for pragma in pragmas:
                connection.execute(pragma)
        except sqlite3.Error as error:
            # The change to WAL of a store that another process is just making does not wait
            # for it: SQLite asks nobody's patience there, and says at once that it is locked.
            if "locked" not in str(error) or time.monotonic() > end:
                connection.close()
                raise
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if PATIENCE in options:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {options[PATIENCE]:d}")
        connection.info[PATIENCE] = True
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITE, False) else "BEGIN")


def _be_patient_again(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401
    """Undo what one impatient transaction has set before its connection is used again."""
    if record.info.pop(PATIENCE, False) and connection is not None:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")


def _postgres_engine(url: URL, *, readonly: bool) -> Engine:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        message = "a PostgreSQL store needs its driver: pip install 'regard[postgres]'"
        raise ConfigError(message) from error
    # Stored times are written as UTC texts without a zone.
    options = "-c timezone=UTC -c lock_timeout=60000"
    if readonly:
        options += " -c default_transaction_read_only=on"
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # a server that was restarted fails one batch, not all later ones
        connect_args={
            "options": options,
            "connect_timeout": 10,
            "application_name": "regard",
        },
    )
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _begin_postgres(connection: Connection) -> None:
    patience = connection.get_execution_options().get(PATIENCE)
    if patience is not None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience:d}")


_MEANINGS = (
    ("database is locked", StoreBusy, "another process kept the store locked for too long"),
    ("lock timeout", StoreBusy, "another process kept the store locked for too long"),
    (
        "disk is full",
        StoreError,
        "the disk of the store is full; nothing of this batch was stored",
    ),
    (
        "No space left",
        StoreError,
        "the disk of the store is full; nothing of this batch was stored",
    ),
    ("readonly database", StoreError, "the store may not be written: it is read-only"),
    ("read-only transaction", StoreError, "the store may not be written: it is read-only"),
    ("not a database", StoreError, "the store's file is no SQLite database"),
    ("malformed", StoreError, "the store's file is damaged; restore a backup"),
    (
        "unable to open",
        StoreError,
        "the store's file cannot be opened, or its folder not be written",
    ),
    ("disk I/O error", StoreError, "the store's file cannot be read or written, or was removed"),
    ("password authentication", StoreError, "the database server refuses the user or password"),
    ("does not exist", StoreError, "the database server has no such database, user or table"),
    ("connection failed", StoreError, "the database server cannot be reached"),
    ("Connection refused", StoreError, "the database server cannot be reached"),
    ("No such file or directory", StoreError, "the database server cannot be reached"),
    ("connection to server", StoreError, "the database server cannot be reached"),
)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """
    Turn drivers' errors into ours within a block.

    Args:
        place: How messages name the store, without a password.
    """
    try:
        yield
    except DBAPIError as error:
        raise _meant(error.orig or error, place) from error
    except Exception as error:
        # The bulk write path speaks with the driver itself.
        if not _from_driver(error):
            raise
        raise _meant(error, place) from error


def _from_driver(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return True
    return any(cls.__module__ == "psycopg" for cls in type(error).__mro__)


def _meant(error: BaseException, place: str) -> StoreError:
    """Return our error for a driver's."""
    said = str(error)
    for mark, kind, meaning in _MEANINGS:
        if mark in said:
            return kind(f"{meaning} ({place})")
    # The driver's own text may quote values; its first line names the trouble.
    first = said.splitlines()[0] if said else "no reason given"
    return StoreError(f"the store failed ({place}): {type(error).__name__}: {first}")
