"""What lists, sitemaps and offers on two pages come to over several days."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Shop

pytestmark = pytest.mark.slow

OpenShop = Callable[..., Shop]
MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

CONFIG = '[sources.prices]\nplugin = "web-offers"\nsite = "rival"\nretries = 0\n'
SITEMAP = 'sitemap = "http://HOST/sitemap.xml"\n'
LIST = 'list = {start = "http://HOST/list", item = "a.item", next = "a[rel=next]"}\n'


class Watched:
    """A shop that is looked at once a day, and may answer some paths otherwise."""

    def __init__(self, shop: Shop, folder: Path, run: RunRegard, discover: str) -> None:
        self.shop, self.folder, self._run = shop, folder, run
        self.said: dict[str, bytes | int] = {}
        self.shown = [each.sku for each in shop.catalogue.articles]
        self.day, self._answer = 0, shop._page
        shop._page = self._page  # type: ignore[method-assign]
        self.discover(discover)

    def discover(self, text: str) -> None:
        """Say in the site's file where its pages are."""
        site = (
            'competitor = "Rival"\ncontact = "mailto:us@us.example"\ndelay = 0.0\n'
            f'allow_hosts = ["HOST"]\ncurrency = "EUR"\n[discover]\n{text}'
        )
        path = self.folder / "sites" / "rival.toml"
        path.write_text(site.replace("HOST", self.shop.host), "utf-8")

    def _page(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        said = self.said.get(target)
        if isinstance(said, int):
            return said, b"not now", {"Content-Type": "text/plain"}
        if said is not None:
            return 200, said, {"Content-Type": "text/html; charset=utf-8"}
        return self._answer(target)

    def next(self, day: int | None = None) -> dict[str, Any]:
        """Look at the shop on the next day, or on a certain one; return what came of it."""
        self.day = day or self.day + 1
        before, now = len(self.shop.paths), f"2026-11-{self.day:02}T10:00:00Z"
        done = self._run("run", "prices", "--json", cwd=self.folder, env={"REGARD_NOW": now})
        stream, *_ = json.loads(done.stdout)["runs"]
        asked = self.shop.paths[before:]
        pages = sorted(path[3:] for path in asked if path.startswith("/p/"))
        return {**stream, "pages": pages, "told": "\n".join(stream["notes"])}

    def lists(self, **pages: Sequence[str]) -> None:
        """Answer lists with these articles, or the path of a next page."""
        for name, led_to in pages.items():
            links = "".join(
                f'<a rel="next" href="{each}">more</a>' if each.startswith("/")
                else f'<a class="item" href="/p/{each}">x</a>'
                for each in led_to
            )  # fmt: skip
            self.said[f"/{name}"] = f"<p>What is sold in this shop.</p>{links}".encode()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the store says."""
        with sqlite3.connect(self.folder / "regard.db") as connection:
            found = connection.execute(query).fetchall()
        connection.close()
        return found


@pytest.fixture
def watch(
    open_shop: OpenShop, small: Catalogue, project: MakeProject, run_regard: RunRegard
) -> Callable[..., Watched]:
    """Return what makes a project that looks at a shop with six articles."""

    def made(discover: str = SITEMAP) -> Watched:
        folder = project(CONFIG, files={"sites/rival.toml": ""})
        return Watched(open_shop(goods=small), folder, run_regard, discover)

    return made


def test_an_unchanged_list_leads_to_no_article_that_it_dropped(
    watch: Callable[..., Watched],
) -> None:
    """An article whose page still stands is withdrawn once the list has left it out twice."""
    watched = watch()
    watched.next()
    gone, *rest = watched.shown
    page = watched._answer(f"/p/{gone}")[1]
    watched.shop.knobs.hidden.add(gone)
    watched.said[f"/p/{gone}"] = page
    days = [watched.next() for _ in range(2)]

    assert [rest, rest] == [day["pages"] for day in days]
    assert [0, 1] == [day["deleted"] for day in days]


def test_what_two_lists_lead_to_is_looked_at_while_one_does(
    watch: Callable[..., Watched],
) -> None:
    """An article that leaves a list is no news while an unchanged sitemap still names it."""
    watched = watch(SITEMAP + LIST)
    watched.next()
    watched.next()
    whole = watched._answer("/list")[1].decode()
    item = f'href="/p/{watched.shown[0]}"'
    watched.said["/list"] = whole.replace(item, 'href="/cart"').encode()
    days = [watched.next() for _ in range(3)]

    assert [watched.shown] * 3 == [day["pages"] for day in days]
    assert [0] * 3 == [day["deleted"] for day in days]


def test_more_of_an_unchanged_sitemap_can_be_wanted(watch: Callable[..., Watched]) -> None:
    """A change of `match` holds at once, though the sitemap has not changed."""
    watched = watch()
    watched.discover(f'{SITEMAP}match = "/p/.*[0-2]$"\n')
    few = watched.next()
    watched.discover(SITEMAP)
    every = watched.next()

    assert len(few["pages"]) < len(watched.shown)
    assert watched.shown == every["pages"]


def test_a_sitemap_that_is_suddenly_empty_is_not_believed(watch: Callable[..., Watched]) -> None:
    """Each run says that nothing is led to any more, withdraws nothing, and the next is whole."""
    watched = watch()
    watched.next()
    watched.said["/sitemap.xml"] = b'<?xml version="1.0"?><urlset></urlset>'
    bad = [watched.next() for _ in range(3)]
    watched.said.clear()
    last = watched.next()

    assert [("failed", 0)] * 3 == [(day["outcome"], day["deleted"]) for day in bad]
    assert all("it leads nowhere any more" in day["error"] for day in bad)
    assert ("ok", watched.shown) == (last["outcome"], last["pages"])


def test_a_sitemap_that_is_cut_off_withdraws_nothing(watch: Callable[..., Watched]) -> None:
    """What it names is looked at, that it is cut off is told, and the rest stays."""
    watched = watch()
    watched.next()
    whole = watched._answer("/sitemap.xml")[1]
    watched.said["/sitemap.xml"] = whole[: whole.index(watched.shown[-1].encode())]
    days = [watched.next() for _ in range(3)]

    assert [watched.shown[:-1]] * 3 == [day["pages"] for day in days]
    assert [0] * 3 == [day["deleted"] for day in days]
    assert all("sitemap.xml: it is cut off; not all" in day["told"] for day in days)


TWO = 'list = {start = ["http://HOST/all", "http://HOST/sale"], item = "a.item"}\n'


@pytest.mark.parametrize("over", [b"<p>The sale is over.</p>", 404, 500])
def test_a_list_that_is_over_spares_what_it_led_to(
    over: bytes | int, watch: Callable[..., Watched]
) -> None:
    """
    What another list drops is withdrawn as ever.

    What the lost one led to goes with the third pass that finds nothing there, but for an error.
    """
    watched = watch(TWO)
    first, *rest, last = watched.shown
    watched.lists(all=[first, *rest], sale=[last])
    watched.next()
    watched.lists(all=rest)
    watched.said["/sale"] = over
    days = [watched.next() for _ in range(4)]

    assert [0, 1, 0 if over == 500 else 1, 0] == [day["deleted"] for day in days]
    assert ["ok"] * 4 == [day["outcome"] for day in days]
    assert "1 record that was not met stays: its page, or what led there" in days[1]["told"]


def test_a_sitemap_that_was_never_there_spares_nothing(watch: Callable[..., Watched]) -> None:
    """A dead entry of an index keeps nothing from being withdrawn."""
    watched = watch(SITEMAP + 'match = "/p/"\n')
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    names = "".join(
        f"<sitemap><loc>http://{watched.shop.host}/{name}.xml</loc></sitemap>"
        for name in ("sitemap-0", "dead")
    )
    whole = watched._answer("/sitemap.xml")[1]
    watched.said["/sitemap-0.xml"] = whole
    watched.said["/sitemap.xml"] = f'<sitemapindex xmlns="{space}">{names}</sitemapindex>'.encode()
    watched.said["/dead.xml"] = 404
    watched.next()
    gone = watched.shown[0]
    watched.said["/sitemap-0.xml"] = whole.replace(f"/p/{gone}<".encode(), b"/none<")
    days = [watched.next() for _ in range(2)]

    assert watched.shown[1:] == days[0]["pages"]
    assert [0, 1] == [day["deleted"] for day in days]
    assert "/dead.xml: status 404" in days[0]["told"]


@pytest.mark.parametrize("answer", [404, b"<p>There is nothing on this page.</p>"])
def test_a_next_page_that_is_gone_is_not_believed_at_once(
    answer: bytes | int, watch: Callable[..., Watched]
) -> None:
    """What it led to waits for the third pass without it."""
    watched = watch(LIST.replace("/list", "/l1"))
    watched.lists(l1=[*watched.shown[:-1], "/l2"], l2=watched.shown[-1:])
    watched.next()
    watched.said["/l2"] = answer
    days = [watched.next() for _ in range(3)]

    assert [0, 0, 1] == [day["deleted"] for day in days]
    assert "/l2: " in days[0]["told"]


def test_an_offer_on_two_pages_does_not_change_its_price_at_each_look(
    watch: Callable[..., Watched],
) -> None:
    """The other price goes to quarantine, and the history says nothing of a change."""
    watched = watch(SITEMAP + LIST)
    sku = watched.shown[0]
    watched.shop.knobs.validators = False
    price = str(watched.shop.catalogue.articles[0].price_on(watched.shop.today()))
    page = watched._answer(f"/p/{sku}")[1].decode()
    dearer = str(watched.shop.catalogue.articles[0].price_on(watched.shop.today()) + 1)
    watched.said["/p/other"] = page.replace(price, dearer).encode()
    watched.said["/list"] = b'<p>All that is sold here.</p><a class="item" href="/p/other">x</a>'
    days = [watched.next() for _ in range(3)]
    prices = watched.rows(f"SELECT DISTINCT price FROM offers WHERE key = 'sku:{sku}'")

    assert [1] * 3 == [day["quarantined"] for day in days]
    assert [0] * 3 == [day["changed"] for day in days]
    assert 1 == len(prices)
    assert "same-offer-twice" in days[-1]["told"]


def test_a_page_that_fails_for_once_keeps_its_price(watch: Callable[..., Watched]) -> None:
    """Another page that has its article takes over where it fails in two passes in a row."""
    watched = watch(LIST)
    sku, here = watched.shown[0], f"/p/{watched.shown[0]}"
    page = watched._answer(here)[1]
    price = str(watched.shop.catalogue.articles[0].price_on(watched.shop.today()))
    watched.said[here] = page
    watched.lists(list=[sku])
    watched.next()
    dearer = str(watched.shop.catalogue.articles[0].price_on(watched.shop.today()) + 1)
    watched.said["/p/other"] = page.replace(price.encode(), dearer.encode())
    watched.lists(list=[sku, "other"])
    said = [page, 500, page, 500, 500, 500]
    days = []
    for watched.said[here] in said:
        days.append(watched.next())

    assert [0, 0, 0, 0, 0, 1] == [day["changed"] for day in days]
    assert [1, 1, 1, 1, 1, 0] == [day["quarantined"] for day in days]


@pytest.mark.parametrize("dearer", [0, 1])
def test_an_article_on_two_pages_may_be_read_on_two_days(
    dearer: int, watch: Callable[..., Watched]
) -> None:
    """The price stays that of the first page, and on the same terms nothing is refused."""
    watched = watch(LIST)
    watched.shop.knobs.validators = False
    sku, other = watched.shown[:2]
    page, article = watched._answer(f"/p/{sku}")[1].decode(), watched.shop.catalogue.articles[0]
    price = article.price_on(watched.shop.today())
    watched.said["/p/again"] = page.replace(str(price), str(price + dearer)).encode()
    watched.lists(list=[sku, other, "again"])
    site = watched.folder / "sites" / "rival.toml"
    site.write_text("pages_per_day = 3\n" + site.read_text())
    days = [watched.next() for _ in range(4)]

    assert [[sku, other], ["again"]] * 2 == [day["pages"] for day in days]
    assert [2, 0, 0, 0] == [day["new"] for day in days]
    assert [0, 0, 0, 0] == [day["changed"] for day in days]
    assert [0, dearer, 0, dearer] == [day["quarantined"] for day in days]


def test_a_clock_that_went_back_costs_no_price(watch: Callable[..., Watched]) -> None:
    """What cannot be stored because it seems old is told, and read again by the next run."""
    watched = watch()
    watched.next(5)
    first = watched.shop.catalogue.articles[0]
    moved = replace(first, base=first.base + 3)
    goods = watched.shop.catalogue
    watched.shop.catalogue = replace(goods, articles=(moved, *goods.articles[1:]))
    back = watched.next(4)
    right = watched.next(6)

    assert (0, 1) == (back["changed"], right["changed"])
    assert "1 record last seen later than now" in back["told"]
