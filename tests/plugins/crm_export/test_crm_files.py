"""Files as they come: spreadsheets, archives, encodings, broken ones, half-read ones."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import ValidationError

from regard.errors import ConfigError, FileError
from regard.sources import FileProgress
from regard_plugins.crm_export.source import CrmExport

Export = Callable[..., Any]

CONTACTS = "Record ID,First Name,Last Name,Email,Create Date\n"
TILL_MAP: dict[str, Any] = {
    "kind": "purchase",
    "key": ["ticket", "line"],
    "fields": {"ordered_at": "when", "amount": "total"},
    "constants": {"status": "completed", "currency": "EUR"},
    "dates": "%d/%m/%Y %H:%M",
    "decimal": ",",
}
TILL = "ticket;line;when;total\nT1;1;14/05/2026 10:00;1.234,50\n"


def contacts(count: int) -> str:
    """Return an export of so many contacts."""
    return CONTACTS + "".join(f"{n},Ana,Ejemplo,a{n}@example.com,\n" for n in range(count))


def workbook(**sheets: list[list[Any]]) -> bytes:
    """Return a workbook with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def archive(**members: str) -> bytes:
    """Return a zip archive of CSV files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text in members.items():
            packed.writestr(f"{name}.csv", text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\x02\x03" * 100,
        b"",
        b"foo,bar\n1,2\n",
        b"%PDF-1.7 no table at all",
        b"<html><body>Please log in</body></html>",
        b"101,Ana,Ejemplo,ana@example.com,2024-01-01\n102,Eva,Otra,eva@example.com,2024-01-02\n",
        "☃,☃\n".encode() * 3,
    ],
)
def test_a_file_that_cannot_be_read_stops_no_other(export: Export, content: bytes) -> None:
    """Good files are read whatever lies beside them, and the bad one is reported."""
    outcome = export({"bad.csv": content, "good.csv": contacts(2)})

    assert ["contacts", "unrecognised"] == outcome.streams
    assert 2 == len(outcome.records["contacts"])
    assert isinstance(outcome.errors["unrecognised"], FileError)
    assert "bad.csv" in str(outcome.errors["unrecognised"])
    assert "ana@example.com" not in str(outcome.errors["unrecognised"])


def test_an_unknown_file_comes_with_a_map_to_paste(export: Export) -> None:
    """Somebody with an unknown file is shown its headers, near misses and what to write."""
    outcome = export({"ventas.csv": "Record ID,Deal Name,Importe\n1,x,2\n"})
    text = str(outcome.errors["unrecognised"])

    assert "ventas.csv: no profile fits its headers 'Record ID', 'Deal Name', 'Importe'" in text
    assert "hubspot-deals" in text
    assert "[sources.NAME.map]" in text


def test_bad_lines_are_put_aside_with_their_number(export: Export) -> None:
    """A line that is no row goes to quarantine whole, its neighbours are stored."""
    text = (
        CONTACTS
        + "1,Ana,Ejemplo,a@example.com,2024-03-12 09:14\n2,Eva\n3,X,Y,z@example.com,soon\n"
    )
    outcome = export({"hubspot.csv": text})

    assert ["contacts:1"] == list(outcome.records["contacts"])
    assert [("short-line", 3, "hubspot.csv"), ("bad-date", 4, "hubspot.csv")] == [
        (each["reason"], each["line"], each["file"]) for each in outcome.context.refused
    ]
    assert "created_at" == outcome.context.refused[1]["field"]
    assert {"Record ID": "3", "Create Date": "soon"}.items() <= outcome.context.refused[1][
        "raw"
    ].items()


def test_no_message_quotes_a_person(export: Export) -> None:
    """What a refused row says is in its raw payload only, never in the message."""
    text = CONTACTS + "1,Ana,Ejemplo,a@example.com,Calle Mayor 1\n"
    outcome = export({"hubspot.csv": text})

    assert "Calle" not in outcome.context.refused[0]["message"]
    assert "aaaaa aaaaa 9" in outcome.context.refused[0]["message"]


def test_card_data_is_nowhere_not_even_of_refused_lines(export: Export) -> None:
    """Card numbers reach neither records nor the quarantine."""
    header = (
        "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Status,"
        "Card Last4,Card Name\n"
    )
    rows = (
        "ch_1,x,y,2024-05-01 10:00,1.00,0,eur,Paid,4242,ANA EJEMPLO\n"
        "ch_2,x,y,soon,1.00,0,eur,Paid,4242,ANA EJEMPLO\n"
        "ch_3,4242,ANA EJEMPLO\n"
    )
    outcome = export({"payments.csv": header + rows})
    everything = repr((outcome.records, outcome.context.refused, outcome.context.notes))

    assert 2 == len(outcome.context.refused)
    assert "4242" not in everything
    assert "ANA" not in everything


DYNAMICS = (
    ("(Do Not Modify) Contact", "A1B2C3D4-0000-4000-8000-000000000001"),
    ("(Do Not Modify) Row Checksum", "x/+="),
    ("(Do Not Modify) Modified On", datetime(2024, 5, 1, 10)),
    ("First Name", "Ann"),
    ("Last Name", "Example"),
    ("Email", "Ann@example.com"),
    ("Business Phone", 441130001),
    ("Company Name", "Example Bakeries"),
    ("Birthday", datetime(1985, 7, 1)),
    ("Do not allow Emails", "Do Not Allow"),
    ("City", "Leeds"),
    ("Created On", datetime(2024, 1, 2, 3, 4)),
)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("type", "person"),
        ("name", "Ann Example"),
        ("email", "ann@example.com"),
        ("phone", "441130001"),
        ("company", "Example Bakeries"),
        ("birth_on", "1985-07-01"),
        ("consent", "false"),
        ("city", "Leeds"),
        ("created_at", "2024-01-02T02:04:00Z"),
        ("as_of", "2024-05-01T08:00:00Z"),
        ("extra.(Do Not Modify) Row Checksum", None),
    ],
)
def test_dynamics_exports_a_workbook(export: Export, field: str, expected: str | None) -> None:
    """Dynamics' own form is a spreadsheet: its dates and numbers are cells, not texts."""
    rows = [[name for name, _ in DYNAMICS], [cell for _, cell in DYNAMICS]]
    outcome = export({"All Contacts.xlsx": workbook(Contacts=rows)})

    assert expected == outcome.shown("contacts", f"contacts:{DYNAMICS[0][1]}", field)


