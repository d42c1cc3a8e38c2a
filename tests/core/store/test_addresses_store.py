"""What the store knows of addresses from one look at a site to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from regard.frontier import Address, Visited
from regard.store import Store, addresses
from regard.store.addresses import Changes
from regard.store.transactions import table

SHOP = "https://rival.example"
FIRST = datetime(2026, 11, 1, 8, tzinfo=UTC)
FINAL = {"ok", "not-modified", "gone"}


def look(store: Store, day: int, outcomes: Mapping[str, str]) -> None:
    """Look at pages, each with an article of its name."""
    with store.write() as transaction:
        current = addresses.begin_pass(transaction, "prices", FIRST + timedelta(days=day))
        found = [Address(f"{SHOP}/{name}", "page") for name in outcomes]
        visited = [
            Visited(
                f"{SHOP}/{name}",
                outcome,
                final=outcome in FINAL,
                good=outcome in FINAL,
                etag=f"{outcome} {day}",
                keys=(name,) if outcome == "ok" else None,
            )
            for name, outcome in outcomes.items()
        ]
        addresses.save(transaction, "prices", Changes(current.number, "recipe", found, visited))
        assert addresses.give_up(transaction, "prices", current.number)
        addresses.end_pass(transaction, "prices", whole=True)


@pytest.mark.parametrize(
    ("outcome", "etag"), [("not-modified", "ok 0"), ("unreadable", "ok 0"), ("ok", "ok 1")]
)
def test_validators_are_those_of_what_was_read(store: Store, outcome: str, etag: str) -> None:
    """What was no page of the shop's leaves no validator: its next 304 would pass for the page."""
    look(store, 0, {"lamp": "ok"})
    look(store, 1, {"lamp": outcome})
    with store.read() as transaction:
        kept = transaction.connection.execute(select(table("addresses").c.etag)).scalar_one()

    assert etag == kept


def test_what_failed_comes_last(store: Store) -> None:
    """Addresses that failed in the last pass are asked for after all others, and only once."""
    look(store, 0, {"lamp": "http-error", "sofa": "ok", "chair": "ok"})
    with store.write() as transaction:
        number = addresses.begin_pass(transaction, "prices", FIRST + timedelta(days=1)).number
        names = ("lamp", "sofa", "chair", "table")
        addresses.add(transaction, "prices", number, [Address(f"{SHOP}/{each}") for each in names])
        order, after = [], (0, 0)
        while found := addresses.due(transaction, "prices", number, after=after, limit=2):
            order += [each.url.rpartition("/")[2] for _, _, each in found]
            after = found[-1][0]

    assert ["sofa", "chair", "table", "lamp"] == order
