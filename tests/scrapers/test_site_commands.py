"""``regard site``: from the first page of a shop to tests of the rules for it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Shop

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]
OpenShop = Callable[..., Shop]

CONTACT = ("--contact", "mailto:us@us.example")
RULE = '[offer]\nprice = {css = ".price", within = ".product"}\n'


@pytest.fixture
def shop(open_shop: OpenShop, small: Catalogue) -> Shop:
    """Return a shop with a handful of articles."""
    return open_shop(goods=small)


def page_of(shop: Shop, at: int = 0) -> str:
    """Return the address of one of a shop's articles."""
    return f"{shop.url}/p/{shop.catalogue.articles[at].sku}"


def site_of(shop: Shop, more: str = "") -> str:
    """Return the file of a site that is the shop."""
    return (
        f'competitor = "Rival"\ncontact = "mailto:us@us.example"\ndelay = 0.0\n'
        f'allow_hosts = ["{shop.host}"]\ncurrency = "EUR"\nnumber_format = "1.234,56"\n'
        f'canary = ["{page_of(shop)}", "{page_of(shop, 1)}"]\n{more}\n'
        f'[discover]\nsitemap = "{shop.url}/sitemap.xml"\n'
    )


@pytest.fixture
def watched(shop: Shop, project: MakeProject) -> Path:
    """Return a project with the shop as a site."""
    return project("", files={"sites/rival.toml": site_of(shop)})


def added(run_regard: RunRegard, folder: Path, shop: Shop, *more: str) -> Any:
    """Run ``regard site add`` for the first article of a shop."""
    allowed = ("--allow-host", shop.host, "--name", "rival", "--competitor", "Rival")
    return run_regard("site", "add", page_of(shop), *CONTACT, *allowed, *more, cwd=folder)


# add


def test_a_site_is_added_with_the_evidence_that_it_rests_on(
    shop: Shop, project: MakeProject, run_regard: RunRegard
) -> None:
    """One page gives a file that can be used, and shows where each value stands."""
    folder = project('[sources.prices]\nplugin = "web-offers"\nsite = "rival"\n')
    done = added(run_regard, folder, shop)
    written = tomllib.loads((folder / "sites" / "rival.toml").read_text("utf-8"))
    ran = run_regard("check", cwd=folder)

    assert 0 == done.returncode, done.stderr
    assert ("Rival", "EUR", [page_of(shop)]) == (
        written["competitor"],
        written["currency"],
        written["canary"],
    )
    assert {"sitemap": [f"{shop.url}/sitemap.xml"], "match": "/p/"} == written["discover"]
    assert "json-ld[0].offers.price" in done.stdout
    assert 0 == ran.returncode, ran.stdout


def test_add_asks_robots_first_and_says_who_asks(
    shop: Shop, project: MakeProject, run_regard: RunRegard
) -> None:
    """Two requests are made, robots.txt and the page, and both say whom to write to."""
    added(run_regard, project(""), shop)

    assert ["/robots.txt", page_of(shop).removeprefix(shop.url)] == shop.paths
    assert {"regard (+mailto:us@us.example)"} == {each.agent for each in shop.log}


def test_a_file_that_is_there_is_not_written_over(
    shop: Shop, project: MakeProject, run_regard: RunRegard
) -> None:
    """What somebody wrote stays, and nothing is fetched."""
    folder = project("", files={"sites/rival.toml": "# mine\n"})
    done = added(run_regard, folder, shop)

    assert 2 == done.returncode
    assert "is there already" in done.stderr
    assert "# mine\n" == (folder / "sites" / "rival.toml").read_text("utf-8")
    assert [] == shop.paths


def test_a_dry_run_writes_nothing(shop: Shop, project: MakeProject, run_regard: RunRegard) -> None:
    """The file is shown, also beside one that is there."""
    folder = project("", files={"sites/rival.toml": "# mine\n"})
    done = added(run_regard, folder, shop, "--dry-run")

    assert 0 == done.returncode
    assert 'competitor = "Rival"' in done.stdout
    assert "# mine\n" == (folder / "sites" / "rival.toml").read_text("utf-8")


