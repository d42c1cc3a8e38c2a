"""Making the demo's world from a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from unicodedata import normalize

from regard.demo.buying import Shopper, make_baskets, make_purchases
from regard.demo.chances import drawn
from regard.demo.people import BUSINESSES, COUNTRIES, Country, Region
from regard.demo.quoting import make_deals
from regard.demo.seasons import ZONE, on_the_web
from regard.demo.world import Customer, Deal, Order, Ticket, World

__all__ = ["make_world"]

CUSTOMERS: Final = 2_000
BUSINESSES_AMONG: Final = 120
_DAYS: Final = 2 * 365
_FIRST_NUMBER: Final = 10_001
_BEFORE_DAYS: Final = 900
"""How long before the two years the first customers came."""

_SOURCES: Final = (
    ("Organic Search", 27),
    ("Offline Sources", 21),
    ("Direct Traffic", 15),
    ("Paid Search", 12),
    ("Paid Social", 9),
    ("Organic Social", 7),
    ("Email Marketing", 5),
    ("Referrals", 4),
)
_OFTEN: Final = 12
"""Purchases that make somebody one of the shop's friends."""


def make_world(seed: int, now: datetime) -> World:
    """
    Return the world of a seed.

    Args:
        seed: The same seed and time give the same world.
        now: When the demo is looked at; the exports are an hour older.
    """
    rng = random.Random(seed)  # noqa: S311  # a world that can be made again, no secret
    until = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    since = until - timedelta(days=_DAYS)
    known = sorted(
        (_customer(rng, until, business=at < BUSINESSES_AMONG) for at in range(CUSTOMERS)),
        key=lambda customer: customer.created_at,
    )
    numbered = [replace(each, number=_FIRST_NUMBER + at) for at, each in enumerate(known)]
    addressed = _with_addresses(rng, numbered)
    private = [Shopper.of(rng, each) for each in addressed if each.company is None]
    orders, tickets = make_purchases(rng, private, since, until)
    deals = make_deals(rng, [each for each in addressed if each.company], since, until)
    counts = Counter(each.number for each in _buyers(orders, tickets, deals))
    grown = {
        each.number: replace(each, segment=_segment(rng, counts[each.number]))
        for each in addressed
    }

    def met(customer: Customer | None) -> Customer | None:
        return None if customer is None else grown[customer.number]

    return World(
        seed,
        since,
        until,
        tuple(grown.values()),
        tuple(replace(each, customer=met(each.customer)) for each in orders),
        tuple(replace(each, customer=met(each.customer)) for each in tickets),
        tuple(replace(each, customer=grown[each.customer.number]) for each in deals),
        make_baskets(rng, private, since, until),
    )


def _buyers(
    orders: Iterable[Order], tickets: Iterable[Ticket], deals: Iterable[Deal]
) -> Iterator[Customer]:
    """Yield who bought, once for each purchase."""
    bought = (*(each.customer for each in orders), *(each.customer for each in tickets))
    yield from (each for each in bought if each is not None)
    yield from (each.customer for each in deals if each.stage == "Closed Won")


def _customer(rng: random.Random, until: datetime, *, business: bool) -> Customer:
    country = rng.choices(COUNTRIES, [each.weight for each in COUNTRIES])[0]
    region = rng.choices(country.regions, [each.weight for each in country.regions])[0]
    woman = rng.random() < 0.61
    family = rng.choice(country.families)
    if country.code == "ES":
        family += f" {rng.choice(country.families)}"
    company = None
    if business:
        company = rng.choice(BUSINESSES[country.code]).format(rng.choice(country.families))
    # More came lately than long ago: the shop is growing.
    created_at = until - timedelta(days=(_DAYS + _BEFORE_DAYS) * (1 - rng.random() ** 0.75))
    asked = not business and rng.random() < 0.92
    return Customer(
        number=0,
        given_name=rng.choice(country.women if woman else country.men),
        family_name=family,
        sex=("Female" if woman else "Male") if asked else None,
        birth_on=_birthday(rng, until.date()) if asked and rng.random() < 0.95 else None,
        email=None,
        phone=_phone(rng, country) if rng.random() < 0.7 else None,
        country=country,
        region=region,
        postal_code=_postal_code(rng, country, region),
        company=company,
        segment="",
        source=drawn(rng, _SOURCES),
        created_at=min(on_the_web(rng, created_at), until.astimezone(ZONE)),
        unsubscribed=rng.random() < 0.14,
    )


def _birthday(rng: random.Random, today: date) -> date:
    years = min(88.0, max(18.0, rng.gauss(44, 14)))
    return today - timedelta(days=round(years * 365.25) + rng.randrange(365))


def _phone(rng: random.Random, country: Country) -> str:
    digits = f"{rng.randrange(1_000_000):06}"
    if country.code == "FR":
        return f"{country.phone} {digits[:2]} {digits[2:4]}"
    if country.code == "GB":
        return f"{country.phone}{digits[:5]}"
    return f"{country.phone} {digits[:3]} {digits[3:]}"


def _postal_code(rng: random.Random, country: Country, region: Region) -> str:
    if country.code == "GB":
        return f"{region.postal} {rng.randint(1, 9)}{rng.choice('AB')}{rng.choice('ADEHJ')}"
    return f"{region.postal}{rng.randint(1, 45):02}"


def _plain(text: str) -> str:
    letters = normalize("NFKD", text.casefold())
    return "".join(each for each in letters if each.isascii() and each.isalpha())


def _with_addresses(rng: random.Random, customers: list[Customer]) -> list[Customer]:
    """Give customers an e-mail address of their own; a few have none."""
    taken: dict[str, int] = {}
    found = []
    for each in customers:
        if each.company is None and rng.random() < 0.03:
            found.append(each)
            continue
        family = _plain(each.family_name.split()[0])
        name = f"{_plain(each.given_name)}.{family}"
        domain = each.country.mail[0 if rng.random() < 0.8 else 1]
        address = f"{name}@{domain}"
        taken[address] = taken.get(address, 0) + 1
        if taken[address] > 1:
            address = f"{name}{taken[address]}@{domain}"
        found.append(replace(each, email=address))
    return found


def _segment(rng: random.Random, purchases: int) -> str:
    """Return the stage that the CRM has for somebody with so many purchases."""
    if purchases >= _OFTEN:
        return "Evangelist"
    if purchases:
        return "Customer"
    return drawn(rng, (("Subscriber", 60), ("Lead", 32), ("Opportunity", 8)))
