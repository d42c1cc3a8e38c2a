"""Competitors' offers beside ours, on values worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regard.directory import Directory, Match, Named
from regard.measures.assortments import Assortment, assortment
from regard.measures.offers import (
    Index,
    indices,
    moves,
    pairs,
    stock_gaps,
    unmatched,
)
from regard.reports import Period

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LAST = Period(NOW - timedelta(days=7), NOW)
CUP, POT = "4006381333931", "4012345678901"
D = Decimal
Market = Callable[..., Any]


def ours(key: str, price: str | None = "10", **more: Any) -> dict[str, Any]:
    """Return one of our products, with tax, in euros."""
    paid = None if price is None else D(price)
    common = {"source": "shop", "key": key, "name": key.title(), "sku": key}
    return {**common, "list_price": paid, "currency": "EUR", "tax_included": True, **more}


def theirs(key: str, price: str | None = "8", **more: Any) -> dict[str, Any]:
    """Return an offer of a competitor, with tax, in euros."""
    paid = None if price is None else D(price)
    common = {"source": "site", "key": key, "competitor": "Rival", "product_name": key.title()}
    return {**common, "price": paid, "currency": "EUR", "tax_included": True, **more}


def ago(days: float) -> datetime:
    """Return a time so many days before now."""
    return NOW - timedelta(days=days)


def versions(key: str, *states: Mapping[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Return an offer's life: each state until the next, the last one current."""
    ends = [state["at"] for state in states[1:]] + [None]
    return [
        theirs(
            key,
            **{
                "valid_from": state["at"],
                "valid_to": end,
                "last_seen_at": end or NOW,
                **more,
                **{name: value for name, value in state.items() if name != "at"},
            },
        )
        for state, end in zip(states, ends, strict=True)
    ]


def only(found: Any) -> Index:
    """Return the one index that there is."""
    (one,) = found
    assert isinstance(one, Index)
    return one


def test_an_empty_store_cannot_tell(market: Market) -> None:
    """Without any offer there is no index, no pair and no move, and nothing is unmatched."""
    view = market()

    assert [] == indices(view)
    assert [] == pairs(view, dearest=True, limit=9) == pairs(view, dearest=False, limit=9)
    assert [] == moves(view, LAST)
    assert [] == stock_gaps(view, limit=9)
    assert (0, 0) == unmatched(view)


def test_the_index_is_a_geometric_mean(market: Market) -> None:
    """At 8 for 10 and 20 for 40 it is 100 times the root of 0.4, whatever the articles cost."""
    view = market(
        product=[ours("cup", gtin=CUP), ours("pot", "40", gtin=POT), ours("jug", "25")],
        offer=[theirs("a", gtin=CUP), theirs("b", "20", gtin=POT), theirs("c", "1")],
    )
    found = only(indices(view))

    assert ("Rival", D("63.2"), 2, 3) == (found.competitor, found.value, found.n, found.products)
    assert D("66.7") == found.coverage
    assert (1, 3) == unmatched(view)


def test_the_cheapest_competitor_comes_first(market: Market) -> None:
    """Each has its own index; one that cannot be compared has none and comes last."""
    view = market(
        product=[ours("cup", gtin=CUP)],
        offer=[
            theirs("a", "12", gtin=CUP, competitor="Dear"),
            theirs("b", "9", gtin=CUP, competitor="Cheap"),
            theirs("c", "1", gtin=CUP, competitor="Abroad", currency="USD"),
        ],
    )

    assert [("Cheap", D("90.0"), 0), ("Dear", D("120.0"), 0), ("Abroad", None, 1)] == [
        (one.competitor, one.value, one.obstacles) for one in indices(view)
    ]


def test_categories_have_their_own_index(market: Market) -> None:
    """Divided by category, each rests on the products of that category only."""
    view = market(
        product=[
            ours("cup", gtin=CUP, category="Table"),
            ours("pot", "40", gtin=POT, category="Kitchen"),
            ours("pan", "30", category="Kitchen"),
        ],
        offer=[theirs("a", gtin=CUP), theirs("b", "50", gtin=POT)],
    )

    assert [("Table", D("80.0"), D("100.0")), ("Kitchen", D("125.0"), D("50.0"))] == [
        (one.category, one.value, one.coverage) for one in indices(view, by_category=True)
    ]


