"""``regard enrich`` as people type it, and what other commands say of enrichers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]

BOX = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        for row in ctx.rows("rows/*.csv"):
            yield row
"""
WORDS = """
    from pydantic import BaseModel
    from regard import Enricher, enricher, hookimpl

    class Length(BaseModel):
        long: int

    @enricher("lengths", inputs="fact", outputs=Length)
    def lengths(batch, ctx):
        print("heard by nobody who pipes")
        for fact in batch:
            yield {"key": fact["key"], "long": len(fact["text"]) * ctx.config.get("times", 1)}

    class Longest(BaseModel):
        place: int

    class Longests(Enricher):
        name = "longests"
        inputs = ("fact",)
        outputs = (Longest,)
        after = ("lengths",)

        class Config(BaseModel):
            most: int = 10

        def enrich_all(self, view, ctx):
            rows = view.sql('''
                SELECT source, key, row_number() OVER (ORDER BY long DESC, key) AS place
                FROM length ORDER BY place LIMIT $most''', most=self.config.most)
            yield from rows.mappings()

    @hookimpl
    def regard_enrichers():
        return [Longests]
"""
CONFIG = """
    [sources.box]
    plugin = "box"

    [enrichers.longests]
    most = 1

    [enrichers.lengths]
"""
ROWS = {"rows/a.csv": "name,text\na,four\nb,seven77\n"}


@pytest.fixture
def folder(project: MakeProject, run_regard: RunRegard) -> Path:
    """Return a project with records and two enrichers, of which one builds on the other."""
    made = project(CONFIG, {"box": BOX, "words": WORDS}, ROWS)
    assert 0 == run_regard("run", "box", cwd=made).returncode
    return made


def test_all_in_their_order(folder: Path, run_regard: RunRegard) -> None:
    """All are run, each behind those that it builds on; what is not stale is left alone."""
    done = run_regard("enrich", "--all", "--json", cwd=folder)
    told = json.loads(done.stdout)
    later = run_regard("enrich", "--stale", cwd=folder)

    assert 0 == done.returncode
    assert "ok" == told["outcome"]
    assert [("lengths", 2, 2), ("longests", 1, 1)] == [
        (run["enricher"], run["read"], run["new"]) for run in told["runs"]
    ]
    assert "all enrichers have seen everything\n" == later.stdout


def test_what_it_prints(folder: Path, run_regard: RunRegard) -> None:
    """A table, a closing line, and in a dry run the same without a trace."""
    dry = run_regard("enrich", "lengths", "--dry-run", cwd=folder)
    done = run_regard("enrich", "lengths", cwd=folder)

    assert "dry run: 1 ok; would store 2 rows\n" == dry.stdout.splitlines(keepends=True)[-1]
    lines = done.stdout.splitlines()
    assert ["lengths", "ok", "2", "2", "0", "0", "0"] == lines[1].split()[:-1]
    assert "1 ok; stored 2 rows" == lines[2]
    assert "heard by nobody" in done.stderr


def test_notes(folder: Path, run_regard: RunRegard) -> None:
    """What an enricher and a source noted is in the JSON as it is on the screen."""
    path = folder / "plugins" / "words.py"
    path.write_text(path.read_text().replace("print(", 'ctx.note("two were short"); print('))
    box = folder / "plugins" / "box.py"
    box.write_text(box.read_text().replace("for row", 'ctx.note("half a box")\n    for row'))
    told = json.loads(run_regard("enrich", "lengths", "--json", cwd=folder).stdout)
    read = json.loads(run_regard("run", "box", "--json", cwd=folder).stdout)
    shown = run_regard("run", "box", cwd=folder).stderr

    assert [["two were short"]] == [run["notes"] for run in told["runs"]]
    assert [True] == ["half a box" in run["notes"] for run in read["runs"]]
    assert "box records: half a box" in shown.splitlines()


def test_a_failure(folder: Path, run_regard: RunRegard) -> None:
    """An enricher that fails says why and where, and the next one is run all the same."""
    path = folder / "plugins" / "words.py"
    path.write_text(path.read_text().replace('fact["text"]', 'fact["txet"]'))
    done = run_regard("enrich", "--all", cwd=folder)

    assert 1 == done.returncode
    assert "lengths: the plug-in has a bug: KeyError at" in done.stderr
    assert "words.py:12" in done.stderr
    assert "1 failed, 1 ok" in done.stdout


