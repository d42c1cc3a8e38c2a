"""
What pages say in markup for machines, in one shape whatever the syntax.

JSON-LD, microdata, RDFa, microformats and OpenGraph all come to things: types and properties in
the words of schema.org, each with the place on the page where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

__all__ = ["Syntax", "Thing", "Value", "local_name", "things_within"]

Value: TypeAlias = "str | Decimal | bool | Thing"

_PREFIX: Final = re.compile(r"^(?:https?://(?:www\.)?schema\.org/|schema:|og:|product:)", re.I)
_MOST_DEPTH: Final = 40


class Syntax(StrEnum):
    """How a thing was written, the most trustworthy first."""

    JSON_LD = "json-ld"
    MICRODATA = "microdata"
    RDFA = "rdfa"
    MICROFORMATS = "microformats"
    OPENGRAPH = "opengraph"
    RULE = "rule"


def local_name(name: str) -> str:
    """Return a type's or property's name without its vocabulary: ``Product``, ``price``."""
    return _PREFIX.sub("", name.strip())


@dataclass(frozen=True, slots=True)
class Thing:
    """
    One item of structured data.

    Attributes:
        types: Such as ``Product``, without the vocabulary.
        properties: Values by name, in the order in which they stand.
        syntax: How it was written.
        path: Where it stands on the page, for people: ``json-ld[2].offers[0]``.
        id: What other things refer to it by.
    """

    types: tuple[str, ...]
    properties: Mapping[str, tuple[Value, ...]]
    syntax: Syntax
    path: str
    id: str | None = None
    line: int | None = field(default=None, compare=False)

    def is_a(self, *names: str) -> bool:
        """Say whether it has one of these types."""
        return not set(names).isdisjoint(self.types)

    def all(self, *names: str) -> tuple[Value, ...]:
        """Return the values of the first of these properties that has any."""
        for name in names:
            found = self.properties.get(name, ())
            if found:
                return found
        return ()

    def things(self, *names: str) -> tuple[Thing, ...]:
        """Return the things among the values of all these properties."""
        return tuple(
            value
            for name in names
            for value in self.properties.get(name, ())
            if isinstance(value, Thing)
        )

    def text(self, *names: str) -> str | None:
        """Return the first value of these properties that is a text or has a name."""
        for value in self.all(*names):
            text = _text_of(value)
            if text:
                return text
        return None


def _text_of(value: Value) -> str | None:
    if isinstance(value, Thing):
        return value.text("name", "value", "text") or value.id
    if isinstance(value, bool):
        return None
    text = " ".join(str(value).split())
    return text or None


def things_within(roots: Iterable[Thing]) -> Iterator[Thing]:
    """Yield things and all those inside of them, outer ones first, each once."""
    seen: set[int] = set()
    stack = [(thing, 0) for thing in reversed(list(roots))]
    while stack:
        thing, depth = stack.pop()
        if id(thing) in seen or depth > _MOST_DEPTH:
            continue
        seen.add(id(thing))
        yield thing
        inner = [v for values in thing.properties.values() for v in values if isinstance(v, Thing)]
        stack += [(each, depth + 1) for each in reversed(inner)]