@pytest.mark.parametrize(
    ("product", "offer", "how"),
    [
        ({"gtin": CUP}, {"gtin": f"0{CUP}"}, "gtin"),
        ({"gtin": "036000291452"}, {"gtin": " 0036000291452 "}, "gtin"),
        ({"brand": "Bosé", "mpn": "AB-12/3"}, {"brand": "BOSE", "mpn": "ab123"}, "mpn"),
        ({"sku": "T-1"}, {"extra": json.dumps({"our_sku": "T-1"})}, "sku"),
    ],
)
def test_numbers_say_what_is_the_same(
    product: dict[str, Any], offer: dict[str, Any], how: str, market: Market
) -> None:
    """A GTIN of any length, brand with part number, and our own number match an article."""
    view = market(product=[ours("cup", **product)], offer=[theirs("a", **offer)])

    assert [how] == [one.how for one in pairs(view, dearest=False, limit=9)]
    assert (0, 1) == unmatched(view)


@pytest.mark.parametrize(
    ("product", "offer"),
    [
        ({"mpn": "AB-1"}, {"mpn": "AB-1"}),
        ({"brand": "Bose", "mpn": "AB-1"}, {"brand": "Sony", "mpn": "AB-1"}),
        ({"brand": "Bose", "mpn": "-"}, {"brand": "Bose", "mpn": "/"}),
        ({"brand": "Bose"}, {"brand": "Bose"}),
        ({"gtin": ""}, {"gtin": ""}),
        ({"gtin": "n/a"}, {"gtin": "n/a"}),
        ({"gtin": "0000000000000"}, {"gtin": "0000000000000"}),
        ({"sku": ""}, {"extra": json.dumps({"our_sku": ""})}),
        ({"sku": "A1"}, {"sku": "A1"}),
        ({"name": "Same cup"}, {"product_name": "Same cup"}),
    ],
)
def test_what_is_no_number_matches_nothing(
    product: dict[str, Any], offer: dict[str, Any], market: Market
) -> None:
    """Half a number, a placeholder, their own article number or a name makes no match."""
    view = market(product=[ours("cup", **product)], offer=[theirs("a", **offer)])

    assert (1, 1) == unmatched(view)
    assert [] == indices(view)


def test_people_decide_over_numbers(market: Market) -> None:
    """What somebody confirmed is compared, and what somebody rejected no longer is."""
    decided = (
        Match("site", "a", "shop", "cup", "rejected"),
        Match("site", "b", "shop", "jug", "confirmed"),
    )
    view = market(
        Directory(matches=decided),
        product=[ours("cup", gtin=CUP), ours("jug", "20")],
        offer=[theirs("a", "1", gtin=CUP), theirs("b", "15")],
    )
    found = only(indices(view))

    assert (D("75.0"), 1) == (found.value, found.n)
    assert ["confirmed"] == [one.how for one in pairs(view, dearest=False, limit=9)]
    assert (1, 2) == unmatched(view)


def test_a_confirmed_match_goes_before_a_number(market: Market) -> None:
    """Where a number and a person disagree, the person is right, and the offer counts once."""
    view = market(
        Directory(matches=(Match("site", "a", "shop", "jug", "confirmed"),)),
        product=[ours("cup", gtin=CUP), ours("jug", "16")],
        offer=[theirs("a", gtin=CUP)],
    )
    found = only(indices(view))

    assert (D("50.0"), 1) == (found.value, found.n)


def test_decisions_outlive_what_they_speak_of(market: Market) -> None:
    """A match of an offer or a product that is gone counts nothing and hides no number."""
    gone = (
        Match("site", "withdrawn", "shop", "cup", "confirmed"),
        Match("site", "a", "shop", "dropped", "confirmed"),
    )
    view = market(
        Directory(matches=gone),
        product=[ours("cup", gtin=CUP)],
        offer=[theirs("a", gtin=CUP), theirs("b")],
    )

    assert (1, 2) == unmatched(view)
    assert D("80.0") == only(indices(view)).value


