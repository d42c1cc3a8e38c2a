"""
What names a person in texts that stay: others' records, findings, notes of runs.

A sentence of somebody else's record is not erased for an address in it; the address is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from regard.records.encoding import canonical_json
from regard.store.tracing import Person

__all__ = ["Mask", "mask_of", "words_of"]

Mask = Callable[[str], str]
"""Returns a text without what names a person in it."""

_ADDRESS: Final = "[e-mail]"
_OTHER: Final = "[erased]"
_SHORTEST_NAME = 6
_SHORTEST_KEY = 4
_SHORTEST_NUMBER = 6


def mask_of(person: Person, *, addresses_only: bool) -> Mask:
    """
    Return what takes a person out of a text.

    Args:
        person: The person.
        addresses_only: Leave names, numbers and keys alone: in what other people wrote, those
            may as well be somebody else's.
    """
    parts = [_bounded(address) for address in _longest_first(person.addresses)]
    others = [] if addresses_only else words_of(person)
    patterns = [(re.compile("|".join(parts), re.IGNORECASE), _ADDRESS)] if parts else []
    if others:
        joined = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in others)
        patterns.append((re.compile(joined, re.IGNORECASE), _OTHER))

    def masked(text: str) -> str:
        for pattern, label in patterns:
            text = pattern.sub(label, text)
        return text

    return masked


def words_of(person: Person) -> list[str]:
    """Return the names, telephone numbers and keys that can hardly mean anything else."""
    names = [name for name in person.names if len(name) >= _SHORTEST_NAME and " " in name]
    keys = [key for key in _keys(person) if len(key) >= _shortest(key)]
    return _longest_first({*names, *keys, *person.phones})


def _keys(person: Person) -> set[str]:
    return person.customer_keys() | {place.key for place in person.records}


def _shortest(key: str) -> int:
    return _SHORTEST_NUMBER if key.isdecimal() else _SHORTEST_KEY


def _longest_first(words: set[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _bounded(address: str) -> str:
    # ana@example.es is not in mariana@example.es, nor in ana@example.es.example.
    return rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)"


def mask_json(text: str, mask: Mask) -> str:
    """Return JSON text whose texts are masked; the same text where nothing was."""
    value = json.loads(text)
    masked = _masked(value, mask)
    if masked == value:
        return text
    return canonical_json(masked) if isinstance(masked, dict) else json.dumps(masked)


def _masked(value: Any, mask: Mask) -> Any:  # noqa: ANN401  # whatever JSON can hold
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_masked(item, mask) for item in value]
    if isinstance(value, dict):
        return {mask(name): _masked(item, mask) for name, item in value.items()}
    return value
