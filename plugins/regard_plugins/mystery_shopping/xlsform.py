"""
Forms written as XLSForm, the workbook of ODK, Kobo and SurveyCTO.

What the standard knows (https://xlsform.org) stays what it is; the columns that score a visit
stand beside it: ``points``, ``weight``, ``critical``, ``bonus``, ``section`` in ``survey``,
``points`` and ``na`` in ``choices``, ``pass_score``, ``critical_cap``, ``bonus_cap`` in
``settings``. The tools pass over columns that they do not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from regard.errors import FileError, RecordError
from regard.mapping.amounts import parse_number
from regard.mapping.headers import fold
from regard.mapping.values import parse_flag
from regard_plugins.mystery_shopping.form import (
    Answer,
    Fault,
    Form,
    Item,
    Question,
    Scale,
    check_answers,
)
from regard_plugins.mystery_shopping.tables import rows_below

__all__ = ["read_xlsform"]

_SELECT = re.compile(
    r"select[ _](?P<many>one|multiple|all[ _]that[ _]apply)(?:_from_file)?"
    r"(?: from)? (?P<list>\S+)(?P<other> or[ _]other)?"
)
_BEGIN = re.compile(r"begin[ _](group|repeat)")
_END = re.compile(r"end[ _](group|repeat)")
_NUMBERS = ("integer", "decimal", "range")
_LABEL = re.compile(r"label(?:\s*::?\s*(?P<language>.+))?")
_PARAMETER = re.compile(r"(start|end|step)\s*=\s*(-?[\d.]+)")
_WEIGHTS = re.compile(r"weight\s*::?\s*(?P<name>.+)")
_COMMA = re.compile(r"-?(?:0,\d{1,6}|\d+,(?:\d{1,2}|\d{4,6}))")
"""A decimal comma; "1,500" may as well be fifteen hundred."""
_COMMENT = ("comment", "comments", "comentario", "comentarios", "commentaire", "commentaires")

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "points": ("points", "score", "puntos", "puntuacion"),
    "weight": ("weight", "peso", "poids"),
    "critical": ("critical", "critico", "critique", "fatal"),
    "bonus": ("bonus",),
    "section": ("section", "seccion"),
    "section_weight": ("section_weight", "section weight"),
    "comment": ("comment",),
    "min": ("min",),
    "max": ("max",),
    "na": ("na", "n/a", "not_applicable"),
}
_KNOWN_TYPES = frozenset(
    (
        *("text", "note", "calculate", "date", "time", "datetime", "geopoint", "geotrace"),
        *("geoshape", "image", "audio", "video", "file", "barcode", "acknowledge", "trigger"),
        *("hidden", "rank", "xml-external", "csv-external", "start", "end", "today", "deviceid"),
        *("phonenumber", "username", "email", "audit", "background-audio", "start-geopoint"),
        *("subscriberid", "simserial", "calculate_here", "caseid", "enumerator", "speed"),
        *("photo", "signature", "annotate", "draw", "begin_kobomatrix", "end_kobomatrix"),
    )
)

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Group:
    """An open group: its name, what it is called, and whether it repeats."""

    name: str
    label: str
    repeats: bool
    relevant: str | None


@dataclass(slots=True)
class _Reading:
    """What has been read of a form so far."""

    lists: Mapping[str, list[Answer]]
    language: str | None
    items: list[Item] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    sections: dict[tuple[str, ...], Decimal | None] = field(default_factory=dict)
    sets: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    groups: list[_Group] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def error(self, where: str, text: str) -> None:
        """Say what stops visits from being scored."""
        self.faults.append(Fault("error", where, text))

    def warn(self, where: str, text: str) -> None:
        """Say what an author should look at."""
        self.faults.append(Fault("warning", where, text))


def read_xlsform(path: Path) -> Form:
    """
    Read a form from a workbook with a sheet ``survey``.

    Raises:
        FileError: It is no such workbook.
    """
    survey = list(rows_below(path, "survey", "type", "name"))
    settings = _settings(path)
    language = settings.get("default_language")
    faults: list[Fault] = []
    lists = _choices(path, language, faults)
    reading = _Reading(lists, language, faults=faults)
    for line, row in survey:
        _take(reading, line, row)
    for group in reading.groups:
        reading.error(f"group {group.name}", "it is begun and never ended")
    title = settings.get("form_title") or settings.get("form_id") or path.stem
    return Form(
        title,
        tuple(_with_comments(reading)),
        version=settings.get("version"),
        language=_language_code(language),
        sections=reading.sections,
        questions=tuple(reading.questions),
        weight_sets=reading.sets,
        pass_score=_number(settings, "pass_score", "settings", reading),
        critical_cap=_number(settings, "critical_cap", "settings", reading),
        bonus_cap=_number(settings, "bonus_cap", "settings", reading),
        faults=tuple(reading.faults),
    )


def _language_code(language: str | None) -> str | None:
    """Return the code of ``English (en)``, or what stands there."""
    found = re.search(r"\(([a-z]{2,3})\)", language or "")
    return found[1] if found else language


def _settings(path: Path) -> Row:
    try:
        return next((row for _, row in rows_below(path, "settings")), {})
    except FileError:
        return {}


def _labels(row: Row, language: str | None) -> tuple[str, ...]:
    """Return what a row is called in each language, the form's own first."""
    found: list[tuple[int, str]] = []
    own = fold(language or "")
    for name, cell in row.items():
        match = _LABEL.fullmatch(name)
        if match is not None:
            spoken = match["language"]
            rank = 0 if spoken is not None and spoken == own else 1 if spoken is None else 2
            found.append((rank, cell))
    return tuple(dict.fromkeys(cell for _, cell in sorted(found, key=lambda each: each[0])))


