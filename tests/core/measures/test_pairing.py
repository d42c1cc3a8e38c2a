"""What several sources of ours list is counted as articles, on values worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from regard.directory import Directory, Match
from regard.measures.assortments import assortment
from regard.measures.minimums import below_minimum, watched
from regard.measures.offers import indices, pairs, stock_gaps

CUP, POT = "4006381333931", "4012345678901"
D = Decimal
Market = Callable[..., Any]
PRICE = {"currency": "EUR", "tax_included": True}


def ours(source: str, key: str, price: str | None = "10", **more: Any) -> dict[str, Any]:
    """Return a product that a source of ours lists."""
    paid = None if price is None else D(price)
    return {"source": source, "key": key, "name": key.title(), "list_price": paid, **PRICE, **more}


def theirs(key: str, price: str = "8", **more: Any) -> dict[str, Any]:
    """Return an offer of a competitor."""
    common = {"source": "site", "key": key, "competitor": "Rival", "product_name": key.title()}
    return {**common, "price": D(price), **PRICE, **more}


@pytest.mark.parametrize(
    ("one", "other", "articles"),
    [
        ({"gtin": CUP}, {"gtin": f"0{CUP}"}, 1),
        ({"sku": "A-1"}, {"sku": "a-1 "}, 1),
        ({"brand": "Luz", "mpn": "X 1"}, {"brand": "LUZ", "mpn": "x-1"}, 1),
        ({"gtin": CUP, "sku": "A-1"}, {"sku": "A-1"}, 1),
        ({"gtin": CUP, "sku": "A-1"}, {"gtin": POT, "sku": "A-1"}, 2),
        ({"brand": "Luz", "mpn": "X1"}, {"brand": "Sol", "mpn": "X1"}, 2),
        ({"mpn": "X1"}, {"mpn": "X1"}, 2),
        ({"sku": ""}, {"sku": ""}, 2),
        ({"gtin": "0000000000000"}, {"gtin": "0000000000000"}, 2),
        ({}, {}, 2),
    ],
)
def test_which_products_are_one_article(
    one: dict[str, Any], other: dict[str, Any], articles: int, market: Market
) -> None:
    """The same GTIN, article number, or brand and manufacturer's number; two GTINs never are."""
    view = market(
        product=[ours("crm", "cup", **one), ours("shop", "cup", **other)], offer=[theirs("x")]
    )

    assert articles == assortment(view, competitor="Rival").products


def test_coverage_counts_articles_once(market: Market) -> None:
    """Of two articles that both sources list one is offered there: half of them, not a quarter."""
    both = [
        ours(source, key, gtin=number)
        for source in ("crm", "shop")
        for key, number in (("cup", CUP), ("pot", POT))
    ]
    view = market(product=both, offer=[theirs("a", gtin=CUP)])
    (found,) = indices(view)

    assert (1, 2, D("50.0"), D("80.0")) == (found.n, found.products, found.coverage, found.value)
    assert 1 == len(pairs(view, dearest=False, limit=9))
    assert (2, 1) == (
        assortment(view, competitor="Rival").products,
        assortment(view, competitor="Rival").only_here,
    )


def test_products_of_one_source_stay_two(market: Market) -> None:
    """One bar code on two articles of one source is a mistake there, and no reason to lose one."""
    twice = [ours("crm", "cup", gtin=CUP), ours("crm", "mug", gtin=CUP)]
    view = market(product=[*twice, ours("shop", "cup", gtin=CUP)], offer=[theirs("x")])

    assert 2 == assortment(view, competitor="Rival").products


def test_numbers_go_from_one_to_the_next(market: Market) -> None:
    """One has the bar code and the maker's number, one that and ours, one ours: one article."""
    view = market(
        product=[
            ours("a", "cup", gtin=CUP, brand="Luz", mpn="X1"),
            ours("b", "cup", brand="Luz", mpn="X1", sku="7"),
            ours("c", "cup", sku="7"),
        ],
        offer=[theirs("x", gtin=CUP)],
    )

    assert 1 == assortment(view, competitor="Rival").products


def test_a_number_that_only_one_source_knows_finds_the_article(market: Market) -> None:
    """The shop's row has the price and the other one the bar code: the offer is compared."""
    view = market(
        product=[
            ours("crm", "cup", None, sku="7", gtin=CUP, category="Table"),
            ours("shop", "cup", "10", sku="7"),
        ],
        offer=[theirs("x", gtin=CUP, availability="OutOfStock")],
    )
    (found,) = pairs(view, dearest=False, limit=9)

    assert (D(10), D(8), "Table") == (found.ours, found.theirs, found.category)
    assert 1 == len(stock_gaps(view, limit=9))


def test_what_was_rejected_of_one_is_of_all(market: Market) -> None:
    """An offer that is not the article in one source is not in the other one either."""
    directory = Directory(matches=(Match("site", "x", "crm", "cup", "rejected"),))
    both = [ours("crm", "cup", gtin=CUP), ours("shop", "cup", gtin=CUP)]
    view = market(directory, product=both, offer=[theirs("x", gtin=CUP)])

    assert [] == pairs(view, dearest=False, limit=9)


def test_what_was_confirmed_of_one_is_of_all(market: Market) -> None:
    """An offer that was confirmed for the row without a price is compared with the article's."""
    directory = Directory(matches=(Match("site", "x", "crm", "cup", "confirmed"),))
    both = [ours("crm", "cup", None, sku="7"), ours("shop", "cup", sku="7")]
    (found,) = pairs(market(directory, product=both, offer=[theirs("x")]), dearest=False, limit=9)

    assert ("confirmed", D(10)) == (found.how, found.ours)


def test_a_minimum_that_one_source_says(market: Market) -> None:
    """The least price stands in one source, whichever of the two speaks for the article."""
    least = json.dumps({"least": "9"})
    both = [ours("crm", "cup", gtin=CUP), ours("shop", "cup", gtin=CUP, extra=least)]
    view = market(Directory(minimum="least"), product=both, offer=[theirs("x", gtin=CUP)])
    (found,) = below_minimum(view)
    known = watched(view)

    assert (D(9), D(8)) == (found.minimum, found.theirs)
    assert known is not None
    assert (1, 1) == (known.products, known.offers)
