"""One row for each competitor: what is known of it, from every kind there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from regard.directory import Directory, Named
from regard.measures.rivals import rivals
from regard.reports import Period

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LAST = Period(NOW - timedelta(days=30), NOW)
GTIN = "4006381333931"
DIRECTORY = Directory(competitors=(Named("rival", "Rival", ("Rival S.A.",)),))
D = Decimal
Market = Callable[..., Any]


def ago(days: float) -> datetime:
    """Return a time so many days before now."""
    return NOW - timedelta(days=days)


def test_an_empty_store_knows_nobody(market: Market) -> None:
    """Without offers, reviews and visits there is no row, also where a competitor is named."""
    assert [] == rivals(market(DIRECTORY), LAST)


def test_what_is_known_is_put_together(market: Market) -> None:
    """Prices, reviews, visits and moves of one competitor meet under its name in reports."""
    price = {"currency": "EUR", "tax_included": True}
    site = {"source": "site", "competitor": "rival", **price, "valid_from": ago(90)}
    view = market(
        DIRECTORY,
        product=[
            {"key": "cup", "gtin": GTIN, "list_price": D(10), **price},
            {"key": "pot", "list_price": D(10), **price},
        ],
        offer=[
            {**site, "key": "a", "gtin": GTIN, "price": D(9), "valid_to": ago(2)},
            {**site, "key": "a", "gtin": GTIN, "price": D(8), "valid_from": ago(2)},
            {**site, "key": "b", "price": D(3)},
            {"key": "ours", "price": D(1), **price},
        ],
        review=[
            {"competitor": "Rival S.A.", "rating_norm": D(1), "published_at": ago(1)},
            {"competitor": "RIVAL", "rating_norm": D("0.5"), "published_at": ago(1)},
            {"competitor": "RIVAL", "published_at": ago(1)},
            {"rating_norm": D(0), "published_at": ago(1)},
        ],
        visit=[
            {"subject": "rival", "score": D(70), "state": "approved", "visited_at": ago(5)},
            {"subject": "Rival", "score": D(85), "visited_at": ago(5)},
            {"subject": "Rival", "score": D(0), "state": "submitted", "visited_at": ago(5)},
            {"subject": None, "score": D(1), "state": "approved", "visited_at": ago(5)},
        ],
    )
    (found,) = rivals(view, LAST)

    assert ("Rival", D("80.0"), 1, D("50.0"), 2) == (
        found.name,
        found.index,
        found.compared,
        found.coverage,
        found.offers,
    )
    assert found.rating is not None
    assert (D("4.00"), 2, 3) == (found.rating.value, found.rating.n, found.reviews)
    assert (D("77.5"), 2, 1) == (found.mystery, found.visits, found.moves)


def test_what_is_not_known_is_not_zero(market: Market) -> None:
    """Who only has reviews has no index, who only has offers no rating, and neither a score."""
    view = market(
        offer=[{"key": "a", "competitor": "Shop", "price": D(9), "currency": "EUR"}],
        review=[{"competitor": "Café", "published_at": ago(1)}],
    )
    cafe, shop = rivals(view, LAST)

    assert ("Café", None, None, 0) == (cafe.name, cafe.index, cafe.coverage, cafe.offers)
    assert cafe.rating is not None
    assert (None, 1) == (cafe.rating.value, cafe.reviews)
    assert ("Shop", None, None, None) == (shop.name, shop.index, shop.coverage, shop.rating)
    assert (None, 0) == (cafe.mystery, cafe.visits) == (shop.mystery, shop.visits)


def test_reviews_and_moves_have_a_period(market: Market) -> None:
    """Reviews of before are not of the period; visits count up to its end, prices are of now."""
    view = market(
        review=[{"competitor": "Rival", "rating_norm": D(0), "published_at": ago(31)}],
        visit=[
            {"subject": "Rival", "score": D(60), "visited_at": ago(99)},
            {"subject": "Rival", "score": D(10), "visited_at": NOW},
        ],
    )
    (found,) = rivals(view, LAST)

    assert (None, 0, D("60.0"), 1) == (found.rating, found.reviews, found.mystery, found.visits)


def test_rows_are_by_name(market: Market) -> None:
    """Whatever is known of them, competitors come in the order of their names."""
    view = market(
        offer=[{"key": "a", "competitor": "B"}],
        review=[{"competitor": "C", "published_at": ago(1)}],
        visit=[{"subject": "A", "score": D(1), "visited_at": ago(1)}],
    )

    assert ["A", "B", "C"] == [one.name for one in rivals(view, LAST)]
