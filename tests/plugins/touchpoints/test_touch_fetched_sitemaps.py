"""Sitemap indexes that are fetched: what they name comes with them, under narrow rules."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from regard.clock import FixedClock
from regard.pipeline.running import Runner
from regard.testing.reading import make_project

Folder = Any
Web = Any
Respond = Callable[..., Any]
KIND = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap(*pages: str) -> bytes:
    """Return a sitemap of some pages."""
    urls = "".join(f"<url><loc>https://shop.example{page}</loc></url>" for page in pages)
    return f"<urlset {KIND}>{urls}</urlset>".encode()


def index(*addresses: str) -> bytes:
    """Return an index of some sitemaps."""
    found = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f"<sitemapindex {KIND}>{found}</sitemapindex>".encode()


def pages_of(folder: Folder) -> set[str]:
    """Return the pages that are known to exist."""
    return {row["subject"] for row in folder.records("fact").values()}


def asked(web: Web) -> list[str]:
    """Return what the server was asked for."""
    return [path for path, _ in web.asked]


def test_what_a_fetched_index_names(folder: Folder, web: Web) -> None:
    """Sitemaps on the same host are fetched with their index, packed or not, each once."""
    web.pages |= {
        "/index.xml": index(
            web.url("/maps/a.xml"), web.url("/maps/b.xml.gz"), web.url("/c.php?page=2")
        ),
        "/maps/a.xml": sitemap("/a/1", "/a/2"),
        "/maps/b.xml.gz": gzip.compress(sitemap("/b/1")),
        "/c.php": sitemap("/c/1"),
    }
    summary = folder.run(path=web.url("/index.xml"))["pages"]

    assert {"/a/1", "/a/2", "/b/1", "/c/1"} == pages_of(folder)
    assert ["/index.xml", "/maps/a.xml", "/maps/b.xml.gz", "/c.php?page=2"] == asked(web)
    assert [] == [note for note in summary.notes if "sitemaps" in note]


def test_a_page_leaves_a_part(folder: Folder, web: Web, respond: Respond) -> None:
    """A page that left one part is gone, though the index and the other parts are unchanged."""
    web.pages |= {
        "/index.xml": index(web.url("/a.xml"), web.url("/b.xml")),
        "/a.xml": respond(sitemap(*(f"/a/{n}" for n in range(9))), ETag='"1"'),
        "/b.xml": sitemap("/b/1", "/b/2"),
    }
    folder.run(path=web.url("/index.xml"))
    web.pages["/b.xml"] = sitemap("/b/2", "/b/3")
    web.pages["/a.xml"] = respond(b"", 304)
    folder.run(path=web.url("/index.xml"))

    assert {"/b/2", "/b/3"} == {page for page in pages_of(folder) if page.startswith("/b")}
    assert 11 == len(pages_of(folder))

    summaries = folder.run(path=web.url("/index.xml"))
    assert 0 == sum(each.counts.read for each in summaries.values())


def test_a_part_that_fails(folder: Folder, web: Web) -> None:
    """A part that is not there fails the run by name; its neighbours are read, none is gone."""
    web.pages |= {"/index.xml": index(web.url("/a.xml"), web.url("/b.xml"))}
    web.pages |= {"/a.xml": sitemap("/a"), "/b.xml": sitemap("/b")}
    folder.run(path=web.url("/index.xml"))
    del web.pages["/b.xml"]
    web.pages["/a.xml"] = sitemap("/a", "/a/new")
    summary = folder.run(path=web.url("/index.xml"))["pages"]

    assert "/b.xml: there is nothing (404)" in (summary.error or "")
    assert {"/a", "/a/new", "/b"} == pages_of(folder)


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/a.xml",
        "http://169.254.169.254/latest/a.xml",
        "http://127.0.0.1:1/a.xml",
        "file:///etc/passwd",
        "ftp://127.0.0.1/a.xml",
        "//elsewhere.example/a.xml",
        "/a.xml",
        "http://[::1/a.xml",
        "http://127.0.0.1:99999/a.xml",
        "",
    ],
)
def test_other_places_are_not_asked(address: str, folder: Folder, web: Web) -> None:
    """An index leads to no other host, port or scheme; what it names there is said."""
    web.pages |= {"/index.xml": index(address, web.url("/b.xml")), "/b.xml": sitemap("/b")}
    summary = folder.run(path=web.url("/index.xml"))["pages"]

    assert ["/index.xml", "/b.xml"] == asked(web)
    assert {"/b"} == pages_of(folder)
    assert any("index.xml: 1 of the sitemaps that it names are not on" in n for n in summary.notes)


def test_what_signs_in_goes_along(folder: Folder, web: Web) -> None:
    """Parts are asked as the index was, whoever an address pretends to be."""
    part = web.url("/a.xml").replace("http://", "http://mallory:secret@")
    web.pages |= {"/index.xml": index(part), "/a.xml": sitemap("/a")}
    folder.run(path={"url": web.url("/index.xml"), "headers": {"X-Api-Key": "k1"}})

    assert ["k1", "k1"] == [headers.get("x-api-key") for _, headers in web.asked]
    assert [None, None] == [headers.get("authorization") for _, headers in web.asked]


def test_indexes_in_a_circle(folder: Folder, web: Web) -> None:
    """Indexes that name themselves and each other end."""
    web.pages |= {
        "/one.xml": index(web.url("/one.xml"), web.url("/two.xml"), web.url("/a.xml")),
        "/two.xml": index(web.url("/one.xml"), web.url("/two.xml"), web.url("/a.xml")),
        "/a.xml": sitemap("/a"),
    }
    folder.run(path=web.url("/one.xml"))

    assert {"/a"} == pages_of(folder)
    assert ["/one.xml", "/two.xml", "/a.xml"] == asked(web)


def test_an_index_of_too_many(folder: Folder, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than so many are asked for; the rest is counted."""
    monkeypatch.setattr("regard_plugins.touchpoints.following._MOST", 3)
    web.pages |= {f"/{n}.xml": sitemap(f"/{n}") for n in range(9)}
    web.pages["/index.xml"] = index(*(web.url(f"/{n}.xml") for n in range(9)))
    summary = folder.run(path=web.url("/index.xml"))["pages"]

    assert {"/0", "/1", "/2"} == pages_of(folder)
    assert any("it names 6 sitemaps beyond 3; they are not fetched" in n for n in summary.notes)


