"""
The column types and field makers that all kinds share.

Each maker states two things at once: how a field is stored, and how private it is. The PII
class is read by everything that shows, exports or erases values.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, Text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from regard.numbers import from_millionths, to_millionths

__all__ = ["Millionths", "count", "day", "flag", "instant", "number", "string"]


class Millionths(TypeDecorator[Decimal]):
    """An exact number: a 64-bit integer of millionths in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Return what the database stores."""
        return None if value is None else to_millionths(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return the number that was stored."""
        return None if value is None else from_millionths(value)


def _field(pii: str, sa_type: Any = None, default: Any = None) -> Any:  # noqa: ANN401
    # SQLModel's Field returns Any, because its result stands where a value's type is declared.
    extra = {"json_schema_extra": {"pii": pii}}
    if sa_type is None:
        return Field(default=default, nullable=True, schema_extra=extra)
    return Field(default=default, nullable=True, sa_type=sa_type, schema_extra=extra)


def string(pii: str = "none", default: str | None = None) -> Any:  # noqa: ANN401
    """Return a text field; also for closed sets of words, which validation checks."""
    return _field(pii, Text, default)


def number(pii: str = "none") -> Any:  # noqa: ANN401
    """Return a field for an exact number."""
    return _field(pii, Millionths)


def instant(pii: str = "none") -> Any:  # noqa: ANN401
    """Return a field for an aware time; SQLModel gives it its UTC type."""
    return _field(pii)


def day(pii: str = "none") -> Any:  # noqa: ANN401
    """Return a field for a calendar day."""
    return _field(pii, Date)


def flag(pii: str = "none") -> Any:  # noqa: ANN401
    """Return a field for yes, no or unknown."""
    return _field(pii)


def count(pii: str = "none") -> Any:  # noqa: ANN401
    """Return a field for a whole number."""
    return _field(pii, BigInteger)