def _cell(row: Row, name: str) -> str:
    """Return a scoring column of a row by any of its names; empty where there is none."""
    return next((row[each] for each in _COLUMNS[name] if each in row), "")


def _number(row: Row, name: str, where: str, reading: _Reading) -> Decimal | None:
    """Return a scoring column as a number, and say where it is none."""
    text = _cell(row, name) if name in _COLUMNS else row.get(name, "")
    if not text:
        return None
    try:
        comma = _COMMA.fullmatch(text) is not None
        number = parse_number(text, "," if comma else ".") if comma or "," not in text else None
    except RecordError:
        number = None
    if number is None or number != round(number, 6):
        reading.error(where, f"{name}: {text!r} is no number; write one with at most six decimals")
        return None
    return number


def _flag(row: Row, name: str, where: str, reading: _Reading) -> bool:
    text = _cell(row, name)
    try:
        return bool(parse_flag(text))
    except RecordError:
        reading.error(where, f"{name}: {text!r} is neither yes nor no")
        return False


def _choices(path: Path, language: str | None, faults: list[Fault]) -> dict[str, list[Answer]]:
    """Return the answers of each list."""
    lists: dict[str, list[Answer]] = {}
    reading = _Reading({}, language, faults=faults)
    try:
        rows = list(rows_below(path, "choices", "name"))
    except FileError:
        return lists
    for line, row in rows:
        name = row.get("name", "")
        listed = row.get("list_name") or row.get("list name") or ""
        if not name or not listed:
            continue
        where = f"choices row {line} ({listed} {name})"
        answers = lists.setdefault(listed, [])
        if any(fold(answer.name) == fold(name) for answer in answers):
            reading.error(where, f"the list has {name!r} twice")
            continue
        text = _cell(row, "points")
        out = fold(text) in ("na", "n/a") or text == "-1000" or _flag(row, "na", where, reading)
        points = None if out else _number(row, "points", where, reading)
        answers.append(Answer(name, _labels(row, language), points, out))
    return lists


def _take(reading: _Reading, line: int, row: Row) -> None:
    """Take one row of the survey."""
    kind = " ".join(row.get("type", "").split())
    name = row.get("name", "")
    where = f"survey row {line}" + (f" ({name})" if name else "")
    if not kind:
        return
    begun, ended = _BEGIN.match(fold(kind)), _END.match(fold(kind))
    if begun is not None:
        _begin(reading, row, begun[1] == "repeat", where)
    elif ended is not None:
        if reading.groups:
            reading.groups.pop()
        else:
            reading.error(where, "a group ends that was never begun")
    elif name:
        _ask(reading, row, kind, name, where)
    elif fold(kind) not in _KNOWN_TYPES:
        reading.error(where, f"a question of type {kind!r} has no name")


def _begin(reading: _Reading, row: Row, repeats: bool, where: str) -> None:
    labels = _labels(row, reading.language)
    name = row.get("name") or (labels[0] if labels else "")
    label = _cell(row, "section") or (labels[0] if labels else name)
    reading.groups.append(_Group(name, label, repeats, row.get("relevant")))
    weight = _number(row, "weight", where, reading)
    path = tuple(group.label for group in reading.groups)
    if path in reading.sections and weight is not None:
        reading.error(where, f"two sections are called {label!r}")
    reading.sections.setdefault(path, weight)
    for set_name, other in _set_weights(row, where, reading):
        reading.sets.setdefault(set_name, {})[label] = other


