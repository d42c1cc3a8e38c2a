"""What people write in their own words, by theme and language."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final
from unicodedata import normalize

__all__ = ["SUGGESTIONS", "says", "themes"]

SUGGESTIONS: Final = ("?hours", "?pickup", "?pickup", "?single", "?refill", "?photos")
"""What is suggested; what stands twice is suggested twice as often."""


@cache
def _sayings() -> dict[tuple[str, str], tuple[str, ...]]:
    text = (files("regard.demo") / "sayings.txt").read_text(encoding="utf-8")
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            theme, language, sentence = line.split("|")
            found[theme, language] = (*found.get((theme, language), ()), sentence)
    return found


def themes() -> frozenset[str]:
    """Return all themes that people speak of."""
    return frozenset(theme for theme, _ in _sayings())


def says(rng: random.Random, wanted: Sequence[str], language: str) -> str:
    """Return what somebody writes about themes, one sentence each, as people type it."""
    text = " ".join(rng.choice(_sayings()[theme, language]) for theme in wanted)
    manner = rng.random()
    if manner < 0.10:
        return text.lower().rstrip(".")
    if manner < 0.17 and language != "en":
        marks = normalize("NFKD", text)
        return "".join(each for each in marks if each.isascii())
    if manner < 0.22:
        return f"{text.rstrip('.')}!!"
    if manner < 0.25:
        return text.replace(". ", ".\n")
    return text
