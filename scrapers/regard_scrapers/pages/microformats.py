"""
Microformats of the first and second kind: products and reviews in class names.

Both kinds are read with one table of names, and come out in the words of schema.org.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from selectolax.lexbor import LexborNode

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.things import Syntax, Thing, Value

__all__ = ["read_microformats"]

_ROOTS: Final[Mapping[str, str]] = {
    "h-product": "Product",
    "hproduct": "Product",
    "h-review": "Review",
    "hreview": "Review",
    "h-review-aggregate": "AggregateRating",
    "hreview-aggregate": "AggregateRating",
}
_OTHERS: Final = frozenset(
    {"h-card", "vcard", "h-event", "vevent", "h-entry", "h-item", "h-adr", "h-geo", "h-feed"}
)
_SELECTOR: Final = ", ".join(f".{name}" for name in _ROOTS)
_CLASSIC: Final = {
    "fn": "name",
    "summary": "name",
    "p-name": "name",
    "price": "price",
    "p-price": "price",
    "brand": "brand",
    "p-brand": "brand",
    "identifier": "sku",
    "u-identifier": "sku",
    "url": "url",
    "u-url": "url",
    "rating": "rating",
    "p-rating": "rating",
    "average": "ratingValue",
    "p-average": "ratingValue",
    "value": "ratingValue",
    "best": "bestRating",
    "p-best": "bestRating",
    "worst": "worstRating",
    "p-worst": "worstRating",
    "count": "ratingCount",
    "p-count": "ratingCount",
    "votes": "ratingCount",
    "p-votes": "ratingCount",
    "dtreviewed": "datePublished",
    "reviewed": "datePublished",
    "dt-reviewed": "datePublished",
    "dt-published": "datePublished",
    "description": "reviewBody",
    "e-description": "reviewBody",
    "e-content": "reviewBody",
    "reviewer": "author",
    "p-reviewer": "author",
    "p-author": "author",
    "item": "item",
    "p-item": "item",
}
_RATING: Final = ("ratingValue", "bestRating", "worstRating", "ratingCount")


def read_microformats(document: Document) -> list[Thing]:
    """Return the products and reviews of a page that are not parts of others."""
    if not any(name in document.text for name in ("product", "review")):
        return []
    roots = document.tree.css(_SELECTOR)
    inner = {node.mem_id for root in roots for node in root.css(_SELECTOR)[0:] if node != root}
    return [
        _thing(root, document, f"microformats[{at}]")
        for at, root in enumerate(roots)
        if root.mem_id not in inner
    ]


def _classes(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def _thing(node: LexborNode, document: Document, path: str) -> Thing:
    sort = next(_ROOTS[name] for name in _classes(node) if name in _ROOTS)
    said: dict[str, list[Value]] = {}
    for each in _inside(node):
        names = _classes(each)
        inner = next((_ROOTS[name] for name in names if name in _ROOTS), None)
        if inner is not None:
            said.setdefault("part", []).append(_thing(each, document, f"{path}.{inner.lower()}"))
        for name in dict.fromkeys(_CLASSIC[name] for name in names if name in _CLASSIC):
            value = _value(each, name, document)
            if value:
                said.setdefault(name, []).append(value)
    if "name" not in said and sort == "Product" and (text := _text(node)) and len(text) < 200:
        said["name"] = [text]
    if "url" not in said and node.tag == "a" and (href := node.attributes.get("href")):
        said["url"] = [document.address(href) or href]
    return _in_schema_words(sort, said, path)


def _inside(node: LexborNode) -> Iterator[LexborNode]:
    """Yield the elements of a root, without those of other roots and cards inside of it."""
    stack = list(node.iter(include_text=False))[::-1]
    while stack:
        each = stack.pop()
        yield each
        names = _classes(each)
        if not any(name in _ROOTS or name in _OTHERS for name in names):
            stack += list(each.iter(include_text=False))[::-1]


def _value(node: LexborNode, name: str, document: Document) -> str | None:
    attributes = node.attributes
    if name == "url" and attributes.get("href"):
        return document.address(attributes["href"]) or attributes["href"]
    if node.tag in ("time", "del", "ins") and attributes.get("datetime"):
        return attributes["datetime"]
    if node.tag in ("data", "input", "meter") and attributes.get("value"):
        return attributes["value"]
    if node.tag == "abbr" and attributes.get("title"):
        return attributes["title"]
    if name in ("brand", "author", "item"):
        named = node.css_first(".fn, .p-name, .org, .p-org")
        if named is not None and (text := _text(named)):
            return text
    if name == "rating" and (own := node.css_first(".value, .average, .p-average, .p-rating")):
        return _text(own)
    return _text(node)


def _text(node: LexborNode) -> str | None:
    return " ".join((node.text(deep=True) or "").split()) or None


def _in_schema_words(sort: str, said: dict[str, list[Value]], path: str) -> Thing:
    def thing(kind: str, properties: dict[str, tuple[Value, ...]]) -> Thing:
        return Thing((kind,), properties, Syntax.MICROFORMATS, path)

    parts = [each for each in said.pop("part", []) if isinstance(each, Thing)]
    own = {name: tuple(values) for name, values in said.items()}
    if "rating" in own:
        own.setdefault("ratingValue", own.pop("rating"))
    rating: dict[str, tuple[Value, ...]] = {name: own.pop(name) for name in _RATING if name in own}
    if sort == "AggregateRating":
        item = own.get("item") or own.get("name")
        return thing(sort, {**rating, **({"itemReviewed": item} if item else {})})
    if sort == "Review":
        if rating:
            own["reviewRating"] = (thing("Rating", rating),)
        if "item" in own:
            own["itemReviewed"] = own.pop("item")
        return thing(sort, own)
    if "price" in own:
        own["offers"] = (thing("Offer", {"price": own.pop("price")}),)
    own.pop("reviewBody", None)
    reviews = tuple(each for each in parts if each.is_a("Review"))
    ratings = tuple(each for each in parts if each.is_a("AggregateRating"))
    if reviews:
        own["review"] = reviews
    if ratings:
        own["aggregateRating"] = ratings
    return thing(sort, own)
