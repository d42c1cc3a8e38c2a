"""
What may be shown of a person: pseudonyms, keyed hashes, and masks for free text.

Keys and texts are personal more often than one thinks. Outside of the store a key appears as
its pseudonym, an address is found again by its keyed hash, and a sentence that somebody wrote
is shown without the e-mails, telephone, account and card numbers in it. Everything here is
pure: the secret key comes in as an argument.

In doubt a text is masked: an order number that looks like a telephone number is a small loss,
a telephone number in a report is not. Words such as ``order`` or ``pedido`` before a number
and the shapes of dates and prices decide where they can.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "Identifier",
    "Pii",
    "find_identifiers",
    "identifier_hash",
    "mask_names",
    "mask_text",
    "mask_value",
    "normalise",
    "pseudonym",
]


class Pii(StrEnum):
    """
    How personal the values of a field are.

    Attributes:
        NONE: Says nothing about a person.
        PSEUDONYM: Names a person to whoever has the source, such as a customer's key.
        PERSONAL: Names or describes a person, such as an e-mail address or a birthday.
        SENSITIVE: Could harm a person, such as health or belief; hidden from everybody by
            default.
    """

    NONE = "none"
    PSEUDONYM = "pseudonym"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Identifier:
    """
    A piece of free text that points at one person.

    Attributes:
        kind: ``email``, ``phone``, ``iban`` or ``card``.
        text: As it stands there.
        start: Its first position in the text.
        end: The position behind it.
    """

    kind: str
    text: str
    start: int
    end: int


_LABELS: Final = {"email": "[e-mail]", "phone": "[phone]", "iban": "[IBAN]", "card": "[card]"}
_NAME: Final = "[name]"
_TAKEN: Final = "\x00" * len(_NAME)
"""As long, and in it no other name is found."""
_HIDDEN: Final = {
    Pii.PSEUDONYM: "[key]",
    Pii.PERSONAL: "[personal]",
    Pii.SENSITIVE: "[sensitive]",
}


def _digest(purpose: str, kind: str, value: str, secret: bytes) -> str:
    # The purpose keeps the two families apart: a pseudonym is no prefix of a stored hash.
    message = "\x1f".join((purpose, kind, value)).encode("utf-8", "surrogatepass")
    # In one call: whoever was erased is looked for among all records that are read.
    return hmac.digest(secret, message, "sha256").hex()


def pseudonym(kind: str, key: str, secret: bytes) -> str:
    """
    Return the form in which a record's key may be shown, such as ``customer#1f3a90bc``.

    Args:
        kind: The record's kind.
        key: Its key, exactly as stored.
        secret: The project's privacy key.
    """
    return f"{kind}#{_digest('pseudonym', kind, key, secret)[:8]}"


def normalise(kind: str, value: str) -> str:
    """
    Return the one form of an identifier that all its spellings share.

    Args:
        kind: ``email``: trimmed and lower-case. ``phone``: its digits, without the ``+`` or
            ``00`` before the country and without a ``(0)``. Anything else is only trimmed.
        value: As somebody wrote it.
    """
    text = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
    if kind == "email":
        return text.removeprefix("mailto:").lower()
    if kind == "phone":
        signs = (sign for sign in text.replace("(0)", "") if sign.isdecimal())
        digits = "".join(str(unicodedata.decimal(sign)) for sign in signs)
        return digits.removeprefix("00")
    return text


def identifier_hash(kind: str, value: str, secret: bytes) -> str:
    """
    Return the keyed hash by which an identifier is found again without being kept.

    Args:
        kind: ``email``, ``phone``, or what else is identified, such as a kind's name for keys.
        value: As somebody wrote it; spellings of one address hash alike.
        secret: The project's privacy key.

    Returns:
        64 hexadecimal digits.
    """
    return _digest("identifier", kind, normalise(kind, value), secret)


# Quantifiers are bounded: the time for any text grows with its length only.
_WORTH_A_LOOK: Final = re.compile(r"[@\d]")
_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")

_GAP = "[ .\u00a0\u202f-]"
_BLANK = "[ \u00a0\u202f]"
_BLANK_OR_DASH = f"(?:{_BLANK}|-)?"
_AREA = r"\(?0\d{2,4}\)?"
_PHONE_SHAPES = (
    # With the country: +34 600 123 456, 0033 6 12 34 56 78, +44 (0)20 7946 0958.
    rf"(?:\+|00){_BLANK}?[1-9](?:{_GAP}?\(?\d\)?){{7,14}}",
    # France: 06 12 34 56 78, 06.12.34.56.78, 0612345678.
    rf"0[1-9](?:{_GAP}?\d{{2}}){{4}}",
    # United Kingdom, Germany, Italy: 020 7946 0958, 0151 23456789, (020) 7946 0958.
    rf"(?<!\d ){_AREA}{_BLANK_OR_DASH}\d{{3,4}}{_BLANK_OR_DASH}\d{{3,4}}(?! \d)",
    # Spain: 600 123 456, 600-123-456, 912 34 56 78, 91 234 56 78, 600123456.
    rf"[6-9]\d{{2}}(?:{_GAP}?\d{{3}}){{2}}",
    rf"[6-9]\d{{2}}(?:{_GAP}\d{{2}}){{3}}",
    rf"[89]\d{_GAP}\d{{3}}(?:{_GAP}\d{{2}}){{2}}",
    # North America: (555) 123-4567, 555-123-4567, 555.123.4567.
    rf"\(\d{{3}}\){_BLANK}?\d{{3}}[-. ]\d{{4}}",
    r"\d{3}([-.])\d{3}\1\d{4}",
)
# A number that goes on, or that hangs at a code such as PED-600123456, is something else.
_PHONES: Final = tuple(
    re.compile(rf"(?<![\w+])(?<!\w[-/#_])(?<!\d[.,]){shape}(?!\w|[-/,.:]\d|{_BLANK}?[€$£%])")
    for shape in _PHONE_SHAPES
)
_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:19|20)\d{2}([-./ ]?)(?:0\d|1[0-2])\1[0-3]\d"
    r"|[0-3]?\d([-./ ])[0-3]?\d\2(?:19|20)\d{2})(?!\d)"
)
_ORDER_WORDS = (
    "order|pedido|commande|invoice|factura|facture|ticket|tique|albar[aá]n|ref|refer[eé]ncia"
    "|r[eé]f[eé]rence|reference|reserva|r[eé]servation|booking|tracking|seguimiento|suivi|env[ií]o"
    "|colis|sku|ean|gtin|isbn|art[ií]culo|article|art|item|case|caso|dossier|expediente|serial"
    "|serie|s[eé]rie|contrato|contrat|contract|policy|p[oó]liza"
)
_ORDER_BEFORE: Final = re.compile(
    rf"(?:\b(?:{_ORDER_WORDS})s?\b[\s.:#]*(?:n|no|nr|nº|n°|num|n[uú]mero|number|id)?[\s.:#º°]*"
    r"|#\s?)$",
    re.IGNORECASE,
)
_MONEY_BEFORE: Final = re.compile(r"[€$£]\s?$")
_MONEY_AFTER: Final = re.compile(r"\s?(?:€|\$|£|euros?\b|eur\b|usd\b|gbp\b)", re.IGNORECASE)
_BEFORE = 40
"""How many characters before a number are looked at for a word that explains it."""

_IBAN: Final = re.compile(
    r"(?<![^\W_])[a-z]{2}\d{2}(?:[ \u00a0-]?[a-z0-9]){11,30}", re.IGNORECASE | re.ASCII
)
_IBAN_LENGTHS: Final = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FO GL NL",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS",
        "23": "AE GI IL IQ TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
_CARD: Final = re.compile(r"(?<![\d])(?<!\d[.,-])\d(?:[ \u00a0-]?\d){13,18}(?!\d)")
_CARD_FORMS: Final = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|6\d{15}(?:\d{3})?"
)


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """
    Return the e-mail addresses and telephone numbers in a text, in order of appearance.

    Args:
        text: Free text in any language; national numbers are known in the forms of Spain,
            France, the United Kingdom, Germany, Italy and North America.
    """
    return tuple(found for found in _find(text) if found.kind in ("email", "phone"))


def mask_text(text: str) -> str:
    """
    Return a text without the identifiers in it.

    E-mail addresses, telephone numbers, IBANs (with a right check number) and card numbers
    (with a right check digit) become ``[e-mail]``, ``[phone]``, ``[IBAN]`` and ``[card]``.
    """
    parts: list[str] = []
    done = 0
    for found in _find(text):
        parts += (text[done : found.start], _LABELS[found.kind])
        done = found.end
    return "".join((*parts, text[done:]))


def mask_names(text: str, names: Iterable[str]) -> str:
    """
    Return a text with ``[name]`` in the place of the names that are known.

    Args:
        text: Free text in any language.
        names: Whole names or parts of them; case and accents make no difference, and a name
            within a longer word is no name.
    """
    text = unicodedata.normalize("NFC", text)
    folded = "".join(map(_folded, text))
    # The longest first, so that of a whole name no part is left.
    parts = sorted({" ".join(name.split()) for name in names} - {""}, key=len, reverse=True)
    for name in parts:
        words = r"\s+".join(re.escape("".join(map(_folded, word))) for word in name.split())
        pattern = re.compile(rf"(?<!\w){words}(?!\w)")
        while match := pattern.search(folded):
            text = f"{text[: match.start()]}{_NAME}{text[match.end() :]}"
            folded = f"{folded[: match.start()]}{_TAKEN}{folded[match.end() :]}"
    return text


def _folded(sign: str) -> str:
    """Return one sign for one sign: lower-case and without its accent."""
    return unicodedata.normalize("NFD", sign)[0].lower()[0]


def mask_value(value: object, pii: Pii) -> object:
    """
    Return a field's value as it may be shown to anybody.

    Args:
        value: None stays None: that nothing is known is not personal.
        pii: The field's class. ``none`` gives the value itself; a key is better shown as its
            `pseudonym`, a verbatim by `mask_text`.
    """
    if value is None or pii is Pii.NONE:
        return value
    return _HIDDEN[pii]


def _find(text: str) -> list[Identifier]:
    """Return all identifiers in order, none overlapping another; the surest shapes go first."""
    if not _WORTH_A_LOOK.search(text):
        return []
    found: list[Identifier] = []
    taken = bytearray(len(text))
    for candidates in (_emails(text), _ibans(text), _cards(text), _phones(text)):
        for one in candidates:
            if not any(taken[one.start : one.end]):
                found.append(one)
                taken[one.start : one.end] = b"\x01" * (one.end - one.start)
    return sorted(found, key=lambda one: one.start)


def _matches(kind: str, pattern: re.Pattern[str], text: str) -> Iterator[Identifier]:
    for match in pattern.finditer(text):
        yield Identifier(kind, match[0], match.start(), match.end())


def _emails(text: str) -> Iterable[Identifier]:
    return _matches("email", _EMAIL, text) if "@" in text else ()


def _ibans(text: str) -> Iterator[Identifier]:
    for match in _IBAN.finditer(text):
        # The words behind an IBAN look like a part of it: its country says where it ends.
        length = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
        signs = [i for i, sign in enumerate(match[0]) if sign.isalnum()]
        if not length or len(signs) < length:
            continue
        end = match.start() + signs[length - 1] + 1
        one = text[match.start() : end]
        if not text[end : end + 1].isalnum() and _checks_out(one):
            yield Identifier("iban", one, match.start(), end)


def _checks_out(iban: str) -> bool:
    plain = "".join(sign for sign in iban.upper() if sign.isalnum())
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def _cards(text: str) -> Iterator[Identifier]:
    for one in _matches("card", _CARD, text):
        digits = re.sub(r"\D", "", one.text)
        if _CARD_FORMS.fullmatch(digits) and _luhn(digits):
            yield one


def _luhn(digits: str) -> bool:
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _phones(text: str) -> Iterator[Identifier]:
    if not any(sign.isdecimal() for sign in text):
        return
    dates = [match.span() for match in _DATE.finditer(text)]
    for shape in _PHONES:
        for one in _matches("phone", shape, text):
            in_date = any(start <= one.start < end for start, end in dates)
            if not in_date and not _explained(text, one):
                yield one


def _explained(text: str, one: Identifier) -> bool:
    """Say whether the words around a number tell that it is an order's number or a price."""
    before = text[max(0, one.start - _BEFORE) : one.start]
    if _MONEY_BEFORE.search(before) or _MONEY_AFTER.match(text, one.end):
        return True
    # Somebody who writes +34 means a telephone, whatever stands before it.
    return not one.text.startswith("+") and _ORDER_BEFORE.search(before) is not None
