"""What a workbook tells of its form, and what it does not: a proposal in TOML."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from regard.errors import RecordError
from regard.mapping.amounts import parse_number
from regard.mapping.headers import fold
from regard.mapping.values import Cell, clean
from regard_plugins.mystery_shopping.vocabulary import Vocabulary, vocabulary_of
from regard_plugins.mystery_shopping.words import NO_WORDS, NOT_APPLICABLE, YES_WORDS, text_key

__all__ = ["Draft", "Found", "judge", "slug"]

_POINTS = re.compile(r"[(\[]\s*(?:max\.?\s*)?(\d{1,3})\s*(?:pts?|puntos|points|p)?\.?\s*[)\]]")
_LONGEST_NAME = 40
_LISTED = 5


@dataclass(slots=True)
class Found:
    """
    One item that was found.

    Attributes:
        text: As the workbook writes it.
        section: The section that it stands in; empty: none.
        answers: Every answer that was seen.
        earned: The points beside each of them.
        most: The most that it earns, where the workbook says so.
        weight: Its weight, where the workbook says so.
        scale: What may be answered.
        points: What the best answer earns; None: what the scale says.
    """

    text: str
    section: str = ""
    answers: list[Cell] = field(default_factory=list)
    earned: list[Cell] = field(default_factory=list)
    most: str = ""
    weight: str = ""
    scale: Vocabulary = field(default_factory=Vocabulary)
    points: Decimal | None = None

    @property
    def earned_any(self) -> bool:
        """Whether there are points beside the answers."""
        return any(clean(cell) for cell in self.earned)


@dataclass(slots=True)
class Draft:
    """
    A form that is proposed.

    Attributes:
        name: What to call it.
        shape: ``visits``, ``items`` or ``sheets``: how the workbook holds visits.
        visits: How many there are, where that is known.
        items: In their order.
        columns: What the workbook calls the columns that are no items.
        ignored: Texts that are no items.
        unsure: What somebody should look at.
        stated: How totals are written.
    """

    name: str
    shape: str = ""
    visits: int = 0
    items: list[Found] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    stated: str = "percent"

    def toml(self) -> str:
        """Return the form as TOML."""
        return "\n".join(_lines(self)) + "\n"


def slug(text: str) -> str:
    """Return a name made of small letters, digits and hyphens; empty where there are none."""
    bare = re.sub(r"[^a-z0-9]+", "-", text_key(text)).strip("-")
    if len(bare) <= _LONGEST_NAME:
        return bare
    return bare[: _LONGEST_NAME + 1].rpartition("-")[0] or bare[:_LONGEST_NAME]


# What the answers tell


def judge(draft: Draft) -> None:
    """Decide what each item may be answered and earns, and say what somebody should look at."""
    maxima = _are_maxima(draft.items)
    if maxima:
        draft.unsure.append("the points stand for the most that each item earns: is that right?")
    kept = []
    for item in draft.items:
        plain = vocabulary_of(item.answers)
        told = None if maxima else vocabulary_of(item.answers, item.earned)
        numbers = [number for cell in item.earned if (number := _number(cell)) is not None]
        written = _POINTS.search(fold(item.text))
        item.points = _number(item.most) or (Decimal(written[1]) if written is not None else None)
        item.points = item.points or None
        if told is None and plain is None:
            draft.ignored.append(item.text)
            continue
        if item.points and plain is not None and plain.low is not None and not item.earned_any:
            # Points and no answers: marks from nothing to what the workbook says.
            item.scale = replace(plain, low=Decimal(0), high=item.points, unsure="")
        elif plain is not None and _is_yes_no(plain):
            item.scale = plain
            item.points = item.points or (max(numbers, default=Decimal(0)) or None)
        elif told is not None and told.answers and _told_points(item, told):
            item.scale = told
        elif plain is not None:
            item.scale = plain
            item.points = item.points or (max(numbers, default=Decimal(0)) or None)
        if item.scale.unsure:
            draft.unsure.append(f"{item.text!r}: {item.scale.unsure}")
        kept.append(item)
    draft.items = kept
    _share_yes_no(draft.items)
    _doubt(draft)


def _number(cell: Cell) -> Decimal | None:
    try:
        return parse_number(cell) if clean(cell) else None
    except RecordError:
        return None


def _told_points(item: Found, told: Vocabulary) -> bool:
    """Say whether the points beside the answers are what the scale goes by."""
    return bool(not told.unsure and told.low is None and item.earned_any)


def _are_maxima(items: list[Found]) -> bool:
    """Say whether points do not depend on the answer: then they are what can be earned."""
    same = differ = 0
    for item in items:
        by_answer: dict[str, set[Decimal]] = {}
        for answer, points in zip(item.answers, item.earned, strict=False):
            number = _number(points)
            if number is not None and fold(clean(answer)) not in NOT_APPLICABLE | {""}:
                by_answer.setdefault(fold(clean(answer)), set()).add(number)
        numbers = set().union(*by_answer.values()) if by_answer else set()
        denied = any(
            max(found) > 0
            for word, found in by_answer.items()
            if word in NO_WORDS and len(word) > 1
        )
        if len(by_answer) > 1 or denied:
            same += (len(numbers) == 1 and max(numbers) > 0) or denied
            differ += len(numbers) > 1 and not denied
    return same > differ


def _is_yes_no(vocabulary: Vocabulary) -> bool:
    words = {fold(text) for text, points in vocabulary.answers if points is not None}
    return vocabulary.low is None and bool(words) and words <= YES_WORDS | NO_WORDS


def _share_yes_no(items: list[Found]) -> None:
    """Give all items that are answered by yes or no one scale with all their words."""
    answers: dict[str, tuple[str, Decimal | None]] = {}
    for item in items:
        if _is_yes_no(item.scale):
            for text, points in item.scale.answers:
                answers.setdefault(fold(text), (text, points))
    ordered = sorted(
        answers.values(), key=lambda each: (each[1] is None, -(each[1] or Decimal(0)))
    )
    shared = Vocabulary(tuple(ordered))
    for item in items:
        if _is_yes_no(item.scale):
            item.scale = shared


def _doubt(draft: Draft) -> None:
    if draft.visits > 1:
        for item in draft.items:
            if 2 * len(item.answers) <= draft.visits and draft.shape != "visits":
                text = (
                    f"{item.text!r} is in {len(item.answers)} of {draft.visits} visits: "
                    "if it is a new text of another item, make it an alias there"
                )
                draft.unsure.append(text)
    if draft.ignored:
        listed = ", ".join(repr(text) for text in draft.ignored[:_LISTED])
        draft.unsure.append(f"not taken as items, under ignore: {listed}")
    draft.unsure.append("no item is critical or bonus, and no section has a weight: add them")
    if "visit" not in draft.columns:
        stands = (
            "file and sheet stand" if draft.shape == "sheets" else "place, day, evaluator stand"
        )
        draft.unsure.append(f"nothing names the visit: {stands} for it")


# As TOML


def _lines(draft: Draft) -> Iterator[str]:
    yield "# Proposed by `regard form draft`; correct it, then `regard form check` it."
    yield f"name = {_quoted(draft.name)}"
    yield 'version = "1"'
    yield "# pass_score = 80    # the score that a visit needs"
    yield "# critical_cap = 0   # the highest score of a visit that fails a critical item"
    yield f"stated = {_quoted(draft.stated)}   # how totals are written: percent, share or points"
    if draft.ignored:
        yield f"ignore = [{', '.join(map(_quoted, draft.ignored))}]"
    if draft.columns:
        yield ""
        yield "[columns]"
        yield from (f"{role} = {_quoted(name)}" for role, name in draft.columns.items())
    scales: dict[Vocabulary, str] = {}
    for item in draft.items:
        plain = replace(item.scale, unsure="")
        if plain not in scales:
            scales[plain] = _scale_name(plain, set(scales.values()))
    for vocabulary, name in scales.items():
        yield from _scale_lines(vocabulary, name)
    names: Counter[str] = Counter()
    section = ""
    # Items without a section come first: what stands behind [[sections]] belongs to it.
    order = list(dict.fromkeys(item.section for item in draft.items))
    for item in sorted(
        draft.items, key=lambda each: (each.section != "", order.index(each.section))
    ):
        if item.section != section:
            yield from ("", "[[sections]]", f"name = {_quoted(item.section)}", "# weight = 50")
            section = item.section
        yield ""
        yield "[[sections.items]]" if section else "[[items]]"
        yield from _item_lines(item, scales[replace(item.scale, unsure="")], names)


def _scale_lines(vocabulary: Vocabulary, name: str) -> Iterator[str]:
    yield ""
    yield f"[scales.{name}]"
    if vocabulary.low is not None and vocabulary.high is not None:
        yield f"min = {vocabulary.low:f}"
        yield f"max = {vocabulary.high:f}"
    if vocabulary.answers:
        pairs = (
            f"{_quoted(text)} = " + ('"na"' if points is None else f"{points:f}")
            for text, points in vocabulary.answers
        )
        yield f"answers = {{{', '.join(pairs)}}}"


def _item_lines(item: Found, scale: str, names: Counter[str]) -> Iterator[str]:
    name = slug(item.text) or "item"
    names[name] += 1
    if names[name] > 1:
        name = f"{name}-{names[name]}"
    yield f"name = {_quoted(name)}"
    yield f"text = {_quoted(item.text)}"
    yield f"scale = {_quoted(scale)}"
    if item.points is not None:
        yield f"points = {item.points:f}"
    weight = _number(item.weight.rstrip("% "))
    if weight is not None:
        yield f"weight = {weight:f}"
    if item.scale.unsure:
        said = "".join(char if char.isprintable() else "?" for char in item.scale.unsure)
        yield f"# unsure: {said}"


def _scale_name(vocabulary: Vocabulary, taken: set[str]) -> str:
    if vocabulary.low is not None:
        name = f"marks-{vocabulary.low:f}-{vocabulary.high:f}".replace(".", "-")
    else:
        words = [text for text, points in vocabulary.answers if points is not None]
        name = slug("-".join(words[:3])) or "answers"
    number, made = 1, name
    while made in taken:
        number += 1
        made = f"{name}-{number}"
    return made


def _quoted(text: str) -> str:
    """Return a text as TOML writes it; JSON's way is TOML's, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