def test_a_part_of_harm(folder: Folder, web: Web) -> None:
    """A part that declares entities is refused, and its neighbours are read."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]>' + sitemap("/&a;")
    web.pages |= {"/index.xml": index(web.url("/x.xml"), web.url("/a.xml"))}
    web.pages |= {"/x.xml": bomb, "/a.xml": sitemap("/a")}
    summary = folder.run(path=web.url("/index.xml"))["pages"]

    assert "declares a document type or entities" in (summary.error or "")
    assert {"/a"} == pages_of(folder)


def test_other_files_behind_addresses(folder: Folder, web: Web) -> None:
    """What is no index is read as ever, beside one as well."""
    web.pages |= {"/index.xml": index(web.url("/a.xml")), "/a.xml": sitemap("/a")}
    web.pages["/box.csv"] = b"date,suggestion\n2026-09-01,More jazz\n"
    folder.run(path=[web.url("/index.xml"), web.url("/box.csv")])

    assert {"/a"} == pages_of(folder)
    assert ["More jazz"] == [row["text"] for row in folder.records("touchpoint").values()]


def test_a_dry_run(folder: Folder, web: Web) -> None:
    """Parts are found where nothing is kept, too."""
    web.pages |= {"/index.xml": index(web.url("/a.xml")), "/a.xml": sitemap("/a", "/b")}
    project = make_project(folder.root, "touchpoints", {"path": web.url("/index.xml")})
    runner = Runner(project, folder.host, FixedClock(datetime(2026, 10, 1, tzinfo=UTC)), "test")
    summaries, _ = runner.dry_run(None, "tested")

    assert {"pages": 2} == {each.stream: each.counts.read for each in summaries}
    assert [] == list(folder.root.rglob("*.xml"))
