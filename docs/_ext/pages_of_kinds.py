"""The reference of record kinds, from their classes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args, get_origin

from docstrings import attributes, summary, table

from regard.mapping.kinds import ValueType, value_type
from regard.records import KINDS, Kind
from regard.records.rows import Historic, Stored

_TYPES = {
    ValueType.TEXT: "text",
    ValueType.EMAIL: "text, an e-mail address",
    ValueType.COUNTRY: "text, a country",
    ValueType.CURRENCY: "text, ISO 4217",
    ValueType.NUMBER: "decimal",
    ValueType.MONEY: "decimal, money",
    ValueType.INTEGER: "whole number",
    ValueType.FLAG: "yes or no",
    ValueType.FLAG_OR_TEXT: "yes, no or text",
    ValueType.DAY: "day",
    ValueType.TIME: "aware time",
}


def kinds() -> str:
    """Return a section for each kind."""
    return "\n".join(_kind(kind) for kind in KINDS.values())


def _kind(kind: Kind) -> str:
    meanings = attributes(kind.model)
    rows = [
        (f"`{name}`", _type(kind, name), kind.pii(name), meanings.get(name, ""))
        for name in kind.fields
    ]
    mode = "history: each version is a row with its period" if kind.historic else "upsert"
    return "\n".join(
        (
            f"(kind-{kind.name})=\n## `{kind.name}`\n",
            f"{summary(kind.model)}\n",
            f"Table `{kind.table.name}`; mode {mode}.\n",
            table(("field", "type", "PII class", "meaning"), rows),
        )
    )


def _type(kind: Kind, name: str) -> str:
    annotation = kind.model.model_fields[name].annotation
    words = _words(annotation)
    return (
        f"one of {', '.join(f'`{word}`' for word in words)}" if words else _plain(name, annotation)
    )


def _plain(name: str, annotation: object) -> str:
    return _TYPES[value_type(name, annotation)]


def _words(annotation: object) -> tuple[str, ...]:
    """Return the words of a closed set, wherever in the annotation they stand."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(word for part in get_args(annotation) for word in _words(part))


def store_columns() -> str:
    """Return the columns that the store adds to every kind, and to those with history."""
    beside = _columns(Stored, ())
    history = _columns(Historic, tuple(Stored.model_fields))
    return f"{beside}\nKinds in history mode have three more.\n\n{history}"


def _columns(row: type[Stored], without: tuple[str, ...]) -> str:
    meanings = attributes(row)
    rows = []
    for name, field in row.model_fields.items():
        if name not in without:
            rows.append((f"`{name}`", _stored_type(field.annotation), meanings[name]))
    return table(("column", "type", "meaning"), rows)


def _stored_type(annotation: object) -> str:
    names = {str: "text", int: "whole number", datetime: "aware time", date: "day"}
    parts = get_args(annotation) or (annotation,)
    return next(names[part] for part in parts if part in names)