@pytest.mark.parametrize(
    ("product", "offer", "vat", "index"),
    [
        ({"tax_included": True}, {"tax_included": True}, None, "80.0"),
        ({"tax_included": False}, {"tax_included": False}, None, "80.0"),
        ({"tax_included": True}, {"tax_included": False}, "0.21", "96.8"),
        ({"tax_included": False}, {"tax_included": True}, "0.25", "64.0"),
        ({"tax_included": True}, {"tax_included": False}, None, None),
        ({"tax_included": None}, {"tax_included": True}, "0.21", None),
        ({"tax_included": True}, {"tax_included": None}, "0.21", None),
        ({}, {"currency": "USD"}, None, None),
        ({"currency": None}, {"currency": None}, None, None),
        ({}, {"condition": "UsedCondition"}, None, None),
        ({}, {"condition": "NewCondition"}, None, "80.0"),
        ({}, {"price": None}, None, None),
        ({}, {"price": D(0)}, None, None),
        ({}, {"price": D(-8)}, None, None),
        ({"list_price": None}, {}, None, None),
        ({"list_price": D(0)}, {}, None, None),
    ],
)
def test_one_basis_or_none(
    product: dict[str, Any],
    offer: dict[str, Any],
    vat: str | None,
    index: str | None,
    market: Market,
) -> None:
    """Prices are compared with tax, in one currency, as new, or counted as not comparable."""
    view = market(
        Directory(vat=None if vat is None else D(vat)),
        product=[ours("cup", gtin=CUP, **product)],
        offer=[theirs("a", gtin=CUP, **offer)],
    )
    found = only(indices(view))

    assert (None if index is None else D(index)) == found.value
    assert (index is not None, index is None) == (bool(found.n), bool(found.obstacles))


def test_the_project_says_how_our_prices_are(market: Market) -> None:
    """What [prices] says counts for products that do not say it themselves, and only there."""
    view = market(
        Directory(tax_included=False, vat=D("0.25")),
        product=[ours("cup", gtin=CUP, tax_included=None), ours("pot", gtin=POT)],
        offer=[theirs("a", "10", gtin=CUP), theirs("b", "5", gtin=POT)],
    )

    assert {"Cup": D("12.5"), "Pot": D(10)} == {
        one.name: one.ours for one in pairs(view, dearest=False, limit=9)
    }


def test_our_own_shop_goes_before_the_catalogue(market: Market) -> None:
    """A price seen in our own shop is taken with its own currency and its own tax."""
    here = {"source": "own", "key": "x", "competitor": None, "sku": "cup", "price": D(16)}
    view = market(
        Directory(vat=D("0.25")),
        product=[ours("cup", "99", gtin=CUP, tax_included=False)],
        offer=[theirs("a", gtin=CUP), {**here, "currency": "EUR", "tax_included": True}],
    )
    (found,) = pairs(view, dearest=False, limit=9)

    assert (D(16), D(8)) == (found.ours, found.theirs)
    assert (0, 1) == unmatched(view)


@pytest.mark.parametrize(
    "shown",
    [
        [{"price": None, "currency": "USD", "tax_included": False}],
        [
            {"key": "x1", "price": None, "currency": "USD", "tax_included": False},
            {"key": "x2", "price": None, "currency": None, "tax_included": True},
        ],
    ],
)
def test_no_price_lends_its_currency(shown: list[dict[str, Any]], market: Market) -> None:
    """An own page without a price leaves the catalogue's price with its own basis."""
    pages = [
        {"source": "own", "key": "x", "competitor": None, "sku": "cup", **one} for one in shown
    ]
    view = market(
        Directory(vat=D("0.25")),
        product=[ours("cup", gtin=CUP)],
        offer=[theirs("a", gtin=CUP), *pages],
    )

    assert D("80.0") == only(indices(view)).value


def test_a_shops_price_does_not_borrow_the_catalogues_tax(market: Market) -> None:
    """Where our shop does not say whether its price is with tax, [prices] does, or nobody."""
    here = {"source": "own", "key": "x", "competitor": None, "sku": "cup", "price": D(10)}
    view = market(
        Directory(vat=D("0.25")),
        product=[ours("cup", "7", gtin=CUP, tax_included=False)],
        offer=[theirs("a", gtin=CUP), {**here, "currency": "EUR"}],
    )

    assert (None, 1) == (only(indices(view)).value, only(indices(view)).obstacles)


def test_two_prices_of_our_own_stay_whole(market: Market) -> None:
    """Of several own offers of one product one counts, with all that belongs to it."""
    here = {"source": "own", "competitor": None, "sku": "cup"}
    view = market(
        Directory(vat=D("0.25")),
        product=[ours("cup", gtin=CUP)],
        offer=[
            theirs("a", gtin=CUP),
            {**here, "key": "x", "price": D(10), "currency": "EUR", "tax_included": True},
            {**here, "key": "y", "price": D(1), "currency": "USD", "tax_included": False},
        ],
    )
    found = only(indices(view))

    assert found.value in (D("80.0"), None)
    assert 1 == found.n + found.obstacles


