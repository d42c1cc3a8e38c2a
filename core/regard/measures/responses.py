"""How many of those who were asked have answered."""

from __future__ import annotations

from dataclasses import dataclass

from regard.measures.cells import as_count, as_text
from regard.measures.intervals import Estimate, share_estimate
from regard.measures.periods import bounds, during
from regard.reports import Period
from regard.views import Value, View

__all__ = ["ResponseRate", "response_rates"]

_RESPONSE = "(source, coalesce(nullif(response_key, ''), key))"


@dataclass(frozen=True, slots=True)
class ResponseRate:
    """
    The response rate of one survey.

    Attributes:
        survey: Its name; None: answers whose survey has no name.
        asked: How many were asked; None: nobody says.
        responses: How many answered, complete or not.
        configured: Whether the configuration says how many were asked (``invited``), so that
            all responses count, whenever they came; else mails sent in the period do.
    """

    survey: str | None
    asked: int | None
    responses: int
    configured: bool

    @property
    def rate(self) -> Estimate:
        """Answered of asked, 0 to 100; no number where more answered than were asked."""
        if self.asked is None or self.responses > self.asked:
            return Estimate(None, self.asked or 0)
        return share_estimate(self.responses, self.asked)


def response_rates(view: View, period: Period) -> tuple[ResponseRate, ...]:
    """
    Return the response rate of each survey, the one with most responses first.

    Formula: AAPOR, Standard Definitions, response rate 2: responses, partial ones among them,
    of all who were asked. Who was asked is what ``[surveys.NAME] invited`` says, else how many
    different recipients got the mail campaign of the survey's name in the period.
    """
    query = f"""
        WITH filled AS (
            SELECT nullif(trim(survey), '') AS name, count(DISTINCT {_RESPONSE}) AS ever,
                   count(DISTINCT {_RESPONSE}) FILTER ({during("answered_at")}) AS now
            FROM answers GROUP BY ALL
        ), sent AS (
            SELECT trim(campaign) AS name,
                   count(DISTINCT coalesce(nullif(lower(trim(email)), ''),
                                           nullif(customer_key, ''), key)) AS asked
            FROM touchpoints
            WHERE channel = 'email' AND type = 'sent' AND trim(campaign) <> ''
              AND {during("happened_at")}
            GROUP BY ALL
        ), named AS (
            SELECT name FROM filled UNION
            SELECT name FROM surveys WHERE invited IS NOT NULL
        )
        SELECT n.name, s.invited, sent.asked, coalesce(f.ever, 0) AS ever,
               coalesce(f.now, 0) AS now
        FROM named AS n
        LEFT JOIN filled AS f ON f.name IS NOT DISTINCT FROM n.name
        LEFT JOIN surveys AS s ON s.name = n.name
        LEFT JOIN sent ON sent.name = n.name
        ORDER BY now DESC, ever DESC, n.name NULLS LAST"""
    found = (_rate(row) for row in view.sql(query, **bounds(period)).rows())
    return tuple(one for one in found if one.responses or one.configured)


def _rate(row: tuple[Value, ...]) -> ResponseRate:
    name, invited, asked, ever, now = row
    if invited is not None:
        return ResponseRate(as_text(name), as_count(invited), as_count(ever), configured=True)
    sent = None if asked is None else as_count(asked)
    return ResponseRate(as_text(name), sent, as_count(now), configured=False)
