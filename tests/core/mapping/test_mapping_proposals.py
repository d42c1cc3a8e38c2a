"""A map is proposed for a file that no profile knows, and it reads the file's first rows."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.mapping import FieldMap, load_profiles
from regard.mapping.proposing import propose

PROFILES = load_profiles()
KINDS = ("customer", "purchase", "product")


def proposed(header: str, *rows: str, kinds: Sequence[str] = KINDS) -> str:
    """Return what is proposed for rows whose cells are parted by bars."""
    cells = [row.split("|") for row in rows]
    return propose(header.split("|"), cells, profiles=PROFILES, kinds=kinds)


def map_of(text: str) -> dict[str, Any]:
    """Return the map that a proposal holds, once it has been found to be one."""
    found: dict[str, Any] = tomllib.loads(text)["sources"]["NAME"]["map"]
    FieldMap.model_validate(found)
    return found


def test_a_spreadsheet_of_orders_in_spanish() -> None:
    """Fields, key, order of dates, decimal sign and words are all told from headers and rows."""
    text = proposed(
        "Nº pedido|Fecha|Cliente|Uds.|Precio ud.|Total|Tienda|Estado",
        "A-1|31/01/2026 10:22|Ana|2|49,90|99,80|Madrid|Completado",
        "A-2|01/02/2026 11:05|Luis|1|1.249,00|1.249,00|Sevilla|Devuelto",
    )
    found = map_of(text)

    assert ("purchase", ["Nº pedido"]) == (found["kind"], found["key"])
    assert {
        "order_key": "Nº pedido",
        "ordered_at": "Fecha",
        "quantity": "Uds.",
        "unit_price": "Precio ud.",
        "amount": "Total",
        "place": "Tienda",
        "status": "Estado",
    } == found["fields"]
    assert ("day-first", ",") == (found["dates"], found["decimal"])
    assert {"Completado": "completed", "Devuelto": "refunded"} == found["values"]["status"]
    assert "# not mapped, kept as they are: 'Cliente'" in text
    assert '# constants.currency = "EUR"' in text
    assert "# read so, nothing in the first 2 rows is refused" in text


def test_a_till_in_french_with_several_lines_to_a_ticket() -> None:
    """Where no column names a row, the lines of an order are counted."""
    found = map_of(
        proposed(
            "Ticket|Date|Désignation|Qté|Montant TTC|Devise",
            "900|13/05/2026|Tasse|2|12,50 €|EUR",
            "900|13/05/2026|Assiette|2|19,00 €|EUR",
            "901|14/05/2026|Tasse|2|12,50 €|EUR",
        )
    )

    assert ["Ticket", "#line"] == found["key"]
    assert "completed" == found["constants"]["status"]
    assert "Désignation" == found["fields"]["product_name"]
    assert "day-first" == found["dates"]


def test_a_list_of_customers_in_english() -> None:
    """Months come first where no month could be a day; consent is never guessed."""
    text = proposed(
        "Customer No|First name|Surname|E-mail|Created|Consent",
        "7|Ann|Poe|ann@example.com|02/14/2026|yes",
        "8|Bob|Roe|bob@example.com|03/01/2026|no",
    )
    found = map_of(text)

    assert ("customer", ["Customer No"]) == (found["kind"], found["key"])
    assert {"given_name", "family_name", "email", "created_at"} == found["fields"].keys()
    assert "month-first" == found["dates"]
    assert "decimal" not in found


def test_what_the_rows_do_not_tell_is_said() -> None:
    """Dates that can be read both ways get a proposal that says so."""
    text = proposed("Order|Date|Amount", "1|02/03/2026|5.00", "2|04/03/2026|7.50")

    assert 'dates = "day-first"  # or "month-first": the first rows fit both' in text
    assert "." == map_of(text)["decimal"]


def test_a_column_that_holds_something_else_is_not_taken_for_a_field() -> None:
    """A header may deceive: a date column full of words, or an amount of them, is left alone."""
    found = map_of(proposed("Pedido|Fecha|Total", "1|lunes|mucho", "2|martes|poco"))

    assert {"order_key"} == found["fields"].keys()


def test_words_that_nobody_knows_are_counted_and_not_repeated() -> None:
    """What a file says beside known words may be a person's: it gets into no message."""
    text = proposed(
        "Pedido|Estado|Importe", "1|pagado|5", "2|Ana Ejemplo|7", "3|ana@example.com|7"
    )

    assert {"pagado": "completed"} == map_of(text)["values"]["status"]
    assert "# 2 more words stand in 'Estado'; each means one of completed, refunded" in text
    assert "2 unknown-value in status" in text
    assert "Ana" not in text
    assert "ana@" not in text


def test_nothing_is_known() -> None:
    """A file of which nothing is understood gets a frame to fill in, and no promise."""
    text = proposed("colour|depth", "red|2")

    assert {} == map_of(text)["fields"]
    assert "# no header is known" in text
    assert "read so" not in text


@pytest.mark.parametrize("rows", [(), ("",), ("|||||",), ("1|2|3|4|5|6|7",)])
def test_rows_that_are_missing_short_or_long(rows: tuple[str, ...]) -> None:
    """Without rows, or with odd ones, headers alone decide."""
    found = map_of(proposed("Pedido|Fecha|Total", *rows, kinds=("purchase",)))

    assert "order_key" in found["fields"]


CELLS = st.one_of(st.none(), st.integers(), st.booleans(), st.text(max_size=8))


@given(
    st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=6, unique=True),
    st.lists(st.lists(CELLS, max_size=7), max_size=4),
)
def test_whatever_a_file_is_the_proposal_is_toml(
    header: list[str], rows: list[list[object]]
) -> None:
    """No header and no cell breaks the text that somebody is told to paste."""
    text = propose(header, rows, profiles=PROFILES, kinds=KINDS)  # type: ignore[arg-type]

    found = tomllib.loads(text)["sources"]["NAME"]["map"]
    assert set(header) >= {each for each in found["key"] if each != "#line"}
    assert set(header) >= set(found["fields"].values())
