"""
What single values of the configuration may be, and what somebody probably meant.

Each check returns the value in its one right form, or raises `ValueError` with a sentence
that names the wrong value and the nearest right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final

from regard.errors import ConfigError
from regard.measures.telling import fault_of
from regard.measures.themes import THEMES
from regard.names import did_you_mean
from regard.schedules import Schedule, parse_duration, parse_schedule
from regard.settings.showing import has_reference, show
from regard.webaddresses import address_fault

__all__ = [
    "CURRENCIES",
    "LANGUAGES",
    "WEEKDAYS",
    "absolute_store",
    "check_bundled",
    "check_column",
    "check_currency",
    "check_duration",
    "check_language",
    "check_ping",
    "check_quiet_hours",
    "check_schedule",
    "check_share",
    "check_store",
    "check_target",
    "check_theme_word",
    "check_timezone",
    "check_week_start",
]

_AMOUNT: Final = re.compile(
    r"\s*(?:[^\W\d_]{3}|[€$£])?\s*[-+−]?\s*\d[\d.,' ]*(?:[^\W\d_]{3}|[€$£])?\s*"
)
LANGUAGES: Final = ("en", "es", "fr")
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_CODES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF "
    "KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH "
    "UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES: Final = frozenset(_CODES.split())
"""The codes of ISO 4217 that a price can be in today."""

_SIGNS: Final = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "EURO": "EUR",
    "EUROS": "EUR",
    "DOLLAR": "USD",
}
_LANGUAGE_NAMES: Final = {
    "english": "en",
    "inglés": "en",
    "anglais": "en",
    "spanish": "es",
    "español": "es",
    "castellano": "es",
    "espagnol": "es",
    "french": "fr",
    "français": "fr",
    "francés": "fr",
}
_LONGEST_WORD: Final = 100
_DAY_STARTS: Final = {"lun": "monday", "dom": "sunday", "dim": "sunday", "0": "sunday"}

_TARGETS: Final = {
    "terminal": False,
    "html": True,
    "md": True,
    "json": True,
    "csv": True,
    "xlsx": True,
    "mail": True,
    "webhook": True,
}
"""Where a report can go, and whether a path or a name follows behind a colon."""

_STORE_FORMS: Final = '"sqlite:///regard.db" or "postgresql://user@host/database"'


def _text(value: object, example: str) -> str:
    if not isinstance(value, str):
        message = f'must be a text such as "{example}", not {show(value)}'
        raise ValueError(message)
    return value


def _nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    # A list of twelve out of six hundred time zones helps nobody.
    near = did_you_mean(word, known)
    return near if near.startswith("; did you mean") else f"; {otherwise}"


def check_schedule(value: object) -> Schedule:
    """Return the schedule that a crontab line or ``every N`` means."""
    try:
        return parse_schedule(_text(value, "every 6h"))
    except ConfigError as error:
        raise ValueError(str(error)) from error


def check_duration(value: object) -> timedelta:
    """Return the length of time that a text such as ``90s`` means."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000:
        message = f'{value} has no unit; write "{value}s" or "{value}m"'
        raise ValueError(message)
    try:
        return parse_duration(_text(value, "6h"))
    except ConfigError as error:
        raise ValueError(str(error)) from error


def check_size(value: object) -> int:
    """Return the number of bytes that a text such as ``2GB`` means."""
    match = re.fullmatch(r"([0-9]{1,6})(MB|GB)", _text(value, "2GB"), re.ASCII)
    if match is None or not int(match[1]):
        message = f'{show(value)} is not an amount of memory; write "500MB" or "2GB"'
        raise ValueError(message)
    return int(match[1]) * (10**6 if match[2] == "MB" else 10**9)


