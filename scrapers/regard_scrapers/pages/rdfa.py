"""RDFa Lite (W3C): ``vocab``, ``typeof``, ``property``, ``resource`` and ``prefix``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborNode

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.microdata import element_value
from regard_scrapers.pages.things import Syntax, Thing, Value, local_name

__all__ = ["read_rdfa"]

_WELL_KNOWN: Final = {"schema": "http://schema.org/", "og": "og:", "product": "product:"}
_MOST_DEPTH: Final = 300


@dataclass(slots=True)
class _Open:
    """A thing that is being read."""

    types: tuple[str, ...]
    path: str
    id: str | None
    properties: dict[str, list[Value]] = field(default_factory=dict)

    def add(self, names: tuple[str, ...], value: Value) -> None:
        for name in names:
            self.properties.setdefault(name, []).append(value)


@dataclass(slots=True)
class _Reader:
    document: Document
    roots: list[_Open] = field(default_factory=list)
    children: list[tuple[_Open, tuple[str, ...], _Open]] = field(default_factory=list)

    def walk(
        self, node: LexborNode, inside: _Open | None, prefixes: Mapping[str, str], depth: int
    ) -> None:
        for child in node.iter(include_text=False):
            attributes = child.attributes
            if depth > _MOST_DEPTH:
                return
            known = prefixes
            if attributes.get("prefix"):
                known = {**prefixes, **_prefixes(str(attributes["prefix"]))}
            names = _names(attributes.get("property"), known)
            into = inside
            if "typeof" in attributes:
                into = self._begin(attributes, known)
                if inside is not None and names:
                    self.children.append((inside, names, into))
                else:
                    self.roots.append(into)
            elif inside is not None and names:
                value = self._value(child)
                if value is not None:
                    inside.add(names, value)
            self.walk(child, into, known, depth + 1)

    def _begin(self, attributes: Mapping[str, str | None], known: Mapping[str, str]) -> _Open:
        types = _names(attributes.get("typeof"), known)
        number = len(self.roots) + len(self.children)
        named = attributes.get("resource") or attributes.get("about")
        return _Open(types, f"rdfa[{number}]", named)

    def _value(self, node: LexborNode) -> str | None:
        attributes = node.attributes
        if attributes.get("content") is None and attributes.get("resource"):
            return attributes["resource"]
        if attributes.get("content") is None and attributes.get("datetime"):
            return attributes["datetime"]
        return element_value(node, self.document)


def _prefixes(text: str) -> dict[str, str]:
    words = text.split()
    return {
        name.rstrip(":").lower(): where
        for name, where in zip(words[::2], words[1::2], strict=False)
    }


def _names(text: str | None, prefixes: Mapping[str, str]) -> tuple[str, ...]:
    """Return types or properties without their vocabulary; those of others keep a prefix."""
    found = []
    for word in (text or "").split():
        prefix, colon, rest = word.partition(":")
        if colon and not rest.startswith("//"):
            word = prefixes.get(prefix.lower(), f"{prefix}:") + rest
        found.append(local_name(word))
    return tuple(found)


def read_rdfa(document: Document) -> list[Thing]:
    """Return the things of a page that are not parts of others."""
    root = document.tree.root
    if root is None or "typeof" not in document.text:
        return []
    reader = _Reader(document)
    reader.walk(root, None, _WELL_KNOWN, 0)
    made: dict[int, Thing] = {}
    # Inner things come after those they are parts of: the last are whole first.
    for parent, names, child in reversed(reader.children):
        # Parts of one thing keep their order.
        for name in names:
            parent.properties.setdefault(name, []).insert(0, _made(child, made))
    return [_made(each, made) for each in reader.roots]


def _made(each: _Open, made: dict[int, Thing]) -> Thing:
    known = made.get(id(each))
    if known is None:
        properties = {name: tuple(values) for name, values in each.properties.items()}
        known = Thing(each.types, properties, Syntax.RDFA, each.path, each.id)
        made[id(each)] = known
    return known
