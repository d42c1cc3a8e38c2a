"""What is wrong in the configuration and in files is told before, and beside, what runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

CONTACTS = (
    "Record ID,First Name,Last Name,Email,Create Date,Lifecycle Stage,Contact owner\n"
    "1,Ana,Ruiz,ana@example.org,2026-01-05 10:00,Customer,x\n"
)
GOOD = """
[sources.crm]
plugin = "crm-export"
path = "crm/*.csv"
"""
WRONG = """
[sources.till]
plugin = "crm-export"
path = "till/*.csv"
encoding = "utf-9"
[sources.till.map]
kind = "purchase"
key = ["ticket"]
fields = {amuont = "total", status = "state", channel = {column = "state", as = "shop"}}
[sources.till.map.constants]
basis = "sales"
[sources.till.map.values.status]
R = "refund"
[sources.shop]
plugin = "crm-export"
path = "till/${REGARD_TEST_NONE}.csv"
profile = "shopify-order"
[sources.odd]
plugin = "crm-export"
path = "x"
map = {kind = "purchas", key = ["a"], fields = {}}
"""
TOLD = (
    "regard.toml:9: sources.till.encoding: encoding 'utf-9' is not known; did you mean 'utf-8'?",
    (
        "regard.toml:13: sources.till.map.fields.amuont: 'amuont' is no field of purchase; "
        "did you mean 'amount'?"
    ),
    (
        "regard.toml:15: sources.till.map.constants.basis: 'sales' is no basis of purchase; "
        "did you mean 'sale'?"
    ),
    (
        "regard.toml:17: sources.till.map.values.status.R: 'refund' is no status of purchase; "
        "did you mean 'refunded'?"
    ),
    "regard.toml:20: sources.shop.path: the environment variable REGARD_TEST_NONE is not set",
    (
        "regard.toml:21: sources.shop.profile: there is no profile 'shopify-order'; "
        "did you mean 'shopify-orders'?"
    ),
    (
        "regard.toml:25: sources.odd.map.kind: there is no record kind 'purchas'; "
        "did you mean 'purchase'?"
    ),
)


@pytest.mark.parametrize("command", [["run", "--all"], ["run", "--all", "--dry-run"]])
def test_all_is_told_before_anything_runs(
    project: MakeProject, run_regard: RunRegard, command: list[str]
) -> None:
    """Each mistake has its line and the nearest right word; no source was read."""
    folder = project(GOOD + WRONG, files={"crm/a.csv": CONTACTS})
    told = run_regard(*command, cwd=folder)

    assert 2 == told.returncode
    assert list(TOLD) == told.stderr.removeprefix("regard: ").splitlines()
    assert not (folder / "regard.db").exists()


def test_only_what_is_wanted_matters(project: MakeProject, run_regard: RunRegard) -> None:
    """Mistakes in the table of one source do not stop another that is run alone."""
    folder = project(GOOD + WRONG, files={"crm/a.csv": CONTACTS})

    assert 0 == run_regard("run", "crm", cwd=folder).returncode


def test_check_tells_the_same(project: MakeProject, run_regard: RunRegard) -> None:
    """`check` tells what a run would refuse, and wrong fields of reports."""
    report = '[reports.r]\nreporter = "customers"\nparams = {by = ["regoin"]}\n'
    told = run_regard("check", "--json", cwd=project(GOOD + WRONG + report))
    texts = [item["text"] for item in json.loads(told.stdout)["items"]]

    assert 2 == told.returncode
    assert set(TOLD) <= set(texts)
    assert (
        "regard.toml:28: reports.r.params.by: customers have no such field as 'regoin'; "
        "did you mean 'region'?"
    ) in texts


def test_check_looks_at_files(project: MakeProject, run_regard: RunRegard) -> None:
    """`check` says what files are read as, which are not recognised, unreadable or missing."""
    empty = '[sources.none]\nplugin = "crm-export"\npath = "none/*.csv"\n'
    files = {"crm/a.csv": CONTACTS, "crm/till.csv": "a,b\n1,2\n", "crm/b.csv": "PK\x03\x04"}
    told = run_regard("check", cwd=project(GOOD + empty, files=files))
    lines = told.stdout.splitlines()

    assert 2 == told.returncode
    assert "error   sources.crm: till.csv: no profile fits its headers 'a', 'b'" in lines
    assert "warning sources.none.path: nothing matches 'none/*.csv'" in lines
    assert 1 == sum(
        line.startswith("error   sources.crm: b.csv is a broken zip") for line in lines
    )
    assert "2 errors" in lines[-1]


def test_check_says_what_files_are(project: MakeProject, run_regard: RunRegard) -> None:
    """Where all is right, `check` says what the files will be read as."""
    told = run_regard("check", cwd=project(GOOD, files={"crm/a.csv": CONTACTS}))

    assert 0 == told.returncode
    assert "ok      sources.crm: 1 table read as " in told.stdout


@pytest.mark.parametrize("broken", ["unreadable", "zip", "folder"])
def test_the_neighbours_of_a_broken_file_are_read(
    project: MakeProject, run_regard: RunRegard, broken: str
) -> None:
    """One file that cannot be read costs nothing but itself, and is named."""
    files = {"crm/a.csv": CONTACTS, "crm/z.csv": CONTACTS.replace("\n1,", "\n2,")}
    folder = project(GOOD, files=files)
    if broken == "zip":
        (folder / "crm/m.csv").write_bytes(b"PK\x03\x04 cut short")
    elif broken == "unreadable":
        # Reading it fails for everybody, also for root.
        (folder / "crm/m.csv").symlink_to("/proc/self/mem")
    else:
        (folder / "crm/m.csv").mkdir()
    told = run_regard("run", "crm", "--json", cwd=folder)
    runs = {run["stream"]: run for run in json.loads(told.stdout)["runs"]}

    assert ("ok", 2) == (runs["contacts"]["outcome"], runs["contacts"]["new"])
    if broken == "folder":
        assert 0 == told.returncode
    else:
        assert 3 == told.returncode
        assert "m.csv " in runs["unrecognised"]["error"]
