"""Surveys, mail, visits, contacts and series, read day after day by the command itself."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]


@dataclass(slots=True)
class Days:
    """A project with one source ``voice`` that is run once a day at nine."""

    folder: Path
    command: RunRegard
    date: int = 0

    def next(
        self, files: Mapping[str, str | bytes] | None = None, *gone: str
    ) -> list[dict[str, Any]]:
        """Let a day pass: files come, others go, and the source is read."""
        self.date += 1
        for name in gone:
            (self.folder / name).unlink()
        written = datetime(2026, 11, self.date, 8, tzinfo=UTC).timestamp()
        for name, content in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            os.utime(path, (written, written))
        done = self._run("run", "voice", "--json")
        assert done.stdout, done.stderr
        streams: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
        return streams

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        """Return what is stored in a table and not deleted, by key."""
        with closing(sqlite3.connect(self.folder / "regard.db")) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(f"SELECT * FROM {table} WHERE deleted_at IS NULL")
            return {row["key"]: dict(row) for row in found}

    def report(self, name: str, *more: str) -> str:
        """Return a report as a person reads it."""
        text: str = self._run("report", name, *more).stdout
        return text

    def _run(self, *arguments: str) -> Any:
        now = datetime(2026, 11, self.date, 9, tzinfo=UTC)
        return self.command(*arguments, cwd=self.folder, env={"REGARD_NOW": now.isoformat()})


@pytest.fixture
def days(project: MakeProject, run_regard: RunRegard) -> Callable[..., Days]:
    """Return what makes a project, of its source's table and its first files."""

    def make(table: str, files: Mapping[str, str] | None = None) -> Days:
        head = 'timezone = "Europe/Madrid"\n[sources.voice]\n'
        return Days(project(head + table, files=files), run_regard)

    return make


SHEET = 'Timestamp,Email Address,"Recommend us? (0-10)"\n'
ROW = "10/{}/2026 12:{:02}:00,u{}@x.example,{}\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Shop 2026-11-01.csv", "Shop 2026-11-02.csv"),
        ("Shop.csv", "Shop (1).csv"),
        ("Shop 2026-10-31.csv", "Shop.csv"),
    ],
)
def test_downloads_of_a_sheet_that_lie_side_by_side_are_one_sheet(
    days: Callable[..., Days], first: str, second: str
) -> None:
    """An answer that was edited has another time, and counts once though the older file stays."""
    made = days('plugin = "survey-export"\npath = "surveys/*"\n')
    rest = "".join(ROW.format(30, at, at, 9) for at in range(9))
    before, after = ROW.format(30, 20, 20, 3), ROW.format(31, 20, 20, 8)
    made.next({f"surveys/{first}": SHEET + rest + before})
    made.next({f"surveys/{second}": SHEET + rest + after})
    scores = sorted(row["score"] for row in made.rows("answers").values())
    (stream,) = made.next()

    assert [8_000_000, *[9_000_000] * 9] == scores
    assert (0, 0) == (stream["new"], stream["deleted"])


def test_downloads_of_a_sheet_are_one_sheet_in_a_first_run(days: Callable[..., Days]) -> None:
    """Of the files that lie in a folder only the newest is read, and sheets elsewhere are."""
    made = days('plugin = "survey-export"\npath = ["surveys/*", "paris/*"]\n')
    (stream,) = made.next(
        {
            "surveys/Shop 2026-11-01.csv": SHEET + ROW.format(29, 1, 1, 1),
            "surveys/Shop 2026-10-31.csv": SHEET + ROW.format(29, 2, 2, 2),
            "paris/Shop.csv": SHEET + ROW.format(29, 3, 3, 3),
        }
    )

    assert {1_000_000, 3_000_000} == {row["score"] for row in made.rows("answers").values()}
    assert "surveys/Shop 2026-10-31.csv: not read" in "\n".join(stream["notes"])


def test_a_value_that_was_not_revised_stays_known_since_it_was_published(
    days: Callable[..., Days],
) -> None:
    """A series that is downloaded again whole moves the day of revised and new values only."""
    made = days('plugin = "indicators"\npath = "o/*"\n')
    head = "Series;Period;Value\n"
    made.next({"o/cpi.csv": head + "CPI;2026-08;101.5\nCPI;2026-09;102.5\n"})
    again = "CPI;2026-08;101.5\nCPI;2026-09;102.7\nCPI;2026-10;103.1\n"
    made.next({"o/cpi.csv": head + again})

    assert {"2026-08-01": 1, "2026-09-01": 2, "2026-10-01": 2} == {
        row["period_on"]: int(row["published_on"][-1]) for row in made.rows("indicators").values()
    }


