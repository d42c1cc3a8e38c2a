"""What a site shows under other names after a redesign is not stored beside what it was."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PLUGINS = {"offers": "web-offers", "reviews": "web-reviews"}
SITE = """
competitor = "Rival"
contact = "mailto:us@us.example"
delay = 0.0
allow_hosts = ["HOST"]
currency = "EUR"
EXPECT
[discover]
sitemap = "http://HOST/sitemap.xml"
"""


def review(number: int) -> dict[str, Any]:
    """Return a review as JSON-LD."""
    return {
        "@type": "Review",
        "author": {"@type": "Person", "name": f"Author {number}"},
        "datePublished": f"2026-10-{10 + number % 10}",
        "reviewBody": f"Review number {number} says that the lamp works well.",
        "reviewRating": {"@type": "Rating", "ratingValue": number % 5 + 1, "bestRating": 5},
    }


def page(**fields: Any) -> bytes:
    """Return an article's page."""
    thing = {"@context": "https://schema.org", "@type": "Product", **fields}
    script = f'<script type="application/ld+json">{json.dumps(thing)}</script>'
    return f"<p>An article with many words about what it is.</p>{script}".encode()


@dataclass(slots=True)
class Rival:
    """A site of six pages that is looked at once a day."""

    web: Any
    folder: Path
    run: Callable[..., Any]
    kind: str
    day: int = 0

    def shows(self, pages: Mapping[str, bytes]) -> None:
        """Have these pages, and a sitemap of all of them."""
        places = "".join(f"<url><loc>{self.web.url(path)}</loc></url>" for path in pages)
        top = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        self.web.pages.update({**pages, "/sitemap.xml": f"{top}{places}</urlset>".encode()})

    def next(self) -> dict[str, Any]:
        """Look at it on the next day; return what came of that."""
        self.day += 1
        now = f"2026-11-{self.day:02}T10:00:00Z"
        done = self.run("run", "rival", "--json", cwd=self.folder, env={"REGARD_NOW": now})
        stream, *_ = json.loads(done.stdout)["runs"]
        return dict(stream)

    def expect(self, text: str) -> None:
        """Say in the site's file what to expect."""
        site = SITE.replace("EXPECT", text).replace("HOST", self.web.url().partition("//")[2])
        (self.folder / "sites" / "rival.toml").write_text(site, "utf-8")

    def current(self) -> int:
        """Return how many records are current."""
        with sqlite3.connect(self.folder / "regard.db") as connection:
            query = "SELECT count(*) FROM {} WHERE deleted_at IS NULL AND valid_to IS NULL"
            (found,) = connection.execute(query.format(self.kind)).fetchone()
        connection.close()
        return int(found)


@pytest.fixture
def rival(
    web: Any, project: Callable[..., Path], run_regard: Callable[..., Any]
) -> Callable[[str], Rival]:
    """Return what makes a project that looks at a site for ``offers`` or ``reviews``."""

    def made(kind: str) -> Rival:
        config = f'[sources.rival]\nplugin = "{PLUGINS[kind]}"\nsite = "rival"\nretries = 0\n'
        folder = project(config, files={"sites/rival.toml": ""})
        web.pages["/robots.txt"] = b"User-agent: *\nAllow: /\n"
        found = Rival(web, folder, run_regard, kind)
        found.expect("")
        return found

    return made


def reviewed(*, without: str | None = None, newer: int = 0) -> dict[str, bytes]:
    """Return six pages with four reviews each, the newest ones first."""
    pages = {}
    for n in range(6):
        found = [review(10 * n + at) for at in range(newer, newer + 4)]
        for each in found:
            each.pop(without or "", None)
        pages[f"/p/{n}"] = page(name=f"Lamp {n}", sku=f"L{n}", review=found)
    return pages


def test_reviews_that_lose_their_dates(rival: Callable[[str], Rival]) -> None:
    """Where all reviews seem to be others the site changed, unless somebody says not."""
    site = rival("reviews")
    site.shows(reviewed())
    site.next()
    site.shows(reviewed(without="datePublished"))
    changed = [site.next() for _ in range(2)]
    kept = site.current()
    site.expect("[expect]\ndrop = 1.0")
    believed = site.next()

    assert ["failed"] * 2 == [each["outcome"] for each in changed]
    assert "6 of 6 pages that had records have only others" in changed[0]["error"]
    assert "drop = 1.0" in changed[0]["error"]
    assert (24, 0) == (kept, sum(each["new"] for each in changed))
    assert ("ok", 24) == (believed["outcome"], believed["new"])


def test_offers_that_lose_their_numbers(rival: Callable[[str], Rival]) -> None:
    """Articles that are known by another number all at once are not stored a second time."""
    site = rival("offers")
    offer = {"@type": "Offer", "price": "9.90", "priceCurrency": "EUR"}
    site.shows({f"/p/{n}": page(name=f"Cup {n}", sku=f"C{n}", offers=offer) for n in range(6)})
    site.next()
    site.shows({f"/p/{n}": page(name=f"Cup {n}", sku=f"X{n}", offers=offer) for n in range(6)})
    changed = site.next()

    assert ("failed", 0, 6) == (changed["outcome"], changed["new"], site.current())


def test_one_page_with_other_records(rival: Callable[[str], Rival]) -> None:
    """A page that was given to another article is believed like any other."""
    site = rival("reviews")
    site.shows(reviewed())
    site.next()
    site.shows({**reviewed(), "/p/0": reviewed(newer=4)["/p/0"]})
    found = site.next()

    assert ("ok", 4, 28) == (found["outcome"], found["new"], site.current())


def test_reviews_that_move_on_to_the_next_page(rival: Callable[[str], Rival]) -> None:
    """New reviews push the old ones from page to page: none of them is another one."""
    site = rival("reviews")
    old = [[review(10 * n + at) for at in range(4)] for n in range(6)]
    new = [review(100 + at) for at in range(4)]

    def pages(found: list[list[dict[str, Any]]]) -> dict[str, bytes]:
        return {f"/p/{n}": page(name="Lamp", sku="L", review=each) for n, each in enumerate(found)}

    site.shows(pages(old))
    site.next()
    site.shows(pages([new, *old]))
    found = site.next()

    assert ("ok", 4, 28) == (found["outcome"], found["new"], site.current())
