"""What a crawl owes to those it visits: robots.txt, pace, honesty, and an outcome an address."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from regard.demo.shop import Catalogue, Shop
from regard.errors import PluginError
from regard.frontier import Address
from regard_scrapers.crawling import Crawl, CrawlSettings
from regard_scrapers.spiders.frames import Fetched
from regard_scrapers.spiders.guarding import is_public
from regard_scrapers.spiders.pacing import PacingMiddleware
from regard_scrapers.spiders.robots import Rules, origin_of
from regard_scrapers.spiders.waits import retry_after_seconds

CONTACT = "mailto:prices@us.example"
OpenShop = Callable[..., Shop]


def crawled(
    shop: Shop, paths: Sequence[str | Address], **settings: Any
) -> tuple[dict[str, Fetched], list[str]]:
    """Fetch paths of a shop; return what became of each, and what was left because of a pause."""
    given = {"delay": 0.0, "at_once": 8, "allow_hosts": [shop.host], "window": 100, **settings}
    site = {"competitor": "x", "contact": CONTACT, "delay": 0.0, "allow_hosts": [shop.host]}
    addresses = [
        each if isinstance(each, Address) else Address(f"{shop.url}{each}") for each in paths
    ]
    found: list[Fetched] = []
    paused: list[str] = []
    with Crawl(CrawlSettings(CONTACT, site, "offers", **given)) as crawl:
        crawl.fetch(addresses)
        while crawl.out:
            for heard in crawl.hear():
                if heard.fetched is not None:
                    found.append(heard.fetched)
                elif heard.paused is not None:
                    paused.append(heard.paused)
    assert 1 == max(Counter(each.url for each in found).values(), default=1)
    return {each.url.removeprefix(shop.url): each for each in found}, paused


def test_nothing_forbidden_is_asked_for_however_many_wait(open_shop: OpenShop) -> None:
    """Fifty forbidden addresses that wait for a slow robots.txt lead to no request."""
    shop = open_shop(robots_seconds=0.3)
    found, _ = crawled(shop, [f"/private/{at}" for at in range(50)])

    assert {"robots"} == {each.outcome for each in found.values()}
    assert ["/robots.txt"] == shop.paths


@pytest.mark.parametrize(
    ("status", "outcome", "asked"),
    [
        (500, "robots-unread", 0),
        (503, "robots-unread", 0),
        (429, "rate-limited", 0),
        (404, "ok", 1),
        (403, "ok", 1),
    ],
)
def test_an_error_of_robots_is_no_permission(
    status: int, outcome: str, asked: int, open_shop: OpenShop, catalogue: Catalogue
) -> None:
    """An error of the server forbids everything, a missing file forbids nothing (RFC 9309)."""
    shop = open_shop(robots_status=status)
    path = f"/p/{catalogue.articles[0].sku}"
    found, _ = crawled(shop, [path])

    assert outcome == found[path].outcome
    assert asked == shop.paths.count(path)


def test_one_at_a_time_and_never_closer_than_the_delay(
    open_shop: OpenShop, catalogue: Catalogue
) -> None:
    """Requests to one origin begin no closer than the delay, robots.txt among them."""
    shop = open_shop(page_seconds=0.05)
    paths = [f"/p/{each.sku}" for each in catalogue.articles[:4]]
    crawled(shop, paths, delay=0.4, at_once=1)
    gaps = [later.at - earlier.at for earlier, later in zip(shop.log, shop.log[1:], strict=False)]

    assert 5 == len(shop.log)
    assert min(gaps) >= 0.4


def test_the_delay_that_robots_asks_for(open_shop: OpenShop, catalogue: Catalogue) -> None:
    """A longer Crawl-delay goes before the delay of the site's file."""
    shop = open_shop(crawl_delay=0.5)
    crawled(shop, [f"/p/{each.sku}" for each in catalogue.articles[:3]], at_once=1)
    gaps = [later.at - earlier.at for earlier, later in zip(shop.log, shop.log[1:], strict=False)]

    assert min(gaps[1:]) >= 0.5


def test_haste_is_for_hosts_of_ones_own() -> None:
    """Whatever delay is set, others than the allowed hosts have a second between two requests."""
    settings = {
        "REGARD_DELAY": 0.0,
        "REGARD_AT_ONCE": 8,
        "REGARD_ALLOW_HOSTS": ["127.0.0.1:8080"],
    }

    async def asked(url: str) -> float:
        gate = PacingMiddleware.from_crawler(get_crawler(settings_dict=settings))
        began = time.monotonic()
        for _ in range(2):
            request = Request(url)
            await gate.process_request(request)
            gate.process_response(request, Response(url))
        return time.monotonic() - began

    assert asyncio.run(asked("https://rival.example/p")) >= 1
    assert asyncio.run(asked("http://127.0.0.1:8080/p")) < 0.5


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_less_is_asked_no_more(
    status: int, open_shop: OpenShop, catalogue: Catalogue
) -> None:
    """After the first such answer nothing is sent, and what waited is given back."""
    shop = open_shop(status=status, retry_after="120")
    paths = [f"/p/{each.sku}" for each in catalogue.articles[:6]]
    found, paused = crawled(shop, paths, at_once=1)
    (limited,) = found.values()

    assert ("rate-limited", 120.0) == (limited.outcome, limited.retry_after_seconds)
    assert 5 == len(paused)
    assert 2 == len(shop.log)


