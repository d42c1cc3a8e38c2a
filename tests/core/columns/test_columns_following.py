"""Columns that follow a store hold what columns written anew would hold, row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.columns import sync_columns
from regard.columns.manifest import KindFiles, Manifest, read_manifest
from regard.columns.merging import Limits, to_merge
from regard.store import Store
from regard.store.merging import Deletion

AT = datetime(2026, 1, 1, tzinfo=UTC)
EAGER = Limits(small_rows=0, percent=100, deltas=3, large_rows=4, small_files=2)
"""Makes deltas even of a handful of rows, and merges them after a few."""
PATIENT = Limits(small_rows=0, percent=1_000_000, deltas=1_000)
"""Never merges."""

Contents = Callable[[Path], dict[str, list[tuple[Any, ...]]]]
Write = Callable[..., None]


def read(folder: Path) -> Manifest:
    """Return the manifest, which must be there."""
    manifest = read_manifest(folder)
    assert manifest is not None
    return manifest


@pytest.fixture
def write(encode: Callable[..., Any], commit: Callable[..., Any]) -> Write:
    """Return what commits one batch: texts by key, None for a deletion."""

    def written(store: Store, kind: str, day: int, texts: dict[str, str | None]) -> None:
        at = AT + timedelta(days=day)
        field = {"offer": "seller", "review": "text"}.get(kind, "name")
        items = [
            Deletion(key, at.replace(tzinfo=None).isoformat(" ", "microseconds"))
            if text is None
            else encode(kind, {field: text}, key, at)
            for key, text in texts.items()
        ]
        commit(store, kind, items, run_id=day + 1)

    return written


def anew(store: Store, contents: Contents, **options: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return what columns hold that were written whole just now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "columns"
        sync_columns(store, folder, **options)
        assert all(not kind.deltas for kind in read(folder).kinds.values())
        return contents(folder)


_KEYS = st.sampled_from("abcdef")
_TEXTS = st.sampled_from(["A", "B", 'a "b"\n, c', None])
_BATCHES = st.tuples(
    st.sampled_from(["customer", "offer"]), st.dictionaries(_KEYS, _TEXTS, min_size=1)
)
_HISTORIES = st.lists(st.lists(_BATCHES, max_size=3), min_size=2, max_size=7)


def check_histories(
    histories: list[list[tuple[str, dict[str, str | None]]]],
    limits: Limits,
    write: Write,
    contents: Contents,
) -> None:
    """Follow a store through batches and compare after each round."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "columns"
        store = Store.open(f"sqlite:///{name}/regard.db")
        for day, batches in enumerate(histories):
            for kind, texts in batches:
                write(store, kind, day, texts)
            state = sync_columns(store, folder, limits=limits)
            found = contents(folder)

            assert anew(store, contents) == found
            assert {table: len(rows) for table, rows in found.items()} == state.rows
            assert read(folder).is_whole(folder)
        store.close()


_SETTINGS: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=5, **_SETTINGS)
@given(histories=_HISTORIES)
def test_any_history(histories: Any, write: Write, contents: Contents) -> None:
    """Whatever was stored, changed, deleted and seen again, following equals writing anew."""
    check_histories(histories, EAGER, write, contents)


@pytest.mark.slow
@pytest.mark.parametrize("limits", [EAGER, PATIENT, Limits()])
@settings(max_examples=40, **_SETTINGS)
@given(histories=_HISTORIES)
def test_many_histories(limits: Limits, histories: Any, write: Write, contents: Contents) -> None:
    """The same holds however seldom or often files are merged."""
    check_histories(histories, limits, write, contents)


def test_history_of_offers(
    any_store: Store, write: Write, contents: Contents, view_of: Callable[..., Any], tmp_path: Path
) -> None:
    """A, B, A makes three periods in columns that followed, and only the last is current."""
    folder = tmp_path / "columns"
    for day, text in enumerate(["A", "A", "B", "B", "A", None, "C"]):
        write(any_store, "offer", day, {"a": text, "b": "same"})
        sync_columns(any_store, folder, limits=PATIENT)
    with view_of(folder) as view:
        periods = view.sql(
            "SELECT seller, last_seen_at FROM offers_history WHERE key = 'a' ORDER BY valid_from"
        ).rows()
        current = view.sql("SELECT key, seller FROM offers ORDER BY key").rows()

    days = [("A", 1), ("B", 3), ("A", 4), ("C", 6)]

    assert [(text, AT + timedelta(days=day)) for text, day in days] == periods
    assert [("a", "C"), ("b", "same")] == current
    assert anew(any_store, contents) == contents(folder)


