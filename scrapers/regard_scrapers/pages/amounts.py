"""
Amounts in structured data: written for machines, by people who do not always know the rules.

schema.org wants 1299.00: a point, no groups, no currency. What is written otherwise and can be
read in one way only is read; what could mean two things is refused with its reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regard_scrapers.pages.currencies import MINOR_DIGITS
from regard_scrapers.pages.numerals import NumberFormat, plain
from regard_scrapers.pages.prices import main_price, prices_in

__all__ = ["Amount", "amount_of"]

_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_TWO_WAYS: Final = re.compile(r"\d{1,3},\d{3}")
_MOST: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Amount:
    """
    What an amount comes to.

    Attributes:
        value: Exact; None: it cannot be read.
        currency: Where the amount itself names one, ISO 4217.
        problem: A code: why there is no value, or why it should be doubted.
    """

    value: Decimal | None
    currency: str | None = None
    problem: str | None = None


def amount_of(
    written: object, *, currency: str | None, form: NumberFormat | None, country: str | None
) -> Amount:
    """
    Return the amount that structured data gives.

    Args:
        written: A number or a text.
        currency: What the page says beside it.
        form: How the site writes numbers, where its data does not keep to the rule.
        country: Where the site sells.
    """
    if isinstance(written, bool) or written is None:
        return Amount(None, problem="no-price")
    if isinstance(written, Decimal):
        return _judged(written, currency)
    text = plain(str(written)).strip()
    if not text:
        return Amount(None, problem="no-price")
    if _PLAIN.fullmatch(text):
        return _judged(Decimal(text), currency)
    if form is None and _TWO_WAYS.fullmatch(text):
        return Amount(None, problem="ambiguous-price")
    found = main_price(text, country=country, currency=currency, form=form)
    if found is None:
        return Amount(None, problem="no-price" if not prices_in(text) else "bad-price")
    judged = _judged(found.amount, found.currency or currency)
    return Amount(judged.value, found.currency, judged.problem)


def _judged(value: Decimal, currency: str | None) -> Amount:
    if not value.is_finite() or value < 0 or value >= _MOST:
        return Amount(None, problem="bad-price")
    digits = value.normalize().as_tuple().exponent
    assert isinstance(digits, int)  # noqa: S101  # it is finite
    if -digits > 6:
        # 19.990000000000002 is what a program made of 19.99.
        rounded = round(value, 6)
        if abs(rounded - value) > Decimal("0.000000001"):
            return Amount(None, problem="bad-price")
        value, digits = rounded, int(rounded.normalize().as_tuple().exponent)
    minor = MINOR_DIGITS.get(currency or "", 2)
    if minor == 2 and digits == -3 and value < 1000:
        # 1.299 is one or a thousand: shops that write for people write this for a thousand.
        return Amount(value, problem="ambiguous-price")
    if value == 0:
        return Amount(value, problem="zero-price")
    return Amount(value)
