"""How many reviews a page says that there are: what is held can be told against it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from regard.sources import Delete, Yielded
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
        self._gone: set[str] = set()

    def hear(self, fetched: Fetched, site: Site, now: datetime) -> None:
        """Take what one page states, or that it is gone."""
        if fetched.kind != "page":
            return
        key = f"{NAME}|{plain_url(fetched.url)}"
        if fetched.outcome == "gone":
            self._facts.pop(key, None)
            self._gone.add(key)
        elif fetched.outcome == "ok" and fetched.rating is not None:
            self._gone.discard(key)
            fact = _fact(fetched, fetched.rating, site)
            if fact is not None:
                self._facts[key] = {**fact, "key": key, "as_of": now}

    def take(self) -> Iterator[Yielded]:
        """Yield what was collected, once."""
        facts, gone = self._facts, self._gone
        self._facts, self._gone = {}, set()
        yield from facts.values()
        yield from (Delete(key) for key in sorted(gone))


def _fact(fetched: Fetched, rating: dict[str, Any], site: Site) -> dict[str, Any] | None:
    counted = "reviews" if rating.get("reviews") is not None else "ratings"
    count = rating.get(counted)
    if count is None:
        return None
    extra = {
        "about": _about(fetched),
        "competitor": None if site.own else site.competitor,
        "counted": counted,
        "rating": rating.get("value"),
        "best_rating": rating.get("best"),
    }
    return {
        "subject": plain_url(fetched.url),
        "name": NAME,
        "value": count,
        "unit": counted,
        "extra": {
            name: str(value) if not isinstance(value, str) else value
            for name, value in extra.items()
            if value is not None
        },
    }


def _about(fetched: Fetched) -> str:
    """Return what the count is about: further parts of one article's reviews state it again."""
    for fields, *_ in fetched.records:
        for name in ("sku", "gtin", "product_name"):
            if fields.get(name):
                return f"{name}:{fields[name]}"
    parts = urlsplit(plain_url(fetched.url))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
