"""The origins that addresses are at: what all sources together know of whom they ask."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from regard.frontier import OriginState
from regard.store.transactions import Transaction, table

__all__ = ["origin_state", "put_origin"]


def origin_state(transaction: Transaction, origin: str) -> OriginState:
    """Return what is known of an origin."""
    origins = table("origins")
    row = (
        transaction.connection.execute(select(origins).where(origins.c.origin == origin))
        .mappings()
        .first()
    )
    if row is None:
        return OriginState()
    today = row["asked_on"] == transaction.now.date()
    robots = None
    if row["robots_at"] is not None:
        robots = (int(row["robots_status"] or 0), row["robots"] or "", row["robots_at"])
    return OriginState(
        robots,
        row["next_at"],
        row["paused_until"],
        row["paused_why"],
        int(row["asked"]) if today else 0,
    )


def put_origin(transaction: Transaction, origin: str, **values: Any) -> None:  # noqa: ANN401
    """Store what is known of an origin; what is not named stays."""
    origins = table("origins")
    asked = values.pop("asked", None)
    if asked is not None:
        day = transaction.now.date()
        counted = transaction.connection.execute(
            select(origins.c.asked).where(origins.c.origin == origin, origins.c.asked_on == day)
        ).scalar()
        values |= {"asked_on": day, "asked": int(counted or 0) + asked}
    transaction.put("origins", {"origin": origin, "asked": 0, **values},
                    keep=() if asked is not None else ("asked",))  # fmt: skip
