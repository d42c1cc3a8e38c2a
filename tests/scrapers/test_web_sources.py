"""Sites as sources, from the command line into the store and back to the shop."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Shop, ShopReview, make_catalogue

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]
OpenShop = Callable[..., Shop]

CONFIG = """
[sources.prices]
plugin = "web-offers"
site = "rival"
[sources.reviews]
plugin = "web-reviews"
site = "rival"
"""


def site_of(shop: Shop, more: str = "", discover: str = "") -> str:
    """Return the file of a site that is the shop."""
    where = discover or f'sitemap = "{shop.url}/sitemap.xml"'
    return (
        f'competitor = "Rival"\ncontact = "mailto:us@us.example"\ndelay = 0.0\n'
        f'allow_hosts = ["{shop.host}"]\ncurrency = "EUR"\n{more}\n[discover]\n{where}\n'
    )


@pytest.fixture
def looked_at(project: MakeProject) -> Callable[..., Path]:
    """Return what makes a project that looks at a shop."""

    def made(shop: Shop, more: str = "", discover: str = "") -> Path:
        return project(CONFIG, files={"sites/rival.toml": site_of(shop, more, discover)})

    return made


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what the store says."""
    with sqlite3.connect(folder / "regard.db") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def ran(run_regard: RunRegard, folder: Path, source: str, **env: str) -> dict[str, Any]:
    """Run a source and return its first stream."""
    done = run_regard("run", source, "--json", cwd=folder, **({"env": env} if env else {}))
    stream, *_ = json.loads(done.stdout)["runs"]
    return {**stream, "exit": done.returncode}


OFFERS = "SELECT key, price, valid_to, deleted_at FROM offers ORDER BY key, valid_from"


def test_a_crawl_ends_where_too_much_is_refused(
    open_shop: OpenShop, project: MakeProject, run_regard: RunRegard
) -> None:
    """Past the error budget the batch is rolled back and the run ends, with pages or without."""
    shop = open_shop()
    wrong = '[offer]\nshipping = "h1"\n'
    folder = project(CONFIG, files={"sites/rival.toml": site_of(shop) + wrong})
    done = run_regard("run", "prices", "--json", cwd=folder)
    (stream,) = json.loads(done.stdout)["runs"]

    assert "more than the error budget" in stream["error"]
    assert 3 == done.returncode


