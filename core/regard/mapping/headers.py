"""
Column names as people and programs write them.

The same export comes with straight or curly apostrophes, with or without accents, in any
case, after a round through a spreadsheet. Names are kept as they are and compared folded.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

__all__ = ["Columns", "fold"]

_QUOTES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "ʼ": "'", "\ufeff": None})
_TO_ASCII_QUOTES = str.maketrans({"“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-"})


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """
    Return a text in the form in which names and words are compared.

    Case, accents, kinds of quotes and dashes and the width of spaces make no difference.
    """
    plain = text.translate(_QUOTES).translate(_TO_ASCII_QUOTES)
    letters = unicodedata.normalize("NFKD", plain)
    bare = "".join(each for each in letters if not unicodedata.combining(each))
    return " ".join(bare.casefold().split()).strip("\"' ")


class Columns:
    """
    The columns of one file, found by the names that a map or profile gives them.

    Args:
        header: The file's column names.
        aliases: For each language or form of the header: the profile's name of a column
            and the names it has there. The form that fits the header best goes first.
    """

    def __init__(
        self,
        header: Sequence[str],
        aliases: Mapping[str, Mapping[str, Iterable[str]]] | None = None,
    ) -> None:
        self.header = tuple(header)
        self._at: dict[str, int] = {}
        for index, name in enumerate(self.header):
            self._at.setdefault(fold(name), index)
        self._exact = {name: index for index, name in reversed(list(enumerate(self.header)))}
        forms = {
            form: {fold(name): [fold(each) for each in others] for name, others in names.items()}
            for form, names in (aliases or {}).items()
        }
        hits = {form: self._hits(names) for form, names in forms.items()}
        self.form = max(hits, key=lambda form: hits[form], default=None)
        if self.form is not None and not hits[self.form]:
            self.form = None
        self._forms = sorted(forms.values(), key=lambda names: -self._hits(names))

    def _hits(self, names: Mapping[str, Sequence[str]]) -> int:
        return sum(
            any(other in self._at for other in others) and name not in self._at
            for name, others in names.items()
        )

    def find(self, name: str) -> int | None:
        """Return the position of a column, or None where the file does not have it."""
        index = self._exact.get(name)
        if index is not None:
            return index
        folded = fold(name)
        index = self._at.get(folded)
        if index is not None:
            return index
        for names in self._forms:
            for other in names.get(folded, ()):
                if other in self._at:
                    return self._at[other]
        return None

    def has(self, name: str) -> bool:
        """Say whether the file has a column."""
        return self.find(name) is not None
