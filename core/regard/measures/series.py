"""Outside series: which there are, since when, and what they say last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from regard.measures.cells import as_count, as_day, as_number, as_text
from regard.views import View

__all__ = ["KnownSeries", "known_series"]


@dataclass(frozen=True, slots=True)
class KnownSeries:
    """
    One series in one place or region.

    Attributes:
        name: As in the records.
        where: The place as the configuration calls it, else as written, else the region.
        values: How many periods have a value.
        since: The first day of the first of them.
        last_on: The first day of the last of them.
        last: The value of that.
        unit: Of the values.
    """

    name: str
    where: str | None
    values: int
    since: date | None
    last_on: date | None
    last: Decimal | None
    unit: str | None


def known_series(view: View) -> tuple[KnownSeries, ...]:
    """Return all series by name and place; periods without a value are left out."""
    query = """
        SELECT series, coalesce(place_of(place), nullif(trim(place), ''), nullif(region, ''))
                   AS whereabouts,
               count(*) AS n, min(period_on) AS since, max(period_on) AS last_on,
               max_by(value, period_on) AS last, max_by(unit, period_on) AS unit
        FROM indicators WHERE value IS NOT NULL AND series IS NOT NULL
        GROUP BY ALL ORDER BY series, whereabouts NULLS FIRST"""
    return tuple(
        KnownSeries(
            str(row["series"]),
            as_text(row["whereabouts"]),
            as_count(row["n"]),
            as_day(row["since"]),
            as_day(row["last_on"]),
            as_number(row["last"]),
            as_text(row["unit"]),
        )
        for row in view.sql(query).mappings()
    )
