"""
Agencies' workbooks: one row a visit, one row an item, or one sheet a visit.

Which of them a sheet is follows from where the form's items stand: in a row, they are the
header; in a column, the sheet is a visit; beside a number of the visit, each row is an item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.mapping.values import Cell, clean
from regard.tabular import BadRow, Row, Table
from regard.tabular.headers import extent, make_header
from regard.tabular.tables import Items, Value
from regard_plugins.mystery_shopping.form import Form, Item
from regard_plugins.mystery_shopping.layout import ItemNames, find_roles
from regard_plugins.mystery_shopping.tables import grid
from regard_plugins.mystery_shopping.words import PARTS, SECTION_HEADS, is_total, text_key

__all__ = ["Sheet", "arrange", "carried_on", "needed", "read_sheet"]

SAMPLE = 60
"""Rows among which a header is looked for."""

TALLEST = 3_000
"""Rows of a sheet that may be a visit; longer ones are tables."""

_FAR = 8
"""Columns between a label and its value."""

Line = tuple[int, Sequence[Cell]]


def needed(form: Form) -> int:
    """Return how many of a form's items must be found, for a table to be one of its visits."""
    return max(1, -(-len(form.items) // 2))


@dataclass(slots=True)
class Sheet:
    """
    One sheet, as it stands.

    Attributes:
        table: All of it, without a header.
        rows: Its first rows, with their line; all of them where they are few.
    """

    table: Table
    rows: list[Line] = field(default_factory=list)


def read_sheet(table: Table) -> Sheet:
    """
    Return a sheet with its first rows.

    Raises:
        FileError: The workbook breaks off.
    """
    with closing(table.rows()) as items:
        good = (item for item in items if isinstance(item, Row))
        rows: list[Line] = [(row.line, row.values) for row in islice(good, TALLEST + 1)]
    return Sheet(table, rows)


def arrange(
    path: Path, forms: Sequence[Form], columns: Mapping[str, str], *, sheet: str | None
) -> list[Table | None]:
    """
    Return a workbook's sheets as tables with one header row; None for one without visits.

    Args:
        path: The workbook.
        forms: The versions of the form; the one of which most items are found decides.
        columns: What the configuration calls columns, by role.
        sheet: The only sheet wanted.

    Raises:
        FileError: It cannot be read.
    """
    arranged: list[Table | None] = []
    for table in grid(path, sheet=sheet):
        found = read_sheet(table)
        tables = [_arranged(found, form, columns) for form in forms]
        best = max(
            (each for each in tables if each is not None), key=lambda each: each[0], default=None
        )
        arranged.append(None if best is None else best[1])
    return arranged


def _arranged(sheet: Sheet, form: Form, columns: Mapping[str, str]) -> tuple[int, Table] | None:
    """Return how many items were found in a sheet and the table it is; None: it is no visits."""
    names = ItemNames(form)
    sample = sheet.rows[:SAMPLE]
    for at, (_, cells) in enumerate(sample):
        header = [clean(cell) for cell in cells]
        if _heads_items(header, form, columns):
            inside = {item.name for item in _items_in(sheet.rows[at:], names)}
            if inside:
                return len(inside), _below(sheet, at, at, header)
    counts = [len(_found(cells, names)) for _, cells in sample]
    # Of two rows that name as many, the lower one: headings may be called like items.
    row = max(range(len(counts)), key=lambda at: (counts[at], at), default=0)
    down = _column(sheet, names)
    across = counts[row] if counts else 0
    if max(across, down[1]) < needed(form):
        return None
    if down[1] > across and len(sheet.rows) <= TALLEST:
        return down[1], _as_visit(sheet, down[0], form, names, columns)
    top, bottom, header = _header(sample, row, names, form)
    return across, _below(sheet, top, bottom, header)


def _heads_items(header: Sequence[str], form: Form, columns: Mapping[str, str]) -> bool:
    """Say whether a row is the header of a table of items."""
    if sum(map(bool, header)) < 3:
        return False
    try:
        roles = find_roles(header, form, columns)
    except FileError:
        return False
    return {"visit", "item"} <= roles.keys() and bool(roles.keys() & {"answer", "points"})


def _items_in(rows: Sequence[Line], names: ItemNames) -> Iterator[Item]:
    for _, cells in rows[:TALLEST]:
        for cell in cells[:_FAR]:
            if isinstance(cell, str) and (found := names.by_text(cell)):
                yield found[0]


def _found(cells: Sequence[Cell], names: ItemNames) -> dict[str, int]:
    """Return the items that the cells of a row name, each with its first column."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        if isinstance(cell, str) and cell.strip():
            match = names.find(cell.strip())
            for item in match[0] if match is not None else ():
                if item.name not in found:
                    found[item.name] = at
                    break
    return found


def _column(sheet: Sheet, names: ItemNames) -> tuple[int, int]:
    """Return the column that names most items, and how many; none where items come again."""
    counts: dict[int, dict[str, int]] = {}
    for _, cells in sheet.rows:
        seen: set[str] = set()
        for at, cell in enumerate(cells[:30]):
            text = cell.strip() if isinstance(cell, str) else ""
            if text and text not in seen:
                seen.add(text)  # merged cells repeat what the first of them says
                for item in names.by_text(text):
                    inside = counts.setdefault(at, {})
                    inside[item.name] = inside.get(item.name, 0) + 1
    best = max(counts, key=lambda at: len(counts[at]), default=0)
    inside = counts.get(best, {})
    return best, len(inside) if sum(inside.values()) < 2 * len(inside) + 2 else 0


def _header(
    sample: Sequence[Line], row: int, names: ItemNames, form: Form
) -> tuple[int, int, list[str]]:
    """Return the first and the last row of a header, and what it calls the columns."""
    line, cells = sample[row]
    texts = [clean(cell) for cell in cells]
    above = sample[row - 1] if row and sample[row - 1][0] == line - 1 else None
    below = sample[row + 1] if row + 1 < len(sample) else None
    sections = {text_key(path[-1]) for path in form.sections}
    upper = [clean(cell) for cell in above[1]] if above is not None else []
    distinct = {text for text in upper if text}
    has_upper = len(distinct) > 1 or any(text_key(text) in sections for text in distinct)
    lower = [clean(cell) for cell in below[1]] if below is not None else []
    parts = [fold(text) in PARTS for text in lower]
    has_lower = sum(parts) >= 2 and 2 * sum(parts) >= sum(map(bool, lower))
    if has_upper:
        upper = carried_on(upper)
    header: list[str] = []
    carried = ""
    for at, text in enumerate(texts):
        over = upper[at] if has_upper else ""
        under = lower[at] if has_lower else ""
        if has_lower and not text and parts[at]:
            text = carried
        carried = text
        if not text and above is not None and clean(above[1][at]):
            text, over = over, ""
        if over and over != text and len(names.by_text(text)) > 1:
            text = f"{over} / {text}"
        if under and under != text and fold(under) in PARTS:
            text = f"{text} [{PARTS[fold(under)]}]"
            text = text.removesuffix(" [answer]")
        header.append(text)
    return row - has_upper, row + has_lower, header


def carried_on(texts: Sequence[str]) -> list[str]:
    """
    Return a row of headings in which each goes on to the next one.

    Merged cells say so themselves; where there are none, the cells behind a heading are empty.
    """
    if any(text and text == behind for text, behind in pairwise(texts)):
        return list(texts)
    made, last = [], ""
    for text in texts:
        last = text or last
        made.append(last)
    return made


def _below(sheet: Sheet, top: int, bottom: int, header: Sequence[str]) -> Table:
    """Return what stands below a header as a table."""
    line = sheet.rows[bottom][0]
    first = sheet.rows[top][0]
    widest = max((extent(list(cells)) for _, cells in sheet.rows[bottom + 1 : 200]), default=0)
    names = make_header(list(header), widest)
    whole = sheet.table

    def rows(table: Table) -> Items:
        width = len(names)
        with closing(replace(whole, notes=[]).rows()) as items:
            for item in items:
                if item.line <= line:
                    continue
                if isinstance(item, BadRow):
                    yield item
                elif extent(list(item.values)) <= width:
                    yield Row(item.line, list(item.values[:width]))
                else:
                    message = f"row {item.line} has more cells than the header's {width}"
                    yield BadRow(item.line, _raw(item.values), "long-line", message)

    before = "1 row" if first == 2 else f"{first - 1:,} rows"
    notes = [f"{before} before the header passed over"] if first > 1 else []
    return replace(whole, header=names, reader=rows, header_line=line, notes=notes)


def _raw(values: Sequence[Value]) -> list[Value]:
    return list(values[: extent(list(values))])


def _as_visit(
    sheet: Sheet, column: int, form: Form, names: ItemNames, columns: Mapping[str, str]
) -> Table:
    """Return a sheet that is one visit as a table of one row."""
    first, parts = _parts(sheet, column, names)
    heading = parts.pop("section", None)
    cells: dict[str, Value] = {}
    labels: list[tuple[str, Value]] = []
    section = ""
    ignored = {text_key(text) for text in form.ignored}
    sections = {text_key(path[-1]) for path in form.sections}
    for at, (_, row) in enumerate(sheet.rows):
        text = clean(row[column])
        if heading is not None:
            section = clean(row[heading]) or section
        items = names.by_text(text, section)
        if items and at >= first:
            name = text if len(names.by_text(text)) < 2 else f"{section} / {text}"
            for part, place in parts.items():
                cells.setdefault(name if part == "answer" else f"{name} [{part}]", row[place])
            continue
        if text_key(text) in sections:
            section = text
        place = parts.get("answer", parts.get("points", column + 1))
        said = row[place] if place < len(row) else None
        # Among the items a total stands where answers or points do, whatever is between.
        beside = at >= first and bool(text and clean(said)) and clean(said) != text
        labels += [(text.rstrip(":").strip(), said)] if beside else _labelled(row)
        if beside:
            known = text_key(text) in sections or is_total(text, clean(said))
            if not known or text_key(text) in ignored:
                cells.setdefault(text, said)
    roles = find_roles([label for label, _ in labels], form, _lenient(columns, labels))
    for role, place in roles.items():
        if role not in ("item", "answer", "points", "comment", "section"):
            label, value = labels[place]
            cells.setdefault(label, value)
    if "visit" not in roles:
        member = sheet.table.member
        cells["visit id"] = "|".join(filter(None, (sheet.table.path.stem, member)))
    header = make_header(list(cells), len(cells))
    values = list(cells.values())

    def rows(table: Table) -> Items:
        yield Row(1, values)

    return replace(sheet.table, header=header, reader=rows, header_line=0, notes=[])


def _lenient(columns: Mapping[str, str], labels: Sequence[tuple[str, Value]]) -> dict[str, str]:
    """Return what the configuration calls columns, without those that this sheet lacks."""
    known = {fold(label).rstrip(":").strip() for label, _ in labels}
    return {role: name for role, name in columns.items() if fold(name) in known}


def _parts(sheet: Sheet, column: int, names: ItemNames) -> tuple[int, dict[str, int]]:
    """Return the first row of an item, and the columns of answers, points and comments."""
    at_items = [at for at, (_, row) in enumerate(sheet.rows) if names.by_text(clean(row[column]))]
    first = at_items[0]
    for at in range(first - 1, -1, -1):
        _, row = sheet.rows[at]
        parts: dict[str, int] = {}
        for place, cell in enumerate(row):
            word = fold(clean(cell))
            part = "section" if word in SECTION_HEADS else PARTS.get(word)
            if place != column and part is not None:
                parts.setdefault(part, place)
        if parts.keys() & {"answer", "points"}:
            return first, parts
    text = clean(sheet.rows[first][1][column])
    filled = [
        sum(
            bool(clean(sheet.rows[at][1][place]))
            and clean(sheet.rows[at][1][place]) != clean(sheet.rows[at][1][column])
            for at in at_items
        )
        for place in range(column + 1, min(column + _FAR, len(sheet.rows[first][1])))
    ]
    most = max(filled, default=0)
    return first, {"answer": column + 1 + filled.index(most)} if most and text else {}


def _labelled(row: Sequence[Cell]) -> Iterator[tuple[str, Value]]:
    """Yield the labels of a row with what stands to the right of each, or behind its colon."""
    for at, cell in enumerate(row):
        text = clean(cell) if isinstance(cell, str) else ""
        if not text:
            continue
        label, colon, behind = text.partition(":")
        if colon and behind.strip():
            yield label.strip(), behind.strip()
            continue
        right = (each for each in row[at + 1 : at + 1 + _FAR] if clean(each) not in ("", text))
        value = next(right, None)
        if value is not None:
            yield text.rstrip(":").strip(), value
