"""The guide on mystery shopping does what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = "docs/guides/mystery-shopping.md"


@pytest.fixture
def guided(blocks: list[Any], project: Callable[..., Path]) -> Path:
    """Return the project of the guide."""
    files = {
        block.caption: block.text
        for block in blocks
        if block.page == PAGE and block.caption in ("forms/store.toml", "visits/wave-1.csv")
    }
    config = next(
        block.text for block in blocks if (block.page, block.caption) == (PAGE, "regard.toml")
    )
    return project(config, files=files)


def test_the_visits_of_the_guide(guided: Path, run_regard: Callable[..., Any]) -> None:
    """The scores are those that the guide explains, and the differing total is told."""
    told = json.loads(run_regard("preview", "visits", "--json", cwd=guided).stdout)
    (visits,) = [each for each in told if each["kind"] == "visit"]
    done = run_regard("run", "visits", "--json", cwd=guided)

    assert [("100", "100", True), ("60", "50", False), ("50", "41", False)] == [
        (each["score"], each["stated_score"], each["passed"]) for each in visits["records"]
    ]
    assert [None, None, "Rival"] == [each.get("subject") for each in visits["records"]]
    assert any("states 50, its items give 60" in note for note in visits["notes"])
    assert [("visits", 3), ("scores", 15)] == [
        (each["stream"], each["new"]) for each in json.loads(done.stdout)["runs"]
    ]


def test_the_form_of_the_guide_is_good(guided: Path, run_regard: Callable[..., Any]) -> None:
    """The form can be used as it stands."""
    done = run_regard("form", "check", "forms/store.toml", cwd=guided)

    assert 0 == done.returncode
    assert "0 errors, 0 warnings" in done.stdout
