"""``regard demo`` as somebody types it: a process of its own, a real store, a real report."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regard.demo import LOOKS, Demo, make_demo, make_voices
from regard.demo.exports.opinions import own_reviews
from regard.demo.shop import Article

NOW = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
ZONE = ZoneInfo("Europe/Madrid")


Regard = Callable[..., "subprocess.CompletedProcess[str]"]


def surroundings() -> dict[str, str]:
    """Return a fixed time, no colours and a wide terminal."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("REGARD_")}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "160", "REGARD_NOW": NOW.isoformat()}


@pytest.fixture(scope="session")
def regard(warm: Any) -> Regard:
    """Return what runs the command in a folder."""

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return warm.run(arguments, cwd=folder, env=surroundings(), stdin=None, timeout=400)

    return run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the demo is made."""
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def done(place: Path) -> subprocess.CompletedProcess[str]:
    """Make the demo once for all tests."""
    return subprocess.run(
        [sys.executable, "-m", "regard", "demo", "shop"],
        cwd=place,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(place: Path, done: subprocess.CompletedProcess[str]) -> Demo:
    """Return what is true in it."""
    return make_demo(place / "shop", NOW)


@pytest.fixture(scope="module")
def report(place: Path, demo: Demo, regard: Regard) -> dict[str, Any]:
    """Return the figures and tables that the report finds in the exports."""
    told = json.loads(regard(place / "shop", "report", "customers", "--format", "json").stdout)
    sections = told["sections"]
    return {
        "figures": {each["id"]: each for part in sections for each in part["figures"]},
        "tables": {each["title"]: each for part in sections for each in part["tables"]},
    }


def test_foreign_folder(tmp_path, regard):
    """A folder with somebody's files is refused as wrong usage, and left as it is."""
    (tmp_path / "letter.txt").write_text("mine")
    refused = regard(tmp_path, "demo", ".")

    assert 2 == refused.returncode
    assert "is not empty and is no demo" in refused.stderr
    assert ["letter.txt"] == [path.name for path in tmp_path.iterdir()]


def test_prints_everything(done, demo):
    """It prints what it made, the run, the report, what was refused and why, what to try next."""
    assert 0 == done.returncode, done.stderr
    wanted = [
        "Made a demo in shop",
        "Hogarvela at",
        "exports/orders_export_2025-12-31.csv",
        "60 days ago  offers: ",
        "30 days ago  offers: ",
        "10 days ago  offers: ",
        "$ regard schedule --once",
        "source:hogarvela-prices",
        "$ regard status",
        "17 sources",
        "$ regard report customers",
        "Who they are",
        "$ regard report voice",
        "NPS fell",
        "$ regard report mystery",
        "Score card",
        "$ regard report touchpoints",
        "$ regard report prices",
        "Price index, ours = 100",
        "$ regard report reviews",
        "Ratings, 1 to 5",
        "$ regard report competitors",
        "Beside us",
        "23 records were refused",
        "column 'Importe (€)': 'a/a' is no number",
        "next:",
        "cd shop",
    ]
    places = [done.stdout.find(text) for text in wanted]

    assert -1 not in places
    assert sorted(places) == places


def test_no_personal_values(done, demo):
    """No customer's address and no telephone number stands in what it prints."""
    printed = done.stdout + done.stderr

    assert "@" not in printed
    assert [] == [
        each.phone for each in demo.world.customers if each.phone and each.phone in printed
    ]


def test_configuration_is_right(place, demo, regard):
    """The project it makes passes `regard check` without a warning."""
    checked = regard(place / "shop", "check")

    assert 0 == checked.returncode
    assert "0 warnings, 0 errors" in checked.stdout


def test_customers_add_up(demo, report):
    """The report counts exactly the customers that there are."""
    assert len(demo.world.customers) == report["figures"]["customers.total"]["value"]


def test_revenue_adds_up(demo, report):
    """The report's revenue is, to the cent, what is true in each currency."""
    found = {
        each["unit"]: Decimal(each["value"])
        for name, each in report["figures"].items()
        if name.startswith("revenue.")
    }

    assert dict(demo.world.revenue()) == found


def test_purchases_not_made_add_up(demo, report):
    """The report finds every basket that was left, and what else came to nothing."""
    found: Counter[str] = Counter()
    for what, _, count, _ in report["tables"]["Why they were not made"]["rows"]:
        found[what] += count

    assert dict(demo.world.not_made()) == dict(found)


def test_competitors_add_up(demo, report):
    """The report says to whom each deal was lost, where that is known."""
    rows = report["tables"]["Lost to"]["rows"]

    assert dict(demo.world.lost_to()) == {name: count for name, count in rows if name}