def test_new_rows_only(
    store: Store, fill: Callable[..., None], contents: Contents, tmp_path: Path
) -> None:
    """New records make a delta, leave all other files alone and replace nothing."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{"key": f"{n}"} for n in range(100)])
    sync_columns(store, folder)
    before = read(folder)
    fill(store, "customer", [{"key": "new"}])
    sync_columns(store, folder, limits=Limits(small_rows=0))
    after = read(folder)
    customers = after.kinds["customers"]

    assert before.kinds["customers"].base == customers.base
    assert (1, 101, None) == (len(customers.deltas), customers.rows, customers.gone)
    assert before.kinds["purchases"] == after.kinds["purchases"]
    assert anew(store, contents) == contents(folder)


def test_changed_rows(
    store: Store, write: Write, contents: Contents, tmp_path: Path, view_of: Callable[..., Any]
) -> None:
    """Changed and deleted records replace the old ones, which stay in the file, listed."""
    folder = tmp_path / "columns"
    write(store, "customer", 0, {f"{n:03}": "old" for n in range(100)})
    sync_columns(store, folder)
    write(store, "customer", 1, {"003": "new", "004": None, "005": "new"})
    sync_columns(store, folder, limits=Limits(small_rows=0))
    customers = read(folder).kinds["customers"]
    with view_of(folder) as view:
        counts = view.sql("SELECT name, count(*) AS n FROM customers GROUP BY 1 ORDER BY 1").rows()

    assert ([("new", 2), ("old", 97)], 100) == (counts, customers.rows)
    assert {customers.base[0]: 3} == customers.replaced
    assert anew(store, contents) == contents(folder)


def test_small_tables(store: Store, fill: Callable[..., None], tmp_path: Path) -> None:
    """A small table is written whole whenever it changes, and the others stay as they are."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{"key": "a"}])
    sync_columns(store, folder)
    before = read(folder).kinds
    fill(store, "customer", [{"key": "b"}])
    sync_columns(store, folder)
    after = read(folder).kinds

    assert ((), 2) == (after["customers"].deltas, after["customers"].rows)
    assert ["customers"] == [table for table in after if after[table] != before[table]]


def test_batches_without_rows(store: Store, fill: Callable[..., None], tmp_path: Path) -> None:
    """A batch that changed no record moves the manifest on and writes no file."""
    folder = tmp_path / "columns"
    fill(store, "customer", [{}])
    sync_columns(store, folder)
    before = read(folder)
    fill(store, "customer", [])
    state = sync_columns(store, folder)

    assert (before.kinds, ()) == (read(folder).kinds, read(folder).previous)
    assert before.batch_id + 1 == state.batch_id


@pytest.mark.parametrize(
    ("deltas", "replaced", "merged"),
    [
        ([], {}, []),
        ([5], {"b0": 100}, []),
        ([5], {"b0": 101}, ["b0"]),
        ([5], {"d0": 1}, ["d0"]),
        ([50, 50], {}, []),
        ([50, 51], {}, ["d0", "d1"]),
        ([1, 1, 1, 1], {"b0": 4}, ["d0", "d1", "d2", "d3"]),
        ([50, 51], {"b0": 101}, ["b0", "d0", "d1"]),
    ],
)
def test_what_is_merged(deltas: list[int], replaced: dict[str, int], merged: list[str]) -> None:
    """Many or large deltas are merged, and files a tenth of which is no longer valid."""
    counts = {"b0": 1000, **{f"d{n}": rows for n, rows in enumerate(deltas)}}
    kind = KindFiles(
        ("b0",),
        tuple(f"d{n}" for n in range(len(deltas))),
        counts=counts,
        replaced=replaced,
        gone="list" if replaced else None,
    )

    assert merged == sorted(to_merge(kind, Limits(deltas=3)))


def test_many_small_base_files_are_merged() -> None:
    """Base files come together when there are many; large ones stay as they are."""
    names = ("large", "a", "b", "c")
    kind = KindFiles(names, counts={"large": 600_000, "a": 9, "b": 9, "c": 9})

    assert set() == to_merge(kind, Limits(small_files=3))
    assert {"a", "b", "c"} == to_merge(kind, Limits(small_files=2))


def test_seen_again_and_again(
    store: Store, write: Write, contents: Contents, tmp_path: Path
) -> None:
    """Offers that are seen in every run do not pile up: what was replaced entirely is dropped."""
    folder = tmp_path / "columns"
    limits = Limits(small_rows=0, percent=20)
    write(store, "offer", 0, {f"{n:02}": "A" for n in range(50)})
    files = []
    for day in range(1, 6):
        write(store, "offer", day, {f"{n:02}": "A" for n in range(5)})
        sync_columns(store, folder, limits=limits)
        files.append(len(read(folder).kinds["offers"].data_files))

    assert [1, 2, 2, 2, 2] == files
    assert anew(store, contents) == contents(folder)


def test_reader_of_merged_files(
    store: Store, write: Write, tmp_path: Path, view_of: Callable[..., Any]
) -> None:
    """An open view shows its moment however often files are written and merged meanwhile."""
    folder = tmp_path / "columns"
    write(store, "customer", 0, {"a": "0", "b": "0"})
    sync_columns(store, folder, limits=EAGER)
    with view_of(folder) as view:
        for day in range(1, 8):
            write(store, "customer", day, {"a": f"{day}", f"new {day}": "x"})
            sync_columns(store, folder, limits=EAGER)

            assert [("a", "0"), ("b", "0")] == view.sql(
                "SELECT key, name FROM customers ORDER BY key"
            ).rows()
    sync_columns(store, folder)
    write(store, "customer", 9, {"a": "last"})
    sync_columns(store, folder, limits=EAGER)
    known = {*read(folder).files, *read(folder).previous}

    assert known == {path.name for path in folder.glob("*.parquet")}
