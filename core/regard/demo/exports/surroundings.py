"""
What is told from outside: counters at the doors of the shops, and an office's price index.

The counters write a row a day and shop, the office SDMX-CSV; its figures are as invented as all
the rest, and so is its name.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from regard.demo.exports.files import ExportFile, Row, as_csv
from regard.demo.people import COUNTRIES, STORES
from regard.demo.seasons import ZONE
from regard.demo.world import World

__all__ = ["series"]

_FOOTFALL_DAYS: Final = 365
_BUYING: Final = {"MADRID-01": 0.21, "VALENCIA-01": 0.24, "SEVILLA-01": 0.15}
"""How many of those who enter a shop buy something."""
_PASSING: Final = 12
"""So many enter a shop on a day on which nobody buys."""
_SUNDAY: Final = 6

_INDEX: Final = (
    "DATAFLOW", "LAST UPDATE", "freq", "unit", "coicop", "geo", "TIME_PERIOD", "OBS_VALUE",
    "OBS_FLAG", "CONF_STATUS",
)  # fmt: skip
_MONTHS: Final = 26
_MONTHLY: Final = {"ES": Decimal("0.22"), "FR": Decimal("0.12"), "GB": Decimal("0.27")}
"""By how much the index rises from month to month."""


def series(world: World) -> Iterator[ExportFile]:
    """Yield what the counters and the office publish."""
    yield _footfall(world)
    yield _prices(world)


def _footfall(world: World) -> ExportFile:
    rng = random.Random(f"{world.seed}-footfall")  # noqa: S311  # no secret
    bought = Counter(
        (each.store, each.sold_at.astimezone(ZONE).date())
        for each in world.tickets
        if not each.is_return
    )
    today = world.until.astimezone(ZONE).date()
    days = [today - timedelta(days=back) for back in range(_FOOTFALL_DAYS, 0, -1)]
    rows = [
        (store.code, day.isoformat(), str(_entered(rng, bought[store.code, day], store.code)))
        for day in days
        if day.weekday() != _SUNDAY
        for store in STORES
    ]
    data = as_csv([("store", "date", "visitors"), *rows])
    return ExportFile(f"footfall/counted_{today}.csv", "counters at the doors", data)


def _entered(rng: random.Random, bought: int, store: str) -> int:
    return round(bought / _BUYING[store] * rng.uniform(0.85, 1.15)) + rng.randint(0, _PASSING)


def _prices(world: World) -> ExportFile:
    rng = random.Random(f"{world.seed}-index")  # noqa: S311  # no secret
    today = world.until.astimezone(ZONE).date()
    published = today.replace(day=1) + timedelta(days=14)
    if published > today:
        published = _month(published, 1).replace(day=15)
    rows: list[Row] = []
    for country in COUNTRIES:
        value = Decimal(118)
        for back in range(_MONTHS, 0, -1):
            value += _MONTHLY[country.code] + Decimal(rng.randint(-25, 25)) / 100
            month = _month(published, back)
            rows.append(
                (
                    "DEMO:CPI(1.0)", f"{published:%d/%m/%y} 11:00:00", "M", "I15", "CP00",
                    country.code, f"{month:%Y-%m}", f"{value:.2f}", "p" if back == 1 else "", "",
                )
            )  # fmt: skip
    path = f"official/consumer-prices_{published}.csv"
    return ExportFile(path, "a statistical office", as_csv([_INDEX, *rows]))


def _month(day: date, back: int) -> date:
    """Return the first day of the month so many months earlier."""
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)
