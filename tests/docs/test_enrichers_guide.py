"""The enrichers on their page do what the page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = "docs/guides/enrichers.md"


def test_the_page(
    blocks: list[Any], project: Callable[..., Path], run_regard: Callable[..., Any]
) -> None:
    """The page's project is read, enriched by both enrichers, reported on, and well tested."""
    texts = {block.caption: block.text for block in blocks if block.page == PAGE and block.caption}
    config = texts["regard.toml"] + texts["regard.toml with the ranks"]
    plugins = {
        name.partition("/")[2].removesuffix(".py"): text
        for name, text in texts.items()
        if name.startswith("plugins/")
    }
    files = {name: texts[name] for name in ("till/january.csv", "tests/test_price_bands.py")}
    folder = project(config, plugins, files)
    checked = run_regard("check", cwd=folder)
    run_regard("run", "till", cwd=folder)
    done = json.loads(run_regard("enrich", "--all", "--json", cwd=folder).stdout)
    report = run_regard("report", "dear-things", "--format", "json", cwd=folder)
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    (table,) = json.loads(report.stdout)["sections"][0]["tables"]

    assert "0 warnings, 0 errors" in checked.stdout
    assert [("price-bands", 3), ("ranks", 1)] == [
        (one["enricher"], one["new"]) for one in done["runs"]
    ]
    assert [["high", 1, "149"], ["low", 2, "13.5"]] == [
        [row[0], row[1], row[2].rstrip("0").rstrip(".")] for row in table["rows"]
    ]
    assert re.search(r"^5 passed", tested.stdout, re.MULTILINE), tested.stdout
