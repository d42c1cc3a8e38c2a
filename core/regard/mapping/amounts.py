"""
Numbers and amounts of money as people write them, read exactly or refused.

``1.234`` is one thousand and more in Madrid and a little over one in London. Where a map, a
profile or the number itself does not say which, the record goes to quarantine: a turnover
that is wrong by a factor of a thousand looks like a number, a refused line does not.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal, TypeAlias

from regard.errors import RecordError
from regard.mapping.values import Cell, clean, shape
from regard.settings.checks import CURRENCIES

__all__ = ["DecimalSign", "parse_amount", "parse_currency", "parse_integer", "parse_number"]

DecimalSign: TypeAlias = Literal[".", ","]

_LONGEST = 60
_MOST_DIGITS = 28

_SIMPLE = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,2})?", re.ASCII)
"""What every machine writes: no grouping, and so few decimals that it can be nothing else."""

_SIMPLE_COMMA = re.compile(r"-?(?:0|[1-9]\d{0,14}),\d{1,2}", re.ASCII)

_PARTS = re.compile(r"(\D*)(\d(?:[\d.,' ]*\d)?)(\D*)", re.ASCII)
_NO_CENTS = re.compile(r"[.,]-{1,2}")
_GROUPS = {
    " ": re.compile(r"\d{1,3}(?: \d{3})+"),
    "'": re.compile(r"\d{1,3}(?:'\d{3})+"),
    ".": re.compile(r"\d{1,3}(?:\.\d{3})+"),
    # India groups the lakh by two: 12,34,567.
    ",": re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3}"),
}
_UNIFORM = str.maketrans(
    dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008\u200a", " ")
    | dict.fromkeys("−–—", "-")
    | dict.fromkeys("’‘", "'")
)

# A sign that several countries share says that it is money, not which: its code is None.
_CURRENCIES: dict[str, str | None] = {
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "₹": "INR", "RS": "INR", "RS.": "INR",
    "$": None, "¥": None, "￥": None, "KR": None, "KR.": None, "₩": "KRW", "₽": "RUB", "₺": "TRY",
    "₴": "UAH", "₪": "ILS", "₫": "VND", "฿": "THB", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF",
    "LEI": "RON", "FR.": "CHF", "SFR.": "CHF", "R$": "BRL", "US$": "USD", "U$S": "USD",
    "MX$": "MXN", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD",
    "HK$": "HKD", "S/": "PEN", "S/.": "PEN", "CFA": None, "FCFA": None, "DH": "MAD",
}  # fmt: skip
_NAMES = {
    "EURO": "EUR",
    "EUROS": "EUR",
    "US DOLLAR": "USD",
    "DÓLAR ESTADOUNIDENSE": "USD",
    "DOLLAR AMÉRICAIN": "USD",
    "POUND STERLING": "GBP",
    "BRITISH POUND": "GBP",
    "LIBRA ESTERLINA": "GBP",
    "LIVRE STERLING": "GBP",
    "SWISS FRANC": "CHF",
    "FRANCO SUIZO": "CHF",
    "FRANC SUISSE": "CHF",
    "MEXICAN PESO": "MXN",
    "PESO MEXICANO": "MXN",
    "CANADIAN DOLLAR": "CAD",
    "DOLLAR CANADIEN": "CAD",
}


def _bad(text: str, why: str) -> RecordError:
    return RecordError("bad-number", f"{shape(text)!r} {why}")


def _grouped(text: str, whole: str, separators: set[str]) -> str:
    """Return the digits of a whole part whose groups must be right."""
    if not separators:
        return whole
    if len(separators) > 1:
        raise _bad(text, "mixes two signs that group thousands")
    sign = separators.pop()
    if _GROUPS[sign].fullmatch(whole) is None:
        raise _bad(text, f"has groups between {sign!r} that are not thousands")
    return whole.replace(sign, "")


def _one_sign(text: str, body: str, sign: str, declared: DecimalSign | None) -> tuple[str, str]:
    """Split a number with one kind of sign, once, and nothing else between its digits."""
    whole, _, rest = body.partition(sign)
    may_group = len(rest) == 3 and len(whole) <= 3 and not whole.startswith("0")
    if declared == sign or (declared is None and not may_group):
        return whole, rest
    if declared is None:
        message = (
            f"{shape(text)!r} can be a thousand times larger or smaller: "
            'declare the decimal sign, such as decimal = ","'
        )
        raise RecordError("ambiguous-number", message)
    if not may_group:
        raise _bad(text, f"has {sign!r} as its decimal sign, though {declared!r} is declared")
    return whole + rest, ""


def _split(text: str, body: str, declared: DecimalSign | None) -> tuple[str, str]:
    """Return the digits before and behind the decimal sign."""
    signs = {each for each in body if not each.isdigit()}
    points = signs & {".", ","}
    if len(points) == 1 and signs == points and body.count(next(iter(points))) == 1:
        return _one_sign(text, body, next(iter(points)), declared)
    if not points:
        return _grouped(text, body, signs), ""
    last = max(points, key=body.rfind)
    if body.count(last) > 1:
        if last == declared or len(points) > 1:
            raise _bad(text, f"has more than one {last!r}, which cannot all be decimal signs")
        return _grouped(text, body, signs), ""
    if declared is not None and last != declared:
        raise _bad(text, f"has {last!r} as its decimal sign, though {declared!r} is declared")
    whole, _, rest = body.rpartition(last)
    return _grouped(text, whole, signs - {last}), rest


def _currency(text: str, words: list[str]) -> str | None:
    """Return the currency that the words around a number name, if they name one."""
    codes = set()
    for word in words:
        name = word.upper()
        if name in CURRENCIES:
            codes.add(name)
        elif name in _CURRENCIES:
            codes.add(_CURRENCIES[name] or "")
        elif "%" in word:
            raise _bad(text, "is a percentage, not a number of the field's unit")
        else:
            raise _bad(text, "is no number: there is more than an amount and its currency")
    codes.discard("")
    if len(codes) > 1:
        raise _bad(text, "names two currencies")
    return codes.pop() if codes else None


def parse_amount(
    cell: Cell, decimal: DecimalSign | None = None
) -> tuple[Decimal, str | None] | None:
    """
    Return an amount and the currency written beside it, or None for an empty cell.

    ``$`` and ``¥`` are money but no currency: several countries use them.

    Args:
        cell: What the file holds.
        decimal: The decimal sign, where it is known.

    Raises:
        RecordError: ``bad-number`` or ``ambiguous-number``.
    """
    if type(cell) is str:
        if decimal != "," and _SIMPLE.fullmatch(cell):
            return Decimal(cell), None
        if decimal != "." and _SIMPLE_COMMA.fullmatch(cell):
            return Decimal(cell.replace(",", ".")), None
    if isinstance(cell, (int, Decimal)) and not isinstance(cell, bool):
        return Decimal(cell), None
    text = clean(cell).translate(_UNIFORM)
    if not text:
        return None
    if len(text) > _LONGEST:
        raise _bad(text, "is too long for a number")
    negative = text[0] == "(" and text[-1] == ")"
    parts = _PARTS.fullmatch(text[1:-1].strip() if negative else text)
    if parts is None:
        raise _bad(text, "is no number")
    before, body, behind = parts.groups()
    no_cents = _NO_CENTS.match(behind)
    if no_cents is not None:
        behind = behind[no_cents.end() :]
    if before.lstrip("+-") in {".", ","}:
        before, body = before[:-1], f"0{before[-1]}{body}"
    around = before + behind
    if around.count("-") + around.count("+") + negative > 1:
        raise _bad(text, "has more than one sign in front or behind")
    words = [part.strip(" +-") for part in (before, behind)]
    currency = _currency(text, [word for word in words if word])
    whole, rest = _split(text, body, decimal)
    if len(whole) + len(rest) > _MOST_DIGITS:
        raise _bad(text, "has too many digits")
    value = Decimal(f"{whole}.{rest}" if rest else whole)
    return (-value if negative or "-" in around else value), currency


def parse_number(cell: Cell, decimal: DecimalSign | None = None) -> Decimal | None:
    """
    Return a plain number, or None for an empty cell.

    Raises:
        RecordError: ``bad-number``, also where a currency stands beside it, or
            ``ambiguous-number``.
    """
    found = parse_amount(cell, decimal)
    if found is None:
        return None
    value, currency = found
    if currency is not None:
        raise _bad(clean(cell), "is an amount of money, not a plain number")
    return value


def parse_integer(cell: Cell, decimal: DecimalSign | None = None) -> int | None:
    """
    Return a whole number, or None for an empty cell.

    Raises:
        RecordError: As `parse_number`, and ``bad-number`` for a fraction.
    """
    value = parse_number(cell, decimal)
    if value is None:
        return None
    if value != value.to_integral_value():
        raise _bad(clean(cell), "is not a whole number")
    return int(value)


def parse_currency(cell: Cell) -> str | None:
    """Return a currency's code; signs and a few names are translated, the rest is kept."""
    text = clean(cell)
    name = text.upper()
    if name in _CURRENCIES:
        return _CURRENCIES[name]
    return _NAMES.get(name, name) or None
