"""
How private customers buy: some often, most now and then, many no more.

Each has a rate of their own and a chance of their own to have had enough after a purchase,
which is how people are found to behave; on that the predictions of later versions can rest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final

from regard.demo.chances import drawn
from regard.demo.people import STORES, Store
from regard.demo.products import PRODUCTS, Product
from regard.demo.seasons import (
    at_the_till,
    buying_days,
    offer_code,
    offer_percent,
    on_the_web,
)
from regard.demo.world import Basket, Customer, Line, Order, Ticket

__all__ = ["Shopper", "make_baskets", "make_purchases"]

_STORE_OF: Final = {store.region: store for store in STORES}
_STRANGERS_PER_YEAR: Final = 430
"""How many tickets a year one shop has for people without a card."""

_POPULAR: Final = (*accumulate(product.weight for product in PRODUCTS),)
_SETS: Final = ("TAB-201", "TAB-202", "TAB-203", "TAB-204", "TAB-205", "TAB-232", "BED-404")
"""Articles of which people take several."""

_CENT: Final = Decimal("0.01")
_FIRST_ORDER: Final = 1_001
_REASONS: Final = (
    ("Shipping cost", 31),
    ("Just looking", 24),
    ("Delivery time", 14),
    ("Payment failed", 11),
    ("Cheaper elsewhere", 12),
    ("", 8),
)
_STEPS: Final = (("basket", 45), ("address", 20), ("shipping", 22), ("payment", 13))


@dataclass(frozen=True, slots=True)
class Shopper:
    """
    A private customer with a behaviour of their own.

    Attributes:
        per_year: How often they buy while they do.
        quits: The chance that a purchase was their last.
        in_store: The chance that they go to a shop rather than to the web.
        welcome: Whether they take a discount for newcomers on their first order.
    """

    customer: Customer
    per_year: float
    quits: float
    in_store: float
    welcome: bool

    @classmethod
    def of(cls, rng: random.Random, customer: Customer) -> Shopper:
        """Give a customer a behaviour."""
        near = customer.region.name in _STORE_OF
        in_store = rng.betavariate(1.2, 1.0) if near else 0.0
        if customer.email is None:
            in_store = 1.0 if near else 0.0
        return cls(
            customer,
            per_year=0.3 + rng.gammavariate(0.9, 4.0),
            quits=rng.betavariate(0.9, 7.0),
            in_store=in_store,
            welcome=rng.random() < 0.4,
        )


def make_purchases(
    rng: random.Random, shoppers: Sequence[Shopper], since: datetime, until: datetime
) -> tuple[tuple[Order, ...], tuple[Ticket, ...]]:
    """Return the orders and the tickets of the time between, each in the order of time."""
    orders: list[Order] = []
    tickets: list[Ticket] = []
    for shopper in shoppers:
        first = True
        for moment in _moments(rng, shopper, since, until):
            if rng.random() < shopper.in_store:
                store = _STORE_OF[shopper.customer.region.name]
                tickets += _visit(rng, store, shopper.customer, moment, until)
            elif shopper.customer.email is not None:
                newcomer = first and shopper.welcome and shopper.customer.created_at >= since
                orders.append(_order(rng, shopper.customer, moment, until, newcomer=newcomer))
                first = False
    for store in STORES:
        for moment in buying_days(rng, since, until, _STRANGERS_PER_YEAR):
            tickets += _visit(rng, store, None, moment, until)
    orders = [each for each in orders if since <= each.ordered_at < until]
    tickets = [each for each in tickets if since <= each.sold_at < until]
    return _numbered_orders(orders), _numbered_tickets(tickets)


def _moments(
    rng: random.Random, shopper: Shopper, since: datetime, until: datetime
) -> Iterator[datetime]:
    """Yield when a customer buys; who came by buying did so on the day they became known."""
    created_at = shopper.customer.created_at
    if created_at < since and rng.random() < shopper.quits * 3:
        return  # had enough before
    if created_at >= since and rng.random() < 0.7:
        yield created_at
        if rng.random() < shopper.quits:
            return
    for moment in buying_days(rng, max(created_at, since), until, shopper.per_year):
        yield moment
        if rng.random() < shopper.quits:
            return


def _articles(rng: random.Random) -> list[tuple[Product, int]]:
    wanted = rng.choices((1, 2, 3, 4, 5), (44, 28, 16, 8, 4))[0]
    found = dict.fromkeys(rng.choices(PRODUCTS, cum_weights=_POPULAR, k=wanted))
    return [(product, _quantity(rng, product)) for product in found]


def _quantity(rng: random.Random, product: Product) -> int:
    if product.sku in _SETS:
        return rng.choice((1, 2, 4, 4, 6))
    if product.sku == "FUR-502":
        return rng.choice((2, 4, 6))
    return 2 if rng.random() < 0.12 else 1


def _lines(rng: random.Random, moment: datetime, currency: str) -> tuple[Line, ...]:
    percent = offer_percent(moment)
    lines = []
    for product, quantity in _articles(rng):
        price = product.price_in(currency)
        discount = (quantity * price * percent / 100).quantize(_CENT)
        lines.append(Line(product, quantity, price.quantize(_CENT), discount))
    return tuple(lines)


def _order(
    rng: random.Random, customer: Customer, moment: datetime, until: datetime, *, newcomer: bool
) -> Order:
    ordered_at = max(on_the_web(rng, moment), customer.created_at)
    country = customer.country
    lines = _lines(rng, ordered_at, country.currency)
    whole = sum((line.amount for line in lines), Decimal(0))
    offer = ("WELCOME10", Decimal("0.10")) if newcomer else offer_code(ordered_at)
    code, share = offer or ("", Decimal(0))
    discount = (whole * share).quantize(_CENT)
    known = rng.random() >= 0.03
    order = Order(
        number=0,
        customer=customer if known else None,
        # Some order under an address of which the CRM does not know whose it is.
        email=(customer.email or "") if known else f"guest{rng.randrange(10**6)}@post.example",
        country=country,
        region=customer.region,
        postal_code=customer.postal_code,
        ordered_at=ordered_at,
        lines=lines,
        shipping=Decimal("0.00") if whole >= 50 else Decimal("4.95"),
        code=code,
        code_discount=discount,
    )
    return _settled(rng, order, until)


def _settled(rng: random.Random, order: Order, until: datetime) -> Order:
    """Return an order with what became of it."""
    fate = rng.random()
    cancelled_at = min(order.ordered_at + timedelta(minutes=rng.randint(20, 2400)), until)
    if fate < 0.025:
        return replace(order, state="refunded", cancelled_at=cancelled_at, refunded=_paid(order))
    if fate < 0.033:
        return replace(order, state="expired", cancelled_at=cancelled_at)
    if fate < 0.055:
        return replace(order, state="refunded", refunded=_paid(order))
    if fate < 0.085 and len(order.lines) > 1:
        back = (order.lines[-1].amount / 2).quantize(_CENT)
        return replace(order, state="partially_refunded", refunded=back)
    if until - order.ordered_at < timedelta(days=4) and rng.random() < 0.15:
        return replace(order, state="pending")
    return order


def _paid(order: Order) -> Decimal:
    return order.subtotal + order.shipping


def _visit(
    rng: random.Random, store: Store, customer: Customer | None, moment: datetime, until: datetime
) -> list[Ticket]:
    """Return the ticket of a visit, and that of a later one to bring something back."""
    sold_at = at_the_till(rng, moment)
    lines = list(_lines(rng, sold_at, "EUR"))
    if rng.random() < 0.02:
        lines.append(replace(rng.choice(lines), void=True))
    tickets = [Ticket("", store.code, customer, sold_at, tuple(lines))]
    back_at = at_the_till(rng, sold_at + timedelta(days=rng.randint(1, 28)))
    if rng.random() < 0.045 and sold_at < back_at < until:
        bought = rng.choice([line for line in lines if not line.void])
        returned = replace(bought, quantity=-bought.quantity, discount=-bought.discount)
        tickets.append(Ticket("", store.code, customer, back_at, (returned,)))
    return tickets


def _numbered_orders(orders: Sequence[Order]) -> tuple[Order, ...]:
    ordered = sorted(orders, key=lambda each: (each.ordered_at, each.email))
    return tuple(replace(each, number=at) for at, each in enumerate(ordered, _FIRST_ORDER))


def _numbered_tickets(tickets: Sequence[Ticket]) -> tuple[Ticket, ...]:
    numbers = dict.fromkeys((store.code for store in STORES), 0)
    found = []
    for ticket in sorted(tickets, key=lambda each: (each.sold_at, each.store)):
        numbers[ticket.store] += 1
        letter = ticket.store[0]
        found.append(replace(ticket, number=f"{letter}{numbers[ticket.store]:06}"))
    return tuple(found)


def make_baskets(
    rng: random.Random, shoppers: Sequence[Shopper], since: datetime, until: datetime
) -> tuple[Basket, ...]:
    """Return the baskets that were left, in the order of time."""
    found = []
    for shopper in shoppers:
        email = shopper.customer.email
        if email is None:
            continue
        begin = max(since, shopper.customer.created_at)
        for moment in buying_days(rng, begin, until, shopper.per_year * 0.14):
            left_at = on_the_web(rng, moment)
            if not begin <= left_at < until:
                continue
            currency = shopper.customer.country.currency
            lines = _lines(rng, left_at, currency)
            found.append(
                Basket(
                    number="",
                    email=email,
                    left_at=left_at,
                    step=drawn(rng, _STEPS),
                    articles=sum(line.quantity for line in lines),
                    value=sum((line.amount for line in lines), Decimal(0)),
                    currency=currency,
                    reason=drawn(rng, _REASONS),
                )
            )
    found.sort(key=lambda each: (each.left_at, each.email))
    return tuple(replace(each, number=f"B{at:05}") for at, each in enumerate(found, 1))
