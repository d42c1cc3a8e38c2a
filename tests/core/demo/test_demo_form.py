"""The form of the demo: a workbook that spreadsheets open, made anew without a difference."""

from __future__ import annotations

import io

import openpyxl
import python_calamine

from regard.demo.exports.storeform import form
from regard.demo.exports.workbook import as_xlsx
from regard.demo.voices import ITEMS


def test_calamine():
    """What reads workbooks for regard finds the three sheets of an XLSForm."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(form().data))
    rows = book.get_sheet_by_name("survey").to_python()

    assert ["survey", "choices", "settings"] == book.sheet_names
    assert {name for name, *_ in ITEMS} <= {row[1] for row in rows}


def test_openpyxl():
    """A reader that is stricter finds the same cells, texts as texts and numbers as numbers."""
    sheets = {"a & b": [["x", 1], ["<tag> ñ", -2], [], ["", "  kept  "]]}
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(sheets)))

    assert ["a & b"] == book.sheetnames
    assert [
        ("x", 1),
        ("<tag> ñ", -2),
        (None, None),
        (None, "  kept  "),
    ] == list(book["a & b"].iter_rows(values_only=True))


def test_wide_sheet():
    """More than twenty-six columns are named as spreadsheets name them."""
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx({"wide": [[*range(60)]]})))

    assert 27 == book["wide"]["AB1"].value
    assert 59 == book["wide"]["BH1"].value


def test_same_bytes():
    """It is the same file each time, so that a demo that is there stays as it is."""
    assert form().data == form().data
