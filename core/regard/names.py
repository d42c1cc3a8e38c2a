"""Names that people type: whether they are well formed, and what they probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["NAME", "did_you_mean", "is_name"]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.IGNORECASE)
"""A source, report or plug-in name: letters, digits, ``-`` and ``_``, at most 63 of them."""


def is_name(text: str) -> bool:
    """Say whether a text can name a source, a report or a plug-in."""
    return NAME.fullmatch(text) is not None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """
    Say which known word is nearest to one that is not known.

    Returns:
        ``"; did you mean 'x'?"``, else ``"; known: a, b, c"``, else an empty text.
    """
    names = sorted(set(known))
    folded = {name.casefold(): name for name in reversed(names)}
    near = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {folded[near[0]]!r}?"
    if names:
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        return f"; known: {shown}"
    return ""