def test_several_offers_of_one_article_count_once(market: Market) -> None:
    """Where a competitor offers an article twice, its best price is the one that counts."""
    view = market(
        product=[ours("cup", gtin=CUP)],
        offer=[theirs("a", "9", gtin=CUP), theirs("b", "12", gtin=CUP, seller="Another")],
    )
    found = only(indices(view))

    assert (D("90.0"), 1, D("100.0")) == (found.value, found.n, found.coverage)


def test_competitors_go_by_the_name_in_reports(market: Market) -> None:
    """Two spellings of a named competitor are one row."""
    view = market(
        Directory(competitors=(Named("rival", "Rival", ("Rival S.A.",)),)),
        product=[ours("cup", gtin=CUP), ours("pot", "40", gtin=POT)],
        offer=[
            theirs("a", gtin=CUP, competitor="RIVAL s.a."),
            theirs("b", "20", gtin=POT, competitor="rival"),
        ],
    )

    assert ("Rival", 2) == (only(indices(view)).competitor, only(indices(view)).n)


def test_differences_are_exact(market: Market) -> None:
    """Pairs come with exact decimals, those that differ most first, equal prices in neither."""
    names = {
        "1": ("0.30", "0.10"),
        "2": ("0.10", "0.30"),
        "3": ("19.99", "18.99"),
        "4": ("5", "5"),
    }
    view = market(
        product=[ours(key, first, gtin=f"{CUP[:-1]}{key}") for key, (first, _) in names.items()],
        offer=[theirs(key, other, gtin=f"{CUP[:-1]}{key}") for key, (_, other) in names.items()],
    )

    assert [("1", D("0.30"), D("0.10"), D("-66.7")), ("3", D("19.99"), D("18.99"), D("-5.0"))] == [
        (one.name, one.ours, one.theirs, one.percent)
        for one in pairs(view, dearest=False, limit=9)
    ]
    assert [("2", D("200.0"))] == [
        (one.name, one.percent) for one in pairs(view, dearest=True, limit=9)
    ]
    assert 1 == len(pairs(view, dearest=False, limit=1))


@pytest.mark.parametrize(
    ("ours_is", "theirs_is", "percent"),
    [("0.004", "0.002", "-50.0"), ("0.000001", "999999999999", None), ("999999999999", "8", None)],
)
def test_implausible_prices_break_nothing(
    ours_is: str, theirs_is: str, percent: str | None, market: Market
) -> None:
    """Prices below a cent and prices beyond all reason still give a report."""
    view = market(
        product=[ours("cup", ours_is, gtin=CUP)], offer=[theirs("a", theirs_is, gtin=CUP)]
    )
    (found,) = [*pairs(view, dearest=True, limit=9), *pairs(view, dearest=False, limit=9)]

    assert 1 == only(indices(view)).n
    assert found.percent == (D(percent) if percent else found.percent)


def test_the_lowest_price_of_a_month(market: Market) -> None:
    """It is the lowest of the last thirty days, in the same currency, not an older one."""
    life = versions(
        "a",
        {"at": ago(90), "price": D(1)},
        {"at": ago(60), "price": D(7)},
        {"at": ago(20), "price": D(2), "currency": "USD"},
        {"at": ago(10), "price": D(8)},
        gtin=CUP,
    )
    view = market(product=[ours("cup", gtin=CUP)], offer=life)
    (found,) = pairs(view, dearest=False, limit=9)

    assert (D(8), D(7)) == (found.theirs, found.lowest)


def test_what_moved(market: Market) -> None:
    """Prices, promotions, stock, new and withdrawn articles are told, the newest first."""
    stock = {"price": D(5)}
    view = market(
        offer=[
            *versions("old", {"at": ago(100), "price": D(10)}, {"at": ago(3), "price": D("9.5")}),
            *versions(
                "promoted",
                {"at": ago(100), "price": D(10)},
                {"at": ago(4), "price": D(8), "list_price": D(10)},
            ),
            *versions(
                "sold",
                {"at": ago(100), "availability": "InStock", **stock},
                {"at": ago(6), "availability": "OutOfStock", **stock},
                {"at": ago(5), "availability": "InStock", **stock},
            ),
            *versions("fresh", {"at": ago(2), "price": D(3)}),
            *versions("gone", {"at": ago(100), "price": D(4)}, deleted_at=ago(1)),
        ]
    )

    assert [
        ("Gone", "withdrawn", D(4), None),
        ("Fresh", "new", None, D(3)),
        ("Old", "price", D(10), D("9.5")),
        ("Promoted", "promotion", D(10), D(8)),
        ("Sold", "back", None, None),
        ("Sold", "stock-out", None, None),
    ] == [(one.name, one.what, one.before, one.after) for one in moves(view, LAST)]
    assert (ago(3).date(), "Rival", "EUR") == (
        moves(view, LAST)[2].on,
        moves(view, LAST)[2].competitor,
        moves(view, LAST)[2].currency,
    )


