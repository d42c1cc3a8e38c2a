"""Opening a store: made once, never migrated by itself, private, and clear about what is wrong."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from sqlalchemy import Engine, text

from regard.clock import FixedClock
from regard.errors import (
    ConfigError,
    StoreError,
    StoreMissing,
    StoreOutdated,
    StoreTooNew,
)
from regard.store import Store, connections, schema


@pytest.mark.parametrize(
    "url",
    [
        "",
        "regard.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://root:hunter2@localhost/x",
        "postgresql",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """An address of anything but a SQLite file or PostgreSQL is refused without its password."""
    with pytest.raises(ConfigError) as caught:
        Store.open(url)

    assert "hunter2" not in str(caught.value)


def test_a_created_store_is_sound(store: Store) -> None:
    """A new store has exactly the tables that this regard defines, and says so."""
    assert [] == store.faults()
    assert schema.REVISION == store.identity().revision


def test_a_migrated_store_is_sound(store_url: str) -> None:
    """The migrations of an empty database make exactly the tables that a new store has."""
    Store.upgrade(store_url)
    store = Store.open(store_url)

    assert [] == store.faults()
    assert store.identity().id
    store.close()


def test_missing_columns_and_indexes_are_found(store: Store) -> None:
    """A table that somebody changed by hand is a fault that is named."""
    with store.write() as transaction:
        transaction.connection.execute(text("DROP INDEX ix_customers_batch_id"))
        transaction.connection.execute(text("ALTER TABLE customers ADD COLUMN shoe_size INTEGER"))
    faults = " ".join(store.faults())

    assert "table customers lacks the index ix_customers_batch_id" in faults
    assert "table customers has beside ours the column shoe_size" in faults


def test_two_stores_are_told_apart(store: Store, tmp_path: Path) -> None:
    """Every store has an identity of its own that stays the same."""
    other = Store.open(f"sqlite:///{tmp_path / 'other.db'}")

    assert store.identity().id != other.identity().id
    assert store.identity() == store.identity()
    other.close()


def test_reading_needs_a_store(tmp_path: Path) -> None:
    """Opening for reading creates nothing."""
    with pytest.raises(StoreMissing, match=r"regard\.db"):
        Store.open(f"sqlite:///{tmp_path / 'regard.db'}", readonly=True)

    assert [] == list(tmp_path.iterdir())
    assert "missing" == Store.inspect(f"sqlite:///{tmp_path / 'regard.db'}").state
    assert [] == list(tmp_path.iterdir())


def _set_revision(url: str, revision: str | None) -> None:
    store = Store.open(url)
    with store.write() as transaction:
        transaction.connection.execute(text("DELETE FROM alembic_version"))
        if revision is not None:
            statement = text("INSERT INTO alembic_version (version_num) VALUES (:revision)")
            transaction.connection.execute(statement, {"revision": revision})
    store.close()


def test_a_newer_store_is_refused(store_url: str) -> None:
    """A store that a newer regard wrote is neither read nor written nor upgraded."""
    _set_revision(store_url, "9999")
    for readonly in (False, True):
        with pytest.raises(StoreTooNew, match="a newer regard wrote it"):
            Store.open(store_url, readonly=readonly)
    with pytest.raises(StoreTooNew):
        Store.upgrade(store_url)

    assert "newer" == Store.inspect(store_url).state


def test_an_existing_store_is_never_migrated(store_url: str, monkeypatch: Any) -> None:
    """A store of an older version is refused with what to do, and left as it is."""
    Store.open(store_url).close()
    with monkeypatch.context() as later:
        later.setattr(schema, "REVISION", "9998")
        later.setattr(schema, "KNOWN", (*schema.KNOWN, "9998"))
        for _ in range(2):
            with pytest.raises(StoreOutdated, match="regard db upgrade"):
                Store.open(store_url)
        assert "outdated" == Store.inspect(store_url).state

    Store.open(store_url).close()


def test_somebody_elses_tables_are_left_alone(store_url: str) -> None:
    """A database that holds other tables is not taken for an empty one."""
    engine = connections.make_engine(connections.parse_url(store_url), readonly=False)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    engine.dispose()
    with pytest.raises(StoreOutdated):
        Store.open(store_url)
    engine = connections.make_engine(connections.parse_url(store_url), readonly=False)
    with engine.connect() as connection:
        tables = schema.inspect(connection).get_table_names()
    engine.dispose()

    assert ["theirs"] == tables


def test_the_file_is_private(tmp_path: Path) -> None:
    """Only its owner can read the file, and what SQLite puts beside it, from the first moment."""
    old = os.umask(0)
    try:
        store = Store.open(f"sqlite:///{tmp_path / 'deep' / 'regard.db'}")
        with store.write() as transaction:
            transaction.connection.execute(text("DELETE FROM batches"))
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in (tmp_path / "deep").iterdir()
            }
        store.back_up(tmp_path / "copy.db")
    finally:
        os.umask(old)
    store.close()

    assert {"regard.db": 0o600, "regard.db-wal": 0o600, "regard.db-shm": 0o600} == modes
    assert 0o600 == stat.S_IMODE((tmp_path / "copy.db").stat().st_mode)


@pytest.mark.parametrize(
    "name", ["100% sure", "a#b", "a?b=c", "año nuevo", "a'b\"c", "%20", "x;y"]
)
def test_any_folder_name_will_do(name: str, tmp_path: Path) -> None:
    """A project may lie in a folder of any name."""
    folder = tmp_path / name
    folder.mkdir()
    url = f"sqlite:///{folder / 'regard.db'}"
    Store.open(url).close()
    store = Store.open(url, readonly=True)

    assert [] == store.faults()
    assert "ready" == Store.inspect(url).state
    assert ["regard.db"] == sorted(
        path.name for path in folder.iterdir() if path.name.endswith(".db")
    )
    store.close()


@pytest.mark.parametrize(
    "content",
    [b"this is no database at all, but a text of some length" * 50, b"SQLite format 3\0"],
)
def test_a_file_that_is_no_database_is_a_clear_error(content: bytes, tmp_path: Path) -> None:
    """A foreign or damaged file is named as such, without a driver's traceback."""
    path = tmp_path / "regard.db"
    path.write_bytes(content)
    for readonly in (False, True):
        with pytest.raises(StoreError):
            Store.open(f"sqlite:///{path}", readonly=readonly)

    assert "unreachable" == Store.inspect(f"sqlite:///{path}").state
    assert content == path.read_bytes()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    """A folder where the file should be is a clear error."""
    with pytest.raises(StoreError):
        Store.open(f"sqlite:///{tmp_path}")


