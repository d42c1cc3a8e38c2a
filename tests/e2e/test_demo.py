"""``regard demo`` as somebody types it: a process of its own, a real store, a real report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regard.demo import Demo, make_demo, make_voices

NOW = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)
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
        return warm.run(arguments, cwd=folder, env=surroundings(), stdin=None, timeout=120)

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
        timeout=120,
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
        "exports/orders_export_2025-12-31.csv",
        "$ regard run --all",
        "21 in quarantine",
        "$ regard report customers",
        "Who they are",
        "$ regard report voice",
        "NPS fell",
        "$ regard report mystery",
        "Score card",
        "$ regard report touchpoints",
        "21 records were refused",
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


def test_again(place, demo, regard):
    """Running it again reads nothing anew and changes nothing; each fault is refused once."""
    again = regard(place, "demo", "shop", "--json")
    told = json.loads(again.stdout)
    counts = {
        sum(run[name] for run in told["runs"]) for name in ("new", "changed", "deleted", "stale")
    }

    assert (0, "ok", []) == (again.returncode, told["outcome"], told["written"])
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
    told = json.loads(regard(place, "demo", "shop", "--json").stdout)

    assert 1 == sum(run["new"] for run in told["runs"])
    reasons = [each["reason"] for each in told["refused"] if each["file"].endswith(deals.name)]
    assert ["bad-date"] == reasons
