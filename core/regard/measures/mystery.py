"""
Mystery shopping: what our visits score, where, in which section, and why.

Drafts and rejected visits never count. The scores of visits are those that the source worked
out from their items (`regard.measures.visits`); here they are only put together. Items are read
one visit at a time, and only of those visits that somebody should look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from regard.measures.cells import as_count, as_number, as_text, as_time
from regard.measures.intervals import Estimate, mean_estimate
from regard.measures.periods import bounds, during
from regard.measures.visits import (
    Cause,
    Lost,
    ScoredItem,
    explain_difference,
    item_of_row,
    lost_points,
)
from regard.reports import Period
from regard.views import Value, View

__all__ = [
    "CrossScore",
    "FailedItem",
    "ItemScore",
    "PartScore",
    "VisitDetail",
    "Visited",
    "count_misstated",
    "count_visits",
    "cross_scores",
    "failed_critical",
    "item_scores",
    "lowest_visits",
    "misstated_visits",
    "own_score",
    "scores_by",
]

_SCALE: Final = (Decimal(0), Decimal(100))
_COUNTS: Final = f"""\
coalesce(state, 'approved') IN ('approved', 'submitted') AND {during("visited_at")}"""
_OURS: Final = "nullif(trim(subject), '') IS NULL"
_MISSTATED: Final = "abs(stated_score - score) > 0.5"
_ITEMS: Final = f"""
    items AS (
        SELECT s.*, place_of(v.place) AS place
        FROM visit_scores AS s JOIN visits AS v
             ON v.source = s.source AND v.key = s.visit_key
        WHERE {_COUNTS} AND {_OURS} AND NOT coalesce(s.not_applicable, false)
          AND s.points IS NOT NULL AND s.max_points > 0
    )"""
_PARTS: Final = {
    "place": ("place_of(place)", _OURS),
    "wave": ("nullif(trim(wave), '')", _OURS),
    "subject": (
        f"CASE WHEN NOT ({_OURS}) THEN coalesce(competitor_of(subject), trim(subject)) END",
        "true",
    ),
}


@dataclass(frozen=True, slots=True)
class Visited:
    """
    How many visits there are.

    Attributes:
        ours: Visits to us that count.
        others: Visits to competitors that count.
        submitted: Those of both that nobody has approved yet.
        passed: Of ours, those that passed.
        judged: Of ours, those of which it is known.
    """

    ours: int
    others: int
    submitted: int
    passed: int
    judged: int


@dataclass(frozen=True, slots=True)
class PartScore:
    """
    The mean score of some visits.

    Attributes:
        part: Which; None: not known, or ours.
        estimate: 0 to 100.
    """

    part: str | None
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class ItemScore:
    """
    What one item, or one section, earns on average.

    Attributes:
        section: Where it stands; None: in none.
        item: None: this is a whole section.
        estimate: 0 to 100.
    """

    section: str | None
    item: str | None
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class CrossScore:
    """
    The mean score of some visits, in one section or altogether.

    Attributes:
        row: The section, or the place.
        part: The place, the wave, or whom visits were to; None: not known, or ours.
        estimate: 0 to 100.
    """

    row: str
    part: str | None
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class FailedItem:
    """
    A critical item that visits failed.

    Attributes:
        section: Where it stands; None: in none.
        item: Its name.
        failed: How many visits failed it.
        n: How many visits asked it.
    """

    section: str | None
    item: str
    failed: int
    n: int


@dataclass(frozen=True, slots=True)
class VisitDetail:
    """
    One visit and why its score is what it is.

    Attributes:
        pseudonym: Stands for the visit's key.
        place: As reports call it; None: unknown.
        visited_at: When; None: unknown.
        score: 0 to 100.
        stated: What the agency wrote; None: nothing.
        lost: What cost it most, the dearest first.
        failed: The critical items that it failed.
        causes: What would explain what the agency wrote.
    """

    pseudonym: str
    place: str | None
    visited_at: datetime | None
    score: Decimal
    stated: Decimal | None
    lost: tuple[Lost, ...] = ()
    failed: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()


def _mean(row: Mapping[str, Value]) -> Estimate:
    mean, deviation = as_number(row["mean"]), as_number(row["deviation"])
    return mean_estimate(as_count(row["n"]), mean, deviation, scale=_SCALE)


def count_visits(view: View, period: Period) -> Visited:
    """Count the visits that count."""
    query = f"""
        SELECT count(*) FILTER ({_OURS}) AS ours, count(*) FILTER (NOT ({_OURS})) AS others,
               count(*) FILTER (state = 'submitted') AS submitted,
               count(*) FILTER (passed AND {_OURS}) AS passed,
               count(passed) FILTER ({_OURS}) AS judged
        FROM visits WHERE {_COUNTS}"""
    row = view.sql(query, **bounds(period)).one()
    names = ("ours", "others", "submitted", "passed", "judged")
    return Visited(*(as_count(row[name]) for name in names))


def own_score(view: View, period: Period) -> Estimate:
    """
    Return the mean score of our visits with its interval over visits.

    Formula: `regard.measures.intervals.mean_estimate`.
    """
    query = f"""
        SELECT count(score) AS n, avg(score) AS mean, stddev_samp(score) AS deviation
        FROM visits WHERE {_COUNTS} AND {_OURS}"""
    return _mean(view.sql(query, **bounds(period)).one())


def scores_by(view: View, period: Period, by: str) -> tuple[PartScore, ...]:
    """
    Return the mean score of parts of the visits.

    Args:
        view: What to read.
        period: In which visits were made.
        by: ``place`` and ``wave`` (of ours, waves in their order, places from the lowest), or
            ``subject`` (us, with None, beside competitors).
    """
    part, which = _PARTS[by]
    order = "begun NULLS LAST, part" if by == "wave" else "mean, part"
    query = f"""
        SELECT {part} AS part, count(score) AS n, avg(score) AS mean,
               stddev_samp(score) AS deviation, min(visited_at) AS begun
        FROM visits WHERE {_COUNTS} AND {which} GROUP BY 1 HAVING count(score) > 0
        ORDER BY {order}"""
    rows = view.sql(query, **bounds(period)).mappings()
    return tuple(PartScore(as_text(row["part"]), _mean(row)) for row in rows)


def item_scores(view: View, period: Period, *, whole: bool) -> tuple[ItemScore, ...]:
    """
    Return what items of our visits earn, from the lowest; bonus items are left out.

    Formula: an item's score is ``100 * points / max_points``, a section's in one visit
    ``sum(w * s) / sum(w)`` over what is applicable; both are averaged over visits.

    Args:
        view: What to read.
        period: In which visits were made.
        whole: Sections instead of items.
    """
    item = "NULL" if whole else "coalesce(item, '?')"
    query = f"""
        WITH {_ITEMS}, scored AS (
            SELECT source, visit_key, nullif(section, '') AS section, {item} AS item,
                   100 * sum(coalesce(weight, max_points) * points / max_points)
                       / nullif(sum(coalesce(weight, max_points)), 0) AS score
            FROM items WHERE NOT coalesce(bonus, false) GROUP BY ALL
        )
        SELECT section, item, count(score) AS n, avg(score) AS mean,
               stddev_samp(score) AS deviation
        FROM scored GROUP BY section, item HAVING count(score) > 0
        ORDER BY mean, section, item"""
    return tuple(
        ItemScore(as_text(row["section"]), as_text(row["item"]), _mean(row))
        for row in view.sql(query, **bounds(period)).mappings()
    )


def cross_scores(view: View, period: Period, row: str, by: str) -> tuple[CrossScore, ...]:
    """
    Return what sections, or places, score in parts of the visits.

    Formula: as in `item_scores`, and for places as in `scores_by`.

    Args:
        view: What to read.
        period: In which visits were made.
        row: ``section`` or ``place``; visits of which it is not known are left out.
        by: ``place``, ``wave`` or ``subject``, as in `scores_by`.
    """
    part, which = _PARTS[by]
    if row == "section":
        scored = """
            SELECT nullif(s.section, '') AS row, v.part,
                   100 * sum(coalesce(s.weight, s.max_points) * s.points / s.max_points)
                       / nullif(sum(coalesce(s.weight, s.max_points)), 0) AS score
            FROM visit_scores AS s JOIN counted AS v
                 ON v.source = s.source AND v.key = s.visit_key
            WHERE NOT coalesce(s.not_applicable, false) AND s.points IS NOT NULL
              AND s.max_points > 0 AND NOT coalesce(s.bonus, false)
            GROUP BY v.source, v.key, v.part, s.section"""
    else:
        scored = "SELECT place_of(place) AS row, part, score FROM counted"
    query = f"""
        WITH counted AS (
            SELECT source, key, place, score, {part} AS part
            FROM visits WHERE {_COUNTS} AND {which}
        ), scored AS ({scored})
        SELECT row, part, count(score) AS n, avg(score) AS mean,
               stddev_samp(score) AS deviation
        FROM scored WHERE row IS NOT NULL GROUP BY row, part HAVING count(score) > 0
        ORDER BY row, part"""
    return tuple(
        CrossScore(str(found["row"]), as_text(found["part"]), _mean(found))
        for found in view.sql(query, **bounds(period)).mappings()
    )


def failed_critical(view: View, period: Period) -> tuple[FailedItem, ...]:
    """Return the critical items that visits to us failed, the most frequent first."""
    query = f"""
        WITH {_ITEMS}
        SELECT nullif(section, '') AS section, coalesce(item, '?') AS item,
               count(*) FILTER (points <= 0) AS failed, count(*) AS n
        FROM items WHERE critical GROUP BY ALL HAVING count(*) FILTER (points <= 0) > 0
        ORDER BY failed DESC, n, section, item"""
    return tuple(
        FailedItem(as_text(section), str(item), as_count(failed), as_count(n))
        for section, item, failed, n in view.sql(query, **bounds(period)).rows()
    )


def lowest_visits(view: View, period: Period, *, limit: int = 3) -> tuple[VisitDetail, ...]:
    """Return our lowest visits with what cost them most."""
    return _details(view, period, "score IS NOT NULL", "score, source, key", limit)


def count_misstated(view: View, period: Period) -> int:
    """Count our visits whose stated score is more than half a point from that of their items."""
    query = f"""
        SELECT count(*) AS n FROM visits WHERE {_COUNTS} AND {_OURS} AND {_MISSTATED}"""
    return as_count(view.sql(query, **bounds(period)).one()["n"])


def misstated_visits(view: View, period: Period, *, limit: int = 10) -> tuple[VisitDetail, ...]:
    """
    Return our visits whose stated score is not that of their items, the furthest first.

    Half a point and less is what rounding does.
    """
    return _details(view, period, _MISSTATED, "abs(stated_score - score) DESC, source, key", limit)


def _details(
    view: View, period: Period, which: str, order: str, limit: int
) -> tuple[VisitDetail, ...]:
    query = f"""
        SELECT source, key, place_of(place) AS place, visited_at, score, stated_score
        FROM visits WHERE {_COUNTS} AND {_OURS} AND {which} ORDER BY {order} LIMIT $limit"""
    rows = view.sql(query, limit=limit, **bounds(period)).mappings()
    return tuple(_detail(view, row) for row in rows)


def _detail(view: View, row: Mapping[str, Value]) -> VisitDetail:
    items = _items_of(view, str(row["source"]), str(row["key"]))
    stated = as_number(row["stated_score"])
    return VisitDetail(
        view.pseudonym("visit", str(row["key"])),
        as_text(row["place"]),
        as_time(row["visited_at"]),
        as_number(row["score"]) or Decimal(0),
        stated,
        tuple(lost_points(items)),
        tuple(item.name for item in items if item.failed),
        tuple(explain_difference(items, stated)) if stated is not None else (),
    )


def _items_of(view: View, source: str, visit: str) -> list[ScoredItem]:
    query = """
        SELECT * FROM visit_scores WHERE source = $source AND visit_key = $visit ORDER BY key"""
    found = view.sql(query, source=source, visit=visit).mappings()
    return [item for row in found if (item := item_of_row(row)) is not None]