def test_a_server_that_is_away_is_a_clear_error(tmp_path: Path) -> None:
    """A server that cannot be reached is said so, without the password."""
    url = f"postgresql://regard:hunter2@/nothing?host={tmp_path}"
    with pytest.raises(StoreError) as caught:
        Store.open(url)

    assert "cannot be reached" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_reader_cannot_write(store_url: str) -> None:
    """A store that was opened for reading refuses to be written."""
    Store.open(store_url).close()
    store = Store.open(store_url, readonly=True)
    with (
        pytest.raises(StoreError, match="read-only"),
        store.write() as transaction,
    ):
        transaction.connection.execute(text("DELETE FROM batches"))
    store.close()


def test_a_bulk_write_that_fails_is_a_clear_error(
    store: Store, encode: Callable[..., Any], commit: Callable[..., Any]
) -> None:
    """What goes wrong in the bulk write path is the store's error, not the driver's."""
    with store.write() as transaction:
        transaction.connection.execute(text("DROP TABLE facts"))
    with pytest.raises(StoreError):
        commit(store, "fact", [encode("fact", {"text": "ana@example.com"})])


def test_a_full_disk_is_a_clear_error(
    tmp_path: Path, encode: Callable[..., Any], commit: Callable[..., Any]
) -> None:
    """Where the disk is full nothing of the batch is stored, and the store says why."""
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    with store.write() as transaction:
        pages = transaction.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    large = [encode("fact", {"text": "x" * 900}, str(n)) for n in range(100)]
    with pytest.raises(StoreError, match="disk of the store is full"):
        commit(store, "fact", large)
    with store.read() as transaction:
        count = transaction.connection.execute(text("SELECT count(*) FROM facts")).scalar()
    store.close()

    assert 0 == count


