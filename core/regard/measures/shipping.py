"""What a competitor's offers say of shipping: its cost, where it is free, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from regard.measures.cells import as_count, as_day, as_number, as_text
from regard.measures.intervals import Estimate, share_estimate
from regard.measures.periods import bounds
from regard.reports import Period
from regard.views import View

__all__ = ["Shipping", "Terms", "TermsChange", "shipping", "shipping_changes"]


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What some of a competitor's current offers say of shipping.

    Attributes:
        cost: What shipping costs; 0: it is free; None: only from where on it is free is said.
        free_from: The value of an order from which it is free; None: nothing is said of that.
        currency: Of both.
        n: How many current offers say so.
        since: The first day on which one of them was seen to, without a break.
    """

    cost: Decimal | None
    free_from: Decimal | None
    currency: str | None
    n: int
    since: date | None


@dataclass(frozen=True, slots=True)
class Shipping:
    """
    A competitor's terms of shipping, as its current offers say them.

    Attributes:
        offers: All its current offers.
        stated: The share of them that say anything of shipping, in percent.
        terms: What they say, that of most offers first.
        free_seen_from: The lowest price from which every offer ships free, where dearer ones do
            and cheaper ones do not; None: free shipping does not go by the price, or in no
            single currency.
        charged_to: The highest price that shipping is charged on; None as before.
        currency: Of these two.
    """

    offers: int
    stated: Estimate
    terms: tuple[Terms, ...]
    free_seen_from: Decimal | None = None
    charged_to: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class TermsChange:
    """
    A day on which offers of a competitor said something else of shipping than before.

    Attributes:
        before: What they had said; its ``n`` and ``since`` say nothing.
        after: What they said then.
        n: How many offers changed so.
    """

    on: date | None
    before: Terms
    after: Terms
    n: int


_SAID: Final = """
    WITH versions AS (
        SELECT coalesce(competitor_of(competitor), competitor) AS rival, source, key, price,
               currency, shipping AS cost, valid_from, valid_to, deleted_at,
               try_cast(json_extract_string(extra, '$.free_shipping_from') AS DECIMAL(18,6))
                   AS free_from
        FROM offers_history WHERE competitor IS NOT NULL
    ), said AS (
        -- What says nothing of shipping does not say that it has changed.
        SELECT *, lag(cost) OVER life AS cost_before, lag(free_from) OVER life AS free_before,
               lag(currency) OVER life AS currency_before, lag(price) OVER life AS price_before,
               row_number() OVER life AS nth
        FROM versions
        WHERE rival = $rival AND (cost IS NOT NULL OR free_from IS NOT NULL)
        WINDOW life AS (PARTITION BY source, key ORDER BY valid_from)
    ), moved AS (
        SELECT *, nth > 1 AND (cost IS DISTINCT FROM cost_before
                               OR free_from IS DISTINCT FROM free_before
                               OR currency IS DISTINCT FROM currency_before) AS moved
        FROM said
    ), told AS (
        -- A price that passed the order value has other shipping on the same terms.
        SELECT *, moved AND NOT (
                   free_from IS NOT DISTINCT FROM free_before AND price <> price_before
                   AND currency IS NOT DISTINCT FROM currency_before
                   AND coalesce((cost = 0) <> (cost_before = 0), false)) IS TRUE AS changed
        FROM moved
    )"""
"""``told``: each version of a competitor's offers that says something of shipping."""


def shipping(view: View, *, competitor: str) -> Shipping:
    """
    Return what a competitor's current offers say of shipping.

    ``free_seen_from`` is worked out of them: with the costs ``c`` and prices ``p`` of offers, it
    is ``min(p | c = 0, p > max(p | c > 0))`` where no offer with ``c = 0`` is cheaper.

    Args:
        view: What to read.
        competitor: By the name in reports.
    """
    query = f"""{_SAID}, spells AS (
            SELECT *, sum(CAST(moved AS INTEGER)) OVER life AS spell FROM told
            WINDOW life AS (PARTITION BY source, key ORDER BY valid_from
                            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        ), lasting AS (
            SELECT *, min(valid_from) OVER (PARTITION BY source, key, spell) AS began FROM spells
        )
        SELECT cost, free_from, currency, count(*) AS n,
               CAST(timezone($zone, min(began)) AS DATE) AS since
        FROM lasting WHERE valid_to IS NULL AND deleted_at IS NULL
        GROUP BY cost, free_from, currency
        ORDER BY n DESC, cost NULLS LAST, free_from, currency"""
    rows = view.sql(query, rival=competitor, zone=view.timezone).rows()
    terms = tuple(
        Terms(as_number(cost), as_number(free), as_text(currency), as_count(n), as_day(since))
        for cost, free, currency, n, since in rows
    )
    every = view.sql(
        """SELECT count(*) AS n FROM offers
           WHERE coalesce(competitor_of(competitor), competitor) = $rival""",
        rival=competitor,
    ).one()
    offers = as_count(every["n"])
    stated = share_estimate(sum(one.n for one in terms), offers)
    return Shipping(offers, stated, terms, *_border(view, competitor))


def _border(view: View, competitor: str) -> tuple[Decimal | None, Decimal | None, str | None]:
    """Return from which price on offers ship free, and up to which they do not."""
    query = f"""{_SAID}, priced AS (
            SELECT price, cost, currency FROM told
            WHERE valid_to IS NULL AND deleted_at IS NULL AND price > 0 AND cost IS NOT NULL
        )
        SELECT min(price) FILTER (cost = 0) AS free, max(price) FILTER (cost > 0) AS charged,
               min(currency) AS currency, count(DISTINCT currency) AS currencies
        FROM priced"""
    row = view.sql(query, rival=competitor).one()
    free, charged = as_number(row["free"]), as_number(row["charged"])
    single = as_count(row["currencies"]) == 1
    if not single or free is None or charged is None or free <= charged:
        return None, None, None
    return free, charged, as_text(row["currency"])


def shipping_changes(
    view: View, period: Period | None, *, competitor: str
) -> Sequence[TermsChange]:
    """
    Return when a competitor changed its terms of shipping, the newest first.

    Offers that changed alike on one day stand together. An offer that said nothing for a time
    is compared with what it had said before. One that became free, or ceased to be, as its own
    price moved has the same terms as before, unless it names another order value.

    Args:
        view: What to read.
        period: When.
        competitor: By the name in reports.
    """
    query = f"""{_SAID}
        SELECT CAST(timezone($zone, valid_from) AS DATE) AS on_day, cost_before, free_before,
               currency_before, cost, free_from, currency, count(*) AS n
        FROM told
        WHERE changed AND valid_from >= coalesce(CAST($since AS TIMESTAMPTZ), valid_from)
              AND (CAST($until AS TIMESTAMPTZ) IS NULL OR valid_from < $until)
        GROUP BY ALL ORDER BY on_day DESC, n DESC, cost, free_from, cost_before, free_before"""
    rows = view.sql(query, rival=competitor, zone=view.timezone, **bounds(period)).rows()
    return [
        TermsChange(
            as_day(on),
            Terms(as_number(cost_before), as_number(free_before), as_text(money_before), 0, None),
            Terms(as_number(cost), as_number(free), as_text(money), 0, None),
            as_count(n),
        )
        for on, cost_before, free_before, money_before, cost, free, money, n in rows
    ]
