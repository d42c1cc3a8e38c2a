"""
One question of one table: what a cell under it says.

A cell that is not on the question's scale is never made to fit: it is kept as it was written,
without a score, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from regard.errors import RecordError
from regard.mapping.amounts import DecimalSign, parse_number
from regard.mapping.headers import fold
from regard.mapping.values import parse_flag_or_text
from regard_plugins.survey_export.config import Metric
from regard_plugins.survey_export.labels import is_no_answer, number_in, plain
from regard_plugins.survey_export.layouts import tidy
from regard_plugins.survey_export.scales import Scale

__all__ = ["OTHER_CODE", "Holds", "Question", "Said", "read_number"]

Holds: TypeAlias = Literal["scores", "numbers", "choice", "several", "mark", "text"]
"""What the cells under a question hold, as far as it can be told."""

Said: TypeAlias = tuple[str | None, str, dict[str, Any]]
"""The option that belongs into the key, the question's name, and the fields of one answer."""

OTHER_CODE = "-oth-"
"""What LimeSurvey writes where somebody chose "Other"; their words are in a column beside it."""

_LONGEST_CHOICE = 200


def read_number(text: str, decimal: DecimalSign | None = None) -> Decimal | None:
    """Return the number that a cell is, or None where it is none or can be read in two ways."""
    if len(text) <= 3 and text.isascii() and text.isdigit():
        return Decimal(text)
    if not any(each.isdigit() for each in text[:40]):
        return None
    try:
        return parse_number(text, decimal)
    except RecordError:
        return None


@dataclass(frozen=True, slots=True)
class Question:
    """
    What is known about one column with answers.

    Attributes:
        place: The column's place.
        name: What records call the question.
        key: Its part of their keys.
        former: What else that part may have been before the configuration said what it is.
        holds: What its cells hold.
        metric: What its scores measure.
        scale: The scale of numbers; None: it cannot be told.
        points: The score of each label, folded.
        points_scale: The scale of these.
        option: The option or row that the column is named after.
        row: The question's name where a cell turns out to be the answer of a row.
        separator: What parts several options in one cell.
        marks: What stands in the cell of a chosen option, beside its name and yes.
        decimal: The decimal sign, where it is known.
    """

    place: int
    name: str
    key: str
    former: tuple[str, ...] = ()
    holds: Holds = "text"
    metric: Metric | None = None
    scale: Scale | None = None
    points: Mapping[str, Decimal] = field(default_factory=dict)
    points_scale: tuple[Decimal, Decimal] = (Decimal(1), Decimal(5))
    option: str | None = None
    row: str | None = None
    separator: str = ", "
    marks: frozenset[str] = frozenset()
    decimal: DecimalSign | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What records may call the question: own words beside an option have its name, too."""
        return (self.name, f"{self.name} [{self.option}]") if self.option else (self.name,)

    def read(self, text: str, outside: Counter[str]) -> Iterator[Said]:
        """
        Yield what a cell that is not empty says.

        Args:
            text: The cell, without spaces around it.
            outside: Counts for each question the numbers that are not on its scale.
        """
        if text == OTHER_CODE:
            yield None, self.name, _chosen("other")
        elif self.holds == "mark":
            yield from self._mark(text)
        elif self.holds == "several":
            options = (tidy(each) for each in text.split(self.separator))
            for option in dict.fromkeys(each for each in options if each):
                yield option, self.name, _chosen(option)
        elif self.option is not None and self.row is None and fold(text) == fold(self.option):
            yield self.option, self.name, _chosen(self.option)
        elif self.holds == "text":
            yield None, self.name, {"metric": "text", "text": text}
        elif self.holds == "choice":
            yield None, self.name, _chosen(tidy(text)) if _is_short(text) else _own_words(text)
        else:
            yield None, self.name, self._scored(text, outside)

    def _mark(self, text: str) -> Iterator[Said]:
        option = self.option or ""
        flag = parse_flag_or_text(text)
        if flag is True or fold(text) == fold(option) or text in self.marks:
            yield option, self.name, _chosen(option)
        elif flag is not False and not is_no_answer(text):
            words = _chosen(tidy(text)) if _is_short(text) else _own_words(text)
            yield None, f"{self.name} [{option}]", words

    def _scored(self, text: str, outside: Counter[str]) -> dict[str, Any]:
        number, label = read_number(text, self.decimal), None
        if number is None and self.scale is not None:
            found = number_in(text)
            if found is not None:
                number, label = found[0], tidy(text)
        if number is None:
            value = self.points.get(plain(text))
            if value is not None:
                low, high = self.points_scale
                return self._on(value, low, high) | {"choice": tidy(text)}
            return _chosen(tidy(text)) if _is_short(text) else _own_words(text)
        score = None if self.scale is None else self.scale.score(number)
        if self.scale is None or score is None:
            if self.scale is not None:
                outside[self.name] += 1
            return {"choice": tidy(text)[:_LONGEST_CHOICE]}
        fields = self._on(score, self.scale.low, self.scale.high)
        return fields if label is None else fields | {"choice": label}

    def _on(self, score: Decimal, low: Decimal, high: Decimal) -> dict[str, Any]:
        return {"metric": self.metric, "score": score, "scale_min": low, "scale_max": high}


def _is_short(text: str) -> bool:
    return len(text) <= _LONGEST_CHOICE and "\n" not in text


def _chosen(option: str) -> dict[str, Any]:
    return {"metric": "choice", "choice": option}


def _own_words(text: str) -> dict[str, Any]:
    return {"metric": "text", "text": text}
