"""The guide on reviews and prices from files does what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = "docs/guides/market-files.md"
NOW = {"REGARD_NOW": "2026-01-20T12:00:00Z"}
Guided = Callable[[str], Path]


@pytest.fixture
def guided(blocks: list[Any], project: Callable[..., Path]) -> Guided:
    """Return what makes the project of one of the guide's configurations, with its files."""
    here = [block for block in blocks if block.page == PAGE]

    def made(holding: str) -> Path:
        (config,) = [
            block.text
            for block in here
            if block.caption == "regard.toml" and holding in block.text
        ]
        files = {
            block.caption: block.text
            for block in here
            if block.caption and block.caption != "regard.toml"
        }
        return project(config, files=files)

    return made


def _reported(run_regard: Callable[..., Any], folder: Path, name: str) -> dict[str, Any]:
    """Return the rows of a report's tables by title."""
    done = run_regard("report", name, "--format", "json", cwd=folder, env=NOW)
    assert 0 == done.returncode, done.stderr
    return {
        table["title"]: table["rows"]
        for section in json.loads(done.stdout)["sections"]
        for table in section["tables"]
    }


def _ran(run_regard: Callable[..., Any], folder: Path) -> dict[str, tuple[int, int]]:
    """Run all sources; return what each stored and refused."""
    done = run_regard("run", "--all", "--json", cwd=folder, env=NOW)
    return {
        each["source"]: (each["new"], each["quarantined"])
        for each in json.loads(done.stdout)["runs"]
    }


def test_exports_and_checks_reach_the_reports(
    guided: Guided, run_regard: Callable[..., Any]
) -> None:
    """Our reviews are ours, prices seen in shops are named as such, and no author is kept."""
    folder = guided("our-reviews")
    ran = _ran(run_regard, folder)
    prices = _reported(run_regard, folder, "prices")
    reviews = _reported(run_regard, folder, "reviews")
    (ours,) = reviews["Ratings, 1 to 5"]

    assert {"our-reviews": (2, 0), "price-checks": (2, 0), "catalogue": (1, 0)} == ran
    assert ["Red cup", "Rival (by hand)", "10", "8.9"] == [
        str(cell) for cell in prices["Cheaper than we are"][0][:4]
    ]
    assert [["Red cup", "Rival", "Rival Centro", "9", "8.9", "-1.1", "2026-01-14"]] == prices[
        "Advertised below our minimum price"
    ]
    assert [["Rival", 2, "2026-01-14"]] == prices["Seen in a shop or on a list"]
    assert ("We", "3.5") == (ours[0], ours[1])
    kept = b"".join(path.read_bytes() for path in folder.glob("regard.db*"))
    assert b"Ines" not in kept


def test_maps_of_offers_and_reviews(guided: Guided, run_regard: Callable[..., Any]) -> None:
    """A map reads offers and reviews; ratings of another scale are brought to the usual one."""
    folder = guided("competitor-list")
    ran = _ran(run_regard, folder)
    reviews = _reported(run_regard, folder, "reviews")
    (rival,) = reviews["Ratings, 1 to 5"]

    assert {"competitor-list": (1, 0), "other-reviews": (2, 0)} == ran
    # 9 and 2 of 0 to 10 are 4.6 and 1.8 of 1 to 5.
    assert ("Rival", "3.2") == (rival[0], rival[1])
    kept = b"".join(path.read_bytes() for path in folder.glob("regard.db*"))
    assert b"Fictif" not in kept
    assert [["Rival", 1, "2026-01-15"]] == _reported(run_regard, folder, "prices")[
        "Seen in a shop or on a list"
    ]


def test_a_check_that_is_read_again_is_history(
    guided: Guided, run_regard: Callable[..., Any]
) -> None:
    """A later line of the same article is its new price; the older one is kept."""
    folder = guided("our-reviews")
    _ran(run_regard, folder)
    more = (
        (folder / "checks" / "2026-01.csv").read_text("utf-8").replace("2026-01-14", "2026-01-19")
    )
    (folder / "checks" / "2026-02.csv").write_text(more.replace("8.90", "8.50"), "utf-8")
    done = run_regard("run", "price-checks", "--json", cwd=folder, env={
        "REGARD_NOW": "2026-02-20T12:00:00Z"})  # fmt: skip
    (stream,) = json.loads(done.stdout)["runs"]

    assert (1, 1) == (stream["changed"], stream["unchanged"])
