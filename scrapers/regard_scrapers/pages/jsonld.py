"""JSON-LD, block by block: a broken one never costs the good ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from regard_scrapers.pages.things import Syntax, Thing, Value, local_name
from regard_scrapers.pages.tolerant import BrokenBlock, parse_json

__all__ = ["read_json_ld"]

_MOST_DEPTH: Final = 60
_WRAPPED: Final = ("@value", "@id")


@dataclass(slots=True)
class _Reader:
    """Turns parsed JSON into things, and references into what they refer to."""

    by_id: dict[str, Thing] = field(default_factory=dict)

    def thing(self, data: Mapping[str, Any], path: str, depth: int) -> Thing:
        types = tuple(local_name(str(each)) for each in _listed(data.get("@type")))
        properties: dict[str, tuple[Value, ...]] = {}
        for name, given in data.items():
            if name.startswith("@") and name != "@reverse":
                continue
            key = local_name(str(name))
            values = tuple(self._values(given, f"{path}.{key}", depth + 1))
            if values:
                properties[key] = properties.get(key, ()) + values
        named = data.get("@id")
        found = Thing(types, properties, Syntax.JSON_LD, path, str(named) if named else None)
        if found.id and (types or properties):
            self.by_id.setdefault(found.id, found)
        return found

    def _values(self, given: object, path: str, depth: int) -> Iterator[Value]:
        if depth > _MOST_DEPTH:
            return
        many = isinstance(given, list)
        for at, each in enumerate(_listed(given)):
            place = f"{path}[{at}]" if many else path
            if isinstance(each, Mapping):
                if "@value" in each:
                    yield from self._values(each["@value"], place, depth + 1)
                elif "@list" in each or "@set" in each:
                    yield from self._values(each.get("@list", each.get("@set")), place, depth + 1)
                else:
                    yield self.thing(each, place, depth)
            elif isinstance(each, bool | Decimal) or (isinstance(each, str) and each.strip()):
                yield each


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        # A list in a list says no more than its values.
        return [inner for each in value for inner in (each if isinstance(each, list) else [each])]
    return [value]


def read_json_ld(blocks: Iterable[str]) -> tuple[list[Thing], list[str]]:
    """
    Return the things in blocks of JSON-LD, and what was wrong with those that were not read.

    Args:
        blocks: The contents of ``<script type="application/ld+json">``, in their order.
    """
    reader = _Reader()
    things: list[Thing] = []
    problems: list[str] = []
    for number, block in enumerate(blocks):
        path = f"{Syntax.JSON_LD}[{number}]"
        if not block.strip():
            continue
        try:
            values = parse_json(block)
        except BrokenBlock as error:
            problems.append(f"{path}: {error}")
            continue
        things += [reader.thing(data, path, 0) for data in _objects(values)]
    return [_resolved(thing, reader.by_id, set()) for thing in things], problems


def _objects(values: Iterable[object], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the objects at the top, those of a ``@graph`` among them."""
    for value in values:
        if isinstance(value, list) and depth < _MOST_DEPTH:
            yield from _objects(value, depth + 1)
        elif isinstance(value, Mapping):
            graph = value.get("@graph")
            if graph is not None and depth < _MOST_DEPTH:
                yield from _objects(_listed(graph), depth + 1)
            if any(not str(key).startswith("@") for key in value):
                yield value


def _resolved(thing: Thing, by_id: Mapping[str, Thing], above: set[str]) -> Thing:
    """Return a thing in which references are what they refer to."""
    above = above | ({thing.id} if thing.id else set())
    properties: dict[str, tuple[Value, ...]] = {}
    changed = False
    for name, values in thing.properties.items():
        fresh: list[Value] = []
        for value in values:
            if isinstance(value, Thing):
                target = value
                if value.id and not value.properties and value.id not in above:
                    target = by_id.get(value.id, value)
                target = _resolved(target, by_id, above) if len(above) < _MOST_DEPTH else target
                changed = changed or target is not value
                fresh.append(target)
            else:
                fresh.append(value)
        properties[name] = tuple(fresh)
    if not changed:
        return thing
    return Thing(thing.types, properties, thing.syntax, thing.path, thing.id)