@pytest.fixture(scope="module")
def market(place: Path, demo: Demo, regard: Regard) -> dict[str, list[dict[str, Any]]]:
    """Return the sections of the reports on competitors by their names."""
    asked = {
        "prices": ("--since", "55d", "--param", "rows=200"),
        "reviews": (),
        "competitors": (),
    }
    found = {}
    for name, more in asked.items():
        told = regard(place / "shop", "report", name, *more, "--format", "json").stdout
        found[name] = json.loads(told)["sections"]
    return found


def rows_of(sections: list[dict[str, Any]], title: str) -> list[list[Any]]:
    """Return the rows of the one table of that title."""
    tables = [table for part in sections for table in part["tables"]]
    (rows,) = [table["rows"] for table in tables if table["title"] == title]
    return rows


def changes(article: Article, before: date, after: date) -> Iterator[str]:
    """Yield what one look finds otherwise than the one before it, as the report counts it."""
    if not article.listed_on(before):
        if article.listed_on(after):
            yield "new"
        return
    if not article.listed_on(after):
        yield "withdrawn"
        return
    old, new = article.price_on(before), article.price_on(after)
    if article.promoted_on(after) and not article.promoted_on(before):
        yield "promotion"
    elif old != new:
        yield "dearer" if new > old else "cheaper"
    if article.available_on(before) != article.available_on(after):
        yield "back" if article.available_on(after) else "out"


def figures_of(regard: Regard, place: Path, *question: str) -> dict[str, Any]:
    """Return a report's figures by their ids."""
    told = json.loads(regard(place / "shop", "report", *question, "--format", "json").stdout)
    return {each["id"]: each for part in told["sections"] for each in part["figures"]}


def test_answers_add_up(place, demo, regard):
    """The report's NPS of a month is the one that is true, and so is how many answered."""
    since, until = datetime(2026, 1, 1, tzinfo=ZONE), datetime(2026, 2, 1, tzinfo=ZONE)
    voices = make_voices(demo.world)
    asked = [each for each in voices.after_order if since <= each.at < until]
    found = figures_of(regard, place, "voice", "--since", "2026-01-01", "--until", "2026-02-01")

    asked += [each for each in voices.replies if since <= each.at < until]
    assert len(asked) == found["nps"]["n"]
    assert float(found["nps"]["value"]) == pytest.approx(float(voices.nps(since, until)), abs=0.05)


def test_visits_add_up(place, demo, regard):
    """The report scores the visits as the form says, by a formula of its own."""
    own = [each.score for each in make_voices(demo.world).visits if not each.subject]
    mean = float(sum(own) / len(own))
    found = figures_of(regard, place, "mystery")

    assert mean == pytest.approx(float(found["visits.score"]["value"]), abs=0.01)


def test_calls_add_up(place, demo, regard):
    """The report finds every call, and how many of them were answered."""
    outcomes = Counter(each.outcome for each in make_voices(demo.world).calls)
    found = figures_of(
        regard, place, "touchpoints", "--since", "2025-10-01", "--until", "2026-02-03"
    )
    share = 100 * outcomes["answered"] / outcomes.total()

    assert outcomes.total() == found["calls.felt"]["n"]
    assert share == pytest.approx(float(found["calls.felt"]["value"]), abs=0.05)


def test_tickets_add_up(place, demo, regard):
    """The report's share of tickets solved with one reply is the one that is true."""
    since, until = datetime(2025, 11, 1, tzinfo=ZONE), datetime(2026, 2, 3, tzinfo=ZONE)
    tickets = [
        each
        for each in make_voices(demo.world).help_tickets
        if since <= each.at < until and each.status in ("Solved", "Closed")
    ]
    once = sum(each.replies == 1 and not each.reopens for each in tickets)
    asked = ("touchpoints", "--since", "2025-11-01", "--until", "2026-02-03")
    found = figures_of(regard, place, *asked)["tickets.one_touch"]

    assert len(tickets) == found["n"]
    assert 100 * once / len(tickets) == pytest.approx(float(found["value"]), abs=0.05)


def test_mailings_add_up(place, demo, regard):
    """The report follows each mailing from what was sent to what was bought, as is true."""
    asked = ("touchpoints", "--since", "2025-10-01", "--until", "2026-02-04", "--format", "json")
    told = json.loads(regard(place / "shop", "report", *asked).stdout)
    found = {row[0]: row for row in rows_of(told["sections"], "From sent to bought, recipients")}
    mailings = make_voices(demo.world).mailings

    assert {each.name for each in mailings} == set(found)
    for each in mailings:
        counts = each.counts
        _, sent, delivered, opened, clicked, bought, left = found[each.name]
        assert counts["sent"] == sent
        assert counts["sent"] - counts["bounce"] == delivered
        assert (counts["open"], counts["click"]) == (opened, clicked)
        assert (len(each.orders), counts["unsub"]) == (bought, left)


