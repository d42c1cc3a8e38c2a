"""From rows to visits and their scored items, with the total that an agency states beside ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import Any

from regard.errors import RecordError
from regard.keys import compose
from regard.mapping.amounts import DecimalSign, parse_number
from regard.mapping.headers import fold
from regard.mapping.times import TimeReader, zone_of
from regard.mapping.values import Cell, clean
from regard.measures.visits import (
    ScoredItem,
    explain_difference,
    join_path,
    join_weights,
    same_score,
    score_visit,
)
from regard.names import did_you_mean
from regard_plugins.mystery_shopping.form import Earned, Form, Item
from regard_plugins.mystery_shopping.forms import Forms
from regard_plugins.mystery_shopping.words import STATES, State

__all__ = ["Answered", "Reading", "build_scores", "build_visit", "stated_points", "visit_key"]

_RATIO = re.compile(r"(?P<points>[\d.,]+)\s*(?:/|de|of|sur)\s*(?P<most>[\d.,]+)")
_COUNTED = re.compile(r"\d{1,5}")
_SIX_PLACES = Decimal("0.000001")
_KOBO_TIMES = frozenset(("_submission_time",))
"""Kobo writes these in UTC and does not say so."""

_HOW = {
    "as-zero": "counted as nothing",
    "as-full": "counted with all points",
    "left-out": "left out",
    "na-as-zero": "not applicable, counted as nothing",
    "no-weights": "weights not used",
    "no-bonus": "bonus not added",
    "no-critical": "critical item not heeded",
}
_SHOWN_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What the configuration says about visits.

    Attributes:
        forms: The versions of the form.
        times: Reads days and times.
        utc: Reads those that are in UTC without saying so.
        decimal: The decimal sign, where it is declared.
        states: What the states of a review are called, folded.
        own: What we are called where visits name whom they were to, folded.
        constants: Fields that are the same for all visits.
        pass_score: The score that a visit needs; None: what the form says.
        columns: What columns are called, by role.
    """

    forms: Forms
    times: TimeReader
    utc: TimeReader
    decimal: DecimalSign | None = None
    states: Mapping[str, State] = field(default_factory=lambda: STATES)
    own: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)
    pass_score: Decimal | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        forms: Forms,
        timezone: str,
        dates: Sequence[str],
        **more: Any,  # noqa: ANN401  # the other attributes
    ) -> Reading:
        """
        Make it from what the configuration says about dates.

        Raises:
            ConfigError: The time zone or the dates make no sense.
        """
        return cls(forms, TimeReader(zone_of(timezone), dates), TimeReader(UTC, dates), **more)


@dataclass(slots=True)
class Answered:
    """
    What one visit says, before it is scored.

    Attributes:
        roles: The cells of the visit itself, by role.
        headers: What their columns are called.
        cells: The cell of each item by name.
        earned: What items earned, where that is not in a single cell.
        comments: What explains an answer, by item.
        stated: The points that the agency gives an item.
        extra: What is kept beside.
        asked: The items that have a place in the table.
        rows: In which row the visit begins.
    """

    roles: dict[str, Cell] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    earned: dict[str, Earned] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    stated: dict[str, Cell] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    line: int = 0


def build_visit(
    answered: Answered, form: Form, reading: Reading
) -> tuple[dict[str, Any], str | None]:
    """
    Return the record of a visit, and why the total that it states differs from ours.

    The sentence is for people; None: nothing differs.

    Raises:
        RecordError: An answer is not of the form, a day or a state cannot be read, or nothing
            names the visit. The whole visit is refused: a score of some of its items would
            look like its score.
    """
    visit = _visit(answered, form, reading)
    rows = [(item, _earned(item, answered, reading)) for item in form.items]
    items = [form.scored(item, earned.points) for item, earned in rows]
    needed = form.pass_score if reading.pass_score is None else reading.pass_score
    total = score_visit(items, needed)
    visit["score"], visit["passed"] = total.score, total.passed
    extra: dict[str, Any] = dict(answered.extra)
    blank = [item for item, each in rows if each.answer is None and item.relevant is None]
    unanswered = sum(item.name in answered.asked for item in blank)
    if unanswered:
        extra["unanswered"] = unanswered
    because = _stated(visit, items, rows, answered, form, reading)
    if because:
        extra["stated_because"] = because
    visit["extra"] = extra or None
    if because is None:
        return visit, None
    return visit, (
        f"states {visit['stated_score']:f}, its items give {visit['score']:f}: "
        f"{because or 'no single item explains it'}"
    )


