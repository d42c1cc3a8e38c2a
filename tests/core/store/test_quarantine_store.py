"""Quarantine: refused records are kept whole, named once, and resolved by what comes later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regard.clock import FixedClock
from regard.store import Refused, RefusedRecord, Store, quarantine
from regard.store.quarantine import PutAside, pack, raw_hash, unpack

DAY = datetime(2026, 1, 31, 8, tzinfo=UTC)


def put(store: Store, refused: Sequence[Refused], run_id: int = 1, days: int = 0) -> PutAside:
    """Put records aside as a run does, some days later."""
    store.clock = FixedClock(DAY + timedelta(days=days))
    with store.write() as transaction:
        return quarantine.put_aside(
            transaction,
            refused,
            source="crm",
            stream="contacts",
            kind="customer",
            run_id=run_id,
            plugin="crm-export",
            plugin_version=None,
        )


def listed(store: Store, *, resolved: bool = False) -> list[RefusedRecord]:
    """Return what is in quarantine."""
    with store.read() as transaction:
        return quarantine.listed(transaction, resolved=resolved)


def refused(record: str = "1", reason: str = "bad-time", **values: Any) -> Refused:
    """Return a refused record."""
    return Refused(record, reason, "what is wrong", values.pop("raw", {"a": "b"}), **values)


def test_the_same_record_again_is_not_a_second_one(store: Store) -> None:
    """A record that is refused again for the same reason only moves its last sight."""
    first = put(store, [refused()])
    second = put(store, [refused()], run_id=2, days=1)
    (item,) = listed(store)

    assert (0, 1) == (first.again, len(first.fresh))
    assert (1, 0) == (second.again, len(second.fresh))
    assert (DAY, DAY + timedelta(days=1)) == (item.first_seen_at, item.last_seen_at)
    assert 2 == item.run_id


def test_another_reason_is_another_one(store: Store) -> None:
    """One record may be refused for two reasons, which are two entries."""
    aside = put(store, [refused(), refused(reason="bad-number"), refused(record="2")])

    assert 3 == len(aside.fresh)
    assert 3 == len(listed(store))


def test_twins_in_one_batch_are_one(store: Store) -> None:
    """The same faulty record twice in a batch is kept once, and neither was known before."""
    aside = put(store, [refused(), refused()])

    assert (0, 1) == (aside.again, len(aside.fresh))


def test_fresh_ones_have_number_reason_and_field(store: Store) -> None:
    """Whoever hears of refused records gets their numbers, in the store's own numbering."""
    aside = put(store, [refused(field="created_at"), refused(record="2", reason="bad-text")])
    with store.read() as transaction:
        items = [quarantine.one(transaction, number) for number, _, _ in aside.fresh]

    assert [("bad-time", "created_at"), ("bad-text", None)] == [
        (reason, field) for _, reason, field in aside.fresh
    ]
    assert ["1", "2"] == [item.record for item in items if item]


def test_many_at_once(store: Store) -> None:
    """Thousands of refused records are stored, found again and resolved."""
    many = [refused(str(number)) for number in range(1_300)]
    put(store, many)
    again = put(store, many, run_id=2)
    with store.write() as transaction:
        keys = [str(number) for number in range(1_300)]
        quarantine.resolve_stored(transaction, "crm", "contacts", keys, 3)

    assert 1_300 == again.again
    assert [] == listed(store)


def test_a_later_good_version_resolves(store: Store) -> None:
    """What was refused is resolved when a later run stores a good version of it."""
    put(store, [refused(), refused(record="2")])
    with store.write() as transaction:
        quarantine.resolve_stored(transaction, "crm", "contacts", ["1"], 2)

    assert ["2"] == [item.record for item in listed(store)]
    assert ["stored"] == [
        item.resolution for item in listed(store, resolved=True) if item.resolution
    ]


def test_the_same_runs_good_version_does_not_resolve(store: Store) -> None:
    """Of two versions in one run, the good one does not excuse the bad one."""
    put(store, [refused()], run_id=2)
    with store.write() as transaction:
        quarantine.resolve_stored(transaction, "crm", "contacts", ["1"], 2)

    assert 1 == len(listed(store))


