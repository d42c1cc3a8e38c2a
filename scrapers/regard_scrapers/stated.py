"""How many reviews a page says that there are: what is held can be told against it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from regard import keys
from regard.sources import Yielded
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched
from regard_scrapers.urls import plain_url

__all__ = ["NAME", "StatedCounts"]

NAME: Final = "reviews.stated"
"""What the facts are called."""


class StatedCounts:
    """Collects, while a site is looked at, what its pages state of all their reviews."""

    def __init__(self) -> None:
        self._facts: dict[str, dict[str, Any]] = {}

    def hear(self, fetched: Fetched, site: Site, now: datetime) -> None:
        """Take what one page states; the further parts of one article's reviews say it again."""
        if fetched.kind != "page" or fetched.outcome != "ok" or fetched.rating is None:
            return
        counted = "reviews" if fetched.rating.get("reviews") is not None else "ratings"
        count = fetched.rating.get(counted)
        if count is None:
            return
        about = _about(fetched)
        extra = {
            "competitor": None if site.own else site.competitor,
            "rating": fetched.rating.get("value"),
            "best_rating": fetched.rating.get("best"),
        }
        self._facts[about] = {
            "key": keys.compose([NAME, about]),
            "as_of": now,
            "subject": about,
            "name": NAME,
            "value": count,
            "unit": counted,
            "extra": {name: str(value) for name, value in extra.items() if value is not None},
        }

    def take(self) -> Iterator[Yielded]:
        """Yield what was collected, once."""
        facts, self._facts = self._facts, {}
        yield from facts.values()


def _about(fetched: Fetched) -> str:
    """Return what a count is about: an article's number or name, else the page."""
    for fields, *_ in fetched.records:
        for name in ("sku", "gtin", "product_name"):
            if fields.get(name):
                return f"{name}:{fields[name]}"
    parts = urlsplit(plain_url(fetched.url))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