REPLY = """\
From x Mon Nov  2 08:00:00 2026
From: {who}@mail.example
To: survey@shop.example
Subject: Re: How likely are you to recommend us?
Date: {date} Nov 2026 08:00:00 +0100
Message-ID: <{name}@mail.example>
In-Reply-To: <survey-1@shop.example>

{text}

"""
REPLIES = 'plugin = "survey-mailbox"\npath = "replies.mbox"\nown = ["shop.example"]\n'
REPLIES += 'survey = "S"\n'


def test_a_second_reply_to_a_survey_corrects_the_first(days: Callable[..., Days]) -> None:
    """Whoever answers one message again is one response, with the score that was said last."""
    made = days(REPLIES)
    ana = REPLY.format(who="ana", date="Sun, 01", name=1, text="3\n\nToo slow")
    luis = REPLY.format(who="luis", date="Sun, 01", name=2, text="10")
    again = REPLY.format(who="ana", date="Mon, 02", name=3, text="Sorry, I meant 8")
    made.next({"replies.mbox": ana + luis})
    made.next({"replies.mbox": ana + luis + again})
    scores = {row["email"]: row["score"] for row in made.rows("answers").values() if row["score"]}

    assert {"ana@mail.example": 8_000_000, "luis@mail.example": 10_000_000} == scores
    assert "2 responses" in made.report("voice")
    made.next({"replies.mbox": again + ana + luis})
    assert scores == {
        row["email"]: row["score"] for row in made.rows("answers").values() if row["score"]
    }


FORM = """\
name = "Store"
version = "{}"
ignore = ["Trial?"]
[columns]
visit = "Visit"
place = "Store"
visited_at = "Date"
[[sections]]
name = "Service"
[[sections.items]]
name = "greets"
text = "Greets?"
"""
TRIAL = '[[sections.items]]\nname = "trial"\ntext = "Trial?"\n'
VISITS = "Visit;Store;Date;Greets?;Trial?\nV1;Centre;12/10/2026;Yes;No\n"
VISITS += "V2;North;13/10/2026;Yes;Yes\n"


def test_an_item_that_the_form_has_no_longer_is_in_no_visit(days: Callable[..., Days]) -> None:
    """A form without an item scores all visits anew, and nothing of the item is reported."""
    table = 'plugin = "mystery-shopping"\nform = "form.toml"\npath = "visits/*"\n'
    form = FORM.format(1).replace('ignore = ["Trial?"]\n', "") + TRIAL
    made = days(table + 'dates = "day-first"\n', {"form.toml": form})
    made.next({"visits/w.csv": VISITS})
    before = made.report("mystery")
    made.next({"form.toml": FORM.format(2)})

    assert "Trial?" in before
    assert {"V1|greets", "V2|greets"} == set(made.rows("visit_scores"))
    assert "Trial?" not in made.report("mystery")


MORE = "".join(f"V{number};South;14/10/2026;Yes;Yes\n" for number in range(3, 11))


@pytest.mark.parametrize(("complete", "left"), [(True, 9), (False, 10)])
def test_a_visit_that_was_deleted_is_gone_where_files_are_complete(
    days: Callable[..., Days], complete: bool, left: int
) -> None:
    """With `complete` a visit that no file has is gone with its items, and others stay."""
    table = 'plugin = "mystery-shopping"\nform = "form.toml"\npath = "visits/*"\n'
    table += f'dates = "day-first"\ncomplete = {str(complete).lower()}\n'
    made = days(table, {"form.toml": FORM.format(1)})
    made.next({"visits/1.csv": VISITS, "visits/2.csv": VISITS.partition("V1")[0] + MORE})
    made.next({"visits/1.csv": VISITS.replace("V1;Centre;12/10/2026;Yes;No\n", "")})

    assert left == len(made.rows("visits")) == len(made.rows("visit_scores"))


def test_a_response_that_was_deleted_is_gone_where_exports_are_complete(
    days: Callable[..., Days],
) -> None:
    """With `complete` a response is gone that the newest export lacks, older ones beside it."""
    made = days('plugin = "survey-export"\npath = "s/*"\nsurvey = "S"\ncomplete = true\n')
    head = "#,Recommend us? (0-10),Start Date (UTC),Submit Date (UTC),Network ID\n"
    rows = [f"t{at},9,2026-10-30 08:00:00,2026-10-30 08:01:00,n\n" for at in range(9)]
    made.next({"s/2026-11-01.csv": head + "".join(rows)})
    made.next({"s/2026-11-02.csv": head + "".join(rows[1:])})

    assert {f"t{at}" for at in range(1, 9)} == {
        row["response_key"] for row in made.rows("answers").values()
    }
    assert "8 responses" in made.report("voice")
