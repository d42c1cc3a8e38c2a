"""
What was bought and what was not: revenue, and the purchases that were not made.

Revenue counts sales only: a card charge would count the same purchase twice, and a deal is
not yet one. A line with a negative amount is a refund of its own; a whole line with the
status ``refunded`` was paid back, so nothing is left of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regard.measures.periods import bounds, during
from regard.reports import Period
from regard.views import Value, View

__all__ = [
    "EARNED",
    "IN_PERIOD",
    "SALES",
    "Bought",
    "LossReason",
    "Outcomes",
    "Payments",
    "Revenue",
    "competitors_lost_to",
    "count_purchases",
    "loss_reasons",
    "payments",
    "purchase_outcomes",
    "revenue",
    "undated_purchases",
]

IN_PERIOD = during("ordered_at")
SALES = "basis = 'sale' AND status IN ('completed', 'refunded')"
EARNED = """CASE WHEN status = 'completed' OR (status = 'refunded' AND amount < 0)
    THEN amount ELSE 0 END"""
_ORDER = "(source, coalesce(nullif(order_key, ''), key))"
# A negative line without an article is a discount on its whole order, and gives nothing back.
_REFUND = """coalesce(amount < 0 AND (status = 'refunded'
    OR (status = 'completed' AND coalesce(sku, product_name) IS NOT NULL)), false)"""


@dataclass(frozen=True, slots=True)
class Revenue:
    """
    What the sales in one currency brought.

    Attributes:
        currency: ISO 4217; None: the source does not say.
        amount: Completed lines less refunds.
        n: How many lines that rests on: those with an amount.
        orders: Purchases: lines of one order count once.
        lines: Lines bought, refunds left out.
        refunds: Lines that were refunded, wholly or in part.
        without_amount: Lines bought of which the amount is unknown.
    """

    currency: str | None
    amount: Decimal
    n: int
    orders: int
    lines: int
    refunds: int
    without_amount: int


@dataclass(frozen=True, slots=True)
class Payments:
    """
    What was paid in one currency, as payment services know it.

    Attributes:
        currency: ISO 4217; None: the source does not say.
        amount: Completed payments less refunds.
        n: How many payments that rests on: those with an amount.
        payments: All of them, refunds left out.
    """

    currency: str | None
    amount: Decimal
    n: int
    payments: int


@dataclass(frozen=True, slots=True)
class Bought:
    """
    How much was bought.

    Attributes:
        purchases: Orders, or lines where there is no order's key.
        n: The lines they consist of, refunds of their own left out.
    """

    purchases: int
    n: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """
    What became of the purchases on one basis.

    A purchase is an order, or a line where there is no order's key.

    Attributes:
        basis: ``sale`` or ``pipeline``; None: both together.
        made: Completed, some of them refunded later.
        not_made: Cancelled, abandoned or lost.
        open: Quoted: one cannot tell yet.
        unknown: Without a status.
    """

    basis: str | None
    made: int
    not_made: int
    open: int
    unknown: int

    @property
    def n(self) -> int:
        """The base of the percentage: those that were decided."""
        return self.made + self.not_made

    @property
    def percent(self) -> Decimal | None:
        """The part not made of those decided, 0 to 100; None: none was decided."""
        if not self.n:
            return None
        return (Decimal(100 * self.not_made) / self.n).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class LossReason:
    """
    Why purchases were not made.

    Attributes:
        status: ``cancelled``, ``abandoned`` or ``lost``.
        reason: As the source says it; None: unknown.
        purchases: How many.
        percent: Their part of all that were not made, 0 to 100.
    """

    status: str
    reason: str | None
    purchases: int
    percent: Decimal


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _int(value: Value) -> int:
    return int(value) if isinstance(value, int) else 0


def count_purchases(view: View, period: Period | None = None) -> Bought:
    """Count what was bought, in whatever currency."""
    query = f"""
        SELECT count(DISTINCT {_ORDER}) AS purchases, count(*) AS n
        FROM purchases WHERE {SALES} AND NOT {_REFUND} AND {IN_PERIOD}"""
    row = view.sql(query, **bounds(period)).one()
    return Bought(_int(row["purchases"]), _int(row["n"]))


def revenue(view: View, period: Period | None = None) -> tuple[Revenue, ...]:
    """Return the revenue of each currency, the one with most purchases first."""
    query = f"""
        SELECT currency,
               coalesce(sum({EARNED}), 0) AS amount,
               count(amount) AS n,
               count(DISTINCT {_ORDER}) FILTER (NOT {_REFUND}) AS orders,
               count(*) FILTER (NOT {_REFUND}) AS lines,
               count(*) FILTER (status = 'refunded' OR {_REFUND}) AS refunds,
               count(*) FILTER (amount IS NULL) AS without_amount
        FROM purchases WHERE {SALES} AND {IN_PERIOD}
        GROUP BY currency ORDER BY orders DESC, currency NULLS LAST"""
    return tuple(_revenue(row) for row in view.sql(query, **bounds(period)).mappings())


def payments(view: View, period: Period | None = None) -> tuple[Payments, ...]:
    """Return what was paid in each currency, apart from revenue, the most payments first."""
    query = f"""
        SELECT currency, coalesce(sum({EARNED}), 0) AS amount, count(amount) AS n,
               count(*) FILTER (NOT coalesce(amount < 0, false)) AS payments
        FROM purchases
        WHERE basis = 'payment' AND status IN ('completed', 'refunded') AND {IN_PERIOD}
        GROUP BY currency ORDER BY payments DESC, currency NULLS LAST"""
    return tuple(
        Payments(
            _text(currency),
            Decimal(amount) if isinstance(amount, Decimal | int) else Decimal(0),
            _int(n),
            _int(count),
        )
        for currency, amount, n, count in view.sql(query, **bounds(period)).rows()
    )


def _revenue(row: Mapping[str, Value]) -> Revenue:
    amount = row["amount"]
    return Revenue(
        currency=_text(row["currency"]),
        amount=Decimal(amount) if isinstance(amount, Decimal | int) else Decimal(0),
        n=_int(row["n"]),
        orders=_int(row["orders"]),
        lines=_int(row["lines"]),
        refunds=_int(row["refunds"]),
        without_amount=_int(row["without_amount"]),
    )


_DECIDED = f"""
    SELECT basis,
           bool_or(coalesce(status IN ('completed', 'refunded'), false)) AS made,
           bool_or(coalesce(status IN ('cancelled', 'abandoned', 'lost'), false)) AS failed,
           bool_or(coalesce(status = 'quoted', false)) AS quoted,
           min(status) FILTER (status IN ('cancelled', 'abandoned', 'lost')) AS status,
           min(nullif(trim(reason), ''))
               FILTER (status IN ('cancelled', 'abandoned', 'lost')) AS reason,
           min(nullif(trim(competitor), '')) FILTER (status = 'lost') AS competitor
    FROM purchases
    WHERE basis IN ('sale', 'pipeline') AND {IN_PERIOD} AND NOT {_REFUND}
    GROUP BY basis, {_ORDER}"""


def purchase_outcomes(view: View, period: Period | None = None) -> tuple[Outcomes, ...]:
    """Return what became of the purchases: first all together, then by basis."""
    query = f"""
        WITH decided AS ({_DECIDED})
        SELECT basis,
               count(*) FILTER (made) AS made,
               count(*) FILTER (NOT made AND failed) AS not_made,
               count(*) FILTER (NOT made AND NOT failed AND quoted) AS open,
               count(*) FILTER (NOT made AND NOT failed AND NOT quoted) AS unknown
        FROM decided GROUP BY basis ORDER BY basis DESC"""
    parts = [
        Outcomes(_text(basis), _int(made), _int(not_made), _int(quoted), _int(unknown))
        for basis, made, not_made, quoted, unknown in view.sql(query, **bounds(period)).rows()
    ]
    whole = Outcomes(
        None,
        sum(part.made for part in parts),
        sum(part.not_made for part in parts),
        sum(part.open for part in parts),
        sum(part.unknown for part in parts),
    )
    return (whole, *parts)


def loss_reasons(view: View, period: Period | None = None) -> tuple[LossReason, ...]:
    """Return why purchases were not made, the most frequent reason first."""
    query = f"""
        WITH decided AS ({_DECIDED})
        SELECT status, reason, count(*) AS purchases
        FROM decided WHERE failed AND NOT made
        GROUP BY status, reason ORDER BY purchases DESC, status, reason NULLS LAST"""
    rows = view.sql(query, **bounds(period)).rows()
    whole = sum(_int(row[2]) for row in rows)
    return tuple(
        LossReason(str(status), _text(reason), _int(count), _part(_int(count), whole))
        for status, reason, count in rows
    )


def _part(part: int, whole: int) -> Decimal:
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"))


def competitors_lost_to(
    view: View, period: Period | None = None
) -> Sequence[tuple[str | None, int]]:
    """Return to whom purchases were lost and how many; None: the source does not say."""
    query = f"""
        WITH decided AS ({_DECIDED})
        SELECT coalesce(competitor_of(competitor), competitor) AS lost_to, count(*) AS purchases
        FROM decided WHERE status = 'lost' AND NOT made
        GROUP BY lost_to ORDER BY purchases DESC, lost_to NULLS LAST"""
    rows = view.sql(query, **bounds(period)).rows()
    return [(_text(competitor), _int(count)) for competitor, count in rows]


def undated_purchases(view: View) -> int:
    """Count the lines that no period can contain, because their time is unknown."""
    query = "SELECT count(*) AS n FROM purchases WHERE ordered_at IS NULL"
    return _int(view.sql(query).one()["n"])
