"""Pages that show something by script only: rendered, and still a guest's visit."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from regard.errors import ConfigError
from regard.frontier import Address
from regard_scrapers.chromium import find_chromium
from regard_scrapers.crawling import Crawl, CrawlSettings, rendering_of
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched
from regard_scrapers.spiders.weighing import processes_below

CONTACT = "mailto:prices@us.example"
OpenScripted = Callable[[], Any]
NEEDS_CHROMIUM = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome-stable"))),
    reason="no Chromium is installed; apt install chromium brings it",
)
# Root has no sandbox to keep.
SWITCHED_ON = {"sandbox": os.geteuid() != 0}


def site_of(shop: Any, **javascript: Any) -> Site:
    """Return a site that is the shop."""
    return Site.model_validate(
        {
            "name": "rival",
            "competitor": "x",
            "contact": CONTACT,
            "delay": 0.0,
            "allow_hosts": [shop.host],
            "javascript": {**SWITCHED_ON, **javascript},
        }
    )


def crawl_of(site: Site, *, seconds: float = 15.0, memory: int = 1_000_000_000,
             **settings: Any) -> Crawl:  # fmt: skip
    """Return a crawl of a site."""
    rendering = rendering_of(site, settings.pop("left", None))
    assert rendering is not None
    given = {"delay": 0.0, "at_once": 8, "allow_hosts": site.allow_hosts, **settings}
    return Crawl(
        CrawlSettings(
            CONTACT,
            site.model_dump(mode="json", exclude_defaults=True),
            "offers",
            rendering=replace(rendering, seconds=seconds, memory=memory),
            window=100,
            **given,
        )
    )


def looked_at(
    site: Site, urls: Sequence[str], kind: str = "page", **settings: Any
) -> tuple[dict[str, Fetched], list[str], list[str]]:
    """Return what became of addresses, which were given back, and whom scripts asked."""
    found: list[Fetched] = []
    paused: list[str] = []
    asked: list[str] = []
    with crawl_of(site, **settings) as crawl:
        crawl.fetch([Address(url, kind) for url in urls])
        while crawl.out:
            for heard in crawl.hear():
                if heard.fetched is not None:
                    found.append(heard.fetched)
                elif heard.paused is not None:
                    paused.append(heard.paused)
                elif heard.asked is not None:
                    asked.append(heard.asked)
    assert 1 == max(Counter(each.url for each in found).values(), default=1)
    return {each.url: each for each in found}, paused, asked


def prices(fetched: Fetched) -> list[str]:
    """Return the prices that were read on a page."""
    return [str(fields["price"]) for fields, *_ in fetched.records]


@NEEDS_CHROMIUM
def test_what_scripts_show_is_read(open_scripted: OpenScripted) -> None:
    """A price that a script fetches and shows is read, and who asked says who it is."""
    shop = open_scripted()
    shop.say("/api/1", '{"price": 12.5}', "application/json")
    url = shop.page("/p/1", 'ask("/api/1").then(found => show("one", found.price));')
    found, _, asked = looked_at(site_of(shop), [url])

    assert ("ok", True, ["12.5"]) == (
        found[url].outcome, found[url].rendered, prices(found[url])
    )  # fmt: skip
    assert ["/p/1", "/api/1"] == shop.paths
    assert [shop.url] == asked
    assert {f"regard (+{CONTACT})"} == {each.headers["user-agent"] for each in shop.log}
