"""The faults of Scrapy that we replace: a release that mends them is noticed here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regard.demo.shop import Shop

OpenShop = Callable[..., Shop]

PLAIN = """
import sys
from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess

class Plain(Spider):
    name = "plain"
    async def start(self):
        for at in range(8):
            yield Request(f"{sys.argv[1]}/private/{at}")
    def parse(self, response):
        pass

process = CrawlerProcess({"ROBOTSTXT_OBEY": True, "LOG_ENABLED": False, "RETRY_ENABLED": False,
                          "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False})
process.crawl(Plain)
process.start()
"""


def visited(shop: Shop, folder: Path) -> list[str]:
    """Return what stock Scrapy asks a shop for when everything it wants is forbidden."""
    script = folder / "plain.py"
    script.write_text(PLAIN)
    subprocess.run([sys.executable, script, shop.url], check=True, timeout=60, capture_output=True)
    return [path for path in shop.paths if path != "/robots.txt"]


@pytest.mark.slow
def test_it_lets_concurrent_requests_through(open_shop: OpenShop, tmp_path: Path) -> None:
    """Stock Scrapy fetches forbidden pages that wait for robots.txt together: still so."""
    assert visited(open_shop(robots_seconds=0.3), tmp_path)


@pytest.mark.slow
def test_it_takes_an_error_for_permission(open_shop: OpenShop, tmp_path: Path) -> None:
    """Stock Scrapy fetches everything where robots.txt is answered with 500: still so."""
    assert visited(open_shop(robots_status=500), tmp_path)
