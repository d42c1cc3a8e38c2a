"""When a competitor cut its prices, for how long, and how deep: from the history of its offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from regard.measures.cells import as_day, as_number, as_text
from regard.measures.offers import LIVES
from regard.measures.periods import bounds
from regard.reports import Period
from regard.views import View

__all__ = ["Promotion", "promotions"]


@dataclass(frozen=True, slots=True)
class Promotion:
    """
    A time in which an offer was shown below its former price without a break.

    Attributes:
        name: What the competitor calls the article.
        began_on: Its first day; None: it ran already when the offer was first seen.
        ended_on: The day on which it was over; None: it runs.
        days: How long it lasted, or has lasted; None: its beginning is not known.
        former: The former price that was shown when it was deepest.
        price: The lowest price.
        currency: Of both.
    """

    name: str | None
    began_on: date | None
    ended_on: date | None
    days: Decimal | None
    former: Decimal
    price: Decimal
    currency: str | None

    @property
    def depth(self) -> Decimal:
        """How far the lowest price lay below the former one, in percent."""
        return ((1 - self.price / self.former) * 100).quantize(Decimal("0.1"))


def promotions(view: View, period: Period | None, *, competitor: str) -> Sequence[Promotion]:
    """
    Return the promotions at a competitor that ran in a period: those that run, then the newest.

    Times without a price, as of what was sold out, neither begin nor end one; a withdrawal does.

    Args:
        view: What to read.
        period: When.
        competitor: By the name in reports.
    """
    query = f"""{LIVES}, priced AS (
            SELECT *, coalesce(list_price > price, false) AS cut,
                   lead(valid_from) OVER life AS next_from,
                   row_number() OVER life AS nth,
                   row_number() OVER (PARTITION BY source, key, coalesce(list_price > price, false)
                                      ORDER BY valid_from) AS kth
            FROM history WHERE price IS NOT NULL AND rival = $rival
            WINDOW life AS (PARTITION BY source, key ORDER BY valid_from)
        ), runs AS (
            SELECT last(product_name ORDER BY valid_from) AS name, min(valid_from) AS began,
                   min(version) = 1 AS unseen,
                   last(coalesce(deleted_at, next_from) ORDER BY valid_from) AS ended,
                   arg_min(list_price, price / list_price) AS former,
                   arg_min(price, price / list_price) AS price,
                   arg_min(currency, price / list_price) AS currency
            FROM priced WHERE cut GROUP BY source, key, nth - kth
        )
        SELECT name,
               CASE WHEN NOT unseen THEN CAST(timezone($zone, began) AS DATE) END AS began_on,
               CAST(timezone($zone, ended) AS DATE) AS ended_on,
               CASE WHEN NOT unseen THEN CAST(round(
                   (epoch(coalesce(ended, $now)) - epoch(began)) / 86400, 1)
                   AS DECIMAL(18,1)) END AS days,
               former, price, currency
        FROM runs
        WHERE (CAST($until AS TIMESTAMPTZ) IS NULL OR began < $until)
              AND (CAST($since AS TIMESTAMPTZ) IS NULL OR ended IS NULL OR ended >= $since)
        ORDER BY ended IS NOT NULL, began DESC, price / former, name"""
    rows = view.sql(
        query, zone=view.timezone, now=view.now, rival=competitor, **bounds(period)
    ).rows()
    return [
        Promotion(
            as_text(name), as_day(began), as_day(ended), as_number(days),
            as_number(former) or Decimal(1), as_number(price) or Decimal(1), as_text(currency),
        )
        for name, began, ended, days, former, price, currency in rows
    ]  # fmt: skip
