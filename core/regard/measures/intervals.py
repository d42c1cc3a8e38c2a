"""
How sure a number is: 95 % intervals of shares, of NPS and of means, and of differences.

Everything is Decimal. Shares and NPS are on the scale from 0 (or -100) to 100. Without any
observation there is no number, so the value is None and never zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import Final

__all__ = [
    "SMALL_BASE",
    "Estimate",
    "clear_difference",
    "mean_estimate",
    "nps_estimate",
    "share_estimate",
    "t_quantile",
    "z_quantile",
]

SMALL_BASE: Final = 30
"""Below so many observations a number says so."""

_HUNDRED: Final = Decimal(100)
_TENTHS: Final = Decimal("0.1")
_HUNDREDTHS: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    A number, its base and its interval.

    Attributes:
        value: A share or NPS to one decimal, a mean to two; None: one cannot tell.
        n: How many observations it rests on.
        low: Lower end of the 95 % interval; None: there is none.
        high: Upper end of it.
        variance: Of the value itself, its standard error squared; None: one cannot tell.
    """

    value: Decimal | None
    n: int
    low: Decimal | None = None
    high: Decimal | None = None
    variance: Decimal | None = None

    @property
    def small(self) -> bool:
        """Whether there are numbers, but few."""
        return 0 < self.n < SMALL_BASE


def z_quantile(comparisons: int = 1) -> Decimal:
    """
    Return how many standard errors a two-sided 95 % interval reaches: 1.96.

    Args:
        comparisons: Of so many intervals looked at together, all shall hold at 95 % (the
            correction of Bonferroni).
    """
    return Decimal(repr(NormalDist().inv_cdf(1 - 0.025 / comparisons)))


def t_quantile(freedom: int) -> Decimal:
    """
    Return how far a two-sided 95 % interval reaches in Student's t distribution.

    Formula: G. W. Hill, Algorithm 396, Communications of the ACM 13 (1970), 619-620; it agrees
    with the printed tables to three decimals.

    Args:
        freedom: Degrees of freedom, at least 1.
    """
    outside, n = 0.05, float(freedom)
    if freedom == 1:
        half = outside * math.pi / 2
        return Decimal(repr(math.cos(half) / math.sin(half)))
    if freedom == 2:
        return Decimal(repr(math.sqrt(2 / (outside * (2 - outside)) - 2)))
    a = 1 / (n - 0.5)
    b = (48 / a) / a
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * n
    y = (d * outside) ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(outside / 2)
        y = x * x
        if freedom < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y * y)
    else:
        y = (
            (1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1
        ) * (n + 1) / (n + 2) + 1 / y
    return Decimal(repr(math.sqrt(n * y)))


def share_estimate(part: int, n: int) -> Estimate:
    """
    Return a share from 0 to 100 with its interval.

    Formula: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212:
    ``(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``. It stays within 0 and 100 and
    holds for few observations, too.

    Args:
        part: How many of them.
        n: Of how many.
    """
    if n <= 0:
        return Estimate(None, 0)
    z, whole = z_quantile(), Decimal(n)
    p = part / whole
    square = z * z
    middle = p + square / (2 * whole)
    reach = z * (p * (1 - p) / whole + square / (4 * whole * whole)).sqrt()
    below = 1 + square / whole
    low = max((middle - reach) / below, Decimal(0))
    high = min((middle + reach) / below, Decimal(1))
    return Estimate(
        _to_tenths(_HUNDRED * p),
        n,
        _to_tenths(_HUNDRED * low),
        _to_tenths(_HUNDRED * high),
        _HUNDRED * _HUNDRED * p * (1 - p) / whole,
    )


def nps_estimate(promoters: int, detractors: int, n: int) -> Estimate:
    """
    Return a net promoter score from -100 to 100 with its interval.

    Formula: F. Reichheld, Harvard Business Review 81 (2003), 46-54: promoters (9 and 10 of
    0-10) less detractors (0 to 6), in percent of all answers. Its variance is
    ``(p + d - (p - d)²) / n``; 60 promoters and 15 detractors of 100 give 45.0 ± 14.50.

    Args:
        promoters: How many.
        detractors: How many.
        n: All who answered, with those between.
    """
    if n <= 0:
        return Estimate(None, 0)
    whole = Decimal(n)
    p, d = promoters / whole, detractors / whole
    score = _HUNDRED * (p - d)
    variance = _HUNDRED * _HUNDRED * (p + d - (p - d) ** 2) / whole
    reach = z_quantile() * variance.sqrt()
    return Estimate(
        _to_tenths(score),
        n,
        _to_tenths(max(score - reach, -_HUNDRED)),
        _to_tenths(min(score + reach, _HUNDRED)),
        variance,
    )


def mean_estimate(
    n: int,
    mean: Decimal | None,
    deviation: Decimal | None,
    *,
    scale: tuple[Decimal, Decimal] | None = None,
) -> Estimate:
    """
    Return a mean with its interval.

    Formula: Student (W. S. Gosset), Biometrika 6 (1908), 1-25: ``mean ± t·s/sqrt(n)`` with
    n - 1 degrees of freedom.

    Args:
        n: How many values.
        mean: Their mean; None: there are none.
        deviation: Their sample standard deviation; None: there are fewer than two.
        scale: The lowest and highest possible value; the interval does not go beyond.
    """
    if n <= 0 or mean is None:
        return Estimate(None, 0)
    if n < 2 or deviation is None:
        return Estimate(mean.quantize(_HUNDREDTHS), n)
    variance = deviation * deviation / n
    reach = t_quantile(n - 1) * variance.sqrt()
    low, high = mean - reach, mean + reach
    if scale is not None:
        low, high = max(low, scale[0]), min(high, scale[1])
    value, low, high = (each.quantize(_HUNDREDTHS) for each in (mean, low, high))
    return Estimate(value, n, low, high, variance)


def clear_difference(one: Estimate, other: Estimate, *, comparisons: int = 1) -> Decimal | None:
    """
    Return by how much two independent numbers differ, where that is no chance; else None.

    Formula: ``one - other ± z·sqrt(var(one) + var(other))`` does not contain 0. That formula
    is for many observations: a number that rests on fewer than `SMALL_BASE` tells nothing.

    Args:
        one: What is compared.
        other: With what.
        comparisons: How many such pairs were looked at to find this one.
    """
    if one.n < SMALL_BASE or other.n < SMALL_BASE:
        return None
    if one.value is None or other.value is None or one.variance is None or other.variance is None:
        return None
    difference = one.value - other.value
    reach = z_quantile(comparisons) * (one.variance + other.variance).sqrt()
    return difference if abs(difference) > reach else None


def _to_tenths(value: Decimal) -> Decimal:
    return value.quantize(_TENTHS)