def test_an_honest_user_agent(open_shop: OpenShop, catalogue: Catalogue) -> None:
    """Every request, also the one for robots.txt, says who asks and how to reach them."""
    shop = open_shop()
    crawled(shop, [f"/p/{catalogue.articles[0].sku}"])

    assert {f"regard (+{CONTACT})"} == {each.agent for each in shop.log}


def test_only_what_has_changed_is_sent(open_shop: OpenShop, catalogue: Catalogue) -> None:
    """With what the server said the last time, an unchanged page is not sent again."""
    shop = open_shop()
    path = f"/p/{catalogue.articles[0].sku}"
    first, _ = crawled(shop, [path])
    again, _ = crawled(shop, [Address(f"{shop.url}{path}", etag=first[path].etag)])

    assert ("ok", "not-modified") == (first[path].outcome, again[path].outcome)
    assert not again[path].records


def test_private_addresses_are_not_asked_even_through_a_redirect(open_shop: OpenShop) -> None:
    """A redirect to a service of the machine is refused, whatever name it has."""
    shop = open_shop(
        redirects={"/away": "http://localhost:1/admin", "/file": "file:///etc/passwd"}
    )
    found, _ = crawled(shop, ["/away", "/file"])

    assert {"redirected"} == {each.outcome for each in found.values()} - {"http-error"}


def test_addresses_of_other_sites_are_not_asked(open_shop: OpenShop) -> None:
    """Where the site's hosts are known, others are refused."""
    shop = open_shop()
    url = "https://elsewhere.example/p"
    found, _ = crawled(shop, [Address(url)], hosts=["127.0.0.1"])

    assert "refused" == found[url].outcome


@pytest.mark.parametrize(
    ("knobs", "path", "outcome"),
    [
        ({"blocked": True}, "/p/x", "blocked"),
        ({"status": 403}, "/p/x", "blocked"),
        ({"status": 500}, "/p/x", "http-error"),
        ({}, "/p/nothing", "gone"),
    ],
)
def test_every_address_has_one_outcome(
    knobs: dict[str, Any], path: str, outcome: str, open_shop: OpenShop
) -> None:
    """Walls, refusals, errors and missing pages are told apart."""
    shop = open_shop(**knobs)
    found, _ = crawled(shop, [path])

    assert outcome == found[path].outcome


def test_nobody_there() -> None:
    """A server that does not answer is an outcome, not an error; nothing may be asked of it."""
    settings = CrawlSettings(CONTACT, {"competitor": "x", "contact": CONTACT}, "offers",
                             delay=0.0, allow_hosts=["127.0.0.1:9"])  # fmt: skip
    with Crawl(settings) as crawl:
        crawl.fetch([Address("http://127.0.0.1:9/x")])
        found = []
        while crawl.out:
            found += [each.fetched for each in crawl.hear() if each.fetched is not None]

    assert ["robots-unread"] == [each.outcome for each in found]


def test_a_child_that_dies_is_told(open_shop: OpenShop) -> None:
    """A crawl whose process is killed says so instead of waiting for ever."""
    shop = open_shop(page_seconds=5)
    site = {"competitor": "x", "contact": CONTACT, "delay": 0.0, "allow_hosts": [shop.host]}
    settings = CrawlSettings(CONTACT, site, "offers", delay=0.0, allow_hosts=[shop.host])
    crawl = Crawl(settings)
    with pytest.raises(PluginError, match="ended with -9"), crawl:
        crawl.fetch([Address(f"{shop.url}/p/x")])
        crawl.kill()
        while True:
            list(crawl.hear())


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("0.0.0.0", False),
        ("nonsense", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    """Loopback, private and link-local addresses are none of the public web."""
    assert public is is_public(address)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("9" * 50, 604800.0),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    """Seconds and dates are understood, nonsense says nothing, a week is the longest."""
    assert seconds == retry_after_seconds(header, 1_795_176_000.0)


@pytest.mark.parametrize(
    ("text", "url", "allowed"),
    [
        ("User-agent: *\nDisallow: /p\nAllow: /p/1", "https://a.example/p/1", True),
        ("User-agent: *\nDisallow: /p", "https://a.example/p/1", False),
        (
            "User-agent: regard\nDisallow: /\n\nUser-agent: *\nAllow: /",
            "https://a.example/",
            False,
        ),
        ("User-agent: *\nDisallow: /*.pdf$", "https://a.example/a.pdf", False),
        ("", "https://a.example/", True),
        ("\x00\xff nonsense", "https://a.example/", True),
    ],
)
def test_rules(text: str, url: str, allowed: bool) -> None:
    """The longest rule of the most specific group decides."""
    assert bool(allowed) is Rules.read(200, text.encode()).allows(url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://A.example/x", "https://a.example"),
        ("https://a.example:443/x", "https://a.example"),
        ("http://a.example:8080/x", "http://a.example:8080"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_origins(url: str, origin: str) -> None:
    """An origin is scheme, host and port, the usual port left out."""
    assert origin == origin_of(url)


@pytest.mark.parametrize("url", ["no-address", "http://[broken", "http://:80/", "http://", ""])
def test_what_is_no_address_has_an_outcome(url: str, open_shop: OpenShop) -> None:
    """An address that no request can be made of is refused, and those behind it are answered."""
    shop = open_shop()
    found, _ = crawled(shop, [Address(url), "/p/nothing"])

    assert ["gone"] == [each.outcome for path, each in found.items() if path == "/p/nothing"]
    assert "refused" == found[url].outcome