def _ask(reading: _Reading, row: Row, kind: str, name: str, where: str) -> None:
    """Take one question: an item where it earns anything, else a question."""
    group = tuple(each.name for each in reading.groups)
    labels = _labels(row, reading.language)
    taken = {each.name: each.group for each in reading.items}
    taken |= {each.name: each.group for each in reading.questions}
    if taken.get(name) == group:
        reading.error(where, f"two questions of one group are called {name!r}")
        return
    points = _number(row, "points", where, reading)
    scale = _scale(reading, row, kind, points, where)
    if scale is None:
        shown = fold(kind).split(" ")[0]
        if points is not None:
            reading.error(where, f"a question of type {kind!r} has points; only choices and "
                          "numbers with min and max earn any")  # fmt: skip
        select = _SELECT.match(kind)
        answers = reading.lists.get(select["list"], []) if select is not None else []
        names = tuple(answer.name for answer in answers)
        reading.questions.append(Question(name, labels, group, shown, names))
        return
    if any(each.repeats for each in reading.groups):
        reading.warn(where, "it is asked in a repeat, so it is not scored")
        reading.questions.append(Question(name, labels, group, "repeated"))
        return
    if name in taken:
        reading.error(where, f"two questions are called {name!r}; items need names of their own")
        return
    path, weight = _place(reading, row, where), _number(row, "weight", where, reading)
    conditions = [each.relevant for each in reading.groups if each.relevant]
    conditions += [row["relevant"]] if row.get("relevant") else []
    if row.get("comment"):
        reading.comments[name] = row["comment"]
    for set_name, other in _set_weights(row, where, reading):
        reading.sets.setdefault(set_name, {})[name] = other
    reading.items.append(
        Item(
            name,
            labels,
            scale,
            path=path,
            group=group,
            points=points,
            weight=weight,
            critical=_flag(row, "critical", where, reading),
            bonus=_flag(row, "bonus", where, reading),
            relevant=" and ".join(conditions) or None,
        )
    )


def _set_weights(row: Row, where: str, reading: _Reading) -> Iterator[tuple[str, Decimal]]:
    """Yield the weights of a row in the sets that have a column of their own."""
    for match in filter(None, map(_WEIGHTS.fullmatch, row)):
        number = _number({match[0]: row[match[0]]}, match[0], where, reading)
        if number is not None:
            yield match["name"], number


def _place(reading: _Reading, row: Row, where: str) -> tuple[str, ...]:
    """Return the sections of an item: those it names, else its groups."""
    named = _cell(row, "section")
    path = (
        tuple(part.strip() for part in named.split(" / ") if part.strip())
        if named
        else tuple(group.label for group in reading.groups)
    )
    weight = _number(row, "section_weight", where, reading)
    for depth in range(1, len(path) + 1):
        reading.sections.setdefault(path[:depth], None)
    if weight is not None and path:
        known = reading.sections[path]
        if known is not None and known != weight:
            text = f"the section {path[-1]!r} weighs {known:f} and {weight:f}; give one weight"
            reading.error(where, text)
        reading.sections[path] = weight
    return path


def _scale(
    reading: _Reading, row: Row, kind: str, points: Decimal | None, where: str
) -> Scale | None:
    """Return what a question may be answered and earn; None: it earns nothing."""
    select = _SELECT.match(kind)
    if select is not None:
        listed = reading.lists.get(select["list"])
        if listed is None:
            if points is not None:
                reading.error(where, f"the list {select['list']!r} is not in choices")
            return None
        answers = check_answers(listed, points)
        if select["other"]:
            answers = (*answers, Answer("other", ("Other",), not_applicable=True))
        if points == 0 or (points is None and all(a.points is None for a in answers)):
            return None
        if select["other"]:
            reading.warn(where, "whoever answers something else leaves the item out of the score")
        return Scale(answers, many=select["many"] != "one")
    base = fold(kind).split(" ")[0]
    if base not in _NUMBERS:
        if base not in _KNOWN_TYPES:
            reading.warn(where, f"the type {kind!r} is not one of XLSForm; it is not scored")
        return None
    if points is None or points == 0:
        return None
    ends = dict(_PARAMETER.findall(row.get("parameters", "")))
    low = _number(row, "min", where, reading)
    high = _number(row, "max", where, reading)
    low = _number(ends, "start", where, reading) if low is None else low
    high = _number(ends, "end", where, reading) if high is None else high
    if low is None or high is None or low == high:
        reading.error(where, "a number with points needs min and max, which differ")
        return None
    return Scale(low=low, high=high)


def _with_comments(reading: _Reading) -> Iterator[Item]:
    """Yield the items with the questions that explain their answers, found by their names."""
    texts = {each.name: each for each in reading.questions if each.type == "text"}
    for item in reading.items:
        likely = [reading.comments.get(item.name, "")]
        likely += [f"{item.name}_{word}" for word in _COMMENT]
        likely += [f"{word}_{item.name}" for word in _COMMENT]
        found = next((name for name in likely if name in texts), None)
        yield replace(item, comment=found)
