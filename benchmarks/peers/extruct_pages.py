"""What extruct finds on a page, in the form in which it is compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import extruct
from extruct.jsonld import JsonLdExtractor
from reading_pages import URL, Facts, number_in

__all__ = ["blocks", "facts", "microformats"]

_KEYS = {"jsonld": "json-ld", "microdata": "microdata", "rdfa": "rdfa"}
_OFFERS = {"Offer", "AggregateOffer", "OfferForPurchase", "OfferForLease", "Demand"}
_REVIEWS = {"Review", "UserReview", "CriticReview", "EmployerReview"}


def blocks(body: bytes) -> list[Any] | None:
    """Return the values in the page's blocks of JSON-LD; None: extruct raises."""
    try:
        return list(JsonLdExtractor().extract(body.decode()))
    except Exception:  # noqa: BLE001  # whatever it raises, nothing was read
        return None


def microformats(body: bytes) -> list[Any]:
    """Return the microformats of a page."""
    found = extruct.extract(body, URL, syntaxes=["microformat"], errors="ignore")
    return list(found.get("microformat", ()))


def facts(body: bytes, syntax: str) -> Facts:
    """Return the offers and reviews that extruct finds, and that have a price or are reviews."""
    key = _KEYS[syntax]
    found = extruct.extract(body, URL, syntaxes=[key], errors="ignore", uniform=key != "rdfa")
    items = list(found.get(key, ()))
    by_id = {each["@id"]: each for each in items if isinstance(each, dict) and "@id" in each}
    offers = []
    reviews = []
    for thing in _things(items):
        types = _types(thing)
        price = _value(thing, "price", "lowPrice")
        if types & _OFFERS and price is not None:
            code = _value(thing, "priceCurrency")
            offers.append((str(number_in(price)), None if code is None else str(code)))
        if types & _REVIEWS:
            rating = _target(thing, "reviewRating", by_id)
            value = _value(rating, "ratingValue") if isinstance(rating, dict) else rating
            reviews.append(None if value is None else number_in(value))
    return Facts(tuple(sorted(offers, key=str)), tuple(sorted(reviews, key=str)))


def _local(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit("#", 1)[-1]


def _things(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  # JSON
    if isinstance(value, list):
        for each in value:
            yield from _things(each)
    elif isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _things(each)


def _types(thing: dict[str, Any]) -> set[str]:
    given = thing.get("@type", ())
    return {_local(str(each)) for each in ([given] if isinstance(given, str) else given)}


def _given(thing: dict[str, Any], name: str) -> Any:  # noqa: ANN401  # JSON
    value = next((value for key, value in thing.items() if _local(key) == name), None)
    return (value[0] if value else None) if isinstance(value, list) else value


def _value(thing: dict[str, Any], *names: str) -> Any:  # noqa: ANN401  # JSON
    for name in names:
        value = _given(thing, name)
        if isinstance(value, dict):
            value = value.get("@value")
        if value is not None:
            return value
    return None


def _target(thing: dict[str, Any], name: str, by_id: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
    value = _given(thing, name)
    if isinstance(value, dict) and set(value) == {"@id"}:
        return by_id.get(value["@id"])
    return value
