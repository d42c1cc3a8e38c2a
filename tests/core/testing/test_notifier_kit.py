"""The kit for notifiers: each of its checks fails for a notifier that breaks the promise."""

from __future__ import annotations

from pathlib import Path

import pytest

import regard.testing  # noqa: F401  # imported once: what an inner run imports is forgotten

pytest_plugins = ["pytester"]

_GOOD = """
from regard import Notifier, hookimpl
from regard.notifiers import listed

class Board(Notifier):
    name = "board"

    def tell(self, notices, ctx):
        with (ctx.root / self.config["path"]).open("a", encoding="utf-8") as file:
            for line in listed(notices):
                print(line, file=file)

@hookimpl
def regard_notifiers():
    return [Board]
"""

_TEST = """
from pathlib import Path
from regard.testing import NotifierConformance

class TestBoard(NotifierConformance):
    notifier = "board"
    plugin_file = Path(__file__).with_name("board.py")
    config = {"path": "hall.txt"}
    unreachable = {"path": "no/such/folder/hall.txt"}

    def arrived(self, root):
        return (root / "hall.txt").read_text("utf-8")
"""

_BROKEN = {
    "test_a_notice_arrives": ("print(line, file=file)", "print('something failed', file=file)"),
    "test_many_notices_are_told_at_once": (
        "            for line",
        "            assert len(notices) < 100\n            for line",
    ),
    "test_hostile_text_is_told": ("print(line, file=file)", "print(notices[0].text, file=file)"),
    "test_a_failure_is_raised": (
        "    def tell(self, notices, ctx):\n",
        "    def tell(self, notices, ctx):\n        if '/' in self.config['path']: return\n",
    ),
}


def _run(pytester: pytest.Pytester, plugin: str, check: str = "test") -> pytest.RunResult:
    Path(pytester.path / "board.py").write_text(plugin, encoding="utf-8")
    pytester.makepyfile(test_board=_TEST)
    return pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", "-k", check)


def test_a_good_notifier_passes_every_check(pytester: pytest.Pytester) -> None:
    """A notifier that keeps its promises passes all checks, none skipped."""
    _run(pytester, _GOOD).assert_outcomes(passed=4)


@pytest.mark.slow
@pytest.mark.parametrize("check", sorted(_BROKEN))
def test_a_broken_notifier_fails_its_check(pytester: pytest.Pytester, check: str) -> None:
    """A notifier that breaks one promise fails the check of that promise."""
    right, wrong = _BROKEN[check]
    plugin = _GOOD.replace(right, wrong)
    assert plugin != _GOOD
    result = _run(pytester, plugin, check)

    result.stdout.fnmatch_lines([f"FAILED *{check}*"])
