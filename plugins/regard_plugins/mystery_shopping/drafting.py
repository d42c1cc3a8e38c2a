"""From an agency's workbook to a form that somebody can correct."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.mapping.values import Cell, clean
from regard_plugins.mystery_shopping.form import Form
from regard_plugins.mystery_shopping.layout import find_roles
from regard_plugins.mystery_shopping.proposing import Draft, Found, judge
from regard_plugins.mystery_shopping.sheets import SAMPLE, Sheet, carried_on, read_sheet
from regard_plugins.mystery_shopping.tables import grid
from regard_plugins.mystery_shopping.vocabulary import vocabulary_of
from regard_plugins.mystery_shopping.words import (
    ITEM_HEADS,
    MAXIMA,
    NO_WORDS,
    NOT_APPLICABLE,
    PARTS,
    ROLES,
    SECTION_HEADS,
    WEIGHTS,
    YES_WORDS,
    is_total,
    text_key,
    whole_key,
)

__all__ = ["draft_form"]

_NUMBER = re.compile(r"[\d.,/%: -]+")
_EMPTY = Form("", ())
_FAR = 8
_FEWEST = 3
"""Answers in a column from which on it holds answers, and letters of a text."""


def draft_form(path: Path, *, sheet: str | None = None) -> Draft:
    """
    Propose a form for a workbook.

    Args:
        path: The workbook.
        sheet: The only sheet wanted.

    Raises:
        FileError: It cannot be read, or no items can be found in it.
    """
    sheets = [read_sheet(table) for table in grid(path, sheet=sheet)]
    draft = Draft(path.stem)
    for take in (_take_items, _take_sheets, _take_visits):
        take(draft, sheets)
        if len(draft.items) > 1:
            break
        # What was one text above another is no form: try what else it may be.
        draft = Draft(path.stem)
    else:
        message = (
            f"{path.name}: no items were found. A row of items with answers below, a row for each "
            "item of a visit, or a sheet of labels and answers for each visit would be right"
        )
        raise FileError(message)
    judge(draft)
    return draft


def _is_answer(text: str) -> bool:
    key = fold(text)
    return key in YES_WORDS | NO_WORDS | NOT_APPLICABLE or _NUMBER.fullmatch(text) is not None


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [clean(cell) for cell in cells]


# One row an item


def _take_items(draft: Draft, sheets: Sequence[Sheet]) -> None:
    """Take a table whose header names the visit, the item and the answer."""
    for sheet in sheets:
        for at, (_, cells) in enumerate(sheet.rows[:SAMPLE]):
            header = _texts(cells)
            roles = find_roles(header, _EMPTY, {}) if sum(map(bool, header)) > 2 else {}
            if {"visit", "item"} <= roles.keys() and roles.keys() & {"answer", "points"}:
                draft.shape = "items"
                draft.columns = {role: header[place] for role, place in roles.items()}
                _take_item_rows(draft, sheet.rows[at + 1 :], _places(header) | roles)
                numbers = {clean(row[roles["visit"]]) for _, row in sheet.rows[at + 1 :]}
                draft.visits = len(numbers - {""})
                return


def _take_item_rows(
    draft: Draft, rows: Sequence[tuple[int, Sequence[Cell]]], places: Mapping[str, int]
) -> None:
    found: dict[tuple[str, str], Found] = {}
    section = ""
    for _, cells in rows:
        text = clean(cells[places["item"]])
        said = [clean(cells[places[part]]) for part in ("answer", "points") if part in places]
        if not text or is_total(text, *said) or text_key(text) in ROLES["stated_score"]:
            continue
        if "section" in places:
            section = clean(cells[places["section"]]) or section
        if "section" not in places and not any(said):
            section = text
            continue
        key = section, whole_key(text)
        _found(found.setdefault(key, Found(text, section)), cells, places)
    draft.items = list(found.values())


# One sheet a visit


def _take_sheets(draft: Draft, sheets: Sequence[Sheet]) -> None:
    """Take sheets in which a column of texts stands beside a column of answers."""
    read = [one for sheet in sheets if (one := _visit_sheet(sheet)) is not None]
    if not read:
        return
    shared = Counter(text_key(item.text) for items, _ in read for item in items)
    found: dict[tuple[str, str], Found] = {}
    for items, roles in read:
        # A summary beside the visits has other texts than they have.
        if (
            len(read) > 2
            and sum(shared[text_key(item.text)] > 1 for item in items) < len(items) / 2
        ):
            continue
        draft.columns |= roles
        draft.visits += 1
        for item in items:
            known = found.setdefault((item.section, whole_key(item.text)), item)
            if known is not item:
                known.answers += item.answers
                known.earned += item.earned
    draft.items, draft.shape = list(found.values()), "sheets"


def _visit_sheet(sheet: Sheet) -> tuple[list[Found], dict[str, str]] | None:
    """Return the items of a sheet that is a visit, and its labels by role."""
    heads = next(
        (
            at
            for at, (_, cells) in enumerate(sheet.rows[:SAMPLE])
            if any(fold(text) in PARTS for text in _texts(cells))
            and "visit" not in find_roles(_texts(cells), _EMPTY, {})
        ),
        None,
    )
    if heads is None:
        places = _unheaded(sheet)
        heads = places.pop("first", 0) - 1
        header: list[str] = []
    else:
        header = _texts(sheet.rows[heads][1])
        places = _places(header)
    said = places.get("answer", places.get("points"))
    if not said:
        return None
    if sum(fold(text) in PARTS for text in header) > 2 * len(places.keys() & {*PARTS.values()}):
        return None  # answer, points, answer, points: a second header row
    rows = [cells for _, cells in sheet.rows[heads + 1 :]]
    column = places.get("item", _wordiest(rows, said))
    items, section = [], ""
    for cells in rows:
        text, answer = clean(cells[column]), clean(cells[said])
        if "section" in places:
            section = clean(cells[places["section"]]) or section
        if not text or is_total(text, answer) or text_key(text) in ROLES["stated_score"]:
            continue
        if not answer or answer == text:
            section = text
            continue
        items.append(_found(Found(text, section), cells, places))
    labels = [label for _, cells in sheet.rows for label in _labels(cells)]
    roles = {
        role: labels[place]
        for role, place in find_roles(labels, _EMPTY, {}).items()
        if role in ROLES
    }
    return (items, roles) if len(items) > 1 else None


def _unheaded(sheet: Sheet) -> dict[str, int]:
    """
    Return where texts and answers stand in a sheet that does not say so, and the first row.

    In a table of visits a row has many answers; here each has one.
    """
    places: Counter[int] = Counter()
    rows: list[tuple[int, int]] = []
    many = 0
    for at, (_, cells) in enumerate(sheet.rows):
        said = [place for place, text in enumerate(_texts(cells)) if _is_word(text)]
        many += len(said) > 1
        if len(said) == 1 and any(map(_is_text, cells[: said[0]])):
            places[said[0]] += 1
            rows.append((at, said[0]))
    answer, count = places.most_common(1)[0] if places else (0, 0)
    if count < _FEWEST or many > count / 4:
        return {}
    first = next(at for at, place in rows if place == answer)
    column = _wordiest([sheet.rows[at][1] for at, _ in rows], answer)
    # The heading above the first item is its section.
    above = clean(sheet.rows[first - 1][1][column]) if first else ""
    beside = clean(sheet.rows[first - 1][1][answer]) if first else ""
    return {"item": column, "answer": answer, "first": first - bool(above and not beside)}


def _is_word(text: str) -> bool:
    key = fold(text)
    return len(key) > 1 and key in YES_WORDS | NO_WORDS | NOT_APPLICABLE


def _is_text(cell: Cell) -> bool:
    return isinstance(cell, str) and len(cell.strip()) > _FEWEST and not _is_answer(clean(cell))


def _places(header: Sequence[str]) -> dict[str, int]:
    """Return where a table of items says what of an item."""
    places: dict[str, int] = {}
    for at, text in enumerate(map(fold, header)):
        named = (
            ("item", ITEM_HEADS),
            ("section", SECTION_HEADS),
            ("most", MAXIMA),
            ("weight", WEIGHTS),
        )
        found = next((name for name, words in named if text in words), PARTS.get(text))
        if found is not None:
            places.setdefault(found, at)
    return places


def _wordiest(rows: Sequence[Sequence[Cell]], end: int) -> int:
    """Return the column before another one that has the longest texts."""
    return max(range(end), key=lambda at: sum(len(clean(cells[at])) for cells in rows))


def _found(item: Found, cells: Sequence[Cell], places: Mapping[str, int]) -> Found:
    """Add what a row says of an item."""
    both = {"answer", "points"} <= places.keys()
    item.answers.append(cells[places["answer"] if "answer" in places else places["points"]])
    item.earned.append(cells[places["points"]] if both else None)
    for name in ("most", "weight"):
        if name in places and clean(cells[places[name]]):
            setattr(item, name, clean(cells[places[name]]))
    return item


def _labels(cells: Sequence[Cell]) -> Iterator[str]:
    for at, cell in enumerate(cells):
        text = clean(cell) if isinstance(cell, str) else ""
        label, colon, behind = text.partition(":")
        right = any(clean(each) not in ("", text) for each in cells[at + 1 : at + 1 + _FAR])
        if text and ((colon and behind.strip()) or right):
            yield label.strip()


# One row a visit


def _take_visits(draft: Draft, sheets: Sequence[Sheet]) -> None:
    """Take a table whose header names the items."""
    best: tuple[int, Sheet | None, int] = (0, None, 0)
    for sheet in sheets:
        for at, (_, cells) in enumerate(sheet.rows[:SAMPLE]):
            texts = {text for text in _texts(cells) if text and not _is_answer(text)}
            if len(texts) > best[0] and len(sheet.rows) > at + 1:
                best = len(texts), sheet, at
    _, found, at = best
    if found is None:
        return
    draft.shape = "visits"
    line, cells = found.rows[at]
    header = _texts(cells)
    above = found.rows[at - 1] if at and found.rows[at - 1][0] == line - 1 else None
    upper = _texts(above[1]) if above is not None else []
    upper = carried_on(upper) if len({text for text in upper if text}) > 1 else []
    if at + 2 < len(found.rows) and _goes_on(header, _texts(found.rows[at + 1][1])):
        # Headings that reach over the items below them, and columns that need no second row.
        above, at = found.rows[at], at + 1
        upper = carried_on(header)
        lower = _texts(found.rows[at][1])
        header = [text or over for text, over in zip(lower, header, strict=False)]
    below = _texts(found.rows[at + 1][1])
    parts = [PARTS.get(fold(text)) for text in below]
    if sum(part is not None for part in parts) < 2:
        parts = []
    roles = find_roles(header, _EMPTY, {})
    draft.columns = {role: header[place] for role, place in roles.items() if role in ROLES}
    data = found.rows[at + 1 + bool(parts) :]
    rows = [row for _, row in data if not _sums_up(row)]
    taken = {place for role, place in roles.items() if role in ROLES}
    _take_columns(draft, header, upper, parts, rows, taken)


def _goes_on(header: Sequence[str], lower: Sequence[str]) -> bool:
    """Say whether the row below a header belongs to it: texts only, and most of them others."""
    said = [text for text in lower if text]
    new = {text for text, over in zip(lower, header, strict=False) if text and text != over}
    return (
        len(new) > 1
        and not any(_is_answer(text) for text in said)
        and sum(fold(text) in PARTS for text in said) < 2
        and any(not text or text == over for text, over in zip(lower, header, strict=False))
        and not set(map(fold, header)) <= {*map(fold, lower), ""}
        and any(not over or over == header[at - 1] for at, over in enumerate(header) if at)
    )


def _sums_up(cells: Sequence[Cell]) -> bool:
    filled = [text for text in _texts(cells) if text]
    return bool(filled) and is_total(*filled)


def _take_columns(
    draft: Draft,
    header: Sequence[str],
    upper: Sequence[str],
    parts: Sequence[str | None],
    rows: Sequence[Sequence[Cell]],
    taken: set[int],
) -> None:
    """Take each column that holds answers; what stands beside it in the same item too."""
    text, current = "", None
    for place, name in enumerate(header):
        if place in taken:
            continue
        part = parts[place] if parts else "answer"
        text = name or (text if parts else "")
        if not text:
            continue
        cells = [row[place] for row in rows]
        if part == "points" and current is not None and current.text == text:
            current.earned = cells
            continue
        if part == "comment":
            continue
        if is_total(text):
            draft.ignored.append(text)
            continue
        if vocabulary_of(cells) is None:
            if any(clean(cell) for cell in cells):
                draft.ignored.append(text)
            continue
        section = upper[place] if upper and upper[place] != name else ""
        current = Found(text, section, cells)
        draft.items.append(current)
