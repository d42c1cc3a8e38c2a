"""
Exact numbers: Decimal for people, 64-bit millionths for the store.

A float cannot hold 0.1, and neither SQLite nor JSON has a decimal type, so every number
that is stored is an integer count of millionths. What does not fit is refused, never rounded.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

from regard.errors import RecordError

__all__ = ["MAX_MILLIONTHS", "MILLION", "from_millionths", "to_millionths"]

MILLION = 1_000_000
MAX_MILLIONTHS = 10**18 - 1
"""The largest magnitude: DECIMAL(18,6) in columns, and well inside 64 bits in the store."""

_SIX_PLACES = 6
_WHOLE_PLACES = 12
# The usual context keeps 28 digits, and would round what has more without a word.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def to_millionths(value: Decimal | int) -> int:
    """
    Return a number as an integer count of millionths.

    Args:
        value: A finite number with at most six decimals, below 10**12 in magnitude.

    Raises:
        RecordError: ``not-finite``, ``too-many-decimals`` or ``out-of-range``.
    """
    scaled = value * MILLION if isinstance(value, int) else _scaled(value)
    if not -MAX_MILLIONTHS <= scaled <= MAX_MILLIONTHS:
        raise _out_of_range()
    return scaled


def _scaled(value: Decimal) -> int:
    if not value.is_finite():
        message = "a number must be finite"
        raise RecordError("not-finite", message)
    if not value:
        return 0
    # Before any digit is worked out: 1E+999999999 would take all memory there is.
    if value.adjusted() >= _WHOLE_PLACES:
        raise _out_of_range()
    shifted = value.scaleb(_SIX_PLACES, _EXACT) if value.adjusted() >= -_SIX_PLACES else None
    scaled = 0 if shifted is None else int(shifted)
    if shifted != scaled:
        message = "a number may have at most six decimals; it is never rounded"
        raise RecordError("too-many-decimals", message)
    return scaled


def _out_of_range() -> RecordError:
    return RecordError("out-of-range", "a number must be below a million millions")


def from_millionths(value: int) -> Decimal:
    """Return the number that a count of millionths stands for, without trailing zeros."""
    whole, rest = divmod(abs(value), MILLION)
    text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)
    return Decimal(f"-{text}" if value < 0 else text)
