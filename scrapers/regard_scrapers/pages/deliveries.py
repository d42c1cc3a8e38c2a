"""What a text about shipping says: what it costs, and from which order value on it is free."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regard_scrapers.pages.numerals import NumberFormat, plain
from regard_scrapers.pages.prices import Meaning, prices_in

__all__ = ["ShippingTerms", "shipping_terms"]

_FREE: Final = (
    r"(?<![^\W\d_])(?:free|gratis|gratuit[oa]?s?|gratuites?|offerte?s?|incluid[oa]s?|kostenlos"
    r"|kostenfrei)(?![^\W\d_])"
)
_SAYS_FREE: Final = re.compile(_FREE, re.IGNORECASE)
_FREE_BEFORE: Final = re.compile(rf"{_FREE}[^.;|,\d]{{0,40}}$", re.IGNORECASE)
_FREE_BEHIND: Final = re.compile(rf"[^.;|\d]{{0,40}}{_FREE}", re.IGNORECASE)
_NOT_FREE: Final = re.compile(r"(?<![^\W\d_])(?:not|no|non|nicht|pas)\s+$", re.IGNORECASE)
_NONE: Final = frozenset({Meaning.SAVING, Meaning.FORMER, Meaning.UNIT, Meaning.RECURRING})


@dataclass(frozen=True, slots=True)
class ShippingTerms:
    """
    What a text says of shipping.

    Attributes:
        cost: What it costs; 0: it is free; None: the text does not say.
        free_from: The value of an order from which it is free; None: the text names none.
    """

    cost: Decimal | None
    free_from: Decimal | None


def shipping_terms(
    text: str, *, country: str | None = None, form: NumberFormat | None = None
) -> ShippingTerms:
    """
    Return what a text that is known to speak of shipping says.

    Args:
        text: What people see, such as "Shipping 4.95 €, free from 50 €".
        country: Where the site sells.
        form: How the site writes numbers.
    """
    flat = plain(text)
    found = prices_in(text, country=country, form=form)
    costs: list[Decimal] = []
    thresholds: list[Decimal] = []
    last = 0
    for at, price in enumerate(found):
        before = flat[last : price.start]
        behind = flat[price.end : found[at + 1].start if at + 1 < len(found) else len(flat)]
        last = price.end
        if price.amount > 0 and (
            price.meaning is Meaning.THRESHOLD
            or _FREE_BEFORE.search(before)
            or (price.meaning is Meaning.FROM and _FREE_BEHIND.match(behind))
        ):
            thresholds.append(price.amount)
        elif price.meaning not in _NONE and (
            # A number beside words counts days as well as money.
            price.mark is not None
            or price.meaning is Meaning.SHIPPING
            or not any(char.isalpha() for char in flat)
            or price.amount == 0
        ):
            costs.append(price.amount)
    free = _SAYS_FREE.search(flat)
    if not found and free is not None and not _NOT_FREE.search(flat[: free.start()]):
        costs.append(Decimal(0))
    return ShippingTerms(costs[0] if costs else None, thresholds[0] if thresholds else None)
