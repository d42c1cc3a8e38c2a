"""
The bundled themes of suggestions, told by words in English, Spanish and French.

A word tells its theme only in its own language: French ``sale`` is dirty, English ``sale`` is
about prices. Which words are right was tried out on texts (`benchmarks/themes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regard.measures.themes.english import ENGLISH
from regard.measures.themes.french import FRENCH
from regard.measures.themes.lexicons import Lexicon
from regard.measures.themes.spanish import SPANISH

__all__ = ["LEXICONS", "OTHER", "THEMES"]

LEXICONS: Final[Mapping[str, Lexicon]] = {"en": ENGLISH, "es": SPANISH, "fr": FRENCH}
"""By language: the words."""

THEMES: Final = tuple(ENGLISH.themes)
"""The bundled themes."""

OTHER: Final = "other"
"""What a suggestion speaks of that no word tells a theme of."""
