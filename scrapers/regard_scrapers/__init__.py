"""
Competitors' prices and public reviews, looked at as guests.

`pages` reads one page and knows no network; `spiders` fetches pages and knows no store;
`sources` brings both to the host as the sources ``web-offers`` and ``web-reviews``, and
`ownspiders` a team's own Scrapy spiders as the source ``web-spider``.
"""

from __future__ import annotations

from regard import hookimpl

__all__ = ["regard_sources"]


@hookimpl
def regard_sources() -> list[str]:
    """Return the sources by name, so that listing plug-ins loads nothing of them."""
    return [
        "regard_scrapers.sources:WebOffers",
        "regard_scrapers.sources:WebReviews",
        "regard_scrapers.ownspiders:WebSpider",
    ]
