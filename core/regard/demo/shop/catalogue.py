"""What a competitor sells, at which price on which day, and what people say about it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from regard.demo.products import PRODUCTS, Product

__all__ = ["Article", "Catalogue", "ShopReview", "gtin_of", "make_catalogue"]

_STEP_DAYS: Final = 9
_MOVES: Final = (-4, -2, 0, 0, 0, 0, 1, 3)
_PRAISE: Final = (
    ("Very good", "Just as described, and it came quickly."),
    ("Muy contenta", "La calidad es mejor de lo que esperaba."),
    ("Parfait", "Conforme à la photo, bien emballé."),
    ("Good value", "Does what it should for the price."),
)
_BLAME: Final = (
    ("Broken", "It arrived broken and nobody answers the phone."),
    ("Tarde", "Tardó tres semanas y la caja venía abierta."),
    ("Déçue", "La couleur n’est pas celle de la photo."),
    ("Too dear", "The same is cheaper elsewhere."),
)
_AUTHORS: Final = ("Ana R.", "Luc D.", "Mary P.", "Jordi S.", "Chloé B.", "Tom W.", "Inés G.")
_REPLY: Final = "We are sorry to hear that. Please write to us, and we will make it good."


@dataclass(frozen=True, slots=True)
class ShopReview:
    """
    A review as the shop shows it.

    Attributes:
        id: What the shop calls it.
        author: As it is shown; invented.
        on: Its day.
        rating: 1 to 5.
        edited_on: From when on it says something else; None: never.
        withdrawn_on: From when on it is gone; None: never.
        replied_on: When the shop answered; None: never.
    """

    id: str
    author: str
    on: date
    rating: int
    title: str
    text: str
    edited_on: date | None = None
    withdrawn_on: date | None = None
    replied_on: date | None = None

    def shown_on(self, day: date) -> bool:
        """Whether it is there on a day."""
        return self.on <= day and (self.withdrawn_on is None or day < self.withdrawn_on)

    def text_on(self, day: date) -> str:
        """What it says on a day."""
        if self.edited_on is not None and day >= self.edited_on:
            return f"{self.text} Edited: they sent me another one."
        return self.text

    def reply_on(self, day: date) -> str | None:
        """What the shop answered by a day."""
        return _REPLY if self.replied_on is not None and day >= self.replied_on else None


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


def gtin_of(number: int) -> str:
    """Return a GTIN-13 with its check digit, of a range that is for inner use only."""
    stem = f"20{number:010}"
    total = sum(int(each) * (3 if at % 2 else 1) for at, each in enumerate(stem))
    return f"{stem}{-total % 10}"


def our_gtin(product: Product) -> str:
    """Return the number under the bar code of one of our articles."""
    return gtin_of(10_000 + PRODUCTS.index(product))


def make_catalogue(
    name: str,
    until: date,
    *,
    products: Sequence[Product] = PRODUCTS,
    share: float = 0.75,
    extra: int = 6,
    seed: int = 1,
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
    """
    rng = random.Random(f"{name}:{seed}")  # noqa: S311  # a made-up shop
    articles = []
    for number, product in enumerate(each for each in products if rng.random() < share):
        factor = Decimal(rng.randint(86, 116)) / 100
        has = rng.random()
        articles.append(
            _article(
                rng, name, f"{name[:2].upper()}{number:04}", until, product=product,
                base=_ninety(product.price * factor),
                gtin=our_gtin(product) if has < 0.7 else None,
                mpn=product.sku if has >= 0.5 else None,
            )
        )  # fmt: skip
    for number in range(extra):
        sku = f"{name[:2].upper()}X{number:03}"
        base = _ninety(Decimal(rng.randint(8, 120)))
        articles.append(_article(rng, name, sku, until, product=None, base=base))
    return Catalogue(name, tuple(articles))


def _article(
    rng: random.Random,
    shop: str,
    sku: str,
    until: date,
    *,
    product: Product | None,
    base: Decimal,
    gtin: str | None = None,
    mpn: str | None = None,
) -> Article:
    name = product.name if product is not None else f"{shop} special {sku[-3:]}"
    category = product.family if product is not None else "Kitchen"
    brand = "Casa Lindera" if product is not None else shop
    reviews = tuple(_review(rng, sku, number, until) for number in range(rng.randint(0, 9)))
    seed = f"{shop}:{sku}"
    return Article(sku, gtin, mpn, brand, name, category, product, base, seed, reviews)


def _review(rng: random.Random, sku: str, number: int, until: date) -> ShopReview:
    rating = rng.choices((1, 2, 3, 4, 5), (10, 8, 14, 30, 38))[0]
    title, text = rng.choice(_PRAISE if rating > 3 else _BLAME)
    on = until - timedelta(days=rng.randint(1, 400))
    fate = rng.random()
    return ShopReview(
        f"{sku}-{number}",
        rng.choice(_AUTHORS),
        on,
        rating,
        title,
        text,
        edited_on=until - timedelta(days=6) if fate < 0.06 else None,
        withdrawn_on=until - timedelta(days=5) if 0.06 <= fate < 0.1 else None,
        replied_on=on + timedelta(days=rng.randint(1, 12)) if rating < 3 and fate > 0.5 else None,
    )
