"""``regard look`` over what customers say and meet: each file finds the source that knows it."""

from __future__ import annotations

import json
import mailbox
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regard.demo import make_world
from regard.demo.exports import make_exports

RunRegard = Callable[..., Any]

NOW = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)
TITLES = {
    "crm-export": {
        "HubSpot contacts export",
        "HubSpot deals export",
        "Shopify orders export",
        "Trustpilot Business service reviews export",
    },
    "indicators": {"SDMX-CSV", "footfall by place"},
    "mailbox": {"mailbox (mbox)"},
    "mystery-shopping": {"visits on Store, one row a visit"},
    "survey-export": {
        "Google Forms responses",
        "SurveyMonkey responses",
        "Typeform responses",
    },
    "touchpoints": {
        "Asterisk call detail records (Master.csv)",
        "Mailchimp activity of subscribers",
        "Mailchimp campaigns report",
        "Zendesk tickets export",
        "sitemap",
        "text, one suggestion a file",
        "web server log, web server log, bots",
    },
}
MAPPED = ("till/", "baskets/", "pricelist/")
"""Files of nobody's product, which want a map."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one year's exports of everything but what wants a map."""
    root = tmp_path_factory.mktemp("shop")
    for export in make_exports(make_world(1, NOW)):
        if not export.path.startswith(MAPPED) and "orders_export_2024" not in export.path:
            path = root / export.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(export.data)
    return root


@pytest.fixture(scope="module")
def looked(shop: Path, tmp_path_factory: pytest.TempPathFactory, warm: Any) -> dict[str, Any]:
    """Return what the command says of all of them, as JSON."""
    folders = sorted(path.name for path in shop.iterdir())
    words = ["look", *folders, "--json", "--timezone", "Europe/Madrid"]
    environment = {"REGARD_NOW": NOW.isoformat(), "PATH": ""}
    done = warm.run(words, cwd=shop, env=environment, stdin=None, timeout=300)
    assert "" == done.stderr.partition("Traceback")[1]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_each_file_finds_its_source(looked: dict[str, Any]) -> None:
    """Every file is taken for what it is, by the source that reads such files."""
    found: dict[str, set[str]] = {}
    for each in looked["files"]:
        found.setdefault(each["plugin"], set()).add(each["title"])

    assert TITLES == found


def test_all_of_it_is_read(shop: Path, looked: dict[str, Any]) -> None:
    """Nothing is unrecognised, and the form is used and not read as data."""
    streams = {each["stream"]: each for each in looked["streams"]}

    assert {"surveymonkey", "calls", "tickets", "web-views", "messages"} <= set(streams)
    assert {"indicators", "visits", "scores", "suggestions", "contacts"} <= set(streams)
    assert "unrecognised" not in streams
    assert ["form of visits" in each for each in looked["passed_over"]] == [True]
    assert "survey-export" == streams["surveymonkey"]["source"]


def test_one_report_of_everything(looked: dict[str, Any]) -> None:
    """The report has what each reporter says of what was read, from the first day in it."""
    titles = [each["title"] for each in looked["report"]["sections"]]

    assert ("look", "What these files say") == (
        looked["report"]["name"],
        looked["report"]["title"],
    )
    for expected in ("Who they are", "What they say", "Score card", "Where we meet customers"):
        assert 1 == titles.count(expected)
    figures = {
        each["id"]: each for part in looked["report"]["sections"] for each in part["figures"]
    }
    assert 500 < figures["nps"]["n"]
    names = [each["source"] for each in looked["report"]["sources"]]
    assert sorted(set(names)) == sorted(names)


def test_old_answers_are_spoken_of(tmp_path: Path, run_regard: RunRegard) -> None:
    """A survey of years ago is reported on whole, with no question about when it was."""
    rows = "".join(
        f"r{n},{n % 11},completed,2019-03-{n % 28 + 1:02} 10:00:00,2019-03-02 10:00:00\n"
        for n in range(60)
    )
    head = "#,How likely are you to recommend us? (0-10),Response Type,Start Date (UTC),"
    (tmp_path / "old.csv").write_text(f"{head}Submit Date (UTC)\n{rows}")
    told = run_regard("look", "old.csv", cwd=tmp_path)

    assert 0 == told.returncode
    assert "old.csv: Typeform responses, read by survey-export" in told.stderr
    assert "(n = 60, " in told.stdout
    assert told.stdout.startswith("Voice of the customer\n")


