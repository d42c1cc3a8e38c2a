"""A reporter's labels and sentences, each in all of its languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from regard.measures.intervals import SMALL_BASE, Estimate
from regard.render.formats import number
from regard.render.words import LANGUAGES, word
from regard.reports import Column, Figure, Period

__all__ = ["Phrases", "Speaker", "Texts"]

Texts: TypeAlias = Mapping[str, tuple[str, str, str]]
"""By name: the text in English, Spanish and French."""

_SINGULAR_ZERO: Final = "fr"


class _Counted(str):
    """A number as text that also chooses a word: ``{n:line|lines}``."""

    one: bool

    def __new__(cls, text: str, language: str) -> _Counted:
        made = super().__new__(cls, text)
        # In French nothing is singular, too.
        made.one = text == "1" or (text == "0" and language == _SINGULAR_ZERO)
        return made

    def __format__(self, spec: str) -> str:
        singular, choice, plural = spec.partition("|")
        if not choice:
            return super().__format__(spec)
        return singular if self.one else plural


@dataclass(frozen=True, slots=True)
class Phrases:
    """
    Texts by name.

    Attributes:
        texts: ``{n}`` stands in them for a value, ``{n:line|lines}`` for the word that goes
            with the number.
    """

    texts: Texts

    def say(self, name: str, language: str, **values: str | int | Decimal) -> str:
        """Return a text in a language, with values put in; numbers are written as there."""
        texts = {
            key: value if isinstance(value, str) else number(value, language)
            for key, value in values.items()
        }
        counted = {key: _Counted(text, language) for key, text in texts.items()}
        return self._in(name, language).format(**counted)

    def label(self, group: str, value: str | None, language: str) -> str | None:
        """Return how a value is called; None, and values that are not ours, stay as they are."""
        name = f"{group}.{value}"
        return self._in(name, language) if name in self.texts else value

    def _in(self, name: str, language: str) -> str:
        place = LANGUAGES.index(language) if language in LANGUAGES else 0
        return self.texts[name][place]


@dataclass(frozen=True, slots=True)
class Speaker:
    """
    A reporter's texts in the language of one report.

    Attributes:
        phrases: All of its texts.
        language: ``en``, ``es`` or ``fr``.
    """

    phrases: Phrases
    language: str

    def say(self, name: str, **values: str | int | Decimal) -> str:
        """Return a label or sentence, with values put in."""
        return self.phrases.say(name, self.language, **values)

    def label(self, group: str, value: str | None) -> str | None:
        """Return how a value is called; None, and values that are not ours, stay as they are."""
        return self.phrases.label(group, value, self.language)

    def column(self, name: str, unit: str = "", *, wrap: bool = False) -> Column:
        """Return a column under its label."""
        return Column(name, self.say(f"column_{name}"), unit, wrap)

    def number(self, value: Decimal | int, decimals: int | None = None) -> str:
        """Return a number as it is written in the language."""
        return number(value, self.language, decimals)

    def figure(
        self,
        name: str,
        label: str,
        estimate: Estimate,
        unit: str = "",
        *,
        period: Period | None = None,
        note: str = "",
    ) -> Figure:
        """Return a measured number with its base and interval; a small base says so."""
        small = word("small", self.language, n=str(SMALL_BASE)) if estimate.small else ""
        return Figure(
            name,
            label,
            estimate.value,
            unit,
            n=estimate.n,
            low=estimate.low,
            high=estimate.high,
            period=period,
            note=" ".join(part for part in (note, small) if part),
        )
