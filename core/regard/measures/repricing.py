"""How often a competitor moves its prices, and how far: from the history of its offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from regard.measures.cells import as_count, as_day, as_number
from regard.measures.intervals import Estimate, share_estimate
from regard.measures.offers import LIVES
from regard.measures.periods import bounds
from regard.reports import Period
from regard.views import View

__all__ = ["Repricing", "repricing"]

_HUNDREDTHS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Repricing:
    """
    How a competitor moved the prices of what it offers, in a period.

    Formulas: the frequency of price changes is changes for each offer and week observed, as in
    Bils and Klenow, Some Evidence on the Importance of Sticky Prices, Journal of Political
    Economy 112 (2004); their size is the median of ``|after / before - 1|``, as in Klenow and
    Kryvtsov, State-Dependent or Time-Dependent Pricing, Quarterly Journal of Economics 123
    (2008).

    A price that went up and down again between two looks is not seen, so the frequency is at
    most what the looks can tell.

    Attributes:
        competitor: By the name in reports.
        offers: Its offers that were observed with a price over some time of the period.
        weeks: How long that was, all of them together, in weeks.
        changes: How often one of their prices changed.
        moved: The share of the offers whose price did, in percent.
        size: The median size of a change, in percent of the price before; None: there is none.
        since: The first day on which any was observed.
        until: The last.
    """

    competitor: str
    offers: int
    weeks: Decimal
    changes: int
    moved: Estimate
    size: Decimal | None
    since: date | None
    until: date | None

    @property
    def frequency(self) -> Decimal | None:
        """How many price changes an offer has in a week; None: nobody can tell."""
        if self.weeks <= 0:
            return None
        return (self.changes / self.weeks).quantize(_HUNDREDTHS)


def repricing(view: View, period: Period | None) -> Sequence[Repricing]:
    """
    Return how each competitor moved its prices in a period, the one that does so most first.

    A change counts between two prices in one currency and on one basis of tax, also where the
    offer had no price in between; what was withdrawn and is sold again has a new price, and no
    moved one. Times in which an offer was withdrawn, not seen any more or had no price are not
    observed.

    Args:
        view: What to read.
        period: When.
    """
    query = f"""{LIVES}, observed AS (
            SELECT rival, source, key, version, gone_before, price, price_before,
                   currency IS NOT DISTINCT FROM currency_before
                       AND tax_included IS NOT DISTINCT FROM tax_before AS alike,
                   valid_from,
                   greatest(valid_from,
                            coalesce(CAST($since AS TIMESTAMPTZ), valid_from)) AS began,
                   least(CASE WHEN valid_to IS NULL OR deleted_at IS NOT NULL THEN last_seen_at
                              ELSE valid_to END,
                         coalesce(CAST($until AS TIMESTAMPTZ), 'infinity')) AS ended
            FROM history WHERE price IS NOT NULL
        ), lives AS (
            SELECT rival, source, key, sum(epoch(ended) - epoch(began)) / 604800 AS weeks,
                   min(began) AS first, max(ended) AS last
            FROM observed WHERE ended > began GROUP BY ALL
        ), changes AS (
            SELECT o.rival, o.source, o.key,
                   abs(CAST(o.price AS DOUBLE) / CAST(o.price_before AS DOUBLE) - 1) AS size
            FROM observed AS o SEMI JOIN lives AS l
                 ON l.source = o.source AND l.key = o.key AND l.rival = o.rival
            WHERE o.version > 1 AND o.gone_before IS NULL AND o.alike
                  AND o.price <> o.price_before
                  AND o.valid_from >= coalesce(CAST($since AS TIMESTAMPTZ), o.valid_from)
                  AND (CAST($until AS TIMESTAMPTZ) IS NULL OR o.valid_from < $until)
        ), moved AS (
            SELECT rival, count(*) AS changes, count(DISTINCT (source, key)) AS offers,
                   median(size) AS size
            FROM changes GROUP BY rival
        )
        SELECT l.rival, count(*) AS offers, CAST(sum(l.weeks) AS DECIMAL(18,6)) AS weeks,
               any_value(coalesce(m.changes, 0)) AS changes,
               any_value(coalesce(m.offers, 0)) AS moved,
               CAST(round_even(100 * any_value(m.size), 1) AS DECIMAL(18,1)) AS size,
               CAST(timezone($zone, min(l.first)) AS DATE) AS since,
               CAST(timezone($zone, max(l.last)) AS DATE) AS until
        FROM lives AS l LEFT JOIN moved AS m ON m.rival = l.rival
        GROUP BY l.rival"""
    found = [
        Repricing(
            str(rival),
            as_count(offers),
            as_number(weeks) or Decimal(0),
            as_count(changes),
            share_estimate(as_count(moved), as_count(offers)),
            as_number(size),
            as_day(since),
            as_day(until),
        )
        for rival, offers, weeks, changes, moved, size, since, until in view.sql(
            query, zone=view.timezone, **bounds(period)
        ).rows()
    ]
    return sorted(found, key=lambda one: (-(one.frequency or Decimal(0)), one.competitor))
