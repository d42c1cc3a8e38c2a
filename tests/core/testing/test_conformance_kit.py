"""The kit that authors inherit: each of its checks fails for a source that breaks the promise."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

_HEAD = """
from datetime import datetime, timedelta, timezone
from regard import source

DAY = datetime(2025, 1, 1, tzinfo=timezone.utc)
ROWS = [{"key": f"k{n}", "happened_at": DAY + timedelta(days=n // 2), "text": f"t{n}"}
        for n in range(10)]
"""

_GOOD = """
@source("tested-box", kind="touchpoint", cursor="happened_at")
def read(config, since, ctx):
    for row in ROWS:
        if since is None or row["happened_at"] >= since:
            yield dict(row)
"""

_TEST = """
from pathlib import Path
from regard.testing import SourceConformance

class TestBox(SourceConformance):
    plugin = "tested-box"
    plugin_file = Path(__file__).with_name("box.py")
    expected = 10
"""

_BROKEN = {
    "test_it_reads_every_record": ("for row in ROWS:", "for row in ROWS[:7]:"),
    "test_keys_are_unique": (
        "yield dict(row)",
        'yield {**row, "key": row["key"][:1] + str(min(int(row["key"][1:]), 8))}',
    ),
    "test_times_are_aware": (
        "yield dict(row)",
        'yield {**row, "happened_at": row["happened_at"].replace(tzinfo=None)}',
    ),
    "test_two_reads_are_equal": (
        "yield dict(row)",
        'yield {**row, "text": str(datetime.now(timezone.utc))}',
    ),
    "test_a_second_run_changes_nothing": (
        "yield dict(row)",
        'yield {**row, "key": row["key"] + str(ctx.clock.now())}',
    ),
    "test_the_cursor_is_inclusive": ('row["happened_at"] >= since', 'row["happened_at"] > since'),
}


def _run(pytester: pytest.Pytester, body: str) -> pytest.RunResult:
    Path(pytester.path / "box.py").write_text(_HEAD + body, encoding="utf-8")
    pytester.makepyfile(test_box=_TEST)
    return pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")


def test_a_good_source_passes_every_check(pytester: pytest.Pytester) -> None:
    """A source that keeps its promises passes all checks, none skipped."""
    result = _run(pytester, _GOOD)

    result.assert_outcomes(passed=6)


@pytest.mark.parametrize("check", sorted(_BROKEN))
def test_a_broken_source_fails_its_check(pytester: pytest.Pytester, check: str) -> None:
    """A source that breaks one promise fails the check of that promise."""
    right, wrong = _BROKEN[check]
    body = _GOOD.replace(right, wrong)
    assert body != _GOOD
    result = _run(pytester, body)

    result.stdout.fnmatch_lines([f"FAILED *{check}*"])


def test_a_cursor_that_is_ignored_fails(pytester: pytest.Pytester) -> None:
    """A source that reads everything whatever the cursor says is found out."""
    result = _run(pytester, _GOOD.replace("since is None or", "True or"))

    result.stdout.fnmatch_lines(["FAILED *test_the_cursor_is_inclusive*"])
