"""Erasing from columns: what was deleted in the store is in no file any more, or is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import text

from regard.columns import rebuild, sync_columns
from regard.columns.locking import exporter_lock
from regard.columns.manifest import read_manifest
from regard.columns.merging import Limits
from regard.errors import ConfigError, StoreBusy
from regard.store import Store
from regard.store.exporting import note_vanished

Fill = Callable[..., None]
NAME = "Wilhelmina-Erasmus"


def erase(store: Store) -> None:
    """Delete the person's rows, as erasure does: without a trace."""
    with store.write() as transaction:
        transaction.connection.execute(text("DELETE FROM customers WHERE name = :n"), {"n": NAME})


def files_with(folder: Path, name: str) -> list[str]:
    """Return the Parquet files in which a name can be read."""
    return [
        path.name
        for path in sorted(folder.glob("customers-*[0-9a-f].parquet"))
        if ".gone" not in path.name
        and duckdb.sql(f"SELECT 1 FROM '{path}' WHERE name = '{name}'").fetchall()
    ]


@pytest.fixture
def folder(store: Store, fill: Fill, tmp_path: Path) -> Path:
    """Return columns in whose base, delta and older generation a person is."""
    made = tmp_path / "columns"
    fill(store, "customer", [{"key": "1", "name": NAME}, {"key": "2", "name": "Ana"}])
    fill(store, "purchase", [{"key": "1"}])
    sync_columns(store, made)
    fill(store, "customer", [{"key": "3", "name": NAME}])
    sync_columns(store, made, limits=Limits(small_rows=0, percent=1_000))
    fill(store, "customer", [{"key": "4", "name": NAME}])
    sync_columns(store, made)

    assert 3 == len(files_with(made, NAME))
    return made


def test_erased(store: Store, folder: Path) -> None:
    """After a rebuild no file holds the person, and the other kinds' files are the same."""
    before = read_manifest(folder)
    erase(store)
    state = rebuild(store, folder, ["customer"])
    after = read_manifest(folder)

    assert before is not None
    assert after is not None
    assert state is not None
    assert ([], (), 1) == (files_with(folder, NAME), state.held, state.rows["customers"])
    assert before.kinds["purchases"] == after.kinds["purchases"]
    assert {*after.files} == {path.name for path in folder.glob("*.parquet")}


def test_rebuild_takes_in_what_is_new(store: Store, fill: Fill, folder: Path) -> None:
    """The kinds that are not rebuilt are brought up to date all the same."""
    fill(store, "purchase", [{"key": "2"}])
    erase(store)
    state = rebuild(store, folder, ["customer"])

    assert state is not None
    assert (2, True) == (state.rows["purchases"], state.current)
    assert not sync_columns(store, folder).rebuilt


_READER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from regard.columns import open_view
with open_view(Path(sys.argv[1]), now=datetime(2026, 1, 1, tzinfo=UTC), language="en",
               timezone="UTC", freshness=(), pseudonym_key=b"k" * 32) as view:
    print("open", flush=True)
    for line in sys.stdin:
        print(len(view.kind("customers").rows()), flush=True)
"""


@contextmanager
def reader(folder: Path) -> Iterator[Any]:
    """Run another process that has the columns open."""
    arguments = [sys.executable, "-c", _READER, str(folder)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            yield child
        finally:
            child.kill()


def test_reader_holds_old_files(store: Store, folder: Path) -> None:
    """Files that another process reads are named and go on to work; they go when it ends."""
    erase(store)
    with reader(folder) as child:
        state = rebuild(store, folder, ["customer"], reader_seconds=0.1)
        child.stdin.write("count\n")
        child.stdin.flush()
        answer = child.stdout.readline()

        assert state is not None
        assert ("4\n", list(state.held)) == (answer, files_with(folder, NAME))
        assert state.held
    later = rebuild(store, folder, [])

    assert later is not None
    assert ((), []) == (later.held, files_with(folder, NAME))


def test_killed_reader_holds_nothing(store: Store, folder: Path) -> None:
    """A reader that was killed while it had columns open holds no file."""
    erase(store)
    with reader(folder):
        pass
    state = rebuild(store, folder, ["customer"], reader_seconds=0)

    assert state is not None
    assert ((), []) == (state.held, files_with(folder, NAME))


def test_view_that_nobody_closed(store: Store, folder: Path, view_of: Callable[..., Any]) -> None:
    """A view that was thrown away without closing holds no file."""
    erase(store)
    view_of(folder).kind("customers")
    state = rebuild(store, folder, ["customer"], reader_seconds=0)

    assert state is not None
    assert () == state.held


def test_whoever_reads_first_rebuilds(store: Store, fill: Fill, folder: Path) -> None:
    """Where the store notes that rows are gone, whoever comes next leaves them out at once."""
    before = read_manifest(folder)
    fill(store, "purchase", [{"key": "2"}])
    erase(store)
    with store.write() as transaction:
        note_vanished(transaction, ["customers"], store.identity().batch_id)
    state = sync_columns(store, folder)
    after = read_manifest(folder)

    assert before is not None
    assert after is not None
    assert (True, []) == (state.rebuilt, files_with(folder, NAME))
    assert before.kinds["offers"] == after.kinds["offers"]
    assert not sync_columns(store, folder).rebuilt


def test_nothing_to_erase_from(store: Store, tmp_path: Path) -> None:
    """Where there are no columns none are made."""
    assert None is rebuild(store, tmp_path / "columns", ["customer"])
    assert not (tmp_path / "columns").exists()


def test_without_manifest(store: Store, folder: Path) -> None:
    """Files that no manifest names any more are removed as well."""
    (folder / "manifest.json").unlink()

    assert None is rebuild(store, folder, ["customer"])
    assert [] == [path.name for path in folder.iterdir() if path.name != ".lock"]


def test_unknown_kind(store: Store, folder: Path) -> None:
    """A kind that does not exist is an error that names the nearest."""
    with pytest.raises(ConfigError, match="did you mean 'customer'"):
        rebuild(store, folder, ["customers"])


def test_erasure_waits_for_the_exporter(store: Store, folder: Path) -> None:
    """While another process writes columns nothing is erased, and the error says so."""
    with exporter_lock(folder, timeout_seconds=0), pytest.raises(StoreBusy):
        rebuild(store, folder, ["customer"], timeout_seconds=0.1)
