"""Pages that show something by script only: rendered, and still a guest's visit."""

from __future__ import annotations

import base64
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
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

from regard.errors import ConfigError, PluginError
from regard.frontier import Address
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


TRIES = runpy.run_path(str(Path(__file__).with_name("letting_through.py")))["TRIES"]


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
@pytest.mark.slow
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
    """What robots.txt forbids, other origins, images, cookies and POST are not for scripts."""
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
@pytest.mark.slow
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
@pytest.mark.slow
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
@pytest.mark.slow
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
@pytest.mark.slow
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
        ('document.body.append(document.createComment("x".repeat(9e6)));', "too-large", "8 MB"),
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
    """A page that hangs, floods, throws or runs away is bounded, and has one outcome."""
    shop = open_scripted()
    bad = shop.page("/p/bad", script)
    good = shop.page("/p/good", 'show("one", 8);')
    # Long enough for what floods, also on a busy machine.
    seconds = 20.0 if told == "memory" else 2.0
    found, _, _ = looked_at(site_of(shop), [bad, good], seconds=seconds, memory=700_000_000)

    assert (outcome, "ok") == (found[bad].outcome, found[good].outcome), found[bad]
    assert told in found[bad].text
    assert ["8"] == prices(found[good])
    assert {"/p/bad", "/p/good"} >= set(shop.paths)


@NEEDS_CHROMIUM
@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "script", "outcome"),
    [
        (429, "", "rate-limited"),
        (503, 'show("one", 2);', "rate-limited"),
        (500, "", "network"),
        (500, 'show("one", 2);', "ok"),
        (403, "", "blocked"),
        (403, 'show("one", 2);', "ok"),
        (404, "", "ok"),
    ],
)
def test_what_scripts_are_answered_with(
    status: int, script: str, outcome: str, open_scripted: OpenScripted
) -> None:
    """A server that asks a script for less is left alone; what lacks its data is not empty."""
    shop = open_scripted()
    shop.say("/api", "{}", "application/json", status, Retry_After="77")
    url = shop.page("/p/1", f'fetch("/api").then(() => fetch("/api?more")); {script}')
    found, _, _ = looked_at(site_of(shop), [url])

    assert outcome == found[url].outcome, found[url]
    if outcome == "rate-limited":
        assert 77 == found[url].retry_after_seconds
        assert "/api?more" not in shop.paths


@NEEDS_CHROMIUM
@pytest.mark.slow
def test_scripts_use_up_the_budget_of_the_day(open_scripted: OpenScripted) -> None:
    """Where today's requests are used up a page is given back, and no script asks for more."""
    shop = open_scripted()
    for at in range(9):
        shop.say(f"/api/{at}", "{}", "application/json")
    script = "[0, 1, 2, 3, 4, 5].forEach(at => fetch('/api/' + at)); show('one', 1);"
    url = shop.page("/p/1", script)
    found, paused, _ = looked_at(site_of(shop), [url], left={shop.url: 4})

    assert ({}, [url]) == (found, paused)
    assert 4 == len(shop.paths)


@NEEDS_CHROMIUM
@pytest.mark.slow
def test_a_page_asks_for_so_much_and_no_more(open_scripted: OpenScripted) -> None:
    """Sixty requests are enough for any page; it is read as it is then."""
    shop = open_scripted()
    url = shop.page("/p/1", "for (let at = 0; at < 99; at++) fetch('/api/' + at); show('one', 6);")
    found, _, _ = looked_at(site_of(shop), [url])

    assert ["6"] == prices(found[url])
    assert 61 == len(shop.paths)
    assert ["more than 60 requests for one page"] == found[url].refused


