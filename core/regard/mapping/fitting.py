"""
Whether a map fits the kind of its records, told before there is any file.

A misspelt field, a word that the kind does not have, a day that is none: whoever wrote them
hears of all of them at once, each with its place in the map and the nearest right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from regard.errors import ConfigError, RecordError
from regard.mapping.amounts import DecimalSign
from regard.mapping.formulas import parse_formula
from regard.mapping.headers import fold
from regard.mapping.kinds import fields_of, words_of
from regard.mapping.maps import FieldMap, Scalar, Words
from regard.mapping.steps import Convert, converter
from regard.mapping.times import TimeReader, zone_of
from regard.names import did_you_mean
from regard.records import Kind, kind_named

__all__ = ["Misfit", "misfits", "refuse_misfits"]

Path: TypeAlias = "tuple[str | int, ...]"

_OPT_OUT = re.compile(
    r"opt(?:ed)?[ _-]?out|optedout|unsubscri|do ?not|dnd|no (?:llamar|contactar|enviar)|"
    r"desuscri|desinscri|desabonn|ne pas (?:appeler|contacter|envoyer)|exclu|baja"
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """
    One thing in a map that its kind does not allow.

    Attributes:
        path: Where it stands in the map, as in ``("fields", "amuont")``.
        text: What is wrong and what would be right.
    """

    path: Path
    text: str

    @property
    def place(self) -> str:
        """The place as messages write it."""
        return ".".join(str(part) for part in self.path)


def misfits(spec: FieldMap) -> list[Misfit]:
    """
    Return what in a map does not fit the kind of its records.

    Args:
        spec: A map of the configuration, or a profile.
    """
    try:
        kind = kind_named(spec.kind)
    except ConfigError as error:
        return [Misfit(("kind",), str(error))]
    return list(_Fitting(spec, kind).misfits())


def refuse_misfits(spec: FieldMap) -> None:
    """
    Refuse a map that does not fit, in a validator of a plug-in's Config.

    Raises:
        ValidationError: One fault for each misfit, at its place in the map.
    """
    found = misfits(spec)
    if found:
        faults = [
            InitErrorDetails(
                type=PydanticCustomError("regard", "{text}", {"text": each.text}),
                loc=each.path,
                input=None,
            )
            for each in found
        ]
        raise ValidationError.from_exception_data("map", faults)


class _Fitting:
    """Compares one map with one kind."""

    def __init__(self, spec: FieldMap, kind: Kind) -> None:
        self._spec = spec
        self._kind = kind
        self._fields = fields_of(kind.model)
        self._times = TimeReader(zone_of("UTC"))

    def misfits(self) -> Iterator[Misfit]:
        """Yield what does not fit, the ground first: words may be days."""
        yield from self._moments()
        yield from self._names()
        yield from self._formulas()
        yield from self._consent()
        for field, value in self._spec.constants.items():
            yield from self._value(("constants", field), field, value, decimal=".")
        yield from self._words()

    def _moments(self) -> Iterator[Misfit]:
        zone = zone_of("UTC")
        try:
            zone = zone_of(self._spec.timezone or "UTC")
        except ConfigError as error:
            yield Misfit(("timezone",), str(error).removeprefix("timezone: "))
        try:
            self._times = TimeReader(zone, self._spec.dates)
        except ConfigError as error:
            yield Misfit(("dates",), str(error).removeprefix("dates: "))

    def _names(self) -> Iterator[Misfit]:
        for part in ("fields", "constants", "values", "compute"):
            for field in getattr(self._spec, part):
                if field not in self._fields:
                    near = did_you_mean(field, self._fields)
                    text = f"{field!r} is no field of {self._spec.kind}{near}"
                    yield Misfit((part, field), text)
        for field in self._spec.values:
            if field in self._fields and field not in self._spec.fields:
                yield Misfit(("values", field), f"{field!r} has values but no column in fields")

    def _formulas(self) -> Iterator[Misfit]:
        for field, formula in self._spec.compute.items():
            for name in parse_formula(formula).fields:
                if name not in self._fields:
                    near = did_you_mean(name, self._fields)
                    yield Misfit(("compute", field), f"{name!r} is no field{near}")

    def _consent(self) -> Iterator[Misfit]:
        """Yield columns of refusals that are read as consent without a word on what they mean."""
        for source in self._spec.fields.get("consent", ()):
            explained = source.values or self._spec.values.get("consent")
            for name in source.columns:
                if explained is None and _OPT_OUT.search(fold(name)):
                    text = (
                        f"{name!r} tells who does not want to be contacted; say "
                        'values = {consent = {true = false, "*" = ""}}'
                    )
                    yield Misfit(("fields", "consent"), text)

    def _words(self) -> Iterator[Misfit]:
        for field, words in self._spec.values.items():
            yield from self._meanings(("values", field), field, words)
        for field, sources in self._spec.fields.items():
            for place, source in enumerate(sources):
                path = ("fields", field) if len(sources) == 1 else ("fields", field, place)
                if source.values is not None:
                    yield from self._meanings((*path, "values"), field, source.values)
                if source.constant is not None and not source.values:
                    yield from self._value((*path, "as"), field, source.constant)

    def _meanings(self, path: Path, field: str, words: Words) -> Iterator[Misfit]:
        for word, meaning in words.items():
            if meaning != "":
                yield from self._value((*path, word), field, meaning)

    def _value(
        self,
        path: Path,
        field: str,
        value: Scalar,
        decimal: DecimalSign | None = None,
    ) -> Iterator[Misfit]:
        """Yield why a field cannot hold a value; of an unknown field that was said already."""
        if field not in self._fields:
            return
        try:
            made = self._convert(field, decimal or self._spec.decimal)(value)
        except RecordError as error:
            yield Misfit(path, f"{field}: {error}")
            return
        allowed = words_of(self._kind.model.model_fields[field].annotation)
        if allowed and isinstance(made, str) and made not in allowed:
            near = did_you_mean(made, allowed)
            yield Misfit(path, f"{made!r} is no {field} of {self._spec.kind}{near}")

    def _convert(self, field: str, decimal: DecimalSign | None) -> Convert:
        return converter(self._fields[field], self._times, decimal)
