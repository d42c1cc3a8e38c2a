"""Pruning: old runs are forgotten, and nothing that somebody may still ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from regard.clock import FixedClock
from regard.runs import Outcome, StreamSummary
from regard.store import Refused, RunStart, Store, cursors, pruning, quarantine, runs, state
from regard.store.transactions import table

DAY = datetime(2026, 1, 1, tzinfo=UTC)
Encode = Callable[..., Any]
Commit = Callable[..., Any]


def read(
    store: Store, day: int, source: str = "crm", *, reason: str = "manual", ends: bool = True
) -> int:
    """Leave behind what a run of some day does."""
    store.clock = FixedClock(DAY + timedelta(days=day))
    with store.write() as transaction:
        start = RunStart(source, "p", None, "", "test", reason)
        run_id = runs.begin(transaction, start)
        cursors.save(transaction, source, "s", day, run_id=run_id, batch_id=1)
        runs.put_stream(transaction, StreamSummary(source, "s", run_id), "fact")
        if ends:
            runs.finish(transaction, run_id, Outcome.OK, None)
    return run_id


def prune(store: Store, day: int = 100, **wanted: Any) -> pruning.Pruned:
    """Forget runs on some day."""
    store.clock = FixedClock(DAY + timedelta(days=day))
    with store.write() as transaction:
        return pruning.prune(transaction, pruning.prunable(transaction, **wanted))


def left(store: Store, name: str = "runs", column: str = "id") -> list[Any]:
    """Return what is left in a table."""
    with store.read() as transaction:
        found = table(name)
        query = select(found.c[column]).order_by(*found.primary_key.columns)
        return list(transaction.connection.execute(query).scalars())


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"keep": 1}, [4, 5]),
        ({"keep": 2}, [3, 4, 5]),
        ({"keep": 99}, [1, 2, 3, 4, 5]),
        ({"older_than": timedelta(days=98)}, [2, 3, 4, 5]),
        ({"older_than": timedelta(0)}, [4, 5]),
        ({"keep": 1, "source": "shop"}, [1, 2, 3, 4, 5]),
        ({"keep": 1, "source": "crm"}, [4, 5]),
    ],
)
def test_which_runs_stay(store: Store, wanted: dict[str, Any], kept: list[int]) -> None:
    """By number or by age old runs go; the last one of each source never does."""
    for day in range(1, 5):
        read(store, day)
    read(store, 1, "shop")
    prune(store, **wanted)

    assert kept == left(store)
    assert kept == left(store, "run_streams", "run_id")


def test_the_run_that_tells_how_current_a_source_is_stays(store: Store) -> None:
    """A replay or a backfill does not push out the last run that read on."""
    reading = read(store, 1)
    last = [read(store, day, reason="replay") for day in (2, 3)][-1]
    prune(store, keep=1)

    assert [reading, last] == left(store)


def test_a_running_one_stays(store: Store) -> None:
    """A run that has not ended is not forgotten."""
    running = read(store, 1, "crm", ends=False)
    last = read(store, 2, "shop")
    assert {running, last} == set(left(store))
    prune(store, older_than=timedelta(0))

    assert {running, last} == set(left(store))


def test_runs_of_open_refused_records_stay(store: Store) -> None:
    """How old a refused record is is known from its run, so that one stays."""
    first, last = read(store, 1), read(store, 2)
    with store.write() as transaction:
        quarantine.put_aside(
            transaction,
            [Refused("k", "bad-time", "what is wrong", {})],
            source="crm",
            stream="s",
            kind="fact",
            run_id=first,
            plugin="p",
            plugin_version=None,
        )
    prune(store, keep=1)

    assert [first, last] == left(store)


def test_one_can_still_go_back_to_what_is_left(store: Store) -> None:
    """The cursor's value at each run that stays is known, and older ones are forgotten."""
    numbers = [read(store, day) for day in range(1, 6)]
    done = prune(store, keep=2)
    assert [4, 5] == numbers[3:] == left(store)
    with store.write() as transaction:
        state.rewind(transaction, "crm", 4)
    with store.read() as transaction:
        value = cursors.load(transaction, "crm", "s")

    assert 4 == value
    assert 2 == done.cursors
    assert [3, 4, 5, 0] == left(store, "cursor_log", "run_id")


def test_batches_stay_while_a_record_belongs_to_them(
    store: Store, encode: Encode, commit: Commit
) -> None:
    """A batch that every record has left is forgotten, others are not, nor is the last one."""
    first, second, third = read(store, 1), read(store, 2), read(store, 3)
    for run_id, keys in ((first, "ab"), (second, "b"), (third, "")):
        facts = [encode("fact", {"name": str(run_id)}, key) for key in keys]
        commit(store, "fact", facts, run_id=run_id)
    commit(store, "fact", [encode("fact", {"name": "x"}, "b")], run_id=second)
    prune(store, keep=1)

    assert [third] == left(store)
    assert [1, 3] == left(store, "batches")
