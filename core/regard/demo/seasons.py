"""When people buy: the seasons of a year, the hours of a day, and the sales between them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["ZONE", "at_the_till", "buying_days", "offer_code", "offer_percent", "on_the_web"]

ZONE: Final = ZoneInfo("Europe/Madrid")
"""Where the retailer is at home."""

_MONTHS: Final = (0.95, 0.75, 0.85, 0.85, 1.0, 0.95, 0.9, 0.65, 0.95, 1.0, 1.35, 1.8)
_PEAK: Final = max(_MONTHS)
_SUNDAY: Final = 6

_WEB_HOURS: Final = (*range(7, 24),)
_WEB_WEIGHTS: Final = (2, 3, 5, 6, 7, 7, 7, 6, 6, 6, 6, 7, 9, 11, 14, 13, 7)
_TILL_HOURS: Final = (*range(10, 21),)
_TILL_WEIGHTS: Final = (5, 9, 12, 10, 4, 3, 4, 9, 13, 14, 9)


def buying_days(
    rng: random.Random, since: datetime, until: datetime, per_year: float
) -> Iterator[datetime]:
    """
    Yield the moments at which somebody buys who does so now and then.

    Args:
        rng: Where chance comes from.
        since: The first of them may be as early.
        until: The end; it need never be reached.
        per_year: How often in a year of average months.
    """
    moment = since
    while True:
        # Too many are drawn, and thinned out by month: the season makes the difference.
        moment += timedelta(days=rng.expovariate(per_year * _PEAK / 365.25))
        if moment >= until:
            return
        if rng.random() < _MONTHS[moment.astimezone(ZONE).month - 1] / _PEAK:
            yield moment


def on_the_web(rng: random.Random, moment: datetime) -> datetime:
    """Return a moment on the same day at an hour at which people sit at a screen."""
    return _at(rng, moment.astimezone(ZONE).date(), _WEB_HOURS, _WEB_WEIGHTS)


def at_the_till(rng: random.Random, moment: datetime) -> datetime:
    """Return a moment on the same day while the shops are open, or the day before a Sunday."""
    day = moment.astimezone(ZONE).date()
    if day.weekday() == _SUNDAY:
        day -= timedelta(days=1)
    return _at(rng, day, _TILL_HOURS, _TILL_WEIGHTS)


def _at(
    rng: random.Random, day: date, hours: tuple[int, ...], weights: tuple[int, ...]
) -> datetime:
    hour = rng.choices(hours, weights)[0]
    clock = time(hour, rng.randrange(60), rng.randrange(60))
    return datetime.combine(day, clock, ZONE)


def offer_percent(moment: datetime) -> int:
    """Return what the shops take off each article at a time of sales, else 0."""
    day = moment.astimezone(ZONE)
    january = day.month == 1 and day.day >= 7
    july = day.month == 7 and day.day <= 20
    return 20 if january or july else 0


def offer_code(moment: datetime) -> tuple[str, Decimal] | None:
    """Return the discount code that everybody gets at that time, with its share of 1."""
    day = moment.astimezone(ZONE)
    if day.month == 11 and day.day >= 22:
        return "BLACKFRIDAY", Decimal("0.15")
    return None
