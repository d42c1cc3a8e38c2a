"""
Dates on pages: as machines write them, as people do, and relative ones; each with its precision.

A day without a time is a day, not midnight somewhere: its precision is kept beside it, so that
nobody mistakes ``3 months ago`` for an instant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, TypeAlias

__all__ = ["Precision", "When", "when"]

Precision: TypeAlias = Literal["second", "minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class When:
    """
    A moment on a page.

    Attributes:
        at: Aware, UTC.
        precision: How exactly it is known.
    """

    at: datetime
    precision: Precision


_ISO: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*"
    r"(Z|[+-]\d{2}:?\d{2})?)?"
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan enero ene janvier janv januar",
            "february feb febrero fevrier fevr februar",
            "march mar marzo mars marz maerz",
            "april apr abril abr avril avr",
            "may mayo mai",
            "june jun junio juin juni",
            "july jul julio juillet juil juli",
            "august aug agosto ago aout",
            "september sep sept septiembre set septembre",
            "october oct octubre octobre oktober okt",
            "november nov noviembre novembre",
            "december dec diciembre dic decembre dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
_NAMED: Final = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th|er|\.)?\s+(?:de\s+|of\s+)?([a-z]+)\.?,?\s+(?:de\s+|del\s+)?(\d{4})"
    r"|([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}))"
)
_NUMBERS: Final = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?!\d)")
_MONTH_ONLY: Final = re.compile(r"(?:^|\s)([a-z]+)\.?\s+(?:de\s+)?(\d{4})(?:\s|$)")
_LENGTHS: Final[tuple[tuple[Precision, timedelta, str], ...]] = (
    (
        "second",
        timedelta(seconds=1),
        "second seconds segundo segundos seconde secondes sekunde sekunden",
    ),
    ("minute", timedelta(minutes=1), "minute minutes min mins minuto minutos minuten"),
    ("hour", timedelta(hours=1), "hour hours hora horas heure heures stunde stunden"),
    ("day", timedelta(days=1), "day days dia dias jour jours tag tage tagen"),
    ("week", timedelta(days=7), "week weeks semana semanas semaine semaines woche wochen"),
    ("month", timedelta(days=30), "month months mes meses mois monat monate monaten"),
    (
        "year",
        timedelta(days=365),
        "year years ano anos an ans annee annees jahr jahre jahren",
    ),
)
_UNITS: Final[dict[str, tuple[Precision, timedelta]]] = {
    unit: (precision, length) for precision, length, units in _LENGTHS for unit in units.split()
}
_NUMBER_WORDS: Final = {
    word: number
    for number, words in {
        1: "a an un una une one ein eine einem einer",
        2: "two dos deux zwei",
        3: "three tres trois drei",
        4: "four cuatro quatre vier",
        5: "five cinco cinq funf",
        6: "six seis sechs",
    }.items()
    for word in words.split()
}
_AGO: Final = re.compile(
    r"(?:(?:hace|il y a|vor|ha)\s+(?:unos?\s+|unas\s+|environ\s+)?(\d+|[a-z]+)\s+([a-z]+)"
    r"|(\d+|[a-z]+)\s+([a-z]+)\s+ago)"
)
_DAYS_AGO: Final = {
    "today": 0, "hoy": 0, "aujourd'hui": 0, "heute": 0,
    "yesterday": 1, "ayer": 1, "hier": 1, "gestern": 1, "anteayer": 2, "avant-hier": 2,
}  # fmt: skip


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.replace("’", "'"))
    bare = "".join(each for each in letters if not unicodedata.combining(each))
    return " ".join(bare.casefold().split())


def when(
    text: str | None, now: datetime, *, order: Literal["day-first", "month-first"] | None = None
) -> When | None:
    """
    Return the moment that a text gives; None where there is none, or it could be two.

    Args:
        text: Such as ``2026-03-01``, ``1er mars 2026`` or ``hace 2 semanas``.
        now: When the page was fetched: relative dates count from it, and nothing is later.
        order: How the site writes 03/04/2026; None: only where a number tells.
    """
    if not text:
        return None
    folded = _folded(text)
    found = _iso(folded) or _named(folded) or _numbers(folded, order) or _relative(folded, now)
    if found is None and _NAMED.search(folded) is None:
        # A day that does not exist is no month either.
        found = _month(folded)
    if found is None or found.at > now + timedelta(days=1):
        return None
    return found


def _iso(text: str) -> When | None:
    found = _ISO.search(text.upper())
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        if hour is None:
            return When(datetime(int(year), int(month), int(day), tzinfo=UTC), "day")
        written = f"{year}-{int(month):02}-{int(day):02}T{int(hour):02}:{minute}:{second or '00'}"
        # Without a zone one does not know the hour, only (nearly) the day.
        at = datetime.fromisoformat(written + ("+00:00" if zone in (None, "Z") else zone))
        precision: Precision = "day" if zone is None else ("second" if second else "minute")
        return When(at.astimezone(UTC), precision)
    except ValueError:
        return None


def _day(year: int, month: int | None, day: int) -> When | None:
    if month is None:
        return None
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return When(datetime(found.year, found.month, found.day, tzinfo=UTC), "day")


def _named(text: str) -> When | None:
    found = _NAMED.search(text)
    if found is None:
        return None
    if found[1]:
        return _day(int(found[3]), _MONTHS.get(found[2]), int(found[1]))
    return _day(int(found[6]), _MONTHS.get(found[4]), int(found[5]))


def _numbers(text: str, order: str | None) -> When | None:
    found = _NUMBERS.search(text)
    if found is None:
        return None
    first, second, year = (int(each) for each in found.groups())
    if order is None:
        if first > 12 >= second:
            order = "day-first"
        elif second > 12 >= first:
            order = "month-first"
        elif first != second:
            return None
    day, month = (second, first) if order == "month-first" else (first, second)
    return _day(year, month, day)


def _relative(text: str, now: datetime) -> When | None:
    for word, days in _DAYS_AGO.items():
        if re.search(rf"(?<![a-z]){word}(?![a-z])", text):
            return When(_midnight(now - timedelta(days=days)), "day")
    for found in _AGO.finditer(text):
        count, unit = (found[1], found[2]) if found[1] else (found[3], found[4])
        number = int(count) if count.isdigit() else _NUMBER_WORDS.get(count)
        if number is None or unit not in _UNITS or number > 10_000:
            continue
        precision, length = _UNITS[unit]
        at = now - number * length
        exact = precision in ("second", "minute", "hour")
        return When(at if exact else _midnight(at), precision)
    return None


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _month(text: str) -> When | None:
    found = _MONTH_ONLY.search(text)
    if found is None or found[1] not in _MONTHS:
        return None
    month = _day(int(found[2]), _MONTHS[found[1]], 1)
    return None if month is None else When(month.at, "month")
