"""Columns follow the store, survive whatever is done to them, and are written by one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from regard.columns import sync_columns
from regard.columns.locking import exporter_lock
from regard.columns.manifest import read_manifest
from regard.errors import StoreBusy, StoreError
from regard.store import Store

Fill = Callable[..., None]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that every user may enter; pytest's own are the owner's only."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user without rights: the tests may run as root, who may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": 99}', "null"])
def test_broken_manifest(content: str, store: Store, fill: Fill, tmp_path: Path) -> None:
    """A manifest that cannot be read leads to new columns, not to an error."""
    fill(store, "customer", [{}])
    folder = tmp_path / "columns"
    folder.mkdir()
    (folder / "manifest.json").write_text(content)

    state = sync_columns(store, folder)

    assert (True, 1) == (state.rebuilt, state.rows["customers"])


def test_manifest_that_points_elsewhere(store: Store, tmp_path: Path) -> None:
    """A manifest may name files of its own folder only."""
    folder = tmp_path / "columns"
    sync_columns(store, folder)
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    data["kinds"]["customers"]["base"] = ["../regard.db"]
    path.write_text(json.dumps(data))

    assert None is read_manifest(folder)
    assert sync_columns(store, folder).rebuilt


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_damaged_file(damage: str, store: Store, fill: Fill, tmp_path: Path) -> None:
    """A file that is gone or shorter than it was leads to new columns."""
    fill(store, "customer", [{}])
    folder = tmp_path / "columns"
    sync_columns(store, folder)
    path = next(folder.glob("customers-*.parquet"))
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])

    assert sync_columns(store, folder).rebuilt


def test_nothing_to_do(any_store: Store, fill: Fill, tmp_path: Path) -> None:
    """Columns of an unchanged store are left alone, and changed ones are written anew."""
    folder = tmp_path / "columns"
    fill(any_store, "customer", [{}])
    first = sync_columns(any_store, folder)
    second = sync_columns(any_store, folder)
    fill(any_store, "purchase", [{}, {}])
    third = sync_columns(any_store, folder)

    assert [True, False, True] == [first.rebuilt, second.rebuilt, third.rebuilt]
    assert (first.written_at, 2) == (second.written_at, third.rows["purchases"])


def test_leftovers_without_anything_to_write(store: Store, fill: Fill, tmp_path: Path) -> None:
    """What an exporter left that was killed at its very end goes, though nothing is new."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{}])
    sync_columns(store, folder)
    before = {path.name for path in folder.iterdir()}
    manifest = read_manifest(folder)
    assert manifest is not None
    shutil.copy(folder / manifest.files[0], folder / "customers-000000-0123abcd.gone.parquet")
    (folder / ".work-0123abcd").mkdir()
    (folder / "manifest.json.new").write_text("{")
    (folder / "mine.parquet").write_text("x")
    state = sync_columns(store, folder)

    assert not state.rebuilt
    assert {*before, "mine.parquet"} == {path.name for path in folder.iterdir()}


