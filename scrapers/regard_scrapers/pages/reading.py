"""
One page, read: structured data first, then what the site's rules say of the visible page.

JSON-LD is nearly always there and quickest to read. The other syntaxes are read where it gives
no offer with a price, and OpenGraph only where nothing else does; whoever wants all evidence (to
write a site's file) asks for all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from regard_scrapers.pages.agreeing import agreed
from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.jsonld import read_json_ld
from regard_scrapers.pages.microdata import read_microdata
from regard_scrapers.pages.microformats import read_microformats
from regard_scrapers.pages.offers import Market, offers_of
from regard_scrapers.pages.opengraph import read_opengraph
from regard_scrapers.pages.outcomes import FoundOffer, Outcome
from regard_scrapers.pages.rdfa import read_rdfa
from regard_scrapers.pages.reviews import reviews_of, stated_rating
from regard_scrapers.pages.rules import OfferRules, ReviewRules
from regard_scrapers.pages.things import Thing
from regard_scrapers.pages.visible import visible_offer, visible_reviews
from regard_scrapers.pages.walls import wall_of

__all__ = ["Manner", "read_page"]

_FURTHER: Final[Sequence[Callable[[Document], list[Thing]]]] = (
    read_microdata,
    read_rdfa,
    read_microformats,
    read_opengraph,
)


@dataclass(frozen=True, slots=True)
class Manner:
    """
    How the pages of a site are read.

    Attributes:
        market: What the site says of itself.
        offer: Rules for the values of an offer.
        reviews: Rules for reviews.
        dates: How it writes 03/04/2026.
    """

    market: Market = field(default_factory=Market)
    offer: OfferRules = field(default_factory=OfferRules)
    reviews: ReviewRules = field(default_factory=ReviewRules)
    dates: Literal["day-first", "month-first"] | None = None


def read_page(
    body: bytes,
    url: str,
    manner: Manner | None = None,
    *,
    now: datetime,
    encoding: str | None = None,
    everything: bool = False,
) -> Outcome:
    """
    Return what a page says.

    Args:
        body: As it was sent.
        url: Where it was found.
        manner: How the site's pages are read.
        now: When it was fetched.
        encoding: What the server said of the body.
        everything: Read all syntaxes, also where one is enough.
    """
    manner = manner or Manner()
    document = Document(body, url, encoding)
    roots, notes = read_json_ld(document.ld_blocks)
    offers = offers_of(roots, manner.market)
    for read in _FURTHER:
        if not everything and any(each.price is not None for each in offers):
            break
        more = read(document)
        roots += more
        offers += offers_of(more, manner.market)
    if (seen := visible_offer(document, manner.offer, manner.market)) is not None:
        offers.append(seen)
    reviews = reviews_of(roots, now)
    if manner.reviews.each is not None:
        # Rules are written where structured data does not do.
        reviews = visible_reviews(document, manner.reviews, now, manner.dates)
    rating = stated_rating(roots)
    wall = wall_of(document, said_something=bool(offers or reviews or rating))
    return Outcome(
        url=url,
        offers=tuple(agreed([_whole(each, document) for each in offers])),
        reviews=tuple(reviews),
        rating=rating,
        problems=(wall,) if wall is not None else (),
        notes=tuple(notes),
    )


def _whole(offer: FoundOffer, document: Document) -> FoundOffer:
    """Return an offer with a whole address."""
    url = document.address(offer.fields.get("url")) or document.url
    fields = {**offer.fields, "url": url}
    return FoundOffer(fields, offer.syntax, offer.path, offer.evidence, offer.problems)