def test_the_first_look_is_no_move(market: Market) -> None:
    """What was there when a site was first read is not new."""
    view = market(offer=versions("a", {"at": ago(2)}) + versions("b", {"at": ago(2)}))

    assert [] == moves(view, LAST)


def test_the_first_look_may_take_hours(market: Market) -> None:
    """A large shop is read at a page a second; what comes an hour after all others is new."""
    began = ago(2)
    offers = [
        each
        for n in range(9)
        for each in versions(f"p{n}", {"at": began + timedelta(minutes=40 * n)})
    ]
    late = versions("late", {"at": began + timedelta(minutes=40 * 8 + 61)})

    assert ["Late"] == [one.name for one in moves(market(offer=offers + late), LAST)]


def test_what_was_withdrawn_returns(market: Market) -> None:
    """An article that is sold again is no new one, and its price is no move."""
    gone = versions("a", {"at": ago(50), "price": D(4)}, deleted_at=ago(9))
    again = versions("a", {"at": ago(2), "price": D(6)})
    other = versions("b", {"at": ago(50)})

    assert [("returned", D(4), D(6)), ("withdrawn", D(4), None)] == [
        (one.what, one.before, one.after)
        for one in moves(market(offer=[*gone, *again, *other]), Period(None, None))
    ]


def test_moves_have_a_period_and_a_competitor(market: Market) -> None:
    """A period contains its beginning and not its end; another competitor's moves stay out."""
    life = [{"at": ago(50), "price": D(1)}, {"at": ago(9), "price": D(2)}]
    last = {"at": NOW, "price": D(4)}
    view = market(
        offer=[
            *versions("a", *life, {"at": LAST.since, "price": D(3)}, last),
            *versions("b", *life, {"at": ago(1), "price": D(5)}, competitor="Other"),
        ]
    )

    assert [D(5), D(3)] == [one.after for one in moves(view, LAST)]
    assert [D(3)] == [one.after for one in moves(view, LAST, competitor="Rival")]
    assert [] == moves(view, LAST, competitor="Nobody")
    assert 5 == len(moves(view, Period(None, None)))


def test_moves_never_mix_currencies(market: Market) -> None:
    """A price that comes in another currency stands beside no price of the former one."""
    life = versions(
        "a", {"at": ago(50), "price": D(9)}, {"at": ago(1), "price": D(8), "currency": "USD"}
    )
    found = moves(market(offer=life), LAST)

    assert [("price", None, D(8), "USD")] == [
        (one.what, one.before, one.after, one.currency) for one in found
    ]


def test_a_price_and_the_stock_may_move_at_once(market: Market) -> None:
    """An article that gets dearer and is sold out with the same look has moved twice."""
    life = versions(
        "a",
        {"at": ago(50), "price": D(8), "availability": "InStock"},
        {"at": ago(1), "price": D(9), "availability": "OutOfStock"},
    )

    assert ["price", "stock-out"] == [one.what for one in moves(market(offer=life), LAST)]


def test_our_own_shop_makes_no_moves(market: Market) -> None:
    """A change of our own price is no move of the market."""
    life = versions("a", {"at": ago(50), "price": D(9)}, {"at": ago(1), "price": D(8)})

    assert [] == moves(market(offer=[{**one, "competitor": None} for one in life]), LAST)


def test_out_of_stock(market: Market) -> None:
    """What is sold out there is told with our own stock, unless it is sold out here as well."""
    here = {"source": "own", "competitor": None, "price": D(9), "currency": "EUR"}
    numbers = {"cup": CUP, "pot": POT, "jug": "4006381333948"}
    view = market(
        product=[ours(name, gtin=gtin) for name, gtin in numbers.items()],
        offer=[
            *(theirs(n, gtin=gtin, availability="OutOfStock") for n, gtin in numbers.items()),
            theirs("more", gtin=CUP, availability="SoldOut", competitor="Other"),
            {**here, "key": "x", "sku": "cup", "availability": "InStock"},
            {**here, "key": "y", "sku": "pot", "availability": "OutOfStock"},
        ],
    )

    assert [("Other", "Cup", "InStock"), ("Rival", "Cup", "InStock"), ("Rival", "Jug", None)] == [
        (one.competitor, one.name, one.ours) for one in stock_gaps(view, limit=9)
    ]
    assert 1 == len(stock_gaps(view, limit=1))


