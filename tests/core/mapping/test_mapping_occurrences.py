"""Rows of groups are counted in bounded memory, and exactly."""

from __future__ import annotations

import tracemalloc
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from regard.mapping.occurrences import Occurrences

PARTS = st.sampled_from(
    ["", "1", "11", "a\0b", "a|b", "\ud800", "\u00e9", "e\u0301", "'", "1', '"]
)


@given(st.lists(st.tuples(PARTS, PARTS), max_size=60), st.integers(1, 5))
def test_they_count_as_a_counter_does(groups: list[tuple[str, ...]], at_hand: int) -> None:
    """Whatever groups come, in whatever order, each row gets its number in its group."""
    counted, counts = Occurrences(at_hand), Counter[tuple[str, ...]]()
    for group in groups:
        assert (group in counted) == (group in counts)
        counts[group] += 1
        assert counts[group] == counted.add(group)


def test_their_memory_is_bounded() -> None:
    """Twenty times as many groups take no more of the interpreter's memory."""
    tracemalloc.start()
    try:
        counted = Occurrences(1_000)
        for number in range(2_000):
            counted.add((f"order {number}",))
        before, _ = tracemalloc.get_traced_memory()
        for number in range(2_000, 40_000):
            counted.add((f"order {number}",))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after < before + 100_000
    assert 2 == counted.add(("order 7",))