def test_a_complete_reading_resolves_a_file(store: Store) -> None:
    """Whatever of a file was refused once and is not refused by a complete reading is resolved."""
    put(store, [refused(file="a.csv"), refused(record="2", file="b.csv")])
    put(store, [refused(record="3", file="a.csv")], run_id=2)
    with store.write() as transaction:
        quarantine.resolve_file(transaction, "crm", "contacts", "a.csv", 2)

    assert ["2", "3"] == sorted(item.record for item in listed(store))


def test_refused_again_is_open_again(store: Store) -> None:
    """What was resolved and is refused once more is open once more."""
    put(store, [refused()])
    with store.write() as transaction:
        quarantine.resolve_stored(transaction, "crm", "contacts", ["1"], 2)
    put(store, [refused()], run_id=3)

    assert [None] == [item.resolution for item in listed(store)]


@pytest.mark.parametrize(
    "raw",
    [
        "a line; of text\r\n",
        "",
        "half \ud800 of a pair and NUL \0",
        {"name": "Zoë", "n": None, "nested": {"a": [1, 2]}},
        {"nul": "a\0b", "broken": "\udcff"},
    ],
)
def test_payloads_come_back_whole(raw: Any, store: Store) -> None:
    """The payload of a refused record is kept to the last character."""
    aside = put(store, [refused(raw_hash(raw), raw=raw)])
    with store.read() as transaction:
        item = quarantine.one(transaction, aside.fresh[0][0])

    assert item is not None
    assert raw == item.raw


@pytest.mark.parametrize(
    "raw",
    [
        {1: "a", "b": 2},
        {"a": {1: 1, "b": 2}},
        {"a": float("nan")},
        {"a": Decimal("1.5"), "b": DAY, "c": b"\xff", "d": object},
        {"a": {1, 2}},
    ],
)
def test_payloads_of_any_shape_are_kept(raw: Any) -> None:
    """Whatever a plug-in yields can be put aside and named, the same way every time."""
    assert isinstance(unpack(pack(raw)), dict)
    assert raw_hash(raw) == raw_hash(dict(raw))


def test_endless_payloads_are_kept_as_far_as_they_go() -> None:
    """A payload that contains itself or is nested without measure stops nothing."""
    endless: dict[str, Any] = {}
    endless["self"] = endless
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert unpack(pack(endless))
    assert unpack(pack({"deep": deep, "name": "kept"}))["name"] == "kept"  # type: ignore[index]


@pytest.mark.parametrize(
    "name", ["a\0b", "half \udc80", "x" * 5_000], ids=["nul", "half-a-pair", "long"]
)
def test_a_hostile_name_stops_nobody(name: str, store: Store) -> None:
    """A key, a column or a file of an unstorable name does not keep its record out."""
    hostile = Refused(name, "bad-key", f"about {name}", {"a": 1}, name, f"{name}.csv", 1)
    put(store, [hostile, refused()])
    again = put(store, [hostile], run_id=2)

    assert 2 == len(listed(store))
    assert 1 == again.again


def test_the_list_and_its_summary(store: Store) -> None:
    """Refused records are listed the latest first, and counted by reason."""
    put(store, [refused(str(n)) for n in range(3)])
    put(store, [refused("9", "bad-text", field="name")], days=1)
    with store.read() as transaction:
        newest = quarantine.listed(transaction, limit=2)
        some = quarantine.listed(transaction, reason="bad-text", source="crm")
        none = quarantine.listed(transaction, source="other")
        why = quarantine.summary(transaction)
        absent = quarantine.one(transaction, 999)

    assert ["9", "2"] == [item.record for item in newest]
    assert ["9"] == [item.record for item in some]
    assert [] == none
    assert [
        ("crm", "contacts", "bad-time", None, 3),
        ("crm", "contacts", "bad-text", "name", 1),
    ] == why
    assert absent is None
