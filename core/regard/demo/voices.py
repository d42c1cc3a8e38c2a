"""
What the demo's customers say, and what they and mystery shoppers meet.

Pure, and made from a world with a chance of its own, so that more can be said and met without
anybody buying anything else. Four things are true that reports should find: since a new carrier
delivers, fewer recommend the shop, and more ask for help; Sevilla looks after its customers worse
than the others; and every sixth call is given up while waiting.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from regard.demo.campaigns import Mailing, make_mailings
from regard.demo.helping import NEW_CARRIER_DAYS, HelpTicket, make_help_tickets
from regard.demo.people import COMPETITORS, STORES
from regard.demo.sayings import SUGGESTIONS, says
from regard.demo.seasons import ZONE, at_the_till
from regard.demo.world import Customer, Order, Ticket, World

__all__ = [
    "CRITICAL",
    "CRITICAL_CAP",
    "ITEMS",
    "MATTERS",
    "PLACES",
    "SECTIONS",
    "Call",
    "HelpRating",
    "Letter",
    "OrderRating",
    "Reply",
    "StoreRating",
    "Visit",
    "Voices",
    "make_voices",
]

ASKED_DAYS: Final = 365
ASKED_ORDERS: Final = 2_400
"""After so many of the newest orders the customer was asked."""
CALL_DAYS: Final = 90

_ANSWERING: Final = 0.3
_TELLING: Final = 0.22
_SAYING_WHY: Final = 0.6
_QUITTING: Final = 0.07
"""How many stop after the first question."""
MATTERS: Final = ("Price", "Quality", "Fast delivery", "Range", "Advice")
"""What may matter most to somebody who orders; several may."""
_MOODS: Final = ((55, 27, 18), (30, 28, 42))
"""How many are content, so-so and angry, before and since another carrier delivers."""
_SCORES: Final = {"good": (9, 10), "fair": (7, 8), "bad": (2, 3, 5, 6)}
_STARS: Final = {"good": (4, 5), "fair": (3, 4), "bad": (1, 2, 3)}

_WORST: Final = "SEVILLA-01"
PLACES: Final = {
    **{store.code: store.code.partition("-")[0].title() for store in STORES},
    **{
        f"{city.upper()}-F1": city
        for city in ("Barcelona", "Bilbao", "Zaragoza", "Vigo", "Murcia")
    },
}
"""Where mystery shoppers go, by code: the shops, and five of franchisees that have own tills."""
_CITIES: Final = ("Madrid", "Valencia")
"""Where a competitor is visited."""
_VISITS_EACH: Final = 10
"""Visits of each wave to each shop."""

_OPEN: Final = range(9, 19)

ITEMS: Final = (
    ("greets", "Greets on entering?", 5),
    ("tidy", "Is the shop tidy?", 5),
    ("asks", "Asks what is needed?", 10),
    ("knows", "Knows the article?", 8),
    ("offers", "Offers something that goes with it?", 4),
    ("receipt", "Gives the receipt?", 6),
)
"""Items of the form with their points, in the order of its sections."""
SECTIONS: Final = (("Welcome", 40, 2), ("Service", 60, 4))
"""Sections of the form: what each is called, what it weighs, and how many items it has."""
CRITICAL: Final = "receipt"
"""Whoever gets none fails the visit, and the score is at most the cap."""
CRITICAL_CAP: Final = Decimal(50)

_LATE: Final = ("-late", "-late", "-late", "-damaged", "-missing")
_ELSE: Final = ("-late", "-damaged", "-missing", "-price", "-web", "-returns")
"""What angry customers write of, since and before another carrier delivers."""

_PRAISE: Final = ("+quality", "+fast", "+range")
_AT_HAND: Final = {
    "good": ("+staff", "+range", "+quality"),
    "bad": ("-staff", "-staff", "-queue", "-queue", "-missing"),
}
_SUGGESTING: Final = 0.15
_REPLIES: Final = {
    "en": ("{score}", "{score}/10", "{score}.", "I give you a {score}"),
    "es": ("{score}", "Un {score}", "{score}/10", "Os doy un {score}"),
    "fr": ("{score}", "{score}/10", "Un {score}", "Je vous donne {score}"),
}
"""How people write a score into a mail."""

_REPLYING: Final = 150
_LAST_REPLY_DAYS: Final = 5
_LETTERS: Final = {
    "en": (
        ("Where is my order?", "It has not come yet.", "It leaves today."),
        ("Broken glass", "One of the glasses was broken.", "We send you a new one."),
    ),
    "es": (
        ("¿Dónde está mi pedido?", "Todavía no ha llegado el pedido.", "Sale hoy."),
        ("Factura", "Necesito la factura de mi compra.", "La adjuntamos."),
    ),
    "fr": (
        ("Ma commande", "Ma commande n'est pas arrivée.", "Elle part aujourd'hui."),
        ("Retour", "Je voudrais retourner un article.", "Voici comment faire."),
    ),
}
_ANSWERED: Final = 0.85


@dataclass(frozen=True, slots=True)
class OrderRating:
    """
    What somebody answers after an order: 0 to 10, 1 to 5, what matters, and why.

    Attributes:
        delivery: None for whoever stopped after the first question.
        matters: Of `MATTERS`.
    """

    number: int
    order: Order
    at: datetime
    recommend: int
    delivery: int | None
    matters: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class StoreRating:
    """What somebody answers after a visit to a shop: satisfaction from 1 to 5, and a wish."""

    store: str
    at: datetime
    satisfaction: int
    wish: str


@dataclass(frozen=True, slots=True)
class HelpRating:
    """How easy it was to be helped, from 1 to 7."""

    number: int
    customer: Customer
    at: datetime
    ease: int


@dataclass(frozen=True, slots=True)
class Visit:
    """
    A mystery shopper's visit.

    Attributes:
        subject: A competitor; empty for the retailer itself.
        answers: True, False, or None for not applicable, in the order of `ITEMS`.
    """

    number: str
    wave: str
    place: str
    subject: str
    at: datetime
    answers: tuple[bool | None, ...]

    @property
    def score(self) -> Decimal:
        """Its score of 0 to 100, worked out as the form says."""
        shares = [
            (weight, share)
            for (_, weight, _), share in zip(SECTIONS, self._shares(), strict=True)
            if share is not None
        ]
        total = sum((weight * share for weight, share in shares), Decimal(0)) * 100
        score = total / sum(weight for weight, _ in shares)
        if self.fails_critical:
            score = min(score, CRITICAL_CAP)
        return score.quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def fails_critical(self) -> bool:
        """Whether no receipt was given."""
        return self.answers[[name for name, *_ in ITEMS].index(CRITICAL)] is False

    def _shares(self) -> Iterator[Decimal | None]:
        """Yield what each section earns of what it can; None where nothing is applicable."""
        marks = [
            (points, answer) for (_, _, points), answer in zip(ITEMS, self.answers, strict=True)
        ]
        first = 0
        for _, _, count in SECTIONS:
            part = marks[first : first + count]
            first += count
            able = sum(points for points, answer in part if answer is not None)
            yield (
                Decimal(sum(points for points, answer in part if answer)) / able if able else None
            )


@dataclass(frozen=True, slots=True)
class Call:
    """A call: answered, or given up in the queue, or not taken by anybody."""

    number: int
    caller: str
    at: datetime
    outcome: str
    wait_s: int
    talk_s: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody answers by mail: a score of 0 to 10, in words of their own."""

    number: int
    customer: Customer
    at: datetime
    score: int
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody writes to the shop, and our answer, which some never get."""

    number: int
    customer: Customer
    at: datetime
    subject: str
    text: str
    answer: str
    answered_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Voices:
    """All that was said and met."""

    after_order: tuple[OrderRating, ...]
    replies: tuple[Reply, ...]
    letters: tuple[Letter, ...]
    in_store: tuple[StoreRating, ...]
    helped: tuple[HelpRating, ...]
    visits: tuple[Visit, ...]
    calls: tuple[Call, ...]
    help_tickets: tuple[HelpTicket, ...]
    mailings: tuple[Mailing, ...]

    def nps(self, since: datetime, until: datetime) -> Decimal:
        """Return the net promoter score of the answers in a time, from -100 to 100."""
        scores = [each.recommend for each in self.after_order if since <= each.at < until]
        scores += [each.score for each in self.replies if since <= each.at < until]
        promoters = sum(score >= 9 for score in scores)  # as it is defined
        detractors = sum(score <= 6 for score in scores)
        return Decimal(100 * (promoters - detractors)) / len(scores)


def make_voices(world: World) -> Voices:
    """Return what was said and met in a world; the same world gives the same."""
    rng = random.Random(f"{world.seed}-voices")  # noqa: S311  # no secret
    since = world.until - timedelta(days=ASKED_DAYS)
    orders = [each for each in world.orders if each.sold][-ASKED_ORDERS:]
    return Voices(
        tuple(_after_orders(rng, world, orders)),
        tuple(_replies(world)),
        tuple(_letters(world)),
        tuple(_in_stores(rng, world, since)),
        tuple(_helped(rng, world)),
        tuple(_visits(rng, world)),
        tuple(_calls(rng, world)),
        make_help_tickets(world),
        make_mailings(world),
    )


def _after_orders(
    rng: random.Random, world: World, orders: Sequence[Order]
) -> Iterator[OrderRating]:
    changed = world.until - timedelta(days=NEW_CARRIER_DAYS)
    asked = random.Random(f"{world.seed}-matters")  # noqa: S311  # no secret
    number = 0
    for order in orders:
        at = order.ordered_at + timedelta(days=rng.uniform(3, 9))
        if rng.random() > _ANSWERING or at >= world.until:
            continue
        number += 1
        mood = rng.choices(("good", "fair", "bad"), _MOODS[at > changed])[0]
        why = ""
        if mood != "fair" and rng.random() < _SAYING_WHY:
            blame = _LATE if at > changed else _ELSE
            themes = _themes(rng, _PRAISE if mood == "good" else blame)
            why = says(rng, themes, order.country.language)
        at = at.replace(microsecond=0)
        score, stars = rng.choice(_SCORES[mood]), rng.choice(_STARS[mood])
        matters = tuple(asked.sample(MATTERS, asked.choices((1, 2, 3), (45, 40, 15))[0]))
        if asked.random() < _QUITTING:
            yield OrderRating(number, order, at, score, None, (), "")
        else:
            yield OrderRating(number, order, at, score, stars, matters, why)


def _themes(rng: random.Random, moods: Sequence[str]) -> tuple[str, ...]:
    """Return what somebody writes of: praise or blame, and now and then a suggestion."""
    theme = rng.choice(moods)
    return (theme, rng.choice(SUGGESTIONS)) if rng.random() < _SUGGESTING else (theme,)


def _replies(world: World) -> Iterator[Reply]:
    rng = random.Random(f"{world.seed}-replies")  # noqa: S311  # no secret
    known = [each for each in world.customers if each.email and not each.unsubscribed]
    for number, customer in enumerate(rng.sample(known, _REPLYING), 1):
        back = _LAST_REPLY_DAYS + 65 * (1 - number / _REPLYING)
        at = world.until - timedelta(days=back, minutes=rng.randint(1, 600))
        mood = rng.choices(("good", "fair", "bad"), _MOODS[1])[0]
        score = rng.choice(_SCORES[mood])
        language = customer.country.language
        text = rng.choice(_REPLIES[language]).format(score=score)
        if mood != "fair" and rng.random() < _SAYING_WHY:
            themes = _themes(rng, _PRAISE if mood == "good" else _LATE)
            text += f"\n{says(rng, themes, language)}"
        yield Reply(number, customer, at.replace(microsecond=0), score, text)


def _letters(world: World) -> Iterator[Letter]:
    rng = random.Random(f"{world.seed}-letters")  # noqa: S311  # no secret
    known = [each for each in world.customers if each.email]
    for number, customer in enumerate(rng.sample(known, 80), 1):
        at = world.until - timedelta(days=85 - number, minutes=rng.randint(1, 600))
        subject, text, answer = rng.choice(_LETTERS[customer.country.language])
        wait = timedelta(hours=rng.randint(1, 70)) if rng.random() < _ANSWERED else None
        if wait is not None and at + wait >= world.until:
            wait = None
        yield Letter(number, customer, at.replace(microsecond=0), subject, text, answer, wait)


def _in_stores(rng: random.Random, world: World, since: datetime) -> Iterator[StoreRating]:
    asked: list[Ticket] = [each for each in world.tickets if each.sold_at > since]
    for ticket in sorted(asked, key=lambda each: each.sold_at):
        at = ticket.sold_at + timedelta(minutes=rng.randint(2, 600))
        if rng.random() > _TELLING or at >= world.until:
            continue
        good = rng.random() < (0.42 if ticket.store == _WORST else 0.84)
        stars = rng.choice((4, 5) if good else (1, 2, 3))
        themes = _themes(rng, _AT_HAND["good" if good else "bad"])
        wish = says(rng, themes, "es") if rng.random() < _SAYING_WHY else ""
        yield StoreRating(ticket.store, at, stars, wish)


def _helped(rng: random.Random, world: World) -> Iterator[HelpRating]:
    known = [each for each in world.customers if each.email is not None]
    for number in range(240):
        at = world.until - timedelta(days=180 * (1 - number / 240), minutes=rng.randint(1, 900))
        ease = rng.choices(range(1, 8), (4, 5, 7, 10, 20, 30, 24))[0]
        yield HelpRating(number + 1, rng.choice(known), at, ease)


def _visits(rng: random.Random, world: World) -> Iterator[Visit]:
    rivals = [(city, name) for name, _ in COMPETITORS[:1] for city in _CITIES]
    places = [*((code, "") for code in PLACES), *rivals]
    for wave, days in (("spring", 200), ("autumn", 40)):
        number = 0
        for place, subject in places:
            for _ in range(_VISITS_EACH):
                number += 1
                day = world.until - timedelta(days=days - rng.randint(0, 20))
                chance = 0.6 if place == _WORST else 0.82 if subject else 0.86
                answers = tuple(
                    None if name == "offers" and rng.random() < 0.1 else rng.random() < chance
                    for name, *_ in ITEMS
                )
                at = at_the_till(rng, day)
                yield Visit(f"{wave[0].upper()}{number:02}", wave, place, subject, at, answers)


def _calls(rng: random.Random, world: World) -> Iterator[Call]:
    phones = [each.phone.lstrip("+").replace(" ", "") for each in world.customers if each.phone]
    number = 0
    for back in range(CALL_DAYS, 0, -1):
        day = (world.until - timedelta(days=back)).astimezone(ZONE)
        if day.weekday() == 6:  # nobody is there on a Sunday
            continue
        moments = sorted((rng.choice(_OPEN), rng.randrange(3600)) for _ in range(14))
        for hour, second in moments:
            number += 1
            at = day.replace(hour=hour, minute=second // 60, second=second % 60)
            outcome = rng.choices(("answered", "missed-queue", "missed-nobody"), (76, 17, 7))[0]
            talk = rng.randint(40, 600) if outcome == "answered" else 0
            wait = rng.randint(4, 45) if talk else rng.randint(20, 150)
            yield Call(number, rng.choice(phones), at, outcome, wait, talk)
