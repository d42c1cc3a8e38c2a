"""How many customers there are, which are new, and how they divide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from regard.errors import ConfigError
from regard.measures.customers import breakdown, count_customers, groupable_fields
from regard.records import KINDS
from regard.reports import Period

JANUARY = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (("regoin",), "did you mean 'region'"),
        (("created_at",), "no such field"),
        (("content_hash",), "no such field"),
        (("email",), "personal"),
        (("birth_year",), "age_band is possible"),
        (("region", "region"), "named twice"),
        (('region" --',), "no such field"),
    ],
)
def test_wrong_field(fields: tuple[str, ...], message: str, view_with: Callable[..., Any]) -> None:
    """A field that is unknown, personal or named twice is refused by its name."""
    with pytest.raises(ConfigError, match=message):
        breakdown(view_with(), fields, JANUARY)


def test_personal_fields_are_known(view_with: Callable[..., Any]) -> None:
    """No field that the record kind calls personal or a key can divide a report."""
    customer = KINDS["customer"]
    closed = {name for name in customer.fields if customer.pii(name) in ("personal", "pseudonym")}

    assert set() == closed & set(groupable_fields(view_with()))
    assert {"region", "sex", "age_band", "source", "type"} <= set(groupable_fields(view_with()))


def test_empty(view_with: Callable[..., Any]) -> None:
    """No customers are no error: all counts are zero."""
    view = view_with()
    counts = count_customers(view, JANUARY)

    assert (0, 0, 0, {}) == (counts.total, counts.new, counts.created_unknown, counts.by_type)
    assert ((), 0) == (breakdown(view, ("region",), JANUARY).rows, 0)


def test_new_ones(view_with: Callable[..., Any]) -> None:
    """The period's beginning counts, its end does not, and unknown times are told apart."""
    at = [
        None,
        datetime(2025, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
    ]
    view = view_with([{"key": str(n), "created_at": one} for n, one in enumerate(at)])
    counts = count_customers(view, JANUARY)
    open_end = count_customers(view, Period(JANUARY.since, None))

    assert (5, 2, 4, 1) == (counts.total, counts.new, counts.created_known, counts.created_unknown)
    assert 3 == open_end.new


def test_unknown_has_its_row(view_with: Callable[..., Any]) -> None:
    """What is not known has a row of its own; blank texts are not known."""
    regions = ["Norte", "Norte", None, "", "  ", "Sur"]
    view = view_with([{"key": str(n), "region": one} for n, one in enumerate(regions)])
    found = breakdown(view, ("region",), JANUARY)

    assert [(None,), ("Norte",), ("Sur",)] == [row.values for row in found.rows]
    assert [3, 2, 1] == [row.customers for row in found.rows]
    assert [Decimal("50.0"), Decimal("33.3"), Decimal("16.7")] == [r.percent for r in found.rows]


def test_many_groups(view_with: Callable[..., Any]) -> None:
    """Beyond the limit groups are counted together, but the unknown one keeps its row."""
    cities = [f"c{n}" for n in range(10) for _ in range(12 - n)] + [None]
    view = view_with([{"key": str(n), "city": one} for n, one in enumerate(cities)])
    found = breakdown(view, ("city",), JANUARY, limit=3)

    assert [("c0",), ("c1",), ("c2",), (None,)] == [row.values for row in found.rows]
    assert (7, 42, 0) == (found.others, found.others_customers, found.others_new)
    assert len(cities) == found.n == 42 + sum(row.customers for row in found.rows)


def test_several_fields(view_with: Callable[..., Any]) -> None:
    """Several fields together make one group of each combination."""
    rows = [
        {"key": "1", "region": "N", "consent": True},
        {"key": "2", "region": "N", "consent": False},
        {"key": "3", "region": "N", "consent": True},
        {"key": "4"},
    ]
    found = breakdown(view_with(rows), ("region", "consent", "source"), JANUARY)

    assert {
        ("N", "true", "crm"): 2,
        ("N", "false", "crm"): 1,
        (None, None, "crm"): 1,
    } == {row.values: row.customers for row in found.rows}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"age_band": "25-34", "birth_year": 1950}, "25-34"),
        ({"age_band": "", "birth_year": 1950}, "65+"),
        ({"birth_on": date(2001, 3, 15)}, "25-34"),
        ({"birth_on": date(2001, 3, 16)}, "18-24"),
        ({"birth_on": date(2008, 3, 16)}, "0-17"),
        ({"birth_year": 1990}, "35-44"),
        ({"birth_on": date(2030, 1, 1)}, None),
        ({"birth_year": 1850}, None),
        ({"birth_on": date(1, 1, 1)}, None),
        ({}, None),
    ],
)
def test_age_bands(
    fields: dict[str, Any], expected: str | None, view_with: Callable[..., Any]
) -> None:
    """Age is what the source says, else derived from birth on the report's day; never guessed."""
    found = breakdown(view_with([{"key": "1", **fields}]), ("age_band",), JANUARY)

    assert [((expected,), 1)] == [(row.values, row.customers) for row in found.rows]
