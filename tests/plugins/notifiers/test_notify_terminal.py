"""Notices are shown where the loop runs."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.errors import NoticeRefused
from regard.testing import NotifierConformance

Make = Callable[[str], Any]

CONFIG = "[notices.ops]\nterminal = true\n"


def test_one_line_without_a_bell_in_a_log(
    office: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of many notices the gravest is shown, with how many there are."""
    shop = office(CONFIG)
    shop.put("The disk is\x1b[2J full.", "No answer.", "No answer.")
    shop.put("It works.", event="recovered")

    assert ([], {"told"}) == (shop.tell(), set(shop.states()))
    shown = (
        "regard: 3 failed, 1 recovered: source:s0: The disk is\N{REPLACEMENT CHARACTER}[2J full."
    )
    assert ("", f"{shown} (and 3 more)\n") == capsys.readouterr()


def test_a_terminal_rings(project: Callable[..., Path]) -> None:
    """On a terminal the bell is rung."""
    folder = project(CONFIG)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "regard", "notices", "test", "ops"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=theirs, check=False)
    os.close(theirs)
    shown = os.read(ours, 10_000)
    os.close(ours)

    assert (0, b"ops: the test was taken\n") == (done.returncode, done.stdout)
    assert shown.startswith(b"\aregard: 1 test: a test: This is a test of [notices.ops]")


def test_a_report_is_no_line(office: Make) -> None:
    """The terminal is no place for reports by this way."""
    with pytest.raises(NoticeRefused, match="the notifier 'terminal' takes no reports"):
        office(CONFIG).send("Customers", "42")


class TestConformance(NotifierConformance):
    """The terminal keeps the promises of a notifier."""

    notifier = "terminal"

    @pytest.fixture(autouse=True)
    def _screen(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.screen = capsys

    def arrived(self, root: Path) -> str:
        """Return what was shown."""
        return self.screen.readouterr().err
