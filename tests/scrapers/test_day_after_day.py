"""What a site's troubles of one day do to the next days: nothing, once they are over."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Shop

pytestmark = pytest.mark.slow

OpenShop = Callable[..., Shop]
MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

CONFIG = """
[sources.prices]
plugin = "web-offers"
site = "rival"
retries = RETRIES
"""
SITE = """
competitor = "Rival"
contact = "mailto:us@us.example"
delay = 0.0
allow_hosts = ["HOST"]
currency = "EUR"

[discover]
sitemap = "http://HOST/sitemap.xml"
"""


@dataclass(frozen=True, slots=True)
class Day:
    """
    What a run of one day came to.

    Attributes:
        outcome: The run's.
        error: Why it failed.
        deleted: How many offers it took for withdrawn.
        asked: The paths that the shop was asked for.
        seen: How many offers it met.
    """

    outcome: str
    error: str
    deleted: int
    asked: list[str]
    seen: int


@dataclass(slots=True)
class Daily:
    """A shop that is looked at once a day."""

    shop: Shop
    folder: Path
    run: RunRegard
    date: int = 0

    def next(self, *, later: bool = False) -> Day:
        """Look at the shop on the next day, or later on the same one."""
        self.date += not later
        before, now = (
            len(self.shop.paths),
            f"2026-11-{self.date:02}T{self.date + 8 + later:02}:00:00Z",
        )
        done = self.run("run", "prices", "--json", cwd=self.folder, env={"REGARD_NOW": now})
        stream, *_ = json.loads(done.stdout)["runs"]
        with sqlite3.connect(self.folder / "regard.db") as connection:
            ((seen,),) = connection.execute(
                "SELECT count(*) FROM offers WHERE last_seen_at >= ?", [now[:10]]
            )
        connection.close()
        asked = self.shop.paths[before:]
        return Day(stream["outcome"], stream["error"] or "", stream["deleted"], asked, seen)


@pytest.fixture
def daily(
    open_shop: OpenShop, small: Catalogue, project: MakeProject, run_regard: RunRegard
) -> Callable[..., Daily]:
    """Return what makes a project that looks at a shop with six articles."""

    def made(retries: int = 0, pages_per_day: int = 1_000) -> Daily:
        shop = open_shop(goods=small)
        site = f"pages_per_day = {pages_per_day}\n{SITE}".replace("HOST", shop.host)
        files = {"sites/rival.toml": site}
        folder = project(CONFIG.replace("RETRIES", str(retries)), files=files)
        return Daily(shop, folder, run_regard)

    return made


def pages(day: Day) -> int:
    """Return how many articles' pages were asked for."""
    return sum(path.startswith("/p/") for path in day.asked)


