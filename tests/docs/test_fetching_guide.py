"""The page about files that live elsewhere does what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = "docs/guides/fetching.md"


def test_the_file_of_the_page_is_fetched(
    blocks: list[Any], project: Callable[..., Path], run_regard: Callable[..., Any], web: Any
) -> None:
    """Its two rows are stored from the inbox, and the token is sent and kept secret."""
    found = {block.caption: block.text for block in blocks if block.page == PAGE}
    web.pages["/till.csv"] = found["till.csv"].encode()
    root = project(found["regard.toml"].replace("https://shop.example", web.url()))
    done = run_regard("run", "till", "--json", cwd=root, env={"SHOP_TOKEN": "t0p-secret"})
    (run,) = json.loads(done.stdout)["runs"]

    assert ("ok", 2) == (run["outcome"], run["new"])
    assert "Bearer t0p-secret" == web.asked[0][1]["authorization"]
    assert found["till.csv"] == (root / "inbox" / "till" / "till.csv").read_text()
    assert "t0p-secret" not in done.stdout + done.stderr
