"""The channels on the page about notices work as the page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.notifiers import EVENTS

PAGE = "docs/guides/notices.md"


def _texts(blocks: list[Any]) -> dict[str, str]:
    return {block.caption: block.text for block in blocks if block.page == PAGE and block.caption}


def test_the_channels_of_the_page(
    blocks: list[Any],
    project: Callable[..., Path],
    run_regard: Callable[..., Any],
    web_server: Any,
) -> None:
    """The page's configuration is found right, and its chat is reached."""
    folder = project(_texts(blocks)["regard.toml"])
    secrets = {
        "SMTP_PASSWORD": "open-sesame",
        "SLACK_HOOK": web_server.on("/hook", 200),
        "PING_ADDRESS": web_server.on("/ping", 200),
    }
    checked = run_regard("check", cwd=folder, env=secrets)
    tested = run_regard("notices", "test", "chat", cwd=folder, env=secrets)

    assert "ok      notices.ops: mail, on failed, recovered, late, disk\n" in checked.stdout
    assert "0 warnings, 0 errors" in checked.stdout
    assert 0 == tested.returncode, tested.stderr
    assert [("POST", "/hook")] == [asked[:2] for asked in web_server.asked]


@pytest.mark.slow
def test_the_board_of_the_page(
    blocks: list[Any], project: Callable[..., Path], run_regard: Callable[..., Any]
) -> None:
    """The page's plug-in tells a test, and its conformance test passes."""
    texts = _texts(blocks)
    test = {"tests/test_board.py": texts["tests/test_board.py"]}
    folder = project(
        texts["regard.toml with the board"], {"board": texts["plugins/board.py"]}, test
    )
    told = run_regard("notices", "test", "hall", "--json", cwd=folder)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert {"channel": "hall", "arrived": True, "error": None} == json.loads(told.stdout)
    assert "This is a test of [notices.hall]" in (folder / "hall.txt").read_text("utf-8")
    assert re.search(r"^4 passed", run.stdout, re.MULTILINE), run.stdout


def test_every_event_is_on_the_page(root: Path) -> None:
    """The page explains each event, and no other."""
    table = (root / PAGE).read_text("utf-8").partition("## What is told")[2]
    explained = re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)

    assert set(EVENTS) == set(explained)
