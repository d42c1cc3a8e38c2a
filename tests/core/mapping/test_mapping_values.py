"""Texts, addresses, flags and names of columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from regard.errors import RecordError
from regard.mapping.headers import Columns, fold
from regard.mapping.kinds import ValueType, fields_of
from regard.mapping.values import (
    as_text,
    clean,
    parse_country,
    parse_email,
    parse_flag,
    parse_flag_or_text,
    shape,
)
from regard.records import Customer, Purchase


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("  x ", "x"),
        ("'00123", "00123"),
        ("'+34600123123", "+34600123123"),
        ('="00123"', "00123"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("N/A", "N/A"),
        ("-", "-"),
        (Decimal("101.0"), "101"),
        (101, "101"),
        (True, "true"),
        (date(2024, 3, 12), "2024-03-12"),
        (None, ""),
    ],
)
def test_a_cell_becomes_a_clean_text(cell: object, expected: str) -> None:
    """What spreadsheets put around a value is taken off, and nothing else."""
    assert expected == clean(cell)  # type: ignore[arg-type]  # cells of every type


def test_large_numbers_keep_all_their_digits() -> None:
    """A number is written out, never with an exponent."""
    assert "12300000000000000000" == as_text(Decimal("1.23E+19"))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Yes", True), ("TRUE", True), ("1", True), ("Sí", True), ("si", True), ("Oui", True),
        ("vrai", True), ("Verdadero", True), (True, True),
        ("no", False), ("0", False), ("Non", False), ("Faux", False), ("falso", False),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_yes_and_no_in_many_languages(word: object, expected: bool | None) -> None:
    """Yes and no are understood in English, Spanish, French and their neighbours."""
    assert expected is parse_flag(word)  # type: ignore[arg-type]  # cells of every type


def test_neither_yes_nor_no_is_refused() -> None:
    """A word that is neither is refused rather than guessed."""
    with pytest.raises(RecordError) as caught:
        parse_flag("maybe")

    assert "bad-flag" == caught.value.reason


def test_a_flag_may_be_a_text_where_the_field_allows_it() -> None:
    """A field that takes both gets yes or no where the cell says so, else the text."""
    assert [True, "double opt-in", None] == [
        parse_flag_or_text(cell) for cell in ("oui", "double opt-in", "")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Ana@Example.COM ", "ana@example.com"),
        ("a@example.com;b@example.com", "a@example.com"),
        ("", None),
    ],
)
def test_an_address_is_trimmed_and_lower_case(text: str, expected: str | None) -> None:
    """The same mailbox is the same text however it was typed."""
    assert expected == parse_email(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("es", "ES"), ("España", "España"), ("", None), ("12", "12")]
)
def test_only_codes_of_countries_are_changed(text: str, expected: str | None) -> None:
    """A country's code gets capitals, its name stays as it is."""
    assert expected == parse_country(text)


def test_a_shape_holds_no_letter_and_no_digit_of_the_value() -> None:
    """The shape of a value says how it is written, not what."""
    assert "aaa-99 \u20ac..." == shape("Ana-12 €" + " " * 30).replace(" " * 16, "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Correo electrónico", "CORREO ELECTRONICO"),
        ("Nom d’entreprise", "Nom d'entreprise"),
        ("\ufeffName", "name "),
        ("Customer\u00a0ID", "Customer ID"),
        ('"Email"', "email"),
    ],
)
def test_names_are_compared_folded(one: str, other: str) -> None:
    """Case, accents, quotes and spaces make no difference to a column's name."""
    assert fold(one) == fold(other)


def test_the_exact_name_goes_before_the_folded_one() -> None:
    """Of two columns that differ in case only, the one that is written so is meant."""
    columns = Columns(["email", "Email"])

    assert [0, 1, 0] == [columns.find(name) for name in ("email", "Email", "EMAIL")]


def test_the_language_that_fits_best_is_chosen() -> None:
    """The header's language is the one in which most columns are found."""
    columns = Columns(
        ["Nombre", "Apellidos", "Ville"],
        {
            "fr": {"City": ["Ville"], "First": ["Prénom"]},
            "es": {"First": ["Nombre"], "Last": ["Apellidos"]},
        },
    )

    assert "es" == columns.form
    assert [0, 1, 2, None] == [columns.find(n) for n in ("First", "Last", "City", "Zip")]


def test_the_sort_of_a_value_follows_from_the_kind() -> None:
    """A field's type in its record kind says how its cells are read."""
    customer, purchase = fields_of(Customer), fields_of(Purchase)

    assert ValueType.TIME is customer["created_at"]
    assert ValueType.DAY is customer["birth_on"]
    assert ValueType.INTEGER is customer["birth_year"]
    assert ValueType.EMAIL is customer["email"]
    assert ValueType.FLAG is customer["consent"]
    assert ValueType.TEXT is customer["type"]
    assert ValueType.MONEY is purchase["amount"]
    assert ValueType.NUMBER is purchase["quantity"]
    assert ValueType.CURRENCY is purchase["currency"]
