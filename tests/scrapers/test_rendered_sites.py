"""Sites whose pages need their scripts, from the command line into the store."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]
OpenScripted = Callable[[], Any]

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome-stable"))),
    reason="no Chromium is installed; apt install chromium brings it",
)
CONFIG = '[sources.prices]\nplugin = "web-offers"\nsite = "rival"\n'
SANDBOX = os.geteuid() != 0
ROOT = () if SANDBOX else ("--no-sandbox",)


def site_of(shop: Any, more: str = "", javascript: str | None = None) -> str:
    """Return the file of a site that is the shop."""
    said = javascript or ("true" if SANDBOX else "{sandbox = false}")
    return (
        f'competitor = "Rival"\ncontact = "mailto:us@us.example"\ndelay = 0.0\n'
        f'allow_hosts = ["{shop.host}"]\ncurrency = "EUR"\njavascript = {said}\n'
        f'canary = ["{shop.url}/p/1"]\n{more}\n[discover]\nurls = "urls.csv"\n'
    )


def stocked(shop: Any, articles: int = 3) -> str:
    """Let a shop sell so many articles, and return the file of their addresses."""
    for at in range(1, articles + 1):
        shop.say(f"/api/{at}", json.dumps({"price": 10 + at}), "application/json")
        body = (
            f'<!doctype html><html><body><div id="app"></div><script src="/app.js"></script>'
            f"<script>start({at})</script></body></html>"
        )
        shop.say(f"/p/{at}", body, ETag=f'"{at}"')
    shop.say(
        "/app.js",
        """async function start(at) {
          const found = await (await fetch("/api/" + at)).json();
          const made = document.createElement("div");
          made.innerHTML = `<div itemscope itemtype="https://schema.org/Product">
            <h1 itemprop="name">Article ${at}</h1><meta itemprop="sku" content="A${at}">
            <div itemprop="offers" itemscope itemtype="https://schema.org/Offer">
            <meta itemprop="price" content="${found.price}">
            <meta itemprop="priceCurrency" content="EUR">
            <link itemprop="availability" href="https://schema.org/InStock"></div></div>`;
          document.getElementById("app").append(made);
        }""",
        "text/javascript",
    )
    return "".join(f"{shop.url}/p/{at}\n" for at in range(1, articles + 1))


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what the store says."""
    with closing(sqlite3.connect(folder / "regard.db")) as connection:
        return connection.execute(query).fetchall()


OFFERS = "SELECT key, price / 1000000, extra FROM offers WHERE valid_to IS NULL ORDER BY key"


@pytest.mark.slow
def test_rendered_offers_are_stored_and_looked_at_again(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard
) -> None:
    """Offers say that they were rendered; a page that did not change is rendered all the same."""
    shop = open_scripted()
    folder = project(CONFIG, files={"urls.csv": stocked(shop), "sites/rival.toml": site_of(shop)})
    first = run_regard("run", "prices", "--json", cwd=folder)
    asked = Counter(shop.paths)
    stored = rows(folder, OFFERS)
    shop.say("/api/2", '{"price": 14}', "application/json")
    second = run_regard("run", "prices", "--json", cwd=folder)
    counted = rows(folder, "SELECT asked FROM origins")

    assert 0 == first.returncode, first.stdout
    assert [("sku:A1", 11), ("sku:A2", 12), ("sku:A3", 13)] == [row[:2] for row in stored]
    assert {True} == {json.loads(row[2])["rendered"] for row in stored}
    assert {1} == set(asked.values())
    assert 1 == json.loads(second.stdout)["runs"][0]["changed"]
    assert not any("if-none-match" in each.headers for each in shop.log)
    assert [(len(shop.paths),)] == counted


@pytest.mark.slow
def test_the_origin_that_wants_less_is_left_alone(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard
) -> None:
    """Where whom scripts ask says 429 it is paused, the shop is not, and its pages stay due."""
    shop, api = open_scripted(), open_scripted()
    listed = stocked(shop)
    api.say("/api", "{}", "application/json", 429, Retry_After="7200",
            Access_Control_Allow_Origin="*")  # fmt: skip
    for at in (1, 2, 3):
        shop.page(f"/p/{at}", f'fetch("{api.url}/api")')
    sandbox = "" if SANDBOX else ", sandbox = false"
    site = site_of(shop, javascript=f'{{origins = ["{api.url}"]{sandbox}}}')
    site = site.replace(f'["{shop.host}"]', f'["{shop.host}", "{api.host}"]')
    config = CONFIG + "retries = 0\n"
    folder = project(config, files={"urls.csv": listed, "sites/rival.toml": site})
    done = run_regard("run", "prices", "--json", cwd=folder)
    (stream,) = json.loads(done.stdout)["runs"]
    before = len(shop.paths)
    again = run_regard("run", "prices", "--json", cwd=folder)

    assert f"{api.url}, which pages of site rival need, asks for less" in stream["error"]
    paused = dict(rows(folder, "SELECT origin, paused_until IS NOT NULL FROM origins"))
    assert {api.url: 1, shop.url: 0} == paused
    assert [(3,)] == rows(
        folder, "SELECT count(*) FROM addresses WHERE url LIKE '%/p/%' AND visited_pass = 0"
    )
    assert f"{api.url} asks for less" in json.loads(again.stdout)["runs"][0]["error"]
    assert before == len(shop.paths)


def test_without_the_key_nothing_is_started(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard
) -> None:
    """A site that does not ask for it is read as it is sent, and Chromium is not looked for."""
    shop = open_scripted()
    site = site_of(shop, javascript="false")
    folder = project(CONFIG, files={"urls.csv": stocked(shop), "sites/rival.toml": site})
    nothing = folder / "bin"
    nothing.mkdir()
    done = run_regard("run", "prices", "--json", cwd=folder, env={"PATH": str(nothing)})

    (stream,) = json.loads(done.stdout)["runs"]

    assert "none of the pages of site rival could be read: 3 unreadable" == stream["error"]
    assert [] == rows(folder, OFFERS)
    assert ["/p/1", "/p/2", "/p/3"] == sorted(shop.paths)


