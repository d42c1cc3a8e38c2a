"""
Competitors' offers beside ours: which of them are the same article, and who is dearer.

An offer is one of our products without anybody's doing only where a number says so: the same
GTIN, the same brand and manufacturer's number, or our own article number where the site is known
to use it. What people confirmed counts as well, what they rejected never.

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
from regard.measures.periods import bounds
from regard.reports import Period
from regard.views import View

__all__ = [
    "LIVES",
    "PAIRED",
    "Assortment",
    "Index",
    "Move",
    "Pair",
    "StockGap",
    "assortment",
    "indices",
    "moves",
    "pairs",
    "stock_gaps",
    "unmatched",
]


def _digits(column: str) -> str:
    """Return a GTIN's digits, 14 of them; NULL: a placeholder that says nothing."""
    digits = f"regexp_replace({column}, '[\\s-]', '', 'g')"
    return (
        f"CASE WHEN regexp_full_match({digits}, '[0-9]{{8,14}}') AND ltrim({digits}, '0') <> '' "
        f"THEN lpad({digits}, 14, '0') END"
    )


_OUT: Final = "('OutOfStock', 'SoldOut', 'Discontinued')"

PAIRED: Final = f"""
    WITH numbered AS (
        SELECT *, {_digits("gtin")} AS number FROM offers
    ), listed AS (
        SELECT *, {_digits("gtin")} AS number FROM products
    ), mine AS (
        -- As new, as competitors' are: a used cup of ours is no price of the cup.
        SELECT * FROM numbered WHERE competitor IS NULL
               AND coalesce(condition, 'NewCondition') = 'NewCondition'
    ), own AS (
        -- Two joins on equality; one on either would compare each with each.
        SELECT p.source AS ps, p.key AS pk, o.* FROM listed AS p
        JOIN mine AS o ON o.sku = nullif(p.sku, '')
        UNION ALL
        SELECT p.source, p.key, o.* FROM listed AS p
        JOIN mine AS o ON o.number = p.number
    ), shop AS (
        SELECT p.source, p.key, o.price, o.currency, o.tax_included AS taxed, o.availability
        FROM listed AS p JOIN own AS o ON o.ps = p.source AND o.pk = p.key
        QUALIFY row_number() OVER (PARTITION BY p.source, p.key ORDER BY
            coalesce(o.price > 0, false) DESC, coalesce(o.currency = p.currency, false) DESC,
            o.price, o.source, o.key) = 1
    ), ours AS (
        SELECT p.source, p.key, p.number AS gtin,
               folded(p.brand) AS brand,
               regexp_replace(lower(p.mpn), '[^a-z0-9]', '', 'g') AS mpn, p.sku, p.name,
               p.category, CASE WHEN s.price > 0 THEN s.price ELSE p.list_price END AS price,
               CASE WHEN s.price > 0 THEN s.currency ELSE p.currency END AS currency,
               coalesce(CASE WHEN s.price > 0 THEN s.taxed ELSE p.tax_included END,
                        (SELECT tax_included FROM our_prices)) AS taxed,
               s.availability
        FROM listed AS p LEFT JOIN shop AS s ON s.source = p.source AND s.key = p.key
    ), theirs AS (
        SELECT o.*, coalesce(competitor_of(o.competitor), o.competitor) AS rival,
               folded(o.brand) AS maker,
               regexp_replace(lower(o.mpn), '[^a-z0-9]', '', 'g') AS part,
               nullif(json_extract_string(o.extra, '$.our_sku'), '') AS our_sku
        FROM numbered AS o WHERE o.competitor IS NOT NULL
    ), told AS (
        SELECT t.source AS ts, t.key AS tk, o.source AS os, o.key AS ok, 'gtin' AS how
        FROM theirs AS t JOIN ours AS o ON t.number = o.gtin
        UNION ALL
        SELECT t.source, t.key, o.source, o.key, 'mpn' FROM theirs AS t
        JOIN ours AS o ON t.part <> '' AND t.part = o.mpn AND t.maker = o.brand
        UNION ALL
        SELECT t.source, t.key, o.source, o.key, 'sku' FROM theirs AS t
        JOIN ours AS o ON t.our_sku = o.sku
        UNION ALL
        SELECT m.source, m.offer, m.product_source, m.product, 'confirmed' FROM matches AS m
        JOIN theirs AS t ON t.source = m.source AND t.key = m.offer
        JOIN ours AS o ON o.source = m.product_source AND o.key = m.product
        WHERE m.state = 'confirmed'
    ), chosen AS (
        SELECT * FROM told AS f WHERE NOT EXISTS (
            SELECT 1 FROM matches AS m WHERE m.state = 'rejected' AND m.source = f.ts
            AND m.offer = f.tk AND m.product_source = f.os AND m.product = f.ok)
        QUALIFY row_number() OVER (PARTITION BY ts, tk ORDER BY CASE how WHEN 'confirmed' THEN 0
            WHEN 'gtin' THEN 1 WHEN 'mpn' THEN 2 ELSE 3 END, os, ok) = 1
    ), paired AS (
        SELECT t.rival, t.source, t.key, o.source AS our_source, o.key AS our_key, o.name,
               o.category, c.how, o.price AS our_price, t.price AS their_price, t.currency,
               t.availability, o.availability AS our_availability, t.list_price, t.url,
               t.last_seen_at, t.tax_included AS their_taxed,
               CASE WHEN o.price IS NULL OR o.price <= 0 THEN 'our-price'
                    WHEN t.price IS NULL OR t.price <= 0 THEN 'no-price'
                    WHEN coalesce(o.currency <> t.currency, true) THEN 'currency'
                    WHEN coalesce(t.condition, 'NewCondition') <> 'NewCondition' THEN 'condition'
                    WHEN o.taxed IS NULL OR t.tax_included IS NULL THEN 'tax'
                    WHEN o.taxed <> t.tax_included
                         AND (SELECT vat FROM our_prices) IS NULL THEN 'tax'
               END AS obstacle,
               CASE WHEN o.taxed OR NOT t.tax_included AND NOT o.taxed THEN o.price
                    ELSE o.price * (1 + (SELECT vat FROM our_prices)) END AS our_basis,
               CASE WHEN t.tax_included OR NOT t.tax_included AND NOT o.taxed THEN t.price
                    ELSE t.price * (1 + (SELECT vat FROM our_prices)) END AS their_basis
        FROM chosen AS c
        JOIN theirs AS t ON t.source = c.ts AND t.key = c.tk
        JOIN ours AS o ON o.source = c.os AND o.key = c.ok
    ), best AS (
        SELECT * FROM paired WHERE obstacle IS NULL
        QUALIFY row_number() OVER (
            PARTITION BY rival, our_source, our_key
            -- What can be bought there competes, before what is cheaper and sold out.
            ORDER BY coalesce(availability IN {_OUT}, false), their_basis, source, key) = 1
    )"""