def test_being_allowed_to_write_is_no_consent(export: Export) -> None:
    """What a system allows by default, nobody has consented to."""
    rows = [[name for name, _ in DYNAMICS], [cell for _, cell in DYNAMICS]]
    rows[1][9] = "Allow"
    outcome = export({"All Contacts.xlsx": workbook(Contacts=rows)})

    assert outcome.shown("contacts", f"contacts:{DYNAMICS[0][1]}", "consent") is None


def test_one_archive_gives_several_streams(export: Export) -> None:
    """Salesforce's weekly zip holds one file for each object, each a stream."""
    accounts = "Id,Name,ParentId,SystemModstamp\n001,Firm,,2024-01-01T00:00:00Z\n"
    opportunity = "Id,Name,StageName,CloseDate,SystemModstamp\n006,Deal,Closed Won,2024-01-01,\n"
    outcome = export({"WE_00D.zip": archive(Opportunity=opportunity, Account=accounts)})

    assert ["accounts", "opportunities"] == outcome.streams
    assert ["accounts:001"] == list(outcome.records["accounts"])
    assert ["006"] == list(outcome.records["opportunities"])
    assert [("opportunities",), ("accounts",)] == [each.also for each in outcome.progress]


def test_a_sheet_of_notes_beside_the_data_is_passed_over(export: Export) -> None:
    """A workbook's other sheets are mentioned and stop nothing."""
    rows = list(csv.reader(io.StringIO(contacts(2))))
    outcome = export(
        {"book.xlsx": workbook(Contacts=rows, Notes=[["remember", "this"], ["a", "b"]])}
    )

    assert ["contacts"] == outcome.streams
    assert {} == outcome.errors
    assert any("passed over" in note and "Notes" in note for note in outcome.context.notes)