def test_what_is_said_of_the_market(shop: Path, tmp_path: Path, run_regard: RunRegard) -> None:
    """Exports of reviews, and prices seen in shops, are reported on without a project."""
    (tmp_path / "seen.csv").write_text(
        "Date,Competitor,EAN,Product,Price\n2019-01-14,Rival,4006381333931,Red cup,8.90\n"
    )
    reviews = [str(path) for path in (shop / "reviews").iterdir()]
    told = run_regard("look", "seen.csv", *reviews, cwd=tmp_path)

    assert 0 == told.returncode
    assert "Seen in a shop or on a list" in told.stdout
    assert "How we are rated" in told.stdout


def test_visits_want_their_form(shop: Path, run_regard: RunRegard) -> None:
    """Visits alone are known to nobody; beside their form they are read."""
    alone = run_regard("look", "visits", cwd=shop)
    beside = run_regard("look", "visits", "forms", "--dates", "day-first", cwd=shop)

    assert 1 == alone.returncode
    assert "no profile fits its headers" in alone.stderr
    assert 0 == beside.returncode
    assert "passed over: forms/store.xlsx (form of visits, 6 items" in beside.stderr
    assert "Score card" in beside.stdout


def test_form_alone(shop: Path, run_regard: RunRegard) -> None:
    """A form by itself holds nothing to read, and that is said."""
    told = run_regard("look", "forms", cwd=shop)

    assert 2 == told.returncode
    assert "passed over: forms/store.xlsx (form of visits, 6 items" in told.stderr
    assert "no file matches 'forms' but what was passed over" in told.stderr


def test_only_series(shop: Path, run_regard: RunRegard) -> None:
    """Of series it says which there are, since when, and what they say last."""
    told = run_regard("look", "footfall", "official", "--language", "es", cwd=shop)
    found = json.loads(run_regard("look", "official", "--json", cwd=shop).stdout)["report"]

    assert 0 == told.returncode
    assert "footfall by place, read by indicators" in told.stderr
    assert told.stdout.startswith("Lo que dicen estos archivos\n")
    assert "Series externas" in told.stdout
    assert "MADRID-01" in told.stdout
    (table,) = found["sections"][0]["tables"]
    assert [
        ["CPI.M.CP00.I15", where, 26, "2023-11-01", "2025-12-01"] for where in ("ES", "FR", "GB")
    ] == [row[:5] for row in table["rows"]]


def test_guesses_come_last(tmp_path: Path, run_regard: RunRegard) -> None:
    """An export that could be taken for a list of series is taken for what it surely is."""
    head = "Record ID,First Name,Last Name,Email,Create Date,Lifecycle Stage,Contact owner"
    (tmp_path / "contacts.csv").write_text(
        f"{head},Date,Value\n1,Ana,Ruiz,ana@example.org,2026-01-05 10:00,Customer,x,2026-01,3\n"
    )
    (tmp_path / "cpi.csv").write_text("series,period,value\ncpi,2026-01,101.2\n")
    found = json.loads(run_regard("look", ".", "--json", cwd=tmp_path).stdout)

    assert {"contacts.csv": "crm-export", "cpi.csv": "indicators"} == {
        each["file"]: each["plugin"] for each in found["files"]
    }


def test_a_maildir(tmp_path: Path, run_regard: RunRegard) -> None:
    """A folder of mail is looked at as one, whatever its files are called."""
    box = mailbox.Maildir(tmp_path / "Support", create=True)
    for number in range(3):
        box.add(
            f"From: c{number}@mail.example\nTo: hello@shop.example\nSubject: Where is it?\n"
            f"Date: Mon, 05 Jan 2026 10:0{number}:00 +0100\nMessage-ID: <{number}@x>\n\nText\n"
        )
    told = run_regard("look", "Support", cwd=tmp_path)

    assert 0 == told.returncode, told.stderr
    assert "3 files: message of a mailbox, read by mailbox" in told.stderr
    assert "messages: 3 records, 0 refused" in told.stderr


def test_empty_and_broken_files(shop: Path, tmp_path: Path, run_regard: RunRegard) -> None:
    """What cannot be read is named, and the good file beside it is reported on."""
    good = next((shop / "surveys").glob("Helpdesk*"))
    (tmp_path / "good.csv").write_bytes(good.read_bytes())
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "cut.log.gz").write_bytes((shop / "web" / "access.log.1.gz").read_bytes()[:2_000])
    (tmp_path / "zip.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    told = run_regard("look", ".", cwd=tmp_path)

    assert 1 == told.returncode
    assert "Traceback" not in told.stderr
    for name in ("empty.csv", "noise.csv", "zip.xlsx"):
        assert name in told.stderr
    assert "cut.log.gz is cut short" in told.stderr
    assert "(n = 240, " in told.stdout
