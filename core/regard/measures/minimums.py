"""Who advertises our products below the least price that we ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from regard.measures.cells import as_count, as_day, as_number, as_text
from regard.measures.pairing import PAIRED
from regard.views import View

__all__ = ["Below", "Watched", "below_minimum", "watched"]

_CODES: Final = "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HUF|INR|JPY|MXN|NOK|PLN|RON|SEK|TRY|USD"
"""Codes that somebody may write beside an amount; ISO 4217."""

_LEAST: Final = f""", written AS (
        SELECT source, key, name, currency, tax_included,
               trim(json_extract_string(extra, '$."' || (SELECT minimum FROM our_prices)
                                        || '"')) AS said
        FROM products
    ), taken AS (
        -- One amount with at most a currency around it: of two numbers nobody can tell which.
        SELECT *, regexp_replace(
                   regexp_extract(said, '^[^0-9.,+-]*([0-9]+(?:['' \u00a0\u202f][0-9]{{3}})*'
                                  || '[0-9.,]*)[^0-9+-]*$', 1),
                   '[.,'' \u00a0\u202f]+$|['' \u00a0\u202f]', '', 'g') AS digits,
               regexp_extract(upper(said), '\\b({_CODES})\\b') AS code
        FROM written WHERE said <> ''
    ), amounts AS (
        SELECT *, try_cast(CASE
                   -- 1.299 may be one or a thousand: nobody can tell.
                   WHEN regexp_full_match(digits, '[0-9]+([.,][0-9]{{1,2}}|[.][0-9]{{4,}})?')
                        THEN replace(digits, ',', '.')
                   WHEN regexp_full_match(digits, '[0-9]{{1,3}}([.][0-9]{{3}})+,[0-9]{{1,2}}')
                        THEN replace(replace(digits, '.', ''), ',', '.')
                   WHEN regexp_full_match(digits, '[0-9]{{1,3}}(,[0-9]{{3}})+[.][0-9]{{1,2}}')
                        THEN replace(digits, ',', '')
               END AS DECIMAL(18,6)) AS amount
        FROM taken
    ), least AS (
        SELECT *, CASE WHEN amount > 0
                       AND (code = '' OR code = currency)
                       AND (NOT contains(said, '€') OR currency = 'EUR')
                       AND (NOT contains(said, '£') OR currency = 'GBP')
                       AND (NOT contains(said, '$') OR currency NOT IN ('EUR', 'GBP'))
                  THEN amount END AS minimum
        FROM amounts
    )"""
"""
Our products with their least price, as the column that ``[prices] minimum`` names says it.

What is nothing or less, or in another currency than the product's, is no least price.
"""

_SIDES: Final = f"""{PAIRED}{_LEAST}, lowest AS (
        -- Of what two sources of ours list, the first one's that says any.
        SELECT l.*, o.os, o.ok FROM least AS l
        JOIN known_as AS o ON o.source = l.source AND o.key = l.key
        WHERE l.minimum > 0
        QUALIFY row_number() OVER (PARTITION BY o.os, o.ok ORDER BY l.source, l.key) = 1
    ), sides AS (
        SELECT l.source, l.key, l.name, t.rival, t.seller, t.price, l.minimum, t.currency,
               t.last_seen_at,
               coalesce(l.tax_included, (SELECT tax_included FROM our_prices)) AS taxed,
               t.tax_included AS theirs_taxed, (SELECT vat FROM our_prices) AS vat,
               t.price > 0 AND l.currency = t.currency
                   AND coalesce(t.condition, 'NewCondition') = 'NewCondition' AS alike
        FROM chosen AS c
        JOIN theirs AS t ON t.source = c.ts AND t.key = c.tk
        JOIN lowest AS l ON l.os = c.os AND l.ok = c.ok
    ), compared AS (
        SELECT *,
               CASE WHEN taxed = theirs_taxed OR taxed THEN minimum
                    ELSE minimum * (1 + vat) END AS ours,
               CASE WHEN taxed = theirs_taxed OR theirs_taxed THEN price
                    ELSE price * (1 + vat) END AS theirs
        FROM sides WHERE alike AND taxed IS NOT NULL AND theirs_taxed IS NOT NULL
    )"""


@dataclass(frozen=True, slots=True)
class Below:
    """
    An offer of one of our products below its least advertised price, on one basis of tax.

    Attributes:
        competitor: Who advertises it, by the name in reports.
        seller: Who sells it there; None: the competitor itself, or nobody says.
        minimum: The least price, on the basis that it is compared on.
        theirs: The advertised price, on the same.
        seen_on: When it was seen last.
    """

    name: str | None
    competitor: str
    seller: str | None
    minimum: Decimal
    theirs: Decimal
    currency: str | None
    seen_on: date | None = None

    @property
    def percent(self) -> Decimal:
        """How far it lies below, in percent; negative."""
        return ((self.theirs / self.minimum - 1) * 100).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class Watched:
    """
    What the comparison with least prices rests on.

    Attributes:
        column: The column that says them.
        products: Our products with one.
        unread: Those whose column holds something else than an amount above 0 in the product's
            currency.
        offers: Competitors' current offers of them that can be compared.
        hindered: Those that cannot: used goods, another currency or an unknown basis of tax.
    """

    column: str
    products: int
    unread: int
    offers: int
    hindered: int


def below_minimum(view: View) -> Sequence[Below]:
    """
    Return the current offers below our least prices, the furthest below first.

    An offer whose basis of tax, currency or condition is not known to be that of our price is
    not compared.
    """
    query = f"""{_SIDES}
        SELECT name, rival, seller, CAST(ours AS DECIMAL(38,6)), CAST(theirs AS DECIMAL(38,6)),
               currency, CAST(timezone($zone, last_seen_at) AS DATE)
        FROM compared WHERE theirs < ours
        ORDER BY theirs / ours, name, rival, seller"""
    return [
        Below(
            as_text(name), str(rival), as_text(seller), as_number(ours) or Decimal(0),
            as_number(theirs) or Decimal(0), as_text(currency), as_day(seen_on),
        )
        for name, rival, seller, ours, theirs, currency, seen_on in view.sql(
            query, zone=view.timezone
        ).rows()
    ]  # fmt: skip


def watched(view: View) -> Watched | None:
    """Return what the comparison rests on; None: the configuration names no column."""
    query = f"""{_SIDES}, counted AS (
            SELECT (SELECT count(*) FROM compared
                    WHERE ours IS NOT NULL AND theirs IS NOT NULL) AS offers,
                   (SELECT count(*) FROM sides) AS every
        )
        SELECT p.minimum AS named,
               (SELECT count(*) FROM lowest) AS products,
               (SELECT count(*) FROM least WHERE minimum IS NULL) AS unread,
               c.offers, c.every - c.offers AS hindered
        FROM our_prices AS p, counted AS c"""
    row = view.sql(query).one()
    column = as_text(row["named"])
    if column is None:
        return None
    return Watched(
        column,
        as_count(row["products"]),
        as_count(row["unread"]),
        as_count(row["offers"]),
        as_count(row["hindered"]),
    )
