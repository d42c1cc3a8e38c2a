"""What becomes of records: the same, however they are cut into batches, on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from regard.records import KINDS, Encoded
from regard.runs import Counts
from regard.store import Deletion, Store
from regard.store.merging import Item, Known, plan_history, plan_upserts

Commit = Callable[..., Any]


def at(number: int) -> str:
    """Return the stored text of the n-th second."""
    return f"2026-01-01 00:00:{number:02d}.000000"


def record(key: str, content: str, second: int) -> Encoded:
    """Return a record of a kind without fields worth mentioning."""
    values = (None,) * len(KINDS["fact"].fields)
    return Encoded(key, at(second), content * 32, None, values)


ITEMS: st.SearchStrategy[Item] = st.one_of(
    st.builds(record, st.sampled_from("kl"), st.sampled_from("ab"), st.integers(1, 5)),
    st.builds(Deletion, st.sampled_from("kl"), st.integers(1, 5).map(at)),
)
STREAMS = st.lists(ITEMS, max_size=9)


@st.composite
def cut(draw: st.DrawFn) -> tuple[list[Item], list[list[Item]]]:
    """Return a stream of items whole, and cut into batches."""
    items = draw(STREAMS)
    places = sorted(draw(st.sets(st.integers(0, len(items)), max_size=4)))
    edges = [0, *places, len(items)]
    return items, [items[a:b] for a, b in pairwise(edges)]


@dataclass
class Latest:
    """A store of a kind whose latest version wins, in memory."""

    rows: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    def put(self, items: Sequence[Item]) -> None:
        """Decide one batch and apply what was decided."""
        known = {
            key: Known(key, as_of, content, 1, deleted_at)
            for key, (as_of, content, deleted_at) in self.rows.items()
        }
        plan = plan_upserts(items, known)
        for written in plan.write:
            gone = plan.gone.get(written.key)
            self.rows[written.key] = (written.as_of, written.content_hash, gone)
        for key, moment in plan.delete.items():
            self.rows[key] = (moment, self.rows[key][1], moment)
        self.counts.add(plan.counts)


@dataclass
class Versions:
    """A store of a kind that keeps every version, in memory."""

    rows: dict[tuple[str, str], list[str | None]] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    def put(self, items: Sequence[Item]) -> None:
        """Decide one batch and apply what was decided."""
        known: dict[str, Known] = {}
        for (key, since), (content, until, deleted, seen, as_of) in sorted(self.rows.items()):
            if until is None or deleted is not None:
                known[key] = Known(key, as_of or "", content or "", 1, deleted, since, seen or "")
        plan = plan_history(items, known)
        for place, moment in plan.touch.items():
            self.rows[place][3] = moment
        for place, (until, deleted) in plan.close.items():
            self.rows[place][1:3] = [until, deleted]
        for version in plan.write:
            self.rows[version.record.key, version.valid_from] = [
                version.record.content_hash,
                version.valid_to,
                version.deleted_at,
                version.last_seen_at,
                version.record.as_of,
            ]
        self.counts.add(plan.counts)

    def periods(self, key: str) -> list[tuple[str, str, str | None]]:
        """Return (content, from, to) of a key's versions, the earliest first."""
        return [
            ((row[0] or "")[0], since, row[1])
            for (name, since), row in sorted(self.rows.items())
            if name == key
        ]


def total(counts: Counts) -> int:
    """Return how many items the counts speak of."""
    values = counts.as_dict()
    values.pop("read")
    return sum(values.values())


def expected_total(items: Sequence[Item]) -> int:
    """Return how many items should be counted: all but deletions of what was never stored."""
    known: set[str] = set()
    count = 0
    for item in items:
        if not isinstance(item, Deletion):
            known.add(item.key)
        count += item.key in known
    return count


@settings(max_examples=200)
@given(cut())
def test_batches_do_not_change_the_latest(case: tuple[list[Item], list[list[Item]]]) -> None:
    """Where the latest wins, one batch and any number of them end the same and count the same."""
    items, batches = case
    whole, parts = Latest(), Latest()
    whole.put(items)
    for batch in batches:
        parts.put(batch)

    assert whole.rows == parts.rows
    assert whole.counts == parts.counts
    assert expected_total(items) == total(whole.counts)


