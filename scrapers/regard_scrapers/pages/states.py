"""Availability and condition in the words of schema.org, from whatever a page writes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from regard_scrapers.pages.things import local_name

__all__ = ["AVAILABILITIES", "availability_of", "condition_of"]

AVAILABILITIES: Final = (
    "BackOrder",
    "Discontinued",
    "InStock",
    "InStoreOnly",
    "LimitedAvailability",
    "MadeToOrder",
    "OnlineOnly",
    "OutOfStock",
    "PreOrder",
    "PreSale",
    "Reserved",
    "SoldOut",
)
"""All of schema.org/ItemAvailability."""

_BY_NAME: Final = {name.casefold(): name for name in AVAILABILITIES} | {
    "oos": "OutOfStock",
    "instock": "InStock",
    "in stock": "InStock",
    "out of stock": "OutOfStock",
    "preorder": "PreOrder",
    "pre order": "PreOrder",
    "available for order": "BackOrder",
    "pending": "PreOrder",
    "available": "InStock",
    "unavailable": "OutOfStock",
    "limitedstock": "LimitedAvailability",
}

# The refusals come first: "not available" has "available" in it.
_SEEN: Final[Mapping[str, Sequence[str]]] = {
    "Discontinued": (
        *("discontinued", "descatalogado", r"ya no se (?:vende|fabrica)"),
        *(r"n'est plus (?:commercialise|vendu)", "supprime du catalogue"),
    ),
    "SoldOut": ("sold out", r"vendid[oa]s?\b", "epuise", "ausverkauft"),
    "PreOrder": (
        *("pre-?order", "pre-?compra", r"reserva (?:ya|anticipada)", "pre-?commande"),
        "vorbestell",
    ),
    "BackOrder": (
        *("back-?order", "on order", "bajo pedido", "sobre pedido", "sur commande"),
        *("auf bestellung", r"disponible (?:en|sous|dentro de) \d+", r"lieferbar in \d+"),
    ),
    "OutOfStock": (
        *("out of stock", "not available", "unavailable", "no longer available", "not in stock"),
        *(r"sin (?:stock|existencias)", "agotad[oa]", "no disponible", "fuera de stock"),
        *("indisponible", "rupture", "hors stock", "avisame", "notify me", "prevenez"),
        r"nicht (?:verfugbar|lieferbar|auf lager|vorratig)",
    ),
    "InStoreOnly": (
        *("in store only", "solo en tienda", "uniquement en magasin"),
        r"nur im (?:laden|markt)",
    ),
    "LimitedAvailability": (
        *(r"only \d+ (?:left|in stock)", r"last \d", "low stock", "ultim[oa]s", r"plus que \d+"),
        *(r"quedan? (?:solo )?\d+", r"derniers? (?:exemplaires|articles)", r"nur noch \d+"),
        *("stock (?:faible|limite)", "limited"),
    ),
    "InStock": (
        *("in stock", "in-stock", "available", "disponible", "en stock", "en existencia"),
        *("auf lager", "lieferbar", "vorratig", "verfugbar", r"add to (?:cart|basket|bag)"),
        *(r"anadir (?:al carrito|a la cesta)", "ajouter au panier", "in den warenkorb"),
    ),
}
_WORDS: Final = tuple((name, re.compile("|".join(words))) for name, words in _SEEN.items())

_CONDITIONS: Final[Mapping[str, str]] = {
    "newcondition": "NewCondition",
    "new": "NewCondition",
    "nuevo": "NewCondition",
    "neuf": "NewCondition",
    "neu": "NewCondition",
    "usedcondition": "UsedCondition",
    "used": "UsedCondition",
    "pre-owned": "UsedCondition",
    "second hand": "UsedCondition",
    "segunda mano": "UsedCondition",
    "usado": "UsedCondition",
    "occasion": "UsedCondition",
    "d'occasion": "UsedCondition",
    "gebraucht": "UsedCondition",
    "refurbishedcondition": "RefurbishedCondition",
    "refurbished": "RefurbishedCondition",
    "reacondicionado": "RefurbishedCondition",
    "reconditionne": "RefurbishedCondition",
    "generaluberholt": "RefurbishedCondition",
    "damagedcondition": "DamagedCondition",
    "damaged": "DamagedCondition",
    "open box": "DamagedCondition",
    "open-box": "DamagedCondition",
}


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.replace("’", "'"))
    bare = "".join(each for each in letters if not unicodedata.combining(each))
    return " ".join(bare.casefold().split())


def availability_of(text: str | None, words: Mapping[str, str] | None = None) -> str | None:
    """
    Return a schema.org availability; None where one cannot tell.

    Args:
        text: A name, an address of schema.org, or what people see.
        words: What a site's own words mean; they go first.
    """
    if not text or not text.strip():
        return None
    folded = _folded(text)
    for own, name in (words or {}).items():
        if _folded(own) in folded:
            return _BY_NAME.get(name.casefold(), name)
    name = _folded(local_name(text).rsplit("/", 1)[-1])
    squeezed = re.sub(r"[\s_-]+", "", name)
    found = _BY_NAME.get(name) or _BY_NAME.get(squeezed)
    if found is not None:
        return found
    return next((meant for meant, seen in _WORDS if seen.search(folded)), None)


def condition_of(text: str | None) -> str | None:
    """Return a schema.org condition, such as ``UsedCondition``; None where one cannot tell."""
    if not text or not text.strip():
        return None
    return _CONDITIONS.get(_folded(local_name(text).rsplit("/", 1)[-1]))
