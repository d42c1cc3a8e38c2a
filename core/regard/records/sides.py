"""
Side tables: what enrichers add to records, each row beside one record.

An enricher declares a class for each; the class is the one definition, as with the kinds. What
it comes to, names and types, is a plain value that the store remembers. So whoever reads or
erases needs no plug-in.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, ValidationError
from sqlalchemy import BigInteger, Boolean, Column, Date, Index, MetaData, Table, Text
from sqlmodel import UTCDateTime

from regard.enrichers import Enricher, works_on_sets
from regard.errors import PluginError, RecordError
from regard.names import did_you_mean
from regard.records.encoding import Encoded, Encoder
from regard.records.registry import KINDS
from regard.records.types import Millionths

__all__ = ["PREFIX", "Declared", "Output", "SideTable", "declared"]

PREFIX: Final = "side_"
"""What the store puts before the names of side tables; no other table begins with it."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_PLACE: Final = ("kind", "source", "key")
_OURS: Final = frozenset(
    {*_PLACE, "content_hash", "batch_id", "run_id", "deleted_at", "extra"}
    | {"valid_from", "valid_to", "observed_at", "last_seen_at"}
)
"""Names of columns that mean the same in every table."""
_TAKEN: Final = frozenset(
    {"surveys", "journey", "themes", "bundled_themes", "customer_sources", "matches", "our_prices"}
    | {"place_names", "competitor_names"}
)
"""What views call what the configuration knows; see `regard.columns.naming`."""

_WORDS: Final[Mapping[Any, str]] = {
    str: "text",
    int: "integer",
    bool: "flag",
    Decimal: "number",
    datetime: "time",
    AwareDatetime: "time",
    date: "day",
}
_TYPES: Final[Mapping[str, Any]] = {
    "text": Text,
    "integer": BigInteger,
    "flag": Boolean,
    "number": Millionths,
    "time": UTCDateTime,
    "day": Date,
}

_OWN_CHECKS: Final = ("value_error", "assertion_error")
"""What Pydantic calls errors of a class's own validators, whose words may quote the value."""


@dataclass(frozen=True, slots=True)
class SideTable:
    """
    A side table, as the store remembers it.

    Attributes:
        name: What queries call it.
        fields: Its own fields and their types, in their order: ``text``, ``integer``,
            ``number``, ``time``, ``day`` or ``flag``.
    """

    name: str
    fields: tuple[tuple[str, str], ...]

    @property
    def stored_name(self) -> str:
        """What the store calls it."""
        return f"{PREFIX}{self.name}"

    @property
    def table(self) -> Table:
        """The table it is stored in."""
        return _table(self)

    def encoder(self) -> Encoder:
        """Return the encoder of its rows; made once."""
        return _encoder(self)


@cache
def _encoder(side: SideTable) -> Encoder:
    return Encoder([side.table.c[name] for name, _ in side.fields])


@cache
def _table(side: SideTable) -> Table:
    # Metadata of its own: two shapes of one name may be known in one process.
    return Table(
        side.stored_name,
        MetaData(),
        *(Column(name, Text, primary_key=True) for name in _PLACE),
        Column("content_hash", Text, nullable=False),
        Column("batch_id", BigInteger, nullable=False),
        Column("run_id", BigInteger, nullable=False),
        Column("deleted_at", UTCDateTime, nullable=True),
        *(Column(name, _TYPES[word], nullable=True) for name, word in side.fields),
        Index(f"ix_{side.stored_name}_batch_id", "batch_id"),
    )


@dataclass(frozen=True, slots=True)
class Output:
    """
    A side table with the class that declares it.

    Attributes:
        side: The table.
        model: The class; it validates rows.
    """

    side: SideTable
    model: type[BaseModel]

    def encode(self, key: str, values: Mapping[str, Any]) -> Encoded:
        """
        Return a row as it is stored.

        Args:
            key: The record's key.
            values: The fields, as they were yielded.

        Raises:
            PluginError: It is not as the class declares it.
        """
        name = self.model.__name__
        for field in sorted(values.keys() - self.model.model_fields.keys(), key=repr):
            if not str(field).isidentifier():
                # Made of what stands in a record, perhaps: it is not repeated.
                message = f"{name} has no field of one of the names that were yielded"
                raise PluginError(message)
            message = (
                f"{name} has no field {field!r}{did_you_mean(field, self.model.model_fields)}"
            )
            raise PluginError(message)
        try:
            checked = self.model.model_validate(dict(values))
        except ValidationError as error:
            raise PluginError(_said(name, error)) from None
        # In the order of their names, as content is hashed.
        given = {field: getattr(checked, field) for field, _ in self.side.fields}
        for field, value in given.items():
            if isinstance(value, datetime) and value.tzinfo is None:
                message = f"{name}.{field}: the time has no zone; yield aware times"
                raise PluginError(message)
        try:
            return self.side.encoder().encode(key, "", given)
        except RecordError as error:
            # What concerns a whole row begins with no field.
            message = f"{name}{'.' if error.field else ': '}{error}"
            raise PluginError(message) from error


