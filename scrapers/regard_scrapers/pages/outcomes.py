"""What a page comes to: the records that it says, why it says them, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from regard_scrapers.pages.things import Syntax

__all__ = ["Candidate", "FoundOffer", "FoundReview", "Outcome", "PageProblem", "StatedRating"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    One value that a page gives for a field.

    Attributes:
        value: As it was understood; None: it could not be.
        text: As it is written.
        syntax: How it was written.
        path: Where it stands.
    """

    value: object
    text: str
    syntax: Syntax
    path: str


@dataclass(frozen=True, slots=True)
class PageProblem:
    """
    Why something on a page is not taken.

    Attributes:
        code: A short code; the same fault always has the same.
        field: The field it is about; None: the page.
        text: One sentence; it may quote prices, never people.
    """

    code: str
    field: str | None
    text: str


@dataclass(frozen=True, slots=True)
class FoundOffer:
    """
    One offer on a page.

    Attributes:
        fields: Fields of the kind ``offer``, and ``extra``.
        syntax: How it was written.
        path: Where it stands.
        evidence: For each field the candidates that were seen, the chosen one first.
        problems: Why it must not become history as it is; empty: nothing speaks against it.
    """

    fields: Mapping[str, Any]
    syntax: Syntax
    path: str
    evidence: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    problems: tuple[PageProblem, ...] = ()

    @property
    def price(self) -> Decimal | None:
        """What it costs."""
        price = self.fields.get("price")
        return price if isinstance(price, Decimal) else None


@dataclass(frozen=True, slots=True)
class FoundReview:
    """
    One review on a page.

    Attributes:
        fields: Fields of the kind ``review``, and ``extra``; ``author`` is the name as written,
            which whoever stores it must hash.
        author: As written; never to be stored.
        syntax: How it was written.
        path: Where it stands.
    """

    fields: Mapping[str, Any]
    author: str | None
    syntax: Syntax
    path: str
    problems: tuple[PageProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedRating:
    """
    What a page says of all its reviews together.

    Attributes:
        value: The mean, between ``worst`` and ``best``.
        best: The best that can be given.
        worst: The worst that can be given.
        ratings: How many ratings it states; None: it does not.
        reviews: How many reviews it states.
    """

    value: Decimal | None
    best: Decimal | None
    worst: Decimal | None
    ratings: int | None
    reviews: int | None
    path: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What one page comes to.

    Attributes:
        url: The page.
        offers: Its offers.
        reviews: Its reviews.
        rating: What it says of all reviews together.
        problems: What is wrong with the page as a whole, such as ``blocked``.
        notes: Blocks that could not be read, for whoever looks after the site.
    """

    url: str
    offers: tuple[FoundOffer, ...] = ()
    reviews: tuple[FoundReview, ...] = ()
    rating: StatedRating | None = None
    problems: tuple[PageProblem, ...] = ()
    notes: tuple[str, ...] = ()
