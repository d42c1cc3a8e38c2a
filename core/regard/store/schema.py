"""
Which version of the tables a store has, and how it gets there.

An empty store is created at once; an existing one is never changed by a run, only by
``regard db upgrade``. Alembic is imported only there: a run compares one row.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, inspect, text

from regard.errors import StoreError, StoreOutdated, StoreTooNew
from regard.records import metadata
from regard.records.encoding import encode_time
from regard.records.sides import PREFIX

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = [
    "KNOWN",
    "REVISION",
    "create",
    "differences",
    "require_current",
    "require_whole",
    "revision_of",
    "upgrade",
]

REVISION = "0008"
"""The version of the tables that this regard reads and writes."""

KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""All versions this regard can upgrade from, oldest first."""


def revision_of(connection: Connection) -> str | None:
    """Return the version of a store's tables, or None where it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def create(connection: Connection, now: datetime) -> None:
    """Create all tables in an empty store; the caller holds the write lock."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    connection.execute(
        text("INSERT INTO alembic_version (version_num) VALUES (:revision)"),
        {"revision": REVISION},
    )
    give_identity(connection, now)


def give_identity(connection: Connection, now: datetime) -> None:
    """Give a new store the random name by which columns know it."""
    connection.execute(
        text("INSERT INTO store_info (name, value) VALUES (:name, :value)"),
        [
            {"name": "id", "value": secrets.token_hex(16)},
            {"name": "created_at", "value": encode_time(now)},
        ],
    )


def ensure_identity(connection: Connection, now: datetime) -> None:
    """Give a store its random name unless it has one."""
    named = connection.execute(text("SELECT value FROM store_info WHERE name = 'id'")).first()
    if named is None:
        give_identity(connection, now)


def require_current(revision: str | None, place: str) -> None:
    """
    Refuse a store whose tables are not of our version.

    Raises:
        StoreOutdated: It is older, or was left half made.
        StoreTooNew: It is newer, or nobody can tell.
    """
    if revision == REVISION:
        return
    if revision is not None and revision not in KNOWN and _number(revision) < _number(KNOWN[0]):
        message = (
            f"the store {place} has version {revision}, which is older than any that this regard "
            f"can upgrade (from {KNOWN[0]} on); upgrade it with a regard in between"
        )
        raise StoreOutdated(message)
    if revision is None or revision in KNOWN:
        message = (
            f"the store {place} has version {revision or 'none'}, this regard needs {REVISION}; "
            "run `regard db upgrade` (it makes a copy first)"
        )
        raise StoreOutdated(message)
    message = (
        f"the store {place} has version {revision}, which this regard does not know "
        f"(it knows {REVISION}); a newer regard wrote it"
    )
    raise StoreTooNew(message)


def require_whole(connection: Connection, place: str) -> None:
    """
    Refuse a store that lacks tables: whatever needed them would fail in the midst of its work.

    Raises:
        StoreError: Which ones are missing.
    """
    missing = metadata.tables.keys() - set(inspect(connection).get_table_names())
    if missing:
        message = (
            f"the store {place} lacks tables ({', '.join(sorted(missing))}): it was changed by "
            "hand or left half made; restore a backup"
        )
        raise StoreError(message)


def _number(revision: str) -> int:
    """Return a version as a number; what is none is newer than all that are."""
    return int(revision) if revision.isascii() and revision.isdecimal() else 10**9


def _alembic_config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that a store lacks up to one; the caller holds the write lock."""
    from alembic import command

    command.upgrade(_alembic_config(connection), revision)


def differences(engine: Engine) -> list[str]:
    """Return how a store's tables differ from what this regard defines; empty when they match."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found: list[Any] = []
        for difference in compare_metadata(context, metadata):
            if difference[0] in ("remove_table", "remove_index") and _is_side(difference[1]):
                # Side tables have no definition here; their enrichers declare them.
                continue
            # What differs in one column comes as a list of its own.
            found += difference if isinstance(difference, list) else [difference]
        return [_said(difference) for difference in found]


_LACKS = {"add": "lacks", "remove": "has beside ours"}


def _is_side(thing: Any) -> bool:  # noqa: ANN401  # a table or an index, as Alembic has it
    owner = getattr(thing, "table", thing)
    return str(owner.name).startswith(PREFIX)


def _said(difference: tuple[Any, ...]) -> str:
    """Return a sentence for one of Alembic's differences."""
    what, *about = difference
    verb, _, noun = str(what).partition("_")
    if noun == "column":
        return f"table {about[1]} {_LACKS[verb]} the column {about[2].name}"
    if noun == "table":
        return f"the store {_LACKS[verb]} the table {about[0].name}"
    if verb in _LACKS:
        owner = about[0].table.name
        return f"table {owner} {_LACKS[verb]} the {noun} {about[0].name}"
    return f"table {about[1]}: the {noun} of the column {about[2]} is {about[4]}, not {about[5]}"


def back_up(engine: Engine, destination: Path) -> None:
    """
    Copy a SQLite store into a new file, consistently, while others use it.

    Raises:
        StoreError: The file exists, or the store is a server's.
    """
    if engine.dialect.name != "sqlite":
        message = "a PostgreSQL store is backed up with pg_dump, not by regard"
        raise StoreError(message)
    try:
        # Made before it is filled, so that nobody else can read it meanwhile.
        os.close(os.open(destination, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        message = f"{destination} exists; a backup never overwrites"
        raise StoreError(message) from error
    except OSError as error:
        message = f"the backup {destination} cannot be made: {error.strerror}"
        raise StoreError(message) from error
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        # A store that is opened for reading may be copied: the copy is another file.
        cursor.execute("PRAGMA query_only = OFF")
        # Outside of any transaction: VACUUM refuses to run inside one.
        cursor.execute("VACUUM INTO ?", (str(destination),))
    except BaseException:
        destination.unlink(missing_ok=True)
        raise
    finally:
        raw.detach()
        raw.close()