def test_add_as_json(shop: Shop, project: MakeProject, run_regard: RunRegard) -> None:
    """Programs get the offer, the file, and whether it was written; money is a text."""
    told = json.loads(added(run_regard, project(""), shop, "--json").stdout)
    (offer,) = told["offers"]
    article = shop.catalogue.articles[0]

    assert told["written"] is True
    assert str(article.price_on(shop.today())) == offer["price"]
    assert tomllib.loads(told["file"])["contact"] == "mailto:us@us.example"


@pytest.mark.parametrize(
    ("knobs", "code", "said"),
    [
        ({"blocked": True}, 1, "challenged"),
        ({"redesigned": True}, 1, ""),
        ({"disallow": ("/p",)}, 2, "robots"),
        ({"robots_status": 500}, 2, "robots"),
        ({"status": 429, "retry_after": "60"}, 2, "rate-limited"),
        ({"status": 404}, 2, "gone"),
    ],
)
def test_pages_that_cannot_be_used(
    knobs: dict[str, Any], code: int, said: str, open_shop: OpenShop, small: Catalogue,
    project: MakeProject, run_regard: RunRegard,
) -> None:  # fmt: skip
    """A wall, an empty shell, a refusal or a missing page is told, never with a traceback."""
    done = added(run_regard, project(""), open_shop(goods=small, **knobs))

    assert code == done.returncode
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("add",),
        ("add", "https://a.example/p"),
        ("add", "https://a.example/p", "--own", "--competitor", "x", *CONTACT),
        ("add", "https://a.example/p", "--own"),
        ("record", "https://a.example/p"),
        ("diff",),
        ("remove", "rival"),
        ("test", "nothing-there"),
        ("check", "nothing-there", "--sideways"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...], project: MakeProject, run_regard: RunRegard
) -> None:
    """A mistake is one message and exit code 2."""
    done = run_regard("site", *arguments, cwd=project(""))

    assert 2 == done.returncode
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "not-an-address", "--own", *CONTACT),
        ("add", "http://[broken", "--own", *CONTACT),
        ("add", "file:///etc/passwd", "--own", *CONTACT),
        ("add", "http://127.0.0.1:9/p", "--own", *CONTACT),
        ("add", "https://a.example/p", "--own", "--contact", "nobody"),
    ],
)
def test_what_cannot_be_added(
    arguments: tuple[str, ...], project: MakeProject, run_regard: RunRegard
) -> None:
    """What is no address, no contact, or a private address is refused in one message."""
    folder = project("")
    done = run_regard("site", *arguments, cwd=folder)

    assert 2 == done.returncode
    assert "Traceback" not in done.stderr
    assert not (folder / "sites").exists()


def test_a_name_leads_nowhere_else(
    shop: Shop, project: MakeProject, run_regard: RunRegard
) -> None:
    """A site's name is one of a file in the folder, never a path out of it."""
    folder = project("")
    done = run_regard("site", "add", page_of(shop), "--own", "--name", "../away", *CONTACT,
                      "--allow-host", shop.host, cwd=folder)  # fmt: skip

    assert 2 == done.returncode
    assert "is no name of a file" in done.stderr
    assert [] == list(folder.parent.rglob("away.toml"))


# check


def test_canary_pages_are_looked_at(watched: Path, run_regard: RunRegard) -> None:
    """Each canary page has a line with its price."""
    done = run_regard("site", "check", cwd=watched)

    assert 0 == done.returncode, done.stdout
    assert 2 == done.stdout.count("1 offers")
    assert "3 ok, 0 errors" in done.stdout


def test_a_canary_that_died_is_an_error(shop: Shop, watched: Path, run_regard: RunRegard) -> None:
    """After a redesign, and where a page is gone, the check fails."""
    shop.knobs.redesigned = True
    shop.knobs.hidden.add(shop.catalogue.articles[1].sku)
    done = run_regard("site", "check", "rival", "--json", cwd=watched)
    items = json.loads(done.stdout)

    assert 1 == done.returncode
    assert ["ok", "error", "error"] == [each["status"] for each in items]
    assert "gone" in items[2]["text"]


def test_coverage_is_compared_with_what_is_expected(
    shop: Shop, project: MakeProject, run_regard: RunRegard
) -> None:
    """A field that fewer offers have than the site's file says is an error."""
    more = "[expect]\ncoverage = {price = 1.0, seller = 0.5}\n"
    folder = project("", files={"sites/rival.toml": site_of(shop, more)})
    done = run_regard("site", "check", "rival", cwd=folder)

    assert 1 == done.returncode
    assert "price: 100% of 2 offers have it" in done.stdout
    assert "seller: 0% of 2 offers have it, 50% are expected" in done.stdout