def test_a_backup_is_whole_and_never_overwrites(
    tmp_path: Path, encode: Callable[..., Any], commit: Callable[..., Any]
) -> None:
    """A copy holds what was committed, and an existing file is not touched."""
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    commit(store, "fact", [encode("fact", {"text": "one"})])
    store.back_up(tmp_path / "copy.db")
    with pytest.raises(StoreError, match="never overwrites"):
        store.back_up(tmp_path / "copy.db")
    with pytest.raises(StoreError):
        store.back_up(tmp_path / "no-such-folder" / "copy.db")
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")

    assert store.identity() == copy.identity()
    assert [] == copy.faults()
    store.close()
    copy.close()


def test_a_server_is_backed_up_by_its_own_tools(postgres_url: str, tmp_path: Path) -> None:
    """A PostgreSQL store says which tool makes its backups."""
    store = Store.open(postgres_url)
    with pytest.raises(StoreError, match="pg_dump"):
        store.back_up(tmp_path / "copy.db")
    store.close()


def test_an_upgrade_copies_first(tmp_path: Path, monkeypatch: Any) -> None:
    """Before a store is upgraded a private copy of it is made beside it."""
    url = f"sqlite:///{tmp_path / 'regard.db'}"
    Store.open(url).close()
    plain = sqlite3.connect(tmp_path / "regard.db")
    plain.execute("DROP TABLE alembic_version")
    for (name,) in plain.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'store_info'"
    ).fetchall():
        plain.execute(f"DROP TABLE {name}")
    plain.commit()
    plain.close()
    from datetime import UTC, datetime

    clock = FixedClock(datetime(2026, 1, 31, 8, tzinfo=UTC))
    with pytest.raises(StoreError):
        Store.upgrade(url, clock=clock)
    plain = sqlite3.connect(tmp_path / "regard.db")
    left = plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    plain.close()

    # What breaks half way through is undone whole.
    assert [("store_info",)] == left
    assert ["regard.db.20260131T080000.backup"] == [
        path.name for path in tmp_path.iterdir() if path.name.endswith(".backup")
    ]


OPENERS = """
import os, sys, traceback
from regard.store import Store

readers = []
for _ in range(6):
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            store = Store.open(sys.argv[1])
            os.write(writer, store.identity().id.encode())
            store.close()
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.close(writer)
    readers.append(reader)
print(*sorted({os.read(reader, 100).decode() for reader in readers}))
"""


def test_a_store_that_is_being_made_is_waited_for(tmp_path: Path) -> None:
    """Whoever opens a new store while another process writes to its file waits for it."""
    plain = sqlite3.connect(tmp_path / "regard.db", isolation_level=None, check_same_thread=False)
    plain.execute("BEGIN IMMEDIATE")
    later = Timer(0.4, plain.execute, ["COMMIT"])
    later.start()
    store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    later.join()
    plain.close()

    assert [] == store.faults()
    store.close()


