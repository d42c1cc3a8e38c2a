"""Currencies: from what shops write beside a number to ISO 4217, or to nothing, never a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["MARKS", "MINOR_DIGITS", "currency_of", "is_code"]

_CODES: Final = frozenset({
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD",
    "BDT", "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN",
    "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF",
    "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS",
    "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS",
    "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW",
    "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL",
    "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN",
    "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR",
    "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
    "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS",
    "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS",
    "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
    # Those of the past stand in old price lists.
    "ATS", "BEF", "DEM", "ESP", "FIM", "FRF", "GRD", "IEP", "ITL", "LUF", "NLG", "PTE",
    "SIT", "SKK", "VEF", "LTL", "LVL", "EEK",
})  # fmt: skip

MINOR_DIGITS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF", "XPF"), 0),
}
"""How many decimals a currency has, where they are not two (ISO 4217, table A.1)."""

MARKS: Final[Mapping[str, str]] = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "eur.": "EUR",
    "£": "GBP", "₤": "GBP", "ukp": "GBP",
    "us$": "USD", "u.s.$": "USD", "us $": "USD", "usd$": "USD", "$us": "USD",
    "au$": "AUD", "a$": "AUD", "aud$": "AUD", "ca$": "CAD", "c$": "CAD", "cad$": "CAD",
    "cdn$": "CAD", "$ca": "CAD", "can$": "CAD", "nz$": "NZD", "hk$": "HKD", "hkd$": "HKD",
    "s$": "SGD", "sg$": "SGD", "nt$": "TWD", "mx$": "MXN", "mex$": "MXN", "r$": "BRL",
    "cl$": "CLP", "clp$": "CLP", "ar$": "ARS", "cop$": "COP", "rd$": "DOP", "b/.": "PAB",
    "s/.": "PEN", "s/": "PEN", "bs.": "BOB", "gs.": "PYG", "₲": "PYG", "$u": "UYU",
    "chf": "CHF", "sfr.": "CHF", "sfr": "CHF", "fr.": "CHF",
    "zł": "PLN", "zl": "PLN", "kč": "CZK", "kc": "CZK", "ft": "HUF", "lei": "RON", "лв": "BGN",
    "лв.": "BGN", "руб": "RUB", "руб.": "RUB", "₽": "RUB", "р.": "RUB", "грн": "UAH",
    "грн.": "UAH", "₴": "UAH", "₸": "KZT", "тг": "KZT", "тенге": "KZT", "₺": "TRY", "tl": "TRY",
    "₪": "ILS", "₹": "INR", "rs.": "INR", "₩": "KRW", "원": "KRW", "₫": "VND", "đ": "VND",
    "vnđ": "VND", "฿": "THB", "บาท": "THB", "₱": "PHP", "rp": "IDR", "rp.": "IDR", "rm": "MYR",
    "₦": "NGN", "₵": "GHS", "gh₵": "GHS", "ksh": "KES", "₡": "CRC", "円": "JPY", "元": "CNY",
    "rmb": "CNY", "ر.س": "SAR", "د.إ": "AED", "د.ك": "KWD", "ج.م": "EGP", "dhs": "AED",
    "dh": "MAD", "₼": "AZN", "₾": "GEL", "֏": "AMD", "din.": "RSD", "din": "RSD", "kn": "HRK",
    "₣": "FRF", "₶": "FRF", "₧": "ESP", "dkr": "DKK", "dkk.": "DKK", "skr": "SEK", "nkr": "NOK",
}  # fmt: skip
"""What stands for exactly one currency, in lower case."""

_BY_COUNTRY: Final[Mapping[str, Mapping[str, str]]] = {
    "$": {
        "US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "HK": "HKD", "SG": "SGD", "TW": "TWD",
        "MX": "MXN", "CL": "CLP", "AR": "ARS", "CO": "COP", "UY": "UYU", "EC": "USD", "SV": "USD",
        "PR": "USD", "BR": "BRL", "DO": "DOP",
    },
    "kr": {"SE": "SEK", "NO": "NOK", "DK": "DKK", "IS": "ISK"},
    "¥": {"JP": "JPY", "CN": "CNY"},
    "r": {"ZA": "ZAR", "BR": "BRL"},
    "rs": {"IN": "INR", "PK": "PKR", "LK": "LKR", "NP": "NPR", "MU": "MUR"},
    "l": {"HN": "HNL"},
    "¢": {"US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD"},
    "p": {"GB": "GBP"},
}  # fmt: skip
"""What stands for several: only the country of the site says which."""

_SAME_MARK: Final = {"kr.": "kr", ",-kr": "kr", "￥": "¥", "＄": "$", "￡": "£", "c": "¢"}


def is_code(text: str) -> bool:
    """Say whether a text is a code of ISO 4217, of today or of the past."""
    return text in _CODES


def currency_of(mark: str | None, country: str | None = None) -> str | None:
    """
    Return the ISO 4217 code of a sign, a word or a code; None where it could be several.

    Args:
        mark: As it stands beside the number.
        country: Where the site sells, ISO 3166-1 alpha-2; it decides about ``$`` and ``kr``.
    """
    if mark is None:
        return None
    text = re.sub(r"\s+", " ", mark.strip())
    if is_code(text.upper()):
        return text.upper()
    low = text.casefold()
    low = _SAME_MARK.get(low, low)
    if low in MARKS:
        return MARKS[low]
    return _BY_COUNTRY.get(low, {}).get((country or "").upper())