def test_what_is_missing_is_told_before_anybody_is_asked(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard
) -> None:
    """Without Chromium the check and the run name Debian's package, and the shop hears nothing."""
    shop = open_scripted()
    folder = project(CONFIG, files={"urls.csv": stocked(shop), "sites/rival.toml": site_of(shop)})
    nothing = folder / "bin"
    nothing.mkdir()
    found = [
        run_regard(*words, cwd=folder, env={"PATH": str(nothing)})
        for words in (("check",), ("run", "prices"), ("site", "check", "rival"))
    ]

    assert not [done.stdout for done in found if done.returncode == 0]
    assert all("apt install chromium" in done.stdout + done.stderr for done in found)
    assert [] == shop.log


@pytest.mark.slow
def test_a_page_that_seems_to_need_its_scripts(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard
) -> None:
    """`site add` says that nothing is found without scripts, and with them writes the file."""
    shop = open_scripted()
    stocked(shop)
    folder = project(CONFIG)
    words = ("site", "add", f"{shop.url}/p/1", "--name", "rival", "--competitor", "Rival",
             "--contact", "mailto:us@us.example", "--allow-host", shop.host)  # fmt: skip
    plain = run_regard(*words, "--dry-run", cwd=folder)
    rendered = run_regard(*words, "--javascript", *ROOT, cwd=folder)
    written = tomllib.loads((folder / "sites" / "rival.toml").read_text("utf-8"))

    assert 1 == plain.returncode
    assert "# javascript = true" in plain.stdout
    assert "seems to need its scripts: its element 'app' is empty" in " ".join(
        plain.stdout.split()
    )
    assert 0 == rendered.returncode, rendered.stderr
    assert (True if SANDBOX else {"sandbox": False}) == written["javascript"]
    assert "11" in rendered.stdout


@pytest.mark.slow
def test_rendered_pages_are_checked_recorded_and_compared(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard
) -> None:
    """A recording is the page as its scripts left it; reading it again needs no Chromium."""
    shop = open_scripted()
    folder = project(CONFIG, files={"urls.csv": stocked(shop), "sites/rival.toml": site_of(shop)})
    checked = run_regard("site", "check", "rival", cwd=folder)
    recorded = run_regard("site", "record", f"{shop.url}/p/1", "--site", "rival", cwd=folder)
    about = json.loads((folder / "sites/rival/p-1/about.json").read_text("utf-8"))
    nothing = folder / "bin"
    nothing.mkdir()
    tested = [
        run_regard("site", *words, cwd=folder, env={"PATH": str(nothing)})
        for words in (("test", "rival"), ("diff", "rival"))
    ]

    assert 0 == checked.returncode, checked.stdout
    assert "1 offers (11 EUR), rendered" in checked.stdout
    assert 0 == recorded.returncode, recorded.stderr
    assert about["rendered"]
    assert b"Article 1" in (folder / "sites/rival/p-1/page.html").read_bytes()
    assert [0, 0] == [done.returncode for done in tested], tested


@pytest.mark.slow
def test_what_scripts_are_not_given_is_told(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard
) -> None:
    """Whoever looks after a site is told what its scripts want and do not get."""
    shop = open_scripted()
    urls = stocked(shop)
    shop.say("/robots.txt", "User-agent: *\nDisallow: /api\n", "text/plain")
    folder = project(CONFIG, files={"urls.csv": urls, "sites/rival.toml": site_of(shop)})
    done = run_regard("run", "prices", cwd=folder)
    checked = run_regard("site", "check", "rival", cwd=folder)

    assert "robots.txt forbids it" in done.stdout + done.stderr
    assert f"{shop.url}/api/1: robots.txt forbids it" in checked.stdout
    assert not any(path.startswith("/api") for path in shop.paths)


def chromium_below(folder: Path) -> list[int]:
    """Return Chromium's processes that a run in this folder has started."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if str(folder).encode() in line.read_bytes():
                found.append(int(line.parent.name))
    return found


@pytest.mark.slow
def test_a_killed_run_is_taken_up_and_leaves_no_chromium(
    open_scripted: OpenScripted, project: MakeProject, run_regard: RunRegard, tmp_path: Path
) -> None:
    """A run that is killed while it renders leaves no Chromium, and the next has every offer."""
    shop = open_scripted()
    shop.seconds = 0.15
    folder = project(
        CONFIG, files={"urls.csv": stocked(shop, 8), "sites/rival.toml": site_of(shop)}
    )
    # Short, for the sockets in it; it tells these processes from others.
    temporary = Path(f"/tmp/rendered-{os.getpid()}")
    temporary.mkdir()
    run = subprocess.Popen(
        [sys.executable, "-m", "regard", "run", "prices"],
        cwd=folder, env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not any(path.startswith("/api/3") for path in shop.paths):
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    lived = chromium_below(temporary)
    end = time.monotonic() + 15
    while chromium_below(temporary) and time.monotonic() < end:
        time.sleep(0.1)
    left = chromium_below(temporary)
    done = run_regard("run", "prices", "--json", cwd=folder)
    outcomes = rows(folder, "SELECT outcome, count(*) FROM addresses GROUP BY outcome")
    shutil.rmtree(temporary)

    assert lived
    assert [] == left
    assert 0 == done.returncode, done.stdout
    assert [f"sku:A{at}" for at in range(1, 9)] == [row[0] for row in rows(folder, OFFERS)]
    assert [("ok", 8)] == outcomes