def test_a_crash(folder: Path, run_regard: RunRegard) -> None:
    """One that ends its own process has failed, and whoever runs it next is not held up."""
    path = folder / "plugins" / "words.py"
    text = path.read_text()
    path.write_text(text.replace("print(", "import os; os.kill(os.getpid(), 9); print("))
    done = run_regard("enrich", "--all", cwd=folder)
    runs = json.loads(run_regard("runs", "--json", cwd=folder).stdout)
    path.write_text(text)
    again = run_regard("enrich", "--all", cwd=folder)

    assert 1 == done.returncode
    assert "lengths: the plug-in crashed" in done.stderr
    assert ["ok", "failed", "ok"] == [run["outcome"] for run in runs]
    assert 0 == again.returncode


def test_wrong_usage(folder: Path, run_regard: RunRegard) -> None:
    """What cannot be meant is refused with what would be right."""
    said = [
        (run.returncode, run.stderr)
        for run in (
            run_regard("enrich", *arguments, cwd=folder)
            for arguments in ([], ["lenghts"], ["--all", "lengths"], ["--drop"])
        )
    ]

    assert [2, 2, 2, 2] == [code for code, _ in said]
    assert "which enricher?" in said[0][1]
    assert "did you mean 'lengths'?" in said[1][1]
    assert "not both" in said[2][1]
    assert "the name of one enricher" in said[3][1]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("most = 1", 'most = "x"', "enrichers.longests.most: must be a whole number"),
        ("most = 1", "mots = 1", "enrichers.longests.mots: there is no such setting"),
        ("[enrichers.lengths]", "", "builds on 'lengths', which has no table"),
        ("[enrichers.lengths]", "[enrichers.lenghts]", "no plug-in brings an enricher 'lenghts'"),
        ('[sources.box]\nplugin = "box"', '[sources.lengths]\nplugin = "box"', ""),
    ],
)
def test_check(folder: Path, run_regard: RunRegard, before: str, after: str, said: str) -> None:
    """What is wrong in a table is told by `check`, with its place, and stops `enrich`."""
    path = folder / "regard.toml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    checked = run_regard("check", cwd=folder)

    assert (2 if said else 0) == checked.returncode
    assert said in checked.stdout


def test_check_says_what_is_well(folder: Path, run_regard: RunRegard) -> None:
    """Enrichers that can run are listed with their side tables, and no table is unused."""
    checked = run_regard("check", cwd=folder)

    assert 0 == checked.returncode
    assert "enrichers.lengths: makes length (words" in checked.stdout
    assert "not used by this version" not in checked.stdout


def test_a_circle(folder: Path, run_regard: RunRegard) -> None:
    """Two enrichers that build on each other are refused."""
    path = folder / "plugins" / "words.py"
    path.write_text(
        path.read_text().replace("outputs=Length)", 'outputs=Length, after="longests")')
    )
    done = run_regard("enrich", "--all", cwd=folder)

    assert 2 == done.returncode
    assert "it builds on itself, by way of others" in done.stderr


def test_dropping(folder: Path, run_regard: RunRegard) -> None:
    """An enricher that is gone from the configuration can be dropped, and leaves nothing."""
    run_regard("enrich", "--all", cwd=folder)
    path = folder / "regard.toml"
    path.write_text(path.read_text().replace("[enrichers.lengths]", "").partition("[enrichers")[0])
    done = run_regard("enrich", "lengths", "--drop", cwd=folder)
    again = run_regard("enrich", "lengths", "--drop", cwd=folder)
    checked = run_regard("db", "check", cwd=folder)

    assert (0, "lengths: dropped length; the records stay\n") == (done.returncode, done.stdout)
    assert 2 == again.returncode
    assert "the store holds nothing of an enricher 'lengths'" in again.stderr
    assert 0 == checked.returncode


def test_status_and_history(folder: Path, run_regard: RunRegard) -> None:
    """Enrichers stand in the status and in the history of runs, and are no sources."""
    run_regard("enrich", "--all", cwd=folder)
    jobs = json.loads(run_regard("status", "--json", cwd=folder).stdout)["jobs"]
    runs = json.loads(run_regard("runs", "--json", cwd=folder).stdout)
    listed = run_regard("source", "list", cwd=folder).stdout
    screen = run_regard("status", cwd=folder).stdout

    assert [("box", "source"), ("longests", "enricher"), ("lengths", "enricher")] == [
        (job["job"], job["kind"]) for job in jobs
    ]
    assert ["ok"] * 3 == [job["outcome"] for job in jobs]
    assert ["enricher:longests", "enricher:lengths", "box"] == [run["source"] for run in runs]
    assert "enricher" not in listed
    assert "when stale" in screen


def test_a_report_says_what_is_behind(folder: Path, run_regard: RunRegard) -> None:
    """A report that is made before its enrichers have seen everything says so."""
    before = run_regard("report", "customers", cwd=folder)
    run_regard("enrich", "--all", cwd=folder)
    after = run_regard("report", "customers", cwd=folder)

    assert "enrichers have not seen all records: longests, lengths" in before.stderr
    assert "enrichers" not in after.stderr
