"""The files on the pages about touchpoints and indicators are read as the pages say."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]


def _folder(blocks: list[Any], page: str, project: MakeProject) -> Path:
    """Return the page's first configuration with all of the page's files."""
    found = [block for block in blocks if block.page == page and block.caption]
    config = next(block.text for block in found if block.caption == "regard.toml")
    files = {block.caption: block.text for block in found if block.caption != "regard.toml"}
    return project(config, files=files)


def _new(run: subprocess.CompletedProcess[str]) -> dict[str, int]:
    done = json.loads(run.stdout)["runs"]
    assert ["ok"] * len(done) == [item["outcome"] for item in done], run.stderr
    found: dict[str, int] = {}
    for item in done:
        found[item["stream"]] = found.get(item["stream"], 0) + item["new"]
    return found


def test_the_files_of_the_page_about_touchpoints(
    blocks: list[Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """Each file on the page is recognised, and gives as many records as the page says."""
    folder = _folder(blocks, "docs/guides/touchpoints.md", project)
    for empty in ("tickets", "mailings"):
        (folder / empty).mkdir()
    run = run_regard("run", "contacts", "--json", cwd=folder)

    assert {
        "calls": 2,
        "pages": 2,
        "suggestions": 1,
        "web-bots": 1,
        "web-views": 2,
    } == _new(run)


def test_the_files_of_the_page_about_indicators(
    blocks: list[Any], project: MakeProject, run_regard: RunRegard
) -> None:
    """Two prices and the footfall of two shops come of the page's files."""
    folder = _folder(blocks, "docs/guides/indicators.md", project)
    run = run_regard("run", "--all", "--json", cwd=folder)

    assert {"indicators": 4} == _new(run)
