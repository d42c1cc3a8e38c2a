"""What a map may say, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from regard.errors import ConfigError, FileError
from regard.mapping import FieldMap, Mapper, recipe_of
from regard.mapping.formulas import parse_formula

MapOf = Callable[..., Mapper]

TILL: dict[str, Any] = {
    "kind": "purchase",
    "key": ["ticket", "line"],
    "fields": {"ordered_at": "when", "amount": "total"},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"feilds": {}}, "feilds"),
        ({"key": []}, "key"),
        ({"key": ["#line"]}, "#line"),
        ({"decimal": ";"}, "decimal"),
        ({"dates": "dayfirst"}, "did you mean 'day-first'"),
        ({"compute": {"amount": "quantity / 2"}}, "no formula"),
        ({"compute": {"amount": "__import__"}}, "no formula"),
        ({"fields": {"name": {"with": "-"}}}, "needs either a column"),
        ({"fields": {"name": []}}, "fields"),
        ({"settle": "total"}, "#line"),
        ({"basis": "orders"}, "basis"),
    ],
)
def test_a_wrong_map_is_refused_with_what_is_wrong(change: dict[str, Any], said: str) -> None:
    """A map that cannot be right is refused when the configuration is read."""
    with pytest.raises(ValidationError) as caught:
        FieldMap.model_validate(TILL | change)

    assert said in str(caught.value)


def test_a_number_of_toml_stays_exact() -> None:
    """A constant such as 4.5 is a decimal number, never a float."""
    spec = FieldMap.model_validate(TILL | {"constants": {"quantity": 4.1}})

    assert Decimal("4.1") == spec.constants["quantity"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fields": {"custmer_key": "when"}}, "did you mean 'customer_key'"),
        ({"constants": {"curency": "EUR"}}, "did you mean 'currency'"),
        ({"values": {"status": {"R": "refunded"}}}, "'status' has values but no column"),
        ({"compute": {"amount": "quantity * unitprice"}}, "did you mean 'unit_price'"),
        ({"constants": {"ordered_at": "soon"}}, "constants.ordered_at"),
    ],
)
def test_a_field_that_the_kind_lacks_is_named_with_the_nearest(
    make_mapper: MapOf, change: dict[str, Any], said: str
) -> None:
    """A misspelt field is told with its place in the map and the nearest right one."""
    with pytest.raises(ConfigError) as caught:
        make_mapper(TILL | change, ["ticket", "line", "when", "total"], where="[sources.till.map]")

    assert said in str(caught.value)
    assert "[sources.till.map]" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["ticket", "line", "when", "totl"], "no column 'total'; did you mean 'totl'"),
        (["tiket", "line", "when", "total"], "no column 'ticket'; did you mean 'tiket'"),
    ],
)
def test_a_column_that_the_file_lacks_is_named_with_the_nearest(
    make_mapper: MapOf, header: list[str], said: str
) -> None:
    """A map's columns must be there; a near miss is shown."""
    with pytest.raises(FileError) as caught:
        make_mapper(TILL, header)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    "column",
    ["Email Opt Out", "HasOptedOutOfEmail", "Do Not Call", "Baja", "Désabonné", "No llamar"],
)
def test_a_refusal_is_never_taken_for_consent(make_mapper: MapOf, column: str) -> None:
    """A column of those who opted out cannot fill consent unless its words are explained."""
    spec = {"kind": "customer", "key": "id", "fields": {"consent": column}}

    with pytest.raises(ConfigError, match="does not want to be contacted"):
        make_mapper(spec, ["id", column])


def test_a_formula_with_an_unknown_part_gives_nothing() -> None:
    """What cannot be computed is unknown, not zero, but for parts that may be missing."""
    formula = parse_formula("quantity * unit_price - discount?")

    assert ("quantity", "unit_price", "discount") == formula.fields
    assert Decimal("19") == formula.compute({"quantity": 2, "unit_price": Decimal("9.5")})
    assert formula.compute({"quantity": 2}) is None


@pytest.mark.parametrize(
    "change", [{"decimal": ","}, {"key": ["ticket"]}, {"values": {"amount": {"-": ""}}}]
)
def test_every_change_of_a_map_is_another_recipe(change: dict[str, Any]) -> None:
    """Files are read again when their map changes, and only then."""
    before = FieldMap.model_validate(TILL)
    after = FieldMap.model_validate(TILL | change)

    assert recipe_of([before]) == recipe_of([FieldMap.model_validate(TILL)])
    assert recipe_of([before]) != recipe_of([after])
    assert recipe_of([before]) != recipe_of([before], timezone="UTC")
