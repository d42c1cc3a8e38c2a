"""From rows to records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from regard.errors import RecordError
from regard.mapping import Mapper
from regard.sources import Delete
from regard.tabular import Row

MapRows = Callable[..., list[Any]]
MapOf = Callable[..., Mapper]

TILL: dict[str, Any] = {
    "kind": "purchase",
    "key": ["ticket", "line"],
    "fields": {
        "customer_key": "card",
        "ordered_at": "when",
        "sku": "article",
        "quantity": "n",
        "amount": "total",
        "status": "state",
    },
    "constants": {"status": "completed", "currency": "EUR", "channel": "store"},
    "values": {"status": {"R": "refunded", "-": ""}},
    "dates": "%d/%m/%Y %H:%M",
    "decimal": ",",
}
HEADER = ["ticket", "line", "card", "when", "article", "n", "total", "state", "clerk"]


def customer(**more: Any) -> dict[str, Any]:
    """Return a map of customers keyed by ``id``."""
    return {"kind": "customer", "key": "id", "fields": {"email": "mail"}} | more


@pytest.mark.parametrize(
    ("values", "reason", "field"),
    [
        (["", "", "", "", "", "", "", "", "Eva"], "missing-key", "key"),
        (["T1", "1", "", "soon", "", "", "", "", ""], "bad-date", "ordered_at"),
        (["T1", "1", "", "", "", "many", "", "", ""], "bad-number", "quantity"),
        (["T1", "1", "", "", "", "", "1.5", "", ""], "bad-number", "amount"),
        (["T1", "1", "", "", "", "", "£5", "", ""], "currency-mismatch", "amount"),
    ],
)
def test_a_bad_cell_is_told_with_its_field(
    map_rows: MapRows, values: list[str], reason: str, field: str
) -> None:
    """A row that cannot be used says why, and which field is at fault."""
    with pytest.raises(RecordError) as caught:
        map_rows(TILL, HEADER, values)

    assert (reason, field) == (caught.value.reason, caught.value.field)


def test_a_row_of_a_till_becomes_a_purchase(map_rows: MapRows) -> None:
    """The map of the documentation does what it says."""
    row = ["T1", "2", "C9", "14/05/2026 10:00", "A-1", "2", "1.234,50", "r", "Eva"]

    assert [
        {
            "key": "T1|2",
            "customer_key": "C9",
            "ordered_at": datetime(2026, 5, 14, 8, tzinfo=UTC),
            "sku": "A-1",
            "quantity": Decimal(2),
            "amount": Decimal("1234.50"),
            "status": "refunded",
            "currency": "EUR",
            "channel": "store",
            "extra": {"clerk": "Eva"},
        }
    ] == map_rows(TILL, HEADER, row)


def test_an_empty_cell_is_none_and_a_placeholder_is_declared(map_rows: MapRows) -> None:
    """Empty cells leave a field open; other placeholders do so only where it is declared."""
    found = map_rows(
        customer(fields={"name": "name", "city": "city"}, values={"city": {"N/A": ""}}),
        ["id", "name", "city"],
        ["1", "N/A", "n/a"],
    )

    assert [{"key": "1", "name": "N/A"}] == found


def test_keys_of_several_parts_cannot_be_mistaken(map_rows: MapRows) -> None:
    """Parts are joined so that different parts never make the same key."""
    found = map_rows(TILL, HEADER, ["a|b", "c\\d", *[""] * 7], ["a", "b|c", *[""] * 7])

    assert ["a\\|b|c\\\\d", "a|b\\|c"] == [record["key"] for record in found]


def test_a_long_key_is_hashed(map_rows: MapRows) -> None:
    """Beyond 200 characters a hash stands for the key, its prefix included."""
    found = map_rows(customer(key_prefix="c:"), ["id", "mail"], ["x" * 300, ""])

    assert "sha256:" + sha256(b"c:" + b"x" * 300).hexdigest() == found[0]["key"]


def test_an_address_in_a_key_is_in_lower_case(map_rows: MapRows) -> None:
    """A key that is an e-mail address does not depend on how it was typed."""
    found = map_rows(customer(key="mail"), ["id", "mail"], ["1", " Ana@Example.com"])

    assert "ana@example.com" == found[0]["key"]


def test_lines_are_counted_within_their_group(map_rows: MapRows) -> None:
    """Rows without a number of their own are numbered within what they share."""
    spec = {"kind": "purchase", "key": ["order", "#line"], "fields": {"sku": "sku"}}
    found = map_rows(spec, ["order", "sku"], ["1", "a"], ["1", "b"], ["2", "a"], ["1", "c"])

    assert ["1|1", "1|2", "2|1", "1|3"] == [record["key"] for record in found]


def test_the_first_source_that_says_something_counts(map_rows: MapRows) -> None:
    """A field takes the first of its columns that is filled; the others are kept beside it."""
    spec = customer(fields={"phone": ["mobile", "phone"]})
    found = map_rows(spec, ["id", "mobile", "phone"], ["1", "", "600"], ["2", "700", "600"])

    assert ["600", "700"] == [record["phone"] for record in found]
    assert {"phone": "600"} == found[1]["extra"]


def test_columns_are_joined_and_references_prefixed(map_rows: MapRows) -> None:
    """A name may be made of two columns, a reference carries its stream."""
    spec = customer(
        fields={
            "name": {"join": ["first", "last"], "with": " "},
            "account_key": {"column": "firms", "split": ";", "prefix": "companies:"},
        }
    )
    header = ["id", "first", "last", "firms"]
    found = map_rows(spec, header, ["1", "Ana", "", "7;8"], ["2", "", "", ""])

    assert {"key": "1", "name": "Ana", "account_key": "companies:7"} | {
        "extra": {"firms": "7;8"}
    } == found[0]
    assert {"key": "2"} == found[1]


def test_words_are_understood_whatever_their_case_and_accents(map_rows: MapRows) -> None:
    """What a word means is declared once, for all spellings; a star is any other word."""
    spec = {
        "kind": "purchase",
        "key": "id",
        "fields": {"status": "stage"},
        "values": {"status": {"Gagné": "completed", "Perdu": "lost", "*": "quoted"}},
    }
    rows = [["1", "GAGNÉ"], ["2", "gagne"], ["3", " perdu "], ["4", "Devis"], ["5", ""]]
    found = map_rows(spec, ["id", "stage"], *rows)

    assert ["completed", "completed", "lost", "quoted", None] == [
        record.get("status") for record in found
    ]


def test_a_currency_beside_the_amount_fills_the_open_one(map_rows: MapRows) -> None:
    """Where the record has no currency, the sign beside the amount names it."""
    spec = {"kind": "purchase", "key": "id", "fields": {"amount": "total"}}
    found = map_rows(spec, ["id", "total"], ["1", "12,50 €"], ["2", "$12.50"])

    assert ["EUR", None] == [record.get("currency") for record in found]


def test_a_discount_is_what_is_taken_off(map_rows: MapRows) -> None:
    """A discount is positive however the export writes it, and the amount follows."""
    spec = {
        "kind": "purchase",
        "key": "id",
        "fields": {"quantity": "n", "unit_price": "price", "discount": "off"},
        "compute": {"amount": "quantity * unit_price - discount?"},
    }
    found = map_rows(
        spec, ["id", "n", "price", "off"], ["1", "2", "10", "-3"], ["2", "2", "5", ""]
    )

    assert [(Decimal(3), Decimal(17)), (None, Decimal(10))] == [
        (record.get("discount"), record["amount"]) for record in found
    ]


def test_rows_of_totals_are_passed_over_and_counted(make_mapper: MapOf) -> None:
    """A total is no record, in any language; a customer of that name is one."""
    mapper = make_mapper(
        {"kind": "customer", "key": "name", "fields": {"name": "name", "city": "city"}},
        ["name", "city", "spent"],
    )
    totals = ["Total", "TOTALES:", "Suma", "Somme", "Sous-total", "Grand Total", "Total (3)"]
    found = [mapper.map(Row(2, [word, "", "1.234,50"])) for word in totals]
    real = mapper.map(Row(9, ["Total", "Paris", "12"]))

    assert [None] * 7 == found
    assert real is not None
    assert ["7 rows of totals passed over"] == mapper.notes


def test_a_total_in_front_of_an_empty_key_is_passed_over(make_mapper: MapOf) -> None:
    """A total stands in the first cell also where the key is another column."""
    mapper = make_mapper(customer(), ["day", "id", "mail"])

    assert mapper.map(Row(5, ["Total", "", "3 customers"])) is None


def test_what_only_the_first_row_says_is_carried(map_rows: MapRows) -> None:
    """Columns that are filled once for several rows count for all of them."""
    spec = {
        "kind": "purchase",
        "key": ["order", "#line"],
        "fields": {"order_key": "order", "channel": "source", "sku": "sku"},
        "carry": ["order", "source"],
    }
    rows = [["1", "web", "a"], ["", "", "b"], ["2", "", "c"], ["2", "", "d"], ["3", "pos", "e"]]
    found = map_rows(spec, ["order", "source", "sku"], *rows)

    assert [("1|1", "web"), ("1|2", "web"), ("2|1", None), ("2|2", None), ("3|1", "pos")] == [
        (record["key"], record.get("channel")) for record in found
    ]


def test_what_must_not_be_stored_is_nowhere(make_mapper: MapOf) -> None:
    """Card numbers, addresses of computers and dropped columns reach neither side."""
    header = ["id", "mail", "Card Last4", "CVC", "IP Address", "Card number", "note"]
    mapper = make_mapper(customer(drop=["Card *"]), header)
    row = Row(2, ["1", "a@example.com", "4242", "123", "10.0.0.1", "4242424242424242", "x"])

    assert {"key": "1", "email": "a@example.com", "extra": {"note": "x"}} == mapper.map(row)
    assert {"id": "1", "mail": "a@example.com", "note": "x"} == mapper.raw(row)


def test_a_record_that_is_gone_is_a_deletion(map_rows: MapRows) -> None:
    """A row that its system marks as deleted deletes the record, as of its last change."""
    spec = customer(deleted="gone", as_of="changed")
    rows = [["1", "", "true", "2024-03-12"], ["2", "", "false", "2024-03-12"]]
    found = map_rows(spec, ["id", "mail", "gone", "changed"], *rows, timezone="UTC")

    moment = datetime(2024, 3, 12, tzinfo=UTC)

    assert [Delete("1", moment), {"key": "2", "as_of": moment}] == found


def test_cells_of_spreadsheets_are_read_by_their_type(map_rows: MapRows) -> None:
    """Numbers, dates and flags that a spreadsheet holds as such are not read as texts."""
    spec = {
        "kind": "customer",
        "key": "id",
        "fields": {"created_at": "since", "consent": "ok", "birth_year": "year", "phone": "tel"},
    }
    header = ["id", "since", "ok", "year", "tel"]
    row = [Decimal(101), datetime(2024, 3, 12, 10), True, Decimal(1990), 600123123]

    assert [
        {
            "key": "101",
            "created_at": datetime(2024, 3, 12, 9, tzinfo=UTC),
            "consent": True,
            "birth_year": 1990,
            "phone": "600123123",
        }
    ] == map_rows(spec, header, row)


def test_equal_cells_of_different_types_are_not_mixed_up(map_rows: MapRows) -> None:
    """The number 1 and the word true are equal to a computer and different in a file."""
    spec = customer(fields={"segment": "s"}, values={"segment": {"true": "yes", "1": "one"}})
    found = map_rows(spec, ["id", "s"], ["1", True], ["2", 1], ["3", "1"], ["4", Decimal(1)])

    assert ["yes", "one", "one", "one"] == [record["segment"] for record in found]


def test_columns_that_only_some_json_records_have_are_kept(make_mapper: MapOf) -> None:
    """What a record holds beyond the header is kept beside it, but for what never is."""
    mapper = make_mapper(customer(), ["id", "mail"])
    row = Row(2, ["1", None], {"shoe size": 43, "ip": "10.0.0.1"})

    assert {"key": "1", "extra": {"shoe size": "43"}} == mapper.map(row)


@pytest.mark.parametrize(
    "name",
    [
        "Credit Card Number",
        "card_number",
        "PAN",
        "CVV2",
        "Numéro de carte",
        "N° de carte",
        "Carte bancaire",
        "Número de tarjeta",
        "Nº tarjeta",
        "Tarjeta",
        "Tarjeta de crédito",
        "Código de seguridad",
        "Cryptogramme",
        "Contraseña",
        "contrasena_hash",
        "Mot de passe",
        "mot-de-passe",
        "Clave de acceso",
        "Password",
        "IBAN",
        "Compte bancaire",
        "Cuenta bancaria",
        "Customer IP Address",
        "Adresse IP",
        "billing_ip",
    ],
)
def test_names_of_secrets_in_three_languages(make_mapper: MapOf, name: str) -> None:
    """What a column's name says is a card, an account or a password is kept nowhere."""
    mapper = make_mapper(customer(), ["id", "mail", name])
    row = Row(2, ("1", "a@b.example", "4111 1111 1111 1111"))

    assert "4111" not in repr(list(mapper.records(row)))
    assert "4111" not in repr(mapper.raw(row))


@pytest.mark.parametrize(
    "name",
    [
        "Tarjeta regalo",
        "Carte de fidélité",
        "Card brand",
        "Company",
        "Pin Code",
        "Shipping",
        "Zip",
    ],
)
def test_harmless_names_are_kept(make_mapper: MapOf, name: str) -> None:
    """A column whose name only looks a little like a secret's is kept."""
    mapper = make_mapper(customer(), ["id", "mail", name])

    assert "kept" in repr(list(mapper.records(Row(2, ("1", "a@b.example", "kept")))))
