"""Files with a date in their name: a later day wins, whenever its file was changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.fingerprints import age_of
from regard.runs import Counts

World = Any
MakeWorld = Callable[..., World]

BOX = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for row in ctx.rows(config.get("path", "box/*.csv")):
            yield row
"""
CONFIG = '[sources.box]\nplugin = "box"\n'


def touch(path: Path, seconds_ago: float, content: str | None = None) -> None:
    """Give a file other content and another age."""
    if content is not None:
        path.write_text(content)
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))


@pytest.mark.parametrize("day", ["box/day-2026-01-01.csv", "box/2025/day 2025_12_31 (2).csv"])
def test_a_day_that_is_copied_late_does_not_win(day: str, world: MakeWorld) -> None:
    """What a file of an earlier day says is older than a later day's, whenever it was copied."""
    config = CONFIG + 'path = "box/**/*.csv"\n'
    here = world({"box": BOX}, {"box/2026/day-2026-01-02.csv": "name,text\na,new\n"}, config)
    (here.folder / day).parent.mkdir(exist_ok=True)
    here.now = datetime.now(UTC)
    touch(here.folder / "box" / "2026" / "day-2026-01-02.csv", 500)
    here.run("box")
    touch(here.folder / day, 100, "name,text\na,old\nb,kept\n")
    (summary,) = here.run("box")

    assert {"a": "new", "b": "kept"} == here.texts()
    assert Counts(read=2, new=1, stale=1) == summary.counts


def test_days_that_were_copied_in_any_order(world: MakeWorld) -> None:
    """Of files that come together the latest day wins, also where it was copied first."""
    files = {f"box/day-2026-01-0{day}.csv": f"name,text\na,{day}\n" for day in (1, 2, 3)}
    here = world({"box": BOX}, files, CONFIG)
    here.now = datetime.now(UTC)
    for day in (1, 2, 3):
        touch(here.folder / f"box/day-2026-01-0{day}.csv", 100 * day)
    here.run("box")

    assert {"a": "3"} == here.texts()


@pytest.mark.parametrize("ago", [500, -7_200, 1_500_000_000])
def test_a_later_day_wins_whatever_its_time_is(ago: int, world: MakeWorld) -> None:
    """A later day wins that was unpacked with an old time, or with one that is yet to come."""
    here = world({"box": BOX}, {"box/day-2026-01-01.csv": "name,text\na,old\n"}, CONFIG)
    here.now = datetime.now(UTC)
    touch(here.folder / "box/day-2026-01-01.csv", 100)
    here.run("box")
    touch(here.folder / "box/day-2026-01-02.csv", ago, "name,text\na,new\n")
    here.run("box")
    touch(here.folder / "box/day-2026-01-01.csv", -9_000, "name,text\na,older\n")
    here.run("box")

    assert {"a": "new"} == here.texts()


def test_a_corrected_day_replaces_what_it_said(sqlite_world: MakeWorld) -> None:
    """What an earlier day alone says is corrected by it, whatever came in between."""
    here = sqlite_world({"box": BOX}, {"box/shop-7-2026-01-01.csv": "name,text\nb,x\n"}, CONFIG)
    here.now = datetime.now(UTC)
    touch(here.folder / "box/shop-7-2026-01-01.csv", 100)
    here.run("box")
    touch(here.folder / "box/shop-12-2026-01-02.csv", 500, "name,text\na,x\n")
    here.run("box")
    touch(here.folder / "box/shop-7-2026-01-01.csv", 50, "name,text\nb,right\n")
    (summary,) = here.run("box")

    assert Counts(read=1, changed=1) == summary.counts
    assert {"a": "x", "b": "right"} == here.texts()


def test_what_an_earlier_day_calls_gone(sqlite_world: MakeWorld) -> None:
    """A file of an earlier day that comes late deletes nothing that a later day's brought."""
    deleting = """
        from regard import Delete, source

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            for row in ctx.rows("box/*.csv"):
                yield Delete(row["name"]) if row["text"] == "GONE" else row
    """
    files = {"box/2026-01-02.csv": "name,text\na,x\nb,GONE\n"}
    here = sqlite_world({"box": deleting}, files, CONFIG)
    here.run("box")
    touch(here.folder / "box/2026-01-01.csv", 10, "name,text\na,GONE\n")
    (late,) = here.run("box")
    touch(here.folder / "box/2026-01-03.csv", 900, "name,text\na,GONE\n")
    (last,) = here.run("box")

    assert (1, 1) == (late.counts.stale, last.counts.deleted)
    assert {} == here.texts()


def test_versions_of_one_day(sqlite_world: MakeWorld) -> None:
    """Of files of one day the one that was changed later wins, and none contradicts another."""
    files = {f"box/day-2026-01-01 ({part}).csv": f"name,text\na,{part}\n" for part in (1, 2, 3)}
    here = sqlite_world({"box": BOX}, files, CONFIG)
    for part, ago in ((1, 200), (2, 100), (3, 300)):
        touch(here.folder / f"box/day-2026-01-01 ({part}).csv", ago)
    (summary,) = here.run("box")

    assert {"a": "2"} == here.texts()
    assert (Counts(read=3, new=1, changed=2), []) == (summary.counts, summary.notes)


CHANGED = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("sales-2026-01-02.csv", "2026-01-02"),
        ("sales 2026.01.02 (3).csv.gz", "2026-01-02"),
        ("20260102.csv", "2026-01-02"),
        ("2026-01-01_2026-01-31.csv", "2026-01-31"),
        ("20260101-20260131.csv", "2026-01-31"),
        ("sales_20260102_2205.csv", "2026-01-02 22:05:00"),
        ("export20260102220509.csv", "2026-01-02 22:05:09"),
        ("2026-01-02T22-05-09Z.csv", "2026-01-02 22:05:09"),
        ("31-12-2025.csv", "2026-06-01 00:00:00"),
        ("2026-02-31.csv", "2026-06-01 00:00:00"),
        ("2026010222050.csv", "2026-06-01 00:00:00"),
        ("2026-01-02/sales.csv", "2026-06-01 00:00:00"),
    ],
)
def test_how_old_a_name_says_that_its_file_is(name: str, day: str) -> None:
    """The last day in a name counts, with the time behind it, else when the file was changed."""
    age = age_of(name, int(CHANGED.timestamp() * 1e9))

    assert day == str(age)[: len(day)]
