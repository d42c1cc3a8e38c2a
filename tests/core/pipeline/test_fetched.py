"""Runs whose files live elsewhere: fetched once, read as any file is, and nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.runs import Outcome

World = Any
MakeWorld = Callable[..., World]
Web = Any
Respond = Callable[..., Any]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]

READER = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        yield from ctx.rows(config["path"])
"""
MAPPED = """
[sources.till]
plugin = "crm-export"
path = {path}
retries = 2
[sources.till.map]
kind = "fact"
key = "name"
fields = {{name = "name", text = "text"}}
"""
ROWS = b"name,text\na,1\nb,2\n"


def box(path: str) -> str:
    """Return the configuration of a source that is one function."""
    return f'[sources.box]\nplugin = "box"\nretries = 2\npath = {path}\n'


def mapped(path: str) -> str:
    """Return the configuration of a source of exports."""
    return MAPPED.format(path=path)


def test_a_fetched_file_is_read_once(world: MakeWorld, web: Web, respond: Respond) -> None:
    """It is stored from the inbox, and not read again until it changes there."""
    web.pages["/a.csv"] = respond(ROWS, ETag='"1"')
    here = world({"box": READER}, config=box(f'"{web.url("/a.csv")}"'))
    (first,) = here.run("box", settle=True)

    assert (Outcome.OK, 2) == (first.outcome, first.counts.new)
    assert ROWS == (here.folder / "inbox" / "box" / "a.csv").read_bytes()
    assert ["inbox/box/a.csv"] == [row["path"] for row in here.table("files")]

    web.pages["/a.csv"] = respond(b"", 304)
    (second,) = here.run("box")

    assert (Outcome.OK, 0) == (second.outcome, second.counts.read)
    assert "1 file is as when last read" in second.notes

    web.pages["/a.csv"] = respond(ROWS + b"c,3\n", ETag='"2"')
    (third,) = here.run("box")

    assert (1, 2) == (third.counts.new, third.counts.unchanged)


@pytest.mark.parametrize("config", [box, mapped])
def test_what_may_pass_is_tried_again(
    config: Callable[[str], str], sqlite_world: MakeWorld, web: Web, respond: Respond
) -> None:
    """A server that has nothing now is asked again in the same run, found out when it may be."""

    def once(handler: Any) -> None:
        web.pages["/a.csv"] = ROWS
        respond(b"", 503, Retry_After="1")(handler)

    web.pages["/a.csv"] = once
    here = sqlite_world({"box": READER}, config=config(f'"{web.url("/a.csv")}"'))
    name = "box" if config is box else "till"
    began = time.monotonic()
    (summary,) = here.run(name)

    assert (Outcome.OK, 2) == (summary.outcome, summary.counts.new)
    assert any("tried again after 1 s" in note for note in summary.notes)
    assert time.monotonic() - began >= 1

    web.pages["/a.csv"] = respond(b"", 500)
    asked = len(web.asked)
    (failed,) = here.run(name, limits=quick(here))

    assert Outcome.FAILED == failed.outcome
    assert failed.error.startswith(f"sources.{name}.path: {web.url('/a.csv')}: ")
    assert 3 == len(web.asked) - asked


def quick(here: World) -> Any:
    """Return limits with short waits."""
    from dataclasses import replace

    return replace(here.limits, backoff_seconds=0.01)


@pytest.mark.parametrize("config", [box, mapped])
def test_one_place_that_fails_leaves_the_others(
    config: Callable[[str], str], sqlite_world: MakeWorld, web: Web, respond: Respond
) -> None:
    """What could be had is stored, the stream has failed, and says for which place."""
    web.pages["/a.csv"] = ROWS
    name = "box" if config is box else "till"
    paths = f'["{web.url("/none.csv")}", "{web.url("/a.csv")}", "in/*.csv"]'
    here = sqlite_world({"box": READER}, {"in/b.csv": b"name,text\nz,9\n"}, config(paths))
    (summary,) = here.run(name)

    assert (Outcome.FAILED, 3) == (summary.outcome, summary.counts.new)
    assert summary.error.startswith(f"sources.{name}.path[0]: {web.url('/none.csv')}: there is")
    assert not any("no file matches" in note for note in summary.notes)


@pytest.mark.parametrize("config", [box, mapped])
def test_a_page_instead_of_a_file_raises_a_finding(
    config: Callable[[str], str], sqlite_world: MakeWorld, web: Web
) -> None:
    """The old data stays, and people are told that the source has changed."""
    web.pages["/a.csv"] = ROWS
    name = "box" if config is box else "till"
    here = sqlite_world({"box": READER}, config=config(f'"{web.url("/a.csv")}"'))
    here.run(name)
    web.pages["/a.csv"] = b"<!doctype html><html>sign in</html>"
    (summary,) = here.run(name)

    assert Outcome.FAILED == summary.outcome
    (finding,) = here.table("findings")
    assert ("source-changed", name) == (finding["code"], finding["source"])
    assert "a page (HTML) instead of a file" in finding["text"]
    assert ROWS == (here.folder / "inbox" / name / "a.csv").read_bytes()
    assert 2 == len(here.table("facts"))


