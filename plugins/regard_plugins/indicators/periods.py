"""
Periods as statistical offices write them, and the days on which they begin.

``2026``, ``2026-01``, ``2026M01``, ``2026-Q1``, ``2026T1``, ``2026-S1``, ``2026-W05``,
``2026-01-31``, ``2026 enero``, ``janvier 2026``: of each the first day counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from regard.errors import RecordError
from regard.mapping.headers import fold
from regard.mapping.values import shape

__all__ = ["first_day", "is_period"]

_YEAR = r"(1[6-9]\d\d|20\d\d|21\d\d)"
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january", "ene", "enero", "janv", "janvier"),
            ("feb", "february", "febrero", "fev", "fevr", "fevrier"),
            ("mar", "march", "marzo", "mars"),
            ("apr", "april", "abr", "abril", "avr", "avril"),
            ("may", "mayo", "mai"),
            ("jun", "june", "junio", "juin"),
            ("jul", "july", "julio", "juil", "juillet"),
            ("aug", "august", "ago", "agosto", "aout"),
            ("sep", "sept", "september", "septiembre", "setiembre", "septembre"),
            ("oct", "october", "octubre", "octobre"),
            ("nov", "november", "noviembre", "novembre"),
            ("dec", "december", "dic", "diciembre", "decembre"),
        ),
        start=1,
    )
    for name in names
}


def _named(year: str, month: str) -> date:
    number = _MONTHS.get(month.rstrip("."))
    if number is None:
        message = "no month"
        raise ValueError(message)
    return date(int(year), number, 1)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., date]], ...] = tuple(
    (re.compile(pattern), made)
    for pattern, made in (
        (rf"{_YEAR}(?:-?a1?)?", lambda year: date(int(year), 1, 1)),
        (
            rf"{_YEAR}[-/ ]?m?(0?[1-9]|1[0-2])",
            lambda year, month: date(int(year), int(month), 1),
        ),
        (rf"(0?[1-9]|1[0-2])[-/]{_YEAR}", lambda month, year: date(int(year), int(month), 1)),
        (rf"{_YEAR}[-/ ]?[qt]([1-4])", lambda year, q: date(int(year), 3 * int(q) - 2, 1)),
        (rf"[qt]([1-4])[-/ ]{_YEAR}", lambda q, year: date(int(year), 3 * int(q) - 2, 1)),
        (rf"{_YEAR}[-/ ]?[shb]([12])", lambda year, half: date(int(year), 6 * int(half) - 5, 1)),
        (
            rf"{_YEAR}[-/ ]?w(0?[1-9]|[1-4]\d|5[0-3])",
            lambda year, week: date.fromisocalendar(int(year), int(week), 1),
        ),
        (
            rf"{_YEAR}[-/.]?d?(0[1-9]|1[0-2])[-/.]?(0[1-9]|[12]\d|3[01])(?:[t ][\d:.z+-]*)?",
            lambda year, month, day: date(int(year), int(month), int(day)),
        ),
        (rf"{_YEAR}[- ]([a-z]{{3,10}}\.?)", _named),
        (rf"([a-z]{{3,10}}\.?)[- ](?:de )?{_YEAR}", lambda month, year: _named(year, month)),
    )
)


def first_day(text: str, column: str = "period") -> date:
    """
    Return the first day of a period.

    Args:
        text: The period.
        column: Where it stands, for messages.

    Raises:
        RecordError: ``bad-date``: it is no period that is known.
    """
    folded = fold(text)
    for pattern, made in _FORMS:
        found = pattern.fullmatch(folded)
        if found is None:
            continue
        try:
            return made(*found.groups())
        except ValueError:
            break
    message = f"column {column!r}: {shape(text)!r} is no period such as 2026-01, 2026Q1 or 2026"
    raise RecordError("bad-date", message, "period_on")


def is_period(text: str) -> bool:
    """Say whether a text is a period."""
    try:
        first_day(text)
    except RecordError:
        return False
    return True
