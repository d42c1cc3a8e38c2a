"""What was bought, what was not, by whom and how often: exact, and never across currencies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from regard.measures import buyers, purchases
from regard.reports import Period

AT = datetime(2026, 1, 10, 12, tzinfo=UTC)


def line(key: str, **fields: Any) -> dict[str, Any]:
    """Return a completed sale, but for what is said otherwise."""
    sale = {"basis": "sale", "status": "completed", "ordered_at": AT, "currency": "EUR"}
    return {"key": key, "amount": Decimal(10), **sale, **fields}


def test_empty(view_with: Callable[..., Any]) -> None:
    """Without purchases there is no revenue, no share and no gap, and nothing fails."""
    view = view_with()
    whole = purchases.purchase_outcomes(view)[0]
    gap = buyers.days_between_purchases(view)

    assert () == purchases.revenue(view)
    assert (None, 0) == (whole.percent, whole.n)
    assert (None, 0, 0) == (gap.days, gap.n, gap.buyers)
    assert ((), ()) == (buyers.top_customers(view), purchases.loss_reasons(view))
    assert 0 == buyers.ties(view).n


def test_currencies_stay_apart(view_with: Callable[..., Any]) -> None:
    """Each currency has its own sum, exact to the last digit; an unknown one is said."""
    rows = [line(f"e{n}", amount=Decimal("0.1")) for n in range(3)]
    rows += [line("u", currency="USD", amount=Decimal("999999999999.999999"))]
    rows += [line("v", currency="USD", amount=Decimal("999999999999.999999"))]
    rows += [line("x", currency=None, amount=Decimal("5.5")), line("y", amount=None)]
    found = {one.currency: one for one in purchases.revenue(view_with(purchases=rows))}

    assert Decimal("0.3") == found["EUR"].amount
    assert Decimal("1999999999999.999998") == found["USD"].amount
    assert Decimal("5.5") == found[None].amount
    assert (3, 4, 1) == (found["EUR"].n, found["EUR"].lines, found["EUR"].without_amount)


def test_only_sales_are_revenue(view_with: Callable[..., Any]) -> None:
    """Card charges, deals, and what was not completed bring no revenue."""
    rows = [
        line("1"),
        line("2", basis="payment"),
        line("3", basis="pipeline"),
        line("4", basis=None),
        *(line(s, status=s) for s in ("cancelled", "abandoned", "lost", "quoted")),
        line("9", status=None),
    ]
    (found,) = purchases.revenue(view_with(purchases=rows))

    assert (Decimal(10), 1, 1) == (found.amount, found.n, found.orders)


def test_refunds(view_with: Callable[..., Any]) -> None:
    """A negative line takes back its part; of a line that was refunded whole nothing is left."""
    rows = [
        line("1", order_key="a", amount=Decimal(100)),
        line("1r", order_key="r", amount=Decimal(-30), status="refunded"),
        line("2", order_key="b", amount=Decimal(50), status="refunded"),
    ]
    view = view_with(purchases=rows)
    (found,) = purchases.revenue(view)

    assert Decimal(70) == found.amount
    assert (2, 2, 2, 3) == (found.orders, found.lines, found.refunds, found.n)
    assert (2, 0) == (
        purchases.purchase_outcomes(view)[0].made,
        purchases.purchase_outcomes(view)[0].not_made,
    )


def test_orders_and_lines(view_with: Callable[..., Any]) -> None:
    """Lines of one order are one purchase, within their source and whatever the currency."""
    rows = [
        line("1", order_key="a"),
        line("2", order_key="a", currency="USD"),
        line("3", order_key=""),
        line("4"),
    ]
    counted = purchases.count_purchases(view_with(purchases=rows))

    assert (3, 4) == (counted.purchases, counted.n)


def test_period(view_with: Callable[..., Any]) -> None:
    """A period leaves out what lies outside, and what has no time, and says so."""
    rows = [
        line("1"),
        line("2", ordered_at=AT + timedelta(days=1)),
        line("3", ordered_at=None),
    ]
    view = view_with(purchases=rows)
    (within,) = purchases.revenue(view, Period(AT, AT + timedelta(days=1)))
    (ever,) = purchases.revenue(view)

    assert (1, 3, 1) == (within.n, ever.n, purchases.undated_purchases(view))


def test_not_made(view_with: Callable[..., Any]) -> None:
    """The share not made rests on what was decided; quotes are open, an order counts once."""
    rows = [
        line("1", order_key="a"),
        line("2", order_key="a", status="cancelled"),
        line("3", order_key="b", status="abandoned", reason=" price "),
        line("4", order_key="b", status="abandoned", reason="price"),
        line("5", order_key="c", status="cancelled", reason=""),
        line("6", basis="pipeline", status="lost", reason="price", competitor="Rival"),
        line("7", basis="pipeline", status="lost"),
        line("8", basis="pipeline", status="quoted"),
        line("9", status=None),
        line("10", basis="payment", status="cancelled"),
    ]
    view = view_with(purchases=rows)
    whole, sale, pipeline = purchases.purchase_outcomes(view)

    assert (1, 4, 1, 1, 5) == (whole.made, whole.not_made, whole.open, whole.unknown, whole.n)
    assert Decimal("80.0") == whole.percent
    assert ("sale", 1, 2, Decimal("66.7")) == (sale.basis, sale.made, sale.not_made, sale.percent)
    assert ("pipeline", 0, 2, 1) == (
        pipeline.basis,
        pipeline.made,
        pipeline.not_made,
        pipeline.open,
    )
    assert {
        ("abandoned", "price"): 1,
        ("cancelled", None): 1,
        ("lost", "price"): 1,
        ("lost", None): 1,
    } == {(one.status, one.reason): one.purchases for one in purchases.loss_reasons(view)}
    assert [("Rival", 1), (None, 1)] == list(purchases.competitors_lost_to(view))


def test_days_between(view_with: Callable[..., Any]) -> None:
    """The median over customers of each one's median gap, in days of the project's zone."""

    def days(key: str, *offsets: float) -> list[dict[str, Any]]:
        return [
            line(f"{key}{n}", customer_key=key, ordered_at=AT + timedelta(days=offset))
            for n, offset in enumerate(offsets)
        ]

    rows = [*days("a", 0, 10, 30), *days("b", 0, 4), *days("c", 0, 0.1), *days("d", 5)]
    # In Madrid these two are one day, in UTC they are not.
    rows += days("e", 0.48, 0.52)
    gap = buyers.days_between_purchases(view_with(purchases=rows))

    assert (Decimal("9.5"), 2, 5) == (gap.days, gap.n, gap.buyers)


def test_refund_is_no_purchase_day(view_with: Callable[..., Any]) -> None:
    """Bringing something back is no visit to buy."""
    rows = [
        line("1", customer_key="a"),
        line("2", customer_key="a", amount=Decimal(-1), ordered_at=AT + timedelta(days=3)),
    ]

    assert 0 == buyers.days_between_purchases(view_with(purchases=rows)).n


def test_ties(view_with: Callable[..., Any]) -> None:
    """A key ties a purchase; an address does only where one customer of the source has it."""
    people = [
        {"key": "1", "email": "Ana@Example.com "},
        {"key": "2", "email": "shared@example.com"},
        {"key": "3", "email": "shared@example.com"},
    ]
    rows = [
        line("a", customer_key="1", amount=Decimal(1)),
        line("b", email=" ana@example.COM", amount=Decimal(2)),
        line("c", email="shared@example.com"),
        line("d", email="nobody@example.com"),
        line("e"),
        line("f", customer_key="9", email="ana@example.com", amount=Decimal(4)),
        line("g", email="ana@example.com", source="shop"),
    ]
    view = view_with(people, rows)
    tied = buyers.ties(view)
    top = buyers.top_customers(view)

    assert (3, 7, 2, 4) == (tied.tied, tied.n, tied.customers, tied.untied)
    assert [Decimal(4), Decimal(3)] == [one.amount for one in top]
    assert [view.pseudonym("customer", "9"), view.pseudonym("customer", "1")] == [
        one.pseudonym for one in top
    ]


def test_top(view_with: Callable[..., Any]) -> None:
    """Each currency has its own list; refunds count, orders count once, days are local."""
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    rows = [
        line("1", customer_key="a", order_key="x", amount=Decimal(60)),
        line("2", customer_key="a", order_key="x", amount=Decimal(60), ordered_at=late),
        line("3", customer_key="a", amount=Decimal(-50), status="refunded"),
        line("4", customer_key="b", amount=Decimal(90)),
        line("5", customer_key="c", amount=Decimal(80)),
        line("6", customer_key="c", amount=Decimal(1), currency="USD"),
        line("7", customer_key="d", amount=None),
    ]
    found = buyers.top_customers(view_with(purchases=rows), limit=3)

    assert [
        ("EUR", Decimal(90), 1, date(2026, 1, 10)),
        ("EUR", Decimal(80), 1, date(2026, 1, 10)),
        ("EUR", Decimal(70), 1, date(2026, 2, 1)),
        ("USD", Decimal(1), 1, date(2026, 1, 10)),
    ] == [(one.currency, one.amount, one.orders, one.last_on) for one in found]
