"""OpenGraph and its product words: one product a page, and nothing sure but its name."""

from __future__ import annotations

from typing import Final

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.things import Syntax, Thing, Value

__all__ = ["read_opengraph"]

_OFFER: Final = {
    "product:price:amount": "price",
    "product:sale_price:amount": "price",
    "og:price:amount": "price",
    "product:original_price:amount": "listPrice",
    "product:price:currency": "priceCurrency",
    "product:sale_price:currency": "priceCurrency",
    "og:price:currency": "priceCurrency",
    "product:availability": "availability",
    "og:availability": "availability",
    "product:condition": "itemCondition",
}
_PRODUCT: Final = {
    "og:title": "name",
    "product:brand": "brand",
    "product:retailer_item_id": "sku",
    "product:retailer_part_no": "mpn",
    "product:ean": "gtin13",
    "product:upc": "gtin12",
    "product:isbn": "isbn",
    "og:url": "url",
}


def read_opengraph(document: Document) -> list[Thing]:
    """Return the product of a page, if its meta elements speak of one."""
    said: dict[str, str] = {}
    for node in document.tree.css("meta[property][content], meta[name][content]"):
        name = (node.attributes.get("property") or node.attributes.get("name") or "").lower()
        content = (node.attributes.get("content") or "").strip()
        if content and (name in _OFFER or name in _PRODUCT or name == "og:type"):
            said.setdefault(name, content)
    offer: dict[str, tuple[Value, ...]] = {}
    for name in sorted(said, key=lambda each: "sale" not in each):
        if name in _OFFER:
            offer.setdefault(_OFFER[name], (said[name],))
    if "price" not in offer and not said.get("og:type", "").lower().endswith("product"):
        return []
    product: dict[str, tuple[Value, ...]] = {
        _PRODUCT[name]: (text,) for name, text in said.items() if name in _PRODUCT
    }
    if offer:
        product["offers"] = (Thing(("Offer",), offer, Syntax.OPENGRAPH, "opengraph.offer"),)
    return [Thing(("Product",), product, Syntax.OPENGRAPH, "opengraph")]
