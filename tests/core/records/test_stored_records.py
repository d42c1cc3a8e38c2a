"""Every kind goes into both databases and comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from regard.records import KINDS, Encoded
from regard.records.rows import CustomerRow, FactRow, OfferRow
from regard.store import Store

Encode = Callable[..., Encoded]
Records = Callable[[str], st.SearchStrategy[dict[str, Any]]]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_comes_back_as_it_was(
    kind: str, store: Store, records: Records, encode: Encode, commit: Callable[..., Any]
) -> None:
    """Whatever passes validation is read back equal through the table's class."""
    row = KINDS[kind].row
    number = iter(range(1, 10_000))

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(records(kind), min_size=1, max_size=6))
    def prove(given_records: list[dict[str, Any]]) -> None:
        typed, problems = KINDS[kind].validator().validate(given_records)
        assert {} == problems
        keys = [str(next(number)) for _ in given_records]
        items = [
            encode(kind, values, key) for key, values in zip(keys, given_records, strict=True)
        ]
        commit(store, kind, items)
        with Session(store.engine) as session:
            stored = {
                found.key: found
                for found in session.exec(select(row).where(row.key.in_(keys)))  # type: ignore[attr-defined]
            }
        for key, item, values in zip(keys, items, typed, strict=True):
            found = stored[key]
            assert values is not None
            for name in KINDS[kind].fields:
                assert values.get(name) == getattr(found, name), name
            assert item.content_hash == found.content_hash
            assert json.loads(item.extra or "null") == json.loads(found.extra or "null")

    prove()


@pytest.mark.parametrize("text", ["0.1", "999999999999.999999", "-0.000001", "-1", "0"])
def test_numbers_are_exact(
    text: str, store: Store, encode: Encode, commit: Callable[..., Any]
) -> None:
    """An exact number is the same number after a stay in the database."""
    commit(store, "fact", [encode("fact", {"value": text})])
    with Session(store.engine) as session:
        stored = session.exec(select(FactRow)).one()

    assert Decimal(text) == stored.value
    assert isinstance(stored.value, Decimal)


def test_times_are_aware_and_utc(store: Store, encode: Encode, commit: Callable[..., Any]) -> None:
    """A time in any zone comes back as the same instant, aware, in UTC, to the microsecond."""
    zone = timezone(timedelta(hours=-9, minutes=-30))
    moment = datetime(2026, 3, 29, 1, 30, 15, 123_456, tzinfo=zone)
    commit(store, "fact", [encode("fact", {"happened_at": moment}, as_of=moment)])
    with Session(store.engine) as session:
        stored = session.exec(select(FactRow)).one()

    assert moment == stored.happened_at
    assert timedelta(0) == stored.happened_at.utcoffset()
    assert moment == stored.as_of


def test_texts_of_all_peoples_are_kept(
    store: Store, encode: Encode, commit: Callable[..., Any]
) -> None:
    """Letters, emoji, quotes, line breaks and bulk-format control characters are kept."""
    texts = [
        "Zoë",
        "日本語",
        "👩‍👩‍👧",
        "a\tb\nc\r\n",
        "\\N",
        "\\.",
        "'\"`;--",
        "\x1f\x7f\x80",
        " ",
    ]
    commit(
        store,
        "customer",
        [encode("customer", {"name": text}, f"k{at}") for at, text in enumerate(texts)],
    )
    with Session(store.engine) as session:
        stored = [row.name for row in session.exec(select(CustomerRow).order_by(CustomerRow.key))]

    assert texts == stored


def test_typed_reads_of_history(store: Store, encode: Encode, commit: Callable[..., Any]) -> None:
    """A kind that keeps its history is read through its class with its periods."""
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    commit(store, "offer", [encode("offer", {"price": "9.99"}, as_of=first)])
    commit(store, "offer", [encode("offer", {"price": "8.99"}, as_of=second)])
    with Session(store.engine) as session:
        rows = session.exec(select(OfferRow).order_by(OfferRow.valid_from)).all()  # type: ignore[arg-type]

    assert [
        (Decimal("9.99"), first, second),
        (Decimal("8.99"), second, None),
    ] == [(row.price, row.valid_from, row.valid_to) for row in rows]
