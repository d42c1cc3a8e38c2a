"""
What pydantic's faults mean for somebody who looks at the file.

Pydantic knows what is wrong and where; here it is told which keys there are, what was
probably meant, and that a secret is never repeated.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin

from regard.names import did_you_mean
from regard.settings.faults import Fault
from regard.settings.lines import TablePath
from regard.settings.showing import has_reference, may_show, show

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = ["explain", "key_names"]

_EXPECTED: Final = {
    **dict.fromkeys(("string_type", "string_sub_type"), 'a text in quotes, such as "x"'),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("decimal_type", "decimal_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("dict_type", "model_type", "dataclass_type"), "a table"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type"), 'a list, such as ["a", "b"]'),
    "string_too_short": "a longer text",
}
_NOT_SHOWN: Final = "its value is not accepted (not shown: it may be a secret)"


@dataclass(frozen=True, slots=True)
class _Told:
    """What pydantic tells of one fault, and whether its value may be shown."""

    kind: str
    location: TablePath
    value: object
    message: str
    context: Mapping[str, Any]
    hidden: bool


def explain(
    error: ValidationError,
    model: type[BaseModel],
    *,
    where: TablePath = (),
    raw: Mapping[str, Any] | None = None,
    also_known: Sequence[str] = (),
) -> list[Fault]:
    """
    Return a failed validation as faults, one for each place.

    Args:
        error: What pydantic raised.
        model: The model that was validated against.
        where: The path of the table in the file.
        raw: The table as it is written, secrets not resolved; a value that came from one is
            not shown.
        also_known: Further keys that the table itself may have.
    """
    faults: dict[TablePath, Fault] = {}
    for told in error.errors(include_url=False):
        location = _without_branches(told["loc"], model)
        value = told.get("input")
        hidden = (
            has_reference(_written(raw, location))
            or not may_show((*where, *location), value)
            or "SecretStr" in repr(_type_at(model, location))
        )
        fault = _Told(told["type"], location, value, told["msg"], told.get("ctx") or {}, hidden)
        place = location[:-1] if fault.kind == "missing" else location
        if fault.kind == "missing":
            sentence = _missing(str(location[-1]), _written(raw, place) or value)
        else:
            sentence = _sentence(fault, model, also_known)
        # A union tells one fault for each branch; one sentence per place is what helps.
        faults.setdefault(location, Fault((*where, *place), sentence))
    return list(faults.values())


def key_names(model: object) -> list[str]:
    """Return the keys that a model's table may have, aliases in place of names."""
    fields = getattr(model, "model_fields", None) or {}
    return [field.alias or name for name, field in fields.items()]


def _sentence(fault: _Told, model: type[BaseModel], also_known: Sequence[str]) -> str:
    """Return what is wrong and what would be right."""
    if fault.kind == "extra_forbidden":
        return _unknown(fault, model, also_known)
    if fault.kind in _EXPECTED:
        instead = "" if fault.hidden else f", not {show(fault.value)}"
        return f"must be {_EXPECTED[fault.kind]}{instead}"
    if fault.kind == "regard-unshown":
        # A check that promises never to repeat the value.
        return str(fault.context["text"])
    if fault.hidden:
        # A check's own sentence could repeat the value.
        return _NOT_SHOWN
    if fault.kind == "regard":
        return str(fault.context["text"])
    if fault.kind in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'", str(fault.context.get("expected", "")))
        return f"{show(fault.value)} is not known here{did_you_mean(str(fault.value), known)}"
    message = fault.message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{show(fault.value)} is not accepted: {message[:1].lower()}{message[1:]}"


def _missing(name: str, table: object) -> str:
    keys = [str(key) for key in table] if isinstance(table, dict) else []
    near = did_you_mean(name, keys)
    if near.startswith("; did you mean"):
        return f"{name!r} is missing; is {near.split(' ')[-1].rstrip('?')} meant for it?"
    return f"{name!r} is missing"


def _unknown(fault: _Told, model: type[BaseModel], also_known: Sequence[str]) -> str:
    name = str(fault.location[-1])
    known = key_names(_plain(_type_at(model, fault.location[:-1])))
    if len(fault.location) == 1:
        known += also_known
    return f"there is no such setting{did_you_mean(name, known)}"


def _written(table: object, location: TablePath) -> object:
    """Return what stands at a place in the file, or the last thing on the way there."""
    for part in location:
        if isinstance(table, Mapping):
            inner = table.get(part, table)
        elif isinstance(table, list) and isinstance(part, int):
            inner = table[part] if part < len(table) else table
        else:
            break
        table = inner
    return table


def _plain(annotation: object) -> object:
    """Take ``Optional`` and ``Annotated`` off a type; of several, the model is meant."""
    if get_origin(annotation) in (Union, types.UnionType):
        options = [_plain(one) for one in get_args(annotation) if one is not type(None)]
        return next((one for one in options if hasattr(one, "model_fields")), options[0])
    if hasattr(annotation, "__metadata__"):
        return _plain(get_args(annotation)[0])
    return annotation


def _type_at(model: object, location: TablePath) -> object:
    """Return the type at a place below a model, or None where it cannot be told."""
    current: object = model
    for part in location:
        current = _plain(current)
        if hasattr(current, "model_fields"):
            fields = current.model_fields
            current = next(
                (f.annotation for name, f in fields.items() if part in (name, f.alias)), None
            )
            continue
        inner = [one for one in get_args(current) if one is not Ellipsis]
        current = inner[-1] if inner else None
    return current


def _without_branches(told: Sequence[int | str], model: type[BaseModel]) -> TablePath:
    """Take the names of union branches out of a place that pydantic tells."""
    place: list[str | int] = []
    for part in told:
        owner = _plain(_type_at(model, tuple(place)))
        table = hasattr(owner, "model_fields") or dict in (owner, get_origin(owner))
        if part != "[key]" and (table or isinstance(part, int) or not place):
            place.append(part)
    return tuple(place)
