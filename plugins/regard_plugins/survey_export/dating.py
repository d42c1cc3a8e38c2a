"""In which order a file writes day and month, told by the dates themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta

__all__ = ["order_by", "order_of"]

_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2\d{2,4}(?!\d)", re.ASCII)
_WHOLE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?!\d)", re.ASCII)


def order_of(dates: Iterable[str]) -> str | None:
    """
    Return ``day-first`` or ``month-first``; None where the dates do not say it, or say both.

    A number above twelve is a day. Where there is none, a month without a leading zero behind
    the day is the American way, and one behind a day without it is not.
    """
    found = [match for text in dates if (match := _NUMERIC.match(text.strip()))]
    sure = {"day-first" for match in found if int(match[1]) > 12}
    sure |= {"month-first" for match in found if int(match[3]) > 12}
    if sure:
        return sure.pop() if len(sure) == 1 else None
    bare = [(len(match[1]) == 1, len(match[3]) == 1) for match in found]
    if any(second for _, second in bare):
        return "month-first"
    return "day-first" if any(first for first, _ in bare) else None


def order_by(dates: Iterable[str], known_on: date) -> str | None:
    """
    Return the order in which no date lies ahead, where in the other one some do; else None.

    Args:
        dates: As they are written.
        known_on: The day on which they were written down, or a later one.
    """
    last = known_on + timedelta(days=1)  # it may be tomorrow already where they are from
    ahead: set[str] = set()
    for found in filter(None, (_WHOLE.match(text.strip()) for text in dates)):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        for order, month, day in (("day-first", second, first), ("month-first", first, second)):
            with suppress(ValueError):
                if date(year, month, day) > last:
                    ahead.add(order)
    if len(ahead) != 1:
        return None
    return "month-first" if "day-first" in ahead else "day-first"
