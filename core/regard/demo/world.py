"""
The demo's world: who the customers are, what they bought, and what they did not buy.

Pure, and made from a seed: the same seed and the same end give the same world, whatever the
machine. Exports are written from it, so that what a report says can be compared with what
is true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from regard.demo.people import Country, Region
from regard.demo.products import Product

__all__ = ["Basket", "Customer", "Deal", "Line", "Order", "Ticket", "World"]


@dataclass(frozen=True, slots=True)
class Customer:
    """
    Somebody the retailer knows.

    Attributes:
        number: The number in the CRM.
        sex: ``Female``, ``Male``, or None where it was not asked.
        email: None where the customer gave none.
        company: The business that somebody buys for by quote.
        segment: How far the customer has come, in the CRM's words.
        source: What brought the customer here, in the CRM's words.
        unsubscribed: Whether the customer refused mails.
    """

    number: int
    given_name: str
    family_name: str
    sex: str | None
    birth_on: date | None
    email: str | None
    phone: str | None
    country: Country
    region: Region
    postal_code: str
    company: str | None
    segment: str
    source: str
    created_at: datetime
    unsubscribed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """
    One article of an order.

    Attributes:
        unit_price: Before discount.
        discount: On the whole line.
        void: Whether it was struck out again while the customer was at the till.
    """

    product: Product
    quantity: int
    unit_price: Decimal
    discount: Decimal = Decimal("0.00")
    void: bool = False

    @property
    def amount(self) -> Decimal:
        """What the line costs."""
        return self.quantity * self.unit_price - self.discount


@dataclass(frozen=True, slots=True)
class Order:
    """
    An order in the web shop.

    Attributes:
        number: As the shop counts.
        customer: None: somebody the CRM does not know.
        email: Whose order it is.
        code: A discount code, where one was used.
        code_discount: What it took off the whole order.
        state: ``paid``, ``refunded``, ``partially_refunded``, ``pending`` or ``expired``.
        cancelled_at: Until then the order stood.
        refunded: What was given back.
    """

    number: int
    customer: Customer | None
    email: str
    country: Country
    region: Region
    postal_code: str
    ordered_at: datetime
    lines: tuple[Line, ...]
    shipping: Decimal
    code: str = ""
    code_discount: Decimal = Decimal("0.00")
    state: str = "paid"
    cancelled_at: datetime | None = None
    refunded: Decimal = Decimal("0.00")

    @property
    def subtotal(self) -> Decimal:
        """What the articles cost after all discounts, without shipping."""
        return sum((line.amount for line in self.lines), Decimal(0)) - self.code_discount

    @property
    def sold(self) -> bool:
        """Whether it was bought, though perhaps given back later."""
        return self.cancelled_at is None and self.state not in ("pending", "expired")

    @property
    def revenue(self) -> Decimal:
        """What is left of it."""
        if not self.sold or self.state == "refunded":
            return Decimal(0)
        return self.subtotal - self.refunded


@dataclass(frozen=True, slots=True)
class Ticket:
    """
    One visit to a shop's till; a return has negative quantities.

    Attributes:
        number: As the till counts, with the shop in front.
        customer: Who showed a card, if anybody did.
    """

    number: str
    store: str
    customer: Customer | None
    sold_at: datetime
    lines: tuple[Line, ...]

    @property
    def is_return(self) -> bool:
        """Whether something was brought back."""
        return any(line.quantity < 0 for line in self.lines)

    @property
    def revenue(self) -> Decimal:
        """What came in, or went out."""
        return sum((line.amount for line in self.lines if not line.void), Decimal(0))


@dataclass(frozen=True, slots=True)
class Deal:
    """
    A quote to a business.

    Attributes:
        stage: In the CRM's words.
        closed_at: When it was decided, or is expected to be.
        reason: Why it was lost.
        competitor: To whom.
    """

    number: int
    customer: Customer
    title: str
    owner: str
    stage: str
    amount: Decimal
    created_at: datetime
    closed_at: datetime
    reason: str = ""
    competitor: str = ""


@dataclass(frozen=True, slots=True)
class Basket:
    """A basket that was left in the web shop, with what the customer said was the reason."""

    number: str
    email: str
    left_at: datetime
    step: str
    articles: int
    value: Decimal
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class World:
    """
    All that happened in two years.

    Attributes:
        until: When the exports are made: nothing in them is later.
    """

    seed: int
    since: datetime
    until: datetime
    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    tickets: tuple[Ticket, ...]
    deals: tuple[Deal, ...]
    baskets: tuple[Basket, ...]

    def revenue(self) -> Mapping[str, Decimal]:
        """Return what the sales brought in each currency."""
        totals: dict[str, Decimal] = {}
        for currency, amount in self._amounts():
            totals[currency] = totals.get(currency, Decimal(0)) + amount
        return totals

    def _amounts(self) -> Iterator[tuple[str, Decimal]]:
        for order in self.orders:
            yield order.country.currency, order.revenue
        for ticket in self.tickets:
            yield "EUR", ticket.revenue

    def not_made(self) -> Mapping[str, int]:
        """Return how many purchases were not made, by what became of them."""
        cancelled = sum(not order.sold and order.state != "pending" for order in self.orders)
        lost = sum(deal.stage == "Closed Lost" for deal in self.deals)
        return {"abandoned": len(self.baskets), "cancelled": cancelled, "lost": lost}

    def lost_to(self) -> Mapping[str, int]:
        """Return how many deals each competitor won."""
        return Counter(deal.competitor for deal in self.deals if deal.competitor)

    @property
    def lines(self) -> int:
        """How many lines of articles orders and tickets have."""
        web = sum(len(order.lines) for order in self.orders)
        return web + sum(len(ticket.lines) for ticket in self.tickets)
