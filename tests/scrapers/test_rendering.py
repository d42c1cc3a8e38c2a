"""Pages that show something by script only: rendered, and still a guest's visit."""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
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

SHOW = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["SHOW"]
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


class Ear:
    """
    Hears whether anybody knocks at a port, by TCP or by UDP.

    Attributes:
        port: The same for both.
        knocks: Who did, by protocol.
    """

    def __init__(self) -> None:
        self.knocks: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        for listen in (self._accept, self._receive):
            threading.Thread(target=listen, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._tcp.accept()[0].close()
                self.knocks.append("tcp")

    def _receive(self) -> None:
        with suppress(OSError):
            while self._udp.recvfrom(2048):
                self.knocks.append("udp")

    def close(self) -> None:
        """Hear no more."""
        self._tcp.close()
        self._udp.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Return a port that nobody may knock at."""
    heard = Ear()
    yield heard
    heard.close()


TRIES = """
const there = "http://127.0.0.1:PORT";
const tries = [
  () => fetch(there + "/fetch"),
  () => navigator.sendBeacon(there + "/beacon", "x"),
  () => new WebSocket("ws://127.0.0.1:PORT/socket"),
  () => new EventSource(there + "/events"),
  () => navigator.serviceWorker.register("/worker.js"),
  () => new SharedWorker("data:text/javascript,fetch('" + there + "/shared')"),
  () => new Worker(URL.createObjectURL(new Blob(
    ["fetch('" + there + "/worker'); new WebSocket('ws://127.0.0.1:PORT/worker')"]))),
  () => window.open(there + "/window"),
  () => new WebTransport("https://127.0.0.1:PORT/transport"),
  () => { const peer = new RTCPeerConnection({iceServers: [
      {urls: "stun:127.0.0.1:PORT"},
      {urls: "turn:127.0.0.1:PORT?transport=tcp", username: "a", credential: "b"}]});
    peer.createDataChannel("x");
    return peer.createOffer().then(offer => peer.setLocalDescription(offer)); },
  () => { for (const [tag, name] of [["img", "src"], ["iframe", "src"], ["video", "src"],
      ["object", "data"], ["embed", "src"], ["script", "src"]]) {
    const made = document.createElement(tag);
    made[name] = there + "/" + tag;
    document.body.append(made); } },
  () => { for (const how of ["stylesheet", "preconnect", "dns-prefetch", "prefetch", "preload",
      "modulepreload", "icon", "manifest", "prerender"]) {
    const link = document.createElement("link");
    link.rel = how; link.href = there + "/" + how; link.as = "script";
    document.head.append(link); } },
  () => { const form = document.createElement("form");
    form.action = there + "/form"; form.method = "post";
    document.body.append(form); form.submit(); },
  () => { const link = document.createElement("a");
    link.href = there + "/download"; link.download = "x";
    document.body.append(link); link.click(); },
  () => { location.href = there + "/away"; },
];
for (const each of tries) {
  try { const made = each(); if (made && made.catch) made.catch(() => 0); } catch (error) {}
}
setTimeout(() => show("one", 9), 300);
"""


@NEEDS_CHROMIUM
def test_a_page_reaches_nobody(open_scripted: OpenScripted, ear: Ear) -> None:
    """Whatever a page tries, nobody but its own shop hears of it, and it is read all the same."""
    shop = open_scripted()
    url = shop.page("/p/1", TRIES.replace("PORT", str(ear.port)))
    # The port may be asked by us: what comes there would be Chromium's own doing.
    site = site_of(shop).model_copy(update={"allow_hosts": (shop.host, f"127.0.0.1:{ear.port}")})
    found, _, _ = looked_at(site, [url])

    assert ["9"] == prices(found[url])
    assert ["/p/1"] == shop.paths
    assert [] == ear.knocks


@NEEDS_CHROMIUM
def test_chromium_itself_reaches_nobody(ear: Ear) -> None:
    """With everything let through that is caught otherwise, Chromium still finds no network."""
    script = Path(__file__).with_name("letting_through.py")
    done = subprocess.run(
        [sys.executable, str(script), shutil.which("chromium") or "", str(ear.port)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert "tried" == done.stdout.strip(), done.stderr
    assert [] == ear.knocks


@NEEDS_CHROMIUM
def test_scripts_are_guests_too(open_scripted: OpenScripted) -> None:
    """What robots.txt forbids, other origins, images, cookies and POST never leave for a script."""
    shop, other = open_scripted(), open_scripted()
    shop.say("/private/price", '{"price": 1}', "application/json")
    shop.say("/away", "", "text/plain", 302, Location=f"{other.url}/price")
    shop.say("/api", '{"price": 5}', "application/json", Set_Cookie="who=you")
    url = shop.page(
        "/p/1",
        f"""
        document.cookie = "mine=1";
        for (const path of ["/private/price?to=me", "/away", "{other.url}/price"])
          fetch(path).catch(() => 0);
        fetch("/order", {{method: "POST", body: "x"}}).catch(() => 0);
        document.body.append(Object.assign(new Image(), {{src: "/logo.png"}}));
        ask("/api").then(found => ask("/api?again")).catch(() => show("one", 5));
        """,
    )
    found, _, _ = looked_at(site_of(shop), [url])

    assert ["5"] == prices(found[url])
    assert {"/p/1", "/away", "/api", "/api?again"} == set(shop.paths)
    assert [] == other.log
    assert not any("cookie" in each.headers or "referer" in each.headers for each in shop.log)
    assert {
        f"{other.url} is no origin that javascript.origins names",
        f"{shop.url}/private/price: robots.txt forbids it",
        f"{shop.url}: a request with POST, not GET",
    } == set(found[url].refused)


@NEEDS_CHROMIUM
def test_origins_that_the_file_names(open_scripted: OpenScripted) -> None:
    """Another origin is asked where the file names it, by its own robots.txt, unless private."""
    shop, other = open_scripted(), open_scripted()
    other.say("/robots.txt", "User-agent: *\nDisallow: /closed\n", "text/plain")
    other.say("/price", '{"price": 7}', "application/json", Access_Control_Allow_Origin="*")
    url = shop.page(
        "/p/1",
        f"""
        fetch("{other.url}/closed").catch(() => 0);
        ask("{other.url}/price").then(found => show("one", found.price));
        """,
    )
    site = site_of(shop, origins=[other.url])
    private, _, _ = looked_at(site, [url])
    before = list(other.log)
    site = site.model_copy(update={"allow_hosts": (shop.host, other.host)})
    found, _, asked = looked_at(site, [url])

    assert [] == before
    assert any("private address" in each for each in private[url].refused)
    assert ["7"] == prices(found[url])
    assert ["/price"] == other.paths
    assert [shop.url] == [each.headers["origin"] for each in other.log if each.path == "/price"]
    assert [other.url] == asked


@NEEDS_CHROMIUM
def test_pace_holds_between_what_scripts_ask_for(open_scripted: OpenScripted) -> None:
    """Pages, scripts and what they ask for begin no closer together than the delay."""
    shop = open_scripted()
    for at in range(4):
        shop.say(f"/api/{at}", "{}", "application/json")
    url = shop.page(
        "/p/1",
        'Promise.all([0, 1, 2, 3].map(at => ask("/api/" + at))).then(() => show("one", 3));',
    )
    found, _, _ = looked_at(site_of(shop), [url], delay=0.4, at_once=1)
    gaps = [later.at - earlier.at for earlier, later in pairwise(shop.log)]

    assert ["3"] == prices(found[url])
    assert 6 == len(shop.log)
    assert min(gaps) >= 0.4


@NEEDS_CHROMIUM
def test_scripts_are_fetched_once_a_crawl(open_scripted: OpenScripted) -> None:
    """Pages share their script, and a page that asks again and again gets what came before."""
    shop = open_scripted()
    shop.say("/style.css", "", "text/css")
    shop.say("/app.js", "ready = () => setInterval(() => fetch('/poll'), 20);", "text/javascript")
    body = (
        '<html><body><link rel="stylesheet" href="/style.css"><script src="/app.js"></script>'
        f'<script>{SHOW}ready(); show("one", 4);</script></body></html>'
    )
    urls = [shop.say(f"/p/{at}", body) for at in range(3)]
    found, _, _ = looked_at(site_of(shop), urls)

    assert [["4"]] * 3 == [prices(each) for each in found.values()]
    assert {"/app.js": 1, "/poll": 3} == {
        path: count for path, count in Counter(shop.paths).items() if path in ("/app.js", "/poll")
    }
    assert "/style.css" not in shop.paths


@NEEDS_CHROMIUM
@pytest.mark.parametrize(
    ("script", "outcome", "told"),
    [
        ('show("one", 2); while (true) {}', "unreadable", "did not come to an end"),
        ('show("one", 2); setTimeout(() => { while (true) {} }, 50);', "unreadable",
         "did not come to an end"),
        ('show("one", 2); while (true) alert("you");', "unreadable", "did not come to an end"),
        ('setInterval(() => show("one", 2), 10);', "ok", ""),
        ('show("one", 2); throw new Error("no");', "ok", ""),
        ('show("one", 2); alert("you"); confirm("sure"); prompt("who"); print();', "ok", ""),
        ('show("one", 2); location.href = "/elsewhere";', "ok", ""),
        ('show("one", 2); location.reload();', "ok", ""),
        ('location.replace("/elsewhere");', "unreadable", "lead to"),
        ('show("one", 2); setTimeout(() => { location.href = "about:blank"; }, 100);',
         "unreadable", "leave the page"),
        ('document.body.append("x".repeat(9e6));', "too-large", "8 MB"),
        ("const kept = []; while (true) kept.push(new Array(1e5).fill({}));", "unreadable",
         "memory"),
        ("const kept = []; while (true) kept.push(new Uint8Array(4e7).fill(1));", "unreadable",
         "memory"),
        ('for (let at = 0; at < 200; at++) window.open("/w" + at); show("one", 2);', "ok", ""),
    ],
)  # fmt: skip
def test_a_page_that_misbehaves_costs_no_other(
    script: str, outcome: str, told: str, open_scripted: OpenScripted
) -> None:
    """A page that hangs, floods, throws, asks back or runs away is bounded, and has one outcome."""
    shop = open_scripted()
    bad = shop.page("/p/bad", script)
    good = shop.page("/p/good", 'show("one", 8);')
    found, _, _ = looked_at(site_of(shop), [bad, good], seconds=2.0, memory=700_000_000)

    assert (outcome, "ok") == (found[bad].outcome, found[good].outcome), found[bad]
    assert told in found[bad].text
    assert ["8"] == prices(found[good])
    assert {"/p/bad", "/p/good"} >= set(shop.paths)
