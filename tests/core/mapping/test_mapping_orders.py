"""Refunds and discounts of whole orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from regard.errors import RecordError
from regard.mapping import Mapper
from regard.sources import Delete
from regard.tabular import Row

MapRows = Callable[..., list[Any]]
MapOf = Callable[..., Mapper]

CHARGES: dict[str, Any] = {
    "kind": "purchase",
    "key": "id",
    "fields": {"status": "status", "amount": "amount", "currency": "currency", "sku": "sku"},
    "refund": {"amount": "back", "total": "amount"},
}
CHARGES_HEADER = ["id", "status", "amount", "currency", "sku", "back"]

LINES: dict[str, Any] = {
    "kind": "purchase",
    "key": ["order", "#line"],
    "fields": {"order_key": "order", "sku": "sku", "amount": "amount"},
    "settle": "subtotal",
}
LINES_HEADER = ["order", "sku", "amount", "subtotal"]


def test_a_part_that_was_given_back_is_a_line_of_its_own(map_rows: MapRows) -> None:
    """A partial refund is a negative line; the sale stays what it was."""
    found = map_rows(CHARGES, CHARGES_HEADER, ["ch1", "refunded", "20", "EUR", "A", "5"])

    assert [
        {
            "key": "ch1",
            "status": "completed",
            "amount": Decimal(20),
            "currency": "EUR",
            "sku": "A",
            "extra": {"back": "5"},
        },
        {"key": "ch1|refund", "status": "refunded", "amount": Decimal(-5), "currency": "EUR"},
    ] == found


def test_a_whole_refund_counts_once(map_rows: MapRows) -> None:
    """What was given back whole is refunded, and an earlier partial refund is deleted."""
    found = map_rows(CHARGES, CHARGES_HEADER, ["ch1", "completed", "20", "EUR", "A", "20"])

    assert "refunded" == found[0]["status"]
    assert Delete("ch1|refund") == found[1]


def test_nothing_given_back_is_one_line(map_rows: MapRows) -> None:
    """A refund of zero or none is no line."""
    rows = [
        ["c1", "completed", "20", "EUR", "A", "0.00"],
        ["c2", "completed", "2", "EUR", "A", ""],
    ]

    assert 2 == len(map_rows(CHARGES, CHARGES_HEADER, *rows))


def test_what_the_lines_do_not_add_up_to_is_one_more_line(map_rows: MapRows) -> None:
    """A discount on a whole order is a line, so that the order's own total is right."""
    found = map_rows(
        LINES,
        LINES_HEADER,
        ["1", "a", "20", "27"],
        ["1", "b", "10", ""],
        ["2", "a", "20", "20"],
        ["3", "a", "20", "15"],
    )

    assert [
        ("1|1", 20),
        ("1|2", 10),
        ("1|difference", -3),
        ("2|1", 20),
        ("3|1", 20),
        ("3|difference", -5),
    ] == [(each["key"], each["amount"]) for each in found if not isinstance(each, Delete)]


def test_an_order_that_adds_up_today_lacks_nothing_any_more(map_rows: MapRows) -> None:
    """What the lines lacked in an earlier export is deleted once they add up to the order."""
    found = map_rows(LINES, LINES_HEADER, ["1", "a", "20", "20"])

    assert [Delete("1|difference")] == found[1:]


def test_an_order_with_a_refused_line_is_not_settled(make_mapper: MapOf) -> None:
    """Where a line is missing, what the others do not add up to says nothing."""
    mapper = make_mapper(LINES, LINES_HEADER)
    mapper.records(Row(2, ["1", "a", "20", "30"]))
    with pytest.raises(RecordError):
        mapper.records(Row(3, ["1", "b", "ten", ""]))

    assert [] == mapper.finish()


def test_the_line_of_an_order_survives_a_refused_row_behind_it(make_mapper: MapOf) -> None:
    """A bad row of the next order does not lose the line that the one before needs."""
    mapper = make_mapper(LINES, LINES_HEADER)
    mapper.records(Row(2, ["1", "a", "20", "15"]))
    with pytest.raises(RecordError):
        mapper.records(Row(3, ["2", "b", "ten", "10"]))

    assert ["1|difference"] == [record["key"] for record in mapper.finish()]


def test_an_order_that_comes_apart_is_not_settled(map_rows: MapRows) -> None:
    """Lines of one order that stand apart in the file are numbered on, not settled twice."""
    rows = [["1", "a", "20", "15"], ["2", "a", "5", "5"], ["1", "b", "10", "15"]]
    found = map_rows(LINES, LINES_HEADER, *rows)

    assert ["1|1", "1|difference", "2|1", "1|2"] == [
        each["key"] for each in found if not isinstance(each, Delete)
    ]
