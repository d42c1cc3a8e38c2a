"""One row for each competitor: what is known of it beside us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from regard.measures import offers, ratings
from regard.measures.cells import as_count, as_number
from regard.measures.intervals import Estimate
from regard.reports import Period
from regard.views import View

__all__ = ["Rival", "rivals"]


@dataclass(frozen=True, slots=True)
class Rival:
    """
    A competitor.

    Attributes:
        name: By the name in reports.
        index: Its prices with ours as 100; None: nothing can be compared.
        compared: How many of our products this rests on.
        coverage: The share of our products that these are, in percent.
        offers: Its current offers.
        rating: From 1 to 5; None: no review has one.
        reviews: How many reviews of the period.
        mystery: The mean score of approved visits until the end of the period, 0 to 100; None:
            there are none.
        visits: How many.
        moves: Changes of the period.
    """

    name: str
    index: Decimal | None
    compared: int
    coverage: Decimal | None
    offers: int
    rating: Estimate | None
    reviews: int
    mystery: Decimal | None
    visits: int
    moves: int


def rivals(view: View, period: Period) -> Sequence[Rival]:
    """
    Return what is known of each competitor, by name.

    Args:
        view: What to read.
        period: Of reviews and moves. Visits are rare: all until its end count. Prices are those
            of now.
    """
    index = {one.competitor: one for one in offers.indices(view)}
    rated = {one.competitor: one for one in ratings.ratings(view, period) if one.competitor}
    moved: dict[str, int] = {}
    for move in offers.moves(view, period):
        moved[move.competitor] = moved.get(move.competitor, 0) + 1
    counted = _counted(view)
    visited = _visited(view, period)
    names = sorted({*index, *rated, *moved, *counted, *visited})
    found = []
    for name in names:
        price, review = index.get(name), rated.get(name)
        score, visits = visited.get(name, (None, 0))
        found.append(
            Rival(
                name,
                price.value if price else None,
                price.n if price else 0,
                price.coverage if price else None,
                counted.get(name, 0),
                review.rating if review else None,
                review.reviews if review else 0,
                score,
                visits,
                moved.get(name, 0),
            )
        )
    return found


def _counted(view: View) -> dict[str, int]:
    query = """
        WITH named AS (
            SELECT coalesce(competitor_of(competitor), competitor) AS rival
            FROM offers WHERE competitor IS NOT NULL)
        SELECT rival, count(*) AS n FROM named GROUP BY rival"""
    return {str(name): as_count(n) for name, n in view.sql(query).rows()}


def _visited(view: View, period: Period) -> dict[str, tuple[Decimal | None, int]]:
    query = """
        WITH named AS (
            SELECT *, coalesce(competitor_of(subject), subject) AS rival FROM visits)
        SELECT rival, CAST(round(avg(score), 1) AS DECIMAL(6,1)) AS mean, count(*) AS n
        FROM named
        WHERE subject IS NOT NULL AND score IS NOT NULL
              AND coalesce(state, 'approved') = 'approved'
              AND (CAST($until AS TIMESTAMPTZ) IS NULL OR visited_at < $until)
        GROUP BY rival"""
    rows = view.sql(query, until=period.until).rows()
    return {str(name): (as_number(mean), as_count(n)) for name, mean, n in rows}
