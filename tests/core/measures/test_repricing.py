"""How often competitors move their prices, on values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regard.measures.repricing import Repricing, repricing
from regard.reports import Period

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MONTH = Period(NOW - timedelta(days=28), NOW)
D = Decimal
Market = Callable[..., Any]


def ago(days: float) -> datetime:
    """Return a time so many days before now."""
    return NOW - timedelta(days=days)


def life(
    key: str, *prices: tuple[float, str | None], until: float = 0, **more: Any
) -> list[dict[str, Any]]:
    """Return an offer's versions: from so many days ago on, at a price; last seen then."""
    ends = [ago(days) for days, _ in prices[1:]] + [None]
    return [
        {
            "source": "site", "key": key, "competitor": "Rival", "currency": "EUR",
            "tax_included": True, "valid_from": ago(days), "valid_to": end,
            "last_seen_at": end or ago(until), "price": None if price is None else D(price),
            **more,
        }
        for (days, price), end in zip(prices, ends, strict=True)
    ]  # fmt: skip


def only(view: Any, period: Period | None = MONTH) -> Repricing:
    """Return the one competitor's."""
    (one,) = repricing(view, period)
    assert isinstance(one, Repricing)
    return one


def test_an_empty_store_cannot_tell(market: Market) -> None:
    """Without an offer there is no competitor to speak of."""
    assert [] == repricing(market(), MONTH)


def test_frequency_share_and_size(market: Market) -> None:
    """Two offers over four weeks with three changes: 3 / 8 a week, half of them moved, 10 %."""
    # 10 to 11 is 10 %, 11 to 9.9 is 10 %, 9.9 to 4.95 is 50 %: the median is 10 %.
    a = life("a", (60, "10"), (20, "11"), (10, "9.9"), (5, "4.95"))
    found = only(market(offer=[*a, *life("b", (60, "7"))]))

    assert (2, D(8), 3, D("0.38")) == (found.offers, found.weeks, found.changes, found.frequency)
    assert (D(50), 2) == (found.moved.value, found.moved.n)
    assert D(10) == found.size
    assert (date(2026, 2, 15), date(2026, 3, 15)) == (found.since, found.until)


def test_only_what_was_observed_is_the_base(market: Market) -> None:
    """An offer seen first two weeks ago, and last one week ago, was observed for one."""
    found = only(market(offer=life("a", (14, "10"), (10, "12"), until=7)))

    assert (D(1), 1, D(1)) == (found.weeks, found.changes, found.frequency)
    assert (date(2026, 3, 1), date(2026, 3, 8)) == (found.since, found.until)


def test_one_look_tells_nothing(market: Market) -> None:
    """What was seen once was not observed over any time."""
    assert [] == repricing(market(offer=life("a", (3, "10"), until=3)), MONTH)


def test_changes_before_the_period_are_not_its(market: Market) -> None:
    """Each period has its own changes, and a change belongs to the one in which it happened."""
    rows = life("a", (60, "10"), (40, "11"), (14, "12"))
    before = Period(ago(42), ago(28))

    view = market(offer=rows)
    found, earlier = only(view), only(view, before)

    assert (1, D(4)) == (found.changes, found.weeks)
    assert (1, D(2)) == (earlier.changes, earlier.weeks)
    assert 2 == only(view, None).changes


@pytest.mark.parametrize(
    ("rows", "changes", "weeks"),
    [
        (life("a", (28, "10"), (14, None), (7, "12")), 1, 3),
        (life("a", (28, "10"), (14, None), (7, "10")), 0, 3),
        (life("a", (28, "10"), (14, "10")), 0, 4),
        (life("a", (28, "10"), (14, "0"), (7, "12")), 1, 3),
    ],
    ids=["sold out between", "sold out at one price", "another field", "nothing"],
)
def test_the_last_known_price_is_the_one_before(
    rows: list[dict[str, Any]], changes: int, weeks: int, market: Market
) -> None:
    """A price is compared with the last one; without a price nothing is observed."""
    found = only(market(offer=rows))

    assert (changes, D(weeks)) == (found.changes, found.weeks)


@pytest.mark.parametrize("field", [{"currency": "USD"}, {"tax_included": False}])
def test_another_basis_is_no_move(field: dict[str, Any], market: Market) -> None:
    """From euros to dollars, or from with to without tax, no price has moved."""
    rows = life("a", (28, "12.1"), (14, "10"))
    rows[1] |= field

    assert 0 == only(market(offer=rows)).changes


def test_what_returns_has_a_new_price(market: Market) -> None:
    """What was withdrawn for a week is not observed meanwhile, and its price has not moved."""
    gone = life("a", (28, "10"), (14, "12"))
    gone[0] |= {"deleted_at": ago(21), "valid_to": ago(14), "last_seen_at": ago(21)}
    found = only(market(offer=gone))

    assert (0, D(3)) == (found.changes, found.weeks)


def test_who_moves_most_is_first(market: Market) -> None:
    """Competitors are apart; the one that moves its prices most stands first."""
    calm = life("c", (28, "10"), competitor="Calm")
    busy = life("b", (28, "10"), (14, "11"), competitor="Busy")
    first, second = repricing(market(offer=[*calm, *busy]), MONTH)

    assert ("Busy", "Calm") == (first.competitor, second.competitor)
    assert (D("0.25"), D(0)) == (first.frequency, second.frequency)
    assert second.size is None


def test_our_own_offers_are_no_competitors(market: Market) -> None:
    """Our own prices move as we like."""
    assert [] == repricing(market(offer=life("a", (28, "1"), (9, "2"), competitor=None)), MONTH)
