"""A team's own Scrapy spiders as sources: what they yield, what they owe, and how they fail."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from scrapy import Field as ItemField
from scrapy import Item

from regard.demo.shop import Catalogue, Shop
from regard_scrapers.spiders.frames import pack, unpack
from regard_scrapers.spiders.items import fields_of

pytestmark = pytest.mark.slow

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]
OpenShop = Callable[..., Shop]
OwnProject = Callable[..., Path]

HEAD = """
from dataclasses import dataclass
from decimal import Decimal

import scrapy
from pydantic import BaseModel


class Rival(scrapy.Spider):
    name = "rival"
    start_urls = ["SHOP/list"]

    def parse(self, response):
        yield from response.follow_all(css="a.item", callback=self.article)

"""
ARTICLE = """
    def article(self, response):
        yield {
            "sku": response.css("span.sku::text").get(),
            "price": Decimal("9.90"),
            "currency": "EUR",
            "colour": "red",
        }
"""


@pytest.fixture
def own(project: MakeProject) -> OwnProject:
    """Return what makes a project whose spider visits a shop."""

    def made(shop: Shop, body: str = ARTICLE, more: str = "", *, head: str = HEAD) -> Path:
        guest = f'contact = "mailto:us@us.example"\ndelay = 0.0\nallow_hosts = ["{shop.host}"]\n'
        config = (
            '[sources.own]\nplugin = "web-spider"\nspider = "spiders/rival.py:Rival"\n'
            'kind = "offer"\nkey = ["sku"]\nretries = 0\n'
        )
        spider = (head + body).replace("SHOP", shop.url)
        return project(config + guest + more, files={"spiders/rival.py": spider})

    return made


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what the store says."""
    with sqlite3.connect(folder / "regard.db") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def ran(run_regard: RunRegard, folder: Path) -> dict[str, Any]:
    """Run the source and return its only stream."""
    done = run_regard("run", "own", "--json", cwd=folder)
    (stream,) = json.loads(done.stdout)["runs"]
    return {**stream, "exit": done.returncode, "stderr": done.stderr}


