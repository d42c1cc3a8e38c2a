"""
How large a workbook's sheets are, before anybody holds one whole.

The reader of workbooks keeps a sheet as a full rectangle: one stray cell in the last row and
column would take half a terabyte, and the process with it. So the sheets are skimmed first.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from regard.errors import FileError
from regard.tabular.contents import BLOCK, BROKEN_ZIP, UNREAD_ZIP, Content, Meter

__all__ = ["check_sheet_sizes"]

MAX_CELLS = 40_000_000
MAX_SHEET_ROWS = 1 << 20
MAX_XML = 4 << 30
OVERLAP = 64
"""More than any cell's address is long."""

COLUMNS = re.compile(rb"""r=["']([A-Z]{1,7})[0-9]""")
ROWS = re.compile(rb"""r=["'][A-Z]{0,7}([0-9]{1,9})""")
LONG_ROWS = re.compile(rb"""r=["'][A-Z]{0,7}([0-9]{7,9})""")
SPACED = re.compile(rb"r(?:\s+=|=\s)")
EQUALS = re.compile(rb"\s*=\s*")
ODS_PARTS = re.compile(
    rb"<table:(table-row|table-cell|covered-table-cell|table)(?=[\s/>])([^>]*)>", re.DOTALL
)
ODS_REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["'](\d{1,9})""")


def check_sheet_sizes(content: Content, form: str) -> None:
    """
    Make sure that no sheet is too large to be held in memory.

    Args:
        content: The bytes of the workbook.
        form: ``xlsx`` or ``ods``.

    Raises:
        FileError: A sheet spans too many cells, the workbook unpacks to too much, or is broken.
    """
    label = content.label
    try:
        with zipfile.ZipFile(content.seekable()) as archive:
            packed = sum(info.compress_size for info in archive.infolist())
            meter = Meter(label, packed, MAX_XML)
            for info in archive.infolist():
                cells = 0
                if form == "ods" and info.filename == "content.xml":
                    cells = _ods_cells(_blocks(archive, info, meter))
                elif form == "xlsx":
                    # Every part: a workbook may keep its sheets under any name.
                    cells = _xlsx_cells(archive, info, meter)
                else:
                    for _ in _blocks(archive, info, meter):
                        pass
                if cells > MAX_CELLS:
                    message = (
                        f"{label} has a sheet that spans {cells:,} cells, from its first to its "
                        f"last; at most {MAX_CELLS:,} are read: delete stray cells far "
                        "below or to the right, or export it as CSV"
                    )
                    raise FileError(message)
    except (*BROKEN_ZIP, *UNREAD_ZIP) as error:
        message = f"{label} is a broken workbook; open it in a spreadsheet and save it again"
        raise FileError(message) from error


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Iterator[bytes]:
    """Unpack one part, metered."""
    with archive.open(info) as file:
        while block := file.read(BLOCK):
            meter.add(len(block))
            yield block


def _addresses(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Iterator[bytes]:
    """Unpack a sheet in blocks that cut no cell's address, and write addresses in one way."""
    rest = b""
    for block in _blocks(archive, info, meter):
        text = rest + block
        yield EQUALS.sub(b"=", text) if SPACED.search(text) else text
        rest = text[-OVERLAP:]


def _xlsx_cells(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> int:
    """Return the size of the rectangle from A1 on; 0 where it is surely small enough."""
    columns: set[bytes] = set()
    last_row = MAX_SHEET_ROWS
    for block in _addresses(archive, info, meter):
        columns.update(COLUMNS.findall(block))
        last_row = max(last_row, *map(int, LONG_ROWS.findall(block)), 0)
    width = max(map(_column_number, columns), default=0)
    if width * last_row <= MAX_CELLS:
        return 0
    # Wide sheets are rare: only for them every row's number is looked at.
    last_row = 0
    for block in _addresses(archive, info, Meter(meter.label, meter.packed, meter.most)):
        last_row = max(last_row, *map(int, ROWS.findall(block)), 0)
    return width * last_row


def _column_number(letters: bytes) -> int:
    """Return the number of a column such as ``AB``."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


@dataclass(slots=True)
class _OdsSheet:
    """Where the filled cells of the sheet end that is just skimmed."""

    row: int = 0
    repeats: int = 1
    column: int = 0
    filled_rows: int = 0
    filled_columns: int = 0

    def begin_row(self, repeats: int) -> None:
        """Begin a row that occurs so many times."""
        self.row += self.repeats
        self.repeats = repeats
        self.column = 0

    def add_cell(self, repeats: int, *, filled: bool) -> None:
        """Add a cell that occurs so many times."""
        self.column += repeats
        if filled:
            self.filled_rows = max(self.filled_rows, self.row + self.repeats - 1)
            self.filled_columns = max(self.filled_columns, self.column)


def _ods_cells(blocks: Iterator[bytes]) -> int:
    """Return the size of the largest sheet's rectangle, repeated cells counted as often."""
    largest, sheet, rest = 0, _OdsSheet(), b""
    for block in blocks:
        text = rest + block
        cut = text.rfind(b">") + 1
        rest = text[cut:]
        for found in ODS_PARTS.finditer(text, 0, cut):
            what, attributes = found.groups()
            counted = ODS_REPEATED.search(attributes)
            repeats = int(counted.group(1)) if counted else 1
            if what == b"table":
                sheet = _OdsSheet()
            elif what == b"table-row":
                sheet.begin_row(repeats)
            else:
                filled = b"value-type" in attributes or not attributes.endswith(b"/")
                sheet.add_cell(repeats, filled=filled)
                largest = max(largest, sheet.filled_rows * sheet.filled_columns)
    return largest
