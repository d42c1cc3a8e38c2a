"""What the answers of a column have in common: yes and no, marks, words of praise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regard.errors import RecordError
from regard.mapping.amounts import parse_number
from regard.mapping.headers import fold
from regard.mapping.values import Cell, clean
from regard_plugins.mystery_shopping.words import NO_WORDS, NOT_APPLICABLE, YES_WORDS

__all__ = ["Vocabulary", "vocabulary_of"]

_RANKS: dict[str, int] = {
    word: rank
    for rank, words in enumerate(
        (
            "muy mal|muy malo|pesimo|very bad|very poor|tres mauvais|nunca|never|jamais",
            "mal|malo|mala|deficiente|bad|poor|mauvais|mauvaise|insuffisant|incumple|no cumple",
            "regular|aceptable|fair|average|acceptable|moyen|moyenne|a veces|sometimes|en parte",
            "bien|bueno|buena|good|bon|bonne|cumple|correcto|correct",
            "muy bien|muy bueno|excelente|optimo|excellent|very good|tres bien|perfecto|siempre",
        )
    )
    for word in words.split("|")
}
_SPANISH = frozenset(("n.p.", "np", "no procede", "no aplica"))
_MOST_WORDS = 7
_LONGEST = 40
_TOPS = (1, 3, 4, 5, 7, 10, 20, 100)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    What may be answered, as far as answers tell.

    Attributes:
        answers: Each answer as it is written, with what it earns; None: not applicable.
        low: The lowest mark; None: there are no marks.
        high: The highest one.
        unsure: What somebody should look at; empty: nothing.
    """

    answers: tuple[tuple[str, Decimal | None], ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    unsure: str = ""


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return clean(cell)


def _number(text: str) -> Decimal | None:
    try:
        return parse_number(text)
    except RecordError:
        return None


def vocabulary_of(cells: Iterable[Cell], earned: Iterable[Cell] = ()) -> Vocabulary | None:
    """
    Return what the answers of an item have in common; None: they are no answers of an item.

    Args:
        cells: The answers.
        earned: The points beside each of them, where the file gives them.
    """
    listed = list(cells)
    seen: dict[str, str] = {}
    for cell in listed:
        text = _text(cell)
        if text:
            seen.setdefault(fold(text), text)
    if not seen:
        return None
    words = {key: text for key, text in seen.items() if key not in NOT_APPLICABLE}
    left_out = [(text, None) for key, text in seen.items() if key in NOT_APPLICABLE]
    points = _points(listed, list(earned))
    if words and all(key in points for key in words):
        return Vocabulary((*((words[key], points[key]) for key in words), *left_out))
    if words and words.keys() <= YES_WORDS | NO_WORDS and not words.keys() <= {"0", "1"}:
        return _yes_no(words, left_out)
    numbers = [_number(text) for text in words.values()]
    if words and all(number is not None for number in numbers):
        return _marks([number for number in numbers if number is not None], left_out)
    if len(words) > _MOST_WORDS or any(len(text) > _LONGEST for text in words.values()):
        return None
    return _ranked(words, left_out, sum(bool(_text(cell)) for cell in listed))


def _points(cells: Sequence[Cell], earned: Sequence[Cell]) -> dict[str, Decimal]:
    """Return what each answer earned wherever it stands with its points, if always the same."""
    found: dict[str, set[Decimal]] = {}
    for cell, points in zip(cells, earned, strict=False):
        number = _number(clean(points)) if clean(points) else None
        if number is not None and _text(cell):
            found.setdefault(fold(_text(cell)), set()).add(number)
    return {key: numbers.pop() for key, numbers in found.items() if len(numbers) == 1}


LeftOut = Sequence[tuple[str, Decimal | None]]


def _yes_no(words: dict[str, str], left_out: LeftOut) -> Vocabulary:
    made = dict(words)
    spanish = "si" in words or any(fold(text) in _SPANISH for text, _ in left_out)
    french = bool(words.keys() & {"oui", "non"})
    if not words.keys() & YES_WORDS:
        made["yes"] = "Oui" if french else "Sí" if spanish else "Yes"
    if not words.keys() & NO_WORDS:
        made["no"] = "Non" if french else "No"
    ordered = sorted(made.items(), key=lambda pair: pair[0] not in YES_WORDS)
    return Vocabulary((*((text, Decimal(key in YES_WORDS)) for key, text in ordered), *left_out))


def _marks(numbers: list[Decimal], left_out: LeftOut) -> Vocabulary | None:
    top, bottom = max(numbers), min(numbers)
    if bottom < 0 or top > _TOPS[-1]:
        return None
    high = next(Decimal(each) for each in _TOPS if top <= each)
    low = Decimal(0) if bottom < 1 or high > 7 or high == 1 else Decimal(1)
    said = f"marks from {bottom:f} to {top:f} were seen: are they from {low:f} to {high:f}?"
    return Vocabulary(tuple(left_out), low, high, said)


def _ranked(words: dict[str, str], left_out: LeftOut, count: int) -> Vocabulary | None:
    ranks = {key: _RANKS[key] for key in words if key in _RANKS}
    if len(ranks) == len(words) and len(set(ranks.values())) == len(words):
        ordered = sorted(words, key=lambda key: ranks[key])
        points = {key: Decimal(at) for at, key in enumerate(ordered)}
        if len(points) == 1:
            points = {key: Decimal(ranks[key]) for key in words}
        said = "points were given in the order of the words: correct them"
        best_first = [(words[key], points[key]) for key in reversed(ordered)]
        return Vocabulary((*best_first, *left_out), unsure=said)
    # Many different words are comments; a few that come again are answers.
    if len(words) > max(2, count // 2) or len(words) >= count:
        return None
    said = "what each answer earns cannot be told: write it"
    return Vocabulary((*((text, Decimal(0)) for text in words.values()), *left_out), unsure=said)
