"""The kit for enrichers: each of its checks fails for one that breaks the promise."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

_GOOD = """
import itertools
from pydantic import BaseModel
from regard import enricher

COUNTER = itertools.count()

class Length(BaseModel):
    long: int

@enricher("tested-lengths", inputs="fact", outputs=Length)
def lengths(batch):
    for fact in batch:
        yield {"key": fact["key"], "long": len(fact["text"] or "")}
"""

_TEST = """
from pathlib import Path
from regard.testing import EnricherConformance

class TestLengths(EnricherConformance):
    enricher = "tested-lengths"
    plugin_file = Path(__file__).with_name("lengths.py")
    records = {"fact": [{"key": "a", "text": "four"}, {"key": "b"}]}
    expected = [("length", "fact", "a", 4), ("length", "fact", "b", 0)]
"""

_BROKEN = {
    "test_records_get_their_rows": ('fact["text"] or ""', '(fact["text"] or "") + "!"'),
    "test_two_runs_are_equal": ('len(fact["text"] or "")', "next(COUNTER)"),
    "test_records_that_say_nothing": ('fact["text"] or ""', 'fact["text"]'),
    "test_odd_texts": ("yield {", 'assert not (fact["text"] or "").count("x"); yield {'),
}


def _run(pytester: pytest.Pytester, plugin: str) -> pytest.RunResult:
    pytester.makepyfile(lengths=plugin, test_lengths=_TEST)
    return pytester.runpytest("-p", "no:cacheprovider", "-q")


def test_a_good_enricher_passes(pytester: pytest.Pytester) -> None:
    """An enricher that keeps its promises passes all checks."""
    _run(pytester, _GOOD).assert_outcomes(passed=5)


@pytest.mark.parametrize("check", _BROKEN)
def test_a_broken_promise_is_found(pytester: pytest.Pytester, check: str) -> None:
    """A broken promise fails the check that is about it."""
    result = _run(pytester, _GOOD.replace(*_BROKEN[check]))

    assert any(line.startswith("FAILED") and check in line for line in result.outlines), (
        result.outlines
    )
