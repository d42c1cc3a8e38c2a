"""The guide on a team's own spiders does what it says, on a shop of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from regard.demo.shop import Catalogue, Shop, make_catalogue

PAGE = "docs/guides/own-spiders.md"
TODAY = date(2026, 11, 20)


def test_the_spider_of_the_guide_reads_a_shop(
    blocks: list[Any], project: Callable[..., Path], run_regard: Callable[..., Any]
) -> None:
    """Each article of the list is an offer of the competitor, at the price that the page shows."""
    texts = {block.caption: block.text for block in blocks if block.page == PAGE}
    goods = make_catalogue("Fair", TODAY, extra=1).articles[:5]
    with Shop(Catalogue("Fair", goods), lambda: TODAY) as shop:
        spider = texts["spiders/fair.py"].replace("https://fair.example", shop.url)
        mine = f'contact = "mailto:x@us.example"\ndelay = 0.0\nallow_hosts = ["{shop.host}"]'
        config = texts["regard.toml"].replace('contact = "mailto:prices@us.example"', mine)
        folder = project(config, files={"spiders/fair.py": spider})
        checked = run_regard("check", cwd=folder)
        asked = len(shop.log)
        run = run_regard("run", "fair", "--json", cwd=folder)
    shown = json.loads(run.stdout)["runs"][0]

    assert (0, 0) == (checked.returncode, asked), checked.stdout + checked.stderr
    assert shop.url in checked.stdout
    assert ("ok", 5, 0) == (shown["outcome"], shown["new"], shown["quarantined"]), shown
