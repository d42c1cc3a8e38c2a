"""Article numbers: GTIN-8, -12, -13 and -14, ISBN-10 and ISSN, by their check digits (GS1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from regard_scrapers.pages.numerals import plain

__all__ = ["ArticleNumber", "article_number", "gtin"]

_LABEL: Final = re.compile(
    r"^\W*(?:(?:isbn|ean|upc|gtin|issn|jan|barcode|code\s?barres?|c[oó]digo(?:\s+de\s+barras)?)"
    r"[\s_-]*(?:-?(?:8|10|12|13|14)(?=\D))?)[\s:#.\-–]*",
    re.IGNORECASE,
)
_SHAPE: Final = re.compile(r"\d[\d\s.\-–]*[\dXx]")


@dataclass(frozen=True, slots=True)
class ArticleNumber:
    """
    A number whose check digit is right.

    Attributes:
        sort: ``gtin8``, ``upc`` (GTIN-12), ``gtin13``, ``gtin14``, ``isbn10``, ``isbn13``,
            ``issn`` or ``ismn``.
        digits: Without spaces and dashes.
    """

    sort: str
    digits: str


def _gs1(digits: str) -> bool:
    """Check the last digit (GS1 General Specifications, section 7.9)."""
    weighted = sum(
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))
    )
    return weighted % 10 == 0


def _modulo_11(digits: str) -> bool:
    """Check an ISBN-10 or ISSN, whose last sign may be X for ten."""
    values = [10 if sign in "Xx" else int(sign) for sign in digits]
    return sum(value * weight for weight, value in enumerate(reversed(values), 1)) % 11 == 0


def article_number(text: str) -> ArticleNumber | None:
    """
    Return the article number in a text; None where there is none, or its check digit is wrong.

    Args:
        text: Such as ``EAN: 8808993650040``.
    """
    bare = _LABEL.sub("", plain(text)).strip(" \t\r\n()[]")
    if _SHAPE.fullmatch(bare) is None:
        return None
    digits = re.sub(r"[\s.\-–]", "", bare)
    if not re.fullmatch(r"\d+[\dXx]", digits):
        return None
    return _classified(digits)


def _classified(digits: str) -> ArticleNumber | None:
    length = len(digits)
    if length == 10:
        return ArticleNumber("isbn10", digits.upper()) if _modulo_11(digits) else None
    if length == 8 and _modulo_11(digits):
        return ArticleNumber("issn", digits.upper())
    if not digits.isdigit() or length not in (8, 12, 13, 14) or not _gs1(digits):
        return None
    if not digits.strip("0"):
        return None
    if length == 13:
        sort = "isbn13" if digits.startswith(("978", "979")) else "gtin13"
        sort = "ismn" if digits.startswith("9790") else sort
        return ArticleNumber("issn" if digits.startswith("977") else sort, digits)
    return ArticleNumber({8: "gtin8", 12: "upc", 14: "gtin14"}[length], digits)


def gtin(text: str) -> str | None:
    """
    Return an article number as a GTIN that can be compared: 13 digits, or 14, or 8.

    An ISBN-10 becomes the GTIN-13 of the same book, a GTIN-12 gets its leading zero.
    """
    found = article_number(text)
    if found is None:
        return None
    if found.sort == "isbn10":
        stem = f"978{found.digits[:9]}"
        total = sum(int(each) * (3 if at % 2 else 1) for at, each in enumerate(stem))
        return f"{stem}{-total % 10}"
    if found.sort == "upc":
        return f"0{found.digits}"
    if found.sort == "issn" and len(found.digits) == 8:
        return None
    if len(found.digits) == 14 and found.digits.startswith("0"):
        return found.digits[1:]
    return found.digits