def test_files_of_one_stream_are_read_one_after_the_other(export: Export) -> None:
    """Several exports of one sort are one stream, each file with its own progress."""
    outcome = export({"a.csv": contacts(2), "b.csv": CONTACTS + "9,Eva,Otra,e@example.com,\n"})

    assert 3 == len(outcome.records["contacts"])
    assert [("a.csv", 2, True), ("b.csv", 1, True)] == [
        (each.file.name, each.rows, each.complete) for each in outcome.progress
    ]


def test_long_files_come_in_pages(export: Export) -> None:
    """A long file is committed page by page, each saying how far it goes."""
    outcome = export({"big.csv": contacts(120_000)})
    sizes = [len(page.records) for page in outcome.pages]

    assert len(sizes) > 1
    assert 120_000 == sum(sizes)
    assert list(accumulate(sizes)) == [each.rows for each in outcome.progress]
    assert [*[False] * (len(sizes) - 1), True] == [each.complete for each in outcome.progress]


def test_rows_that_need_their_neighbours_come_in_pages(export: Export) -> None:
    """A long file whose rows are looked at one by one is committed page by page as well."""
    header = "Name,Email,Financial Status,Created at,Currency,Subtotal,Lineitem quantity,"
    rows = "".join(
        f"#{at},a@example.com,paid,2026-05-14 10:00:00 +0000,EUR,10.00,1,Taza,10.00\n"
        for at in range(12_000)
    )
    outcome = export({"orders.csv": f"{header}Lineitem name,Lineitem price\n{rows}"})

    assert [5_000, 5_000, 2_000] == [len(page.records) for page in outcome.pages]
    assert [(5_000, False), (10_000, False), (12_000, True)] == [
        (each.rows, each.complete) for each in outcome.progress
    ]


def test_a_page_knows_where_its_records_come_from(export: Export) -> None:
    """A record that is refused later is shown with its row and line."""
    (page,) = export({"a.csv": contacts(3)}).pages

    assert page.origin is not None
    assert 4 == page.origin.line(2)
    assert "a2@example.com" == page.origin.raw(2)["Email"]


def test_a_half_read_file_goes_on_where_it_stopped(
    export: Export, context: Any, read_exports: Export
) -> None:
    """What is committed is not given again, and what it says still counts for the rest."""
    header = (
        "Name,Email,Financial Status,Created at,Currency,Subtotal,"
        "Lineitem quantity,Lineitem name,Lineitem price\n"
    )
    rows = (
        "#1,a@example.com,paid,2026-05-14 10:00:00 +0000,EUR,25.00,1,Taza,10.00\n"
        "#1,a@example.com,,,,,2,Plato,10.00\n"
        "#2,a@example.com,paid,2026-05-14 10:00:00 +0000,EUR,10.00,1,Taza,10.00\n"
    )
    whole = export({"orders.csv": header + rows}).records["orders"]
    context.rows_done = {"orders.csv": 1}
    rest = read_exports(context)

    assert ["#1|1", "#1|2", "#1|difference", "#2|1"] == list(whole)
    assert {key: whole[key] for key in ("#1|2", "#1|difference", "#2|1")} == rest.records["orders"]
    assert [3] == [each.rows for each in rest.progress]


def test_a_file_whose_rows_are_all_done_is_completed(
    export: Export, context: Any, read_exports: Export
) -> None:
    """A run that stopped after the last row but before the end finds nothing but the end."""
    export({"a.csv": contacts(3)})
    context.rows_done = {"a.csv": 3}
    outcome = read_exports(context)

    assert {"contacts": {}} == outcome.records
    assert [FileProgress(outcome.progress[0].file, 3, complete=True)] == outcome.progress


