"""Paths that match no file: a warning first, a failure when it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.pipeline.inputs import find_files, missed_before
from regard.runs import Outcome

World = Any
MakeWorld = Callable[..., World]

READER = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        yield from ctx.rows(config["path"])
"""

FINDER = """
    from regard import Source, Stream, hookimpl

    class Box(Source):
        name = "box"

        def discover(self, ctx):
            return [Stream("records", "fact", key=("name",)) for file in ctx.files("in/*.csv")]

        def read(self, stream, since, until, ctx):
            yield from ctx.rows("in/*.csv")

    @hookimpl
    def regard_sources():
        return [Box]
"""

CONFIG = '[sources.box]\nplugin = "box"\n'


def outcomes(here: World, runs: int) -> Iterator[tuple[str, str | None, list[str]]]:
    """Yield what some runs in a row said."""
    for _ in range(runs):
        (summary,) = here.run("box")
        yield summary.outcome.value, summary.error, summary.notes


@pytest.mark.parametrize(
    ("plugin", "config"),
    [(READER, CONFIG + 'path = "in/*.csv"\n'), (FINDER, CONFIG)],
    ids=["read", "discovered"],
)
def test_the_third_run_in_a_row_without_a_file_fails(
    plugin: str, config: str, world: MakeWorld
) -> None:
    """Each run says that there was no file, the third fails, and one with a file begins anew."""
    here = world({"box": plugin}, config=config)
    first, second, third, fourth = outcomes(here, 4)

    assert ["ok", "ok", "failed", "failed"] == [one[0] for one in (first, second, third, fourth)]
    assert "no file matches 'in/*.csv'" in first[2]
    assert "warning: run 1 in a row without a file; run 3 of them fails" in first[2]
    assert "warning: run 2 in a row without a file; run 3 of them fails" in second[2]
    assert "no file has matched 'in/*.csv' in the last 3 runs" in (third[1] or "")
    assert third[1] == fourth[1]

    file = here.folder / "in" / "a.csv"
    file.parent.mkdir()
    file.write_text("name\na\n")
    (summary,) = here.run("box")

    assert (Outcome.OK, 1) == (summary.outcome, summary.counts.new)

    file.unlink()
    (again,) = outcomes(here, 1)

    assert "warning: run 1 in a row without a file; run 3 of them fails" in again[2]


@pytest.mark.parametrize(("most", "said"), [(1, ["failed", "failed"]), (0, ["ok"] * 4)])
def test_how_many_runs_is_configured(most: int, said: list[str], sqlite_world: MakeWorld) -> None:
    """`empty_runs` says how many runs in a row may find nothing; 0 allows any number."""
    config = f'{CONFIG}path = "in"\n[limits]\nempty_runs = {most}\n'
    here = sqlite_world({"box": READER}, {"in/.hidden": ""}, config=config)

    assert said == [one[0] for one in outcomes(here, len(said))]


def test_a_dry_run_does_not_count(sqlite_world: MakeWorld) -> None:
    """A dry run tells what the next run would say, and moves nothing."""
    here = sqlite_world({"box": READER}, config=CONFIG + 'path = "in/*.csv"\n')
    for _ in range(4):
        ((summary,), _) = here.dry_run("box")

        assert Outcome.OK == summary.outcome
        assert "warning: run 1 in a row without a file; run 3 of them fails" in summary.notes


def test_each_path_counts_for_itself() -> None:
    """One path that matches again does not excuse another, nor does another's gap count."""
    notes = [
        {"no file matches 'a'", 'no file matches "it\'s"', "else"},
        {"no file matches 'a'"},
        {"no file matches 'b'"},
        {"no file matches 'a'"},
    ]

    assert {"a": 2, "it's": 1} == missed_before(notes)
    assert {} == missed_before([set(), *notes])
    assert {} == missed_before([])


def test_notes_in_a_folder_are_no_exports(tmp_path: Path) -> None:
    """What stands in a folder to be read by people is left out, unless it is named itself."""
    for name in ("README", "ReadMe.txt", "a.csv"):
        (tmp_path / name).write_text("x")

    assert ["a.csv"] == [path.name for path in find_files(".", tmp_path)]
    assert ["README"] == [path.name for path in find_files("README", tmp_path)]