@settings(max_examples=200)
@given(cut())
def test_batches_do_not_change_the_history(case: tuple[list[Item], list[list[Item]]]) -> None:
    """Where every version is kept, one batch and any number of them end and count the same."""
    items, batches = case
    whole, parts = Versions(), Versions()
    whole.put(items)
    for batch in batches:
        parts.put(batch)

    assert whole.rows == parts.rows
    assert whole.counts == parts.counts
    assert expected_total(items) == total(whole.counts)


@given(STREAMS)
def test_reading_again_changes_nothing(items: list[Item]) -> None:
    """Items in the order of their age leave the store as it is when they come again."""
    ordered = sorted(items, key=lambda item: item.as_of)
    store = Latest()
    store.put(ordered)
    before = dict(store.rows)
    store.put(ordered)
    final = {key: row for key, row in store.rows.items() if row[2] is None}
    expected = {key: row for key, row in before.items() if row[2] is None}

    assert {key: row[1] for key, row in expected.items()} == {
        key: row[1] for key, row in final.items()
    }


@settings(max_examples=200)
@given(STREAMS)
def test_periods_never_overlap(items: list[Item]) -> None:
    """A key's periods follow each other, and at most one of them is open."""
    store = Versions()
    store.put(items)
    for key in "kl":
        periods = store.periods(key)
        for (_, since, until), (_, later, _) in pairwise(periods):
            assert until is not None
            assert since <= until <= later
        assert all(until is None or since <= until for _, since, until in periods)


def test_there_and_back_makes_three_periods() -> None:
    """A price that changes and changes back has three periods, not one."""
    store = Versions()
    for content, second in (("a", 1), ("b", 2), ("a", 3)):
        store.put([record("k", content, second)])

    assert [("a", at(1), at(2)), ("b", at(2), at(3)), ("a", at(3), None)] == store.periods("k")


def test_seen_again_is_no_new_period() -> None:
    """An unchanged version only moves the time at which it was last seen."""
    store = Versions()
    for second in (1, 4, 2):
        store.put([record("k", "a", second)])

    assert [("a", at(1), None)] == store.periods("k")
    assert at(4) == store.rows["k", at(1)][3]
    assert Counts(new=1, unchanged=2) == store.counts


@pytest.mark.parametrize("make", [Latest, Versions])
def test_an_older_version_is_stale(make: Callable[[], Latest | Versions]) -> None:
    """A record older than the stored one never overwrites it."""
    store = make()
    store.put([record("k", "a", 3)])
    before = dict(store.rows)
    store.put([record("k", "b", 2)])

    assert before == store.rows
    assert Counts(new=1, stale=1) == store.counts


@pytest.mark.parametrize("make", [Latest, Versions])
def test_a_version_from_before_its_deletion_is_stale(
    make: Callable[[], Latest | Versions],
) -> None:
    """A record that was deleted does not come back by an older version of it."""
    store = make()
    store.put([record("k", "a", 1)])
    store.put([Deletion("k", at(4))])
    before = dict(store.rows)
    store.put([record("k", "b", 3)])
    store.put([record("k", "a", 3)])

    assert before == store.rows
    assert Counts(new=1, deleted=1, stale=2) == store.counts


@pytest.mark.parametrize("make", [Latest, Versions])
def test_a_deleted_record_may_come_back(make: Callable[[], Latest | Versions]) -> None:
    """A record that the source gives again after its deletion is current again."""
    store = make()
    for item in (record("k", "a", 1), Deletion("k", at(2)), Deletion("k", at(2))):
        store.put([item])
    store.put([record("k", "a", 3)])

    assert Counts(new=1, deleted=1, unchanged=1, changed=1) == store.counts
    if isinstance(store, Versions):
        assert [("a", at(1), at(2)), ("a", at(3), None)] == store.periods("k")
    else:
        assert (at(3), "a" * 32, None) == store.rows["k"]