def test_items_arrive_as_records(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """Each item is an offer under its key; what the kind does not know is kept beside it."""
    shop = open_shop(goods=small)
    folder = own(shop)
    first, second = ran(run_regard, folder), ran(run_regard, folder)
    stored = rows(folder, "SELECT key, price, extra, observed_at FROM offers ORDER BY key")

    assert (0, "ok", 6) == (first["exit"], first["outcome"], first["new"]), first
    assert (0, 6) == (second["new"], second["unchanged"])
    assert sorted(each.sku for each in small.articles) == [key for key, *_ in stored]
    assert {(9_900_000, '{"colour":"red"}')} == {(price, extra) for _, price, extra, _ in stored}
    assert all(at is not None for *_, at in stored)


def test_a_spider_is_a_guest(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """Robots.txt, the honest name and the pace hold, whatever the spider says of itself."""
    shop = open_shop(goods=small)
    rude = """
    custom_settings = {
        "ADDONS": {}, "ROBOTSTXT_OBEY": False, "USER_AGENT": "Mozilla/5.0",
        "CONCURRENT_REQUESTS": 32, "TELNETCONSOLE_ENABLED": True,
        "DOWNLOADER_MIDDLEWARES": {"regard_scrapers.spiders.robots.RobotsMiddleware": None},
    }

    def article(self, response):
        yield {"sku": response.css("span.sku::text").get(), "price": 1, "currency": "EUR"}
        yield response.follow("/private/prices", callback=self.article)
"""
    folder = own(shop, rude)
    config = folder / "regard.toml"
    config.write_text(config.read_text().replace("delay = 0.0", "delay = 0.2"))
    done = ran(run_regard, folder)
    gaps = [later.at - earlier.at for earlier, later in zip(shop.log, shop.log[1:], strict=False)]

    assert 6 == done["new"], done
    assert "/private/prices" not in shop.paths
    assert {"regard (+mailto:us@us.example)"} == {each.agent for each in shop.log}
    assert ["/robots.txt", "/list"] == shop.paths[:2]
    # Hosts of one's own may be asked several things at once, but no faster than that.
    assert min(gaps) > 0.15
    assert [(8, 200)] == rows(folder, "SELECT asked, robots_status FROM origins")


def test_bad_items_spare_their_neighbours(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """Items without a key, with impossible values, or of no shape go to quarantine."""
    shop = open_shop(goods=small)
    folder = own(
        shop,
        """
    def parse(self, response):
        yield {"sku": "good", "price": "9.90", "currency": "EUR"}
        yield {"price": "9.90", "currency": "EUR"}
        yield {"sku": "no-price", "price": "call us", "currency": "EUR"}
        yield {"sku": "bytes", "price": 1, "currency": "EUR", "photo": b"\\x00"}
        yield {"sku": "nan", "price": float("nan"), "currency": "EUR"}
        yield {"sku": "trick", "price": {"$decimal": "no"}, "currency": "EUR"}
        yield 7
        yield {"sku": "last", "price": 2, "currency": "EUR"}
""",
    )
    done = ran(run_regard, folder)
    reasons = [reason for (reason,) in rows(folder, "SELECT reason FROM quarantine")]

    assert (0, 2, 6) == (done["exit"], done["new"], done["quarantined"]), done
    assert [("good",), ("last",)] == rows(folder, "SELECT key FROM offers ORDER BY key")
    assert 6 == len(reasons)


def test_an_error_in_a_callback_is_named(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """A failing callback fails the run, by the spider's name and line, and costs no other item."""
    shop = open_shop(goods=small)
    folder = own(
        shop,
        """
    def article(self, response):
        sku = response.css("span.sku::text").get()
        if sku.endswith("3"):
            raise ValueError("ana@people.example")
        yield {"sku": sku, "price": 1, "currency": "EUR"}
""",
    )
    failing = sum(each.sku.endswith("3") for each in small.articles)
    done = ran(run_regard, folder)

    assert failing
    assert (1, 6 - failing) == (done["exit"], done["new"])
    assert "spider spiders/rival.py:Rival raised" in done["error"]
    assert "ValueError at spiders/rival.py:20" in done["error"]
    assert "ana@people.example" not in done["error"] + done["stderr"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    async def start(self):\n        raise KeyError\n        yield\n", "KeyError at"),
        ("    def __init__(self, city, **more):\n        pass\n", "'city'"),
        ("    name = None\n", "must have a name"),
        ("    def parse(self, response):\n        __import__('os')._exit(9)\n", "ended with 9"),
        (
            "    def parse(self, response):\n        raise SystemExit(3)\n",
            "SystemExit at",
        ),
    ],
)
def test_a_spider_that_cannot_go_on(
    body: str, said: str, open_shop: OpenShop, small: Catalogue, own: OwnProject,
    run_regard: RunRegard,
) -> None:  # fmt: skip
    """Whatever breaks a spider ends in one line that names it."""
    done = ran(run_regard, own(open_shop(goods=small), body))

    assert 1 == done["exit"]
    assert "spider spiders/rival.py:Rival" in done["error"]
    assert said in done["error"]
    assert "Traceback" not in done["error"]


def test_a_crash_loses_nothing_that_was_yielded(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """What a spider yielded before its process was killed is stored."""
    shop = open_shop(goods=small)
    folder = own(
        shop,
        """
    seen = 0

    async def article(self, response):
        import asyncio, os, signal
        yield {"sku": response.css("span.sku::text").get(), "price": 1, "currency": "EUR"}
        self.seen += 1
        if self.seen == 6:
            await asyncio.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
""",
    )
    done = ran(run_regard, folder)

    assert "its process ended with -9; what it yielded before is kept" in done["error"]
    assert done["new"] >= 5
    assert [(done["new"],)] == rows(folder, "SELECT count(*) FROM offers")


def _below(root: int) -> dict[int, int]:
    """Return the processes below one, each with its parent."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {root: 0}
    while more := {pid: up for pid, up in parents.items() if up in found and pid not in found}:
        found |= more
    return found


def _commands(pids: Iterable[int]) -> dict[int, str]:
    found = {}
    for pid in pids:
        try:
            found[pid] = Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            continue
    return found


ENDLESS = """
    def article(self, response):
        yield {"sku": response.css("span.sku::text").get(), "price": 1, "currency": "EUR"}
        yield response.request.replace(dont_filter=True)
"""
LOOPING = """
    def parse(self, response):
        yield response.follow("/p/x", errback=self.stay, callback=self.stay)

    def stay(self, response):
        while True:
            pass
"""


@pytest.mark.parametrize("body", [ENDLESS, LOOPING], ids=["reads", "never returns"])
@pytest.mark.parametrize("whole", [False, True], ids=["run", "command"])
def test_a_killed_run_leaves_no_spider_behind(
    whole: bool, body: str, open_shop: OpenShop, small: Catalogue, own: OwnProject
) -> None:
    """Where the run or its command is killed, the spider ends, whatever it is doing."""
    # Neither spider ever ends by itself, however long a busy machine takes to look for it.
    shop = open_shop(goods=small, page_seconds=0.5)
    folder = own(shop, body)
    process = subprocess.Popen([sys.executable, "-m", "regard", "run", "own"], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        end = time.monotonic() + 120
        while len(shop.log) < 3 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        tree = _below(process.pid)
        (spider,) = [pid for pid, said in _commands(tree).items() if "spiders.hosted" in said]
        os.kill(process.pid if whole else tree[spider], signal.SIGKILL)
        process.wait(60)
        end = time.monotonic() + 60
        while _commands([spider]).get(spider) and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait(60)

    assert "spiders.hosted" not in _commands([spider]).get(spider, "")


@pytest.mark.parametrize(
    ("spider", "said"),
    [
        ("spiders/rival.py:Rivals", "it has Rival"),
        ("spiders/nothing.py:Rival", "spiders/nothing.py: there is no such file"),
        ("no_such_module:Rival", "No module named 'no_such_module'"),
        ("../rival.py:Rival", "names no spider"),
        ("/etc/rival.py:Rival", "names no spider"),
        ("rival.py", "names no spider"),
    ],
)
def test_a_spider_that_is_not_there(
    spider: str, said: str, open_shop: OpenShop, own: OwnProject, run_regard: RunRegard
) -> None:
    """`regard check` names the spider, and what would be right, and asks nobody anything."""
    shop = open_shop()
    folder = own(shop)
    config = folder / "regard.toml"
    config.write_text(config.read_text().replace("spiders/rival.py:Rival", spider))
    done = run_regard("check", cwd=folder)

    assert 2 == done.returncode
    assert said in " ".join((done.stdout + done.stderr).split())
    assert [] == shop.log


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('site = "rival"', "leave them out here"),
        ("pages_per_day = 0", "pages_per_day"),
        ('origins = ["rival.example"]', "no address of the web"),
        ('kind = "product"\nsnapshot = true', "snapshot is for offers and reviews"),
    ],
)
def test_tables_that_are_wrong(
    more: str, said: str, open_shop: OpenShop, own: OwnProject, run_regard: RunRegard
) -> None:
    """What a table says twice or wrongly is refused before anything is asked."""
    folder = own(open_shop(), more=more)
    if more.startswith("kind"):
        config = folder / "regard.toml"
        config.write_text(config.read_text().replace('kind = "offer"\n', ""))
    done = run_regard("check", cwd=folder)

    assert 2 == done.returncode
    assert said in " ".join((done.stdout + done.stderr).split())


def test_nobody_says_whom_it_visits(
    open_shop: OpenShop, own: OwnProject, run_regard: RunRegard
) -> None:
    """A spider without start_urls needs its origins named: they are held and paced."""
    done = run_regard("check", cwd=own(open_shop(), "    start_urls = []\n"))

    assert 2 == done.returncode
    assert "say whom it visits" in " ".join((done.stdout + done.stderr).split())


def test_other_sites_are_not_visited(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """What leads elsewhere is left out, and the run says so."""
    shop = open_shop(goods=small, redirects={"/away": "http://localhost:1/admin"})
    folder = own(
        shop,
        """
    def parse(self, response):
        yield response.follow("/away")
        yield scrapy.Request("https://elsewhere.example/")
        yield {"sku": "here", "price": 1, "currency": "EUR"}
""",
    )
    done = run_regard("run", "own", cwd=folder)

    assert 0 == done.returncode, done.stdout
    assert "1 address of https://elsewhere.example not asked for" in done.stderr
    assert "Deprecat" not in done.stderr


def test_the_budget_of_a_day_holds_across_runs(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """A spider stops when its pages of today are used up, and the next run asks nothing."""
    shop = open_shop(goods=small)
    folder = own(shop, more="pages_per_day = 4")
    first = run_regard("run", "own", cwd=folder)
    asked = len(shop.log)
    second = run_regard("run", "own", cwd=folder)

    assert 0 == first.returncode, first.stdout
    assert "the 4 pages of today are used up" in first.stderr
    assert 4 == asked
    assert asked == len(shop.log), second.stdout


@pytest.mark.parametrize(
    ("knobs", "said", "paused"),
    [
        ({"status": 429, "retry_after": "3600"}, "asks spider spiders/rival.py:Rival for less", 1),
        ({"status": 403}, "refuses spider spiders/rival.py:Rival", 1),
        ({"robots_status": 500}, "could not be read", 0),
    ],
)
def test_a_site_that_wants_less(
    knobs: dict[str, Any], said: str, paused: int, open_shop: OpenShop, small: Catalogue,
    own: OwnProject, run_regard: RunRegard,
) -> None:  # fmt: skip
    """After 429 or refusals the next run leaves the site alone; without robots.txt none asks."""
    shop = open_shop(goods=small, **knobs)
    body = "    start_urls = [f'SHOP/p/{at}' for at in range(5)]\n"
    folder = own(shop, body)
    first = ran(run_regard, folder)
    asked = len(shop.log)
    second = ran(run_regard, folder)

    assert said in (first["error"] or "")
    assert 0 == first["new"]
    if paused:
        assert "is left alone until" in second["error"]
        assert asked == len(shop.log)
    else:
        assert ["/robots.txt"] * 2 == shop.paths


def test_nobody_answers(open_shop: OpenShop, own: OwnProject, run_regard: RunRegard) -> None:
    """A site that cannot be reached fails the run by its name."""
    shop = open_shop()
    folder = own(shop)
    spider = folder / "spiders" / "rival.py"
    spider.write_text(spider.read_text().replace(shop.url, "http://127.0.0.1:9"))
    config = folder / "regard.toml"
    config.write_text(config.read_text().replace(shop.host, "127.0.0.1:9"))
    done = ran(run_regard, folder)

    assert 1 == done["exit"]
    assert "http://127.0.0.1:9 cannot be reached" in done["error"]


def test_a_stop_ends_the_spider(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """A deadline ends a slow spider in order; what it yielded stays."""
    shop = open_shop(goods=small, page_seconds=0.2)
    folder = own(
        shop,
        """
    def article(self, response):
        yield {"sku": response.css("span.sku::text").get(), "price": 1, "currency": "EUR"}
        self.again = getattr(self, "again", 0) + 1
        yield response.follow(f"/p/nothing?again={self.again}", dont_filter=True, errback=self.on)

    def on(self, failure):
        self.again += 1
        yield scrapy.Request(f"SHOP/p/nothing?again={self.again}", errback=self.on)
""",
        more='deadline = "8s"',
    )
    began = time.monotonic()
    done = ran(run_regard, folder)

    assert done["exit"] != 0
    assert time.monotonic() - began < 25
    assert 6 == rows(folder, "SELECT count(*) FROM offers")[0][0]


def test_arguments_names_and_constants(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """The table makes the spider, gives fields other names, and adds what no item carries."""
    shop = open_shop(goods=small)
    folder = own(
        shop,
        """
    def parse(self, response):
        yield {"id": "a", "sku": "their own", "euros": 3, "where": self.city}
""",
        more=(
            'fields = {sku = "id", price = "euros"}\n'
            'constants = {currency = "EUR", competitor = "Rival"}\n'
            'arguments = {city = "Soria"}\n'
        ),
    )
    done = ran(run_regard, folder)

    assert 1 == done["new"], done
    assert [("a", 3_000_000, "EUR", "Rival", '{"where":"Soria"}')] == rows(
        folder, "SELECT sku, price, currency, competitor, extra FROM offers"
    )


@pytest.mark.parametrize("field", ["author", "author_hash"])
def test_reviews_of_a_site_keep_no_author(
    field: str,
    open_shop: OpenShop,
    small: Catalogue,
    project: MakeProject,
    run_regard: RunRegard,
) -> None:
    """The site's file says who asks and whose reviews they are; authors become keyed hashes."""
    shop = open_shop(goods=small)
    spider = f"""
import scrapy
from datetime import datetime, timezone


class Said(scrapy.Spider):
    name = "said"
    start_urls = ["{shop.url}/list"]

    def parse(self, response):
        yield {{"key": "1", "{field}": "Ana Quiroga", "rating": 4, "best_rating": 5,
               "worst_rating": 1, "rating_norm": "0.75", "text": "Fine",
               "published_at": datetime(2026, 11, 1, tzinfo=timezone.utc)}}
"""
    site = (
        f'competitor = "Rival"\ncontact = "mailto:us@us.example"\ndelay = 0.0\n'
        f'allow_hosts = ["{shop.host}"]\n'
    )
    config = (
        '[sources.own]\nplugin = "web-spider"\nspider = "said:Said"\nkind = "review"\n'
        'site = "rival"\n'
    )
    folder = project(config, files={"plugins/said.py": spider, "sites/rival.toml": site})
    done = ran(run_regard, folder)
    (stored,) = rows(folder, "SELECT competitor, provider, status, author_hash FROM reviews")

    assert 1 == done["new"], done
    assert ("Rival", "rival", "live") == stored[:3]
    assert stored[3]
    assert b"Quiroga" not in b"".join(path.read_bytes() for path in folder.glob("regard.db*"))


def test_javascript_has_no_effect_on_a_spider(
    open_shop: OpenShop, own: OwnProject, run_regard: RunRegard
) -> None:
    """`regard check` says that a spider's pages are not rendered, whatever a site's file says."""
    shop = open_shop()
    folder = own(shop)
    config = folder / "regard.toml"
    kept = config.read_text().partition("contact =")[0]
    config.write_text(f'{kept}site = "rival"\n')
    site = (
        'competitor = "Rival"\ncontact = "mailto:us@us.example"\ndelay = 0.0\n'
        f'allow_hosts = ["{shop.host}"]\njavascript = true\n'
    )
    (folder / "sites").mkdir(exist_ok=True)
    (folder / "sites" / "rival.toml").write_text(site)
    done = run_regard("check", cwd=folder)

    said = " ".join((done.stdout + done.stderr).split())
    assert "sites/rival.toml says javascript, which has no effect here" in said
    assert [] == shop.log


DELETED = "SELECT key FROM offers WHERE deleted_at IS NOT NULL"


def test_what_two_whole_runs_do_not_meet_is_withdrawn(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """With `snapshot` an article that is gone is withdrawn by the second run without it."""
    shop = open_shop(goods=small)
    folder = own(shop, more="snapshot = true\n")
    ran(run_regard, folder)
    shop.knobs.hidden.add(small.articles[2].sku)
    first, second = ran(run_regard, folder), ran(run_regard, folder)

    assert (0, 1) == (first["deleted"], second["deleted"])
    assert [(small.articles[2].sku,)] == rows(folder, DELETED)
    shop.knobs.hidden.clear()
    ran(run_regard, folder)

    assert [(6,)] == rows(folder, "SELECT count(DISTINCT key) FROM offers "
                          "WHERE valid_to IS NULL AND deleted_at IS NULL")  # fmt: skip


def test_nothing_is_withdrawn_unless_it_is_asked_for(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """A spider may read the newest only, so that what it leaves out stays."""
    shop = open_shop(goods=small)
    folder = own(shop)
    shop.knobs.hidden.add(small.articles[2].sku)
    done = [ran(run_regard, folder) for _ in range(3)]

    assert [0, 0, 0] == [each["deleted"] for each in done]


BROKEN = """
    def parse(self, response):
        yield from super().parse(response)
        raise KeyError("secret")
"""
IDLE = """
    def parse(self, response):
        return []
"""
STOPPING = """
    custom_settings = {"CLOSESPIDER_ITEMCOUNT": 5}
"""
TURNED_AWAY = """
    def parse(self, response):
        yield from response.follow_all(css="a.item", callback=self.article)
        yield response.follow("http://127.0.0.1:9/p/1", callback=self.article)
"""


@pytest.mark.parametrize(
    ("body", "more", "knobs", "said"),
    [
        (ARTICLE + STOPPING, "", {}, "ended with 'closespider_itemcount' and not by itself"),
        (ARTICLE, "pages_per_day = 13\n", {}, "ended with 'budget' and not by itself"),
        (ARTICLE, "", {"status": 500}, "could not read its one address"),
        (ARTICLE + IDLE, "", {}, "the spider yielded nothing, so nothing counts as withdrawn"),
        (ARTICLE, "", {"robots_status": 500}, "robots.txt of SHOP could not be read"),
        (ARTICLE.replace('"sku": r', '"number": r'), "", {}, "5 refused records do not say"),
        (ARTICLE + BROKEN.replace("super().parse(response)", "()"), "", {}, "raised 1 error"),
        (ARTICLE + TURNED_AWAY, 'origins = ["http://127.0.0.1:9"]\n', {}, "could not be read"),
    ],
    ids=["closed", "budget", "server error", "nothing", "robots", "unnamed", "bug", "unreachable"],
)
def test_a_run_that_may_have_missed_something_withdraws_nothing(
    body: str, more: str, knobs: dict[str, Any], said: str,
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard,
) -> None:  # fmt: skip
    """Only a spider that ended by itself and read all it asked for tells what is gone."""
    shop = open_shop(goods=small)
    config = "error_budget = 1.0\nsnapshot = true\n"
    folder = own(shop, more=config)
    ran(run_regard, folder)
    ran(run_regard, folder)
    spider, table = folder / "spiders" / "rival.py", folder / "regard.toml"
    spider.write_text((HEAD + body).replace("SHOP", shop.url))
    also = f'"{shop.host}", "127.0.0.1:9"' if "127.0.0.1:9" in more else f'"{shop.host}"'
    table.write_text((table.read_text() + more).replace(f'"{shop.host}"', also))
    shop.knobs.hidden.add(small.articles[2].sku)
    for name, value in knobs.items():
        setattr(shop.knobs, name, value)
    if "robots_status" in knobs:
        # What was read of it would still hold.
        with sqlite3.connect(folder / "regard.db") as connection:
            connection.execute("UPDATE origins SET robots_at = NULL")
        connection.close()
    done = [run_regard("run", "own", cwd=folder) for _ in range(2)]

    assert [] == rows(folder, DELETED), done[1].stderr
    assert said.replace("SHOP", shop.url) in done[0].stderr + done[0].stdout


def test_a_redirect_is_no_page_that_was_read(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A run whose one address leads on to an error has read nothing, and fails."""
    shop = open_shop(goods=small, redirects={"/list": "/broken"})
    answer = shop._page
    monkeypatch.setattr(
        shop, "_page", lambda at: (500, b"oh", {}) if at == "/broken" else answer(at)
    )
    done = ran(run_regard, own(shop))

    assert "failed" == done["outcome"]
    assert "could not read its one address" in done["error"]


def test_too_much_is_not_withdrawn(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """Where more than the guard allows seems to be gone, rather the spider is to be doubted."""
    shop = open_shop(goods=small)
    folder = own(shop, more="snapshot = true\n")
    ran(run_regard, folder)
    shop.knobs.hidden |= {each.sku for each in small.articles[:3]}
    first, second = ran(run_regard, folder), ran(run_regard, folder)

    assert ("ok", "partial") == (first["outcome"], second["outcome"])
    assert "3 of 6 stored records" in second["error"]
    assert [] == rows(folder, DELETED)
    assert [("records-disappeared",)] == rows(folder, "SELECT code FROM findings")


def test_an_item_is_as_new_as_its_run_where_it_may_be_withdrawn(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """What says of itself that it is old was met all the same."""
    shop = open_shop(goods=small)
    body = ARTICLE.replace('"colour": "red",', '"as_of": "2020-01-01T00:00:00Z",')
    folder = own(shop, body, more="snapshot = true\n")
    done = [ran(run_regard, folder) for _ in range(3)]

    assert [6, 0, 0] == [each["new"] for each in done]
    assert [0, 0, 0] == [each["deleted"] for each in done]


def test_a_preview_stores_nothing(
    open_shop: OpenShop, small: Catalogue, own: OwnProject, run_regard: RunRegard
) -> None:
    """`regard preview` shows the first items and leaves no store behind."""
    folder = own(open_shop(goods=small))
    done = run_regard("preview", "own", "-n", "2", "--json", cwd=folder)
    (stream,) = json.loads(done.stdout)

    assert 2 == len(stream["records"])
    assert not (folder / "regard.db").exists()


# Items of any make


class _Scrapy(Item):
    sku = ItemField()


def _made(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(textwrap.dedent(code), names)
    return names["item"]


@pytest.mark.parametrize(
    "item",
    [
        {"sku": "1"},
        _Scrapy(sku="1"),
        _made(
            """
            from dataclasses import dataclass
            @dataclass
            class Made:
                sku: str
            item = Made("1")
            """
        ),
        _made(
            """
            from pydantic import BaseModel
            class Made(BaseModel):
                sku: str
            item = Made(sku="1")
            """
        ),
    ],
    ids=["dict", "scrapy", "dataclass", "pydantic"],
)
def test_items_of_any_make(item: object) -> None:
    """Mappings, Scrapy items, dataclasses and Pydantic models are items."""
    assert ({"sku": "1"}, None) == fields_of(item)


def test_values_keep_their_type_over_the_pipe() -> None:
    """Amounts and times arrive as they were; days, sets and tuples as what JSON has for them."""
    item = _made(
        """
        from datetime import date, datetime, timezone
        from decimal import Decimal
        from enum import Enum
        class Colour(str, Enum):
            RED = "red"
        item = {"price": Decimal("1.10"), "at": datetime(2026, 1, 2, tzinfo=timezone.utc),
                "on": date(2026, 1, 2), "tags": ("a", {"b": {1}}), "colour": Colour.RED}
        """
    )
    fields, problem = fields_of(item)
    there = unpack(pack({"say": "item", "fields": fields}))["fields"]

    assert problem is None
    assert item["price"] == there["price"]
    assert item["at"] == there["at"]
    assert ("2026-01-02", ["a", {"b": [1]}], "red") == (
        there["on"], there["tags"], there["colour"],
    )  # fmt: skip
