"""`regard check` lists the names in the data that no place and no competitor goes by."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

TILL = """
[sources.till]
plugin = "crm-export"
path = "till/*.csv"
[sources.till.map]
kind = "purchase"
key = ["ticket"]
fields = {place = "shop", competitor = "rival", amount = "total", status = "state"}
constants = {currency = "EUR"}
"""
NAMES = """
[places.centro]
name = "Tienda Centro"
aliases = ["CENTRO-01"]
[competitors.rival]
name = "Rival"
"""
ROWS = (
    "ticket,shop,rival,total,state\n"
    "1,centro-01,,5,completed\n2,CENTRO-02,Rivall,5,lost\n3,CENTRO-02,rival,5,lost\n"
    "4,Ana <ana@example.com>,,5,completed\n"
)


def warned(run_regard: RunRegard, folder: Path) -> list[str]:
    """Return what the command warns of about names."""
    items = json.loads(run_regard("check", "--json", cwd=folder).stdout)["items"]
    return [each["text"] for each in items if each["where"] in ("places", "competitors")]


def test_unknown_names_are_listed_with_counts_and_the_nearest(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """Names come with how many records have them; what may be somebody's address is masked."""
    folder = project(TILL + NAMES, files={"till/a.csv": ROWS})
    run_regard("run", "till", cwd=folder)
    before = warned(run_regard, folder)
    run_regard("report", "customers", cwd=folder)
    found = warned(run_regard, folder)

    assert [] == before
    assert "no place is called 'CENTRO-02' (2 records); did you mean 'CENTRO-01'?" == found[0]
    assert "ana@example.com" not in found[1]
    assert "no competitor is called 'Rivall' (1 record); did you mean 'Rival'?" == found[2]


def test_reports_speak_of_competitors_by_their_names(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """Two spellings of one competitor are one row of the report."""
    names = NAMES + 'aliases = ["Rivall"]\n'
    folder = project(TILL + names, files={"till/a.csv": ROWS})
    run_regard("run", "till", cwd=folder)
    done = run_regard("report", "customers", "--format", "json", cwd=folder)
    tables = [t for s in json.loads(done.stdout)["sections"] for t in s["tables"]]
    lost = next(t for t in tables if t["title"] == "Lost to")

    assert [["Rival", 2]] == [
        list(row.values()) if isinstance(row, dict) else row for row in lost["rows"]
    ]


def test_who_names_nothing_is_told_nothing(project: MakeProject, run_regard: RunRegard) -> None:
    """Without places and competitors in the configuration there is nothing to compare with."""
    folder = project(TILL, files={"till/a.csv": ROWS})
    run_regard("run", "till", cwd=folder)
    run_regard("report", "customers", cwd=folder)

    assert [] == warned(run_regard, folder)
