"""Competitors' terms of shipping, on values worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from regard.measures.shipping import Terms, shipping, shipping_changes
from regard.reports import Period

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MONTH = Period(NOW - timedelta(days=28), NOW)
D = Decimal
Market = Callable[..., Any]


def ago(days: float) -> datetime:
    """Return a time so many days before now."""
    return NOW - timedelta(days=days)


def life(key: str, *states: tuple[float, str | None, str | None], **more: Any) -> list[Any]:
    """Return an offer's versions: from so many days ago on, shipped at, free from."""
    ends = [ago(days) for days, *_ in states[1:]] + [None]
    return [
        {
            "source": "site", "key": key, "competitor": "Rival", "currency": "EUR",
            "price": D(10), "valid_from": ago(days), "valid_to": end, "last_seen_at": end or NOW,
            "shipping": None if cost is None else D(cost),
            "extra": json.dumps({} if free is None else {"free_shipping_from": free}), **more,
        }
        for (days, cost, free), end in zip(states, ends, strict=True)
    ]  # fmt: skip


def test_who_says_nothing(market: Market) -> None:
    """Offers that say nothing of shipping have no terms, and none is taken for free."""
    view = market(offer=life("cup", (60, None, None)))
    found = shipping(view, competitor="Rival")

    assert (1, D(0), ()) == (found.offers, found.stated.value, found.terms)
    assert (None, None) == (found.free_seen_from, found.charged_to)
    assert [] == shipping_changes(view, None, competitor="Rival")
    assert 0 == shipping(view, competitor="Nobody").offers


def test_terms_and_how_many_say_so(market: Market) -> None:
    """Two of four at 3.95 and free from 40, one always free, one silent: 75 % say something."""
    view = market(
        offer=[
            *life("a", (60, "3.95", "40")),
            *life("b", (20, "3.95", "40")),
            *life("c", (9, "0", None)),
            *life("d", (60, None, None)),
            *life("e", (60, "9", None), competitor="Other"),
            *life("f", (60, "9", None), deleted_at=ago(5)),
        ]
    )
    found = shipping(view, competitor="Rival")

    assert (4, D(75), 4) == (found.offers, found.stated.value, found.stated.n)
    assert (
        Terms(D("3.95"), D(40), "EUR", 2, date(2026, 1, 14)),
        Terms(D(0), None, "EUR", 1, date(2026, 3, 6)),
    ) == found.terms


def test_since_when_and_what_changed(market: Market) -> None:
    """Two offers that went from 4.95 to 3.95 on one day are one change; a new price is none."""
    cup = life("cup", (60, "4.95", "50"), (20, "3.95", "40"), (10, "3.95", "40"))
    pot = life("pot", (60, "4.95", "50"), (20, "3.95", "40"))
    jug = life("jug", (60, "4.95", "50"), (50, "0", None))
    view = market(offer=[*cup, *pot, *jug])
    new, old = shipping_changes(view, None, competitor="Rival")

    assert (date(2026, 2, 23), 2) == (new.on, new.n)
    assert (D("4.95"), D(50), D("3.95"), D(40)) == (
        new.before.cost, new.before.free_from, new.after.cost, new.after.free_from,
    )  # fmt: skip
    assert (1, D(0), None) == (old.n, old.after.cost, old.after.free_from)
    assert [new] == shipping_changes(view, MONTH, competitor="Rival")
    assert date(2026, 2, 23) == shipping(view, competitor="Rival").terms[0].since


def test_silence_in_between_is_no_change(market: Market) -> None:
    """An offer that says nothing for a time and then the same has not changed its terms."""
    cup = life("cup", (60, "4.95", None), (20, None, None), (10, "4.95", None))
    view = market(offer=cup)

    assert [] == shipping_changes(view, None, competitor="Rival")
    (terms,) = shipping(view, competitor="Rival").terms
    assert date(2026, 1, 14) == terms.since


def test_where_free_shipping_begins(market: Market) -> None:
    """Charged at 12 and 38, free at 41 and 80: free is seen from 41, and charged up to 38."""
    prices = (("12", "4.95"), ("38", "4.95"), ("41", "0"), ("80", "0"), ("99", None))
    offers = [
        one for price, cost in prices for one in life(price, (9, cost, None), price=D(price))
    ]
    found = shipping(market(offer=offers), competitor="Rival")

    assert (D(41), D(38), "EUR") == (found.free_seen_from, found.charged_to, found.currency)


def test_free_shipping_that_does_not_go_by_the_price(market: Market) -> None:
    """Where a cheaper article ships free than one that is charged, no border is told."""
    offers = [
        *life("a", (9, "0", None), price=D(10)),
        *life("b", (9, "4.95", None), price=D(20)),
        *life("c", (9, "0", None), price=D(30)),
    ]
    found = shipping(market(offer=offers), competitor="Rival")

    assert (None, None, None) == (found.free_seen_from, found.charged_to, found.currency)


def test_a_threshold_that_is_no_amount(market: Market) -> None:
    """What stands where the threshold should, and is no amount, says nothing."""
    found = shipping(market(offer=life("a", (9, None, "soon"))), competitor="Rival")

    assert () == found.terms


def test_a_price_that_passes_the_order_value(market: Market) -> None:
    """Shipping that is free because the article got dearer is no change of terms."""
    cup = life("cup", (60, "4.95", "50"), (20, "0", "50"), (10, "0", "40"))
    cup[1] |= {"price": D(55)}
    cup[2] |= {"price": D(45)}
    jug = life("jug", (60, "4.95", None), (20, "0", None))
    view = market(offer=[*cup, *jug])
    first, second = shipping_changes(view, None, competitor="Rival")

    assert (D(50), D(40), D(0)) == (
        first.before.free_from, first.after.free_from, first.after.cost,
    )  # fmt: skip
    assert (D("4.95"), D(0), 1) == (second.before.cost, second.after.cost, second.n)
    assert date(2026, 3, 5) == shipping(view, competitor="Rival").terms[0].since
