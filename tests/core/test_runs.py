"""Outcomes and counts: what several executions are together, and which exit code says so."""

from __future__ import annotations

import pytest

from regard.runs import Counts, Outcome, StreamSummary, exit_code, overall

OK, PARTIAL, FAILED, SKIPPED = Outcome.OK, Outcome.PARTIAL, Outcome.FAILED, Outcome.SKIPPED


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], 0),
        ([OK, OK], 0),
        ([OK, SKIPPED], 4),
        ([SKIPPED, PARTIAL], 3),
        ([PARTIAL, OK, FAILED, SKIPPED], 1),
    ],
)
def test_the_gravest_outcome_decides_the_exit_code(outcomes: list[Outcome], expected: int) -> None:
    """Failed goes before partial, that before already running, that before ok."""
    assert expected == exit_code(outcomes)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], OK),
        ([OK], OK),
        ([SKIPPED], SKIPPED),
        ([OK, SKIPPED], OK),
        ([FAILED, SKIPPED], FAILED),
        ([FAILED, FAILED], FAILED),
        ([OK, FAILED], PARTIAL),
        ([OK, PARTIAL], PARTIAL),
        ([PARTIAL, FAILED], PARTIAL),
    ],
)
def test_several_executions_have_one_outcome(outcomes: list[Outcome], expected: Outcome) -> None:
    """One that failed among others that did not makes the whole partial."""
    assert expected == overall(outcomes)


def test_counts_add_up() -> None:
    """Counts add field by field."""
    counts = Counts(read=3, new=2, quarantined=1)
    counts.add(Counts(read=2, deleted=1, stale=1))

    assert {
        "read": 5,
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "stale": 1,
        "quarantined": 1,
        "deleted": 1,
    } == counts.as_dict()


def test_a_summary_is_the_documented_json() -> None:
    """What ``run --json`` prints of a stream has exactly the documented names."""
    told = StreamSummary("crm", "contacts", 7, PARTIAL, Counts(read=1, new=1), 0.12345, "why")

    assert {
        "source": "crm",
        "stream": "contacts",
        "run_id": 7,
        "outcome": "partial",
        "read": 1,
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "stale": 0,
        "quarantined": 0,
        "deleted": 0,
        "seconds": 0.123,
        "error": "why",
        "notes": [],
    } == told.as_json()


@pytest.mark.parametrize(
    ("stream", "place"), [("", "crm"), ("contacts", "crm contacts"), ("crm", "crm")]
)
def test_a_name_is_said_once(stream: str, place: str) -> None:
    """A stream is named behind its source, unless it has the same name or none."""
    assert place == StreamSummary("crm", stream, None).place
