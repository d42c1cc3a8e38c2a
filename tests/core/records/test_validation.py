"""Validation: exact reasons for what is refused, and no harm to its neighbours."""

from __future__ import annotations

from collections import UserDict
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from regard.errors import ConfigError
from regard.records import KINDS, kind_named


@pytest.mark.parametrize(
    ("kind", "record", "reason", "field"),
    [
        ("purchase", {"ordered_at": "2026-01-01T00:00:00"}, "naive-time", "ordered_at"),
        ("purchase", {"ordered_at": datetime(2026, 1, 1)}, "naive-time", "ordered_at"),
        ("purchase", {"ordered_at": "yesterday"}, "bad-time", "ordered_at"),
        ("purchase", {"ordered_at": []}, "bad-time", "ordered_at"),
        ("purchase", {"as_of": datetime(2026, 1, 1)}, "naive-time", "as_of"),
        ("purchase", {"amount": "1,50"}, "bad-number", "amount"),
        ("purchase", {"amount": "NaN"}, "bad-number", "amount"),
        ("purchase", {"amount": float("inf")}, "bad-number", "amount"),
        ("purchase", {"amount": Decimal("-Infinity")}, "bad-number", "amount"),
        ("purchase", {"amount": [1]}, "bad-number", "amount"),
        ("purchase", {"status": "sold"}, "unknown-value", "status"),
        ("purchase", {"currency": "EURO"}, "bad-text", "currency"),
        ("purchase", {"currency": "€"}, "bad-text", "currency"),
        ("purchase", {"sku": ["a"]}, "bad-text", "sku"),
        ("purchase", {"sku": b"\xff"}, "broken-text", "sku"),
        ("purchase", {"tax_included": "perhaps"}, "bad-flag", "tax_included"),
        ("customer", {"birth_on": "1980-02-30"}, "bad-day", "birth_on"),
        ("customer", {"birth_year": "about 1980"}, "bad-number", "birth_year"),
        ("customer", {"birth_year": 1980.5}, "bad-number", "birth_year"),
        ("customer", {"extra": "text"}, "not-a-mapping", "extra"),
        ("offer", {"price": "0.00"}, "zero-price", "price"),
        ("offer", {"price": Decimal(-3)}, "bad-price", "price"),
        ("offer", {"list_price": Decimal("-0.01")}, "bad-price", "list_price"),
        ("offer", {"shipping": -5}, "bad-price", "shipping"),
        ("offer", {"unit_price": "-1"}, "bad-price", "unit_price"),
    ],
)
def test_what_is_wrong_is_said(kind: str, record: dict[str, Any], reason: str, field: str) -> None:
    """A refused record has a stable reason code and the field at fault."""
    good = {"key": "1"}
    typed, problems = KINDS[kind].validator().validate([good, record, good])

    assert [1] == list(problems)
    assert (reason, field) == (problems[1].reason, problems[1].field)
    assert [False, True, False] == [value is None for value in typed]


def test_a_price_that_is_none_is_named() -> None:
    """A price of nothing or less is said with its value; shipping may be free."""
    given = [{"price": "-3.50"}, {"price": 0}, {"shipping": 0, "list_price": 0, "price": "1"}]
    typed, problems = KINDS["offer"].validator().validate(given)

    assert "price: -3.50 is no price: it must be more than 0" == str(problems[0])
    assert (
        "price: 0 is no price: it must be more than 0; leave it empty where there is none"
        == str(problems[1])
    )
    assert [None, None] == typed[:2]
    assert typed[2] is not None


def test_a_refund_may_be_negative() -> None:
    """What is bought may cost nothing, and a refund's amount is negative."""
    given = {"amount": Decimal(-10), "unit_price": Decimal(0), "quantity": Decimal(-1)}

    assert not KINDS["purchase"].validator().validate([given])[1]


def test_messages_hold_no_values() -> None:
    """Why a record was refused can be logged: no value of it stands in the message."""
    secret = "ana@example.com"
    record = {"birth_on": secret, "consent": secret, "created_at": secret, "type": secret}
    for name in record:
        _, problems = KINDS["customer"].validator().validate([{name: record[name]}])

        assert secret not in str(problems[0])


@pytest.mark.parametrize(
    "made", [dict, UserDict, MappingProxyType], ids=["dict", "UserDict", "proxy"]
)
def test_any_mapping_is_welcome(made: Any) -> None:
    """A plug-in may yield any mapping, not only dictionaries."""
    typed, problems = KINDS["fact"].validator().validate([made({"value": "1.5"})])

    assert {} == problems
    assert [{"value": Decimal("1.5")}] == typed


def test_values_are_typed() -> None:
    """Texts that spell a time, a day, a number or a flag become what they spell."""
    record = {
        "birth_on": "1980-02-29",
        "consent": "yes",
        "created_at": "2026-01-01T00:00:00+02:00",
        "birth_year": "1980",
        "phone": 600123123,
    }
    typed, _ = KINDS["customer"].validator().validate([record])

    assert typed[0] is not None
    assert date(1980, 2, 29) == typed[0]["birth_on"]
    assert typed[0]["consent"] is True
    assert datetime(2025, 12, 31, 22, tzinfo=UTC) == typed[0]["created_at"]
    assert 1980 == typed[0]["birth_year"]
    assert "600123123" == typed[0]["phone"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "sale"), ({"basis": None}, "sale"), ({"basis": "payment"}, "payment")],
)
def test_a_purchase_is_a_sale_unless_it_says_otherwise(
    given: dict[str, Any], expected: str
) -> None:
    """Where nothing says what stands behind a purchase, it is a sale."""
    typed, _ = KINDS["purchase"].validator().validate([given])

    assert typed[0] is not None
    assert expected == typed[0]["basis"]


def test_no_number_is_a_float() -> None:
    """A float is taken by its shortest decimal form, never by its binary one."""
    typed, _ = KINDS["fact"].validator().validate([{"value": 0.1}])

    assert [{"value": Decimal("0.1")}] == typed


def test_an_unknown_kind_is_named() -> None:
    """A misspelt kind is answered with the nearest one."""
    with pytest.raises(ConfigError, match="did you mean 'customer'"):
        kind_named("custommer")


def test_every_field_has_a_privacy_class() -> None:
    """Every field of every kind says how private it is."""
    classes = {KINDS[kind].pii(field) for kind in KINDS for field in KINDS[kind].fields}

    assert {"none", "pseudonym", "personal", "sensitive"} == classes


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_table_has_its_kinds_fields(kind: str) -> None:
    """Every field of a kind is a nullable column of its table, and none is a float."""
    found = KINDS[kind]
    for name in found.model.model_fields:
        column = found.table.columns[name]

        assert column.nullable
        assert "FLOAT" not in str(column.type).upper()
    assert ("source", "key") == tuple(found.table.primary_key.columns.keys())[:2]
