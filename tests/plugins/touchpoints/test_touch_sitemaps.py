"""Sitemaps of a whole site: indexes, the files they name, plain and gzipped."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Folder = Any
RunRegard = Callable[..., Any]

SITE = "https://shop.example"


def sitemap(*pages: str) -> str:
    """Return a sitemap of some pages."""
    urls = "".join(f"<url><loc>{SITE}{page}</loc></url>" for page in pages)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'


def index(*names: str) -> str:
    """Return an index of some sitemaps."""
    found = "".join(f"<sitemap><loc>{SITE}/maps/{name}</loc></sitemap>" for name in names)
    return (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{found}</sitemapindex>'
    )


def pages_of(folder: Folder) -> set[str]:
    """Return the pages that are known to exist."""
    return {row["subject"] for row in folder.records("fact").values()}


def test_an_index_is_followed(folder: Folder) -> None:
    """What an index names is read where it lies beside it, gzipped or not."""
    folder.put("sitemap.xml", index("shoes.xml", "hats.xml.gz", "socks.xml.gz"))
    folder.put("shoes.xml", sitemap("/shoes/1", "/shoes/2"))
    folder.put("hats.xml.gz", gzip.compress(sitemap("/hats/1").encode()))
    folder.put("socks.xml", sitemap("/socks/1"))  # the server packs it on its way
    summary = folder.run(path="in/sitemap.xml")["pages"]

    assert {"/shoes/1", "/shoes/2", "/hats/1", "/socks/1"} == pages_of(folder)
    assert any("names 3 other sitemaps, which lie beside it" in each for each in summary.notes)


def test_an_index_among_other_files(folder: Folder) -> None:
    """Where all files of a folder are read anyway, none is read twice."""
    folder.put("sitemap.xml", index("shoes.xml"))
    folder.put("shoes.xml", sitemap("/shoes/1"))
    summary = folder.run()["pages"]

    assert (1, 0) == (summary.counts.new, summary.counts.unchanged)


def test_what_an_index_names_and_is_not_there(folder: Folder) -> None:
    """Sitemaps that are not beside their index are named; those that are there are read."""
    folder.put("sitemap.xml", index("shoes.xml", "hats.xml"))
    folder.put("shoes.xml", sitemap("/shoes/1"))
    summary = folder.run(path="in/sitemap.xml")["pages"]
    (note,) = [each for each in summary.notes if "other sitemaps" in each]

    assert {"/shoes/1"} == pages_of(folder)
    assert "names 2 other sitemaps, of which 1 do not lie beside it" in note
    assert f"'{SITE}/maps/hats.xml'; put them there, or name their addresses in `path`" in note


def test_a_page_leaves_a_sitemap_that_an_index_names(folder: Folder) -> None:
    """A change in a sitemap is noticed though its index did not change."""
    folder.put("sitemap.xml", index("a.xml", "b.xml"))
    folder.put("a.xml", sitemap(*(f"/a/{n}" for n in range(9))))
    folder.put("b.xml", sitemap("/b/1", "/b/2"))
    folder.run(path="in/sitemap.xml")
    folder.put("b.xml", sitemap("/b/2", "/b/3"), hours_ago=1)
    folder.run(path="in/sitemap.xml")

    assert {"/b/2", "/b/3"} == {page for page in pages_of(folder) if page.startswith("/b")}
    assert 11 == len(pages_of(folder))


@pytest.mark.parametrize(
    "name",
    [
        "../outside.xml",
        "..%2Foutside.xml",
        "..",
        ".hidden.xml",
        "%2e%2e%2foutside.xml",
        "sitemap.xml",
        "a%00b.xml",
        "",
    ],
)
def test_an_index_leads_nowhere_else(name: str, folder: Folder) -> None:
    """An index reaches no file that is not beside it, and not itself."""
    (folder.root / "outside.xml").write_text(sitemap("/secret"))
    folder.put(".hidden.xml", sitemap("/hidden"))
    folder.put("sitemap.xml", index(name, "shoes.xml"))
    folder.put("shoes.xml", sitemap("/shoes/1"))
    folder.run(path="in/sitemap.xml")

    assert {"/shoes/1"} == pages_of(folder)


def test_indexes_that_name_each_other(folder: Folder) -> None:
    """Indexes in a circle end, and what they name beside is read once."""
    folder.put("one.xml", index("two.xml", "shoes.xml"))
    folder.put("two.xml", index("one.xml", "hats.xml"))
    folder.put("shoes.xml", sitemap("/shoes/1"))
    folder.put("hats.xml", sitemap("/hats/1"))
    folder.run(path="in/one.xml")

    assert {"/shoes/1", "/hats/1"} == pages_of(folder)


def test_a_broken_index(folder: Folder) -> None:
    """Of an index that breaks off nothing is taken for gone, and the file is named."""
    folder.put("sitemap.xml", index("shoes.xml"))
    folder.put("shoes.xml", sitemap("/shoes/1"))
    folder.run(path="in/sitemap.xml")
    folder.put("sitemap.xml", index("shoes.xml")[:-20], hours_ago=1)
    summary = folder.run(path="in/sitemap.xml")["pages"]

    assert "sitemap.xml is no whole XML" in (summary.error or "")
    assert {"/shoes/1"} == pages_of(folder)


def test_check_names_them(
    tmp_path: Path, project: Callable[..., Path], run_regard: RunRegard
) -> None:
    """`regard check` and a run by the command line find the same files."""
    config = '[sources.site]\nplugin = "touchpoints"\npath = "site/sitemap.xml"\n'
    files = {"site/sitemap.xml": index("a.xml"), "site/a.xml": sitemap("/a")}
    root = project(config, files=files)
    checked = run_regard("check", cwd=root)
    done = json.loads(run_regard("run", "site", "--json", cwd=root).stdout)

    assert "2 tables read as sitemap: pages" in checked.stdout
    assert 1 == done["runs"][0]["new"]
