"""What the cells of a query's result are, told to the type checker."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from regard.views import Value

__all__ = ["as_count", "as_day", "as_number", "as_text", "as_time"]


def as_count(value: Value) -> int:
    """Return a count; a sum of counts may come as a decimal."""
    return int(value) if isinstance(value, int | Decimal) else 0


def as_number(value: Value) -> Decimal | None:
    """Return a number; None: unknown."""
    return Decimal(value) if isinstance(value, int | Decimal) else None


def as_text(value: Value) -> str | None:
    """Return a text; None: unknown."""
    return None if value is None else str(value)


def as_time(value: Value) -> datetime | None:
    """Return a time; None: unknown."""
    return value if isinstance(value, datetime) else None


def as_day(value: Value) -> date | None:
    """Return a day; None: unknown."""
    return value if isinstance(value, date) and not isinstance(value, datetime) else None
