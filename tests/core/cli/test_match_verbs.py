"""``regard match``: offers that resemble a product of ours, and what people decide of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

CONFIG = """
timezone = "UTC"

[sources.list]
plugin = "crm-export"
path = "products.csv"

[sources.list.map]
kind = "product"
key = "sku"
fields = {sku = "sku", gtin = "gtin", brand = "brand", name = "name", list_price = "price"}
constants = {currency = "EUR", tax_included = true}

[sources.rival]
plugin = "crm-export"
path = "offers.csv"

[sources.rival.map]
kind = "offer"
key = "url"
constants = {competitor = "Rival", currency = "EUR", tax_included = true}
fields = {url = "url", gtin = "gtin", brand = "brand", product_name = "title", price = "price"}
"""

PRODUCTS = [
    ("P1", "4006381333931", "", "Kettle 1.7 l steel", "45"),
    ("P2", "", "", "Frying pan 28 cm cast iron", "40"),
    ("P3", "", "", "Hand blender HB4500", "60"),
    ("P4", "", "Acme", "Wine glasses, set of 6", "30"),
]
OFFERS = [
    ("https://rival.example/1", "4006381333931", "", "Kettle, steel, 1.7 l", "41"),
    ("https://rival.example/2", "", "", "Cast-iron frying pan, 28 cm", "38"),
    ("https://rival.example/3", "", "", "Cast iron frying pan 24 cm", "31"),
    ("https://rival.example/4", "", "", "Hand blender HB4600", "62"),
    ("https://rival.example/5", "", "Other", "Wine glasses, set of 6", "22"),
    ("https://rival.example/6", "", "", "\x1b[31mGarden chair[/red]", "22"),
]


def as_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as the text of a CSV file."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path, run_regard) -> Path:
    """Return a project with some products of ours and some offers of a rival."""
    (tmp_path / "regard.toml").write_text(CONFIG)
    header = ("sku", "gtin", "brand", "name", "price")
    (tmp_path / "products.csv").write_text(as_csv(header, PRODUCTS))
    header = ("url", "gtin", "brand", "title", "price")
    (tmp_path / "offers.csv").write_text(as_csv(header, OFFERS))
    done = run_regard("run", "--all", cwd=tmp_path)
    assert 0 == done.returncode, done.stdout + done.stderr
    return tmp_path


def listed(folder: Path, run_regard, *more: str) -> list[dict[str, Any]]:
    """Return what is proposed, or decided."""
    done = run_regard("match", "list", "--json", *more, cwd=folder)
    assert 0 == done.returncode, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def compared(folder: Path, run_regard) -> int:
    """Return on how many products the price index rests."""
    done = run_regard("report", "prices", "--format", "json", cwd=folder)
    told = json.loads(done.stdout)
    tables = [each for part in told["sections"] for each in part["tables"]]
    index = next(each for each in tables if "index" in each["title"].lower())
    return int(index["rows"][0][[each["name"] for each in index["columns"]].index("n")])


def test_only_like_titles_are_proposed(folder: Path, run_regard) -> None:
    """A number decides by itself; another size, model number or brand is another article."""
    found = listed(folder, run_regard)

    assert [("https://rival.example/2", "P2")] == [
        (each["offer"].partition("?")[0], each["product"]) for each in found
    ]


def test_confirmed_offers_are_compared(folder: Path, run_regard) -> None:
    """What somebody confirms is a pair from then on, and no longer proposed."""
    before = compared(folder, run_regard)
    (proposal,) = listed(folder, run_regard)
    done = run_regard("match", "confirm", proposal["id"], cwd=folder)

    assert 0 == done.returncode, done.stderr
    assert [] == listed(folder, run_regard)
    assert before + 1 == compared(folder, run_regard)


def test_rejected_offers_are_never_proposed_again(folder: Path, run_regard) -> None:
    """Rejecting is remembered, and can be taken back by confirming."""
    (proposal,) = listed(folder, run_regard)
    run_regard("match", "reject", proposal["id"], cwd=folder)

    assert [] == listed(folder, run_regard)
    (decided,) = listed(folder, run_regard, "--decided")
    assert (proposal["id"], "rejected") == (decided["id"], decided["state"])

    run_regard("match", "confirm", proposal["id"], cwd=folder)
    assert ["confirmed"] == [each["state"] for each in listed(folder, run_regard, "--decided")]


def test_trying_changes_nothing(folder: Path, run_regard) -> None:
    """With ``--dry-run`` nothing is decided."""
    (proposal,) = listed(folder, run_regard)
    done = run_regard("match", "confirm", proposal["id"], "--dry-run", cwd=folder)

    assert "would be confirmed" in done.stdout
    assert [] == listed(folder, run_regard, "--decided")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["confirm", "zzz"], "there is no match 'zzz'"),
        (["list", "--at-least", "120"], "'120' is no whole number from 0 to 100"),
        (["confirm"], "ID"),
    ],
)
def test_wrong_usage(folder: Path, run_regard, arguments: list[str], message: str) -> None:
    """A wrong id or number is named, and nothing happens."""
    done = run_regard("match", *arguments, cwd=folder)

    assert 2 == done.returncode
    assert message in done.stderr


def test_titles_of_others_are_only_shown(folder: Path, run_regard) -> None:
    """Control characters in a title do not reach the terminal."""
    done = run_regard("match", "list", "--at-least", "0", cwd=folder)

    assert "\x1b" not in done.stdout
