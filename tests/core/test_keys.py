"""Keys: one text per record, and never the same text for two different ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from regard import keys

PARTS = st.lists(st.text(alphabet=st.sampled_from("ab|\\"), max_size=4), min_size=2, max_size=3)


def test_nothing_makes_no_key() -> None:
    """Where all parts are empty there is no key."""
    assert "" == keys.compose([])
    assert "" == keys.compose([None, "", None])


def test_parts_join_with_a_bar() -> None:
    """Several parts join with a bar, and a part's own bars and backslashes are escaped."""
    assert r"a\|b|c\\d|" == keys.compose(["a|b", "c\\d", None])


@given(PARTS, PARTS)
def test_different_parts_never_make_one_key(first: list[str], second: list[str]) -> None:
    """Two lists of as many parts make the same key only where they are equal."""
    if len(first) == len(second) and any(first) and any(second):
        assert (first == second) == (keys.compose(first) == keys.compose(second))


def test_a_long_key_is_a_digest() -> None:
    """Beyond 200 characters a sha256 stands for the key; up to them it stays readable."""
    assert "x" * 200 == keys.compose(["x" * 200])

    digest = keys.compose(["x" * 201])

    assert digest.startswith("sha256:")
    assert len("sha256:") + 64 == len(digest)
    assert digest != keys.compose(["x" * 202])


def test_equal_values_make_one_key() -> None:
    """A moment in any zone and a number in any form are the same part of a key."""
    east = timezone(timedelta(hours=9))
    here = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)

    assert keys.compose([here]) == keys.compose([here.astimezone(east)])
    assert "2026-01-01" == keys.compose([date(2026, 1, 1)])
    assert "100" == keys.compose([Decimal("1E+2")])
    assert "100.5" == keys.compose([Decimal("100.500")])
    assert "0" == keys.compose([Decimal("0.00")])
    assert "0" == keys.compose([0])
    assert "0" == keys.compose([Decimal("0E+400")])


def test_a_long_number_is_not_rounded() -> None:
    """A number of more than 28 digits, such as a card's, stays whole."""
    long = "1234567890123456789012345678901"

    assert long == keys.compose([Decimal(long)])
    assert "1.5E+400" == keys.compose([Decimal("1.5E+400")])
    assert "1E-999999" == keys.compose([Decimal("1E-999999")])


def test_broken_text_can_still_be_named() -> None:
    """Half of a character pair in a long key does not stop the naming."""
    assert keys.compose(["\ud800" * 300]).startswith("sha256:")