def test_a_file_without_rows_is_named(context: Any, export: Export) -> None:
    """An export with headers and nothing under them is said to be such."""
    export({"a.csv": CONTACTS})

    assert ["a.csv: there are headers and no rows"] == context.notes


def test_refused_rows_count_as_read(export: Export) -> None:
    """Progress counts rows of the file, good and bad ones alike."""
    outcome = export({"a.csv": CONTACTS + "1,A,B,a@example.com,\n2,A\n,A,B,b@example.com,\n"})

    assert [3] == [each.rows for each in outcome.progress]


def test_a_run_that_is_asked_to_stop_stops(context: Any, export: Export) -> None:
    """A long file is not read on when somebody asked the run to stop."""
    context.stop_after = 2
    outcome = export({"big.csv": contacts(200_000)})

    assert "big.csv: stopped after" in str(outcome.errors["contacts"])
    assert 0 < len(outcome.records["contacts"]) < 200_000


def test_a_file_that_breaks_off_keeps_what_came_before(export: Export) -> None:
    """A damaged file gives its good rows, fails the stream, and spares the other files."""
    packed = archive(contacts=contacts(20_000))
    outcome = export({"a.zip": packed[: len(packed) // 2], "b.csv": contacts(2)})

    assert outcome.errors
    assert 2 <= len(outcome.records["contacts"])


def test_a_map_of_the_configuration_reads_a_file_of_any_shape(export: Export) -> None:
    """The map in the configuration reads what no profile knows."""
    outcome = export({"till.csv": TILL}, map=TILL_MAP)

    assert ["records"] == outcome.streams
    assert "1234.5" == outcome.shown("records", "T1|1", "amount")
    assert "2026-05-14T08:00:00Z" == outcome.shown("records", "T1|1", "ordered_at")


def test_the_configuration_goes_before_the_map(export: Export) -> None:
    """What the source's table says of zone, basis, dates and sign goes first."""
    spec = TILL_MAP | {"decimal": ".", "dates": "month-first", "timezone": "America/Lima"}
    outcome = export(
        {"till.csv": TILL},
        map=spec,
        decimal=",",
        dates="day-first",
        timezone="UTC",
        basis="payment",
    )

    assert ["1234.5", "2026-05-14T10:00:00Z", "payment"] == [
        outcome.shown("records", "T1|1", field) for field in ("amount", "ordered_at", "basis")
    ]


PRODUCTS = (
    "Handle,Title,Body (HTML),Variant SKU,Variant Inventory Policy,Variant Price,Variant Barcode\n"
    "cup,Cup,,C-1,deny,9.90,4006381333931\n"
)


@pytest.mark.parametrize("more", [{}, {"profile": "shopify-products"}])
def test_the_currency_of_a_file_that_says_none(more: dict[str, Any], export: Export) -> None:
    """A catalogue without a currency is in the one that the source's table says, else a note."""
    silent = export({"products_export.csv": PRODUCTS}, **more)
    (note,) = [note for note in silent.context.notes if "currency" in note]

    assert silent.shown("products", "cup", "currency") is None
    assert "nothing says the currency of 'Variant Price'" in note
    assert 'such as currency = "EUR"' in note
    silent.context.notes.clear()
    said = export({"products_export.csv": PRODUCTS}, currency="EUR", **more)
    assert "EUR" == said.shown("products", "cup", "currency")
    assert not [note for note in said.context.notes if "currency" in note]


def test_a_column_goes_before_the_currency_of_the_source(export: Export) -> None:
    """What a row says of its currency holds, whatever the source's table says."""
    prices = "Date,Competitor,Product,Price,Currency\n2026-01-14,Rival,Cup,9,USD\n"
    more = "2026-01-14,Rival,Pot,9,\n"
    done = export({"prices-check.csv": prices + more}, currency="EUR")
    records = done.records["price-checks"]

    assert {"Rival|Cup": "USD", "Rival|Pot": "EUR"} == {
        key: record["currency"] for key, record in records.items()
    }


def test_a_misspelt_field_stops_everything_before_it_starts() -> None:
    """A map that names no field of its kind is a mistake of the configuration."""
    spec = TILL_MAP | {"fields": {"amuont": "total"}}

    with pytest.raises(ValidationError, match="did you mean 'amount'"):
        CrmExport.Config.model_validate({"path": "*", "map": spec})


def test_a_misspelt_profile_stops_everything_before_it_starts(context: Any) -> None:
    """A profile that does not exist is told with the nearest."""
    source = CrmExport(CrmExport.Config(path="*", profile="hubspot-contact"))

    with pytest.raises(ConfigError, match="did you mean 'hubspot-contacts'"):
        source.check(context)


def test_a_right_configuration_passes(context: Any) -> None:
    """A map whose fields exist passes without any file."""
    CrmExport(CrmExport.Config.model_validate({"path": "*", "map": TILL_MAP})).check(context)
    CrmExport(CrmExport.Config(path="*")).check(context)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"map": TILL_MAP, "profile": "hubspot-contacts"}, "give one of them"),
        ({"dates": "dayfirst"}, "did you mean 'day-first'"),
        ({"currency": "eur"}, "did you mean 'EUR'"),
        ({"map": TILL_MAP, "currency": "EUR"}, "give it once"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"decimal": ";"}, "decimal"),
    ],
)
def test_a_wrong_setting_is_refused(config: dict[str, Any], said: str) -> None:
    """Settings that cannot be right are refused when the configuration is read."""
    with pytest.raises(ValidationError) as caught:
        CrmExport.Config.model_validate({"path": "*"} | config)

    assert said in str(caught.value)