def test_many_processes_create_one_store(store_url: str) -> None:
    """Processes that open the same new store at once all find one and the same."""
    done = subprocess.run(
        [sys.executable, "-c", OPENERS, store_url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "" == done.stderr
    assert 1 == len(done.stdout.split())


def make_old(url: str, revision: str) -> Engine:
    """Make a store as the regard of a revision made it, by its migrations."""
    engine = connections.make_engine(connections.parse_url(url), readonly=False)
    with engine.execution_options(**{connections.WRITE: True}).begin() as connection:
        schema.upgrade(connection, revision)
    return engine


@pytest.mark.parametrize("revision", schema.KNOWN[:-1])
def test_an_old_store_becomes_as_a_new_one_is(store_url: str, revision: str) -> None:
    """A store of any earlier version is refused until it is upgraded, and then lacks nothing."""
    make_old(store_url, revision).dispose()
    with pytest.raises(StoreOutdated, match="db upgrade"):
        Store.open(store_url)

    Store.upgrade(store_url)

    store = Store.open(store_url)
    assert [] == store.faults()
    store.close()


def test_an_outdated_store_is_copied_as_it_is(tmp_path: Path) -> None:
    """A store that has to be upgraded first, or is too new, can be copied all the same."""
    copies = []
    for revision in ("0004", "9999"):
        url = f"sqlite:///{tmp_path / revision}.store"
        _set_revision(url, revision)
        copy = tmp_path / f"{revision}.db"
        state = Store.copy(url, copy)
        with closing(sqlite3.connect(copy)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        copies.append((state.state, found))

    assert [("outdated", [("0004",)]), ("newer", [("9999",)])] == copies


def test_what_cannot_be_copied(tmp_path: Path, postgres_url: str) -> None:
    """A store that is missing, or a server's, is named as such, and no file is left."""
    copy = tmp_path / "copy.db"
    with pytest.raises(StoreMissing):
        Store.copy(f"sqlite:///{tmp_path / 'none.db'}", copy)
    _set_revision(postgres_url, "0004")
    with pytest.raises(StoreError, match="pg_dump"):
        Store.copy(postgres_url, copy)

    assert not copy.exists()


def test_an_upgrade_keeps_scores_of_visits(store_url: str) -> None:
    """A store from before sections had weights gets them, and loses no row."""
    engine = make_old(store_url, "0001")
    columns = "source, key, as_of, content_hash, batch_id, first_run_id, last_run_id, item"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO visit_scores ({columns}) "
                "VALUES ('visits', 'V1|greets', '2026-01-01 00:00:00.000000', 'x', 1, 1, 1, 'Hi')"
            )
        )
    engine.dispose()
    Store.upgrade(store_url)
    store = Store.open(store_url)
    with store.read() as transaction:
        rows = transaction.connection.execute(
            text("SELECT item, section_weights, cap FROM visit_scores")
        ).all()
    faults = store.faults()
    store.close()

    assert [("Hi", None, None)] == [tuple(row) for row in rows]
    assert [] == faults


def test_an_upgrade_takes_all_offers_for_new(store_url: str) -> None:
    """Of a store from before that was told, every version counts as new in its last batch."""
    engine = make_old(store_url, "0006")
    columns = "source, key, as_of, content_hash, batch_id, first_run_id, last_run_id, valid_from"
    at = "'2026-01-01 00:00:00.000000'"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO offers ({columns}, last_seen_at) "
                f"VALUES ('shop', 'a', {at}, 'x', 7, 1, 1, {at}, {at})"
            )
        )
    engine.dispose()
    Store.upgrade(store_url)
    store = Store.open(store_url)
    with store.read() as transaction:
        query = text("SELECT batch_id, content_batch_id FROM offers")
        rows = transaction.connection.execute(query).all()
    faults = store.faults()
    store.close()

    assert [(7, 7)] == [tuple(row) for row in rows]
    assert [] == faults


def test_an_upgrade_keeps_what_leads_where(store_url: str) -> None:
    """What led to an address is a link then, and what failed is known to have."""
    engine = make_old(store_url, "0007")
    columns = "source, url, kind, depth, position, via, found_pass, visited_pass, good, tries"
    rows = [
        ("sitemap", None, "2026-11-01 08:00:00.000000", True),
        ("lamp", "sitemap", "2026-11-01 09:00:00.000000", False),
    ]
    with engine.begin() as connection:
        for url, via, at, good in rows:
            connection.execute(
                text(
                    f"INSERT INTO addresses ({columns}, checked_at) VALUES "
                    "('prices', :url, 'page', 0, 1, :via, 3, 3, :good, 0, :at)"
                ),
                {"url": url, "via": via, "at": at, "good": good},
            )
    engine.dispose()
    Store.upgrade(store_url)
    store = Store.open(store_url)
    with store.read() as transaction:
        links = transaction.connection.execute(text("SELECT via, url, found_pass FROM links"))
        failed = transaction.connection.execute(
            text("SELECT url FROM addresses WHERE failed_at = checked_at AND lost = 0")
        )

        assert [("sitemap", "lamp", 3)] == [tuple(row) for row in links]
        assert ["lamp"] == list(failed.scalars())
    store.close()