"""Tables over those of a view: ``ours``, ``theirs``, ``chosen`` pairs, ``paired``, ``best``."""


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
        products: All our products with a price: the base of coverage.
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
class Assortment:
    """
    What a competitor offers beside what we sell.

    Attributes:
        offers: Its current offers.
        only_there: Those of them that are not known to be products of ours.
        products: Our products.
        only_here: Those of them that it is not known to offer.
    """

    offers: int
    only_there: int
    products: int
    only_here: int


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
               coalesce(b.availability IN {_OUT}, false) AS sold_out
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
               CASE WHEN availability IN {_OUT} AND stock_before NOT IN {_OUT}
                         THEN 'stock-out'
                    WHEN availability NOT IN {_OUT} AND stock_before IN {_OUT} THEN 'back'
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
        WHERE coalesce(our_availability, '') NOT IN {_OUT}
        GROUP BY rival, our_source, our_key
        HAVING bool_and(coalesce(availability IN {_OUT}, false))
        ORDER BY rival, name LIMIT $limit"""
    return [
        StockGap(str(rival), as_text(name), as_text(ours))
        for rival, name, ours in view.sql(query, limit=limit).rows()
    ]


def assortment(view: View, *, competitor: str) -> Assortment:
    """Return how what a competitor offers and what we sell overlap, as far as is known."""
    query = f"""{PAIRED}
        SELECT (SELECT count(*) FROM theirs WHERE rival = $rival) AS offers,
               (SELECT count(*) FROM paired WHERE rival = $rival) AS same,
               (SELECT count(DISTINCT (our_source, our_key)) FROM paired WHERE rival = $rival)
                   AS products,
               (SELECT count(*) FROM ours) AS every"""
    row = view.sql(query, rival=competitor).one()
    offered = as_count(row["offers"])
    every = as_count(row["every"])
    return Assortment(
        offered,
        offered - as_count(row["same"]),
        every,
        every - as_count(row["products"]),
    )


def unmatched(view: View) -> tuple[int, int]:
    """Return how many current offers of competitors are none of our products, and all of them."""
    query = f"""{PAIRED}
        SELECT (SELECT count(*) FROM theirs) AS every, (SELECT count(*) FROM chosen) AS told"""
    row = view.sql(query).one()
    every = as_count(row["every"])
    return every - as_count(row["told"]), every
