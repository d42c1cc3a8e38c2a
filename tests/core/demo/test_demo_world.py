"""The demo's world: the same each time, and such as a retailer's could be."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from regard.demo import World, make_world

NOW = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    """Lend one world to all tests; nothing in it can change."""
    return make_world(1, NOW)


def test_same_seed(world):
    """The same seed and time make the same world."""
    assert world == make_world(1, NOW)


def test_same_hour(world):
    """A few minutes later the world is still the same."""
    assert world == make_world(1, NOW + timedelta(minutes=20))


def test_other_seed(world):
    """Another seed makes another world."""
    assert world.orders != make_world(2, NOW).orders


@pytest.mark.parametrize(
    "now",
    [
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ],
    ids=["leap day", "new year", "clock turned back"],
)
def test_any_time(now):
    """A world can be made at any time of the year."""
    assert make_world(1, now).revenue()["EUR"] > 0


def test_size(world):
    """There are 2,000 customers and about 20,000 lines, as the demo promises."""
    assert 2000 == len(world.customers)
    assert 16_000 < world.lines < 24_000


def test_within_the_two_years(world):
    """Nothing that can be bought was bought before the two years or after their end."""
    times = [each.ordered_at for each in world.orders]
    times += [each.sold_at for each in world.tickets]
    times += [each.left_at for each in world.baskets]

    assert world.since <= min(times)
    assert max(times) < world.until <= NOW


def test_numbers_are_unique(world):
    """No two orders, tickets, deals, baskets or customers have the same number."""
    for things in (world.customers, world.orders, world.tickets, world.deals, world.baskets):
        numbers = [each.number for each in things]

        assert len(set(numbers)) == len(numbers)


def test_nobody_can_be_reached(world):
    """All mail addresses are in domains that are reserved for examples, and each is one's own."""
    addresses = [each.email for each in world.customers if each.email]
    domains = {address.partition("@")[2] for address in addresses}

    assert len(set(addresses)) == len(addresses)
    assert {True} == {name == "example.com" or name.endswith(".example") for name in domains}


def test_december_is_the_peak(world):
    """In each whole year December brings more orders than any other month."""
    months = Counter(
        each.ordered_at.month for each in world.orders if each.ordered_at.year == 2025
    )

    assert 12 == months.most_common(1)[0][0]


def test_customers_differ(world):
    """A tenth of the buyers makes more than a quarter of the purchases, and many never buy."""
    bought = Counter(
        each.customer.number for each in (*world.orders, *world.tickets) if each.customer
    )
    most = sorted(bought.values(), reverse=True)

    assert sum(most[: len(most) // 10]) > sum(most) / 4
    assert 200 < len(world.customers) - len(bought) < 900


def test_amounts_are_cents(world):
    """Every amount has at most two decimals, as money does."""
    amounts = [line.amount for each in (*world.orders, *world.tickets) for line in each.lines]
    amounts += [each.subtotal for each in world.orders] + [each.refunded for each in world.orders]

    assert {True} == {amount == amount.quantize(Decimal("0.01")) for amount in amounts}


def test_refunds_are_not_more_than_was_paid(world):
    """Nobody gets back more than they paid."""
    assert [] == [
        each.number for each in world.orders if each.refunded > each.subtotal + each.shipping
    ]
    assert [] == [each.number for each in world.orders if each.revenue < 0]


def test_what_was_not_bought(world):
    """There are purchases of each sort that were not made, and competitors who won some."""
    assert {"abandoned", "cancelled", "lost"} == {
        name for name, count in world.not_made().items() if count > 20
    }
    assert len(world.lost_to()) >= 3
