"""
Exact numbers: Decimal for people, 64-bit millionths for the store.

A float cannot hold 0.1, and neither SQLite nor JSON has a decimal type, so every number
that is stored is an integer count of millionths. What does not fit is refused, never rounded.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from regard.errors import RecordError

__all__ = ["MAX_MILLIONTHS", "MILLION", "from_millionths", "to_millionths"]

MILLION = 1_000_000
MAX_MILLIONTHS = 10**18 - 1
"""The largest magnitude: DECIMAL(18,6) in columns, and well inside 64 bits in the store."""

_SIX_PLACES = 6


def to_millionths(value: Decimal | int) -> int:
    """
    Return a number as an integer count of millionths.

    Args:
        value: A finite number with at most six decimals, below 10**12 in magnitude.

    Raises:
        RecordError: ``not-finite``, ``too-many-decimals`` or ``out-of-range``.
    """
    if isinstance(value, int):
        scaled = value * MILLION
    else:
        try:
            shifted = value.scaleb(_SIX_PLACES)
            scaled = int(shifted)
            exact = shifted.to_integral_value() == shifted
        except (InvalidOperation, OverflowError, ValueError) as error:
            reason = "out-of-range" if value.is_finite() else "not-finite"
            message = "a number must be finite and below a million millions"
            raise RecordError(reason, message) from error
        if not exact:
            message = "a number may have at most six decimals; it is never rounded"
            raise RecordError("too-many-decimals", message)
    if not -MAX_MILLIONTHS <= scaled <= MAX_MILLIONTHS:
        message = "a number must be below a million millions"
        raise RecordError("out-of-range", message)
    return scaled


def from_millionths(value: int) -> Decimal:
    """Return the number that a count of millionths stands for, without trailing zeros."""
    whole, rest = divmod(abs(value), MILLION)
    text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)
    return Decimal(f"-{text}" if value < 0 else text)
