"""
Whom customers of the demo ask for help: the tickets of its help desk.

Pure, and made from a world with a chance of its own. Most tickets come from an order. Since
another carrier delivers, more customers ask where their order is, and wait longer for a reply.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from regard.demo.seasons import ZONE
from regard.demo.world import Customer, Order, World

__all__ = ["NEW_CARRIER_DAYS", "HelpTicket", "make_help_tickets"]

HELP_DAYS: Final = 180
NEW_CARRIER_DAYS: Final = 60
"""How long another carrier has delivered the orders."""

_ASKING: Final = (0.05, 0.14)
"""How many ask for help after an order, before and since another carrier delivers."""
_OTHERS: Final = 60
"""So many ask about something else than an order."""
_FIRST_NUMBER: Final = 4_001
_WORK_HOURS: Final = 60.0
"""From a reply to the solution, in the mean."""

_SUBJECTS: Final = {
    "delivery": {
        "en": "Where is order #{order}?",
        "es": "¿Dónde está el pedido #{order}?",
        "fr": "Où est la commande #{order} ?",
    },
    "damaged": {
        "en": "Order #{order} arrived damaged",
        "es": "El pedido #{order} llegó dañado",
        "fr": "La commande #{order} est arrivée abîmée",
    },
    "returns": {
        "en": "Return of order #{order}",
        "es": "Devolución del pedido #{order}",
        "fr": "Retour de la commande #{order}",
    },
    "invoice": {"en": "Invoice", "es": "Factura", "fr": "Facture"},
    "article": {
        "en": "Question about an article",
        "es": "Pregunta sobre un artículo",
        "fr": "Question sur un article",
    },
}
_OF_AN_ORDER: Final = ("delivery", "damaged", "returns")
_OF_ELSE: Final = ("invoice", "article")
_TOPICS: Final = ((40, 25, 35), (70, 20, 10))
"""What is asked about an order, before and since another carrier delivers."""


@dataclass(frozen=True, slots=True)
class HelpTicket:
    """
    A ticket of the help desk.

    Attributes:
        topic: What it is about: ``delivery``, ``damaged``, ``returns``, ``invoice``, ``article``.
        via: How it came in, in the help desk's words.
        status: ``Open``, ``Pending``, ``Solved`` or ``Closed``.
        replied_after: Until the first reply; None: there is none yet.
        solved_at: None: it is not solved.
        replies: How many we wrote.
        reopens: How often the customer came back to it.
        satisfaction: ``Good``, ``Bad``, or how far the question for it got.
    """

    number: int
    customer: Customer
    at: datetime
    topic: str
    subject: str
    via: str
    status: str
    replied_after: timedelta | None
    solved_at: datetime | None
    replies: int
    reopens: int
    satisfaction: str


def make_help_tickets(world: World) -> tuple[HelpTicket, ...]:
    """Return the help desk's tickets, the oldest first; the same world gives the same."""
    rng = random.Random(f"{world.seed}-help")  # noqa: S311  # no secret
    asked = [*_after_orders(rng, world), *_about_else(rng, world)]
    asked.sort(key=lambda each: each[0])
    return tuple(
        _ticket(rng, world, number, *each) for number, each in enumerate(asked, _FIRST_NUMBER)
    )


def _after_orders(
    rng: random.Random, world: World
) -> Iterator[tuple[datetime, Customer, str, Order | None]]:
    since = world.until - timedelta(days=HELP_DAYS)
    for order in world.orders:
        late = _lately(world, order.ordered_at)
        asks = rng.random() < _ASKING[late]
        at = order.ordered_at + timedelta(days=rng.uniform(2, 8))
        if asks and order.customer and order.sold and since <= at < world.until:
            topic = rng.choices(_OF_AN_ORDER, _TOPICS[late])[0]
            yield at.replace(microsecond=0), order.customer, topic, order


def _about_else(
    rng: random.Random, world: World
) -> Iterator[tuple[datetime, Customer, str, Order | None]]:
    known = [each for each in world.customers if each.email is not None]
    for customer in rng.sample(known, _OTHERS):
        at = world.until - timedelta(minutes=rng.randint(60, HELP_DAYS * 24 * 60))
        yield at.astimezone(ZONE), customer, rng.choice(_OF_ELSE), None


def _lately(world: World, at: datetime) -> bool:
    return at > world.until - timedelta(days=NEW_CARRIER_DAYS)


def _ticket(
    rng: random.Random,
    world: World,
    number: int,
    at: datetime,
    customer: Customer,
    topic: str,
    order: Order | None,
) -> HelpTicket:
    late = _lately(world, at)
    wait = timedelta(minutes=round(rng.lognormvariate(5.6 if late else 4.6, 0.8)))
    work = wait + timedelta(hours=round(rng.expovariate(1 / _WORK_HOURS), 1))
    replies = rng.choices((1, 2, 3), (40, 40, 20) if late else (68, 25, 7))[0]
    reopens = int(rng.random() < (0.18 if late else 0.06))
    via = rng.choices(("Mail", "Web form", "Chat"), (55, 30, 15))[0]
    good = rng.random() < (0.55 if late else 0.85)
    rated = rng.choices((True, False), (3, 7))[0]
    subject = _SUBJECTS[topic][customer.country.language]
    if order is not None:
        subject = subject.format(order=order.number)
    replied, solved = at + wait < world.until, at + work < world.until
    status = "Closed" if at + work + timedelta(days=4) < world.until else "Solved"
    if not solved:
        status = "Pending" if replied else "Open"
    satisfaction = "Not Offered"
    if solved:
        satisfaction = ("Good" if good else "Bad") if rated else "Offered"
    return HelpTicket(
        number,
        customer,
        at,
        topic,
        subject,
        via,
        status,
        wait if replied else None,
        (at + work).replace(microsecond=0) if solved else None,
        replies if solved else int(replied),
        reopens if solved else 0,
        satisfaction,
    )
