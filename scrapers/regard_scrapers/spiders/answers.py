"""From a body to an answer: pages are read, lists and sitemaps followed. No network, no Scrapy."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.outcomes import FoundOffer, FoundReview, Outcome
from regard_scrapers.pages.reading import Manner, read_page
from regard_scrapers.pages.sitemaps import is_cut, read_sitemap
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched, Order, OutcomeCode

__all__ = ["Answerer", "manner_of"]


def manner_of(site: Site) -> Manner:
    """Return how the pages of a site are read."""
    return Manner(site.market, site.offer, site.reviews, site.dates)


class Answerer:
    """
    Makes answers of bodies.

    Args:
        site: The site they come from.
        what: What is wanted: ``offers`` or ``reviews``.
    """

    def __init__(self, site: Site, what: str) -> None:
        self._site = site
        self._what = what
        self._manner = manner_of(site)

    def answer(
        self,
        order: Order,
        body: bytes,
        *,
        url: str,
        encoding: str | None,
        now: datetime,
        **known: Any,  # noqa: ANN401  # the rest of an answer
    ) -> Fetched:
        """
        Return what became of an address whose body has come.

        Args:
            order: What was asked for.
            body: As it was sent.
            url: Where it was found in the end.
            encoding: What the server said of it.
            now: When it came.
            known: What is known of it beside: status, validators, digest.
        """
        known["bytes"] = len(body)
        if order.kind == "raw":
            text = base64.b64encode(body).decode("ascii")
            return Fetched(order.url, order.kind, "ok", body=text, encoding=encoding, **known)
        if order.kind == "sitemap":
            return self._sitemap(order, body, known)
        document = Document(body, url, encoding)
        found = self._links(order, document)
        if order.kind == "list":
            return Fetched(order.url, order.kind, "ok", found=found, **known)
        outcome = read_page(body, url, self._manner, now=now, encoding=encoding)
        return self._page(order, outcome, found, known)

    def _sitemap(self, order: Order, body: bytes, known: dict[str, Any]) -> Fetched:
        read = read_sitemap(body)
        if read is None:
            return Fetched(order.url, order.kind, "unreadable", text="it is no sitemap", **known)
        pages, more = read
        cut = is_cut(body)
        if cut:
            # Where it ends may be in the middle of an address.
            pages, more = pages[:-1], more[:-1]
        wanted = [[url, "page"] for url in pages if self._site.discover.wants(url)]
        found = [*wanted, *([url, "sitemap"] for url in more)]
        if cut:
            text = "it is cut off"
            return Fetched(order.url, order.kind, "unreadable", text=text, found=found, **known)
        return Fetched(order.url, order.kind, "ok", found=found, **known)

    def _links(self, order: Order, document: Document) -> list[list[str]]:
        """Return the addresses that a list leads to, and the next page of reviews."""
        found: list[list[str]] = []
        listing = self._site.discover.list
        if order.kind == "list" and listing is not None:
            found += [[url, "page"] for url in _hrefs(document, listing.item)
                      if self._site.discover.wants(url)]  # fmt: skip
            if listing.next is not None and order.depth + 1 < listing.most:
                found += [[url, "list"] for url in _hrefs(document, listing.next)[:1]]
        if order.kind == "page" and self._what == "reviews" and self._site.reviews.next:
            found += [[url, "page"] for url in _hrefs(document, self._site.reviews.next)[:1]]
        return found

    def _page(
        self, order: Order, outcome: Outcome, found: list[list[str]], known: dict[str, Any]
    ) -> Fetched:
        code: OutcomeCode = "ok"
        text = ""
        if outcome.problems:
            wall = outcome.problems[0]
            code = "unreadable" if wall.code == "empty-page" else "blocked"
            text = f"{wall.code}: {wall.text}"
        taken: Sequence[FoundOffer] | Sequence[FoundReview]
        taken = outcome.offers if self._what == "offers" else outcome.reviews
        rating = None
        if outcome.rating is not None:
            stated = outcome.rating
            rating = {
                "value": stated.value,
                "best": stated.best,
                "worst": stated.worst,
                "ratings": stated.ratings,
                "reviews": stated.reviews,
            }
        return Fetched(
            order.url,
            order.kind,
            code,
            text=text,
            found=found,
            records=[_record(each) for each in taken],
            notes=list(outcome.notes),
            rating=rating,
            **known,
        )


def _record(found: FoundOffer | FoundReview) -> list[Any]:
    """Return a record's fields, its problems, and the author that must be hashed."""
    problems = [[each.code, each.field, each.text] for each in found.problems]
    author = found.author if isinstance(found, FoundReview) else None
    return [dict(found.fields), problems, f"{found.syntax}: {found.path}", author]


def _hrefs(document: Document, css: str) -> list[str]:
    """Return the whole addresses of the links that a selector finds, each once."""
    urls: dict[str, None] = {}
    for node in document.tree.css(css):
        link = node if node.attributes.get("href") else node.css_first("a[href]")
        url = document.address(link.attributes.get("href")) if link is not None else None
        if url:
            urls[urldefrag(url).url] = None
    return list(urls)
