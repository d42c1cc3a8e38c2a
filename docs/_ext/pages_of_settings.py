"""The reference of regard.toml, from the models that check it."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal, Union, get_args, get_origin

from docstrings import attributes, summary, table
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from regard.host import Host
from regard.mapping.maps import FieldMap, Refund, Skip, ValueSource
from regard.settings.models import RESERVED_KEYS, UNUSED_KEYS, UNUSED_TABLES, Settings

_HEADER = ("key", "written as", "without it", "meaning")

_TABLES: tuple[tuple[str, str], ...] = (
    ("sources", "[sources.NAME]"),
    ("enrichers", "[enrichers.NAME]"),
    ("reports", "[reports.NAME]"),
    ("notices", "[notices.NAME]"),
    ("places", "[places.KEY]"),
    ("competitors", "[competitors.KEY]"),
    ("surveys", "[surveys.NAME]"),
    ("journey", "[journey]"),
    ("themes", "[themes]"),
    ("prices", "[prices]"),
    ("plugins", "[plugins]"),
    ("limits", "[limits]"),
    ("privacy", "[privacy]"),
    ("log", "[log]"),
)
"""Each table with its heading."""

_OWNERS = {"sources": "plug-in", "enrichers": "enricher", "notices": "notifier"}
"""Whose the other keys of a table are."""


def settings() -> str:
    """Return the top level and a section for each table."""
    schema = Settings.model_json_schema()
    tables = {name for name, _ in _TABLES} | set(UNUSED_TABLES)
    top = [name for name in Settings.model_fields if name not in tables]
    parts = ["## Top level\n", _keys(Settings, top, schema)]
    for name, heading in _TABLES:
        if name in UNUSED_TABLES:
            continue
        idle = UNUSED_KEYS.get(name, ())
        model = _model(Settings.model_fields[name].annotation)
        keys = [key for key in model.model_fields if key != "options" and key not in idle]
        parts += [f"## `{heading}`\n", _keys(model, keys, schema["$defs"][model.__name__])]
        if idle:
            parts.append(f"Accepted, but without effect in this version: {_listed(idle)}.\n")
        owner = _OWNERS.get(name)
        if owner is not None:
            parts.append(f"All other keys of the table belong to the {owner}.\n")
        if model.model_config.get("extra") == "allow":
            parts.append("All other keys are names, each with a list of texts.\n")
    parts.append("## What later versions will heed\n")
    parts.append(
        "These keys and tables are accepted and have no effect in this version; `regard check` "
        f"says so where they are used: {_listed(UNUSED_TABLES)}.\n"
    )
    return "\n".join(parts)


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _model(annotation: Any) -> type[BaseModel]:
    """Return the model of a table, or of the tables below it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(_model(part) for part in get_args(annotation) if part is not str)


def _keys(model: type[BaseModel], names: list[str], schema: Mapping[str, Any]) -> str:
    meanings = attributes(model)
    rows = []
    for name in names:
        field = model.model_fields[name]
        key = field.alias or name
        shown = schema["properties"].get(key, {})
        meaning = field.description or meanings.get(name, "")
        rows.append((f"`{key}`", _written(shown), _default(field), meaning))
    return table(_HEADER, rows)


def _written(schema: Mapping[str, Any]) -> str:
    """Return how a value is written, with an example where there is one."""
    text = " or ".join(dict.fromkeys(_shapes(schema))) or "anything"
    examples = [f'`"{example}"`' for example in schema.get("examples", ())]
    for part in schema.get("anyOf", ()):
        examples += [f'`"{example}"`' for example in part.get("examples", ())]
    return f"{text}, such as {' or '.join(examples)}" if examples else text


def _shapes(schema: Mapping[str, Any]) -> Iterator[str]:
    for part in schema.get("anyOf", ()):
        yield from _shapes(part)
    if "enum" in schema:
        yield f"one of {', '.join(f'`{word}`' for word in schema['enum'])}"
    elif "const" in schema:
        yield f"`{schema['const']}`"
    elif "$ref" in schema:
        yield "table"
    elif schema.get("type") == "array":
        inner = dict.fromkeys(_shapes(schema.get("items", {})))
        several = [each if each.startswith("one of") else f"{each}s" for each in inner]
        yield f"list of {' or '.join(several)}" if inner else "list"
    elif schema.get("type") in _NAMES:
        yield _NAMES[schema["type"]]


_NAMES = {
    "string": "text",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "number": "number",
    "object": "table",
}


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or value is None or value == () or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{[*value]}`".replace("'", '"')
    if isinstance(value, timedelta):
        return f'`"{_length(value)}"`'
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _length(value: timedelta) -> str:
    """Return a length of time as the configuration says it."""
    seconds = int(value.total_seconds())
    units = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
    return next(f"{seconds // size}{unit}" for size, unit in units if seconds % size == 0)


def plugin_tables() -> str:
    """Return the settings of what is bundled: sources, reporters and notifiers."""
    host = Host.load(plugin_dir=None, disabled=())
    parts = []
    for name in host.sources:
        source = host.source_class(name)
        parts += [f'## `plugin = "{name}"`\n', f"{summary(source)}\n"]
        parts.append(_own_keys(source.Config))
    for name in host.reporters:
        reporter = host.reporter_class(name)
        parts += [f'## `reporter = "{name}"`\n', f"{summary(reporter)}\n"]
        parts.append("Its `params`:\n")
        parts.append(_own_keys(reporter.Params))
    for name in host.notifiers:
        notifier = host.notifier_class(name)
        parts += [f'## `notifier = "{name}"`\n', f"{summary(notifier)}\n"]
        parts.append(_own_keys(notifier.Config))
    return "\n".join(parts)


def _own_keys(model: type[BaseModel] | None) -> str:
    if model is None:
        return "It has no settings of its own.\n"
    schema = model.model_json_schema()
    own = [name for name in model.model_fields if name not in RESERVED_KEYS]
    taken = [name for name in model.model_fields if name in RESERVED_KEYS]
    text = _keys(model, own, schema)
    if taken:
        text += f"\nIt also heeds {_listed(taken)} of the source's table.\n"
    return text


def map_keys() -> str:
    """Return what a map may say."""
    parts = []
    for model, heading in (
        (FieldMap, ""),
        (ValueSource, "## One place that a value comes from\n"),
        (Skip, "## `skip`\n"),
        (Refund, "## `refund`\n"),
    ):
        if heading:
            parts += [heading, f"{summary(model)}\n"]
        rows = [
            (f"`{field.alias or name}`", _of_type(field.annotation), _default(field), meaning)
            for name, field in model.model_fields.items()
            for meaning in [attributes(model).get(name, "")]
        ]
        parts.append(table(_HEADER, rows))
    return "\n".join(parts)


def _of_type(annotation: Any) -> str:
    """Return how a value of a map is written; its schema would show every short form."""
    if get_origin(annotation) is Literal:
        return f"one of {', '.join(f'`{word}`' for word in get_args(annotation))}"
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return " or ".join(dict.fromkeys(_of_type(part) for part in parts))
    if get_origin(annotation) is tuple:
        return "text or list of texts"
    if get_origin(annotation) is dict:
        return "table"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    return {bool: "`true` or `false`", str: "text"}.get(annotation, "text")