def check_share(value: object) -> float:
    """Return a share between 0 and 1."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*", value, re.ASCII)
        right = f"write {float(match[1]) / 100:g}" if match else "write a number such as 0.05"
        message = f"{show(value)} is not a share between 0 and 1; {right}"
        raise ValueError(message)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        percent = isinstance(value, int | float) and not isinstance(value, bool)
        meant = f"; did you mean {value / 100:g}?" if percent and 1 < value <= 100 else ""  # type: ignore[operator]  # percent says that it is a number
        message = f"{show(value)} is not a share between 0 and 1{meant}"
        raise ValueError(message)
    return float(value)


def check_timezone(value: object) -> str:
    """Return the name of an IANA time zone."""
    from zoneinfo import ZoneInfo, available_timezones

    name = _text(value, "Europe/Madrid")
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError) as error:
        near = _nearest(name, available_timezones(), 'write a name such as "Europe/Madrid"')
        message = f"{show(name)} is not a time zone{near}"
        raise ValueError(message) from error
    return name


def check_language(value: object) -> str:
    """Return one of the languages that reports are written in."""
    name = _text(value, "en")
    if name in LANGUAGES:
        return name
    short = re.split(r"[-_]", name.casefold())[0]
    meant = short if short in LANGUAGES else _LANGUAGE_NAMES.get(name.casefold())
    near = f"; did you mean {meant!r}?" if meant else f"; known: {', '.join(LANGUAGES)}"
    message = f"{show(name)} is not a language that regard speaks{near}"
    raise ValueError(message)


def check_column(value: object) -> str:
    """Return the name of a column of a file; an amount is none."""
    amount = isinstance(value, int | float) and not isinstance(value, bool)
    if amount or (isinstance(value, str) and _AMOUNT.fullmatch(value)):
        message = (
            f"{show(value)} is an amount; name the column in which each of our products has its "
            'own, such as "least"'
        )
        raise ValueError(message)
    name = _text(value, "least")
    if not name.strip() or re.search(r'["\\\x00-\x1f]', name):
        message = f"{show(name)} is no name of a column; write it without quotes and backslashes"
        raise ValueError(message)
    return name


def check_currency(value: object) -> str:
    """Return a currency's code of ISO 4217."""
    code = _text(value, "EUR")
    if code in CURRENCIES:
        return code
    folded = code.strip().upper()
    meant = folded if folded in CURRENCIES else _SIGNS.get(folded)
    near = f"; did you mean {meant!r}?" if meant else '; write a code such as "EUR"'
    message = f"{show(code)} is not a currency code of ISO 4217{near}"
    raise ValueError(message)


def check_week_start(value: object) -> str:
    """Return the English name of the day that a week begins with."""
    name = str(value).casefold() if isinstance(value, int) else _text(value, "monday")
    if name in WEEKDAYS:
        return name
    meant = next((day for day in WEEKDAYS if day[:3] == name.casefold()[:3]), None)
    meant = meant or _DAY_STARTS.get(name.casefold()[:3])
    near = f"; did you mean {meant!r}?" if meant else f"; known: {', '.join(WEEKDAYS)}"
    message = f"{show(value)} is not a day of the week{near}"
    raise ValueError(message)


def check_quiet_hours(value: object) -> str:
    """Return a span of the day such as ``22:00-07:00``."""
    text = _text(value, "22:00-07:00")
    clock = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
    if not re.fullmatch(rf"{clock}-{clock}", text, re.ASCII):
        message = f'{show(text)} is not a span of the day; write it as "22:00-07:00"'
        raise ValueError(message)
    return text


def check_target(value: object) -> str:
    """Return where a report goes: ``terminal``, ``json:PATH``, ``mail:NAME``, ..."""
    text = _text(value, "terminal")
    form, colon, rest = text.partition(":")
    if form not in _TARGETS:
        dotted = Path(text).suffix.lstrip(".").lower() if not colon else ""
        if dotted in _TARGETS:
            near = f"; did you mean '{dotted}:{text}'?"
        else:
            near = did_you_mean(form, _TARGETS)
        message = f"{show(text)} is no place where a report can go{near}"
        raise ValueError(message)
    if (_TARGETS[form] and not rest.strip()) or (colon and not _TARGETS[form]):
        right = f"{form}:PATH" if _TARGETS[form] else form
        if form in ("mail", "webhook"):
            right = f"{form}:NAME"
        message = f'{show(text)} is no place where a report can go; write "{right}"'
        raise ValueError(message)
    return text


