"""Sources in the store: listed, renamed and dropped, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from regard.columns import open_view, sync_columns
from regard.errors import LeaseHeld, UsageError
from regard.findings import Finding
from regard.notifiers import Notice
from regard.records import KINDS, metadata
from regard.runs import Outcome, StreamSummary
from regard.sources import Stream
from regard.store import (
    Refused,
    RunStart,
    Store,
    cursors,
    files,
    findings,
    leases,
    notices,
    quarantine,
    runs,
    sources,
    streams,
)
from regard.store.files import FileState
from regard.store.transactions import table

Encode = Callable[..., Any]
Commit = Callable[..., Any]
NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def begin(store: Store, name: str) -> int:
    """Leave a run behind that has not ended."""
    with store.write() as transaction:
        return runs.begin(transaction, RunStart(name, "crm-export", None, "", "test"))


@pytest.fixture
def fill(encode: Encode, commit: Commit) -> Callable[..., None]:
    """Return what gives a source something in every table."""

    def filled(store: Store, name: str) -> None:
        run_id = begin(store, name)
        facts = [encode("fact", {"name": "x"}, str(number)) for number in range(3)]
        commit(store, "fact", facts, source=name, run_id=run_id)
        commit(store, "offer", [encode("offer", {"price": "1"}, "o")], source=name, run_id=run_id)
        with store.write() as transaction:
            bad = Refused("k", "bad-time", "what is wrong", {"a": "b"})
            quarantine.put_aside(
                transaction,
                [bad],
                source=name,
                stream="s",
                kind="fact",
                run_id=run_id,
                plugin="p",
                plugin_version=None,
            )
            cursors.save(transaction, name, "s", 1, run_id=run_id, batch_id=1)
            known = FileState("s", f"{name}.csv", 9, 9, "abc", 3, complete=True, recipe="r")
            files.save(transaction, name, known, run_id)
            streams.save(transaction, name, Stream("s", "fact"), "p", run_id)
            findings.save(transaction, name, Finding("c", "text", subject="s"), run_id)
            lease = leases.acquire(transaction, f"source:{name}", run_id)
            leases.release(transaction, lease)
            runs.put_stream(transaction, StreamSummary(name, "s", run_id), "fact")
            runs.finish(transaction, run_id, Outcome.OK, None)

    return filled


def contents(store: Store) -> dict[str, list[Any]]:
    """Return everything that the store holds, table by table."""
    with store.read() as transaction:
        return {
            found.name: [
                tuple(row)
                for row in transaction.connection.execute(
                    select(found).order_by(*found.primary_key.columns)
                )
            ]
            for found in metadata.sorted_tables
        }


def count(store: Store, name: str) -> int:
    """Return how many rows of all tables name a source."""
    with store.read() as transaction:
        held = sources.held(transaction, name)
        lease = transaction.connection.execute(
            select(func.count()).where(table("leases").c.name == f"source:{name}")
        ).scalar_one()
    return sum(held.values()) + int(lease)


def rename(store: Store, old: str, new: str) -> dict[str, int]:
    """Rename a source."""
    with store.write() as transaction:
        return sources.rename(transaction, old, new)


def drop(store: Store, name: str) -> dict[str, int]:
    """Drop a source."""
    with store.write() as transaction:
        return sources.drop(transaction, name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("crn", "new", "nothing of a source 'crn'; did you mean 'crm'?"),
        ("crm", "crm", "'crm' is no other name"),
        ("crm", "a b", "'a b' is no other name"),
        ("crm", "", "'' is no other name"),
        ("crm", "shop", "holds a source 'shop' already"),
    ],
)
def test_what_cannot_be_renamed(
    store: Store, fill: Callable[..., None], old: str, new: str, said: str
) -> None:
    """A source that is not there and a name that is taken or none are refused."""
    fill(store, "crm")
    fill(store, "shop")
    before = contents(store)

    with pytest.raises(UsageError) as caught:
        rename(store, old, new)
    assert said in str(caught.value)
    assert before == contents(store)


def test_nobody_renames_or_drops_what_is_read(store: Store, fill: Callable[..., None]) -> None:
    """While a source is read, under either name, it is left alone."""
    fill(store, "crm")
    for busy in ("crm", "new"):
        with store.write() as transaction:
            lease = leases.acquire(transaction, f"source:{busy}", 1)
        with pytest.raises(LeaseHeld):
            rename(store, "crm", "new")
        if busy == "crm":
            with pytest.raises(LeaseHeld):
                drop(store, "crm")
        with store.write() as transaction:
            leases.release(transaction, lease)

    assert 3 + 1 == sum(sources_of(store)["crm"].rows.values())


def sources_of(store: Store) -> dict[str, sources.StoredSource]:
    """Return the stored sources by name."""
    with store.read() as transaction:
        return {item.name: item for item in sources.stored(transaction)}


def test_all_of_it_is_renamed(store: Store, fill: Callable[..., None]) -> None:
    """Everything that the store held of the old name it holds of the new one, and no other's."""
    fill(store, "crm")
    fill(store, "shop")
    shop, all_of_it = sources_of(store)["shop"], sources_of(store)["crm"]
    moved = rename(store, "crm", "new")
    now = sources_of(store)

    assert 0 == count(store, "crm")
    assert {"new", "shop"} == now.keys()
    assert shop == now["shop"]
    assert (all_of_it.rows, 1, 1) == (now["new"].rows, now["new"].quarantined, now["new"].files)
    assert 3 == moved["facts"]
    with store.read() as transaction:
        assert 1 == cursors.load(transaction, "new", "s")
        assert {"s": None} == streams.keys(transaction, "new")


