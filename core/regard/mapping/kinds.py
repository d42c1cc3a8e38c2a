"""
What sort of value each field of a record kind holds.

A map says which column fills a field; how the column's text is read follows from the field.
The sorts are derived from the record kinds themselves, so a plug-in's own kind needs nothing
more than its model.
"""

from __future__ import annotations

import types
import typing
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["ValueType", "fields_of", "value_type", "words_of"]


class ValueType(StrEnum):
    """How the text of a cell becomes the value of a field."""

    TEXT = "text"
    EMAIL = "email"
    COUNTRY = "country"
    CURRENCY = "currency"
    NUMBER = "number"
    MONEY = "money"
    INTEGER = "integer"
    FLAG = "flag"
    FLAG_OR_TEXT = "flag or text"
    DAY = "day"
    TIME = "time"


_MONEY = {"amount", "discount", "list_price", "price", "shipping", "unit_price"}
_BY_NAME = {
    "country": ValueType.COUNTRY,
    "currency": ValueType.CURRENCY,
    "email": ValueType.EMAIL,
}


def _classes(annotation: Any) -> list[Any]:  # noqa: ANN401  # any annotation
    """Return the classes that an annotation such as ``Annotated[Decimal, ...] | None`` allows."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _classes(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [each for part in typing.get_args(annotation) for each in _classes(part)]
    if origin is typing.Literal:
        return [type(each) for each in typing.get_args(annotation)]
    return [] if annotation is type(None) else [annotation]


def value_type(name: str, annotation: Any) -> ValueType:  # noqa: ANN401  # any annotation
    """Return how cells are read for a field of this name and annotation."""
    classes = [each for each in _classes(annotation) if isinstance(each, type)]
    # Pydantic's AwareDatetime and its siblings are marks, no subclasses of datetime.
    times = [each for each in classes if each.__name__.endswith("Datetime")]
    classes = [datetime if each in times else each for each in classes]

    def allows(wanted: type) -> bool:
        return any(issubclass(each, wanted) for each in classes)

    if allows(bool):
        return ValueType.FLAG_OR_TEXT if allows(str) else ValueType.FLAG
    if allows(datetime):
        return ValueType.TIME
    if allows(date):
        return ValueType.DAY
    if allows(Decimal):
        return ValueType.MONEY if name in _MONEY else ValueType.NUMBER
    if allows(int):
        return ValueType.INTEGER
    return _BY_NAME.get(name, ValueType.TEXT)


def words_of(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401  # any annotation
    """Return the only words that a field of this annotation may hold; empty: any."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return words_of(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return tuple(word for part in typing.get_args(annotation) for word in words_of(part))
    if origin is typing.Literal:
        return tuple(str(each) for each in typing.get_args(annotation))
    return ()


def fields_of(model: type[BaseModel]) -> dict[str, ValueType]:
    """Return the fields of a record kind's model, each with its sort of value."""
    return {name: value_type(name, field.annotation) for name, field in model.model_fields.items()}
