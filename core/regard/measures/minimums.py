"""Who advertises our products below the least price that we ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regard.measures.cells import as_count, as_number, as_text
from regard.measures.offers import PAIRED
from regard.views import View

__all__ = ["Below", "below_minimum", "unread_minimums"]

_LEAST: Final = """, written AS (
        SELECT source, key, name, currency, tax_included,
               regexp_replace(json_extract_string(extra, '$."' || (SELECT minimum FROM our_prices)
                              || '"'), '[^0-9.,-]', '', 'g') AS said
        FROM products
    ), least AS (
        SELECT *, try_cast(CASE
                   -- 1.299 may be one or a thousand: nobody can tell.
                   WHEN regexp_full_match(said, '[0-9]+([.,][0-9]{1,2}|[.][0-9]{4,})?')
                        THEN replace(said, ',', '.')
                   WHEN regexp_full_match(said, '[0-9]{1,3}([.][0-9]{3})+,[0-9]{1,2}')
                        THEN replace(replace(said, '.', ''), ',', '.')
                   WHEN regexp_full_match(said, '[0-9]{1,3}(,[0-9]{3})+[.][0-9]{1,2}')
                        THEN replace(said, ',', '')
               END AS DECIMAL(18,6)) AS minimum
        FROM written WHERE said <> ''
    )"""
"""Our products with their least price, as the column that ``[prices] minimum`` names says it."""


@dataclass(frozen=True, slots=True)
class Below:
    """
    An offer of one of our products below its least advertised price, on one basis of tax.

    Attributes:
        competitor: Who advertises it, by the name in reports.
        seller: Who sells it there; None: the competitor itself, or nobody says.
        minimum: The least price, on the basis that it is compared on.
        theirs: The advertised price, on the same.
    """

    name: str | None
    competitor: str
    seller: str | None
    minimum: Decimal
    theirs: Decimal
    currency: str | None

    @property
    def percent(self) -> Decimal:
        """How far it lies below, in percent; negative."""
        return ((self.theirs / self.minimum - 1) * 100).quantize(Decimal("0.1"))


def below_minimum(view: View) -> Sequence[Below]:
    """
    Return the current offers below our least prices, the furthest below first.

    An offer whose basis of tax, currency or condition is not known to be that of our price is
    not compared.
    """
    query = f"""{PAIRED}{_LEAST}, both_known AS (
            SELECT l.name, t.rival, t.seller, t.price, l.minimum, t.currency,
                   coalesce(l.tax_included, (SELECT tax_included FROM our_prices)) AS taxed,
                   t.tax_included AS theirs_taxed, (SELECT vat FROM our_prices) AS vat
            FROM chosen AS c
            JOIN theirs AS t ON t.source = c.ts AND t.key = c.tk
            JOIN least AS l ON l.source = c.os AND l.key = c.ok
            WHERE t.price > 0 AND l.minimum > 0 AND l.currency = t.currency
                  AND coalesce(t.condition, 'NewCondition') = 'NewCondition'
        ), compared AS (
            SELECT *,
                   CASE WHEN taxed = theirs_taxed OR taxed THEN minimum
                        ELSE minimum * (1 + vat) END AS ours,
                   CASE WHEN taxed = theirs_taxed OR theirs_taxed THEN price
                        ELSE price * (1 + vat) END AS theirs
            FROM both_known WHERE taxed IS NOT NULL AND theirs_taxed IS NOT NULL
        )
        SELECT name, rival, seller, CAST(ours AS DECIMAL(38,6)), CAST(theirs AS DECIMAL(38,6)),
               currency
        FROM compared WHERE theirs < ours
        ORDER BY theirs / ours, name, rival, seller"""
    return [
        Below(
            as_text(name), str(rival), as_text(seller), as_number(ours) or Decimal(0),
            as_number(theirs) or Decimal(0), as_text(currency),
        )
        for name, rival, seller, ours, theirs, currency in view.sql(query).rows()
    ]  # fmt: skip


def unread_minimums(view: View) -> tuple[int, int]:
    """Return how many products say a least price that is no amount, and how many say one."""
    query = f"""WITH {_LEAST.removeprefix(", ")}
        SELECT count(*) FILTER (minimum IS NULL) AS unread, count(*) AS every FROM least"""
    row = view.sql(query).one()
    return as_count(row["unread"]), as_count(row["every"])
