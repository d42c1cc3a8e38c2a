"""What is known of the words of one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Lexicon"]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """
    The words of one language, as people write them, parted by commas.

    Attributes:
        common: Words that stand in most texts of it and in few of the others.
        turns: Words that begin a new thought within a sentence, such as *but*.
        themes: By theme: what tells it.
        hints: By theme: words of many uses, which tell it only where nothing else tells any.
        other: What tells that a text speaks of something that is no theme: of work, of charity.
        misleading: Phrases in which a word of a theme means something else.
    """

    common: str
    turns: str
    themes: Mapping[str, str]
    hints: Mapping[str, str]
    other: str
    misleading: str
