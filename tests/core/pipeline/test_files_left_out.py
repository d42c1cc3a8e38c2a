"""Files of which too much is refused: left out and named, and nothing of them is carried out."""

from __future__ import annotations

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
    (here.folder / f"box/2026-01-{day:02}.csv").write_text(content)
    here.now += timedelta(minutes=1)


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


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_bad_day_does_not_hide_the_days_behind_it(size: int, world: MakeWorld) -> None:
    """A file past the error budget is left out and named, and its neighbours are read."""
    files = days(rows("1", 5), rows("2", 0, 100), rows("3", 5))
    here = world({"box": BOX}, files, CONFIG, limits=Limits(rows=size))
    first, second = run(here), run(here)
    put(here, 2, rows("2", 5))
    third = run(here)

    assert [Outcome.PARTIAL, Outcome.PARTIAL, Outcome.OK] == [
        each.outcome for each in (first, second, third)
    ]
    assert (10, 5) == (first.counts.new, third.counts.new)
    assert "box/2026-01-02.csv was left out and the other files were read: " in first.error
    assert 15 == len(here.texts())
    assert [] == here.refused(resolved=True)


def test_a_dry_run_leaves_a_bad_day_out(sqlite_world: MakeWorld) -> None:
    """A dry run counts what a run would store though one file is past the error budget."""
    here = sqlite_world({"box": BOX}, days(rows("1", 0, 100), rows("2", 1)), CONFIG)
    _, refused = here.dry_run("box")

    assert [] == refused
    assert Counts(read=1, new=1) == run(here).counts


def test_a_map_that_is_wrong_stops_the_stream(sqlite_world: MakeWorld) -> None:
    """Where one file after the other is bad, the stream is stopped as by one of them."""
    files = days(*(rows(str(day), 0, 100) for day in range(12)))
    summary = run(sqlite_world({"box": BOX}, files, CONFIG))

    assert Outcome.PARTIAL == summary.outcome
    assert 10 == summary.error.count(" was left out ")
    assert "200 of 200 records were refused" in summary.error
    assert "the last batch was rolled back" in summary.error


def test_the_file_that_is_bad_by_itself_is_left_out(sqlite_world: MakeWorld) -> None:
    """A large file within the budget is read, though more of it is refused than of a bad one."""
    here = sqlite_world({"box": BOX}, days(rows("1", 955, 45), rows("2", 0, 40)), CONFIG)
    summary = run(here)

    assert ["02"] == left_out(summary)
    assert "40 of 40 records were refused" in summary.error
    assert Counts(read=1000, new=955, quarantined=45) == summary.counts


def test_what_was_refused_before_is_held_against_no_file(sqlite_world: MakeWorld) -> None:
    """A file that is read again with its known faults is not left out for those of another."""
    here = sqlite_world({"box": BOX}, days(rows("1", 1900, 95)), CONFIG)
    run(here)
    put(here, 1, rows("1", 101, 95))
    put(here, 2, rows("2", 0, 60))
    summary = run(here)

    assert ["02"] == left_out(summary)
    assert Counts(read=196, unchanged=101, quarantined=95) == summary.counts


@pytest.mark.parametrize("size", [50, 1000])
def test_a_file_that_contradicts_itself_is_left_out(size: int, sqlite_world: MakeWorld) -> None:
    """Rows that say different things under one key count against their own file alone."""
    disagreeing = "name,text\n" + "".join(f"b,{number}\n" for number in range(300))
    files = days(rows("1", 99, 1), disagreeing, rows("3", 10))
    here = sqlite_world({"box": BOX}, files, CONFIG, limits=Limits(rows=size))
    summary = run(here)

    assert ["02"] == left_out(summary)
    assert 109 == sum(key != "b" for key in here.texts())
    assert ["short-line"] == [item.reason for item in here.refused()]


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


