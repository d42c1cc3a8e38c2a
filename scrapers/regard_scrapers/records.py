"""From what a page says to records: their keys, whose they are, and which are put aside."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from regard import keys
from regard.privacy import identifier_hash
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched
from regard_scrapers.urls import plain_url

__all__ = [
    "Aside",
    "Taken",
    "Terms",
    "implausible",
    "offer_records",
    "review_records",
    "terms_of",
]

_LARGEST_MOVE: Final = Decimal("0.6")
_FACTORS: Final = (Decimal(10), Decimal(100), Decimal(1000))
_IDENTITIES: Final = ("sku", "gtin", "mpn")
_VARIANT: Final = ("color", "size", "material", "pattern", "model")


@dataclass(frozen=True, slots=True)
class Aside:
    """
    A record that must not be stored as it is.

    Attributes:
        fields: What it would be.
        code: Why.
        field: The field at fault.
        text: One sentence.
    """

    fields: Mapping[str, Any]
    code: str
    field: str | None
    text: str


Taken: TypeAlias = tuple[list[dict[str, Any]], list[Aside]]

Terms: TypeAlias = tuple[object, ...]
"""On which terms an offer is made: its price, currency and availability."""


def offer_records(fetched: Fetched, site: Site, now: datetime) -> Taken:
    """
    Return the offers of a page as records, and those that are put aside.

    An offer's key is its article's number at the site, else its address; variants without a
    number are told by their attributes, several sellers of one article by their names.
    """
    found = [(dict(fields), problems) for fields, problems, _, _ in fetched.records]
    names = Counter(_article(fields, fetched.url) for fields, _ in found)
    good: list[dict[str, Any]] = []
    aside: list[Aside] = []
    seen: set[str] = set()
    for fields, problems in found:
        article = _article(fields, fetched.url)
        parts = [article]
        if names[article] > 1:
            parts += _tells_apart(fields)
        key = keys.compose(parts)
        record = {
            **fields,
            "key": key,
            "competitor": None if site.own else site.competitor,
            "observed_at": now,
            "as_of": now,
            "url": plain_url(str(fields.get("url") or fetched.url)),
        }
        if site.match.sku and record.get("sku"):
            record["extra"] = {**record.get("extra", {}), "our_sku": record["sku"]}
        if fetched.rendered:
            record["extra"] = {**record.get("extra", {}), "rendered": True}
        if problems:
            code, field, text = problems[0]
            aside.append(Aside(record, code, field, text))
        elif key in seen:
            text = "the page has two offers that nothing tells apart"
            aside.append(Aside(record, "same-offer-twice", None, text))
        else:
            seen.add(key)
            good.append(record)
    return good, aside


def _article(fields: Mapping[str, Any], url: str) -> str:
    for name in _IDENTITIES:
        value = fields.get(name)
        if value:
            return f"{name}:{value}"
    return f"url:{plain_url(str(fields.get('url') or url))}"


def _tells_apart(fields: Mapping[str, Any]) -> list[str]:
    extra = fields.get("extra", {})
    found = [str(extra[name]) for name in _VARIANT if extra.get(name)]
    found += [str(fields[name]) for name in ("seller", "condition") if fields.get(name)]
    return found


def implausible(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """
    Say why a price cannot be believed at first sight; None: it can.

    Args:
        before: What is known of the offer.
        after: What a page says now.
    """
    old, new = before.get("price"), after.get("price")
    if not isinstance(old, Decimal) or not isinstance(new, Decimal) or not old or not new:
        return None
    if before.get("currency") != after.get("currency"):
        return f"the currency was {before.get('currency')} and is {after.get('currency')}"
    for factor in _FACTORS:
        if new == old * factor or old == new * factor:
            return f"{old} and {new} differ by a factor of {factor:.0f}: a sign was misread"
    move = abs(new - old) / old
    if move > _LARGEST_MOVE:
        return f"from {old} to {new} is {move:.0%} at once"
    return None


def terms_of(offer: Mapping[str, Any]) -> Terms:
    """Return on which terms an offer is made."""
    return tuple(offer.get(name) for name in ("price", "currency", "availability"))


def review_records(fetched: Fetched, site: Site, now: datetime, secret: bytes) -> Taken:
    """
    Return the reviews of a page as records, and those that are put aside.

    A review's key is what the site calls it, else a digest of its author, day and product, so
    that an edited text is a revision of the same review. The author is kept as a keyed hash.
    """
    good: list[dict[str, Any]] = []
    aside: list[Aside] = []
    seen: set[str] = set()
    for fields, problems, _, author in fetched.records:
        record: dict[str, Any] = dict(fields)
        extra = dict(record.pop("extra", {}))
        named = extra.pop("review_id", None)
        hashed = identifier_hash("author", f"{site.name}:{author}", secret) if author else None
        record["key"] = f"id:{named}" if named else _digest(record, hashed)
        record |= {
            "author_hash": hashed,
            "provider": site.name,
            "competitor": None if site.own else site.competitor,
            "subject": None if site.own else site.competitor,
            "status": "live",
            "as_of": now,
            "extra": {**extra, "rendered": True} if fetched.rendered else extra,
            "url": plain_url(str(record.get("url") or fetched.url)),
        }
        if record["key"] in seen:
            continue  # one review that overlapping parts of a page repeat
        seen.add(record["key"])
        if problems:
            code, field, text = problems[0]
            aside.append(Aside(record, code, field, text))
        else:
            good.append(record)
    return good, aside


def _digest(record: Mapping[str, Any], author: str | None) -> str:
    """Return what names a review that has no name: who, when, about what."""
    when = record.get("published_at")
    parts: Sequence[object] = (
        author,
        when.date().isoformat() if isinstance(when, datetime) else None,
        record.get("sku") or record.get("product_name"),
    )
    if author is None:
        # Without an author only the words themselves are left.
        parts = (*parts, record.get("title"), record.get("text"))
    text = "\x1f".join(str(part or "") for part in parts)
    return f"digest:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
