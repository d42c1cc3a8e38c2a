"""The JSON Schema of regard.toml, from which editors complete and check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from regard.settings.models import HANDED_ON, Settings

__all__ = ["json_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(
    configs: Mapping[str, type[BaseModel]] | None = None,
    notifiers: Mapping[str, type[BaseModel]] | None = None,
) -> dict[str, Any]:
    """
    Return the JSON Schema (draft 2020-12) of the whole file.

    Args:
        configs: The Config of plug-ins by name; a source's table is also checked against the
            one that its ``plugin`` names.
        notifiers: The Config of notifiers by name, for the tables of notices.
    """
    schema = Settings.model_json_schema(mode="validation")
    source = _shared(schema, "SourceSettings", "One source: the host's keys, and its plug-in's.")
    rules = []
    for name, config in sorted((configs or {}).items()):
        place = f"plugin-{name}"
        schema["$defs"][place] = _plugin_schema(config, place)
        rules.append({"if": _says("plugin", name), "then": {"$ref": f"#/$defs/{place}"}})
    if rules:
        source["allOf"] = rules
    _shared(schema, "EnricherSettings", "One enricher: the host's keys, and its own.")
    channel = _shared(
        schema, "NoticesSettings", "One channel: the host's keys, and its notifier's."
    )
    rules = []
    for name, config in sorted((notifiers or {}).items()):
        place = f"notifier-{name}"
        schema["$defs"][place] = _plugin_schema(config, place)
        by_key = {"required": [name], "not": {"required": ["notifier"]}}
        named = {"anyOf": [_says("notifier", name), by_key]}
        rules.append({"if": named, "then": {"$ref": f"#/$defs/{place}"}})
    if rules:
        channel["allOf"] = rules
    for found in schema["$defs"].values():
        found.pop("title", None)
    return {"$schema": _DIALECT, "title": "regard.toml", **_without_title(schema)}


def _shared(schema: dict[str, Any], model: str, description: str) -> dict[str, Any]:
    """Return the schema of a table that the host shares with a plug-in, open for its keys."""
    found: dict[str, Any] = schema["$defs"][model]
    # `options` is ours only: in the file its keys stand in the table itself.
    del found["properties"]["options"]
    found["additionalProperties"] = True
    found["description"] = description
    return found


def _says(key: str, value: str) -> dict[str, Any]:
    return {"properties": {key: {"const": value}}, "required": [key]}


def _without_title(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "title"}


def _plugin_schema(config: type[BaseModel], place: str) -> dict[str, Any]:
    schema = config.model_json_schema(ref_template=f"#/$defs/{place}/$defs/{{model}}")
    # The table holds the host's keys too, and those are checked already.
    schema.pop("additionalProperties", None)
    for key in HANDED_ON:
        schema.get("properties", {}).pop(key, None)
    required = [key for key in schema.pop("required", []) if key not in HANDED_ON]
    return {**schema, "required": required} if required else schema
