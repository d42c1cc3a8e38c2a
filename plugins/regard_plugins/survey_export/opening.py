"""
Tables whose header takes several rows, as SurveyMonkey and Qualtrics write them.

The rows are joined column by column, so that a header alone says what a column is, also where
a single refused row is all that is left of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.mapping.values import as_text
from regard.tabular import BadRow, Row, Table
from regard.tabular.tables import Items, Value
from regard_plugins.survey_export.layouts import HEADS, tidy

__all__ = ["RESPONDENT", "join_heads", "sample_of"]

RESPONDENT = frozenset({"respondent id", "respondentid"})
_COLLECTOR = frozenset({"collector id", "collectorid"})
_UNNAMED = re.compile(r"column (\d+)")
_IMPORT_ID = '{"importid"'
_SEARCHED = 5

Reopen = Callable[[Sequence[str]], Sequence[Table]]
"""Opens the file again, as one without a header row."""


def join_heads(table: Table, reopen: Reopen) -> Table:
    """
    Return a table with its header rows joined to one, if it has several.

    Args:
        table: As it was opened: one row was taken for its header.
        reopen: Opens its file again as if it had none.

    Raises:
        FileError: It has one of the headers that take several rows, and not all of them.
    """
    first = _heads_of_monkey(table, reopen)
    if first is not None:
        names, inner, above = first
        (second,) = _next_rows(inner, above, 1)
        if second is None or any(_cell(second, at) for at in range(2)):
            # Made by hand, or by an early version: one row of headers.
            return _joined(inner, names, [], above)
        return _joined(inner, _continued(names), [second], above)
    if fold(table.header[0]) == "startdate" and "ResponseId" in table.header:
        text, ids = _next_rows(table, 0, 2)
        if ids is not None and _cell(ids, 0).casefold().replace(" ", "").startswith(_IMPORT_ID):
            return _joined(table, table.header, [text or (), ids], 0)
        if text is not None and (said := _cell(text, 0)) and not any(map(str.isdigit, said)):
            # No date: somebody has taken out the third row, which means nothing to people.
            return _joined(table, table.header, [text], 0)
    return table


def _heads_of_monkey(table: Table, reopen: Reopen) -> tuple[Sequence[str], Table, int] | None:
    """Return SurveyMonkey's first header row, the table, and the rows before the second one."""
    if fold(table.header[0]) in RESPONDENT:
        names = [_named(name, at) for at, name in enumerate(table.header)]
        return names, table, 0
    if table.header_line < 2 or _UNNAMED.fullmatch(table.header[0]) is None:
        return None
    # The first row is so sparse that the second one was taken for the header.
    width = [f"column {at + 1}" for at in range(len(table.header))]
    for inner in reopen(width):
        if inner.member != table.member:
            continue
        for above, row in enumerate(islice(_rows(inner), _SEARCHED)):
            if fold(as_text(row[0])) in RESPONDENT:
                return [tidy(as_text(cell)) for cell in row], inner, above + 1
    return None


def _named(name: str, at: int) -> str:
    found = _UNNAMED.fullmatch(name)
    return "" if found is not None and int(found[1]) == at + 1 else tidy(name)


def _continued(names: Sequence[str]) -> list[str]:
    """Return the names with those of questions repeated where blank cells continue them."""
    filled: list[str] = []
    for name in names:
        filled.append(name or (filled[-1] if filled else ""))
    return filled


def _rows(table: Table) -> Iterator[Sequence[Value]]:
    with closing(table.rows()) as items:
        for item in items:
            if isinstance(item, BadRow):
                return
            yield item.values


def _next_rows(table: Table, above: int, count: int) -> list[Sequence[Value] | None]:
    """Return the next rows of a table; None for those that are not there."""
    notes = list(table.notes)
    found: list[Sequence[Value] | None] = []
    with suppress(FileError):
        found += islice(_rows(table), above, above + count)
    table.notes[:] = notes
    return found + [None] * (count - len(found))


def _cell(row: Sequence[Value], at: int) -> str:
    return tidy(as_text(row[at])) if at < len(row) else ""


def _joined(
    table: Table, names: Sequence[str], below: Sequence[Sequence[Value]], above: int
) -> Table:
    """Return a table under its joined header; the rows that went into it are no longer rows."""
    joined: list[str] = []
    taken: dict[str, int] = {}
    for at, name in enumerate(names):
        parts = [tidy(name), *(_cell(row, at) for row in below)]
        while parts and not parts[-1]:
            parts.pop()
        whole = HEADS.join(parts) or f"column {at + 1}"
        taken[whole] = taken.get(whole, 0) + 1
        joined.append(whole if taken[whole] == 1 else f"{whole} ({taken[whole]})")
    skipped = above + len(below)

    def rows(outer: Table) -> Items:
        left = skipped
        with closing(table.reader(outer)) as items:
            for item in items:
                if left and isinstance(item, Row):
                    left -= 1
                else:
                    yield item

    notes = [note for note in table.notes if "before the header" not in note]
    return replace(table, header=tuple(joined), reader=rows, cutter=None, notes=notes)


def sample_of(table: Table, count: int) -> list[Sequence[Value]]:
    """Return the first good rows of a table, as far as it can be read."""
    notes = list(table.notes)
    rows: list[Sequence[Value]] = []
    with suppress(FileError), closing(table.rows()) as items:
        rows += islice((item.values for item in items if isinstance(item, Row)), count)
    table.notes[:] = notes
    return rows