def test_a_site_that_is_wrong_spares_its_neighbours(watched: Path, run_regard: RunRegard) -> None:
    """A broken file is told, and the other sites are still looked at."""
    (watched / "sites" / "broken.toml").write_text("not toml", "utf-8")
    done = run_regard("site", "check", cwd=watched)

    assert 1 == done.returncode
    assert "broken: sites/broken.toml: no TOML" in done.stdout
    assert 2 == done.stdout.count("1 offers")


# record, test, diff


def test_a_recorded_page_is_a_test_that_needs_no_network(
    shop: Shop, watched: Path, run_regard: RunRegard
) -> None:
    """The page is saved as it was sent, and read again without a request."""
    run_regard("site", "record", page_of(shop), "--site", "rival", cwd=watched)
    shop.log.clear()
    done = run_regard("site", "test", cwd=watched)
    (folder,) = (each for each in (watched / "sites" / "rival").iterdir())
    expected = json.loads((folder / "expected.json").read_text("utf-8"))

    assert (0, "1 page, 0 failed, 0 fields") == (done.returncode, done.stdout.strip())
    assert [] == shop.paths
    assert shop.catalogue.articles[0].sku == expected["offers"][0]["sku"]
    assert not any("author" in review for review in expected["reviews"])


def test_edited_rules_are_compared_and_taken_for_right(
    shop: Shop, watched: Path, run_regard: RunRegard
) -> None:
    """A difference fails the test, is shown by the comparison, and is gone once accepted."""
    run_regard("site", "record", page_of(shop), "--site", "rival", cwd=watched)
    site = watched / "sites" / "rival.toml"
    site.write_text(site_of(shop, RULE + 'seller = ".sku"\n'), "utf-8")
    failed = run_regard("site", "test", "rival", cwd=watched)
    seen = run_regard("site", "diff", "rival", "--json", cwd=watched)
    accepted = run_regard("site", "diff", "rival", "--accept", cwd=watched)
    after = run_regard("site", "test", "rival", cwd=watched)
    (change,) = json.loads(seen.stdout)

    assert (1, 0, 0, 0) == tuple(each.returncode for each in (failed, seen, accepted, after))
    assert ("offers[0].seller", None, shop.catalogue.articles[0].sku) == (
        change["place"],
        change["expected"],
        change["found"],
    )
    assert "offers[0].seller: nothing ->" in failed.stdout


@pytest.mark.parametrize(
    ("name", "text"),
    [("about.json", "{"), ("about.json", "[]"), ("expected.json", "{"), ("expected.json", "[]")],
)
def test_a_recording_that_was_spoilt_is_named(
    name: str, text: str, shop: Shop, watched: Path, run_regard: RunRegard
) -> None:
    """A file of a recording that cannot be read is one message with its path."""
    run_regard("site", "record", page_of(shop), "--site", "rival", cwd=watched)
    (path,) = (watched / "sites" / "rival").glob(f"*/{name}")
    path.write_text(text, "utf-8")
    done = run_regard("site", "test", "rival", cwd=watched)

    assert done.returncode
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_a_recording_without_its_page_is_named(
    shop: Shop, watched: Path, run_regard: RunRegard
) -> None:
    """A page that was deleted is one message with its path."""
    run_regard("site", "record", page_of(shop), "--site", "rival", cwd=watched)
    (path,) = (watched / "sites" / "rival").glob("*/page.html")
    path.unlink()
    done = run_regard("site", "test", "rival", cwd=watched)

    assert done.returncode
    assert "page.html" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_terminal_is_not_styled_by_a_page(
    shop: Shop, watched: Path, run_regard: RunRegard
) -> None:
    """Control characters in what a page says never reach the terminal."""
    run_regard("site", "record", page_of(shop), "--site", "rival", cwd=watched)
    (path,) = (watched / "sites" / "rival").glob("*/expected.json")
    expected = json.loads(path.read_text("utf-8"))
    expected["offers"][0]["product_name"] = "\x1b[31mred\x07[bold]"
    path.write_text(json.dumps(expected), "utf-8")
    done = run_regard("site", "test", "rival", cwd=watched)

    assert 1 == done.returncode
    assert "\x1b" not in done.stdout
    assert "[bold]" in done.stdout