def test_one_broken_page_keeps_no_other_from_being_read(
    daily: Callable[..., Daily], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that always fails is tried once a day, and all others are looked at every day."""
    watched = daily()
    answer = watched.shop._page

    def broken(target: str) -> tuple[int, bytes, dict[str, str]]:
        return (500, b"oh", {}) if target.endswith("0003") else answer(target)

    monkeypatch.setattr(watched.shop, "_page", broken)
    days = [watched.next() for _ in range(3)]

    assert [("ok", 6, 5)] * 3 == [(day.outcome, pages(day), day.seen) for day in days]


def test_pages_that_fail_use_up_no_day(
    daily: Callable[..., Daily], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a day is too short for all, what failed yesterday waits until all others are read."""
    watched = daily(pages_per_day=4)
    answer = watched.shop._page

    def broken(target: str) -> tuple[int, bytes, dict[str, str]]:
        return (500, b"oh", {}) if target.endswith(("0", "1", "2")) else answer(target)

    monkeypatch.setattr(watched.shop, "_page", broken)
    days = [watched.next() for _ in range(4)]

    assert ["ok"] * 4 == [day.outcome for day in days]
    assert [0, 3, 3] == [day.seen for day in days[:3]]


def test_a_page_that_fails_keeps_only_its_own_offer(
    daily: Callable[..., Daily], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not listed any more is withdrawn; what failed only once it is gone twice."""
    watched = daily()
    watched.next()
    answer, status = watched.shop._page, [500]

    def broken(target: str) -> tuple[int, bytes, dict[str, str]]:
        return (status[0], b"oh", {}) if target.endswith("0003") else answer(target)

    monkeypatch.setattr(watched.shop, "_page", broken)
    watched.shop.knobs.hidden.add("TO0001")
    failing = [watched.next().deleted for _ in range(4)]
    status[0] = 404
    gone = [watched.next().deleted for _ in range(3)]

    assert [0, 1, 0, 0] == failing
    assert [0, 1, 0] == gone


@pytest.mark.parametrize(
    ("knob", "said"),
    [("blocked", "does not let us in"), ("redesigned", "no longer looks as it did")],
)
def test_each_day_of_trouble_is_told(knob: str, said: str, daily: Callable[..., Daily]) -> None:
    """Every run fails while it lasts, nothing counts as seen, and the first after it is whole."""
    watched = daily()
    first = watched.next()
    setattr(watched.shop.knobs, knob, True)
    bad = [watched.next() for _ in range(3)]
    setattr(watched.shop.knobs, knob, False)
    last = watched.next()

    assert [("failed", 6, 0)] * 3 == [(day.outcome, pages(day), day.seen) for day in bad]
    assert all(said in day.error for day in bad)
    assert [("ok", 6), ("ok", 6)] == [(day.outcome, day.seen) for day in (first, last)]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"robots_status": 503}, "robots.txt was answered with status 503"),
        ({"status": 500}, "none of the pages of site rival could be read: 1 http-error"),
        ({"status": 404}, "no longer says what it has: http://HOST/sitemap.xml: status 404"),
        ({"disallow": ("/sitemap.xml",)}, "/sitemap.xml: robots.txt forbids it"),
    ],
    ids=["robots", "errors", "gone", "forbidden"],
)
def test_a_site_that_shows_nothing_has_not_withdrawn_everything(
    trouble: dict[str, Any], said: str, daily: Callable[..., Daily]
) -> None:
    """Where nothing can be discovered the run fails, however often, and no offer is withdrawn."""
    watched = daily()
    watched.next()
    well = {name: getattr(watched.shop.knobs, name) for name in trouble}
    for name, value in trouble.items():
        setattr(watched.shop.knobs, name, value)
    bad = [watched.next() for _ in range(3)]
    for name, value in well.items():
        setattr(watched.shop.knobs, name, value)
    last = watched.next()

    assert [("failed", 0, 0)] * 3 == [(day.outcome, day.deleted, day.seen) for day in bad]
    assert all(said.replace("HOST", watched.shop.host) in day.error for day in bad)
    assert ("ok", 6) == (last.outcome, last.seen)


def test_tries_within_a_run_give_nothing_up(daily: Callable[..., Daily]) -> None:
    """A run that tries again and again has failed in the end, and the next one reads it all."""
    watched = daily(retries=3)
    watched.shop.knobs.status = 500
    bad = watched.next()
    watched.shop.knobs.status = None
    last = watched.next()

    assert ("failed", 4) == (bad.outcome, bad.asked.count("/sitemap.xml"))
    assert ("ok", 6) == (last.outcome, last.seen)


def test_a_day_that_is_used_up_says_what_it_was_used_for(daily: Callable[..., Daily]) -> None:
    """Where no page could be read, neither a new try nor a later run of that day is well."""
    watched = daily(retries=2)
    first = watched.next()
    site = watched.folder / "sites" / "rival.toml"
    site.write_text(site.read_text().replace("1000", "1"))
    idle = watched.next(later=True)
    watched.shop.knobs.status = 500
    bad, later = watched.next(), watched.next(later=True)
    watched.shop.knobs.status = None
    next_day = watched.next()

    assert ["ok", "ok"] == [first.outcome, idle.outcome]
    assert ["failed", "failed"] == [bad.outcome, later.outcome]
    assert (1, []) == (bad.asked.count("/sitemap.xml"), later.asked)
    assert "none of the pages of site rival could be read: 1 http-error" == bad.error
    assert "none of the pages of site rival could be read today: 1 http-error" == later.error
    assert ("ok", 0) == (next_day.outcome, next_day.deleted)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_its_robots_asked_for_less(
    status: int, daily: Callable[..., Daily], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once, and is then left alone as long as it says."""
    watched = daily(retries=2)
    answer, less = watched.shop._page, (status, b"", {"Retry-After": "7200"})

    def busy(target: str) -> tuple[int, bytes, dict[str, str]]:
        return less if target == "/robots.txt" else answer(target)

    monkeypatch.setattr(watched.shop, "_page", busy)
    first, hour_later = watched.next(), watched.next(later=True)
    monkeypatch.undo()
    last = watched.next()

    assert ["failed", "failed"] == [first.outcome, hour_later.outcome]
    assert [["/robots.txt"], []] == [first.asked, hour_later.asked]
    assert "asks for less" in first.error
    assert "is left alone until 2026-11-01 11:" in hour_later.error
    assert ("ok", 6) == (last.outcome, last.seen)
