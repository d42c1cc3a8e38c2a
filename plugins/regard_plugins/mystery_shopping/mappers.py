"""What maps the rows of visits: one row a visit, or one row an item of a visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from regard.errors import FileError, RecordError
from regard.exports import Format, Refusal, RowMapper, Wishes
from regard.keys import compose
from regard.mapping import Mapped
from regard.mapping.headers import fold
from regard.mapping.mappers import Numbered
from regard.mapping.values import Cell, as_text, clean
from regard.sources import Delete, Whole
from regard.tabular import Row, Table
from regard_plugins.mystery_shopping.form import Earned, Form, Item
from regard_plugins.mystery_shopping.layout import ItemNames, Layout, lay_out
from regard_plugins.mystery_shopping.visits import (
    Answered,
    Reading,
    build_scores,
    build_visit,
    stated_points,
    visit_key,
)
from regard_plugins.mystery_shopping.words import ROLES, YES_WORDS, is_total, text_key

__all__ = ["SCORES", "VISITS", "VisitFormat", "visit_mapper"]

VISITS, SCORES = "visits", "scores"
_REMEMBERED = 4_096
_LISTED = 3

_MANY = {
    "empty row": "empty rows",
    "heading or subtotal": "headings and subtotals",
    "row without an item": "rows without an item",
    "total": "totals",
}
"""What is passed over, and how several of it are called."""

Records = Sequence[Mapped | Delete | Whole | Refusal]


@dataclass(frozen=True, kw_only=True)
class VisitFormat(Format):
    """
    A table of visits on a known form; two streams of it are two of these.

    Attributes:
        reading: What the configuration says.
        form: The form of visits that name no version.
        table: The table, for rows whose visit is scattered over it.
    """

    reading: Reading
    form: Form
    table: Table

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what maps the rows of the table."""
        return visit_mapper(header, self.form, self.reading, self.stream, self.table)


def visit_mapper(
    header: Sequence[str], form: Form, reading: Reading, stream: str, table: Table | None
) -> _Mapper:
    """
    Return what maps the rows of a table of visits.

    Raises:
        FileError: A column that the configuration names is not there.
    """
    layout = lay_out(header, form, reading.columns)
    if layout.shape == "items":
        return _ItemRows(header, layout, form, reading, stream, table)
    return _VisitRows(header, layout, form, reading, stream)