def test_restored_backup(store: Store, fill: Fill, tmp_path: Path) -> None:
    """A restored copy that then took another way is noticed, though it counts the same."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{}])
    store.back_up(tmp_path / "copy.db")
    fill(store, "customer", [{"key": "a"}])
    sync_columns(store, folder)
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    fill(copy, "customer", [{"key": "b"}, {"key": "c"}])
    state = sync_columns(copy, folder)
    copy.close()

    assert (True, 3) == (state.rebuilt, state.rows["customers"])


def test_deleted_folder(store: Store, fill: Fill, tmp_path: Path) -> None:
    """Deleting the columns loses nothing."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{}])
    before = sync_columns(store, folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()

    assert before.rows == sync_columns(store, folder).rows


def test_foreign_files_stay(store: Store, tmp_path: Path) -> None:
    """What somebody else put into the folder is not touched, not even Parquet."""
    folder = tmp_path / "columns"
    folder.mkdir()
    for name in ("mine.parquet", "notes.txt"):
        (folder / name).write_text("x")
    sync_columns(store, folder)

    assert {"mine.parquet", "notes.txt"} <= {path.name for path in folder.iterdir()}


def test_readers_keep_one_generation(
    store: Store, fill: Fill, tmp_path: Path, view_of: Callable[..., Any]
) -> None:
    """Who has columns open can go on reading them while they are written anew."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{}])
    sync_columns(store, folder)
    with view_of(folder) as view:
        fill(store, "customer", [{"key": "new"}])
        sync_columns(store, folder)

        assert 1 == view.sql("SELECT count(*) AS n FROM customers").one()["n"]
    sync_columns(store, folder)
    fill(store, "customer", [{"key": "newer"}])
    sync_columns(store, folder)

    assert 2 == len(list(folder.glob("customers-*.parquet")))


def test_full_text(
    any_store: Store, fill: Fill, tmp_path: Path, view_of: Callable[..., Any]
) -> None:
    """Texts come through as they are: quotes, line breaks, blanks, signs of any script."""
    texts = [
        "",
        " ",
        "NULL",
        "a\nb",
        "a\r\nb\rc",
        '"',
        '""',
        "a,b",
        "\\",
        "'",
        "é 😀 \u2028 \u202e",
        "\x1b[0m",
    ]
    texts += ["long " * 500_000]
    fill(any_store, "customer", [{"key": f"{n:02}", "name": text} for n, text in enumerate(texts)])
    folder = tmp_path / "columns"
    sync_columns(any_store, folder)
    with view_of(folder) as view:
        found = view.sql("SELECT name FROM customers ORDER BY key").rows()

    assert texts == [name for (name,) in found]


def test_read_only_folder(store: Store, fill: Fill, open_folder: Path) -> None:
    """Who may not write uses the columns as they are and is told that they are old."""
    folder = open_folder / "columns"
    fill(store, "customer", [{}])
    written = sync_columns(store, folder)
    fill(store, "customer", [{"key": "later"}])
    folder.chmod(0o555)
    (folder / ".lock").chmod(0o444)
    identity = store.identity()
    with nobody():
        state = sync_columns(_Fixed(identity), folder)

    assert (False, False) == (state.current, state.rebuilt)
    assert (written.written_at, 1) == (state.written_at, state.rows["customers"])
    folder.chmod(0o755)


def test_read_only_without_columns(store: Store, open_folder: Path) -> None:
    """Where nothing can be written and nothing is there, the message says both."""
    folder = open_folder / "columns"
    folder.mkdir(mode=0o555)
    with nobody(), pytest.raises(StoreError, match=r"no columns yet.*Permission denied"):
        sync_columns(_Fixed(store.identity()), folder)
    folder.chmod(0o755)


def test_read_only_of_another_store(store: Store, tmp_path: Path, open_folder: Path) -> None:
    """Columns of another store are never taken for ours."""
    folder = open_folder / "columns"
    sync_columns(store, folder)
    other = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    identity = other.identity()
    other.close()
    folder.chmod(0o555)
    (folder / ".lock").chmod(0o444)
    with nobody(), pytest.raises(StoreError, match="of another store"):
        sync_columns(_Fixed(identity), folder)
    folder.chmod(0o755)


class _Fixed:
    """The identity of a store that the other user cannot open."""

    def __init__(self, identity: Any) -> None:
        self._identity = identity

    def identity(self) -> Any:
        """Return it."""
        return self._identity

    def tables(self) -> Any:
        """Nothing is exported."""
        raise NotImplementedError

    def snapshot(self) -> Any:
        """Nothing is exported."""
        raise NotImplementedError


def test_another_exporter_too_long(store: Store, tmp_path: Path) -> None:
    """Who waits too long for another exporter is told which process it is."""
    folder = tmp_path / "columns"
    folder.mkdir()
    with (
        exporter_lock(folder, timeout_seconds=0),
        pytest.raises(StoreBusy, match=rf"pid {os.getpid()}\b.*more than 0\.1 s"),
    ):
        sync_columns(store, folder, timeout_seconds=0.1)


def test_two_exporters(store: Store, fill: Fill, tmp_path: Path) -> None:
    """Of two exporters one writes, and the other waits and uses what it wrote."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{}])
    results: list[bool] = []

    def export() -> None:
        results.append(sync_columns(store, folder).rebuilt)

    threads = [threading.Thread(target=export) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [False, False, True] == sorted(results)


_KILLED = """
import runpy, sys
from pathlib import Path
from regard.columns import sync_columns
from regard.store import Store
fill = runpy.run_path(sys.argv[1])["fill"]
store = Store.open(f"sqlite:///{sys.argv[2]}")
for turn in range(1000):
    fill(store, "customer", [{"key": f"{sys.argv[4]}-{turn}-{n}"} for n in range(10)])
    sync_columns(store, Path(sys.argv[3]))
    print("written", flush=True)
"""


def test_killed_exporter(tmp_path: Path, view_of: Callable[..., Any]) -> None:
    """Killing the exporter at any instant leaves columns of one moment, and the next goes on."""
    filling = Path(__file__).with_name("filling.py")
    database, folder = tmp_path / "regard.db", tmp_path / "columns"
    seen = []
    for turn in range(4):
        arguments = [sys.executable, "-c", _KILLED, filling, database, folder, str(turn)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.02 + turn * 0.017)
            child.send_signal(signal.SIGKILL)
        manifest = read_manifest(folder)
        assert manifest is not None
        with view_of(folder) as view:
            rows = view.sql("SELECT count(*) AS n FROM customers").one()["n"]
        seen.append((manifest.is_whole(folder), rows % 10))
    store = Store.open(f"sqlite:///{database}")
    sync_columns(store, folder)
    store.close()

    assert [(True, 0)] * 4 == seen
    assert [] == [path.name for path in folder.iterdir() if path.name.startswith(".work-")]
