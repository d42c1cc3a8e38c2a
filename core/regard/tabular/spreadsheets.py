"""
Workbooks: XLSX, XLS and ODS, each filled and visible sheet a table.

Cells come with the type they have in the workbook. A workbook's numbers are floats: whole ones
become int, the others Decimal with the 15 digits that spreadsheets themselves show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from regard.errors import FileError
from regard.names import did_you_mean
from regard.tabular.contents import Content
from regard.tabular.headers import extent, find_header, is_blank, make_header
from regard.tabular.lines import ODD_LINES
from regard.tabular.sheetsizes import check_sheet_sizes
from regard.tabular.tables import BadRow, Items, Row, Table, Value, printable

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

__all__ = ["open_workbook"]

SAMPLE = 200
DIGITS = 15
MAX_MERGED, MAX_MERGED_ROWS = 20_000, 10_000
"""Merged cells beyond that stay as they are: a hostile workbook may claim any number."""
ERRORS = frozenset({"#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"})
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
WORD = "WordDocument".encode("utf-16-le")

Answer = TypeVar("Answer")


def open_workbook(
    content: Content,
    form: str,
    *,
    sheet: str | None,
    header: tuple[str, ...] | None,
    unmerge: bool = False,
) -> tuple[Table, ...]:
    """
    Open the sheets of a workbook; empty and hidden ones are passed over.

    Args:
        content: The workbook's bytes.
        form: ``xlsx``, ``xls`` or ``ods``.
        sheet: The only sheet wanted, even if it is hidden.
        header: The columns of sheets without a header row.
        unmerge: Whether each of the merged cells says what all of them together say.

    Raises:
        FileError: The workbook is encrypted, broken or empty, or has no such sheet.
    """
    label = content.label
    if form == "xls":
        _refuse_strangers(content.whole(), label)
    else:
        check_sheet_sizes(content, form)
    source = content.seekable()
    workbook = _guarded(label, lambda: _workbook(source))
    names = _wanted_sheets(workbook, sheet, label)
    filled = [
        (name, rows)
        for name in names
        if (rows := _guarded(label, lambda name=name: workbook.get_sheet_by_name(name))).height  # type: ignore[misc]
    ]
    tables = []
    for name, rows in filled:
        member = content.member
        if len(filled) > 1:
            member = name if member is None else f"{member}: {name}"
        table = _open_sheet(content, member, form, rows, header, unmerge=unmerge)
        if table is not None:
            tables.append(table)
    if not tables:
        message = f"{label} is empty: no sheet has anything in it"
        raise FileError(message)
    return tuple(tables)


def _workbook(source: Any) -> CalamineWorkbook:  # noqa: ANN401 - a path or a file, as calamine says
    """Open a workbook with calamine."""
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_object(source)


def _guarded(label: str, call: Callable[[], Answer]) -> Answer:
    """
    Call calamine.

    Raises:
        FileError: Whatever it stumbled over, its panics included, which are no Exception.
    """
    from python_calamine import CalamineError, PasswordError

    try:
        return call()
    except PasswordError as error:
        raise FileError(_encrypted(label)) from error
    except (CalamineError, OSError, ValueError) as error:
        message = f"{label} is a broken workbook; open it in a spreadsheet and save it again"
        raise FileError(message) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        message = f"{label} is a broken workbook; open it in a spreadsheet and save it again"
        raise FileError(message) from error


def _refuse_strangers(data: bytes, label: str) -> None:
    """Refuse what comes in the same container as XLS."""
    if ENCRYPTED in data:
        raise FileError(_encrypted(label))
    if WORD in data:
        message = f"{label} is no table: it looks like a Word document; export CSV or XLSX"
        raise FileError(message)


def _encrypted(label: str) -> str:
    """Say that a workbook has a password."""
    return f"{label} is encrypted with a password; save it without one"


def _wanted_sheets(workbook: CalamineWorkbook, sheet: str | None, label: str) -> list[str]:
    """Return the names of the visible sheets, or of the wanted one."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    if sheet is None:
        return [
            each.name
            for each in workbook.sheets_metadata
            if each.visible == SheetVisibleEnum.Visible and each.typ == SheetTypeEnum.WorkSheet
        ]
    if sheet not in workbook.sheet_names:
        message = f"{label} has no sheet {sheet!r}{did_you_mean(sheet, workbook.sheet_names)}"
        raise FileError(message)
    return [sheet]