class _Mapper(RowMapper):
    """What both shapes share: the records of one stream, and what is worth a note."""

    def __init__(
        self, header: Sequence[str], layout: Layout, form: Form, reading: Reading, stream: str
    ) -> None:
        super().__init__(header)
        self.layout = layout
        self._form = form
        self._reading = reading
        self._stream = stream
        self._passed: Counter[str] = Counter()
        self._unanswered: Counter[str] = Counter()
        self._differing = 0
        self._difference = ""
        self._headers = {role: self.header[at] for role, at in layout.roles.items()}
        self._layouts: dict[str | None, tuple[Form, Layout, RecordError | None]] = {}

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over, what has no column, which totals differ."""
        if self._stream != VISITS:
            return ()  # the visits of the same file say it
        said = [
            f"{count:,} {_MANY[what] if count > 1 else what} passed over"
            for what, count in sorted(self._passed.items())
        ]
        if self.layout.missing and self.layout.shape == "visits":
            labels = [item.label for item in self.layout.missing]
            said.append(f"no column for {_listed(labels)}: counted as not applicable")
        if self.layout.strangers:
            said.append(self._about_strangers())
        if self._reading.own and not {*self._reading.constants, *self.layout.roles} & {"subject"}:
            said.append(
                "no column says whom visits were to, so all count as ours; name it as subject"
            )
        if self._unanswered["visits"]:
            empty, among = self._unanswered["items"], self._unanswered["visits"]
            said.append(
                f"{empty:,} answer{'s are' if empty > 1 else ' is'} empty in "
                f"{among:,} visit{'s' * (among > 1)}: counted as not applicable"
            )
        if self._differing:
            count = self._differing
            visits = "1 visit states" if count == 1 else f"{count:,} visits state"
            said.append(f"{visits} another total than the items give; {self._difference}")
        return said

    def _about_strangers(self) -> str:
        names = ItemNames(self._form)
        told = []
        for stranger in self.layout.strangers[:_LISTED]:
            near = names.nearest(stranger)
            told.append(f"{stranger!r}" + (f" (an alias of {near.label!r}?)" if near else ""))
        more = len(self.layout.strangers) - len(told)
        return "columns that are no items: " + ", ".join(told) + (f" and {more} more" * bool(more))

    def passes_over(self, cells: Sequence[object]) -> bool:
        """Say whether a line that is no row is empty or a total, and count it."""
        filled = [text for cell in cells if (text := str(cell or "").strip())]
        if filled and not is_total(*filled):
            return False
        self._passed["total" if filled else "empty row"] += 1
        return True

    def _of_version(self, version: str | None) -> tuple[Form, Layout]:
        """
        Return the form of a visit's version, and where its items stand.

        Raises:
            RecordError: A column is probably an item under another text: a score without it
                would look like any other.
        """
        found = self._layouts.get(version)
        if found is None:
            form = self._reading.forms.of_version(version) or self._form
            layout = self.layout
            if form is not self._form:
                layout = lay_out(self.header, form, self._reading.columns)
            found = self._layouts[version] = form, layout, _renamed(form, layout)
        form, layout, problem = found
        if problem is not None:
            raise RecordError(problem.reason, str(problem), problem.field)
        return form, layout

    def _key(self, answered: Answered) -> str | None:
        """Return the key of a visit, or of the first of its items in their stream."""
        key = visit_key(answered, self._form, self._reading)
        if key is None or self._stream == VISITS:
            return key
        return compose((key, self._form.items[0].name))

    def _records(self, answered: Answered, form: Form) -> Records:
        """Return a visit as the records of this stream."""
        if self._stream == SCORES:
            rows = build_scores(answered, form, self._reading)
            # Of an item that the form has no longer nothing may be left.
            return [Whole(rows[0]["visit_key"], frozenset(row["key"] for row in rows)), *rows]
        visit, difference = build_visit(answered, form, self._reading)
        missing = (visit["extra"] or {}).get("unanswered", 0)
        if missing:
            self._unanswered["visits"] += 1
            self._unanswered["items"] += missing
        if difference is not None:
            self._differing += 1
            self._difference = self._difference or f"row {answered.line} {difference}"
        return [visit]


def _renamed(form: Form, layout: Layout) -> RecordError | None:
    found = ItemNames(form).renamed(layout.strangers, layout.missing)
    if found is None:
        return None
    stranger, item = found
    message = (
        f"the column {stranger!r} is probably the item {item.label!r}, which has no other: "
        "add it to the item's aliases, or to ignore"
    )
    return RecordError("unknown-value", message, item.name)


def _listed(texts: Sequence[str]) -> str:
    shown = ", ".join(repr(text) for text in texts[:_LISTED])
    return shown + (f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else "")


class _VisitRows(_Mapper):
    """Maps tables with one row a visit."""

    _earned: dict[tuple[int, str, str], Earned]

    def __init__(self, *args: Any) -> None:  # noqa: ANN401  # those of the class above
        super().__init__(*args)
        self._earned = {}

    def records(self, row: Numbered) -> Records:
        """
        Return the visit of a row, or its items.

        Raises:
            RecordError: The visit cannot be used.
        """
        values = row.values
        roles = {role: values[at] for role, at in self.layout.roles.items()}
        if self._is_no_visit(values, roles):
            return ()
        version = clean(roles.get("version")) or None
        form, layout = self._of_version(version)
        answered = Answered(roles, self._headers, line=row.line)
        answered.asked = frozenset(layout.items) | frozenset(layout.options)
        for item in form.items:
            self._take(item, layout, values, answered)
        for at, name in layout.rest:
            text = clean(values[at])
            if text:
                answered.extra[name] = text
        return self._records(answered, form)

    def key_of(self, row: Numbered) -> str | None:
        """Return the key of a refused visit, so that a good version of it resolves it."""
        roles = {role: row.values[at] for role, at in self.layout.roles.items()}
        return self._key(Answered(roles, self._headers))

    def _take(
        self, item: Item, layout: Layout, values: Sequence[Cell], answered: Answered
    ) -> None:
        """Take what a row says of one item."""
        parts = layout.items.get(item.name, {})
        for part, at in parts.items():
            if part == "comment":
                text = clean(values[at])
                if text:
                    answered.comments[item.name] = text
            elif part == "points":
                answered.stated[item.name] = values[at]
        at_answer = parts.get("answer")
        cell = None if at_answer is None else values[at_answer]
        if cell is None or cell == "":
            chosen = [a for a, at in layout.options.get(item.name, ()) if _is_chosen(values[at])]
            if chosen:
                answered.earned[item.name] = item.earn_many(chosen)
            elif item.scale.many and item.name in layout.options:
                blank = all(not clean(values[at]) for _, at in layout.options[item.name])
                answered.earned[item.name] = Earned() if blank else item.earn_many([])
            return
        answered.earned[item.name] = self._earn(item, cell)

    def _earn(self, item: Item, cell: Cell) -> Earned:
        """Return what a cell earns; most visits answer in the same few words."""
        # The item itself and not its name: versions of a form give it other points.
        mark = (id(item), type(cell).__name__, as_text(cell))
        found = self._earned.get(mark)
        if found is None:
            found = item.earn(cell, self._reading.decimal)
            if len(self._earned) >= _REMEMBERED:
                self._earned.clear()
            self._earned[mark] = found
        return found

    def _is_no_visit(self, values: Sequence[Cell], roles: Mapping[str, Cell]) -> bool:
        """Say whether a row is empty or sums others up, and count it."""
        filled = [text for cell in values if (text := clean(cell))]
        if not filled:
            self._passed["empty row"] += 1
            return True
        number = clean(roles.get("visit")) if "visit" in roles else ""
        if number in ("", filled[0]) and is_total(*filled):
            self._passed["total"] += 1
            return True
        return False


def _is_chosen(cell: Cell) -> bool:
    text = fold(clean(cell))
    return bool(text) and (text in YES_WORDS or text in ("x", "1.0", "selected"))


@dataclass(slots=True)
class _Open:
    """
    A visit whose rows are being read.

    Attributes:
        answered: What they said so far.
        raw: The same by the texts of the rows, as quarantine keeps it.
        problem: Why it cannot be used, if one of its rows already says so.
        section: The heading that was read last.
    """

    answered: Answered
    raw: dict[str, str] = field(default_factory=dict)
    problem: RecordError | None = None
    section: str = ""


class _ItemRows(_Mapper):
    """Maps tables with one row an item: the rows of one visit follow each other, or are held."""

    def __init__(
        self,
        header: Sequence[str],
        layout: Layout,
        form: Form,
        reading: Reading,
        stream: str,
        table: Table | None,
    ) -> None:
        super().__init__(header, layout, form, reading, stream)
        self._names = ItemNames(form)
        self._ignored = {text_key(text) for text in form.ignored}
        self._sections = {text_key(path[-1]) for path in form.sections}
        self._table = table
        self._scattered: frozenset[str] | None = None
        self._open: dict[str, _Open] = {}
        self._current: str | None = None
        self._doubtful = False

    def records(self, row: Numbered) -> Records:
        """Return the visit that ended with the row before, or its items."""
        if self._scattered is None:
            self._scattered = self._find_scattered()
        cells = {role: row.values[at] for role, at in self.layout.roles.items()}
        text = clean(cells.get("item"))
        number = clean(cells.get("visit")) or (self._current or "")
        if is_total(clean(cells.get("visit"))) and not text:
            self._passed["total"] += 1
            return ()
        ended: Records = ()
        if number != self._current:
            ended = self._end(self._current)
            self._current = number
        if number not in self._open:
            self._open[number] = _Open(Answered(headers=self._headers, line=row.line))
            if self._doubtful:
                self._doubtful = False
                self._open[number].problem = _incomplete()
        self._take(self._open[number], text, cells)
        return ended

    def finish(self) -> Records:
        """Return the last visit, and those whose rows were scattered."""
        self._scattered = frozenset()
        return [record for number in list(self._open) for record in self._end(number)]

    def interrupt(self) -> None:
        """Hear of a broken line: it may belong to this visit or to the next one."""
        self._doubtful = True
        if self._current is not None and self._current in self._open:
            self._open[self._current].problem = _incomplete()

    def _end(self, number: str | None) -> Records:
        if number is None or number not in self._open or number in (self._scattered or ()):
            return ()
        visit = self._open.pop(number)
        visit.answered.roles.setdefault("visit", number)
        try:
            if visit.problem is not None:
                raise visit.problem
            version = clean(visit.answered.roles.get("version")) or None
            return self._records(visit.answered, self._of_version(version)[0])
        except RecordError as error:
            line, key = visit.answered.line, self._key(visit.answered)
            return (Refusal(visit.raw, error.reason, str(error), error.field, line, key),)

    def _take(self, visit: _Open, text: str, cells: Mapping[str, Cell]) -> None:
        """Take one row of a visit."""
        answered = visit.answered
        for role in ROLES:
            if role in cells and clean(cells[role]) and role not in answered.roles:
                answered.roles[role] = cells[role]
                visit.raw[self._headers[role]] = as_text(cells[role])
        answer, points = cells.get("answer"), cells.get("points")
        said = answer if "answer" in cells else points
        if not text:
            self._passed["row without an item"] += 1
            return
        visit.raw[text] = as_text(said)
        items = self._names.by_text(text, clean(cells.get("section")) or visit.section)
        if not items:
            # A total may stand where answers or where points do.
            self._take_other(visit, text, said if clean(said) else points)
            return
        item = next((each for each in items if each.name not in answered.cells), items[0])
        if item.name in answered.cells:
            if as_text(answered.cells[item.name]) != as_text(answer):
                message = f"the visit answers {item.name!r} twice, in two ways"
                visit.problem = RecordError("duplicate-key", message, item.name)
            return
        answered.asked |= {item.name}
        answered.cells[item.name] = answer
        try:
            if "answer" not in cells:
                answered.earned[item.name] = stated_points(item, points, self._reading.decimal)
            elif points is not None:
                answered.stated[item.name] = points
        except RecordError as error:
            visit.problem = visit.problem or error
        comment = clean(cells.get("comment"))
        if comment:
            answered.comments[item.name] = comment

    def _take_other(self, visit: _Open, text: str, said: Cell) -> None:
        """Take a row that is no item: a total, a heading, or something that nobody knows."""
        key, folded = text_key(text), fold(text)
        if folded in ROLES["stated_score"] or key in ROLES["stated_score"]:
            visit.answered.roles.setdefault("stated_score", said)
        elif key in self._sections or is_total(text, clean(said)):
            visit.section = text if key in self._sections else visit.section
            self._passed["heading or subtotal"] += 1
        elif key in self._ignored:
            visit.answered.extra[text] = as_text(said)
        else:
            near = self._names.nearest(text)
            hint = f"; is it an alias of {near.label!r}?" if near else ""
            message = (
                "a row is no item of the form: add its text to aliases of an item, or to ignore"
            )
            problem = RecordError("unknown-value", message + hint, "item")
            visit.problem = visit.problem or problem

    def _find_scattered(self) -> frozenset[str]:
        """Return the visits whose rows do not follow each other: they are held to the end."""
        if self._table is None:
            return frozenset()
        at = self.layout.roles["visit"]
        seen: set[str] = set()
        twice: set[str] = set()
        current = ""
        # Notes belong to the reading that goes on beside this one.
        table = replace(self._table, notes=list(self._table.notes))
        try:
            for number in _numbers(table, at):
                if number and number != current:
                    if number in seen:
                        twice.add(number)
                    seen.add(number)
                    current = number
        except FileError:
            return frozenset(twice)  # the reading itself says where the file breaks
        return frozenset(twice)


def _numbers(table: Table, at: int) -> Iterator[str]:
    with closing(table.rows()) as items:
        for item in items:
            if isinstance(item, Row):
                yield clean(item.values[at])


def _incomplete() -> RecordError:
    message = "a line beside its rows could not be read, so the visit may lack an item"
    return RecordError("incomplete-visit", message)
