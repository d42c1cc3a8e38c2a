"""What the models of all tables have in common: strictness, and checks that say what is right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from regard.schedules import write_duration
from regard.settings import checks

__all__ = ["AnyTable", "Duration", "Table", "Texts", "as_texts", "checked", "type_of"]

T = TypeVar("T")

_FAULT: Final = "regard"
"""Pydantic's name for the faults that we find ourselves."""


def checked(check: Callable[[object], T]) -> Callable[[object], T]:
    """Return a check whose sentence reaches the reader as it is."""

    def validate(value: object) -> T:
        try:
            return check(value)
        except ValueError as error:
            context = {"text": str(error)}
            raise PydanticCustomError(_FAULT, "{text}", context) from error

    return validate


def type_of(check: Callable[[object], T], **schema: object) -> tuple[Any, Any]:
    """Return what makes a text's type of a check, with its JSON Schema."""
    return PlainValidator(checked(check)), WithJsonSchema({"type": "string", **schema})


def as_texts(value: object) -> object:
    """Return one text, or TOML's list of them, as a tuple; anything else as it is."""
    # `aliases = "X"` can only mean one alias; a strict tuple would refuse TOML's lists.
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


_DURATION_PATTERN = "^[0-9]+[smhd]$"
Duration = Annotated[
    timedelta,
    *type_of(checks.check_duration, pattern=_DURATION_PATTERN, examples=["6h"]),
    PlainSerializer(write_duration, return_type=str, when_used="json"),
]
"""A length of time, written ``90s``, ``15m``, ``6h`` or ``1d``."""

Texts = Annotated[tuple[str, ...], BeforeValidator(as_texts)]
AnyTable = dict[str, Any]


class Table(BaseModel):
    """A table with known keys only, and without silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