def _said(name: str, error: ValidationError) -> str:
    """Return what is wrong with a row, without its values."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join([name, *(str(step) for step in first["loc"])])
    if first["type"] in _OWN_CHECKS:
        return f"{place}: a validator of the class refuses it"
    return f"{place}: {first['msg'].replace('Input should be', 'must be', 1)}"


@dataclass(frozen=True, slots=True)
class Declared:
    """
    What an enricher declares.

    Attributes:
        inputs: The kinds that it reads.
        outputs: Its side tables.
        after: Enrichers that go before it.
        version: As text.
        sets: Whether it makes its side tables whole.
    """

    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    after: tuple[str, ...]
    version: str
    sets: bool


def declared(found: type[Enricher[Any]]) -> Declared:
    """
    Return what an enricher declares.

    Raises:
        PluginError: It cannot be used as it is; the message says what would be right.
    """
    sets = works_on_sets(found)
    if sets == (found.enrich is not Enricher.enrich):
        how = "both enrich and enrich_all" if sets else "neither enrich nor enrich_all"
        message = f"it defines {how}; one of them is needed"
        raise PluginError(message)
    inputs = _names(found.inputs, "inputs")
    for kind in inputs:
        if kind not in KINDS:
            message = (
                f"its inputs name {kind!r}, which is no record kind{did_you_mean(kind, KINDS)}"
            )
            raise PluginError(message)
    if not inputs:
        message = 'it has no inputs; name the kinds that it reads, such as ("purchase",)'
        raise PluginError(message)
    outputs = tuple(_outputs(found.outputs))
    version: object = found.version
    if not isinstance(version, str | int) or isinstance(version, bool) or version == "":
        message = f"its version is {version!r}; it must be a text or a whole number"
        raise PluginError(message)
    return Declared(inputs, outputs, _names(found.after, "after"), str(version), sets)


def _names(given: object, what: str) -> tuple[str, ...]:
    if not isinstance(given, tuple | list) or not all(isinstance(item, str) for item in given):
        message = f'its {what} must be a tuple of names, such as ("purchase",), not {given!r}'
        raise PluginError(message)
    return tuple(dict.fromkeys(given))


def _outputs(given: object) -> Iterator[Output]:
    if not isinstance(given, tuple | list) or not given:
        message = "it has no outputs; give a class for each of its side tables"
        raise PluginError(message)
    seen: set[str] = set()
    for model in given:
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            message = f"its outputs hold {model!r}; each must be a class of Pydantic or SQLModel"
            raise PluginError(message)
        output = Output(_side(model), model)
        if output.side.name in seen:
            message = f"two of its outputs are called {output.side.name!r}"
            raise PluginError(message)
        seen.add(output.side.name)
        yield output


def _side(model: type[BaseModel]) -> SideTable:
    title = model.__name__
    if hasattr(model, "__table__"):
        message = f"{title} is a table; side tables are made by regard: leave out table=True"
        raise PluginError(message)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", title).lower()
    tables = {kind.table.name for kind in KINDS.values()}
    if not _NAME.fullmatch(name) or name in _TAKEN or name.removesuffix("_history") in tables:
        message = f"{title} would be the side table {name!r}, which is no name or is taken"
        raise PluginError(message)
    fields = tuple((field, _word(title, field, info.annotation)) for field, info in _fields(model))
    if not fields:
        message = f"{title} has no fields"
        raise PluginError(message)
    return SideTable(name, fields)


def _fields(model: type[BaseModel]) -> Sequence[tuple[str, Any]]:
    for name in model.model_fields:
        if not _NAME.fullmatch(name) or name in _OURS:
            why = "regard uses it" if name in _OURS else "write small letters, digits and _"
            message = f"{model.__name__}.{name} cannot be the name of a field: {why}"
            raise PluginError(message)
    return list(model.model_fields.items())


def _word(title: str, field: str, annotation: Any) -> str:  # noqa: ANN401  # any type there is
    """Return the word for the type of a field."""
    words = {_word_of(each) for each in _alternatives(annotation)}
    word = words.pop() if len(words) == 1 else None
    if word is None:
        shown = getattr(annotation, "__name__", str(annotation))
        hint = "; a number is a Decimal" if annotation in (float, float | None) else ""
        message = (
            f"{title}.{field} is declared as {shown}; it must be str, int, bool, Decimal, "
            f"datetime or date, or None beside one of them{hint}"
        )
        raise PluginError(message)
    return word


def _alternatives(annotation: Any) -> Iterator[Any]:  # noqa: ANN401
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for each in get_args(annotation):
            if each is not type(None):
                yield from _alternatives(each)
    elif origin is Literal:
        yield from (type(each) for each in get_args(annotation))
    else:
        yield annotation


def _word_of(annotation: Any) -> str | None:  # noqa: ANN401
    try:
        return _WORDS.get(annotation)
    except TypeError:  # what cannot be a key is no type of ours
        return None
