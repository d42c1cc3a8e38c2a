"""How sure numbers are, on published and hand-worked values."""

from __future__ import annotations

from decimal import Decimal

import pytest

from regard.measures.intervals import (
    clear_difference,
    mean_estimate,
    nps_estimate,
    share_estimate,
    t_quantile,
    z_quantile,
)


def test_nothing_is_no_number() -> None:
    """Without any observation there is no number, and no zero."""
    found = (nps_estimate(0, 0, 0), share_estimate(0, 0), mean_estimate(0, None, None))

    assert {(None, None, None)} == {(one.value, one.low, one.high) for one in found}
    assert not any(one.small for one in found)


def test_one_value_has_no_interval() -> None:
    """A mean of one value is known, how sure it is is not."""
    found = mean_estimate(1, Decimal(4), None)

    assert (Decimal(4), None, True) == (found.value, found.low, found.small)


@pytest.mark.parametrize(
    ("counts", "value", "reach"),
    [((60, 15, 100), "45.0", "14.50"), ((300, 200, 1000), "10.0", "4.34")],
)
def test_nps(counts: tuple[int, int, int], value: str, reach: str) -> None:
    """NPS and the width of its interval are the published ones."""
    found = nps_estimate(*counts)
    assert found.variance is not None

    assert Decimal(value) == found.value
    assert Decimal(reach) == (z_quantile() * found.variance.sqrt()).quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("part", "n", "low", "high"),
    [
        (81, 263, "25.5", "36.6"),
        (15, 148, "6.2", "16.0"),
        (0, 20, "0.0", "16.1"),
        (1, 29, "0.6", "17.2"),
    ],
)
def test_shares(part: int, n: int, low: str, high: str) -> None:
    """Intervals of shares are those of Newcombe, Statistics in Medicine 17 (1998), table I."""
    found = share_estimate(part, n)

    assert (Decimal(low), Decimal(high)) == (found.low, found.high)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, "12.706"), (2, "4.303"), (4, "2.776"), (9, "2.262"), (29, "2.045"), (120, "1.980")],
)
def test_student(freedom: int, expected: str) -> None:
    """Quantiles of Student's t are those of the printed tables."""
    assert Decimal(expected) == t_quantile(freedom).quantize(Decimal("0.001"))


def test_means_stay_on_their_scale() -> None:
    """The interval of a mean does not go beyond what is possible."""
    found = mean_estimate(4, Decimal("6.5"), Decimal(1), scale=(Decimal(1), Decimal(7)))

    assert (Decimal("4.91"), Decimal(7)) == (found.low, found.high)


def test_differences() -> None:
    """Only a difference that is no chance is one, and small numbers never make one."""
    good, bad = nps_estimate(60, 15, 100), nps_estimate(20, 60, 100)
    few = nps_estimate(0, 20, 20)

    assert Decimal("-85.0") == clear_difference(bad, good)
    assert clear_difference(good, nps_estimate(58, 15, 100)) is None
    assert clear_difference(few, good) is None