@NEEDS_CHROMIUM
@pytest.mark.slow
def test_what_the_file_waits_for(open_scripted: OpenScripted) -> None:
    """A page is read when what the file names is there, and not read where it never comes."""
    shop = open_scripted()
    late = """setTimeout(() => { show("one", 3);
      document.body.append(Object.assign(document.createElement("b"), {className: "PLACE"}));
    }, 900);"""
    good = shop.page("/p/good", late.replace("PLACE", "price"))
    bad = shop.page("/p/bad", late.replace("PLACE", "other"))
    found, _, _ = looked_at(site_of(shop, wait=".price"), [good, bad], seconds=2.0)

    assert ["3"] == prices(found[good])
    assert ("unreadable", ".price did not appear within 2 seconds") == (
        found[bad].outcome, found[bad].text
    )  # fmt: skip


@NEEDS_CHROMIUM
@pytest.mark.slow
def test_lists_are_rendered_and_sitemaps_are_not(open_scripted: OpenScripted) -> None:
    """A page for whoever wants the body itself comes as its scripts left it."""
    shop = open_scripted()
    url = shop.page("/p/1", 'show("one", 3);')
    raw, _, _ = looked_at(site_of(shop), [url], "raw")
    sitemap, _, _ = looked_at(site_of(shop), [url], "sitemap")

    assert b'"price":"3"' in base64.b64decode(raw[url].body or "")
    assert (True, False) == (raw[url].rendered, sitemap[url].rendered)


HANGS = "while (true) {}"


def left_of(pids: Sequence[int]) -> list[str]:
    """Return which of these processes live on after at most ten seconds."""
    end = time.monotonic() + 10
    while True:
        left = []
        for pid in pids:
            # What has ended and was not asked how has no command any more.
            with suppress(OSError):
                left += [command(pid)[:200]]
        left = [line for line in left if line]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.1)


def command(pid: int) -> str:
    """Return what a process was started with."""
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")


def browser_below(pid: int) -> list[int]:
    """Return the crawl below a process and its own, once Chromium among them shows a page."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError, StopIteration):
            crawl = next(each for each in processes_below(pid) if "spiders.child" in command(each))
            below = [crawl, *processes_below(crawl)]
            if any("--type=renderer" in command(each) for each in below):
                return below
        time.sleep(0.05)
    pytest.fail("no Chromium was started")


@NEEDS_CHROMIUM
@pytest.mark.slow
@pytest.mark.parametrize("killed", ["crawl", "driver", "chromium"])
def test_a_killed_crawl_leaves_no_chromium(
    killed: str, open_scripted: OpenScripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever process is killed, none of the others is left, nor any file of theirs."""
    # Short, for the sockets in it.
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    shop = open_scripted()
    urls = [shop.page("/p/hangs", HANGS), shop.page("/p/good", 'show("one", 8);')]
    found: list[Fetched] = []
    with suppress(PluginError), crawl_of(site_of(shop), seconds=3.0) as crawl:
        crawl.fetch([Address(url) for url in urls])
        below = browser_below(os.getpid())
        lines = {pid: command(pid) for pid in below}
        sign = {"crawl": "spiders.child", "driver": "run-driver", "chromium": "--headless"}[killed]
        victim = next(pid for pid, line in lines.items() if sign in line and "--type=" not in line)
        os.kill(victim, signal.SIGKILL)
        while crawl.out:
            found += [each.fetched for each in crawl.hear() if each.fetched is not None]

    assert [] == left_of(below)
    assert [] == list(folder.iterdir())
    folder.rmdir()
    if killed == "crawl":
        assert [] == found
    else:
        assert {"/p/hangs": "unreadable", "/p/good": "ok"} == {
            each.url.removeprefix(shop.url): each.outcome for each in found
        }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("broken", "chromium does not start: broken"),
        ("1:FATAL: No usable sandbox! Update your kernel", "chromium-sandbox"),
    ],
)
def test_a_chromium_that_does_not_start(
    said: str, told: str, open_scripted: OpenScripted, tmp_path: Path
) -> None:
    """What is no Chromium is told, and the page has no outcome, so that it is still due."""
    program = tmp_path / "chromium"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n", "utf-8")
    program.chmod(0o755)
    shop = open_scripted()
    url = shop.page("/p/1", "")
    with pytest.raises(ConfigError, match=told):
        looked_at(site_of(shop, chromium=str(program)), [url])
