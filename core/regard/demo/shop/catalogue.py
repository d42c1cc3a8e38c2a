"""What a competitor sells, at which price on which day, and what people say about it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from regard.demo.products import BRAND, PRODUCTS, Product
from regard.demo.shop.reviewing import ShopReview, make_reviews

__all__ = ["Article", "Catalogue", "Delivery", "make_catalogue"]

_STEP_DAYS: Final = 9
_MOVES: Final = (-4, -2, 0, 0, 0, 0, 1, 3)
_OTHERS: Final = (
    ("Kitchen", "Pressure cooker 6 l"), ("Home", "Wall clock 30 cm"), ("Table", "Sugar bowl"),
    ("Kitchen", "Garlic press"), ("Bed and bath", "Mattress cover 150"), ("Kitchen", "Wok 30 cm"),
    ("Table", "Teapot 1.2 l"), ("Home", "Doormat 45 x 75"), ("Kitchen", "Toaster, 2 slices"),
    ("Furniture", "Bedside table"), ("Table", "Egg cups, set of 4"), ("Kitchen", "Peeler"),
    ("Bed and bath", "Shower curtain"), ("Kitchen", "Salad spinner"), ("Home", "Laundry basket"),
    ("Table", "Cheese board"), ("Kitchen", "Muffin tin, 12"), ("Furniture", "Coat stand"),
    ("Kitchen", "Measuring jug 1 l"), ("Home", "Scented sachets"), ("Table", "Ice bucket"),
    ("Bed and bath", "Soap dispenser"), ("Kitchen", "Mortar"), ("Home", "Curtain 140 x 260"),
)  # fmt: skip
"""What we lack, by category: the first articles of that kind are named after it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    What shipping costs, in EUR.

    Attributes:
        since: The first day on which it does.
        cost: Of an order of this article alone.
        free_from: The value of an order from which it costs nothing.
        said: Whether pages name that value; else only what is dearer says that it ships free.
    """

    since: date
    cost: Decimal
    free_from: Decimal
    said: bool = True


@dataclass(frozen=True, slots=True)
class Article:
    """
    An article of a competitor.

    Attributes:
        sku: Its number there.
        gtin: The number under the bar code; None: the shop does not say.
        mpn: The manufacturer's number; None: the shop does not say.
        ours: Our article that it is the same as; None: we have nothing like it.
        base: Its price at first, in EUR, VAT contained.
        seed: Decides how its price moves.
        listed_from: The first day on which it is sold; None: it always was.
        listed_until: The first day on which it is sold no more; None: it goes on.
        deliveries: What its shipping costs, the oldest terms first; empty: its page says nothing.
    """

    sku: str
    gtin: str | None
    mpn: str | None
    brand: str
    name: str
    category: str
    ours: Product | None
    base: Decimal
    seed: str
    reviews: tuple[ShopReview, ...] = ()
    listed_from: date | None = None
    listed_until: date | None = None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def known_as_ours(self) -> bool:
        """Whether a number says that it is an article of ours."""
        return self.ours is not None and (self.gtin is not None or self.mpn is not None)

    def listed_on(self, day: date) -> bool:
        """Whether it is sold on a day."""
        began = self.listed_from is None or self.listed_from <= day
        return began and (self.listed_until is None or day < self.listed_until)

    def _step(self, day: date) -> int:
        return day.toordinal() // _STEP_DAYS

    def usual_price_on(self, day: date) -> Decimal:
        """Return the price without promotions."""
        percent = Decimal(0)
        # A year of moves is enough: older ones have been forgotten by everybody.
        for step in range(self._step(day) - 40, self._step(day) + 1):
            rng = random.Random(f"{self.seed}:{step}")  # noqa: S311  # a made-up price
            percent += rng.choice(_MOVES) if rng.random() < 0.2 else 0
        factor = 1 + max(Decimal(-25), min(Decimal(25), percent)) / 100
        return _ninety(self.base * factor)

    def promoted_on(self, day: date) -> bool:
        """Whether there is a promotion on a day."""
        rng = random.Random(f"{self.seed}:promotion:{self._step(day)}")  # noqa: S311
        return rng.random() < 0.1

    def price_on(self, day: date) -> Decimal:
        """Return what it costs on a day."""
        usual = self.usual_price_on(day)
        return _ninety(usual * Decimal("0.8")) if self.promoted_on(day) else usual

    def delivery_on(self, day: date) -> Delivery | None:
        """Return the terms of its shipping on a day; None: its page says nothing."""
        return next((each for each in reversed(self.deliveries) if each.since <= day), None)

    def shipping_on(self, day: date) -> Decimal | None:
        """Return what its page says that shipping costs; None: it says nothing."""
        terms = self.delivery_on(day)
        if terms is None:
            return None
        return Decimal(0) if self.price_on(day) >= terms.free_from else terms.cost

    def available_on(self, day: date) -> bool:
        """Whether it can be bought on a day."""
        rng = random.Random(f"{self.seed}:stock:{self._step(day)}")  # noqa: S311
        return rng.random() >= 0.07


def _ninety(price: Decimal) -> Decimal:
    """Return a price that ends as shops like it: .90, or .50 below ten."""
    whole = price.quantize(Decimal(1), ROUND_HALF_UP)
    return max(Decimal("0.90"), whole - Decimal("0.10"))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """
    All that one competitor sells.

    Attributes:
        name: The competitor.
        articles: By number.
    """

    name: str
    articles: tuple[Article, ...]

    def article(self, sku: str) -> Article | None:
        """Return an article by its number."""
        return next((each for each in self.articles if each.sku == sku), None)


def make_catalogue(
    name: str,
    until: date,
    *,
    products: Sequence[Product] = PRODUCTS,
    share: float = 0.75,
    extra: int = 6,
    seed: int = 1,
    slump: date | None = None,
) -> Catalogue:
    """
    Return a competitor's catalogue; the same arguments give the same one.

    Args:
        name: The competitor.
        until: The last day that reviews are from.
        products: What we sell; it sells some of that.
        share: How much of it, 0 to 1.
        extra: How many articles it has that we lack.
        seed: Decides about everything else.
        slump: Since when it delivers late, and is blamed for it; None: it never does.
    """
    rng = random.Random(f"{name}:{seed}")  # noqa: S311  # a made-up shop
    begin = name[:2].upper()
    articles = []
    for number, product in enumerate(each for each in products if rng.random() < share):
        sku, has = f"{begin}{number:04}", rng.random()
        base = _ninety(product.price * rng.randint(86, 116) / 100)
        gtin = product.gtin if has < 0.7 else None
        mpn = product.sku if has >= 0.5 else None
        reviews = make_reviews(rng, sku, until, slump)
        articles.append(
            Article(
                sku, gtin, mpn, BRAND, product.name, product.family, product, base,
                f"{name}:{sku}", reviews,
            )
        )  # fmt: skip
    for number in range(extra):
        sku = f"{begin}X{number:03}"
        category, called = "Kitchen", f"{name} special {number:03}"
        if number < len(_OTHERS):
            category, called = _OTHERS[number]
        base = _ninety(Decimal(rng.randint(8, 120)))
        reviews = make_reviews(rng, sku, until, slump)
        articles.append(
            Article(sku, None, None, name, called, category, None, base, f"{name}:{sku}", reviews)
        )
    return Catalogue(name, tuple(articles))