@pytest.mark.parametrize("make", [Latest, Versions])
def test_an_older_deletion_is_stale(make: Callable[[], Latest | Versions]) -> None:
    """Word that a record is gone from before its stored version deletes nothing."""
    store = make()
    store.put([record("k", "a", 3), Deletion("k", at(2)), Deletion("l", at(2))])

    assert Counts(new=1, stale=1) == store.counts


def test_two_rows_of_one_file_under_one_key() -> None:
    """Of rows of one file that disagree under one key, the last is stored, the others are said."""
    items = [record("k", content, 1) for content in "aba"]
    plan = plan_upserts(items, {}, files=["f.csv"] * 3)

    assert [0, 1] == plan.overruled
    assert Counts(new=1, quarantined=2) == plan.counts
    assert ["a" * 32] == [written.content_hash for written in plan.write]


def test_equal_rows_of_one_file_are_harmless() -> None:
    """The same row twice in a file is unchanged the second time."""
    items = [record("k", "a", 1)] * 2
    plan = plan_upserts(items, {}, files=["f.csv"] * 2)

    assert Counts(new=1, unchanged=1) == plan.counts


def test_rows_of_two_files_are_versions() -> None:
    """What two files say under one key are two versions; the later file wins."""
    items = [record("k", "a", 1), record("k", "b", 1)]
    plan = plan_upserts(items, {}, files=["f.csv", "g.csv"])

    assert Counts(new=1, changed=1) == plan.counts


def stored(store: Store, kind: str) -> list[dict[str, Any]]:
    """Return a kind's rows without what differs between two stores by right."""
    table = KINDS[kind].table
    order = [*table.primary_key.columns]
    with store.read() as transaction:
        rows = transaction.connection.execute(select(table).order_by(*order))
        return [dict(row._mapping) for row in rows]


@pytest.fixture
def both(tmp_path: Any, postgres_url: str) -> Iterator[tuple[Store, Store]]:
    """Return an empty store on each database."""
    stores = (Store.open(f"sqlite:///{tmp_path / 'regard.db'}"), Store.open(postgres_url))
    yield stores
    for store in stores:
        store.close()


@pytest.mark.parametrize("kind", ["fact", "offer"])
def test_both_databases_agree(kind: str, both: tuple[Store, Store], commit: Commit) -> None:
    """Any stream of records and deletions leaves the same rows on SQLite and on PostgreSQL."""
    source = iter(range(10_000))
    empty = (None,) * len(KINDS[kind].fields)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cut())
    def prove(case: tuple[list[Item], list[list[Item]]]) -> None:
        name = f"s{next(source)}"
        for store in both:
            for batch in case[1]:
                items = [
                    item._replace(values=empty) if isinstance(item, Encoded) else item
                    for item in batch
                ]
                commit(store, kind, items, source=name)
        first, second = (stored(store, kind) for store in both)

        assert first == second

    prove()


@pytest.mark.parametrize("kind", ["fact", "offer"])
def test_the_store_does_what_was_decided(kind: str, store: Store, commit: Commit) -> None:
    """What a database holds after any batches is what deciding in memory foretells."""
    source = iter(range(10_000))
    empty = (None,) * len(KINDS[kind].fields)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cut())
    def prove(case: tuple[list[Item], list[list[Item]]]) -> None:
        name = f"s{next(source)}"
        model: Latest | Versions = Versions() if kind == "offer" else Latest()
        for batch in case[1]:
            items = [
                item._replace(values=empty) if isinstance(item, Encoded) else item
                for item in batch
            ]
            model.put(items)
            commit(store, kind, items, source=name)
        rows = [row for row in stored(store, kind) if row["source"] == name]
        actual = {}
        for row in rows:
            told = {k: _told(v) for k, v in row.items()}
            if kind == "offer":
                names = ("content_hash", "valid_to", "deleted_at", "last_seen_at", "as_of")
                actual[told["key"], told["valid_from"]] = [told[n] for n in names]
            else:
                actual[told["key"]] = (told["as_of"], told["content_hash"], told["deleted_at"])

        assert model.rows == actual

    prove()


def _told(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if hasattr(value, "hour") else value
