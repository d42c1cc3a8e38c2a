"""Columns are added to only where they are of this very store's past; else written whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.columns import sync_columns
from regard.columns.manifest import read_manifest
from regard.columns.merging import Limits
from regard.store import Store

Fill = Callable[..., None]
FOLLOW = Limits(small_rows=0, percent=1_000)


def first_files(folder: Path) -> tuple[str, ...]:
    """Return the base of the customers, which is a new one where columns are written whole."""
    manifest = read_manifest(folder)
    assert manifest is not None
    return manifest.kinds["customers"].base


@pytest.fixture
def folder(store: Store, fill: Fill, tmp_path: Path) -> Path:
    """Return columns of a store with three customers, which then got a fourth."""
    made = tmp_path / "columns"
    fill(store, "customer", [{"key": key} for key in "abc"])
    sync_columns(store, made)
    fill(store, "customer", [{"key": "d"}])
    return made


def change(folder: Path, where: tuple[str, ...], value: object) -> None:
    """Set one value of the manifest."""
    path = folder / "manifest.json"
    data = place = json.loads(path.read_text())
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    path.write_text(json.dumps(data))


def test_own_past(store: Store, folder: Path) -> None:
    """Columns of the store's own past are added to."""
    before = first_files(folder)
    sync_columns(store, folder, limits=FOLLOW)

    assert before == first_files(folder)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("format",), 1),
        (("format",), 3),
        (("store", "id"), "another"),
        (("store", "revision"), "older"),
        (("batch", "token"), "another"),
        (("batch", "id"), 99),
        (("batch", "id"), 0),
        (("kinds", "customers", "columns", "name"), "number"),
        (("kinds", "customers", "counts"), {}),
        (("kinds", "customers", "replaced"), {"x": 1}),
        (("kinds", "customers", "gone"), "x"),
        (("kinds", "customers", "base"), []),
        (("kinds", "customers", "base"), [".."]),
    ],
)
def test_mismatch(where: tuple[str, ...], value: object, store: Store, folder: Path) -> None:
    """Whatever does not fit in the manifest, the columns are written anew and right."""
    before = first_files(folder)
    change(folder, where, value)
    state = sync_columns(store, folder, limits=FOLLOW)

    assert set(before).isdisjoint(first_files(folder))
    assert 4 == state.rows["customers"]


def test_table_that_is_missing(store: Store, folder: Path) -> None:
    """A table that the columns do not have yet is added whole, though nothing was stored."""
    sync_columns(store, folder, limits=FOLLOW)
    before = first_files(folder)
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    del data["kinds"]["facts"]
    path.write_text(json.dumps(data))
    state = sync_columns(store, folder, limits=FOLLOW)

    assert (True, 0, before) == (state.rebuilt, state.rows["facts"], first_files(folder))


def test_restored_older_copy(store: Store, fill: Fill, tmp_path: Path, folder: Path) -> None:
    """A restored copy that ends before the columns do is noticed."""
    store.back_up(tmp_path / "copy.db")
    fill(store, "customer", [{"key": "e"}])
    sync_columns(store, folder, limits=FOLLOW)
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    state = sync_columns(copy, folder, limits=FOLLOW)
    copy.close()

    assert 4 == state.rows["customers"]


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_reused_batch_numbers(
    batches: int,
    store: Store,
    fill: Fill,
    tmp_path: Path,
    folder: Path,
    view_of: Callable[..., Any],
) -> None:
    """A restored copy that gave the exported numbers to other batches is noticed."""
    store.back_up(tmp_path / "copy.db")
    fill(store, "customer", [{"key": "lost"}])
    fill(store, "customer", [{"key": "lost too"}])
    sync_columns(store, folder, limits=FOLLOW)
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    for number in range(batches):
        fill(copy, "customer", [{"key": f"other {number}"}])
    sync_columns(copy, folder, limits=FOLLOW)
    copy.close()
    with view_of(folder) as view:
        keys = [key for (key,) in view.sql("SELECT key FROM customers ORDER BY key").rows()]

    assert [*"abcd", *(f"other {number}" for number in range(batches))] == keys


def test_restored_copy_that_goes_on(
    store: Store, fill: Fill, tmp_path: Path, folder: Path
) -> None:
    """A copy that holds all that was exported is this store's past and future: it is followed."""
    sync_columns(store, folder, limits=FOLLOW)
    before = first_files(folder)
    store.back_up(tmp_path / "copy.db")
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    fill(copy, "customer", [{"key": "e"}])
    state = sync_columns(copy, folder, limits=FOLLOW)
    copy.close()

    assert (before, 5) == (first_files(folder), state.rows["customers"])


def test_spoilt_file(store: Store, folder: Path) -> None:
    """A file that is as long as it was and yet no Parquet is written anew when it is needed."""
    path = folder / first_files(folder)[0]
    path.write_bytes(b"x" * path.stat().st_size)
    state = sync_columns(store, folder, limits=FOLLOW)

    assert 4 == state.rows["customers"]
    assert not path.exists() or path.name not in first_files(folder)


_LIBRARIES = """
import sqlite3, sys
from pathlib import Path

def libraries():
    files = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    return sorted(file for file in files if "sqlite" in file and ".so" in file)

before = libraries()
from datetime import UTC, datetime
from regard.columns import open_view, sync_columns
from regard.store import Store
folder = Path(sys.argv[2])
with open_view(
    sync_columns(Store.open(f"sqlite:///{sys.argv[1]}"), folder).folder,
    now=datetime(2026, 1, 1, tzinfo=UTC), language="en", timezone="UTC", freshness=(),
    pseudonym_key=b"k" * 32,
) as view:
    print(len(view.kind("customers").rows()), before == libraries(), len(before))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_one_sqlite(tmp_path: Path, folder: Path) -> None:
    """Writing and reading columns brings no second SQLite library into the process."""
    arguments = [sys.executable, "-c", _LIBRARIES, tmp_path / "regard.db", folder]
    said = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split()

    assert ["4", "True"] == said[:2]
    assert 1 <= int(said[2])