def test_an_article_that_can_be_had_there_is_no_gap(market: Market) -> None:
    """Where one of a competitor's offers of an article is in stock, the article is."""
    view = market(
        product=[ours("cup", gtin=CUP)],
        offer=[
            theirs("a", gtin=CUP, availability="OutOfStock"),
            theirs("b", gtin=CUP, availability="InStock", seller="Another"),
        ],
    )

    assert [] == stock_gaps(view, limit=9)


def test_a_used_one_of_ours_is_no_price(market: Market) -> None:
    """What our own shop sells second-hand says nothing of the price of a new one."""
    shop = {"source": "own", "competitor": None, "sku": "cup", "product_name": "Cup"}
    used = theirs("u", "4", **shop, condition="UsedCondition")
    new = theirs("n", "9", **shop)
    view = market(product=[ours("cup", gtin=CUP)], offer=[used, new, theirs("a", "9", gtin=CUP)])

    assert D(100) == only(indices(view)).value


def test_what_can_be_bought_competes(market: Market) -> None:
    """Of two offers of one article the one in stock counts, though the other is cheaper."""
    rows = [
        theirs("a", "5", gtin=CUP, availability="OutOfStock"),
        theirs("b", "9", gtin=CUP, availability="InStock"),
    ]

    assert D(90) == only(indices(market(product=[ours("cup", gtin=CUP)], offer=rows))).value


def test_nothing_is_no_lowest_price(market: Market) -> None:
    """A price of nothing that was stored once is not the lowest of 30 days."""
    rows = versions("a", {"at": ago(20), "price": D(0)}, {"at": ago(9), "price": D(8)}, gtin=CUP)
    (pair,) = pairs(market(product=[ours("cup", gtin=CUP)], offer=rows), dearest=False, limit=9)

    assert D(8) == pair.lowest


def test_a_price_that_moved_while_it_was_sold_out(market: Market) -> None:
    """The price before is the last one that there was."""
    rows = versions(
        "a",
        {"at": ago(20), "price": D(10), "availability": "InStock"},
        {"at": ago(5), "price": None, "availability": "OutOfStock"},
        {"at": ago(2), "price": D(12), "availability": "InStock"},
    )
    found = [(one.what, one.before, one.after) for one in moves(market(offer=rows), LAST)]

    assert [("back", None, None), ("price", D(10), D(12)), ("stock-out", None, None)] == found


def test_without_tax_is_no_cut(market: Market) -> None:
    """From with to without tax, at another number, no price has moved."""
    rows = versions(
        "a",
        {"at": ago(20), "price": D("12.1"), "tax_included": True},
        {"at": ago(2), "price": D(10), "tax_included": False},
    )

    assert [] == moves(market(offer=rows), LAST)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ((10, None), (8, 10), "promotion"),
        ((10, 10), (8, 10), "promotion"),
        ((8, 10), (7, 10), "price"),
        ((8, 10), (10, 10), "price"),
        ((8, 10), (10, None), "price"),
    ],
)
def test_when_a_promotion_begins(
    before: tuple[int, int | None], after: tuple[int, int | None], what: str, market: Market
) -> None:
    """A price below the list price is a promotion from where it was not below it."""
    rows = versions(
        "a",
        *(
            {"at": ago(days), "price": D(price), "list_price": D(was) if was else None}
            for days, (price, was) in ((20, before), (2, after))
        ),
    )
    (one,) = moves(market(offer=rows), LAST)

    assert (what, D(before[0]), D(after[0])) == (one.what, one.before, one.after)


def test_what_only_one_of_both_sells(market: Market) -> None:
    """Of three offers one is none of ours; of our two products it offers the one, twice."""
    view = market(
        product=[ours("cup", gtin=CUP), ours("pot", gtin=POT)],
        offer=[theirs("a", gtin=CUP), theirs("b", gtin=CUP), theirs("c"),
               theirs("d", competitor="Other")],
    )  # fmt: skip

    assert Assortment(3, 1, 2, 1) == assortment(view, competitor="Rival")
    assert Assortment(0, 0, 2, 2) == assortment(view, competitor="Nobody")
