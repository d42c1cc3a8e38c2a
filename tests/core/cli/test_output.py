"""How commands print: whole lines into pipes, right plurals, folders made, names that are near."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

CONFIG = """
[sources.shop]
plugin = "crm-export"
path = "{path}"
error_budget = 1.0
[sources.shop.map]
kind = "purchase"
key = ["id"]
fields = {{amount = "total", status = "state", email = "mail"}}
constants = {{currency = "EUR"{more}}}
"""
ROWS = "id,total,state,mail\n1,9.50,completed,a@b.example\n"


@pytest.fixture
def shop(project: MakeProject, run_regard: RunRegard) -> Path:
    """Return a project with one purchase."""
    folder = project(CONFIG.format(path="a.csv", more=""), files={"a.csv": ROWS})
    assert 0 == run_regard("run", "shop", cwd=folder).returncode
    return folder


def test_a_pipe_gets_whole_lines(project: MakeProject, run_regard: RunRegard) -> None:
    """What is longer than a terminal is wide is one line where nobody's terminal is."""
    name = "an-export-with-a-very-long-name-" * 5 + ".csv"
    config = CONFIG.format(path=name, more="")
    folder = project(config, files={name: ROWS.replace("completed", "complete")})
    run_regard("run", "shop", cwd=folder)
    listed = run_regard("quarantine", "list", cwd=folder, env={"COLUMNS": "40"})
    shown = run_regard("quarantine", "show", "1", cwd=folder, env={"COLUMNS": "40"})

    assert f"{name}:2" in listed.stdout
    assert "status: 'complete' is none of 'completed', 'refunded'" in shown.stdout


def test_one_is_no_plural(shop: Path, run_regard: RunRegard) -> None:
    """One of a thing is told in the singular."""
    outputs = [
        run_regard(*arguments, cwd=shop).stdout
        for arguments in (
            ["status"],
            ["runs"],
            ["state", "show"],
            ["preview", "shop"],
            ["report", "customers"],
        )
    ]

    for text, expected in zip(
        outputs,
        (
            "1 source, 1 record, 0 findings",
            "1 run",
            "1 source, 0 cursors, 1 file",
            "1 record of kind",
            "1 line; lines",
        ),
        strict=True,
    ):
        assert expected in text
    for wrong in ("1 sources", "1 records", "1 runs", "1 lines", "1 purchases", "1 files"):
        assert not [text for text in outputs if f" {wrong}" in f" {text}"]


def test_an_unknown_report_is_a_mistake(shop: Path, run_regard: RunRegard) -> None:
    """A report that does not exist is told with the nearest name, and exit code 2."""
    told = run_regard("report", "custmers", cwd=shop)

    assert 2 == told.returncode
    assert "there is no report 'custmers'; did you mean 'customers'?" in told.stderr


@pytest.mark.parametrize("command", ["status", "runs", "source list", "plugins", "state show"])
def test_no_line_ends_in_blanks(command: str, shop: Path, run_regard: RunRegard) -> None:
    """Tables that go into a pipe fill up no line with blanks."""
    done = run_regard(*command.split(), cwd=shop)

    assert done.stdout
    assert [] == [line for line in done.stdout.splitlines() if line != line.rstrip()]


def test_folders_are_made(shop: Path, run_regard: RunRegard) -> None:
    """A report's and a backup's folder need not be there."""
    report = run_regard("report", "customers", "--output", "out/new/r.csv", cwd=shop)
    backup = run_regard("db", "backup", "copies/new/monday.db", cwd=shop)

    assert (0, 0) == (report.returncode, backup.returncode)
    assert (shop / "out/new/r.csv").is_file()
    assert (shop / "copies/new/monday.db").is_file()


def test_data_formats_hold_all_groups(project: MakeProject, run_regard: RunRegard) -> None:
    """People see the largest groups and "n others"; CSV and JSON have every group."""
    config = """
        [sources.club]
        plugin = "crm-export"
        path = "a.csv"
        map = {kind = "customer", key = ["id"], fields = {region = "land"}}
        """
    rows = "".join(f"{number},Region {number:02}\n" for number in range(12))
    folder = project(config, files={"a.csv": f"id,land\n{rows}"})
    run_regard("run", "club", cwd=folder)
    people = run_regard("report", "customers", cwd=folder).stdout
    table = csv.DictReader(
        run_regard("report", "customers", "--format", "csv", cwd=folder).stdout.splitlines()
    )
    report = json.loads(run_regard("report", "customers", "--json", cwd=folder).stdout)
    groups = [row["value"] for row in table if row["column"] == "region"]

    assert "4 others" in people
    assert "Region 11" not in people
    assert [f"Region {number:02}" for number in range(12)] == groups
    assert 12 == len(report["sections"][0]["tables"][0]["rows"])


def test_payments_are_named(project: MakeProject, run_regard: RunRegard) -> None:
    """What a payment service knows is counted and summed apart from revenue."""
    config = CONFIG.format(path="a.csv", more=', basis = "payment"')
    folder = project(config, files={"a.csv": f"{ROWS}2,0.50,completed,\n"})
    run_regard("run", "shop", cwd=folder)
    told = run_regard("report", "customers", cwd=folder).stdout

    assert "Payments in EUR  €10.00" in told
    assert "2 payments, no revenue" in told
    assert "Revenue in" not in told


def test_an_older_store(shop: Path, run_regard: RunRegard) -> None:
    """A store of a version before the first that is known is older, not newer."""
    import sqlite3

    with sqlite3.connect(shop / "regard.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    told = run_regard("status", cwd=shop)

    assert 1 == told.returncode
    assert "older than any that this regard can upgrade" in told.stderr
    assert "a newer regard" not in told.stderr


def test_what_plug_ins_log_controls_no_terminal(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """A log line that quotes text from outside carries no escape sequence to the terminal."""
    source = """
        from regard import source

        @source("box", kind="fact", key=["name"])
        def read(config, since, ctx):
            ctx.log.warning("odd name: %s", "\\x1b]0;owned\\x07\\x1b[31m[red]")
            yield {"name": "a"}
        """
    folder = project('[sources.box]\nplugin = "box"\n', {"box": source})
    done = run_regard("run", "box", cwd=folder)

    assert "WARNING regard.source.box: odd name: " in done.stderr
    assert "[31m[red]" in done.stderr
    assert not {"\x1b", "\x07"} & set(done.stderr)
