"""How a crawl gets to shops where a proxy stands before the web."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from regard.frontier import Address
from regard_scrapers.crawling import Crawl, CrawlSettings
from regard_scrapers.spiders.frames import Fetched

CONTACT = "mailto:prices@us.example"
SHOP = "http://shop.example"

OpenScripted = Callable[[], Any]


def fetched(url: str) -> Fetched:
    """Crawl one address of a shop in no hurry to know who its guests are."""
    hosts = [urlsplit(url).netloc]
    site = {"competitor": "x", "contact": CONTACT, "delay": 0.0, "allow_hosts": hosts}
    settings = CrawlSettings(CONTACT, site, "offers", delay=0.0, allow_hosts=hosts)
    with Crawl(settings) as crawl:
        crawl.fetch([Address(url)])
        while crawl.out:
            for heard in crawl.hear():
                if heard.fetched is not None:
                    found = heard.fetched
    return found


def test_the_environment_names_a_proxy(
    open_scripted: OpenScripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages and robots.txt come through the proxy, which alone knows the shop's name."""
    proxy = open_scripted()
    proxy.say(f"{SHOP}/robots.txt", "User-agent: *\nDisallow: /private\n", "text/plain")
    proxy.say(f"{SHOP}/p/1", "<title>A lamp</title><p>It lights the room, and more.</p>")
    monkeypatch.setenv("http_proxy", f"http://us:p%40ss@{proxy.host}")
    seen = fetched(f"{SHOP}/p/1").status, fetched(f"{SHOP}/private/1").outcome
    asked = {each.headers.get("proxy-authorization") for each in proxy.log}

    assert (200, "robots") == seen
    assert [f"{SHOP}/robots.txt", f"{SHOP}/p/1", f"{SHOP}/robots.txt"] == [
        each.path for each in proxy.log
    ]
    assert {"Basic dXM6cEBzcw=="} == asked


def test_no_proxy_for_this_machine(
    open_scripted: OpenScripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop on the machine itself is asked directly, whatever the environment names."""
    proxy, shop = open_scripted(), open_scripted()
    url = shop.say("/p/1", "<title>A lamp</title><p>It lights the room, and more.</p>")
    monkeypatch.setenv("http_proxy", proxy.url)
    found = fetched(url)

    assert 200 == found.status
    assert [] == proxy.log


def test_a_redirect_away_from_this_machine(
    open_scripted: OpenScripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a shop on the machine itself sends to the web is asked for through the proxy."""
    proxy, shop = open_scripted(), open_scripted()
    proxy.say(f"{SHOP}/robots.txt", "", "text/plain")
    proxy.say(f"{SHOP}/p/1", "<title>A lamp</title><p>It lights the room, and more.</p>")
    url = shop.say("/p/1", "", status=302, Location=f"{SHOP}/p/1")
    monkeypatch.setenv("http_proxy", proxy.url)
    found = fetched(url)

    assert 200 == found.status
    assert [f"{SHOP}/p/1"] == [each.path for each in proxy.log if "robots" not in each.path]


def test_a_proxy_that_lets_nobody_through(
    open_scripted: OpenScripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked for without robots.txt, and the outcome says what kept it away."""
    proxy = open_scripted()
    monkeypatch.setenv("https_proxy", f"http://us:p%40ss@{proxy.host}")
    found = fetched("https://shop.example/p/1")

    assert "robots-unread" == found.outcome
    assert "robots.txt could not be fetched (TunnelError), which forbids everything" == found.text
