"""Whoever kills the exporter, at whatever instant, finds columns of one moment and a way on."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from regard.columns import sync_columns
from regard.columns.manifest import Manifest, read_manifest
from regard.store import Store

_KILLS = 32
_ROWS = 40
# Each batch gives all customers one name and adds an offer, so that any moment of the store
# has one name only. The limits make it add, list and merge in turn.
_CHILD = """
import runpy, sys
from pathlib import Path
from regard.columns import sync_columns
from regard.columns.merging import Limits
from regard.store import Store
from sqlalchemy import text
limits = Limits(small_rows=0, percent=250, deltas=2, large_rows=100, small_files=1)
fill = runpy.run_path(sys.argv[1])["fill"]
store, folder = Store.open(f"sqlite:///{sys.argv[2]}"), Path(sys.argv[3])
print("ready", flush=True)
for turn in range(1_000):
    name = f"{sys.argv[4]}-{turn}"
    fill(store, "offer", [{"key": name}])
    with store.write() as transaction:
        number = transaction.connection.execute(text("SELECT max(id) FROM batches")).scalar()
        chosen = {"name": name, "id": number}
        transaction.connection.execute(
            text("UPDATE customers SET name = :name, batch_id = :id"), chosen)
    sync_columns(store, folder, limits=limits)
"""


@contextmanager
def exporter(arguments: list[Any]) -> Iterator[None]:
    """Run a child that writes columns, from when it is ready, and kill it in the end."""
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            yield
        finally:
            child.kill()


def stage(folder: Path, manifest: Manifest) -> str:
    """Say what the exporter was doing when it was killed, from what it left."""
    if (folder / "manifest.json.new").exists():
        return "manifest"
    known = {*manifest.files, *manifest.previous}
    left = {path.name for path in folder.glob("*.parquet")} - known
    if any(".gone" in name for name in left):
        return "list"
    if left:
        return "files"
    return "export" if [*folder.glob(".work-*")] else "between"


@pytest.mark.slow
def test_killed_at_any_instant(
    tmp_path: Path,
    fill: Callable[..., None],
    view_of: Callable[..., Any],
    contents: Callable[[Path], Any],
) -> None:
    """After every kill a reader sees one moment; in the end nothing is missing or left over."""
    database, folder = tmp_path / "regard.db", tmp_path / "columns"
    store = Store.open(f"sqlite:///{database}")
    fill(store, "customer", [{"key": f"{n}", "name": "first"} for n in range(_ROWS)])
    sync_columns(store, folder)
    store.close()
    chance = random.Random(7)
    filling = Path(__file__).with_name("filling.py")
    stages: Counter[str] = Counter()
    merged = set()
    for turn in range(_KILLS):
        with exporter([sys.executable, "-c", _CHILD, filling, database, folder, str(turn)]):
            time.sleep(chance.uniform(0.02, 0.9))
        manifest = read_manifest(folder)
        assert manifest is not None
        stages[stage(folder, manifest)] += 1
        merged.update(manifest.kinds["offers"].base)
        with view_of(folder) as view:
            names = view.sql("SELECT DISTINCT name FROM customers").rows()
            rows = view.sql("SELECT count(*) AS n FROM customers").one()["n"]

        assert (True, 1, _ROWS) == (manifest.is_whole(folder), len(names), rows)
    store = Store.open(f"sqlite:///{database}")
    sync_columns(store, folder)
    sync_columns(store, tmp_path / "anew")
    store.close()
    last = read_manifest(folder)

    assert last is not None
    assert contents(tmp_path / "anew") == contents(folder)
    assert {*last.files, *last.previous} == {path.name for path in folder.glob("*.parquet")}
    assert [] == [path.name for path in folder.iterdir() if path.name.startswith(".work-")]
    # Otherwise the kills missed what they should hit.
    assert 2 <= len(stages)
    assert 2 <= len(merged), stages
