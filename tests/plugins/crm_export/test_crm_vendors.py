"""
One export of every vendor, as the vendor writes it, and what comes of it field by field.

Each case is a file in ``data`` with a JSON file of the same name beside it. The people in
them are invented.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.mapping import load_profiles, recognise
from regard.tabular import open_tables

DATA = Path(__file__).parent / "data"
CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(DATA.glob("*.json"))
}
FIELDS = [
    pytest.param(name, key, field, value, id=f"{name}-{key}-{field}")
    for name, case in CASES.items()
    for key, fields in case["records"].items()
    for field, value in fields.items()
]
IN_SPREADSHEETS = {"dynamics-contacts"}
"""Profiles whose case is made in a test of its own."""

Read = Callable[..., Any]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    """What was read already; each case is read once."""
    return {}


@pytest.fixture
def outcome(
    request: pytest.FixtureRequest, outcomes: dict[str, Any], context: Any, read_exports: Read
) -> Any:
    """The outcome of the case that the test is about."""
    name = request.node.callspec.params["name"]
    if name not in outcomes:
        shutil.copy(DATA / CASES[name]["file"], context.root)
        outcomes[name] = read_exports(context)
    return outcomes[name]


@pytest.mark.parametrize("name", CASES)
def test_the_file_is_recognised(name: str) -> None:
    """Each vendor's file is taken for what it is, by its headers alone."""
    case = CASES[name]
    (table,) = open_tables(DATA / case["file"])
    found = recognise(table.header, profiles=load_profiles())

    assert found.profile is not None
    assert case["profile"] == found.profile.name


@pytest.mark.parametrize(("name", "key", "field", "value"), FIELDS)
def test_the_field_holds_what_the_vendor_says(
    outcome: Any, name: str, key: str, field: str, value: str | None
) -> None:
    """Each field of each record is what the vendor's file says."""
    assert value == outcome.shown(CASES[name]["stream"], key, field)


@pytest.mark.parametrize("name", CASES)
def test_there_are_these_records_and_no_others(outcome: Any, name: str) -> None:
    """No row is lost, none is made up."""
    case = CASES[name]

    assert [case["stream"]] == outcome.streams
    assert sorted(case["records"]) == sorted(outcome.records[case["stream"]])
    assert case.get("deleted", []) == outcome.deleted.get(case["stream"], [])
    assert {} == outcome.errors


@pytest.mark.parametrize("name", CASES)
def test_what_is_refused_and_said_is_expected(outcome: Any, name: str) -> None:
    """Bad rows are refused with their reason; what people should know is said."""
    case = CASES[name]
    notes = "\n".join(outcome.context.notes)

    assert case.get("refused", []) == [each["reason"] for each in outcome.context.refused]
    assert [] == [note for note in case.get("notes", []) if note not in notes]


def test_every_shipped_profile_has_a_case() -> None:
    """No profile is shipped that no file was read with."""
    shipped = {each.name for each in load_profiles() if "crm-export" in each.plugins}

    assert set() == shipped - {case["profile"] for case in CASES.values()} - IN_SPREADSHEETS
