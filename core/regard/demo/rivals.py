"""
Two competitors of the retailer: what each sells at which price, and what is true about that.

Their shops are on this machine, and are looked at on days gone by as well as on the demo's own,
so that prices and reviews have a history.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from regard.demo.seasons import ZONE
from regard.demo.shop.catalogue import Article, Catalogue, Delivery, make_catalogue
from regard.demo.world import World

__all__ = ["LOOKS", "Look", "Rival", "make_rivals"]

_SLUMP_DAYS: Final = 70
_NEW_DAYS: Final = 20
_CHEAPER_DAYS: Final = 15
"""Since when one of them ships for less, and for free from a lower value on."""
_GONE_DAYS: Final = 25
"""Two looks have not met what went so long ago."""


@dataclass(frozen=True, slots=True)
class Look:
    """
    A day gone by on which the shops were looked at.

    Attributes:
        days: How long before the demo was made.
        reviews: Whether reviews were looked at as well as offers.
    """

    days: int
    reviews: bool = False


LOOKS: Final = (Look(60), Look(30, reviews=True), Look(10))


@dataclass(frozen=True, slots=True)
class Rival:
    """
    A competitor with a shop.

    Attributes:
        key: Its site's name, and the beginning of its sources' names.
        name: As reports call it.
        syntax: How its pages say what they mean.
        port: Where its shop is at first.
        catalogue: What it sells.
    """

    key: str
    name: str
    syntax: str
    port: int
    catalogue: Catalogue

    @property
    def home(self) -> str:
        """The address that its pages name as their own; nobody is there."""
        return f"https://{self.key}.example"

    @property
    def site(self) -> str:
        """Where its site's file lies below the project."""
        return f"sites/{self.key}.toml"

    def sources(self, *, reviews: bool = True) -> tuple[str, ...]:
        """Return the names of its sources in the configuration."""
        prices = f"{self.key}-prices"
        return (prices, f"{self.key}-reviews") if reviews else (prices,)

    def offered_on(self, day: date) -> Sequence[Article]:
        """Return what it sells on a day."""
        return [each for each in self.catalogue.articles if each.listed_on(day)]

    def index_on(self, day: date) -> tuple[Decimal, int]:
        """
        Return its prices of a day with ours as 100, and how many articles this rests on.

        Formula: the geometric mean of the price relatives, as `regard.measures.offers.Index`.
        """
        relatives = list(self._relatives(day))
        mean = math.fsum(map(math.log, relatives)) / len(relatives)
        return Decimal(100 * math.exp(mean)).quantize(Decimal("0.1")), len(relatives)

    def _relatives(self, day: date) -> Iterator[float]:
        for each in self.offered_on(day):
            if each.ours is not None and each.known_as_ours:
                yield float(each.price_on(day) / each.ours.price)

    def rating_on(self, since: date, day: date) -> tuple[Decimal, int]:
        """Return the mean rating, 1 to 5, of what was written from a day on, and its count."""
        found = [
            review.rating
            for article in self.offered_on(day)
            for review in article.reviews
            if since <= review.on <= day
        ]
        return Decimal(sum(found)) / len(found), len(found)


def make_rivals(world: World) -> tuple[Rival, ...]:
    """Return the competitors of a world that have a shop."""
    until = world.until.astimezone(ZONE).date()
    slump = until - timedelta(days=_SLUMP_DAYS)
    hogarvela = make_catalogue("Hogarvela", until, share=0.88, extra=18, seed=world.seed)
    toldemar = make_catalogue(
        "Toldemar", until, share=0.72, extra=16, seed=world.seed, slump=slump
    )
    cheaper = until - timedelta(days=_CHEAPER_DAYS)
    moving = (
        Delivery(date.min, Decimal("4.95"), Decimal(50)),
        Delivery(cheaper, Decimal("3.95"), Decimal(40)),
    )
    silent = (Delivery(date.min, Decimal("5.90"), Decimal(60), said=False),)
    return (
        Rival("hogarvela", "Hogarvela", "json-ld", 18_461, _changing(hogarvela, until, moving)),
        Rival("toldemar", "Toldemar", "microdata", 18_462, _changing(toldemar, until, silent)),
    )


def _changing(catalogue: Catalogue, until: date, deliveries: tuple[Delivery, ...]) -> Catalogue:
    """Return a catalogue in which an article is new, one is gone, and no review is withdrawn."""
    settled = [
        replace(
            each,
            reviews=tuple(replace(one, withdrawn_on=None) for one in each.reviews),
            deliveries=deliveries,
        )
        for each in catalogue.articles
    ]
    # The last ones are those that we lack.
    settled[-1] = replace(settled[-1], listed_from=until - timedelta(days=_NEW_DAYS), reviews=())
    settled[-2] = replace(settled[-2], listed_until=until - timedelta(days=_GONE_DAYS), reviews=())
    return replace(catalogue, articles=tuple(settled))
