"""
One page, read: structured data first, then what the site's rules say of the visible page.

JSON-LD is nearly always there and quickest to read. The other syntaxes are read where it gives
no offer with a price, and OpenGraph only where nothing else does; whoever wants all evidence (to
write a site's file) asks for all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.jsonld import read_json_ld
from regard_scrapers.pages.microdata import read_microdata
from regard_scrapers.pages.microformats import read_microformats
from regard_scrapers.pages.offers import Market, offers_of
from regard_scrapers.pages.opengraph import read_opengraph
from regard_scrapers.pages.outcomes import FoundOffer, Outcome
from regard_scrapers.pages.rdfa import read_rdfa
from regard_scrapers.pages.reviews import reviews_of, stated_rating
from regard_scrapers.pages.things import Thing

__all__ = ["read_page"]

_FURTHER: Final[Sequence[Callable[[Document], list[Thing]]]] = (
    read_microdata,
    read_rdfa,
    read_microformats,
    read_opengraph,
)


def read_page(
    body: bytes,
    url: str,
    market: Market | None = None,
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
        market: What the site says of itself.
        now: When it was fetched.
        encoding: What the server said of the body.
        everything: Read all syntaxes, also where one is enough.
    """
    market = market or Market()
    document = Document(body, url, encoding)
    roots, notes = read_json_ld(document.ld_blocks)
    offers = offers_of(roots, market)
    for read in _FURTHER:
        if not everything and any(each.price is not None for each in offers):
            break
        more = read(document)
        roots += more
        offers += offers_of(more, market)
    reviews = reviews_of(roots, now)
    return Outcome(
        url=url,
        offers=tuple(_whole(each, document) for each in offers),
        reviews=tuple(reviews),
        rating=stated_rating(roots),
        notes=tuple(notes),
    )


def _whole(offer: FoundOffer, document: Document) -> FoundOffer:
    """Return an offer with a whole address."""
    url = document.address(offer.fields.get("url")) or document.url
    fields = {**offer.fields, "url": url}
    return FoundOffer(fields, offer.syntax, offer.path, offer.evidence, offer.problems)
