"""What is compared of a page: its offers, its reviews, and a few plain facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.offers import Market
from regard_scrapers.pages.reading import Manner, read_page
from regard_scrapers.pages.tolerant import BrokenBlock, parse_json

__all__ = ["Facts", "facts_in", "microformat_facts", "number_in", "strict_values"]

URL = "https://shop.example/p/1"
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_RATED = {"average": "rating", "best": "best", "count": "count"}


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What a page says.

    Attributes:
        offers: Price and currency of each offer, in order of size.
        reviews: The rating of each review as a number; None: it has none.
        plain: Of microformats: name, price, rating, best, count.
    """

    offers: tuple[tuple[str, str | None], ...] = ()
    reviews: tuple[str | None, ...] = ()
    plain: dict[str, str] | None = None


def number_in(written: object) -> str | None:
    """Return a number without the zeros at its end; None: it is none."""
    try:
        number = Decimal(str(written).split(" out of ")[0])
    except InvalidOperation:
        return None
    return f"{number.normalize():f}"


def facts_in(body: bytes) -> Facts:
    """Return what regard reads on a page, in all syntaxes that it has."""
    outcome = read_page(body, URL, Manner(Market()), now=_NOW, everything=True)
    offers = [
        (str(number_in(each.price)), each.fields.get("currency"))
        for each in outcome.offers
        if each.price is not None
    ]
    ratings = [number_in(each.fields.get("rating")) for each in outcome.reviews]
    plain: dict[str, str] = {}
    for offer in outcome.offers[:1]:
        plain["name"] = str(offer.fields.get("product_name"))
        plain["price"] = str(number_in(offer.price))
    rated = outcome.rating
    if rated is not None:
        given = {"rating": rated.value, "best": rated.best, "count": rated.ratings}
        count = given["count"] if given["count"] is not None else rated.reviews
        plain |= {name: str(number_in(value)) for name, value in given.items()}
        plain["count"] = str(count)
    elif outcome.reviews:
        plain["rating"] = str(ratings[0])
        plain.setdefault("name", str(outcome.reviews[0].fields.get("product_name")))
    return Facts(tuple(sorted(offers)), tuple(sorted(ratings, key=str)), plain)


def strict_values(body: bytes) -> list[Any] | None:
    """Return the values in the page's blocks of JSON-LD; None: one of them is broken."""
    found: list[Any] = []
    for block in Document(body, URL).ld_blocks:
        if not block.strip():
            continue
        try:
            for value in parse_json(block):
                found += value if isinstance(value, list) else [value]
        except BrokenBlock:
            return None
    return found


def microformat_facts(parsed: dict[str, Any]) -> dict[str, str]:
    """Return what a parsed page of microformats says about the first thing on it."""
    for item in parsed["items"]:
        said = item["properties"]
        kind = item["type"][0]
        if kind not in ("h-product", "h-review", "h-review-aggregate"):
            continue
        facts: dict[str, str] = {}
        rated = said
        if kind == "h-product":
            facts |= {"name": _first(said, "name") or ""}
            price = (_first(said, "price") or "").lstrip("£$€")
            facts |= {"price": str(number_in(price))} if price else {}
            inner = said.get("review", [{}])[0]
            rated = inner.get("properties", {}) if isinstance(inner, dict) else {}
        for name, fact in _RATED.items():
            value = _first(rated, name)
            if value:
                facts[fact] = str(number_in(value))
        if "rating" not in facts and (value := _first(rated, "rating")):
            facts["rating"] = str(number_in(value))
        return facts
    return {}


def _first(said: dict[str, Any], name: str) -> str | None:
    value = next(iter(said.get(name, ())), None)
    return value.get("value") if isinstance(value, dict) else value
