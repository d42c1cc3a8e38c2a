"""
Competitors' offers beside ours: who is dearer, and what changed.

Prices are compared on one basis: with tax, in one currency, as new. An offer whose basis is not
known is counted as not comparable and is in no index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from regard.measures.cells import as_count, as_day, as_number, as_text, as_time
from regard.measures.pairing import OUT_OF_STOCK, PAIRED
from regard.measures.periods import bounds
from regard.reports import Period
from regard.views import View

__all__ = [
    "LIVES",
    "Index",
    "Move",
    "Pair",
    "StockGap",
    "indices",
    "moves",
    "pairs",
    "stock_gaps",
    "unmatched",
]


@dataclass(frozen=True, slots=True)
class Index:
    """
    How dear a competitor is against us.

    Formula: Jevons, the geometric mean of the price relatives: ``100 exp(avg(ln(theirs/ours)))``
    (Consumer Price Index Manual, ILO and others, 2020, chapter 8). 100: as dear as we are.

    Attributes:
        competitor: By the name in reports.
        category: Of our products; None: all of them.
        value: The index; None: nothing can be compared.
        n: The products that it rests on.
        products: All our articles with a price, each once: the base of coverage.
        obstacles: Offers that are ours by their number and could not be compared.
        seen_at: When half of its offers had been seen since.
    """

    competitor: str
    category: str | None
    value: Decimal | None
    n: int
    products: int
    obstacles: int = 0
    seen_at: datetime | None = None

    @property
    def coverage(self) -> Decimal | None:
        """The share of our products that it rests on, in percent."""
        if not self.products:
            return None
        return (Decimal(100 * self.n) / self.products).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class Pair:
    """
    One of our products beside a competitor's offer of it, on one basis.

    Attributes:
        lowest: The lowest price there in the last 30 days, on the offer's own basis, in its
            currency.
        how: Why the two are one article: ``gtin``, ``mpn``, ``sku`` or ``confirmed``.
        by_hand: It stands on no page of the web: somebody saw it in a shop, or on a list.
        sold_out: Nobody can buy it there at that price now.
    """

    name: str | None
    category: str | None
    competitor: str
    ours: Decimal
    theirs: Decimal
    currency: str | None
    lowest: Decimal | None
    how: str
    by_hand: bool = False
    sold_out: bool = False

    @property
    def percent(self) -> Decimal:
        """How much dearer they are, in percent; negative: cheaper."""
        return ((self.theirs / self.ours - 1) * 100).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class Move:
    """
    Something that changed at a competitor.

    Attributes:
        what: ``price``, ``promotion``, ``stock-out``, ``back``, ``new``, ``withdrawn`` or
            ``returned``: it was withdrawn before.
        before: The price before; None: there was none in this currency, or no price moved.
        after: The price since.
    """

    on: date | None
    competitor: str
    name: str | None
    what: str
    before: Decimal | None
    after: Decimal | None
    currency: str | None

    @property
    def percent(self) -> Decimal | None:
        """By how much of itself the price moved, in percent; None: none did, or nobody knows."""
        if not self.before or self.after is None:
            return None
        return ((self.after / self.before - 1) * 100).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class StockGap:
    """An article that is out of stock at a competitor."""

    competitor: str
    name: str | None
    ours: str | None


def indices(view: View, *, by_category: bool = False) -> Sequence[Index]:
    """
    Return how dear each competitor is against us, the cheapest first.

    Args:
        view: What to read.
        by_category: Also divide by the category of our products.
    """
    group = "category" if by_category else "CAST(NULL AS VARCHAR)"
    query = f"""{PAIRED}, base AS (
            SELECT {group} AS category, count(*) AS products FROM ours WHERE price > 0 GROUP BY ALL
        ), hindered AS (
            SELECT rival, {group} AS category, count(*) AS n FROM paired
            WHERE obstacle IS NOT NULL GROUP BY ALL
        ), met AS (
            SELECT rival, {group} AS category,
                   100 * exp(avg(ln(CAST(their_basis AS DOUBLE)
                                    / CAST(our_basis AS DOUBLE)))) AS v,
                   count(*) AS n, median(epoch(last_seen_at)) AS seen
            FROM best GROUP BY ALL
        ), every AS (
            SELECT rival, category FROM met UNION SELECT rival, category FROM hindered
        )
        SELECT e.rival, e.category, CAST(round(m.v, 1) AS DECIMAL(38,1)) AS value,
               coalesce(m.n, 0) AS n, coalesce(b.products, 0) AS products,
               coalesce(h.n, 0) AS hindered, to_timestamp(m.seen) AS seen_at
        FROM every AS e
        LEFT JOIN met AS m ON m.rival = e.rival AND m.category IS NOT DISTINCT FROM e.category
        LEFT JOIN hindered AS h ON h.rival = e.rival AND h.category IS NOT DISTINCT FROM e.category
        LEFT JOIN base AS b ON b.category IS NOT DISTINCT FROM e.category
        ORDER BY value NULLS LAST, e.rival, e.category"""
    return [
        Index(
            str(rival), as_text(category), as_number(value), as_count(n), as_count(products),
            as_count(hindered), as_time(seen_at),
        )
        for rival, category, value, n, products, hindered, seen_at in view.sql(query).rows()
    ]  # fmt: skip


def pairs(view: View, *, dearest: bool, limit: int) -> Sequence[Pair]:
    """
    Return our products beside offers of them, those that differ most first.

    Args:
        view: What to read.
        dearest: Where they are dearer than we are; else where they are cheaper.
        limit: How many.
    """
    order, side = ("DESC", ">") if dearest else ("ASC", "<")
    query = f"""{PAIRED}, low AS (
            -- A price that ended at the very beginning of the 30 days was none of theirs.
            SELECT source, key, currency, tax_included, min(price) AS lowest FROM offers_history
            WHERE price > 0 AND (valid_to > $now - INTERVAL 30 DAY
               OR valid_to IS NULL AND last_seen_at >= $now - INTERVAL 30 DAY) GROUP BY ALL
        )
        SELECT b.name, b.category, b.rival, CAST(b.our_basis AS DECIMAL(38,6)) AS ours,
               CAST(b.their_basis AS DECIMAL(38,6)) AS theirs, b.currency, l.lowest, b.how,
               nullif(b.url, '') IS NULL AS by_hand,
               coalesce(b.availability IN {OUT_OF_STOCK}, false) AS sold_out
        FROM best AS b LEFT JOIN low AS l ON l.source = b.source AND l.key = b.key
             AND l.currency = b.currency AND l.tax_included = b.their_taxed
        WHERE b.their_basis {side} b.our_basis
        ORDER BY b.their_basis / b.our_basis {order}, b.name, b.rival LIMIT $limit"""
    return [
        Pair(
            as_text(name), as_text(category), str(rival), as_number(ours) or Decimal(0),
            as_number(theirs) or Decimal(0), as_text(currency), as_number(lowest), str(how),
            bool(by_hand), bool(sold_out),
        )
        for (
            name, category, rival, ours, theirs, currency, lowest, how, by_hand, sold_out,
        ) in view.sql(query, now=view.now, limit=limit).rows()
    ]  # fmt: skip


LIVES: Final = """
    WITH versions AS (
        SELECT coalesce(competitor_of(competitor), competitor) AS rival, source, key,
               product_name, CASE WHEN price > 0 THEN price END AS price, list_price, currency,
               tax_included, availability, valid_from, valid_to, deleted_at, last_seen_at
        FROM offers_history WHERE competitor IS NOT NULL
    ), paid AS (
        -- The last price, also where the offer was sold out without one in between.
        SELECT *, lag(availability) OVER life AS stock_before,
               lag(deleted_at) OVER life AS gone_before, row_number() OVER life AS version,
               last_value(CASE WHEN price IS NOT NULL THEN {
                   'price': price, 'list_price': list_price, 'currency': currency,
                   'tax_included': tax_included} END IGNORE NULLS) OVER before AS last
        FROM versions
        WINDOW life AS (PARTITION BY source, key ORDER BY valid_from),
               before AS (PARTITION BY source, key ORDER BY valid_from
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), history AS (
        SELECT * EXCLUDE (last), last.price AS price_before, last.list_price AS list_before,
               last.currency AS currency_before, last.tax_included AS tax_before
        FROM paid
    )"""
"""
``history``: each version of a competitor's offer beside what was known before it.

Its prices are above 0; those before are of the last version that had one.
"""

_MOVES: Final = f"""{LIVES}, met AS (
        SELECT source, valid_from,
               valid_from > lag(valid_from) OVER met + INTERVAL 1 HOUR AS later
        FROM history WHERE version = 1
        WINDOW met AS (PARTITION BY source ORDER BY valid_from)
    ), looked AS (
        SELECT source, min(valid_from) AS second_look FROM met WHERE later GROUP BY source
    ), told AS (
        SELECT valid_from AS moment, rival, product_name,
               CASE WHEN version = 1 THEN 'new'
                    WHEN gone_before IS NOT NULL THEN 'returned'
                    WHEN list_price > price AND NOT coalesce(list_before > price_before, false)
                         THEN 'promotion'
                    WHEN currency <> currency_before
                         OR price <> price_before
                            AND tax_included IS NOT DISTINCT FROM tax_before THEN 'price'
               END AS what,
               CASE WHEN currency IS NOT DISTINCT FROM currency_before
                         AND tax_included IS NOT DISTINCT FROM tax_before
                    THEN price_before END AS before, price AS after, currency
        FROM history LEFT JOIN looked USING (source)
        WHERE version > 1 OR valid_from >= second_look
        UNION ALL
        SELECT valid_from, rival, product_name,
               CASE WHEN availability IN {OUT_OF_STOCK} AND stock_before NOT IN {OUT_OF_STOCK}
                         THEN 'stock-out'
                    WHEN availability NOT IN {OUT_OF_STOCK} AND stock_before IN {OUT_OF_STOCK}
                         THEN 'back'
               END, NULL, NULL, currency
        FROM history WHERE version > 1 AND gone_before IS NULL
        UNION ALL
        SELECT deleted_at, rival, product_name, 'withdrawn', price, NULL, currency
        FROM history WHERE deleted_at IS NOT NULL
    )
    SELECT CAST(timezone($zone, moment) AS DATE) AS on_day, rival, product_name, what, before,
           after, currency
    FROM told
    WHERE what IS NOT NULL AND moment >= coalesce(CAST($since AS TIMESTAMPTZ), moment)
          AND (CAST($until AS TIMESTAMPTZ) IS NULL OR moment < $until)
          AND ($rival IS NULL OR rival = $rival)
    ORDER BY moment DESC, rival, product_name, what"""


def moves(view: View, period: Period, *, competitor: str | None = None) -> Sequence[Move]:
    """
    Return what changed at competitors in a period, the newest first.

    What was there at the very first look at a competitor is not new. That look goes on for as
    long as offers that nobody had seen follow each other within an hour: a large shop takes a
    gentle crawl many of them.

    Args:
        view: What to read.
        period: When.
        competitor: Only there, by the name in reports.
    """
    rows = view.sql(_MOVES, zone=view.timezone, rival=competitor, **bounds(period)).rows()
    return [
        Move(
            as_day(on), str(rival), as_text(name), str(what), as_number(before), as_number(after),
            as_text(currency),
        )
        for on, rival, name, what, before, after, currency in rows
    ]  # fmt: skip


def stock_gaps(view: View, *, limit: int) -> Sequence[StockGap]:
    """Return what is out of stock at competitors, with what is known of our own stock."""
    query = f"""{PAIRED}
        SELECT rival, any_value(name) AS name, any_value(our_availability) AS ours FROM paired
        WHERE coalesce(our_availability, '') NOT IN {OUT_OF_STOCK}
        GROUP BY rival, our_source, our_key
        HAVING bool_and(coalesce(availability IN {OUT_OF_STOCK}, false))
        ORDER BY rival, name LIMIT $limit"""
    return [
        StockGap(str(rival), as_text(name), as_text(ours))
        for rival, name, ours in view.sql(query, limit=limit).rows()
    ]


def unmatched(view: View) -> tuple[int, int]:
    """Return how many current offers of competitors are none of our products, and all of them."""
    query = f"""{PAIRED}
        SELECT (SELECT count(*) FROM theirs) AS every, (SELECT count(*) FROM chosen) AS told"""
    row = view.sql(query).one()
    every = as_count(row["every"])
    return every - as_count(row["told"]), every