@pytest.mark.parametrize("size", [20, 1000])
def test_a_bad_file_costs_its_neighbours_nothing(size: int, sqlite_world: MakeWorld) -> None:
    """What earlier batches refused of a file left out counts no more, in this run or the next."""
    files = days(rows("1", 0, 100), rows("2", 199, 1))
    here = sqlite_world({"box": BOX}, files, CONFIG, limits=Limits(rows=size))
    first, second, third = run(here), run(here), run(here)

    assert [["01"]] * 3 == [left_out(each) for each in (first, second, third)]
    assert Counts(read=200, new=199, quarantined=1) == first.counts
    assert Counts() == second.counts == third.counts
    assert 1 == len(here.refused(resolved=True))


@pytest.mark.parametrize("size", [20, 1000])
def test_small_bad_files_are_left_out_run_after_run(size: int, sqlite_world: MakeWorld) -> None:
    """Files that are bad only together are all left out, and no run lets one of them pass."""
    files = days(*(rows(str(day), 0, 20) for day in range(8)), rows("good", 10))
    here = sqlite_world({"box": BOX}, files, CONFIG, limits=Limits(rows=size))
    first, second = run(here), run(here)

    assert [f"{day:02}" for day in range(1, 9)] == sorted(left_out(first))
    assert sorted(left_out(first)) == sorted(left_out(second))
    assert 10 == len(here.texts())
    assert [] == here.refused(resolved=True)


def test_a_small_file_with_a_fault_is_read_beside_a_bad_one(sqlite_world: MakeWorld) -> None:
    """One bad row of ten is no reason to leave a file out when a worse one is left out."""
    here = sqlite_world({"box": BOX}, days(rows("1", 0, 100), rows("2", 9, 1)), CONFIG)
    summary = run(here)

    assert ["01"] == left_out(summary)
    assert Counts(read=10, new=9, quarantined=1) == summary.counts


PAGES = """
    from regard import source
    from regard.sources import FileProgress, Page

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for file in ctx.files("box/*.txt"):
            names = file.path.read_text().split(",")
            for at in range(file.rows_done, len(names), 10):
                records = [{"name": name, "text": str(at)} for name in names[at:at + 10]]
                done = at + len(records)
                yield Page(records, progress=FileProgress(file, done, done == len(names)))
"""


def test_a_file_that_turns_bad_in_its_middle(world: MakeWorld) -> None:
    """What is stored of a file stays; what it had put aside is forgotten until it is read anew."""
    names = [f"n{number}" if number % 10 and number < 50 else "" for number in range(100)]
    files = {"box/1.txt": "m", "box/2.txt": ",".join(names)}
    here = world({"box": PAGES}, files, CONFIG, limits=Limits(rows=10))
    first, stored = run(here), len(here.texts())
    second, aside = run(here), here.refused(resolved=True)
    (third,) = here.run("box", error_budget=1.0)

    assert ["box/2.txt"] * 2 == [each.error.split(" was left")[0] for each in (first, second)]
    assert "What was stored of it before that stays. " in first.error
    assert Counts(read=stored, new=stored) == first.counts
    assert Counts(read=stored - 1, unchanged=stored - 1) == second.counts
    assert [] == aside
    assert Counts(read=100, unchanged=45, quarantined=55) == third.counts
    assert Outcome.OK == third.outcome
    assert 1 + 45 == len(here.texts())


def test_a_hook_sees_nothing_of_a_file_that_is_left_out_already(
    sqlite_world: MakeWorld,
) -> None:
    """Plug-ins that check batches are not asked about the rest of a file that is left out."""
    checking = """
        from regard import Problem, hookimpl

        @hookimpl
        def regard_check_batch(run, batch):
            if any(row["key"].startswith("last") for row in batch.records):
                return [Problem("stop", "odd", "an odd row")]
    """
    bad = "name,text\n" + "".join(f",{number}\n" for number in range(100)) + "last,x\n"
    here = sqlite_world(
        {"box": BOX, "checking": checking},
        days(bad, rows("2", 5)),
        CONFIG,
        limits=Limits(rows=30),
    )
    summary = run(here)

    assert ["01"] == left_out(summary)
    assert 5 == len(here.texts())