def test_a_file_that_lacks_a_column_of_the_named_profile_says_so(export: Export) -> None:
    """With a profile given, its columns must be there."""
    outcome = export({"x.csv": "Record ID,Deal Name\n1,x\n"}, profile="hubspot-deals")

    assert "x.csv: profile hubspot-deals: the file lacks 'Deal Stage'" in str(
        outcome.errors["unrecognised"]
    )


def test_profiles_of_plug_ins_are_used(context: Any, export: Export, tmp_path: Path) -> None:
    """A profile that a plug-in brings recognises its files like a shipped one."""
    own = tmp_path / "acme.toml"
    own.write_text(
        'name = "acme"\nvendor = "Acme"\ntitle = "Acme"\nkind = "customer"\nstream = "people"\n'
        'key = "Nr"\nrequired = ["Nr", "Kundenname"]\n[fields]\nname = "Kundenname"\n',
        encoding="utf-8",
    )
    context.profiles = [own]
    outcome = export({"kunden.csv": "Nr;Kundenname\n7;Jürgen Beispiel\n".encode("cp1252")})

    assert "Jürgen Beispiel" == outcome.shown("people", "7", "name")


def test_a_changed_map_reads_files_again(
    export: Export, context: Any, read_exports: Export
) -> None:
    """The recipe that the host keeps changes with the map and the settings, and only then."""
    export({"till.csv": TILL}, map=TILL_MAP)
    read_exports(context, map=TILL_MAP)
    read_exports(context, map=TILL_MAP, basis="payment")

    assert context.recipes[0] == context.recipes[1]
    assert context.recipes[1] != context.recipes[2]


def test_formulas_of_spreadsheets_are_plain_text(export: Export) -> None:
    """A cell that a spreadsheet would run is stored as the text it is."""
    outcome = export({"a.csv": CONTACTS + "1,\"=cmd|' /C calc'!A0\",@SUM(1),a@example.com,\n"})

    assert "=cmd|' /C calc'!A0" == outcome.shown("contacts", "contacts:1", "given_name")


def test_utf_16_and_tabs_are_read(export: Export) -> None:
    """What spreadsheets call Unicode text is read like any other."""
    text = contacts(1).replace(",", "\t").encode("utf-16")
    outcome = export({"a.txt": text})

    assert ["contacts:0"] == list(outcome.records["contacts"])