def visit_key(answered: Answered, form: Form, reading: Reading) -> str | None:
    """Return the key of a visit that is refused; None where nothing names it."""
    try:
        return str(_visit(answered, form, reading)["key"])
    except RecordError:
        number = clean(answered.roles.get("visit"))
        return compose((number,)) if number and not _COUNTED.fullmatch(number) else None


def build_scores(answered: Answered, form: Form, reading: Reading) -> list[dict[str, Any]]:
    """
    Return the records of a visit's items.

    Raises:
        RecordError: As `build_visit`, whose visit is refused as well.
    """
    visit = _visit(answered, form, reading)
    rows = [(item, _earned(item, answered, reading)) for item in form.items]
    items = [form.scored(item, earned.points) for item, earned in rows]
    # A total that cannot be read refuses the visit, and its items with it.
    _percent(answered.roles.get("stated_score"), items, form, reading.decimal)
    return [
        _score_row(visit["key"], item, earned, scored, answered, reading.decimal)
        for (item, earned), scored in zip(rows, items, strict=True)
    ]


def _earned(item: Item, answered: Answered, reading: Reading) -> Earned:
    known = answered.earned.get(item.name)
    if known is not None:
        return known
    cell = answered.cells.get(item.name)
    if cell is None or cell == "":
        points = answered.stated.get(item.name)
        if points is None or not clean(points) or item.name in answered.cells:
            return Earned()
        return stated_points(item, points, reading.decimal)
    return item.earn(cell, reading.decimal)


def stated_points(item: Item, cell: Cell, decimal: DecimalSign | None) -> Earned:
    """
    Return what an item earned where a file gives its points and no answer.

    Raises:
        RecordError: They are no number, or more than the item has.
    """
    found = item.earn(cell, decimal) if fold(clean(cell)) in _answers(item) else None
    if found is not None:
        return found
    points = parse_number(cell, decimal)
    if points is None:
        return Earned()
    if points > item.max_points or points != round(points, 6):
        message = (
            f"item {item.name!r}: the points are not those of an item with {item.max_points:f}"
        )
        raise RecordError("unknown-value", message, item.name)
    return Earned(points, clean(cell))


def _answers(item: Item) -> set[str]:
    """Return the words that leave an item out."""
    return {
        fold(word)
        for answer in item.scale.answers
        if answer.not_applicable
        for word in (answer.name, *answer.labels)
    }


def _score_row(
    visit_key: str,
    item: Item,
    earned: Earned,
    scored: ScoredItem,
    answered: Answered,
    decimal: DecimalSign | None,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": compose((visit_key, item.name)),
        "visit_key": visit_key,
        "section": join_path(item.path),
        "section_weights": join_weights(scored.weights),
        "item": item.label,
        "answer": earned.answer,
        "points": earned.points,
        "max_points": scored.max_points,
        "weight": scored.weight,
        "not_applicable": earned.points is None,
        "critical": item.critical,
        "bonus": item.bonus,
        "cap": scored.cap,
        "comment": answered.comments.get(item.name),
    }
    if _differs(item, earned, answered, decimal):
        row["extra"] = {"stated_points": clean(answered.stated[item.name])}
    return row


def _visit(answered: Answered, form: Form, reading: Reading) -> dict[str, Any]:
    """Return what a visit says of itself."""
    texts = {role: clean(cell) or None for role, cell in answered.roles.items()}
    header = fold(answered.headers.get("visited_at", ""))
    times = reading.utc if header in _KOBO_TIMES else reading.times
    visited_at = times.time(answered.roles.get("visited_at"))
    subject = texts.get("subject")
    visit: dict[str, Any] = {
        "form": form.name,
        "form_version": texts.get("version") or form.version,
        "wave": texts.get("wave"),
        "state": _state(texts.get("state"), "state" in answered.headers, reading),
        "subject": None if subject is None or fold(subject) in reading.own else subject,
        "place": texts.get("place"),
        "evaluator": texts.get("evaluator"),
        "visited_at": visited_at,
    }
    for name, value in reading.constants.items():
        if visit.get(name) is None:
            visit[name] = value
    visit["key"] = _key(texts.get("visit"), visit)
    return visit


