"""Exact numbers: what fits goes in and comes out as it was, what does not is refused."""

from __future__ import annotations

import time
from decimal import ROUND_DOWN, Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import RecordError
from regard.numbers import MAX_MILLIONTHS, from_millionths, to_millionths

# What is inside of the range, in every way of writing it.
FITTING = st.integers(-MAX_MILLIONTHS, MAX_MILLIONTHS).map(lambda n: Decimal(n).scaleb(-6))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.1234567", "too-many-decimals"),
        ("-0.0000001", "too-many-decimals"),
        ("1e-7", "too-many-decimals"),
        ("1E-999999", "too-many-decimals"),
        ("1." + "0" * 30 + "1", "too-many-decimals"),
        ("123456789012345678901234567890.5", "out-of-range"),
        ("1000000000000", "out-of-range"),
        ("-1000000000000", "out-of-range"),
        ("1e12", "out-of-range"),
        ("1E+999999", "out-of-range"),
        ("9" * 5000, "out-of-range"),
        ("NaN", "not-finite"),
        ("sNaN", "not-finite"),
        ("Infinity", "not-finite"),
        ("-Infinity", "not-finite"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, reason: str) -> None:
    """A number that the store cannot hold exactly is refused with its own reason."""
    with pytest.raises(RecordError) as caught:
        to_millionths(Decimal(text))

    assert reason == caught.value.reason


def test_an_absurd_exponent_costs_no_time() -> None:
    """A number with a million digits is refused at once, not after working them out."""
    began = time.monotonic()
    for exponent in (10**6, 10**9, 10**17):
        with pytest.raises(RecordError):
            to_millionths(Decimal((0, (1,), exponent)))

    assert time.monotonic() - began < 0.5


def test_a_whole_number_out_of_range_is_refused() -> None:
    """A whole number of a million millions is refused like any other."""
    with pytest.raises(RecordError) as caught:
        to_millionths(10**12)

    assert "out-of-range" == caught.value.reason


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0.1", 100_000),
        ("999999999999.999999", 999_999_999_999_999_999),
        ("-999999999999.999999", -999_999_999_999_999_999),
        ("-0.000001", -1),
        ("1.10000000000000000000000000000000", 1_100_000),
        ("0e400", 0),
        ("-0", 0),
        ("1E+2", 100_000_000),
    ],
)
def test_exact_numbers_are_counts_of_millionths(text: str, stored: int) -> None:
    """A number with at most six decimals is stored as its exact count of millionths."""
    assert stored == to_millionths(Decimal(text))


@given(FITTING)
def test_every_number_comes_back_as_it_was(value: Decimal) -> None:
    """Whatever number fits comes back equal, in its shortest form."""
    back = from_millionths(to_millionths(value))

    assert value == back
    assert "E" not in str(back)


@given(FITTING)
def test_no_decimal_context_changes_a_number(value: Decimal) -> None:
    """A program that rounds coarsely elsewhere does not make us round."""
    expected = to_millionths(value)
    with localcontext(Context(prec=3, rounding=ROUND_DOWN)):
        actual = to_millionths(value)

    assert expected == actual
