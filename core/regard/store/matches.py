"""What people decided about offers of others and products of ours."""

from __future__ import annotations

from sqlalchemy import select

from regard.directory import Match
from regard.store.transactions import Transaction, table

__all__ = ["decided", "put"]


def decided(transaction: Transaction) -> tuple[Match, ...]:
    """Return all that was decided."""
    matches = table("matches")
    names = ("source", "offer", "product_source", "product", "state")
    rows = transaction.connection.execute(
        select(*(matches.c[name] for name in names)).order_by(*(matches.c[n] for n in names))
    )
    return tuple(Match(*row) for row in rows)


def put(transaction: Transaction, match: Match) -> None:
    """Store a decision; an earlier one about the same two is replaced."""
    transaction.put(
        "matches",
        {
            "source": match.source,
            "offer": match.offer,
            "product_source": match.product_source,
            "product": match.product,
            "state": match.state,
            "decided_at": transaction.now,
        },
    )
