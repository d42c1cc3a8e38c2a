"""``regard quarantine replay`` and ``drop``, as somebody types them."""

from __future__ import annotations

import json
import os
import time
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
error_budget = 1.0
[sources.till.map]
kind = "purchase"
key = ["ticket"]
fields = {ordered_at = "when", amount = "total"}
constants = {status = "completed", currency = "EUR"}
dates = "DATES"
"""
ROWS = "ticket,when,total\nA,2026-13-01,9.99\nB,2026-31-01,5.00\nC,2026-01-01,x\n"


@pytest.fixture
def till(project: MakeProject, run_regard: RunRegard) -> Path:
    """Return a project whose three rows are in quarantine."""
    folder = project(CONFIG.replace("DATES", "iso"), files={"till/a.csv": ROWS})
    assert 0 == run_regard("run", "till", cwd=folder).returncode
    return folder


def mend(folder: Path) -> None:
    """Write the map as it should have been."""
    (folder / "regard.toml").write_text(CONFIG.replace("DATES", "%Y-%d-%m"))


def listed(run_regard: RunRegard, folder: Path, *more: str) -> list[dict[str, Any]]:
    """Return what is in quarantine."""
    done = run_regard("quarantine", "list", "--json", *more, cwd=folder)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay", "99"], "nothing in quarantine has the number 99"),
        (["replay", "x"], "invalid int value"),
        (["drop"], "which ones? Give --source, --reason or numbers, or --all"),
        (["drop", "1", "--all"], "which ones?"),
        (["drop", "1", "1234"], "has the number 1234"),
        (["drop", "1", "--purge"], "give --yes, since nobody can be asked here"),
        (["drop", "1", "--purge", "--json"], "give --yes"),
    ],
)
def test_wrong_calls_are_refused(
    till: Path, run_regard: RunRegard, arguments: list[str], said: str
) -> None:
    """A call that cannot be meant is refused with what would be right, and changes nothing."""
    done = run_regard("quarantine", *arguments, cwd=till)

    assert 2 == done.returncode
    assert said in done.stderr
    assert 3 == len(listed(run_regard, till))


def test_replay_after_the_map_was_mended(till: Path, run_regard: RunRegard) -> None:
    """What passes now is stored, what does not stays, and the last line tells both."""
    mend(till)
    dry = run_regard("quarantine", "replay", "--dry-run", cwd=till)
    assert "2 of 3 would be resolved, 1 stays in quarantine" in dry.stdout
    assert 3 == len(listed(run_regard, till))
    done = run_regard("quarantine", "replay", cwd=till)

    assert 0 == done.returncode
    assert "2 of 3 resolved, 1 stays in quarantine" in done.stdout
    assert ["bad-number"] == [item["reason"] for item in listed(run_regard, till)]


def test_replay_in_json(till: Path, run_regard: RunRegard) -> None:
    """With --json a replay says what it did in the form of a run."""
    mend(till)
    done = run_regard("quarantine", "replay", "--json", "--source", "till", cwd=till)
    told = json.loads(done.stdout)

    assert "ok" == told["outcome"]
    (run,) = told["runs"]
    assert (3, 2, 1) == (run["read"], run["new"], run["quarantined"])


def test_replay_of_nothing(till: Path, run_regard: RunRegard) -> None:
    """Where nothing is waiting, a replay says so and ends well."""
    done = run_regard("quarantine", "replay", "--reason", "no-such", cwd=till)

    assert (0, "nothing is waiting in quarantine\n") == (done.returncode, done.stdout)


def test_what_was_dropped_stays_dropped(till: Path, run_regard: RunRegard) -> None:
    """Records that were given up are not listed again when their file is read again."""
    done = run_regard("quarantine", "drop", "--reason", "bad-number", cwd=till)
    assert "1 refused record given up\n" == done.stdout
    file = till / "till" / "a.csv"
    file.write_text(ROWS + "D,2026-01-01,7.00\n")
    os.utime(file, (time.time() - 60, time.time() - 60))
    again = run_regard("run", "till", "--json", cwd=till)

    assert 0 == again.returncode
    assert ["bad-date", "bad-date"] == [item["reason"] for item in listed(run_regard, till)]
    kept = listed(run_regard, till, "--resolved", "--reason", "bad-number")
    assert ["dropped"] == [item["resolution"] for item in kept]


def test_purging_deletes_what_records_held(till: Path, run_regard: RunRegard) -> None:
    """With --purge nothing of the payload is left in the store."""
    run_regard("quarantine", "drop", "1", cwd=till)
    done = run_regard("quarantine", "drop", "--all", "--purge", "--yes", "--json", cwd=till)
    shown = run_regard("quarantine", "show", "1", "--reveal", "--json", cwd=till)

    assert {"dropped": 3, "purged": True} == json.loads(done.stdout)
    assert {"text": ""} == json.loads(shown.stdout)["raw"]


def test_a_wrong_word_names_its_column(project: MakeProject, run_regard: RunRegard) -> None:
    """A value that a field does not know is told with the column that it stood in."""
    config = """
        [sources.till]
        plugin = "crm-export"
        path = "till.csv"
        [sources.till.map]
        kind = "purchase"
        key = ["ticket"]
        fields = {status = "estado", amount = "total"}
        constants = {currency = "EUR"}
    """
    text = "ticket,estado,total\n1,completed,5\n2,vendido,7\n"
    folder = project(config, files={"till.csv": text})
    run_regard("run", "till", cwd=folder)
    (refused,) = json.loads(run_regard("quarantine", "list", "--json", cwd=folder).stdout)
    shown = run_regard("quarantine", "show", str(refused["id"]), cwd=folder).stdout

    assert ("unknown-value", "status") == (refused["reason"], refused["field"])
    assert "column 'estado': status: " in shown
