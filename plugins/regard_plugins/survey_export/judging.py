"""
What the cells under a question hold, judged by the first rows of the table.

What is judged here decides between a choice and own words, and which labels a question has.
Where a scale begins and ends is not judged by how high answers go; a zero under a question about
recommending is the one value that says something about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from regard.mapping.amounts import DecimalSign
from regard.mapping.headers import fold
from regard_plugins.survey_export.labels import (
    Family,
    family_of,
    is_no_answer,
    is_yes_or_no,
    number_in,
    pole,
)
from regard_plugins.survey_export.layouts import tidy
from regard_plugins.survey_export.questions import read_number
from regard_plugins.survey_export.scales import Scale, asks_openly, scale_in

__all__ = ["Judged", "judge"]

_MOSTLY = 0.9
_LONGEST = 60
_MOST_OPTIONS = 30
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Judged:
    """
    What cells look like.

    Attributes:
        empty: There was none that says something.
        numbers: They are numbers, perhaps with a label.
        zero: One of them is zero, and all are whole and at most ten.
        ends: The scale that labels beside numbers declare.
        family: The sort of their labels.
        doubtful: They look like points on a scale that cannot be told.
        choice: They are options, one each.
        several: They are options, several in some cells.
    """

    empty: bool = False
    numbers: bool = False
    zero: bool = False
    ends: Scale | None = None
    family: Family | None = None
    doubtful: bool = False
    choice: bool = False
    several: bool = False


def judge(
    cells: Sequence[str], text: str, separator: str, decimal: DecimalSign | None = None
) -> Judged:
    """
    Say what the cells under a question look like.

    Args:
        cells: Those that are not empty.
        text: The question's text.
        separator: What parts several options in one cell.
        decimal: The decimal sign, where it is known.
    """
    said = [cell for cell in cells if not is_no_answer(cell)]
    if not said:
        return Judged(empty=True)
    plain = [read_number(cell, decimal) for cell in said]
    labelled = [
        number_in(cell) if number is None and len(cell) <= _LONGEST else None
        for cell, number in zip(said, plain, strict=True)
    ]
    numbers = [number for number in plain if number is not None]
    with_words = [found for found in labelled if found is not None]
    share = (len(numbers) + len(with_words)) / len(said)
    ends = _ends(with_words)
    declared = ends is not None or scale_in(text) is not None
    if share >= _MOSTLY and (numbers or (declared and _are_labels(with_words))):
        everything = [*numbers, *(number for number, _ in with_words)]
        return Judged(
            numbers=True,
            zero=_has_zero(everything),
            ends=ends,
        )
    family, doubtful = family_of(said)
    if family is not None or doubtful:
        return Judged(family=family, doubtful=doubtful, choice=True)
    # Sentences that come again have commas in them, too.
    if not asks_openly(text) and _are_several(said, separator):
        return Judged(several=True)
    return Judged(choice=_are_choices(said, text))


def _are_labels(found: Sequence[tuple[Decimal, str]]) -> bool:
    """Say whether numbers with words are points: few, and each with always the same words."""
    words: dict[Decimal, set[str]] = {}
    for number, said in found:
        words.setdefault(number, set()).add(fold(said))
    return all(len(each) == 1 for each in words.values()) and max(words) <= 10


def _has_zero(numbers: Sequence[Decimal]) -> bool:
    whole = all(number == number.to_integral_value() for number in numbers)
    return whole and min(numbers) == 0 and max(numbers) <= 10


def _ends(found: Sequence[tuple[Decimal, str]]) -> Scale | None:
    """Return the scale whose worst and best number carry labels that say so."""
    ends: dict[str, set[Decimal]] = {"worst": set(), "best": set()}
    for number, words in found:
        end = pole(words)
        if end is not None:
            ends[end].add(number)
    if not ends["best"]:
        return None
    low = min(ends["worst"], default=None)
    high = max(ends["best"])
    if low is None:
        # Scales of five and seven points begin with one; one up to ten may begin with zero.
        return Scale(Decimal(1), high) if high in {5, 7} else None
    return Scale(low, high) if low < high else None


def _are_several(cells: Sequence[str], separator: str) -> bool:
    """Say whether some cells hold several options, which come again in other cells."""
    if separator == " ":
        return False  # words have spaces between them, too
    parts = [[tidy(each) for each in cell.split(separator) if each.strip()] for cell in cells]
    if not any(len(each) > 1 for each in parts) or len(cells) < _FEWEST:
        return False
    counts = Counter(fold(part) for each in parts for part in each)
    return (
        len(counts) <= _MOST_OPTIONS
        and max(map(len, counts)) <= _LONGEST
        and all(counts[fold(part)] > 1 for each in parts if len(each) > 1 for part in each)
    )


def _are_choices(cells: Sequence[str], text: str) -> bool:
    """Say whether cells are options rather than own words."""
    if all(is_yes_or_no(cell) for cell in cells):
        return True
    if any(len(cell) > _LONGEST or "\n" in cell for cell in cells) or asks_openly(text):
        return False
    distinct = len({fold(cell) for cell in cells})
    return len(cells) >= _FEWEST and distinct <= min(_MOST_OPTIONS, len(cells) // 2)
