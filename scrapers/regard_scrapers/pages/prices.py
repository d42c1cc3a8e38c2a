"""
Prices in text: which of the numbers is the price, in which currency, and what the others are.

A number with a currency beside it is a candidate. The words around it say what it is: the price,
the former price, a starting price, a saving, an instalment, a price per month or per kilogram,
the order value from which shipping is free. Only what is a price is ever taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from regard_scrapers.pages.currencies import MARKS, MINOR_DIGITS, currency_of, is_code
from regard_scrapers.pages.numerals import NUMBER, NumberFormat, numeral, plain

__all__ = ["Meaning", "Price", "main_price", "prices_in"]


class Meaning(StrEnum):
    """What a number with a currency is, told by the words around it."""

    PRICE = "price"
    FROM = "from"
    FORMER = "former"
    SAVING = "saving"
    INSTALMENT = "instalment"
    RECURRING = "recurring"
    UNIT = "unit"
    SHIPPING = "shipping"
    THRESHOLD = "threshold"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True)
class Price:
    """
    One number that is money.

    Attributes:
        amount: Exact.
        currency: ISO 4217; None where what stands beside it could be several, or nothing does.
        mark: What stands beside it, as written; None: nothing.
        meaning: What the words around it say it is.
        quantity: For a unit price: of how much, as written, such as ``100 g``.
        tax_included: True or False where the words say so.
        start: Where it begins in the text.
        end: Where it ends.
    """

    amount: Decimal
    currency: str | None
    mark: str | None
    meaning: Meaning
    quantity: str | None = None
    tax_included: bool | None = None
    start: int = 0
    end: int = 0


def _alternatives(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_SIGNS: Final = _alternatives(
    [*(mark for mark in MARKS if not mark.isalpha()), "$", "¥", "￥", "¢", "＄", "￡", "kr."]
)
_WORDS: Final = _alternatives([*(mark for mark in MARKS if mark.isalpha()), "kr", "rs"])
_MARK: Final = (
    rf"(?:{_SIGNS}|(?<![^\W\d_])(?:{_WORDS})(?![^\W\d_])|(?<![^\W\d_])[A-Za-z]{{3}}(?![^\W\d_])"
    rf"|(?<![^\W\d_])R(?=\s?\d))"
)
_BEFORE: Final = re.compile(rf"({_MARK})\s*[:.]?\s*-?\s*$", re.IGNORECASE)
_AFTER: Final = re.compile(rf"\s*(?:,-|\.-|,--|-)?\s*({_MARK})", re.IGNORECASE)
_CENTS: Final = re.compile(
    r"\s*(?:¢|c(?![^\W\d_])|cents?\b|céntimos?\b|p(?![^\W\d_]))", re.IGNORECASE
)
_SPLIT: Final = re.compile(r"(?<![\d.,])(\d{1,3}(?:[ .']\d{3})*)(€)(\d{2})(?![\d.,])")
"""12€50, as French shops write it."""

_TORN: Final = re.compile(r"(\W*\w{0,3}\W*\d[\d.,' ]*[.,]) (\d{2}(?!\d)\D*(?:\d.*)?)", re.DOTALL)
"""119. 95: a space behind the sign, where markup stood between them."""

_TAKEN_OFF: Final = re.compile(r"(?<!\S)-$")
"""A minus sign, and no dash: what is less than nothing is what is taken off."""

_FREE: Final = re.compile(r"\W*(?:free|gratis|gratuite?|kostenlos)\W*", re.IGNORECASE)


def _any_of(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


_SIZES: Final = _any_of(
    *("kg", "kilo", "g", "gr", "mg", "l", "ltr", "lit(?:re|er|ro)s?", "ml", "cl", "m", "m²", "m2"),
    *("m³", "cm", "oz", "lb", "stück", "unit", "unidad", "ud\\.?", "pi[eè]ce", "pza\\.?", "each"),
    *("piece", "sheet", "wash", "dosis", "tab"),
)
_PER: Final = _any_of(
    "/", *(rf"{word}\b" for word in ("per", "por", "par", "pro", "je", "al", "le"))
)
_UNIT: Final = re.compile(rf"\s*{_PER}\s*((?:\d+(?:[.,]\d+)?\s*)?{_SIZES}\b\.?)", re.IGNORECASE)
_SPANS: Final = _any_of(
    *("mo\\b", "month", "mes\\b", "mois", "monat", "year", "yr\\b", "año", "an\\b", "jahr"),
    *("week", "semana", "semaine", "day\\b", "d[ií]a\\b", "jour"),
)
_EACH: Final = _any_of(
    "/",
    *(rf"{word}\b" for word in ("per", "a", "each", "al", "por", "par", "pro", "cada", "chaque")),
)
_REGULARLY: Final = _any_of(
    *("monthly", "mensual(?:es)?", "mensuel(?:le)?s?", "yearly", "anual(?:es)?")
)
_RECURRING: Final = re.compile(rf"\s*{_EACH}\s*{_SPANS}|\s*{_REGULARLY}\b", re.IGNORECASE)
_TIMES: Final = _any_of(
    *(
        "x",
        "×",
        "times",
        "payments?\\s+of",
        "instal?lments?\\s+of",
        "plazos\\s+de",
        "cuotas\\s+de",
    ),
    *("mensualidades\\s+de", "fois", "mensualités\\s+de", "raten\\s+(?:zu|à)", "parcelas\\s+de"),
)
_INSTALMENT: Final = re.compile(rf"\b\d{{1,3}}\s*{_TIMES}\s*(?:of|de|à|a)?\s*$", re.IGNORECASE)
_BUNDLE: Final = re.compile(
    r"\b(?:\d{1,3}|two|three|dos|tres|deux|trois)\s*(?:for|por|pour|für)\s*$", re.IGNORECASE
)
_ORDERING: Final = _any_of(
    *("orders?", "purchases?", "pedidos?", "compras?", "commandes?", "achats?", "shipping"),
    *("env[ií]os?", "livraison", "delivery", "versand", "spend"),
)
_BEYOND: Final = _any_of(
    *("over", "above", "from", "of", "superior(?:es)?\\s+a", "a\\s+partir\\s+de", "desde"),
    *("de\\s+m[aá]s\\s+de", "m[ií]nim[oa]s?", "min\\.?", "d[eè]s", "[aà]\\s+partir\\s+de"),
    *("sup[eé]rieure?s?\\s+[aà]", "ab", "on\\s+orders", "minimum"),
)
_LEADS: Final[Mapping[Meaning, Sequence[str]]] = {
    Meaning.THRESHOLD: (
        rf"{_ORDERING}\b[^.;|]{{0,40}}?{_BEYOND}",
        *("orders?", "pedidos?", "compras?", "commandes?"),
        *("spend", "minimum", "mindestbestellwert"),
    ),
    Meaning.SHIPPING: (
        r"(?:shipping|delivery|postage)(?:\s+(?:costs?|fees?|from|standard))?",
        *(r"p\s?&\s?p", r"gastos\s+de\s+env[ií]o", r"env[ií]o(?:\s+(?:desde|est[aá]ndar))?"),
        *("portes", "livraison", r"frais\s+de\s+port", "versand(?:kosten)?"),
    ),
    Meaning.SAVING: tuple(
        rf"{word}(?:\s+(?:of|up\s+to|hasta|de|jusqu['’]?[àa]))?"
        for word in (
            *("you\\s+save", "save", "saving", "discount", "off", "ahorras?", "ahorre"),
            *("descuento", "dto\\.?", "[ée]conomisez", "remise", "r[ée]duction", "sie\\s+sparen"),
            *("spare", "gespart", "rabatt", "cashback", "reembolso", "bonus"),
        )
    ),
    Meaning.FORMER: (
        *("was", "were", "before", "rrp", r"r\.r\.p\.", "msrp", r"list\s+price", "regular"),
        *(r"regular\s+price", r"reg\.", r"original(?:ly)?(?:\s+price)?", r"old\s+price"),
        *(r"compare\s+at", r"precio\s+(?:anterior|original|recomendado|habitual)", "antes"),
        *(r"p\.?v\.?p\.?r\.?", r"ancien\s+prix", r"prix\s+(?:barr[ée]|conseill[ée]|public)"),
        *(r"au\s+lieu\s+de", r"en\s+lugar\s+de", r"instead\s+of", "statt", "uvp", "vorher"),
        *("bisher", r"běžná\s+cena", r"prezzo\s+di\s+listino"),
    ),
    Meaning.FROM: (
        *("from", r"starting\s+(?:at|from)", r"as\s+low\s+as", "desde", r"a\s+partir\s+de"),
        *(r"[àa]\s+partir\s+de", "d[èe]s", "ab", "vanaf", "da", "od", "fra", "från"),
    ),
}
"""What stands before a number; the first that fits says what it is."""

_LEADING: Final = tuple(
    (meaning, re.compile(rf"(?<![^\W\d_]){_any_of(*words)}\s*[:\-–]?\s*$", re.IGNORECASE))
    for meaning, words in _LEADS.items()
)
_TRAILING: Final = (
    (Meaning.SAVING, re.compile(r"\s*(?:off\b|de\s+descuento|de\s+remise|rabatt|discount)", re.I)),
    (Meaning.THRESHOLD, re.compile(r"\s*\+?\s*(?:minimum\s+order|de\s+compra\s+m[ií]nima)", re.I)),
    (Meaning.SHIPPING, re.compile(r"\s*(?:shipping|de\s+env[ií]o|de\s+port)\b", re.I)),
)
_TAXES: Final = _any_of(
    *("vat", "tax(?:es)?", "gst", "iva", r"i\.v\.a\.", "tva", "mwst", "impuestos")
)
_WITHOUT: Final = _any_of(
    *(r"excl?\.?(?:uding|usive)?", "ex", "without", "plus", r"\+", "sin", "m[aá]s", "hors"),
    *(r"zzgl\.?", r"exkl\.?", "no"),
)
_WITH: Final = _any_of(r"incl?\.?(?:uding|usive|us|uido)?", "with", "con", r"inkl\.?", "avec")
_TAX: Final = (
    (False, re.compile(rf"{_WITHOUT}\s*\.?\s*(?:of\s+)?{_TAXES}|\bHT\b", re.IGNORECASE)),
    (
        True,
        re.compile(
            rf"{_WITH}\s*\.?\s*(?:of\s+)?(?:\d+\s*%\s*)?{_TAXES}"
            rf"|{_TAXES}\s*\.?\s*(?:incl|inkl)|\bTTC\b",
            re.IGNORECASE,
        ),
    ),
)
_NEAR: Final = 60
"""How far words may be from a number to say what it is."""


def prices_in(
    text: str, *, country: str | None = None, form: NumberFormat | None = None
) -> list[Price]:
    """
    Return the numbers in a text that are money, in their order, each with its meaning.

    Args:
        text: What people see.
        country: Where the site sells; it decides about ``$`` and ``kr``.
        form: How the site writes numbers; None: they show it themselves.
    """
    flat = plain(text)
    if torn := _TORN.fullmatch(flat):
        flat = torn[1] + torn[2]
    if _FREE.fullmatch(flat):
        return [Price(Decimal(0), None, None, Meaning.PRICE, end=len(flat))]
    found = list(_candidates(flat, country, form))
    if any(each.mark is not None for each in found):
        # Beside money, a number without a mark counts things.
        found = [each for each in found if each.mark is not None]
    return [_with_meaning(flat, price, found) for price in found]


def main_price(
    text: str,
    *,
    country: str | None = None,
    currency: str | None = None,
    form: NumberFormat | None = None,
) -> Price | None:
    """
    Return the price in a text; None where there is none.

    A starting price counts where there is no other. A number without a currency counts only
    where it is all that stands there, or where the page says the currency elsewhere.

    Args:
        text: What people see.
        country: Where the site sells.
        currency: The currency that the page or the site says, ISO 4217.
        form: How the site writes numbers.
    """
    found = prices_in(text, country=country, form=form)
    marked = [each for each in found if each.mark is not None]
    if not marked and currency is None and any(char.isalpha() for char in text):
        return next((each for each in found if _FREE.fullmatch(plain(text))), None)
    for meanings in ((Meaning.PRICE,), (Meaning.FROM,)):
        for each in marked or found:
            if each.meaning in meanings:
                return _in_currency(each, currency)
    return None


def _in_currency(price: Price, currency: str | None) -> Price:
    if price.currency is not None or currency is None:
        return price
    return Price(
        price.amount, currency, price.mark, price.meaning, price.quantity, price.tax_included,
        price.start, price.end,
    )  # fmt: skip


def _candidates(text: str, country: str | None, form: NumberFormat | None) -> Iterator[Price]:
    taken = 0
    for split in _SPLIT.finditer(text):
        whole = numeral(split[1], NumberFormat(".") if "." not in split[1] else None)
        amount = whole + Decimal(split[3]) / 100
        mark = split[2]
        yield Price(amount, currency_of(mark, country), mark, Meaning.PRICE, start=split.start(),
                    end=split.end())  # fmt: skip
        taken = split.end()
    for number in NUMBER.finditer(text, taken):
        start, end = number.span()
        if _in_a_word(text, start):
            continue
        if text[end : end + 1] == "%" or text[end : end + 2] == " %":
            continue
        yield _priced(text, number, country, form)


def _in_a_word(text: str, start: int) -> bool:
    """Say whether digits belong to a word, such as a model's name, and not to a mark."""
    before = text[start - 1] if start else ""
    return before.isalpha() and before.isascii() and _BEFORE.search(text, 0, start) is None