def _open_sheet(
    content: Content,
    member: str | None,
    form: str,
    sheet: CalamineSheet,
    wanted: tuple[str, ...] | None,
    *,
    unmerge: bool,
) -> Table | None:
    """Open one sheet; ``None`` if there is nothing but blanks in it."""
    label = content.label if member is None else f"{content.path.name}: {member}"
    label = printable(label)
    merged = _merged(sheet) if unmerge else {}
    read = _guarded(label, lambda: _filled_rows(sheet, merged))
    first = list(islice(read, SAMPLE))
    if not first:
        return None
    if wanted is None:
        at = find_header([cells for _, cells in first])
        line, cells = first[at]
        widest = max((extent(row) for _, row in first[at + 1 :]), default=0)
        header = make_header(cells, widest)
        notes = [f"{line - 1:,} rows before the header passed over"] if line > 1 else []
    else:
        line, cells, header, notes = 0, list(wanted), make_header(wanted, 0), []

    def rows(table: Table) -> Items:
        return _rows(_filled_rows(sheet, merged), table, list(cells[: len(header)]))

    return Table(content.path, member, form, header, rows, header_line=line, notes=notes)


def _rows(
    found_rows: Iterator[tuple[int, list[Value]]], table: Table, header: list[Value]
) -> Items:
    """Yield the rows below the header."""
    width, repeated = len(header), 0
    for line, cells in found_rows:
        if line <= table.header_line:
            continue
        if cells[:width] == header and not any(cells[width:]):
            repeated += 1
            continue
        found = extent(cells)
        if any(isinstance(cell, str) and "\0" in cell for cell in cells):
            message = f"row {line} {ODD_LINES['nul-bytes']}"
            raw = [
                cell.replace("\0", "\\x00") if isinstance(cell, str) else cell for cell in cells
            ]
            yield BadRow(line, raw, "nul-bytes", message)
        elif found > width:
            message = f"row {line} has {found} cells where the header has {width}"
            yield BadRow(line, cells, "long-line", message)
        else:
            yield Row(line, (cells + [None] * (width - len(cells)))[:width])
    if repeated:
        table.notes.append(f"{repeated:,} repeated header{'s' * (repeated > 1)} passed over")


Merged = dict[int, list[tuple[int, int, int]]]
"""For each row of a sheet, from 0: first and last column of merged cells, and their first row."""


def _merged(sheet: CalamineSheet) -> Merged:
    """Return the merged cells of a sheet; none where the format does not tell."""
    found: Merged = {}
    for (top, left), (bottom, right) in (sheet.merged_cell_ranges or [])[:MAX_MERGED]:
        for row in range(top, min(bottom, top + MAX_MERGED_ROWS) + 1):
            found.setdefault(row, []).append((left, right, top))
    return found


def _filled_rows(
    sheet: CalamineSheet, merged: Merged | None = None
) -> Iterator[tuple[int, list[Value]]]:
    """Yield the sheet's rows that are not blank, with their 1-based number in the sheet."""
    said: dict[tuple[int, int], Value] = {}
    for line, cells in enumerate(sheet.iter_rows(), 1):
        values = [_value(cell) for cell in cells]
        for left, right, top in (merged or {}).get(line - 1, ()):
            if left >= len(values):
                continue
            if top == line - 1:
                said[top, left] = values[left]
            for at in range(left, min(right + 1, len(values))):
                values[at] = said.get((top, left))
        if not is_blank(values):
            yield line, values


def _value(cell: Any) -> Value:  # noqa: ANN401 - calamine's union, narrowed here
    """Return a cell as one of the values that tables hold."""
    if isinstance(cell, str):
        return None if not cell or cell in ERRORS else cell
    if isinstance(cell, float):
        if cell.is_integer():
            return int(cell)
        text = repr(cell)
        return Decimal(text if len(text) <= DIGITS else f"{cell:.{DIGITS}g}")
    if isinstance(cell, (bool, int, datetime, date)):
        return cell
    if isinstance(cell, time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return None if cell is None else str(cell)
