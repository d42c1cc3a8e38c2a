"""The mailboxes on the page about mail are read as the page says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = "docs/guides/mail.md"


def test_the_mailboxes_of_the_page(
    blocks: list[Any], project: Callable[..., Path], run_regard: Callable[..., Any]
) -> None:
    """Two touchpoints, a score and a comment are stored, and one reply waits."""
    found = {block.caption: block.text for block in blocks if block.page == PAGE}
    files = {name: text for name, text in found.items() if (name or "").startswith("mail/")}
    root = project(found["regard.toml"], files=files)
    now = {"REGARD_NOW": "2026-02-01T00:00:00+00:00"}
    done = run_regard("run", "--all", "--json", cwd=root, env=now)
    refused = run_regard("quarantine", "list", "--json", cwd=root)

    assert [("support", "messages", 2), ("replies", "answers", 2), ("replies", "messages", 0)] == [
        (run["source"], run["stream"], run["new"]) for run in json.loads(done.stdout)["runs"]
    ]
    assert ["ambiguous-score"] == [item["reason"] for item in json.loads(refused.stdout)]
