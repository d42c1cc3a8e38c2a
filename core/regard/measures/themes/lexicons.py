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
        themes: By theme: what tells it.
        misleading: Phrases in which a word of a theme means something else.
    """

    common: str
    themes: Mapping[str, str]
    misleading: str
