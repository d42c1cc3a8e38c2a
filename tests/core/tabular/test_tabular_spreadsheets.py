"""Workbooks as people keep them."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from regard.errors import FileError
from regard.tabular import BadRow, Row, open_tables

NAMES = "urn:oasis:names:tc:opendocument:xmlns"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    """Write a workbook of these sheets."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    book.close()
    return path


def ods(path: Path, table: str) -> Path:
    """Write an ODS file with one table of this XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{NAMES}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{NAMES}:office:1.0"'
            f' xmlns:table="{NAMES}:table:1.0" xmlns:text="{NAMES}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="S">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def cell(text: str, repeated: int = 1) -> str:
    """Return an ODS cell with a text."""
    return (
        f'<table:table-cell table:number-columns-repeated="{repeated}" '
        f'office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )


def test_types(tmp_path):
    """Cells come with their types; no float ever, errors and empty cells as None."""
    path = workbook(
        tmp_path / "a.xlsx",
        S=[
            ["int", "dec", "day", "at", "time", "span", "bool", "text", "err", "none", "serial"],
            [
                5.0,
                19.99,
                date(2024, 1, 2),
                datetime(2024, 1, 2, 3, 4, 5),
                time(10, 5),
                timedelta(hours=30),
                True,
                "x",
                "#N/A",
                None,
                45293,
            ],
        ],
    )
    (table,) = open_tables(path)
    (row,) = table.rows()

    assert ("xlsx", None, "a.xlsx", 1) == (
        table.format,
        table.member,
        table.label,
        table.header_line,
    )
    assert [
        5,
        Decimal("19.99"),
        date(2024, 1, 2),
        datetime(2024, 1, 2, 3, 4, 5),
        "10:05:00",
        "30:00:00",
        True,
        "x",
        None,
        None,
        45293,
    ] == row.values
    assert [int, Decimal] == [type(value) for value in row.values[:2]]


def test_float_dust(tmp_path):
    """What a spreadsheet shows as 19.99 comes as 19.99, whatever dust its float has."""
    path = tmp_path / "a.xlsx"
    workbook(path, S=[["a"], [12345]])
    _rewrite(path, b"<v>12345</v>", b"<v>19.990000000000002</v>")
    (table,) = open_tables(path)

    assert [Decimal("19.99")] == next(table.rows()).values


def _rewrite(path: Path, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}

    assert any(old in data for data in parts.values())

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data.replace(old, new))


def test_sheets(tmp_path):
    """Each filled sheet is a table; empty and hidden ones are passed over, unless wanted."""
    path = tmp_path / "book.xlsx"
    book = Workbook()
    book.active.title = "Orders"
    book.active.append(["id"])
    book.active.append([1])
    book.create_sheet("Empty")
    book.create_sheet("Customers").append(["name"])
    hidden = book.create_sheet("hiddenSheet")
    hidden.append(["x"])
    hidden.sheet_state = "veryHidden"
    book.save(path)
    book.close()

    assert ["book.xlsx: Orders", "book.xlsx: Customers"] == [t.label for t in open_tables(path)]
    assert [] == list(open_tables(path)[1].rows())
    assert ("x",) == open_tables(path, sheet="hiddenSheet")[0].header
    with pytest.raises(FileError, match="no sheet 'Ordres'; did you mean 'Orders'"):
        open_tables(path, sheet="Ordres")


def test_leading_rows(tmp_path):
    """Titles, blank and merged rows before the header are passed over; lines are sheet rows."""
    path = tmp_path / "a.xlsx"
    book = Workbook()
    sheet = book.active
    sheet["A2"] = "Ventas 2024"
    sheet.merge_cells("A2:C2")
    for at, row in enumerate([["id", "name", "total"], [1, "x", 2.5], [None] * 3, [2, "y", 1]], 4):
        for column, value in enumerate(row, 1):
            sheet.cell(at, column, value)
    book.save(path)
    book.close()
    (table,) = open_tables(path)

    assert ("id", "name", "total") == table.header
    assert 4 == table.header_line
    assert [Row(5, [1, "x", Decimal("2.5")]), Row(7, [2, "y", 1])] == list(table.rows())


def test_trailing_columns(tmp_path):
    """Empty columns at the end go, a stray cell beyond the header makes a bad row."""
    rows = [["a", "b", None, None], [1, 2, None, ""], *([[3, 4]] * 300), [5, 6, None, "stray"]]
    (table,) = open_tables(workbook(tmp_path / "a.xlsx", S=rows))
    found = list(table.rows())

    assert ("a", "b") == table.header
    assert [1, 2] == found[0].values
    assert isinstance(found[-1], BadRow)
    assert "long-line" == found[-1].reason


def test_repeated_header(tmp_path):
    """Headers of pasted exports are passed over and counted."""
    (table,) = open_tables(
        workbook(tmp_path / "a.xlsx", S=[["a", "b"], [1, 2], ["a", "b"], [3, 4]])
    )

    assert [2, 4] == [row.line for row in table.rows()]
    assert ["1 repeated header passed over"] == table.notes


def test_no_header_row(tmp_path):
    """Given its columns, a sheet is read from its first row."""
    (table,) = open_tables(
        workbook(tmp_path / "a.xlsx", S=[[1, "x"], [2, "y"]]), header=["id", "name"]
    )

    assert [Row(1, [1, "x"]), Row(2, [2, "y"])] == list(table.rows())


def test_empty_workbook(tmp_path):
    """A workbook with nothing in it is called empty."""
    with pytest.raises(FileError, match=r"a\.xlsx is empty"):
        open_tables(workbook(tmp_path / "a.xlsx", S=[]))


def test_formulas_are_text(tmp_path):
    """A text that looks like a formula stays a text."""
    path = workbook(tmp_path / "a.xlsx", S=[["a"], ["MARK"]])
    _rewrite(path, b"MARK", b"=1+1")

    assert ["=1+1"] == next(open_tables(path)[0].rows()).values


def test_ods(tmp_path):
    """ODS is read like XLSX, its endless empty rows and columns left alone."""
    path = ods(
        tmp_path / "a.ods",
        f"<table:table-row>{cell('id')}{cell('when')}</table:table-row>"
        '<table:table-row><table:table-cell office:value-type="float" office:value="1.5"/>'
        '<table:table-cell office:value-type="date" office:date-value="2024-01-02"/>'
        '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048573">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
    )
    (table,) = open_tables(path)

    assert "ods" == table.format
    assert [Row(2, [Decimal("1.5"), date(2024, 1, 2)])] == list(table.rows())


def test_stray_cell(tmp_path):
    """A stray cell in the last row and column is an error, not half a terabyte of memory."""
    path = tmp_path / "a.xlsx"
    book = Workbook()
    book.active["A1"] = "a"
    book.active["XFD1048576"] = "z"
    book.save(path)
    book.close()

    with pytest.raises(FileError, match="spans 17,179,869,184 cells"):
        open_tables(path)
    _rewrite(path, b'r="XFD1048576"', b"r\n = 'XFD1048576'")
    with pytest.raises(FileError, match="spans 17,179,869,184 cells"):
        open_tables(path)


def test_wide_sheet(tmp_path):
    """A sheet that is only wide is read."""
    (table,) = open_tables(workbook(tmp_path / "a.xlsx", S=[[f"c{n}" for n in range(2_000)]]))

    assert 2_000 == len(table.header)


def test_repeated_ods_cells(tmp_path):
    """A few bytes of ODS that say "this cell, a billion times" are refused."""
    path = ods(
        tmp_path / "a.ods",
        f'<table:table-row table:number-rows-repeated="1000000">{cell("x", 1000)}'
        "</table:table-row>",
    )

    with pytest.raises(FileError, match="spans 1,000,000,000 cells"):
        open_tables(path)


@pytest.mark.parametrize("cut", [0.3, 0.7, 0.98])
def test_cut_short(tmp_path, cut):
    """A workbook cut short is an error that says what to do."""
    path = workbook(tmp_path / "a.xlsx", S=[["a", "b"], *([[1, "x"]] * 50)])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])

    with pytest.raises(FileError, match=r"a\.xlsx is a broken"):
        open_tables(path)


def test_damaged_inside(tmp_path):
    """A workbook with garbage for a sheet is an error."""
    path = workbook(tmp_path / "a.xlsx", S=[["a"], [1]])
    _rewrite(path, b"</sheetData>", b"<row><c>")

    with pytest.raises(FileError, match="broken workbook"):
        list(open_tables(path)[0].rows())


def test_encrypted(tmp_path):
    """A workbook with a password is called that."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(OLE + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 1000)

    with pytest.raises(FileError, match=r"a\.xlsx is encrypted with a password"):
        open_tables(path)


def test_strangers(tmp_path):
    """Word documents and broken containers are named."""
    path = tmp_path / "a.xls"
    path.write_bytes(OLE + b"\0" * 600)
    with pytest.raises(FileError, match="broken workbook"):
        open_tables(path)
    path.write_bytes(OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le"))
    with pytest.raises(FileError, match="Word document"):
        open_tables(path)