def check_bundled(value: object) -> tuple[str, ...]:
    """Return which bundled themes count: all, none, or those that are named."""
    if isinstance(value, bool):
        return THEMES if value else ()
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list | tuple):
        message = f'true, false or a list of themes such as ["price"], not {show(value)}'
        raise ValueError(message)
    for theme in named:
        if theme not in THEMES:
            near = _nearest(str(theme), THEMES, f"there are {', '.join(THEMES)}")
            message = f"{show(theme)} is no bundled theme{near}"
            raise ValueError(message)
    return tuple(dict.fromkeys(named))


def check_theme_word(value: object) -> str:
    """Return a word or phrase that tells a theme."""
    word = _text(value, "aparca*")
    fault = fault_of(word)
    if fault is None and len(word) > _LONGEST_WORD:
        fault = f"it has more than {_LONGEST_WORD} characters"
    if fault is not None:
        message = f"{show(value)} is no word or phrase: {fault}; write one, such as 'aparca*'"
        raise ValueError(message)
    return word


def check_ping(value: object) -> str:
    """
    Return the address that is called each minute; whoever knows it can call it, too.

    One that refers to a secret is looked at when the secret is known.
    """
    url = _text(value, "https://hc.example/uuid")
    fault = None if has_reference(url) else address_fault(url)
    if fault is not None:
        message = f"the address {fault}"
        raise ValueError(message)
    return url


def check_store(value: object) -> str:
    """
    Return the address of a store.

    One that refers to a secret is looked at when the secret is known.
    """
    url = _text(value, "sqlite:///regard.db")
    if has_reference(url):
        return url
    right = _right_store(url)
    if right is None:
        return url
    message = f"{show(url)} is not the address of a store; {right}"
    raise ValueError(message)


def _right_store(url: str) -> str | None:
    """Say what would be right instead of an address, or None where nothing is wrong."""
    scheme, colon, rest = url.partition(":")
    scheme = scheme.strip().lower()
    if not colon or len(scheme) == 1 or url.startswith((".", "/", "~")):
        path = url.replace("\\", "/").strip()
        return f'did you mean "sqlite:///{path}"?' if path else f"write {_STORE_FORMS}"
    if scheme == "sqlite":
        return _right_sqlite(url, rest)
    if scheme in ("postgres", "psql", "pg") or scheme.startswith("postgresql+"):
        right = show(f"postgresql:{rest}")
        return f"did you mean {right}?"
    if scheme != "postgresql":
        return f"the store is SQLite or PostgreSQL: {_STORE_FORMS}"
    if not re.match(r"//[^/\s]+/[^/\s]+", rest):
        return "write user, host and database: postgresql://user@host/database"
    if not re.match(r"//(?:[^@]*@)?[^@?\s]*/[^@?\s]+(?:\?|$)", rest):
        # Whoever opens it would take a part of the password for the host.
        return 'write @ as "%40", / as "%2F" and ? as "%3F" in user and password'
    return None


def _right_sqlite(url: str, rest: str) -> str | None:
    path = rest.strip("/")
    if path in ("", ":memory:"):
        return 'a store in memory would be forgotten at once; write "sqlite:///regard.db"'
    if path.startswith("~"):
        return "~ is not known here; write the whole path"
    if "?" in path:
        return "options behind a ? are not possible"
    if not rest.startswith("///") or not url.startswith("sqlite:"):
        return f'did you mean "sqlite:///{path}"?'
    if path.endswith("/") or rest.endswith("/"):
        return "it names a folder; name a file in it"
    return None


def absolute_store(url: str, root: Path) -> str:
    """Return a store's address with the path of a SQLite file starting at the project."""
    if not url.startswith("sqlite:///") or has_reference(url):
        return url
    return f"sqlite:///{root / url.removeprefix('sqlite:///')}"
