"""Somebody new follows the page word by word, from an empty folder to a loop that has run."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = "docs/getting-started.md"
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]

NOT_HERE = ("pip", "regard look", "regard demo")
"""What installs something, or has tests of its own."""


def test_a_new_user_gets_where_the_page_says(
    blocks: list[Any], tmp_path: Path, run_regard: RunRegard
) -> None:
    """Every file of the page is written, every command of it works, and the report is there."""
    folder = tmp_path
    done = {}
    for block in blocks:
        if block.page != PAGE:
            continue
        if block.caption is not None:
            path = folder / block.caption
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
            # Written some time ago, as an export is that somebody has put there.
            os.utime(path, (1_770_000_000, 1_770_000_000))
        if block.language != "console":
            continue
        for line in block.text.splitlines():
            command = line.removeprefix("$ ")
            if command.startswith("cd "):
                folder = folder / command.removeprefix("cd ")
            elif not command.startswith(NOT_HERE):
                ran = run_regard(*shlex.split(command)[1:], cwd=folder)
                done[command] = ran.returncode
    status = json.loads(run_regard("status", "--json", cwd=folder).stdout)
    rows = json.loads(run_regard("runs", "--due", "--json", cwd=folder).stdout)

    assert {"regard schedule --once", "regard schedule --list", "regard check"} <= done.keys()
    # Nothing runs by itself yet, and that is what status says.
    assert {"regard status": 1} == {name: code for name, code in done.items() if code}
    assert [("crm", "ok", 2)] == [
        (job["job"], job["outcome"], job["records"])
        for job in status["jobs"]
        if job["kind"] == "source"
    ]
    assert {("source:crm", "ok"), ("report:morning", "ok")} == {
        (row["job"], row["state"]) for row in rows
    }
    assert list((folder / "out").glob("morning-*.csv"))
