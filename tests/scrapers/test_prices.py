"""Prices in text: strings of real shops, traps that misled other parsers, and what words mean."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard_scrapers.pages.currencies import currency_of
from regard_scrapers.pages.numerals import NumberFormat
from regard_scrapers.pages.prices import Meaning, main_price, prices_in

TABLES = (
    "price_parsing_examples.jsonl",
    "price_parsing_examples_3.jsonl",
    "price_parsing_examples_new.jsonl",
    "price_parsing_examples_no_currency.jsonl",
    "price_parsing_examples_no_price.jsonl",
)
SAMPLES = Path(__file__).parent / "samples"


def sample_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON lines among the samples."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


DIFFERENT = {
    "$.75,333": "no shop writes a number so; we read its beginning",
    "Was: $124.95 Now: $0.00": "the price is the one of now",
}
"""Rows of the tables that we read otherwise, on purpose."""


def read(text: str | None, hint: str | None) -> Decimal | None:
    """Return the amount of a text as somebody reads it who only wants a number."""
    if not text:
        return None
    marked = [each for each in prices_in(hint or "") if each.mark]
    currency = currency_of(hint) or (marked[0].currency if marked else None)
    found = main_price(text, currency=currency) or next(iter(prices_in(text)), None)
    return None if found is None else found.amount


@pytest.mark.parametrize("table", TABLES)
def test_strings_of_real_shops(table: str) -> None:
    """Each string gives the amount that people wrote down for it."""
    rows = [
        row for row in sample_rows(f"price-parser/{table}") if row["price_raw"] not in DIFFERENT
    ]
    wrong = [
        (row["price_raw"], row["expect_amount"])
        for row in rows
        if read(row["price_raw"], row["currency_raw"])
        != (None if row["expect_amount"] is None else Decimal(row["expect_amount"]))
    ]

    assert rows
    assert [] == wrong


@pytest.mark.parametrize("trap", sample_rows("traps/price_strings.jsonl"), ids=lambda t: t["text"])
def test_traps(trap: dict[str, Any]) -> None:
    """Strings that misled other parsers are read right, with the site's format if need be."""
    hints = trap["hints"]
    decimal = hints.get("decimal") or {",": ".", ".": ","}.get(hints.get("group", ""))
    form = NumberFormat(decimal) if decimal else None
    found = main_price(trap["text"], form=form, currency=hints.get("currency"))
    if found is None:
        unit = [each for each in prices_in(trap["text"]) if each.meaning is Meaning.UNIT]
        found = unit[0] if unit else None
    wanted = trap["expect_amount"]

    assert (None if wanted is None else Decimal(wanted)) == (found.amount if found else None)
    if len(trap["expect_currency"] or "") == 3 and found is not None:
        assert trap["expect_currency"] == found.currency


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("Now 19,90 € was 24,90 €", [Meaning.PRICE, Meaning.FORMER]),
        ("antes 24,90 € ahora 19,90 €", [Meaning.FORMER, Meaning.PRICE]),
        ("desde 19,90 €", [Meaning.FROM]),
        ("à partir de 19,90 €", [Meaning.FROM]),
        ("You save £5.00", [Meaning.SAVING]),
        ("Ahorras 5 €", [Meaning.SAVING]),
        ("10 € de descuento", [Meaning.SAVING]),
        ("3 x 16,63 €", [Meaning.INSTALMENT]),
        ("12 cuotas de 49,90 €", [Meaning.INSTALMENT]),
        ("9,99 €/mes", [Meaning.RECURRING]),
        ("$15.95 per month", [Meaning.RECURRING]),
        ("0,75 €/100 g", [Meaning.UNIT]),
        ("12,50 € / kg", [Meaning.UNIT]),
        ("envío gratis a partir de 50 €", [Meaning.THRESHOLD]),
        ("Livraison offerte dès 49 €", [Meaning.THRESHOLD]),
        ("gastos de envío: 4,95 €", [Meaning.SHIPPING]),
        ("2 for £5", [Meaning.BUNDLE]),
        ("PVPR: 99,00 €", [Meaning.FORMER]),
        ("au lieu de 59,00 €", [Meaning.FORMER]),
    ],
)
def test_words_say_what_a_number_is(text: str, meanings: list[Meaning]) -> None:
    """Only what is a price may be taken for one."""
    assert meanings == [each.meaning for each in prices_in(text)]


@pytest.mark.parametrize(
    "text",
    ["Free shipping over $50", "Ahorras 20 €", "3 x 10 €", "", "ref. ABC-123", "50 %", "—"],
)
def test_what_is_no_price_gives_none(text: str) -> None:
    """A threshold, a saving, an instalment or no money at all is never a price."""
    assert main_price(text) is None


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("$5", None, None),
        ("$5", "CA", "CAD"),
        ("$5", "MX", "MXN"),
        ("A$5", None, "AUD"),
        ("50 kr", None, None),
        ("50 kr", "SE", "SEK"),
        ("5 €", None, "EUR"),
        ("EUR 5", None, "EUR"),
        ("SFr. 5", None, "CHF"),
        ("¥500", "JP", "JPY"),
    ],
)
def test_a_currency_is_never_guessed(text: str, country: str | None, code: str | None) -> None:
    """A sign that several countries use says nothing without the country."""
    found = main_price(text, country=country)

    assert found is not None
    assert code == found.currency


@pytest.mark.parametrize(
    ("text", "tax"),
    [
        ("19,90 € IVA incl.", True),
        ("19,90 € + IVA", False),
        ("16,45 € HT", False),
        ("19,90 € TTC", True),
        ("£10 excl. VAT", False),
        ("19,90 €", None),
    ],
)
def test_tax(text: str, tax: bool | None) -> None:
    """Whether a price is with tax is told by the words beside it, or not at all."""
    found = main_price(text)

    assert found is not None
    assert tax is found.tax_included


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("KWD 12.345", "12.345"),
        ("12€50", "12.50"),
        ("1 299,00 €", "1299.00"),
        ("1'299.00 CHF", "1299.00"),
        ("１２３ 円", "123"),
        ("99 cents", "0.99"),
    ],
)
def test_numbers_of_many_countries(text: str, amount: str) -> None:
    """Groups, decimals and digits are those of the place."""
    found = main_price(text)

    assert found is not None
    assert Decimal(amount) == found.amount