def _priced(
    text: str, number: re.Match[str], country: str | None, form: NumberFormat | None
) -> Price:
    start, end = number.span()
    before = _BEFORE.search(text, max(0, start - 12), start)
    after = _AFTER.match(text, end)
    mark = None
    if before is not None and _is_mark(before[1]):
        mark, start = before[1], before.start(1)
    elif after is not None and _is_mark(after[1]):
        mark, end = after[1], after.end(1)
    cents = _CENTS.match(text, number.end()) if mark is None or mark in "¢cp" else None
    currency = currency_of(mark, country)
    amount = numeral(number[0], form, minor_digits=MINOR_DIGITS.get(currency or "", 2))
    if cents is not None and "." not in number[0] and "," not in number[0]:
        mark, end = cents[0].strip(), cents.end()
        low = mark.casefold()
        currency = currency_of("p" if low == "p" else "¢", country)
        amount = amount / 100
    return Price(amount, currency, mark, Meaning.PRICE, start=start, end=end)


def _is_mark(text: str) -> bool:
    if len(text) == 3 and text.isascii() and text.isalpha() and text.casefold() not in MARKS:
        return is_code(text.upper()) and (text.isupper() or text.istitle() or text.islower())
    return True


def _with_meaning(text: str, price: Price, others: Sequence[Price]) -> Price:
    left = max((each.end for each in others if each.end <= price.start), default=0)
    right = min((each.start for each in others if each.start >= price.end), default=len(text))
    before = text[max(left, price.start - _NEAR) : price.start]
    wide = text[max(0, price.start - _NEAR) : price.start]
    behind = text[price.end : min(right, price.end + _NEAR)]
    meaning, quantity = _meaning(before, wide, behind)
    tax = next(
        (flag for flag, words in _TAX if words.search(behind) or words.search(before)), None
    )
    return Price(
        price.amount, price.currency, price.mark, meaning, quantity, tax, price.start, price.end
    )


def _meaning(before: str, wide: str, behind: str) -> tuple[Meaning, str | None]:
    unit = _UNIT.match(behind)
    if unit is not None and not _RECURRING.match(behind):
        return Meaning.UNIT, unit[1].strip()
    if _RECURRING.match(behind):
        return Meaning.RECURRING, None
    if _TAKEN_OFF.search(before):
        return Meaning.SAVING, None
    if _INSTALMENT.search(wide):
        return Meaning.INSTALMENT, None
    if _BUNDLE.search(wide):
        return Meaning.BUNDLE, None
    for meaning, words in _LEADING:
        if words.search(before):
            return meaning, None
    for meaning, words in _TRAILING:
        if words.match(behind):
            return meaning, None
    return Meaning.PRICE, None