def _key(number: str | None, visit: Mapping[str, Any]) -> str:
    """
    Return what names a visit: its number, else where and when it was, and by whom.

    Agencies count from 1 in each wave, so a bare number counts within its wave.
    """
    if number:
        counted = visit["wave"] is not None and _COUNTED.fullmatch(number)
        return compose((visit["wave"], number) if counted else (number,))
    if visit["place"] is None or visit["visited_at"] is None:
        message = "nothing names the visit: neither a number nor both a place and a day"
        raise RecordError("missing-key", message, "visit")
    return compose((visit["place"], visit["visited_at"], visit["evaluator"]))


def _state(text: str | None, has_column: bool, reading: Reading) -> State | None:
    if text is None:
        return "submitted" if has_column else None
    state = reading.states.get(fold(text))
    if state is None:
        hint = did_you_mean(text[:24], reading.states)
        # The word itself may be anything, also a name, unless it resembles one that is known.
        near = hint if "did you mean" in hint else ""
        message = f"the state is none that is known; say what it means under states{near}"
        raise RecordError("unknown-value", message, "state")
    return state


def _stated(
    visit: dict[str, Any],
    items: list[ScoredItem],
    rows: list[tuple[Item, Earned]],
    answered: Answered,
    form: Form,
    reading: Reading,
) -> str | None:
    """Keep the agency's total; return why it differs from ours, None where it does not."""
    stated = _percent(answered.roles.get("stated_score"), items, form, reading.decimal)
    visit["stated_score"] = stated
    score = visit["score"]
    if stated is None or score is None or same_score(score, stated):
        return None
    other = [
        f"{item.label}: {clean(answered.stated[item.name])} points stated, the answer earns "
        f"{'none' if earned.points is None else format(earned.points, 'f')}"
        for item, earned in rows
        if _differs(item, earned, answered, reading.decimal)
    ]
    if other:
        return "; ".join(other[:_SHOWN_CAUSES])
    causes = explain_difference(items, stated)
    return " or ".join(
        f"{', '.join(cause.names[:_SHOWN_CAUSES])}: {_HOW[cause.how]}"
        for cause in causes[:_SHOWN_CAUSES]
    )


def _differs(item: Item, earned: Earned, answered: Answered, decimal: DecimalSign | None) -> bool:
    """Say whether the agency gives an item other points than its answer earns."""
    if item.name not in answered.stated or earned.answer is None:
        return False
    try:
        stated = parse_number(answered.stated[item.name], decimal)
    except RecordError:
        return False
    return stated is not None and stated != (earned.points or 0)


def _percent(
    cell: Cell, items: Sequence[ScoredItem], form: Form, decimal: DecimalSign | None
) -> Decimal | None:
    """Return a stated total on the scale from 0 to 100, as the form says that it is written."""
    text = clean(cell)
    if not text:
        return None
    ratio = _RATIO.fullmatch(fold(text))
    try:
        if ratio is not None:
            points = parse_number(ratio["points"], decimal)
            most = parse_number(ratio["most"], decimal)
            found = None if not most or points is None else 100 * points / most
        elif text.endswith("%"):
            found = parse_number(text[:-1], decimal)
        else:
            number = parse_number(cell, decimal)
            found = None if number is None else _scaled(number, items, form)
    except RecordError as error:
        message = f"the stated total: {error}"
        raise RecordError(error.reason, message, "stated_score") from error
    return None if found is None else found.quantize(_SIX_PLACES).normalize() + 0


def _scaled(number: Decimal, items: Sequence[ScoredItem], form: Form) -> Decimal | None:
    if form.stated == "share":
        return number * 100
    if form.stated == "percent":
        return number
    most = sum(
        (item.max_points for item in items if item.points is not None and not item.bonus),
        Decimal(0),
    )
    return 100 * number / most if most else None