def test_a_shop_is_read_once_and_then_only_what_changed(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """The first look stores all offers, the second asks for changes only and stores nothing."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)
    first = ran(run_regard, folder, "prices")
    shop.log.clear()
    second = ran(run_regard, folder, "prices")
    pages = [each for each in shop.log if each.path.startswith("/p/")]
    prices = {key: price for key, price, _, _ in rows(folder, OFFERS)}
    wanted = {
        f"sku:{each.sku}": int(each.price_on(shop.today()) * 1_000_000) for each in small.articles
    }

    assert (6, 0) == (first["new"], first["quarantined"])
    assert (0, 6) == (second["new"], second["unchanged"])
    assert [304] * 6 == [each.status for each in pages]
    assert wanted == prices
    assert "/private/prices" not in shop.paths


def test_a_changed_price_begins_a_period(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """A price that moves a little is a new period; the old one has its end."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)
    ran(run_regard, folder, "prices")
    moved = replace(small.articles[0], base=small.articles[0].base + 3)
    shop.catalogue = replace(small, articles=(moved, *small.articles[1:]))
    done = ran(run_regard, folder, "prices")
    periods = [row for row in rows(folder, OFFERS) if row[0] == f"sku:{moved.sku}"]

    assert 1 == done["changed"]
    assert [True, False] == [row[2] is not None for row in periods]


@pytest.mark.slow
def test_a_price_that_jumps_is_believed_at_the_second_look(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """A tenth of the price goes to quarantine with a finding; found again it is stored."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)
    ran(run_regard, folder, "prices")
    cheap = replace(small.articles[0], base=small.articles[0].base / 10)
    shop.catalogue = replace(small, articles=(cheap, *small.articles[1:]))
    first = ran(run_regard, folder, "prices")
    refused = rows(folder, "SELECT record, reason, field FROM quarantine")
    second = ran(run_regard, folder, "prices")

    assert (0, 1) == (first["changed"], first["quarantined"])
    assert [(f"sku:{cheap.sku}", "implausible-price", "price")] == refused
    assert [("price-implausible",)] == rows(folder, "SELECT code FROM findings")
    assert 1 == second["changed"]
    assert [("stored",)] == rows(folder, "SELECT resolution FROM quarantine")


@pytest.mark.slow
def test_what_two_whole_looks_do_not_meet_is_withdrawn(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """An article that is no longer listed is gone after the second look, not after the first."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)
    ran(run_regard, folder, "prices")
    shop.knobs.hidden.add(small.articles[2].sku)
    first = ran(run_regard, folder, "prices")
    second = ran(run_regard, folder, "prices")

    assert (0, 1) == (first["deleted"], second["deleted"])


def test_an_index_of_sitemaps_is_followed(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Packed sitemaps that an index names are read, each once, though the index names itself."""
    shop = open_shop(goods=small, sitemap_parts=3)
    folder = looked_at(shop)
    done = ran(run_regard, folder, "prices")
    asked = [path for path in shop.paths if path.startswith("/sitemap")]

    assert ("ok", 6) == (done["outcome"], done["new"])
    assert [
        "/sitemap-0.xml.gz", "/sitemap-1.xml.gz", "/sitemap-2.xml.gz", "/sitemap.xml"
    ] == sorted(asked)  # fmt: skip


STATED = "SELECT subject, value FROM facts ORDER BY subject"


def test_what_pages_state_of_their_reviews_is_kept(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """The count that each page states is a fact, written again only when it changes."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)
    ran(run_regard, folder, "reviews")
    first = rows(folder, STATED)
    ran(run_regard, folder, "reviews")
    again = rows(folder, "SELECT first_run_id, last_run_id FROM facts")
    counts = {
        f"sku:{each.sku}": len([one for one in each.reviews if one.shown_on(shop.today())])
        for each in small.articles
    }

    assert {about: n for about, n in counts.items() if n} == {
        about: value // 1_000_000 for about, value in first
    }
    assert {(1, 1)} == set(again)


@pytest.mark.slow
def test_coverage_against_what_a_site_states(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Without further parts less is held than stated; with them all, and parts count once."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)

    def shown() -> list[Any]:
        done = run_regard("report", "reviews", "--format", "json", cwd=folder)
        (row,) = next(
            table["rows"]
            for section in json.loads(done.stdout)["sections"]
            for table in section["tables"]
            if table["title"] == "Against what the sites state"
        )
        return row

    ran(run_regard, folder, "reviews")
    part = shown()
    site = folder / "sites" / "rival.toml"
    site.write_text(f'{site.read_text()}\n[reviews]\nnext = "a[rel=next]"\n')
    ran(run_regard, folder, "reviews")
    whole = shown()
    shop.knobs.hidden.add(next(each.sku for each in small.articles if each.reviews))
    for _ in range(2):
        ran(run_regard, folder, "reviews")
    less = shown()

    assert part[1] < part[2] == whole[1] == whole[2]
    assert less[1] == less[2] < whole[2]
    assert ("Rival", "100") == (whole[0], whole[3])


def test_a_shop_that_blocks_us_has_not_sold_out(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Challenge pages change no offer, raise a finding, and the site is left alone for a while."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)
    ran(run_regard, folder, "prices")
    before = rows(folder, OFFERS)
    shop.knobs.blocked = True
    shop.knobs.validators = False
    done = ran(run_regard, folder, "prices")
    shop.log.clear()
    again = ran(run_regard, folder, "prices")

    assert ("failed", 1) == (done["outcome"], done["exit"])
    assert "does not let us in" in done["error"]
    assert before == rows(folder, OFFERS)
    assert ("site-blocks-us",) in rows(folder, "SELECT code FROM findings")
    assert "left alone until" in again["error"]
    assert [] == shop.log


def test_a_shop_that_cannot_be_reached_has_failed(
    small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Where nothing answers the run fails, so that somebody hears of it, and all offers stay."""
    with Shop(small, lambda: date(2026, 3, 2)) as shop:
        folder = looked_at(shop)
        config = folder / "regard.toml"
        text = config.read_text().replace('site = "rival"', 'site = "rival"\nretries = 0')
        config.write_text(text)
        ran(run_regard, folder, "prices")
    done = ran(run_regard, folder, "prices")

    assert (1, "failed") == (done["exit"], done["outcome"])
    assert "site rival cannot be reached" in done["error"]
    assert [None] * 6 == [row[3] for row in rows(folder, OFFERS)]


def test_a_redesign_stores_no_wrong_price(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Pages without structured data and without rules give no offer; what is known stays."""
    shop = open_shop(goods=small)
    folder = looked_at(shop)
    ran(run_regard, folder, "prices")
    before = rows(folder, OFFERS)
    shop.knobs.redesigned = True
    done = ran(run_regard, folder, "prices")

    assert before == rows(folder, OFFERS)
    assert "failed" == done["outcome"]
    assert "no longer looks as it did" in done["error"]


def test_the_visible_price_is_compared_where_a_rule_says_where_it_is(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Where structured data and the page disagree, neither is believed."""
    rule = '[offer]\nprice = {css = ".price", within = ".product"}\n'
    shop = open_shop(goods=small, disagrees=True)
    folder = looked_at(shop, 'number_format = "1.234,56"\n' + rule)
    done = ran(run_regard, folder, "prices")

    assert (0, 6) == (done["new"], done["quarantined"])
    assert {("disagreement",)} == set(rows(folder, "SELECT reason FROM quarantine"))


def test_lists_are_followed(
    open_shop: OpenShop, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Without a sitemap the pages come from lists, part after part."""
    goods = make_catalogue("Hogarvela", date(2026, 11, 20))
    shop = open_shop(goods=goods)
    listing = (
        f'list = {{start = "{shop.url}/list", item = "a.item", next = "a[rel=next]"}}\n'
        'match = "/p/"\n'
    )
    done = ran(run_regard, looked_at(shop, discover=listing), "prices")

    assert len(goods.articles) == done["new"]
    assert 3 == sum(path.startswith("/list") for path in shop.paths)


def test_a_file_of_addresses_with_wrong_ones_in_it(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Cells that are no addresses are counted in a note and cost no other page."""
    shop = open_shop(goods=small)
    folder = looked_at(shop, discover='urls = "urls.csv"')
    pages = [f"{shop.url}/p/{each.sku}" for each in small.articles]
    wrong = ["http://[broken/p", "https://a.example:99999999/p", "http://", "a number, 5"]
    (folder / "urls.csv").write_text("\n".join([*wrong, *pages, pages[0]]), "utf-8")
    told = run_regard("check", cwd=folder).stdout
    done = ran(run_regard, folder, "prices")

    assert "3 cells are no addresses" in told
    assert ("ok", 6) == (done["outcome"], done["new"])


@pytest.mark.slow
def test_the_budget_of_a_day_is_kept(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """No more pages than allowed are asked for; the rest of the look follows on the next day."""
    shop = open_shop(goods=small)
    folder = looked_at(shop, "pages_per_day = 4\n")
    first = ran(run_regard, folder, "prices", REGARD_NOW="2026-11-20T10:00:00Z")
    second = ran(run_regard, folder, "prices", REGARD_NOW="2026-11-20T20:00:00Z")
    third = ran(run_regard, folder, "prices", REGARD_NOW="2026-11-21T10:00:00Z")

    assert [3, 0, 3] == [each["new"] for each in (first, second, third)]
    assert 7 == sum(not path.startswith("/robots") for path in shop.paths)


def _reviewed(small: Catalogue, *reviews: ShopReview) -> Catalogue:
    return replace(small, articles=(replace(small.articles[0], reviews=reviews),))


def _review(at: int, **more: Any) -> ShopReview:
    given = {"edited_on": None, "withdrawn_on": None, "replied_on": None, **more}
    return ShopReview(
        f"R{at}", f"Author {at}", date(2026, 10, 1), 4, "Title", f"Text {at}.", **given
    )


REVIEWS = (
    "SELECT key, text, valid_to, deleted_at, author_hash FROM reviews ORDER BY key, valid_from"
)


@pytest.mark.slow
def test_reviews_over_overlapping_pages_are_stored_once(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """Nine reviews on three parts of a page are nine reviews, and no author is stored."""
    shop = open_shop(goods=_reviewed(small, *(_review(at) for at in range(9))))
    folder = looked_at(shop, '[reviews]\neach = "article.review"\nbody = ".text"\n'
                             'id = {attr = "data-id"}\nnext = "a[rel=next]"\n'
                             'author = ".author"\n')  # fmt: skip
    done = ran(run_regard, folder, "reviews")
    again = ran(run_regard, folder, "reviews")
    found = rows(folder, REVIEWS)

    assert (9, 9) == (done["new"], again["unchanged"])
    assert 9 == len(found)
    assert all(len(row[4]) == 64 for row in found)
    assert b"Author 3" not in (folder / "regard.db").read_bytes()


@pytest.mark.slow
def test_an_edited_review_is_a_revision_and_a_withdrawn_one_goes_after_two_looks(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """An edit begins a new version of the same review; what is gone twice is deleted."""
    shop = open_shop(goods=_reviewed(small, *(_review(at) for at in range(4))))
    folder = looked_at(shop)
    ran(run_regard, folder, "reviews")
    edited = _review(1, edited_on=date(2026, 11, 1))
    shop.catalogue = _reviewed(small, _review(0), edited, _review(2))
    first = ran(run_regard, folder, "reviews")
    second = ran(run_regard, folder, "reviews")
    versions = Counter(row[0] for row in rows(folder, REVIEWS))

    assert (1, 0) == (first["changed"], first["deleted"])
    assert 1 == second["deleted"]
    assert {"id:R0": 1, "id:R1": 2, "id:R2": 1, "id:R3": 1} == dict(versions)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("competitor = 'x'\n", "contact"),
        ("competitor = 'x'\ncontact = 'nobody'\n", "is no contact"),
        ("contact = 'a@b.example'\n", "say whose site it is"),
        ("competitor = 'x'\ncontact = 'a@b.example'\ndelay = 0.1\n", "less than 1 second"),
        ("competitor = 'x'\ncontact = 'a@b.example'\n[offer]\nprice = ':::'\n", "no CSS selector"),
        ("competitor = 'x'\ncontact = 'a@b.example'\n[disover]\n", "did you mean 'discover'"),
        ("competitor = 'x'\ncontact = 'a@b.example'\n", "says nowhere to begin"),
        ("not toml", "no TOML"),
    ],
)
def test_a_wrong_site_file_is_told(
    text: str, said: str, project: MakeProject, run_regard: RunRegard
) -> None:
    """What is wrong in a site's file is named before anything is fetched."""
    folder = project(CONFIG, files={"sites/rival.toml": text})
    done = run_regard("check", cwd=folder)

    assert 2 == done.returncode
    assert said in done.stdout


@pytest.mark.slow
def test_killed_at_any_instant_every_address_has_one_outcome(
    open_shop: OpenShop, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """A run that is killed again and again ends with all offers, and loses no address."""
    goods = make_catalogue("Hogarvela", date(2026, 11, 20), extra=40)
    shop = open_shop(goods=goods, page_seconds=0.01)
    folder = looked_at(shop)
    kills = 0
    for seconds in (1.6, 2.2, 2.8, 3.2, 3.6, 4.0):
        command = [sys.executable, "-m", "regard", "run", "prices"]
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        time.sleep(seconds)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    last = ran(run_regard, folder, "prices")
    outcomes = rows(folder, "SELECT outcome, count(*) FROM addresses GROUP BY 1")

    assert kills
    assert "ok" == last["outcome"]
    assert [(len(goods.articles),)] == rows(folder, "SELECT count(*) FROM offers")
    assert len(goods.articles) + 2 == sum(count for _, count in outcomes)
    assert not [row for row in outcomes if row[0] is None]


@pytest.mark.slow
def test_two_sources_do_not_ask_one_shop_at_once(
    open_shop: OpenShop, small: Catalogue, looked_at: Callable[..., Path], run_regard: RunRegard
) -> None:
    """While one source reads a shop, another one waits for it, and both come to their end."""
    shop = open_shop(goods=small, page_seconds=0.1)
    folder = looked_at(shop)
    command = [sys.executable, "-m", "regard", "run"]
    both = [
        subprocess.Popen([*command, name], cwd=folder, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
        for name in ("prices", "reviews")
    ]  # fmt: skip

    assert [0, 0] == [process.wait(120) for process in both]
    assert [(6,)] == rows(folder, "SELECT count(*) FROM offers")
