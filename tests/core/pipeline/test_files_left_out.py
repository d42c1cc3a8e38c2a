"""Files of which too much is refused: left out and named, and nothing of them is carried out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.streams import Limits
from regard.runs import Counts, Outcome, StreamSummary

World = Any
MakeWorld = Callable[..., World]

BOX = """
    from regard import source
    from regard.sources import Delete

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for row in ctx.rows(config.get("path", "box/*.csv")):
            yield Delete(row["name"]) if row.get("text") == "GONE" else row
"""
CONFIG = '[sources.box]\nplugin = "box"\n'
MAPPED = """
[sources.box]
plugin = "crm-export"
path = "box/*.csv"
[sources.box.map]
kind = "fact"
key = ["name"]
deleted = "gone"
fields = {name = "name", value = "value"}
"""


def rows(name: str, good: int, bad: int = 0, gone: Iterable[str] = ()) -> str:
    """Return a file with records that are gone, good ones, and lines that end early."""
    lines = ["name,text", *(f"{each},GONE" for each in gone)]
    lines += [f"{name}-{number},x" for number in range(good)]
    return "\n".join([*lines, *(f"{name}-bad-{number}" for number in range(bad))]) + "\n"


def put(here: World, day: int, content: str) -> None:
    """Put the file of a day into the folder, or what it says today."""
    path = here.folder / f"box/2026-01-{day:02}.csv"
    path.write_text(content)
    here.now += timedelta(minutes=1)
    moment = time.time() - 5_000 + here.now.minute
    os.utime(path, (moment, moment))


def days(*contents: str) -> dict[str, str]:
    """Return the files of some days."""
    return {f"box/2026-01-{day:02}.csv": each for day, each in enumerate(contents, 1)}


def run(here: World, name: str = "box") -> StreamSummary:
    """Run a source, and see that a dry run said the same before."""
    (dry,), _ = here.dry_run(name)
    (summary,) = here.run(name)

    assert (dry.outcome, dry.error, dry.counts) == (
        summary.outcome,
        summary.error,
        summary.counts,
    )
    return summary


def left_out(summary: StreamSummary) -> list[str]:
    """Return the days that a run left out."""
    named = (line.split(" was left out ")[0] for line in (summary.error or "").split("\n"))
    return [Path(name).stem.removeprefix("2026-01-") for name in named]


def test_a_file_that_is_left_out_deletes_nothing(sqlite_world: MakeWorld) -> None:
    """What a file calls gone stays stored where the file is left out."""
    here = sqlite_world({"box": BOX}, days(rows("1", 100)), CONFIG)
    run(here)
    put(here, 2, rows("2", 0, 100, gone=(f"1-{number}" for number in range(100))))
    put(here, 3, rows("3", 1))
    summary = run(here)

    assert ["02"] == left_out(summary)
    assert Counts(read=1, new=1) == summary.counts
    assert 101 == len(here.texts())


@pytest.mark.parametrize("size", [70, 1000])
def test_a_mapped_file_that_is_left_out_deletes_nothing(
    size: int, sqlite_world: MakeWorld
) -> None:
    """What a column of an export calls gone stays stored where the export is left out."""
    header = "name,value,gone\n"
    stored = header + "".join(f"a{number},1,\n" for number in range(100))
    gone = header + "".join(f"a{number},1,yes\nb{number},x,\n" for number in range(100))
    here = sqlite_world({"plain": ""}, days(stored), MAPPED, limits=Limits(rows=size))
    run(here)
    put(here, 2, gone)
    summary = run(here)

    assert ["02"] == left_out(summary)
    assert Counts() == summary.counts
    assert [None] * 100 == [row["deleted_at"] for row in here.rows("fact")]
