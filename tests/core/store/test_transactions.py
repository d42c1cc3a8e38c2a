"""Transactions: whole or not at all, one after the other, and nothing is lost between them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from regard.clock import FixedClock
from regard.errors import RecordError
from regard.store import Store, cursors
from regard.store.batches import next_batch

COUNTERS = """
import os, sys, traceback
from sqlalchemy import text
from regard.store import Store

def count(url):
    store = Store.open(url)
    for _ in range(25):
        with store.write() as transaction:
            transaction.writer.lock()
            query = text("SELECT value FROM store_info WHERE name = 'count'")
            value = int(transaction.connection.execute(query).scalar_one())
            transaction.put("store_info", {"name": "count", "value": str(value + 1)})
    store.close()

children = []
for _ in range(4):
    child = os.fork()
    if not child:
        try:
            count(sys.argv[1])
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""


def test_four_processes_lose_no_update(store_url: str) -> None:
    """Processes that read, add one and write at the same time end with the right sum."""
    store = Store.open(store_url)
    with store.write() as transaction:
        transaction.put("store_info", {"name": "count", "value": "0"})
    done = subprocess.run(
        [sys.executable, "-c", COUNTERS, store_url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    with store.read() as transaction:
        query = text("SELECT value FROM store_info WHERE name = 'count'")
        value = transaction.connection.execute(query).scalar_one()
    store.close()

    assert "" == done.stderr
    assert "100" == value


def test_an_error_rolls_back(store: Store) -> None:
    """A transaction in which something goes wrong leaves nothing behind."""
    with pytest.raises(ZeroDivisionError), store.write() as transaction:
        transaction.put("store_info", {"name": "mark", "value": "x"})
        raise ZeroDivisionError
    with store.read() as transaction:
        query = text("SELECT count(*) FROM store_info WHERE name = 'mark'")
        count = transaction.connection.execute(query).scalar()

    assert 0 == count


def test_a_reader_sees_one_moment(store: Store) -> None:
    """What is written meanwhile does not appear in the middle of a report."""
    query = text("SELECT count(*) FROM batches")
    with store.read() as reading:
        before = reading.connection.execute(query).scalar()
        with store.write() as writing:
            next_batch(writing, 1, "s")
        during = reading.connection.execute(query).scalar()
    with store.read() as reading:
        after = reading.connection.execute(query).scalar()

    assert (0, 0, 1) == (before, during, after)


def test_batches_have_numbers_in_order_and_random_tokens(store: Store) -> None:
    """Batches are numbered from 1 on, and each has a token that nobody can repeat."""
    numbers = []
    for _ in range(3):
        with store.write() as transaction:
            transaction.writer.lock()
            numbers.append(next_batch(transaction, 1, "s"))
    with store.read() as transaction:
        tokens = list(transaction.connection.execute(text("SELECT token FROM batches")))

    assert [1, 2, 3] == numbers
    assert 3 == len(set(tokens))
    assert 3 == store.identity().batch_id


def test_the_databases_clock_is_right(store: Store) -> None:
    """The database tells the time in UTC, whatever zone its server lives in."""
    with store.read() as transaction:
        now = transaction.database_now()

    assert abs(now - datetime.now(UTC)) < timedelta(seconds=10)


def test_rows_carry_the_commands_time(store_url: str) -> None:
    """What is written carries the command's clock, not the database's."""
    moment = datetime(2020, 2, 29, 12, tzinfo=UTC)
    store = Store.open(store_url, clock=FixedClock(moment))
    with store.write() as transaction:
        cursors.save(transaction, "crm", "s", 5, run_id=1, batch_id=1)
    with store.read() as transaction:
        rows = list(transaction.connection.execute(text("SELECT updated_at FROM cursors")))
    store.close()

    assert "2020-02-29 12:00:00" in str(rows[0][0])


def test_cursors_are_logged_once_for_each_value(store: Store) -> None:
    """Every value a cursor had can be found again, and an equal one is not noted twice."""
    for value in (5, 5, 7):
        with store.write() as transaction:
            cursors.save(transaction, "crm", "s", value, run_id=1, batch_id=1)
    with store.write() as transaction:
        cursors.save(transaction, "crm", "s", 1, run_id=2, batch_id=2, purpose="backfill")
    with store.read() as transaction:
        live = cursors.load(transaction, "crm", "s")
        other = cursors.load(transaction, "crm", "t")
        query = text("SELECT value FROM cursor_log WHERE purpose = 'live' ORDER BY id")
        log = [json.loads(row[0])["value"] for row in transaction.connection.execute(query)]

    assert 7 == live
    assert other is None
    assert [5, 7] == log


def test_a_garbled_cursor_is_refused(store: Store) -> None:
    """A stored cursor that somebody broke is a clear error, never the beginning of time."""
    with store.write() as transaction:
        cursors.save(transaction, "crm", "s", 5, run_id=1, batch_id=1)
        transaction.connection.execute(text("UPDATE cursors SET value = 'garbage'"))
    with store.read() as transaction, pytest.raises(RecordError) as caught:
        cursors.load(transaction, "crm", "s")

    assert "bad-cursor" == caught.value.reason


def test_large_batches_are_stored_whole(
    store: Store, encode: Callable[..., Any], commit: Callable[..., Any]
) -> None:
    """Batches of more rows than one statement holds are stored and found again, all of them."""
    items = [encode("purchase", {"sku": str(n), "amount": n}, f"k{n}") for n in range(1_203)]
    first = commit(store, "purchase", items)
    again = commit(store, "purchase", items)
    with store.read() as transaction:
        count = transaction.connection.execute(text("SELECT count(*) FROM purchases")).scalar()

    assert (1_203, 0) == (first.counts.new, first.counts.unchanged)
    assert (0, 1_203) == (again.counts.new, again.counts.unchanged)
    assert 1_203 == count
    assert not again.writes


def test_the_first_run_is_never_forgotten(
    store: Store, encode: Callable[..., Any], commit: Callable[..., Any]
) -> None:
    """A changed row says which run stored it first and which one changed it last."""
    commit(store, "fact", [encode("fact", {"text": "a"})], run_id=1)
    commit(store, "fact", [encode("fact", {"text": "b"})], run_id=2)
    with store.read() as transaction:
        query = text("SELECT first_run_id, last_run_id, batch_id FROM facts")
        row = tuple(transaction.connection.execute(query).one())

    assert (1, 2, 2) == row


WATCHED = """
    import os, sys

    connected, opened = [], []

    def hear(event, arguments):
        if event == "sqlite3.connect":
            connected.append(arguments[0])
        # Making the private file before SQLite has it is harmless.
        if event == "open" and "regard.db" in str(arguments[0]) and connected:
            opened.append(str(arguments[0]))

    def tell():
        banned = ("adbc", "apsw", "connectorx", "pysqlite", "sqlite_scanner")
        modules = [name for name in sys.modules if name.lower().startswith(banned)]
        import sqlite3
        libraries = set()
        for line in open("/proc/self/maps"):
            name = line.split("/")[-1].strip()
            if "sqlite" in name:
                libraries.add(name)
        found = (bool(connected), opened, modules, sorted(libraries))
        print("watched", *found, file=sys.stderr, flush=True)

    def leave(code, leave=os._exit):
        tell()
        leave(code)

    os._exit = leave  # how the process that reads the source ends
    sys.addaudithook(hear)
    from regard.__main__ import main
    sys.argv = ["regard", *sys.argv[1:]]
    code = main()
    tell()
    sys.exit(code)
"""


def test_one_sqlite_library_and_no_plain_open(
    project: Callable[..., Path], tmp_path: Path
) -> None:
    """A run opens the store's files with one SQLite library only, and never as plain files."""
    plugin = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            yield from ctx.rows("box.csv")
    """
    folder = project(
        '[sources.box]\nplugin = "box"\n', {"box": plugin}, {"box.csv": "name,text\na,b\n"}
    )
    script = tmp_path / "watched.py"
    script.write_text(textwrap.dedent(WATCHED))
    done = subprocess.run(
        [sys.executable, str(script), "run", "box", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if line.startswith("watched ")]

    assert 0 == done.returncode, done.stderr
    assert 1 == json.loads(done.stdout)["runs"][0]["new"]
    assert 2 == len(told)
    assert all(line.startswith("watched True [] [] [") for line in told), told
    # The extension module and the one library behind it.
    assert all(line.count("libsqlite3") <= 1 for line in told), told
