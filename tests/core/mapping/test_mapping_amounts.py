"""Numbers and money as exports from many countries write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from regard.errors import RecordError
from regard.mapping.amounts import parse_amount, parse_currency, parse_integer, parse_number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abc", "bad-number"),
        ("12%", "bad-number"),
        ("12,5 %", "bad-number"),
        ("--5", "bad-number"),
        ("(-5)", "bad-number"),
        ("1.2.3", "bad-number"),
        ("1,23,4", "bad-number"),
        ("1.234,567,890", "bad-number"),
        ("1 23 456", "bad-number"),
        ("1e5", "bad-number"),
        ("NaN", "bad-number"),
        ("Infinity", "bad-number"),
        ("1_000", "bad-number"),
        ("١٢٣", "bad-number"),
        ("12.", "bad-number"),
        ("5 apples", "bad-number"),
        ("£5 EUR", "bad-number"),
        ("9" * 29, "bad-number"),
        ("9" * 61, "bad-number"),
        ("Rs.500 or so", "bad-number"),
        ("1.234", "ambiguous-number"),
        ("1,234", "ambiguous-number"),
        ("-12,345", "ambiguous-number"),
        ("€ 1.234", "ambiguous-number"),
    ],
)
def test_what_is_no_number_or_could_be_two_is_refused(text: str, reason: str) -> None:
    """A text that is no number, or may mean two, is refused with its own reason."""
    with pytest.raises(RecordError) as caught:
        parse_amount(text)

    assert reason == caught.value.reason


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("1,234.56", ","), ("1.234,56", "."), ("12,5", "."), ("12.50", ","), ("1,234,567", ",")],
)
def test_a_number_that_contradicts_the_declared_sign_is_refused(text: str, decimal: str) -> None:
    """What is declared is not overruled by a number that can only be read otherwise."""
    with pytest.raises(RecordError) as caught:
        parse_amount(text, decimal)  # type: ignore[arg-type]  # a parameter of the test

    assert "bad-number" == caught.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0"),
        ("007", "7"),
        ("12", "12"),
        ("-5", "-5"),
        ("+5", "5"),
        ("5-", "-5"),
        ("(5.00)", "-5.00"),
        ("− 3,50", "-3.50"),
        ("12.5", "12.5"),
        ("12,50", "12.50"),
        ("0.125", "0.125"),
        ("0,125", "0.125"),
        ("1234.567", "1234.567"),
        ("12345,678", "12345.678"),
        (".50", "0.50"),
        (",5", "0.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("12,34,567.80", "1234567.80"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234\u202f567,89", "1234567.89"),
        ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"),
        ("12,-", "12"),
        ("12.–", "12"),
        ('="12.50"', "12.50"),
        ("'12.50", "12.50"),
    ],
)
def test_a_number_is_read_in_every_notation(text: str, expected: str) -> None:
    """A number that can mean only one thing is read without any declaration."""
    found = parse_amount(text)

    assert (Decimal(expected), None) == found


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("1.234.567,8", ",", "1234567.8"),
        ("12,50", ",", "12.50"),
    ],
)
def test_the_declared_sign_decides(text: str, decimal: str, expected: str) -> None:
    """Where a number could mean two, the declared decimal sign decides."""
    found = parse_amount(text, decimal)  # type: ignore[arg-type]  # a parameter of the test

    assert (Decimal(expected), None) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("€ 12,50", ("12.50", "EUR")),
        ("12,50 €", ("12.50", "EUR")),
        ("12,50\u00a0€", ("12.50", "EUR")),
        ("-€5.00", ("-5.00", "EUR")),
        ("€-5.00", ("-5.00", "EUR")),
        ("(€5.00)", ("-5.00", "EUR")),
        ("£1,234.50", ("1234.50", "GBP")),
        ("EUR 99", ("99", "EUR")),
        ("99 eur", ("99", "EUR")),
        ("US$ 5.00", ("5.00", "USD")),
        ("$5.00 USD", ("5.00", "USD")),
        ("R$ 1.234,50", ("1234.50", "BRL")),
        ("CHF 1'234.50", ("1234.50", "CHF")),
        ("12,00 zł", ("12.00", "PLN")),
        ("Rs.500", ("500", "INR")),
        ("$12.50", ("12.50", None)),
        ("¥1500", ("1500", None)),
        ("100 kr", ("100", None)),
    ],
)
def test_a_currency_beside_an_amount_is_found(text: str, expected: tuple[str, str | None]) -> None:
    """A sign that only one currency has names it; one that several share does not."""
    found = parse_amount(text)

    assert (Decimal(expected[0]), expected[1]) == found


def test_an_empty_cell_is_no_number() -> None:
    """Nothing is not zero."""
    assert [None, None, None] == [parse_amount(cell) for cell in ("", "  ", None)]


def test_numbers_of_spreadsheets_are_taken_as_they_are() -> None:
    """A cell that is a number already needs no reading."""
    assert (Decimal("1.234"), None) == parse_amount(Decimal("1.234"))
    assert (Decimal(7), None) == parse_amount(7)


@pytest.mark.parametrize("cell", [True, "€5"])
def test_a_plain_number_has_no_currency(cell: bool | str) -> None:
    """A quantity is neither yes or no nor an amount of money."""
    with pytest.raises(RecordError) as caught:
        parse_number(cell)

    assert "bad-number" == caught.value.reason


def test_a_count_has_no_fraction() -> None:
    """A whole number may be written with zeros behind the sign, not with a half."""
    assert 12 == parse_integer("12.0")
    with pytest.raises(RecordError):
        parse_integer("12.5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("eur", "EUR"), ("€", "EUR"), ("Euro", "EUR"), ("US Dollar", "USD"), ("$", None), ("", None)],
)
def test_a_currency_column_names_a_currency(text: str, expected: str | None) -> None:
    """Codes, signs and names of currencies come to codes."""
    assert expected == parse_currency(text)


def test_a_message_shows_the_shape_and_not_the_value() -> None:
    """What could not be read may be personal, so its shape is shown instead."""
    with pytest.raises(RecordError) as caught:
        parse_amount("Ana Ejemplo 600123123")

    assert "Ana" not in str(caught.value)
    assert "aaa aaaaaaa 999999999" in str(caught.value)
