"""What a competitor sells and we lack, on values worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from regard.measures.assortments import lacking
from regard.measures.ratings import article_ratings

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
CUP = "4006381333931"
D = Decimal
Market = Callable[..., Any]


def offer(key: str, price: str | None = "8", **more: Any) -> dict[str, Any]:
    """Return an offer of a competitor."""
    paid = None if price is None else D(price)
    common = {"source": "site", "key": key, "competitor": "Rival", "product_name": key.title()}
    return {**common, "price": paid, "currency": "EUR", "tax_included": True, **more}


def stated(subject: str, n: int, competitor: str = "Rival") -> dict[str, Any]:
    """Return how many reviews a page says that it has."""
    return {
        "key": subject, "subject": subject, "name": "reviews.stated", "value": D(n),
        "unit": "reviews", "extra": json.dumps({"competitor": competitor}),
    }  # fmt: skip


def review(norm: str | None, **more: Any) -> dict[str, Any]:
    """Return a review of the competitor's."""
    rated = None if norm is None else D(norm)
    return {"competitor": "Rival", "rating_norm": rated, "published_at": NOW, **more}


def test_an_empty_store_lacks_nothing(market: Market) -> None:
    """Without offers there is nothing that we lack, and no article has a rating."""
    view = market()

    assert [] == lacking(view, competitor="Rival")
    assert {} == article_ratings(view, "Rival")


def test_what_we_have_is_not_lacked(market: Market) -> None:
    """An offer that is a product of ours is left out, and so are other competitors' offers."""
    view = market(
        product=[{"key": "cup", "gtin": CUP, "list_price": D(9)}],
        offer=[offer("cup", gtin=CUP), offer("wok"), offer("jar", competitor="Other")],
    )

    assert ["Wok"] == [one.name for one in lacking(view, competitor="Rival")]


def test_the_most_reviewed_come_first(market: Market) -> None:
    """What a page states goes before what is held; unreviewed ones follow by name."""
    view = market(
        offer=[
            offer("jar"),
            offer("bin"),
            offer("wok", sku="W", brand="Luz", extra=json.dumps({"category": "Kitchen"})),
            offer("pan", url="https://rival.example/pan?from=list"),
        ],
        review=[
            review("1", sku="W"),
            review("0.5", sku="W"),
            review(None, sku="W"),
            review("0", url="https://rival.example/pan"),
        ],
        fact=[stated("https://rival.example/pan", 40), stated("sku:W", 99, "Other")],
    )
    pan, wok, *rest = lacking(view, competitor="Rival")

    assert ("Pan", D(1), 1, 40) == (pan.name, pan.rating, pan.rated, pan.reviews)
    assert ("Wok", D(4), 2, 3) == (wok.name, wok.rating, wok.rated, wok.reviews)
    assert ("Luz", "Kitchen", D(8), "EUR") == (wok.brand, wok.category, wok.price, wok.currency)
    assert [("Bin", None, 0, None), ("Jar", None, 0, None)] == [
        (one.name, one.rating, one.rated, one.reviews) for one in rest
    ]


def test_several_sellers_of_one_article(market: Market) -> None:
    """Offers with one number, or one name and brand, are one article at its lowest price."""
    view = market(
        offer=[
            offer("a", "9", gtin=CUP, product_name="Wok", availability="OutOfStock"),
            offer("b", "7", gtin=CUP, product_name="Wok 30", availability="InStock"),
            offer("c", None, gtin=CUP, product_name="Wok"),
            offer("d", "5", product_name="Jar", brand="Luz"),
            offer("e", "6", product_name="JAR", brand="luz", availability="OutOfStock"),
            offer("f", "6", product_name="Jar", brand="Sol", availability="OutOfStock"),
        ],
    )

    assert [("Jar", D(5), 2, False), ("Jar", D(6), 1, True), ("Wok 30", D(7), 3, False)] == [
        (one.name, one.price, one.offers, one.sold_out)
        for one in lacking(view, competitor="Rival")
    ]
