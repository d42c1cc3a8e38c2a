"""
What customers answer: NPS, satisfaction, effort and ratings, with their base and interval.

A score counts on its own scale only: NPS is a question from 0 (or 1) to 10, satisfaction is
the upper quarter of whatever scale was used (4 and 5 of 1-5, 6 and 7 of 1-7), and means of
different scales never meet. A score without a scale, or beyond it, is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from regard.measures.cells import as_count, as_day, as_number, as_text, as_time
from regard.measures.intervals import Estimate, mean_estimate, nps_estimate, share_estimate
from regard.measures.periods import bounds, during
from regard.reports import Period
from regard.views import Value, View

__all__ = [
    "PARTS",
    "Left",
    "Metric",
    "Responses",
    "Score",
    "Twice",
    "answered_twice",
    "count_responses",
    "left_out",
    "newest_answer",
    "rest_of",
    "score_trend",
    "scores",
]

Metric: TypeAlias = Literal["nps", "csat", "ces", "rating"]

METRICS: Final[tuple[Metric, ...]] = ("nps", "csat", "ces", "rating")

SATISFIED: Final = "(score - low) >= 0.75 * (high - low)"
"""4 and 5 of 1-5, 6 and 7 of 1-7, 8 to 10 of 1-10: the upper quarter of the scale."""

IN_PERIOD: Final = during("answered_at")

FITTING: Final = """\
(high > low AND score BETWEEN low AND high
 AND (metric <> 'nps' OR (high = 10 AND low IN (0, 1))))"""

PARTS: Final[Mapping[str, str]] = {
    "place": "place_of(place)",
    "channel": "nullif(trim(channel), '')",
    "segment": "segment",
    "survey": "nullif(trim(survey), '')",
    "question": "nullif(trim(question), '')",
    "language": "nullif(trim(language), '')",
}
"""What scores can be divided by, each with its SQL."""

SCORED: Final = """
    SELECT source, key, metric, score, response_key, survey, question, place, channel, language,
           customer_key, email, answered_at,
           -- The question of NPS is always from 0 to 10; nothing else tells its scale by itself.
           CASE metric WHEN 'nps' THEN coalesce(scale_min, 0) ELSE scale_min END AS low,
           CASE metric WHEN 'nps' THEN coalesce(scale_max, 10) ELSE scale_max END AS high
    FROM answers
    WHERE metric IN ('nps', 'csat', 'ces', 'rating') AND score IS NOT NULL"""

_SEGMENTED = """
    addresses AS (
        SELECT source, lower(trim(email)) AS address, min(key) AS key
        FROM customers WHERE trim(email) <> '' GROUP BY ALL HAVING count(*) = 1
    ), fitting AS (
        SELECT f.*, nullif(trim(c.segment), '') AS segment
        FROM plainly AS f
        LEFT JOIN customer_sources AS s ON s.source = f.source
        LEFT JOIN addresses AS a
             ON nullif(f.customer_key, '') IS NULL
                AND a.source = coalesce(s.customers, f.source)
                AND a.address = lower(trim(f.email))
        LEFT JOIN customers AS c
             ON c.source = coalesce(s.customers, f.source)
                AND c.key = coalesce(nullif(f.customer_key, ''), a.key)
    )"""
_COUNTED = f"""
    count(*) AS n,
    count(*) FILTER (metric = 'nps' AND score >= 9) AS promoters,
    count(*) FILTER (metric = 'nps' AND score <= 6) AS detractors,
    count(*) FILTER (metric = 'csat' AND {SATISFIED}) AS satisfied,
    avg(score) AS mean, stddev_samp(score) AS deviation"""
_SCALE = """
    CASE WHEN metric IN ('ces', 'rating') THEN low END AS scale_low,
    CASE WHEN metric IN ('ces', 'rating') THEN high END AS scale_high"""


@dataclass(frozen=True, slots=True)
class Score:
    """
    What answers to one sort of question come to.

    Attributes:
        metric: ``nps``, ``csat``, ``ces`` or ``rating``.
        estimate: NPS in points, satisfied customers in percent, else the mean.
        promoters: Of NPS.
        detractors: Of NPS.
        satisfied: Of satisfaction.
        part: Which part of the answers; None: it is not known, or these are all.
        low: Where the scale begins, of means.
        high: Where it ends.
    """

    metric: Metric
    estimate: Estimate
    promoters: int = 0
    detractors: int = 0
    satisfied: int = 0
    part: str | None = None
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def passives(self) -> int:
        """Of NPS: those between."""
        return self.estimate.n - self.promoters - self.detractors

    @property
    def scale(self) -> tuple[Metric, Decimal | None, Decimal | None]:
        """What another score must share to be comparable."""
        return self.metric, self.low, self.high


@dataclass(frozen=True, slots=True)
class Responses:
    """
    How many filled in a survey.

    Attributes:
        responses: How many; answers without a response's key are one each.
        partial: Those of them that are known to be incomplete.
        answers: All their answers.
    """

    responses: int
    partial: int
    answers: int


@dataclass(frozen=True, slots=True)
class Left:
    """
    Scores that no number contains.

    Attributes:
        off_scale: Without a scale, beyond it, or of NPS on another one than 0-10.
        undated: Without a time; no period can contain them.
    """

    off_scale: int
    undated: int


@dataclass(frozen=True, slots=True)
class Twice:
    """
    Responses with the question of NPS in two wordings, each of which counts.

    Attributes:
        responses: How many; those with other pairs of wordings are not among them.
        wordings: The most frequent pair, the newer one last.
    """

    responses: int
    wordings: tuple[str, str]


def scores(view: View, period: Period, by: str | None = None) -> tuple[Score, ...]:
    """
    Return the scores of a period, by metric and scale.

    Formulas: `regard.measures.intervals` has them with their sources.

    Args:
        view: What to read.
        period: In which answers count.
        by: One of `PARTS`; the part with most answers comes first. None: all together.
    """
    part = PARTS[by] if by else "NULL"
    segmented = _SEGMENTED if by == "segment" else "fitting AS (SELECT * FROM plainly)"
    query = f"""
        WITH scored AS ({SCORED} AND {IN_PERIOD}),
             plainly AS (SELECT * FROM scored WHERE {FITTING}), {segmented}
        SELECT metric, {part} AS part, {_SCALE}, {_COUNTED}
        FROM fitting GROUP BY ALL ORDER BY n DESC, metric, part, scale_high, scale_low"""
    found = [_score(row) for row in view.sql(query, **bounds(period)).mappings()]
    return tuple(sorted(found, key=lambda one: METRICS.index(one.metric)))


def _score(row: Mapping[str, Value]) -> Score:
    metric: Metric = next(one for one in METRICS if one == row["metric"])
    low, high = as_number(row["scale_low"]), as_number(row["scale_high"])
    n = as_count(row["n"])
    promoters, detractors = as_count(row["promoters"]), as_count(row["detractors"])
    satisfied = as_count(row["satisfied"])
    if metric == "nps":
        estimate = nps_estimate(promoters, detractors, n)
    elif metric == "csat":
        estimate = share_estimate(satisfied, n)
    else:
        estimate = mean_estimate(
            n,
            as_number(row["mean"]),
            as_number(row["deviation"]),
            scale=None if low is None or high is None else (low, high),
        )
    return Score(
        metric,
        estimate,
        promoters,
        detractors,
        satisfied,
        as_text(row.get("part")),
        low,
        high,
    )


def rest_of(whole: Score, part: Score) -> Estimate:
    """
    Return what all answers but those of a part come to.

    Args:
        whole: NPS or satisfaction of all answers.
        part: Of some of them.
    """
    n = whole.estimate.n - part.estimate.n
    if whole.metric == "nps":
        promoters = whole.promoters - part.promoters
        return nps_estimate(promoters, whole.detractors - part.detractors, n)
    return share_estimate(whole.satisfied - part.satisfied, n)


def score_trend(
    view: View, metric: Metric, months: Sequence[date], period: Period
) -> tuple[tuple[date, Score | None], ...]:
    """
    Return one score for each month; None: nobody answered in it.

    Args:
        view: What to read.
        metric: ``nps`` or ``csat``: means of several scales make no trend.
        months: Their first days in the project's time zone.
        period: In which answers count.
    """
    query = f"""
        WITH scored AS ({SCORED} AND metric = $metric AND {IN_PERIOD}),
             fitting AS (SELECT * FROM scored WHERE {FITTING})
        SELECT metric, CAST(date_trunc('month', timezone($zone, answered_at)) AS DATE) AS month,
               {_SCALE}, {_COUNTED}
        FROM fitting GROUP BY ALL"""
    rows = view.sql(query, metric=metric, zone=view.timezone, **bounds(period)).mappings()
    found = {as_day(row["month"]): _score(row) for row in rows}
    return tuple((month, found.get(month)) for month in months)


def count_responses(view: View, period: Period) -> Responses:
    """Count the filled-in surveys of a period."""
    query = f"""
        WITH filled AS (
            SELECT source, coalesce(nullif(response_key, ''), key) AS response,
                   bool_or(complete) AS whole, count(*) AS answers
            FROM answers WHERE {IN_PERIOD} GROUP BY ALL
        )
        SELECT count(*) AS responses, count(*) FILTER (NOT whole) AS partial,
               sum(answers) AS answers FROM filled"""
    row = view.sql(query, **bounds(period)).one()
    return Responses(
        as_count(row["responses"]), as_count(row["partial"]), as_count(row["answers"])
    )


def left_out(view: View, period: Period) -> Left:
    """Count the scores that no number contains."""
    query = f"""
        WITH scored AS ({SCORED})
        SELECT count(*) FILTER (NOT coalesce({FITTING}, false) AND {IN_PERIOD}) AS off_scale,
               count(*) FILTER (answered_at IS NULL) AS undated
        FROM scored"""
    row = view.sql(query, **bounds(period)).one()
    return Left(as_count(row["off_scale"]), as_count(row["undated"]))


def answered_twice(view: View, period: Period) -> Twice | None:
    """Return what is likely one question of NPS that was worded anew; None: there is none."""
    query = f"""
        WITH scored AS ({SCORED} AND metric = 'nps' AND {IN_PERIOD} AND {FITTING}
                        AND response_key <> '' AND trim(question) <> ''),
             worded AS (
                 SELECT source, survey, question, max(as_of) AS seen_at
                 FROM answers WHERE metric = 'nps' GROUP BY ALL),
             pairs AS (
                 SELECT a.question AS one, b.question AS other
                 FROM scored AS a JOIN scored AS b USING (source, response_key)
                 JOIN worded AS x ON x.source = source AND x.question = a.question
                      AND x.survey IS NOT DISTINCT FROM a.survey
                 JOIN worded AS y ON y.source = source AND y.question = b.question
                      AND y.survey IS NOT DISTINCT FROM b.survey
                 WHERE (x.seen_at, a.question) < (y.seen_at, b.question)
                       AND a.survey IS NOT DISTINCT FROM b.survey
                       AND a.question <> b.question)
        SELECT one, other, count(*) AS n FROM pairs GROUP BY ALL
        ORDER BY n DESC, one, other LIMIT 1"""
    for row in view.sql(query, **bounds(period)).mappings():
        wordings = as_text(row["one"]) or "", as_text(row["other"]) or ""
        return Twice(as_count(row["n"]), wordings)
    return None


def newest_answer(view: View) -> datetime | None:
    """Return when the latest answer was given; None: there is none with a time."""
    return as_time(view.sql("SELECT max(answered_at) AS at FROM answers").one()["at"])
