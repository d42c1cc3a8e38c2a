"""Prices that somebody saw: offers that stand on no page of the web, but came by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from regard.measures.cells import as_count, as_day
from regard.views import View

__all__ = ["Checked", "checked"]


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What is known of a competitor by hand.

    Attributes:
        competitor: By the name in reports.
        offers: Its current offers that were seen in a shop, or on a list.
        last_on: When the last of them was seen.
    """

    competitor: str
    offers: int
    last_on: date | None


def checked(view: View) -> Sequence[Checked]:
    """Return of which competitors offers were seen by hand; an offer of a site has an address."""
    query = """
        SELECT coalesce(competitor_of(competitor), competitor) AS rival, count(*) AS n,
               CAST(timezone($zone, max(coalesce(observed_at, last_seen_at))) AS DATE) AS last_on
        FROM offers WHERE competitor IS NOT NULL AND nullif(url, '') IS NULL
        GROUP BY rival ORDER BY rival"""
    return [
        Checked(str(rival), as_count(n), as_day(last_on))
        for rival, n, last_on in view.sql(query, zone=view.timezone).rows()
    ]
