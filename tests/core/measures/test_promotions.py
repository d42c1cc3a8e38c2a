"""Promotions of competitors, on values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from regard.measures.promotions import promotions
from regard.reports import Period

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MONTH = Period(NOW - timedelta(days=28), NOW)
D = Decimal
Market = Callable[..., Any]


def ago(days: float) -> datetime:
    """Return a time so many days before now."""
    return NOW - timedelta(days=days)


def life(key: str, *states: tuple[float, str | None, str | None], **more: Any) -> list[Any]:
    """Return an offer's versions: from so many days ago on, at a price, below another one."""
    ends = [ago(days) for days, *_ in states[1:]] + [None]
    return [
        {
            "source": "site", "key": key, "competitor": "Rival", "currency": "EUR",
            "product_name": key.title(), "valid_from": ago(days), "valid_to": end,
            "last_seen_at": end or NOW, "price": None if price is None else D(price),
            "list_price": None if was is None else D(was), **more,
        }
        for (days, price, was), end in zip(states, ends, strict=True)
    ]  # fmt: skip


def test_start_length_and_depth(market: Market) -> None:
    """From 10 to 8 and on to 7 for ten days, and then 10 again: one promotion, 30 % deep."""
    cup = life("cup", (60, "10", None), (20, "8", "10"), (15, "7", "10"), (10, "10", None))
    (one,) = promotions(market(offer=cup), MONTH, competitor="Rival")

    assert ("Cup", date(2026, 2, 23), date(2026, 3, 5), D(10)) == (
        one.name, one.began_on, one.ended_on, one.days,
    )  # fmt: skip
    assert (D(10), D(7), D(30), "EUR") == (one.former, one.price, one.depth, one.currency)


def test_what_runs_comes_first(market: Market) -> None:
    """One that runs has no end, one that ran before we looked no beginning and no length."""
    runs = life("runs", (60, "10", None), (5, "9", "10"))
    ran = life("ran", (20, "8", "10"), (4, "10", "10"))
    first, second = promotions(market(offer=[*ran, *runs]), MONTH, competitor="Rival")

    assert ("Runs", None, D(5)) == (first.name, first.ended_on, first.days)
    assert ("Ran", None, date(2026, 3, 11), None) == (
        second.name, second.began_on, second.ended_on, second.days,
    )  # fmt: skip


def test_sold_out_in_between_is_one_promotion(market: Market) -> None:
    """A time without a price neither ends a promotion nor begins another."""
    cup = life("cup", (60, "10", None), (20, "8", "10"), (15, None, None), (10, "8", "10"))
    (one,) = promotions(market(offer=cup), MONTH, competitor="Rival")

    assert (date(2026, 2, 23), None, D(20)) == (one.began_on, one.ended_on, one.days)


def test_two_promotions_of_one_article(market: Market) -> None:
    """At its full price in between it is cut twice; each period has those that ran in it."""
    cup = life("cup", (60, "10", None), (50, "8", "10"), (40, "10", None), (9, "9", "10"))
    view = market(offer=cup)

    assert [D(10), D(20)] == [one.depth for one in promotions(view, None, competitor="Rival")]
    assert [D(10)] == [one.depth for one in promotions(view, MONTH, competitor="Rival")]
    assert [] == promotions(view, None, competitor="Other")


def test_a_withdrawal_ends_it(market: Market) -> None:
    """What is withdrawn is no longer cut."""
    cup = life("cup", (60, "10", None), (20, "8", "10"))
    cup[-1] |= {"deleted_at": ago(5)}
    (one,) = promotions(market(offer=cup), MONTH, competitor="Rival")

    assert (date(2026, 3, 10), D(15)) == (one.ended_on, one.days)
