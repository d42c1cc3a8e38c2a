"""
Who bought: how purchases are tied to customers, how often those come back, who spends most.

A purchase belongs to the customer whose key it carries, in the same source or in the one that
its source names (``customers = "crm"``). Where it carries no key its e-mail address decides,
within that source and only if exactly one customer has it: a shared address must not turn two
people into one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from regard.measures.periods import bounds
from regard.measures.purchases import EARNED, IN_PERIOD, SALES
from regard.reports import Period
from regard.views import Value, View

__all__ = ["Gap", "Ties", "TopCustomer", "days_between_purchases", "ties", "top_customers"]

_TIED = f"""
    WITH addresses AS (
        SELECT source, lower(trim(email)) AS address, min(key) AS key
        FROM customers WHERE trim(email) <> '' GROUP BY ALL HAVING count(*) = 1
    ), tied AS (
        SELECT p.* EXCLUDE (source, customer_key),
               coalesce(c.customers, p.source) AS source, p.source AS sold_in,
               coalesce(nullif(p.customer_key, ''), a.key) AS buyer
        FROM purchases AS p
        LEFT JOIN customer_sources AS c ON c.source = p.source
        LEFT JOIN addresses AS a
             ON nullif(p.customer_key, '') IS NULL
                AND a.source = coalesce(c.customers, p.source)
                AND a.address = lower(trim(p.email))
        WHERE {SALES}
    ), sold AS (SELECT * FROM tied WHERE {IN_PERIOD})"""
_BOUGHT = "NOT coalesce(amount < 0, false)"
_ORDER = "(sold_in, coalesce(nullif(order_key, ''), key))"


@dataclass(frozen=True, slots=True)
class Ties:
    """
    How many of the lines sold are known to be somebody's.

    Attributes:
        tied: Lines with a customer.
        n: Lines in all.
        customers: The customers behind them.
    """

    tied: int
    n: int
    customers: int

    @property
    def untied(self) -> int:
        """Lines of which one cannot tell whose they are."""
        return self.n - self.tied


@dataclass(frozen=True, slots=True)
class Gap:
    """
    How long customers take to come back.

    Attributes:
        days: The median over customers of each one's median number of days between two days
            with a purchase; None: nobody bought on two days.
        n: The customers it rests on: those who bought on at least two days.
        buyers: All customers who bought.
    """

    days: Decimal | None
    n: int
    buyers: int


@dataclass(frozen=True, slots=True)
class TopCustomer:
    """
    One of those who spent most in one currency.

    Attributes:
        pseudonym: Stands for the customer's key.
        source: Where the customer is known.
        currency: ISO 4217; None: unknown.
        amount: Revenue in that currency.
        orders: Purchases: lines of one order count once.
        last_on: The day of the last of them; None: unknown.
    """

    pseudonym: str
    source: str
    currency: str | None
    amount: Decimal
    orders: int
    last_on: date | None


def _int(value: Value) -> int:
    return int(value) if isinstance(value, int) else 0


def ties(view: View, period: Period | None = None) -> Ties:
    """Count how many of the lines sold are tied to a customer."""
    query = f"""{_TIED}
        SELECT count(buyer) AS tied, count(*) AS n,
               count(DISTINCT (source, buyer)) FILTER (buyer IS NOT NULL) AS customers
        FROM sold WHERE {_BOUGHT}"""
    row = view.sql(query, **bounds(period)).one()
    return Ties(_int(row["tied"]), _int(row["n"]), _int(row["customers"]))


def days_between_purchases(view: View, period: Period | None = None) -> Gap:
    """Measure how many days pass until a customer buys again."""
    query = f"""{_TIED}, days AS (
            SELECT DISTINCT source, buyer, CAST(timezone($zone, ordered_at) AS DATE) AS bought_on
            FROM sold WHERE buyer IS NOT NULL AND ordered_at IS NOT NULL AND {_BOUGHT}
        ), gaps AS (
            SELECT source, buyer, bought_on - lag(bought_on) OVER (
                PARTITION BY source, buyer ORDER BY bought_on) AS gap
            FROM days
        ), each AS (
            SELECT median(CAST(gap AS DECIMAL(12,2))) AS gap FROM gaps GROUP BY source, buyer
        )
        SELECT median(gap) AS days, count(gap) AS n, count(*) AS buyers FROM each"""
    row = view.sql(query, zone=view.timezone, **bounds(period)).one()
    days = row["days"]
    return Gap(days if isinstance(days, Decimal) else None, _int(row["n"]), _int(row["buyers"]))


def top_customers(
    view: View, period: Period | None = None, *, limit: int = 10
) -> tuple[TopCustomer, ...]:
    """
    Return those who spent most, for each currency the largest first.

    Args:
        view: What to read.
        period: In which they bought; None: ever.
        limit: How many of each currency.
    """
    query = f"""{_TIED}, spent AS (
            SELECT source, buyer, currency, sum({EARNED}) AS amount,
                   count(DISTINCT {_ORDER}) FILTER ({_BOUGHT}) AS orders,
                   max(CAST(timezone($zone, ordered_at) AS DATE))
                       FILTER ({_BOUGHT}) AS last_on
            FROM sold WHERE buyer IS NOT NULL GROUP BY ALL
        )
        SELECT source, buyer, currency, amount, orders, last_on FROM spent
        WHERE amount IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY currency ORDER BY amount DESC, source, buyer) <= $limit
        ORDER BY currency NULLS LAST, amount DESC, source, buyer"""
    found = view.sql(query, zone=view.timezone, limit=limit, **bounds(period)).rows()
    return tuple(_top(view, row) for row in found)


def _top(view: View, row: tuple[Value, ...]) -> TopCustomer:
    source, buyer, currency, amount, orders, last_on = row
    return TopCustomer(
        pseudonym=view.pseudonym("customer", str(buyer)),
        source=str(source),
        currency=None if currency is None else str(currency),
        amount=amount if isinstance(amount, Decimal) else Decimal(_int(amount)),
        orders=_int(orders),
        last_on=last_on if isinstance(last_on, date) else None,
    )