def test_prices_add_up(demo, market):
    """The report's index of each competitor is the one that is true, on as many articles."""
    index = rows_of(market["prices"], "Price index, ours = 100")
    wanted = {each.name: each.index_on(TODAY) for each in demo.rivals}

    assert wanted == {name: (Decimal(value), n) for name, value, n, *_ in index}


def test_lowest_prices_add_up(demo, market):
    """The lowest price of 30 days is the lowest that was asked on a day that was looked at."""
    days = [TODAY - timedelta(days=each.days) for each in LOOKS if each.days <= 30]
    wanted = {
        (article.name, rival.name): min(map(article.price_on, (*days, TODAY)))
        for rival in demo.rivals
        for article in rival.catalogue.articles
    }
    found = {
        (name, whose.removesuffix(" (sold out)")): Decimal(lowest)
        for title in ("Cheaper than we are", "Dearer than we are")
        for name, whose, *_, lowest in rows_of(market["prices"], title)
    }

    assert 50 < len(found)
    assert {pair: wanted[pair] for pair in found} == found


def test_changes_add_up(demo, market):
    """The report finds what each look found otherwise than the one before it, and no more."""
    days = [TODAY - timedelta(days=each.days) for each in LOOKS]
    wanted = Counter(
        (rival.name, what)
        for rival in demo.rivals
        for article in rival.catalogue.articles
        for before, after in pairwise((*days, TODAY))
        for what in changes(article, before, after)
    )
    rows = rows_of(market["prices"], "How many changes")
    names = ("dearer", "cheaper", "promotion", "out", "back", "new", "withdrawn")
    found = {
        (whose, what): count
        for whose, *counts in rows
        for what, count in zip(names, counts, strict=True)
        if count
    }

    assert dict(wanted) == found


def test_reviews_add_up(demo, market):
    """The report's mean rating of each competitor is the one that is true, and a fall is told."""
    since = TODAY - timedelta(days=365)
    rated = rows_of(market["reviews"], "Ratings, 1 to 5")
    wanted = {each.name: each.rating_on(since, TODAY) for each in demo.rivals}
    ours = [each.rating for each in own_reviews(demo.world) if each.on >= since]
    wanted["We"] = Decimal(sum(ours)) / len(ours), len(ours)

    assert "We" == rated[0][0]
    assert {name: n for name, (_, n) in wanted.items()} == {row[0]: row[4] for row in rated}
    for name, value, *_ in rated:
        assert float(value) == pytest.approx(float(wanted[name][0]), abs=0.005)
    fell = [each["text"] for part in market["reviews"] for each in part["findings"]]
    assert ["Toldemar"] == [text.partition(":")[0] for text in fell]


def test_competitors_stand_beside_us(demo, market):
    """One report has prices, reviews and mystery visits of a competitor under one name."""
    rows = {row[0]: row for row in rows_of(market["competitors"], "One row each")}
    visits = [each for each in make_voices(demo.world).visits if each.subject == "Hogarvela"]

    assert {each.name for each in demo.rivals} == set(rows)
    assert len(visits) == rows["Hogarvela"][7]
    for rival in demo.rivals:
        assert len(rival.offered_on(TODAY)) == rows[rival.name][3]


@pytest.mark.slow
def test_again_while_others_have_the_ports(place, demo, regard):
    """Running it again reads nothing anew, crawls no day twice, and ports make no difference."""
    with ExitStack() as stack:
        for each in demo.rivals:
            taken = stack.enter_context(socket.socket())
            with suppress(OSError):  # somebody else has it: all the better
                taken.bind(("127.0.0.1", each.port))
                taken.listen()
        again = regard(place, "demo", "shop", "--json")
    told = json.loads(again.stdout)
    counts = {
        sum(run[name] for run in told["runs"]) for name in ("new", "changed", "deleted", "stale")
    }

    assert (0, "ok", []) == (again.returncode, told["outcome"], told["written"])
    assert [] == told["crawls"]
    assert {0} == counts
    faults = Counter(fault for export in demo.exports for fault in export.faults)
    assert faults == Counter(each["reason"] for each in told["refused"])
    files = {export.path: len(export.faults) for export in demo.exports if export.faults}
    assert files == Counter(each["file"] for each in told["refused"])


def test_corrected_line_leaves_quarantine(place, demo, regard):
    """A line that somebody corrects is stored by the next run, and is no longer refused."""
    deals = next((place / "shop" / "exports").glob("*deals*"))
    deals.write_bytes(deals.read_bytes().replace(b",N/D,", b",1200.00,"))
    os.utime(deals, (NOW.timestamp(), NOW.timestamp()))
    told = json.loads(regard(place / "shop", "run", "online", "--json").stdout)
    refused = json.loads(regard(place / "shop", "quarantine", "list", "--json").stdout)

    assert 1 == sum(run["new"] for run in told["runs"])
    assert ["bad-date"] == [each["reason"] for each in refused if each["stream"] == "deals"]
