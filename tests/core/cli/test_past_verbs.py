"""``run --full-refresh``, ``backfill`` and ``runs prune``, as somebody types them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

DESK = """
from regard import source

@source("desk", kind="fact", key=["id"], cursor="happened_at", ordered=True)
def read(config, since):
    for day in range(1, 6):
        at = f"2026-01-0{day}T00:00:00+00:00"
        if since is None or at >= since.isoformat():
            yield {"id": day, "happened_at": at}
"""


FALLING = """
import os, signal, time
from regard import source

@source("desk", kind="fact", key=["id"], cursor="happened_at", ordered=True)
def read(config, since, ctx):
    falls = (ctx.root / "falls").exists()
    for day in range(1, 6):
        at = f"2026-01-0{day}T00:00:00+00:00"
        if since is None or at >= since.isoformat():
            yield {"id": day, "happened_at": at, "text": (ctx.root / "text").read_text()}
        if falls and day == 3:
            # A second later the next record ends a batch, and that is stored.
            time.sleep(1.1)
        elif falls and day == 4:
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def desk(project: MakeProject, run_regard: RunRegard) -> Path:
    """Return a project whose source has been read once."""
    folder = project('[sources.desk]\nplugin = "desk"\n', {"desk": DESK})
    assert 0 == run_regard("run", "desk", cwd=folder).returncode
    return folder


def test_wrong_calls_are_refused(desk: Path, run_regard: RunRegard) -> None:
    """What cannot be meant is refused with what would be right."""
    span = ("--from", "2026-01-01", "--to", "2026-01-03")
    calls = {
        ("run", "--full-refresh", "records"): (2, "which source?"),
        ("run", "desk", "--full-refresh", "recrds"): (1, "did you mean 'records'?"),
        ("backfill", "dsk", "--stream", "records", *span): (2, "did you mean 'desk'?"),
        ("backfill", "desk", *span): (2, "the following arguments are required: --stream"),
        ("runs", "prune"): (2, "Give either --keep N or --older-than AGE"),
        ("runs", "prune", "--keep", "0"): (2, "'0' is no number from 1"),
        ("runs", "prune", "--older-than", "long"): (2, "long"),
    }
    for arguments, (code, said) in calls.items():
        done = run_regard(*arguments, cwd=desk)

        assert code == done.returncode
        assert said in done.stderr


def test_a_refresh_a_backfill_and_what_is_left_of_them(desk: Path, run_regard: RunRegard) -> None:
    """A stream is read from its beginning, a span of it once more, and old runs are forgotten."""
    refreshed = run_regard("run", "desk", "--full-refresh", "records", "--json", cwd=desk)
    assert 5 == json.loads(refreshed.stdout)["runs"][0]["unchanged"]
    span = ("--stream", "records", "--from", "2026-01-04", "--to", "2026-01-05")
    dry = run_regard("backfill", "desk", *span, "--dry-run", cwd=desk)
    assert "dry run: 1 ok; would store 0 of 2 records" in dry.stdout
    filled = json.loads(run_regard("backfill", "desk", *span, "--json", cwd=desk).stdout)
    assert ("ok", 2) == (filled["outcome"], filled["runs"][0]["unchanged"])
    counted = run_regard("runs", "prune", "--keep", "1", "--dry-run", cwd=desk)
    assert "1 run would be forgotten\n" == counted.stdout
    pruned = json.loads(run_regard("runs", "prune", "--keep", "1", "--json", cwd=desk).stdout)
    left = json.loads(run_regard("runs", "--json", cwd=desk).stdout)

    assert 1 == pruned["runs"]
    assert ["backfill", "manual"] == [run["reason"] for run in left]


@pytest.mark.parametrize(("answer", "erased"), [("no", False), ("desk", True)])
def test_a_terminal_is_asked(desk: Path, run_regard: RunRegard, answer: str, erased: bool) -> None:
    """On a terminal a source is only dropped when its name is typed."""
    leader, follower = pty.openpty()
    os.write(leader, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "regard", "source", "drop", "desk"],
        cwd=desk,
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=follower,
        timeout=120,
        check=False,
    )
    asked = os.read(leader, 4096).decode()
    os.close(follower)
    os.close(leader)
    listed = json.loads(run_regard("source", "list", "--json", cwd=desk).stdout)

    assert 0 == done.returncode
    assert "would be erased for good" in asked
    assert (0 if erased else 5) == listed[0]["records"]


def test_a_refresh_that_is_killed(project: MakeProject, run_regard: RunRegard) -> None:
    """Killed halfway, a full refresh is ended by the next run, and no record stays as it was."""
    files = {"text": "old"}
    folder = project('[sources.desk]\nplugin = "desk"\n', {"desk": FALLING}, files)
    assert 0 == run_regard("run", "desk", cwd=folder).returncode
    (folder / "text").write_text("new")
    (folder / "falls").touch()
    killed = run_regard("run", "desk", "--full-refresh", "records", cwd=folder)
    assert 1 == killed.returncode
    shown = json.loads(run_regard("state", "show", "--json", cwd=folder).stdout)
    purposes = [cursor["purpose"] for cursor in shown[0]["cursors"]]
    assert ["live", "refresh", "refreshed"] == purposes
    (folder / "falls").unlink()
    done = json.loads(run_regard("run", "desk", "--json", cwd=folder).stdout)["runs"][0]
    shown = json.loads(run_regard("state", "show", "--json", cwd=folder).stdout)

    assert ("ok", 1, 1) == (done["outcome"], done["changed"], done["unchanged"])
    assert ["live"] == [cursor["purpose"] for cursor in shown[0]["cursors"]]
