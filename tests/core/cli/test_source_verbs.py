"""``regard source``, and what ``check`` and ``status`` say about orphans."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

CONFIG = """
[sources.till]
plugin = "crm-export"
path = "till/*.csv"
[sources.till.map]
kind = "fact"
key = ["id"]
fields = {text = "text"}
"""


@pytest.fixture
def orphaned(project: MakeProject, run_regard: RunRegard) -> Path:
    """Return a project whose source was renamed in the configuration only."""
    folder = project(CONFIG, files={"till/a.csv": "id,text\n1,a\n2,b\n"})
    assert 0 == run_regard("run", "till", cwd=folder).returncode
    (folder / "regard.toml").write_text(CONFIG.replace("sources.till", "sources.shop"))
    return folder


def test_orphans_are_named_with_the_command(orphaned: Path, run_regard: RunRegard) -> None:
    """Status, check, list and a run of the new name all say how to rename the orphan."""
    said = "`regard source rename till "
    for arguments in (["status"], ["source", "list"], ["run", "shop"]):
        assert said in run_regard(*arguments, cwd=orphaned).stderr
    checked = run_regard("check", cwd=orphaned)

    assert said in checked.stdout
    assert 0 == checked.returncode


def test_fetched_files_move_along(orphaned: Path, run_regard: RunRegard) -> None:
    """The inbox of a renamed source has its new name; what lay there by then is set aside."""
    for name in ("till", "shop"):
        (orphaned / "inbox" / name).mkdir(parents=True)
        (orphaned / "inbox" / name / "a.csv").write_text(name)
    done = run_regard("source", "rename", "till", "shop", cwd=orphaned)
    kept = {path.parent.name: path.read_text() for path in orphaned.glob("inbox/*/a.csv")}

    assert 0 == done.returncode, done.stderr
    assert "inbox/till is now inbox/shop\n" in done.stdout
    assert "till" == kept.pop("shop")
    assert ["shop"] == list(kept.values())


def test_list_rename_and_drop(orphaned: Path, run_regard: RunRegard) -> None:
    """An orphan is listed, renamed, and dropped only after its rows were counted."""
    listed = json.loads(run_regard("source", "list", "--json", cwd=orphaned).stdout)
    assert [("shop", 0, False), ("till", 2, True)] == [
        (item["source"], item["records"], item["orphan"]) for item in listed
    ]
    dry = run_regard("source", "rename", "till", "shop", "--dry-run", cwd=orphaned)
    assert "till would be shop" in dry.stdout
    renamed = run_regard("source", "rename", "till", "shop", cwd=orphaned)
    assert (0, "till is now shop") == (renamed.returncode, renamed.stdout.splitlines()[-1])
    counted = json.loads(
        run_regard("source", "drop", "shop", "--dry-run", "--json", cwd=orphaned).stdout
    )
    assert 2 == counted["rows"]["facts"]
    asked = run_regard("source", "drop", "shop", cwd=orphaned)
    assert 2 == asked.returncode
    assert "give --yes, since nobody can be asked here" in asked.stderr
    dropped = run_regard("source", "drop", "shop", "--yes", cwd=orphaned)

    assert 0 == dropped.returncode
    again = json.loads(run_regard("run", "shop", "--json", cwd=orphaned).stdout)
    assert 2 == again["runs"][0]["new"]


def test_wrong_calls_are_refused(orphaned: Path, run_regard: RunRegard) -> None:
    """What cannot be meant is refused with what would be right."""
    calls = {
        ("drop", "tll", "--yes"): "nothing of a source 'tll'; did you mean 'till'?",
        ("rename", "till", "a b"): "'a b' is no other name",
        ("rename", "till"): "the following arguments are required: NEW",
    }
    for arguments, said in calls.items():
        done = run_regard("source", *arguments, cwd=orphaned)

        assert 2 == done.returncode
        assert said in done.stderr