def test_a_failed_first_run_does_not_take_the_name(
    store: Store, fill: Callable[..., None]
) -> None:
    """The run that was refused because of the orphan leaves the new name free."""
    fill(store, "crm")
    run_id = begin(store, "new")
    with store.write() as transaction:
        streams.save(transaction, "new", Stream("s", "fact"), "p", run_id)
        findings.save(transaction, "new", Finding("c", "text", subject="s"), run_id)
    rename(store, "crm", "new")

    assert 2 == len([row for row in contents(store)["runs"] if "new" in row])


def test_what_notices_speak_of(store: Store, fill: Callable[..., None]) -> None:
    """Notices of the old name are of the new one, but where somebody was told already."""
    fill(store, "crm")
    said = [("crm", "monday"), ("crm", "friday"), ("new", "friday"), ("shop", "monday")]
    with store.write() as transaction:
        for name, occasion in said:
            notice = Notice(0, f"source:{name}", "failed", "warning", "It failed.", NOW)
            notices.put(transaction, "ops", notice, occasion)
    rename(store, "crm", "new")
    rows = table("notices")
    with store.read() as transaction:
        found = transaction.connection.execute(select(rows.c.subject, rows.c.occasion)).all()

    assert {
        ("source:new", "monday"),
        ("source:new", "friday"),
        ("source:crm", "friday"),
        ("source:shop", "monday"),
    } == {tuple(row) for row in found}


def test_where_fetched_files_lie(store: Store, fill: Callable[..., None]) -> None:
    """Files that were fetched are known by the new name's folder, and others as they were."""
    fill(store, "crm")
    state = FileState("s", "inbox/crm/a_b.csv", 1, 1, "x", 1, complete=True, recipe="")
    with store.write() as transaction:
        files.save(transaction, "crm", state, 1)
    rename(store, "crm", "new")
    with store.read() as transaction:
        paths = {each.path for each in files.load(transaction, "new")}

    assert "inbox/new/a_b.csv" in paths
    assert not any(path.startswith("inbox/crm") for path in paths)


def test_rows_keep_their_stream(store: Store, fill: Callable[..., None]) -> None:
    """After a rename the batch of a row still tells the stream that it came from."""
    fill(store, "crm")
    rename(store, "crm", "new")
    batches = table("batches")
    facts = KINDS["fact"].table
    with store.read() as transaction:
        query = select(batches.c.stream).join(facts, facts.c.batch_id == batches.c.id).distinct()
        found = transaction.connection.execute(query).scalars().all()

    assert ["fact"] == found


def test_columns_follow(store: Store, fill: Callable[..., None], tmp_path: Path) -> None:
    """Columns of before show neither the old name after a rename nor what was dropped."""
    fill(store, "crm")
    fill(store, "shop")
    folder = tmp_path / "columns"

    def shown() -> list[Any]:
        sync_columns(store, folder)
        with open_view(
            folder,
            now=NOW,
            language="en",
            timezone="UTC",
            freshness=(),
            pseudonym_key=b"k" * 16,
        ) as view:
            query = "SELECT source, count(*) FROM facts GROUP BY source ORDER BY source"
            return view.sql(query).rows()

    assert [("crm", 3), ("shop", 3)] == shown()
    rename(store, "crm", "new")
    assert [("new", 3), ("shop", 3)] == shown()
    drop(store, "new")
    assert [("shop", 3)] == shown()


def test_all_of_it_is_dropped(store: Store, fill: Callable[..., None]) -> None:
    """Nothing of a dropped source is left but that somebody was erased from it."""
    fill(store, "shop")
    before = contents(store)
    fill(store, "crm")
    with store.write() as transaction:
        erased = {"identifier": "h", "source": "crm", "kind": "customer"}
        transaction.put("privacy_tombstones", {**erased, "erased_at": transaction.now})
    counts = drop(store, "crm")
    after = contents(store)

    assert (3, 1, 1) == (counts["facts"], counts["offers"], counts["quarantine"])
    assert 0 == count(store, "crm")
    assert 1 == len(after.pop("privacy_tombstones"))
    before.pop("privacy_tombstones")
    marks, kept = after.pop("batches"), before.pop("batches")
    assert [row[0] for row in kept] == [row[0] for row in marks][: len(kept)]
    assert before == after


def test_a_batchs_number_is_never_given_again(
    store: Store, fill: Callable[..., None], encode: Encode, commit: Commit
) -> None:
    """What is stored after a drop has a later batch than everything before it."""
    fill(store, "crm")
    last = max(row[0] for row in contents(store)["batches"])
    drop(store, "crm")
    commit(store, "fact", [encode("fact", {"name": "x"}, "1")], source="crm")

    assert all(row[0] > last for row in contents(store)["batches"])


def test_a_source_that_is_not_there(store: Store) -> None:
    """What the store does not hold cannot be dropped."""
    with pytest.raises(UsageError, match="nothing of a source 'crm'"):
        drop(store, "crm")
