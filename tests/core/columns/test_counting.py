"""How many records a source has: by the store's indexes, in the columns, and by looking at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from regard.columns import standings, sync_columns
from regard.errors import StoreMissing
from regard.records import KINDS
from regard.store import Store, counting, sources
from regard.store.merging import Deletion

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def by_looking(store: Store) -> dict[str, dict[str, int]]:
    """Count current records the slow way: row by row."""
    found: dict[str, dict[str, int]] = {}
    with store.read() as transaction:
        for kind in KINDS.values():
            for row in transaction.connection.execute(select(kind.table)):
                gone = row.deleted_at is not None
                if not gone and getattr(row, "valid_to", None) is None:
                    of = found.setdefault(row.source, {})
                    of[kind.name] = of.get(kind.name, 0) + 1
    return found


def counted(store: Store) -> dict[str, dict[str, int]]:
    """Count them as `regard status` does."""
    with store.read() as transaction:
        return counting.current(transaction)


@pytest.mark.parametrize("seed", range(4))
def test_counts_follow_whatever_becomes_of_records(
    any_store: Store,
    tmp_path: Path,
    encode: Callable[..., Any],
    commit: Callable[..., Any],
    seed: int,
) -> None:
    """Written, changed, deleted, revived, renamed and dropped: all ways of counting agree."""
    chance = random.Random(seed)
    for step in range(12):
        at = NOW - timedelta(days=30 - step)
        for kind in ("fact", "offer", "customer"):
            items: dict[str, Any] = {}
            for key in chance.sample("abcdefgh", chance.randint(1, 6)):
                if chance.random() < 0.3:
                    items[key] = Deletion(key, at.strftime("%Y-%m-%d %H:%M:%S.%f"))
                    continue
                said = str(chance.randint(1, 3))
                record = {"offer": {"price": said}, "fact": {"name": said}}
                items[key] = encode(kind, record.get(kind, {"name": said}), key, at)
            source = chance.choice(["till", "web"])
            commit(any_store, kind, list(items.values()), source=source)
        assert counted(any_store) == by_looking(any_store)
    with any_store.write() as transaction:
        sources.rename(transaction, "till", "shop")
    assert counted(any_store) == by_looking(any_store)
    sync_columns(any_store, tmp_path / "columns")
    held = standings(tmp_path / "columns", NOW)
    totals = {name: sum(kinds.values()) for name, kinds in by_looking(any_store).items()}
    assert {name: one.records for name, one in held.items()} == totals
    with any_store.write() as transaction:
        sources.drop(transaction, "web")
    assert counted(any_store) == by_looking(any_store)
    assert {one.source: one.records for one in any_store.freshness()} == {
        name: sum(kinds.values()) for name, kinds in by_looking(any_store).items()
    }


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_counting_reads_no_record_of_a_sqlite_store(store: Store, kind: str) -> None:
    """A probe asks each minute; the rows of a long table would be read each time."""
    rows = KINDS[kind].table
    conditions = (
        [[rows.c.deleted_at.is_(None), rows.c.valid_to.is_(None)]]
        if KINDS[kind].historic
        else [[], [rows.c.deleted_at.is_not(None)]]
    )
    for where in conditions:
        query = select(rows.c.source, func.count()).where(*where).group_by(rows.c.source)
        with store.read() as transaction:
            text = str(query.compile(transaction.connection))
            plan = transaction.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        assert all("USING COVERING INDEX" in row[3] for row in plan), plan


def test_the_newest_time_is_not_one_to_come(
    store: Store, tmp_path: Path, encode: Callable[..., Any], commit: Callable[..., Any]
) -> None:
    """A deal that may close next month is no news from next month."""
    times = ["2026-01-05T10:00:00.250001Z", "2026-02-10T10:00:00Z", "2026-04-01T10:00:00Z"]
    deals = [encode("purchase", {"ordered_at": each}, each) for each in times]
    commit(store, "purchase", deals, source="crm")
    commit(store, "purchase", deals[2:], source="later")
    sync_columns(store, tmp_path / "columns")
    held = standings(tmp_path / "columns", NOW)
    assert held["crm"].newest_at == datetime(2026, 2, 10, 10, tzinfo=UTC)
    assert held["later"].newest_at is None
    early = standings(tmp_path / "columns", datetime(2026, 1, 31, tzinfo=UTC))
    assert early["crm"].newest_at == datetime(2026, 1, 5, 10, 0, 0, 250001, tzinfo=UTC)


def test_columns_that_are_not_there_are_not_counted(tmp_path: Path) -> None:
    """Whoever asks is told which command writes them."""
    with pytest.raises(StoreMissing, match="regard report"):
        standings(tmp_path / "columns", NOW)
