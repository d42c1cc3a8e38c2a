"""The guide on sites does what it says, on a shop of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Shop, make_catalogue

PAGE = "docs/guides/sites.md"
TODAY = date(2026, 11, 20)
_CODE = re.compile(
    r"(?:PageProblem\(|Aside\(record, |problem=|_IMPLAUSIBLE: Final = )\"([a-z-]+)\""
)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Return a small shop that is open."""
    goods = make_catalogue("Rival", TODAY, extra=1)
    with Shop(Catalogue("Rival", goods.articles[:5]), lambda: TODAY) as opened:
        yield opened


@pytest.fixture
def guided(blocks: list[Any], project: Callable[..., Path], shop: Shop) -> Path:
    """Return the project of the guide, with the shop in place of the site of its examples."""
    texts = {block.caption: block.text for block in blocks if block.page == PAGE}
    here = f'allow_hosts = ["{shop.host}"]\ndelay = 0.0\n'
    files = {}
    for name in ("rival", "listed", "ruled"):
        text = texts[f"sites/{name}.toml"].replace("https://rival.example", shop.url)
        text = text.replace("/p/1", f"/p/{shop.catalogue.articles[0].sku}")
        files[f"sites/{name}.toml"] = here + re.sub(r"^delay = .*\n", "", text, flags=re.MULTILINE)
    more = "".join(
        f'[sources.{name}-prices]\nplugin = "web-offers"\nsite = "{name}"\n'
        for name in ("listed", "ruled")
    )
    reviews = '[sources.ruled-reviews]\nplugin = "web-reviews"\nsite = "ruled"\n'
    return project(texts["regard.toml"] + more + reviews, files=files)


@pytest.mark.parametrize("source", ["rival-prices", "listed-prices", "ruled-prices"])
def test_the_sites_of_the_guide_are_read(
    source: str, guided: Path, shop: Shop, run_regard: Callable[..., Any]
) -> None:
    """By sitemap, by list and with rules, each article of the shop is one offer."""
    done = run_regard("run", source, "--json", cwd=guided)
    (offers,) = json.loads(done.stdout)["runs"]

    assert (len(shop.catalogue.articles), 0) == (offers["new"], offers["quarantined"])


def test_the_rules_for_reviews_find_what_structured_data_does(
    guided: Path, shop: Shop, run_regard: Callable[..., Any]
) -> None:
    """The guide's rules and the structured data give every review of the shop, each once."""
    wanted = sum(
        each.shown_on(TODAY) for article in shop.catalogue.articles for each in article.reviews
    )
    done = run_regard("run", "ruled-reviews", "--json", cwd=guided)
    reviews, _ = json.loads(done.stdout)["runs"]

    assert wanted
    assert (wanted, 0) == (reviews["new"], reviews["quarantined"])


def test_what_the_guide_says_about_recordings(
    guided: Path, shop: Shop, run_regard: Callable[..., Any]
) -> None:
    """The site of the guide is checked, a page of it recorded, tested, and compared."""
    url = f"{shop.url}/p/{shop.catalogue.articles[0].sku}"
    checked = run_regard("site", "check", "rival", cwd=guided)
    recorded = run_regard("site", "record", url, "--site", "rival", cwd=guided)
    tested = run_regard("site", "test", "rival", cwd=guided)
    (folder,) = (guided / "sites" / "rival").iterdir()

    assert (0, 0) == (recorded.returncode, tested.returncode)
    assert "robots.txt: read" in checked.stdout
    assert {"about.json", "expected.json", "page.html"} == {each.name for each in folder.iterdir()}
    assert "1 page, 0 failed" in tested.stdout


def test_every_reason_is_in_the_guide(root: Path) -> None:
    """Each code that a page's records can be put aside for is in the guide, and no other."""
    guide = (root / PAGE).read_text("utf-8").partition("## What goes to quarantine")[2]
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE))
    sources = (root / "scrapers").rglob("*.py")
    used = {code for path in sources for code in _CODE.findall(path.read_text("utf-8"))}
    # What a page is where it is none is no reason of a record.
    used -= {"empty-page"}

    assert used == documented