def test_a_dry_run_fetches_and_leaves_nothing(
    sqlite_world: MakeWorld, web: Web, respond: Respond
) -> None:
    """It counts what is there now, and the inbox stays as it was."""
    web.pages["/a.csv"] = respond(ROWS, ETag='"1"')
    here = sqlite_world({"box": READER}, config=box(f'"{web.url("/a.csv")}"'))
    ((summary,), _) = here.dry_run("box")

    assert (Outcome.OK, 2) == (summary.outcome, summary.counts.new)
    assert not (here.folder / "inbox").exists()

    here.run("box")
    web.pages["/a.csv"] = respond(ROWS + b"c,3\nd\n", ETag='"2"')
    ((again,), refused) = here.dry_run("box")

    assert (1, 2) == (again.counts.new, again.counts.unchanged)
    assert [("short-line", "inbox/box/a.csv")] == [(one.reason, one.file) for one in refused]
    assert ROWS == (here.folder / "inbox" / "box" / "a.csv").read_bytes()


def test_an_inbox_that_was_cleared_out_is_no_fault(sqlite_world: MakeWorld, web: Web) -> None:
    """Files that are deleted here are fetched again or not, but never missed."""
    web.pages["/a.csv"] = ROWS
    here = sqlite_world({"box": READER}, config=box(f'"{web.url("/a.csv")}"'))
    here.run("box")
    (here.folder / "inbox" / "box" / "a.csv").unlink()
    (summary,) = here.run("box")

    assert (Outcome.OK, []) == (
        summary.outcome,
        [note for note in summary.notes if "no file" in note],
    )


def test_mail_that_lies_elsewhere(sqlite_world: MakeWorld, web: Web) -> None:
    """An mbox is fetched like any file, and read on where it grew."""
    letter = (
        b"From ana@mail.example Mon Jan  5 09:03:00 2026\nFrom: ana@mail.example\n"
        b"To: hello@shop.example\nSubject: %d\nMessage-ID: <%d@mail.example>\n"
        b"Date: Mon, 05 Jan 2026 10:03:00 +0100\n\nHello %d\n\n"
    )
    web.pages["/support.mbox"] = letter % (1, 1, 1)
    config = (
        '[sources.support]\nplugin = "mailbox"\nown = ["shop.example"]\n'
        f'path = "{web.url("/support.mbox")}"\n'
    )
    here = sqlite_world({"box": READER}, config=config)
    first = here.run("support")
    web.pages["/support.mbox"] += letter % (2, 2, 2)
    second = here.run("support")

    assert [[1], [1]] == [[each.counts.new for each in run] for run in (first, second)]


def test_a_deadline_ends_a_fetch(
    project: Callable[..., Path], web: Web, run_regard: RunRegard
) -> None:
    """A server that keeps a run waiting cannot hold it longer than it may take."""
    web.pages["/a.csv"] = lambda handler: time.sleep(60)
    root = project(box(f'"{web.url("/a.csv")}"') + 'deadline = "1s"\n', plugins={"box": READER})
    began = time.monotonic()
    done = run_regard("run", "box", "--json", cwd=root)
    (run,) = json.loads(done.stdout)["runs"]

    assert ("partial", 3) == (run["outcome"], done.returncode)
    assert "deadline of 1s" in run["error"]
    assert time.monotonic() - began < 45


def test_a_killed_fetch_leaves_no_half_file(
    project: Callable[..., Path], web: Web, run_regard: RunRegard, tmp_path: Path
) -> None:
    """Killed in the middle of a body, the next run has the whole file and nothing else."""

    def slow(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n")
        for _ in range(400):
            handler.wfile.write(b"x,y\n" * 500)
            time.sleep(0.05)

    root = project(box(f'"{web.url("/a.csv")}"'), plugins={"box": READER})
    web.pages["/a.csv"] = slow
    inbox = root / "inbox" / "box"
    process = subprocess.Popen(
        [sys.executable, "-m", "regard", "run", "box"],
        cwd=root,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + 30
    while not any(part.stat().st_size for part in inbox.glob(".part-*")):
        assert time.monotonic() < end, "nothing was fetched"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)

    assert [] == sorted(inbox.glob("[!.]*"))

    web.pages["/a.csv"] = ROWS
    done = run_regard("run", "box", "--json", cwd=root)
    (run,) = json.loads(done.stdout)["runs"]

    assert ("ok", 2) == (run["outcome"], run["new"])
    assert [".fetched.json", "a.csv"] == sorted(path.name for path in inbox.iterdir())


def test_check_and_preview_look_elsewhere(
    project: Callable[..., Path], web: Web, run_regard: RunRegard
) -> None:
    """One says what would be fetched or why not, the other shows it; neither leaves a file."""
    web.pages["/a.csv"] = ROWS
    root = project(
        box(f'"{web.url("/a.csv")}"') + mapped(f'"{web.url("/none.csv?k=s3cret")}"'),
        plugins={"box": READER},
    )
    checked = run_regard("check", cwd=root)
    previewed = run_regard("preview", "box", "--reveal", cwd=root)
    missing = run_regard("preview", "till", cwd=root)

    assert 2 == checked.returncode
    assert f"{web.url('/a.csv')}: a.csv would be fetched, 18 bytes" in checked.stdout
    said = f"sources.till.path: {web.url('/none.csv?...')}: there is nothing (404)"
    assert said in checked.stdout
    assert "2 records of kind fact" in previewed.stdout
    assert said in missing.stderr
    assert "s3cret" not in checked.stdout + missing.stderr
    assert not (root / "inbox").exists()
