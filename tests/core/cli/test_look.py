"""``regard look``, as somebody types it over files that just lie there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunRegard = Callable[..., Any]

CONTACTS = (
    "Record ID,First Name,Last Name,Email,Create Date,Lifecycle Stage,Contact owner\n"
    "1,Ana,Ruiz,ana@example.org,2026-01-05 10:00,Customer,x\n"
    "2,Bo,Lind,bo@example.org,2026-13-45 10:00,Customer,x\n"
    "3,Cy,Moe,cy@example.org,2026-13-46 10:00,Customer,x\n"
)
ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,"
    "Total,Discount Code,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Lineitem sku,Id\n"
    "#1,ana@example.org,paid,,fulfilled,EUR,10,0,0,10,,2026-01-05 10:00:00 +0100,1,Cup,10,C1,77\n"
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Return a folder with a CRM's contacts and a shop's orders."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "contacts.csv").write_text(CONTACTS)
    (folder / "orders.csv").write_text(ORDERS)
    return folder


def test_purchases_find_customers_in_another_file(exports: Path, run_regard: RunRegard) -> None:
    """All files are one source: a purchase is tied to the customer of another file."""
    told = run_regard("look", "orders.csv", "contacts.csv", cwd=exports)

    assert 0 == told.returncode
    assert re.search("1 customers? behind 1 of 1 lines? sold", told.stdout)


def test_reasons_of_refusals(exports: Path, run_regard: RunRegard) -> None:
    """Each reason is said with its count and the place of one such record."""
    told = run_regard("look", ".", cwd=exports)

    assert "contacts: 3 records, 2 refused" in told.stderr
    assert "orders: 1 record, 0 refused" in told.stderr
    assert "  2 refused: bad-date: created_at: column 'Create Date': " in told.stderr
    assert "(such as contacts.csv:3)" in told.stderr


def test_what_lies_beside_exports(exports: Path, run_regard: RunRegard) -> None:
    """In a project its store, columns, configuration, logs and hidden files are passed over."""
    (exports / "regard.toml").write_text('[sources.x]\nplugin = "crm-export"\npath = "*.csv"\n')
    assert 0 == run_regard("run", "x", "--error-budget", "1", cwd=exports).returncode
    assert 0 == run_regard("report", "customers", cwd=exports).returncode
    (exports / ".hidden.csv").write_text("a,b\n1,2\n")
    (exports / "notes.md").write_text("# Notes\n")
    for name in ("logs/loop.log", "logs/source-x/20260203T093000Z-1.log"):
        (exports / name).parent.mkdir(exist_ok=True)
        (exports / name).write_text('{"at": "2026-02-03T09:30:00Z", "text": "it begins"}\n')
    told = run_regard("look", ".", *(path.name for path in exports.iterdir()), cwd=exports)

    assert 0 == told.returncode
    assert "unrecognised" not in told.stderr
    passed = told.stderr.splitlines()[0]
    for expected in (
        "regard.toml (the project's own)",
        "regard.key (the project's own)",
        "logs/loop.log (the project's own)",
        "regard.db (a database)",
        "columns (columns of a store)",
        ".hidden.csv (hidden)",
        "notes.md (a text)",
    ):
        assert 1 == passed.count(expected)


def test_nothing_but_our_own(exports: Path, run_regard: RunRegard) -> None:
    """Where nothing is left to read, the command says so."""
    (exports / "regard.toml").write_text("")
    told = run_regard("look", "regard.toml", cwd=exports)

    assert 2 == told.returncode
    assert "no file matches 'regard.toml' but what was passed over" in told.stderr


def test_json_of_what_is_not_recognised(exports: Path, run_regard: RunRegard) -> None:
    """A file that cannot be read is a problem in the JSON, not an empty answer."""
    (exports / "till.csv").write_text("a,b\n1,2\n")
    told = run_regard("look", "till.csv", "--json", cwd=exports)
    found = json.loads(told.stdout)

    assert 1 == told.returncode
    assert found["report"] is None
    assert ["failed"] == [stream["outcome"] for stream in found["streams"]]
    assert "till.csv: no profile fits its headers 'a', 'b'" in found["streams"][0]["error"]


def test_json_of_what_was_read(exports: Path, run_regard: RunRegard) -> None:
    """The JSON holds what was read and refused, and the report; `--format json` only that."""
    told = run_regard("look", "contacts.csv", "--json", cwd=exports)
    found = json.loads(told.stdout)
    alone = json.loads(run_regard("look", "contacts.csv", "--format", "json", cwd=exports).stdout)

    assert 0 == told.returncode
    assert [("bad-date", "created_at", 2, "contacts.csv", 3)] == [
        (each["reason"], each["field"], each["count"], each["file"], each["line"])
        for each in found["streams"][0]["refused"]
    ]
    assert "customers" == found["report"]["name"]
    assert alone["sections"][0]["title"] == found["report"]["sections"][0]["title"]
