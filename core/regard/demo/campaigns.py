"""
The demo's mail campaigns: to whom they were sent, and what each recipient did.

Pure, and made from a world with a chance of its own. Who buys in the week after a mailing has
often clicked before; whoever leaves the list is known in the CRM as one who refuses mails.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from regard.demo.seasons import ZONE
from regard.demo.world import Customer, Order, World

__all__ = ["BUYING_DAYS", "Mailed", "Mailing", "make_mailings"]

BUYING_DAYS: Final = 7
"""An order within so many days after a click is the mailing's."""

_NAMES: Final = ("Summer table", "Back to the kitchen", "Autumn candles")
_LEAVING: Final = (5, 3, 2)
"""How many leave the list by each mailing."""
_BOUNCING: Final = 0.01
_OPENING: Final = (0.36, 0.31, 0.28)
_CLICKING: Final = 0.17
"""How many click of those who open and do not buy soon after."""
_CLICKING_BUYERS: Final = 0.8
_FIRST_RECIPIENTS: Final = 640
_MORE_RECIPIENTS: Final = 40


@dataclass(frozen=True, slots=True)
class Mailed:
    """
    What happened to the mail of one recipient.

    Attributes:
        what: ``sent``, ``open``, ``click``, ``bounce`` or ``unsub``, in the vendor's words.
        page: Where a click led to, else empty.
    """

    customer: Customer
    what: str
    at: datetime
    page: str = ""


@dataclass(frozen=True, slots=True)
class Mailing:
    """
    One mailing.

    Attributes:
        orders: By those who clicked in it, within `BUYING_DAYS` days.
    """

    number: int
    name: str
    at: datetime
    mailed: tuple[Mailed, ...]
    orders: tuple[Order, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many recipients each thing happened to."""
        return Counter(what for what, _ in {(each.what, each.customer) for each in self.mailed})


def make_mailings(world: World) -> tuple[Mailing, ...]:
    """Return the mailings, the oldest first; the same world gives the same."""
    rng = random.Random(f"{world.seed}-mailings")  # noqa: S311  # no secret
    private = [each for each in world.customers if each.email and each.company is None]
    kept = [each for each in private if not each.unsubscribed]
    left = [each for each in private if each.unsubscribed]
    rng.shuffle(left)
    found = []
    for number, name in enumerate(_NAMES):
        day = (world.until - timedelta(days=80 - 28 * number)).astimezone(ZONE)
        at = day.replace(hour=10, minute=0, second=0)
        leaving = [each for each in left if each.created_at < at][: _LEAVING[number]]
        left = [each for each in left if each not in leaving]
        reachable = [each for each in kept if each.created_at < at]
        count = _FIRST_RECIPIENTS + _MORE_RECIPIENTS * number - len(leaving)
        recipients = [*rng.sample(reachable, count), *leaving]
        found.append(_mailing(rng, world, number, name, at, recipients, len(leaving)))
    return tuple(found)


def _mailing(
    rng: random.Random,
    world: World,
    number: int,
    name: str,
    at: datetime,
    recipients: Sequence[Customer],
    leaving: int,
) -> Mailing:
    soon = _first_orders(world, at)
    mailed: list[Mailed] = []
    clicked: dict[str, datetime] = {}
    for place, each in enumerate(recipients):
        leaves = place >= len(recipients) - leaving
        order = None if leaves else soon.get(each.email or "")
        for event in _events(rng, each, at, number, order, leaves=leaves):
            mailed.append(event)
            if event.what == "click":
                clicked.setdefault(each.email or "", event.at)
    orders = tuple(
        order
        for order in world.orders
        if order.sold
        and (first := clicked.get(order.email)) is not None
        and first <= order.ordered_at <= first + timedelta(days=BUYING_DAYS)
    )
    mailed = [each for each in mailed if each.at < world.until]
    return Mailing(number, name, at, tuple(sorted(mailed, key=lambda each: each.at)), orders)


def _first_orders(world: World, at: datetime) -> Mapping[str, Order]:
    """Return each customer's first order in the days after a mailing, by address."""
    found: dict[str, Order] = {}
    for order in world.orders:
        days = (order.ordered_at - at) / timedelta(days=1)
        if order.sold and 0.1 < days < BUYING_DAYS:
            found.setdefault(order.email, order)
    return found


def _events(
    rng: random.Random,
    customer: Customer,
    at: datetime,
    number: int,
    order: Order | None,
    *,
    leaves: bool,
) -> Iterator[Mailed]:
    yield Mailed(customer, "sent", at)
    if rng.random() < _BOUNCING and not leaves:
        yield Mailed(customer, "bounce", at + timedelta(seconds=rng.randint(2, 90)))
        return
    buys = order is not None and rng.random() < _CLICKING_BUYERS
    if not (buys or leaves or rng.random() < _OPENING[number]):
        return
    opened = at + timedelta(minutes=round(rng.expovariate(1 / 300), 1))
    if buys and order is not None:
        # The click comes before the order, and the opening before the click.
        opened = max(at, order.ordered_at - timedelta(minutes=rng.randint(10, 90)))
    opened = opened.replace(microsecond=0)
    yield Mailed(customer, "open", opened)
    if leaves:
        yield Mailed(customer, "unsub", opened + timedelta(seconds=rng.randint(10, 60)))
    elif buys or rng.random() < _CLICKING:
        page = "/"
        if order is not None and buys:
            page = f"/products/{order.lines[0].product.sku.casefold()}"
        yield Mailed(customer, "click", opened + timedelta(seconds=rng.randint(5, 90)), page)
