"""What `quarantine show` and `preview` hide of a person, and what they show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MakeProject = Callable[..., Path]
RunRegard = Callable[..., Any]

CUSTOMERS = """
[sources.club]
plugin = "crm-export"
path = "club/*.csv"
error_budget = 1.0
[sources.club.map]
kind = "customer"
key = ["id"]
fields = {birth_on = "born", postal_code = "zip", country = "land", created_at = "since"}
"""
DEALS = (
    "Record ID,Deal Name,Deal Stage,Close Date,Pipeline,Amount\n"
    "7,Kitchen of Ana Ruiz,Closed Won,2026-01-05 10:00,Sales,100\n"
    "8,Kitchen of Bo Lind,Closed Won,2026-13-45 10:00,Sales,100\n"
)


def refused(run_regard: RunRegard, folder: Path, *more: str) -> dict[str, Any]:
    """Return the payload of the first refused record as it is shown."""
    done = run_regard("quarantine", "show", "1", "--json", *more, cwd=folder)
    shown: dict[str, Any] = json.loads(done.stdout)["raw"]
    return shown


def test_a_payload_is_masked_by_what_its_columns_mean(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """Birth dates, postcodes and keys are masked; so is a column that no field takes."""
    row = "id,born,zip,land,since,points\n4711,1980-02-03,28013,ES,2026-13-45,77\n"
    folder = project(CUSTOMERS, files={"club/a.csv": row})
    run_regard("run", "club", cwd=folder)

    assert {
        "id": "[key]",
        "born": "[personal]",
        "zip": "[personal]",
        "land": "ES",
        "since": "2026-13-45",
        "points": "(2 characters)",
    } == refused(run_regard, folder)
    assert {"1980-02-03", "28013", "4711", "77"} < {
        *refused(run_regard, folder, "--reveal").values()
    }


def test_titles_of_deals_are_masked(project: MakeProject, run_regard: RunRegard) -> None:
    """What a deal is called may be somebody's name: preview and quarantine hide it."""
    config = '[sources.crm]\nplugin = "crm-export"\npath = "crm/*.csv"\n'
    folder = project(config, files={"crm/deals.csv": DEALS})
    run_regard("run", "crm", cwd=folder)
    preview = run_regard("preview", "crm", "--json", cwd=folder)
    revealed = run_regard("preview", "crm", "--json", "--reveal", cwd=folder)

    assert "[personal]" == refused(run_regard, folder)["Deal Name"]
    assert "[personal]" == json.loads(preview.stdout)[0]["records"][0]["product_name"]
    assert "Ana Ruiz" in revealed.stdout


def test_articles_are_shown(project: MakeProject, run_regard: RunRegard) -> None:
    """What a till sold says nothing about a person."""
    config = """
        [sources.till]
        plugin = "crm-export"
        path = "till/*.csv"
        map = {kind = "purchase", key = ["id"], fields = {product_name = "what", quantity = "n"}}
        """
    folder = project(config, files={"till/a.csv": "id,what,n\n1,Cup,1\n2,Pot,many\n"})
    run_regard("run", "till", cwd=folder)
    preview = run_regard("preview", "till", "--json", cwd=folder)

    assert {"id": "[key]", "what": "Pot", "n": "many"} == refused(run_regard, folder)
    assert "Cup" == json.loads(preview.stdout)[0]["records"][0]["product_name"]
