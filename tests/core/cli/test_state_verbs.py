"""``regard state``, as somebody types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

TICKETS = """
import json
from pathlib import Path
from regard import source

@source("desk", kind="fact", key=["id"], cursor="happened_at", ordered=True)
def read(config, since):
    for line in Path(config["path"]).read_text().splitlines():
        row = json.loads(line)
        if since is None or row["happened_at"] >= since.isoformat():
            yield row
"""
CONFIG = '[sources.desk]\nplugin = "desk"\npath = "PATH"\n'


def ticket(day: int) -> str:
    """Return a line that the source reads."""
    return json.dumps({"id": day, "happened_at": f"2026-01-{day:02}T00:00:00+00:00"}) + "\n"


@pytest.fixture
def desk(project: MakeProject, run_regard: RunRegard, tmp_path: Path) -> Path:
    """Return a project whose source has been read twice."""
    rows = tmp_path / "rows.jsonl"
    folder = project(CONFIG.replace("PATH", str(rows)), {"desk": TICKETS})
    for day in (3, 9):
        with rows.open("a") as file:
            file.write(ticket(day))
        assert 0 == run_regard("run", "desk", cwd=folder).returncode
    return folder


def test_wrong_calls_are_refused(desk: Path, run_regard: RunRegard) -> None:
    """What cannot be meant is refused with what would be right."""
    calls = {
        ("show", "dsk"): "there is no source 'dsk'; did you mean 'desk'?",
        ("rewind", "desk", "--to-run", "7"): "source 'desk' has no run 7",
        ("import", "no.json"): "no.json cannot be read: No such file",
        ("export", "regard.toml"): "regard.toml exists; an export never overwrites",
    }
    for arguments, said in calls.items():
        done = run_regard("state", *arguments, cwd=desk)

        assert 2 == done.returncode
        assert said in done.stderr


def test_show_and_rewind(desk: Path, run_regard: RunRegard) -> None:
    """A source that was set back reads again what came since, and counts nothing twice."""
    shown = run_regard("state", "show", cwd=desk)
    assert "2026-01-09 00:00:00+00:00" in shown.stdout
    done = run_regard("state", "rewind", "desk", "--to-run", "1", "--json", cwd=desk)
    told = json.loads(done.stdout)
    (stream,) = told["streams"]
    again = json.loads(run_regard("run", "desk", "--json", cwd=desk).stdout)

    assert "2026-01-03T00:00:00+00:00" == stream["after"]
    assert (2, 2) == (again["runs"][0]["read"], again["runs"][0]["unchanged"])


def test_export_and_import(desk: Path, run_regard: RunRegard) -> None:
    """What one store exports another one takes, and reading goes on from there."""
    assert 0 == run_regard("state", "export", "state.json", cwd=desk).returncode
    for path in desk.glob("regard.db*"):
        path.unlink()
    broken = json.loads((desk / "state.json").read_text())
    broken["sources"]["dsk"] = broken["sources"]["desk"]
    (desk / "broken.json").write_text(json.dumps(broken))
    refused = run_regard("state", "import", "broken.json", cwd=desk)
    nothing = json.loads(run_regard("state", "show", "desk", "--json", cwd=desk).stdout or "[]")
    done = run_regard("state", "import", "state.json", cwd=desk)
    again = json.loads(run_regard("run", "desk", "--json", cwd=desk).stdout)

    assert 2 == refused.returncode
    assert "no source 'dsk' in regard.toml; did you mean 'desk'?" in refused.stderr
    assert [] == nothing
    assert (0, "took the state of 1 source from state.json\n") == (done.returncode, done.stdout)
    assert (1, 1) == (again["runs"][0]["read"], again["runs"][0]["new"])
