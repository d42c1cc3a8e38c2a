"""A plug-in's own settings: what is handed to it, and whether its Config accepts them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from regard.errors import PluginError
from regard.names import did_you_mean
from regard.settings.faults import Fault, raise_faults
from regard.settings.models import (
    ENRICHER_KEYS,
    HANDED_ON,
    RESERVED_KEYS,
    SourceSettings,
)
from regard.settings.notices import CHANNEL_KEYS
from regard.settings.sentences import explain, key_names

__all__ = ["checked_options", "ignored_keys", "plugin_options", "validate_options"]


_OWN_KEYS: Final = {
    "sources": RESERVED_KEYS,
    "enrichers": ENRICHER_KEYS,
    "notices": CHANNEL_KEYS,
}
"""The host's keys in tables that it shares with plug-ins."""


def plugin_options(settings: SourceSettings, config_class: type[Any] | None) -> dict[str, Any]:
    """
    Return the options that a source's plug-in gets, as they are written.

    These are all keys that are not the host's, and of the host's ``map``, ``profile``,
    ``timezone``, ``basis`` and ``customers`` those that are set and that the plug-in's Config
    declares.

    Args:
        settings: The source's table.
        config_class: The plug-in's Config; None where it has none.
    """
    declared = key_names(config_class)
    options = dict(settings.options)
    for key in HANDED_ON:
        if key in declared and key in settings.model_fields_set:
            options[key] = getattr(settings, key)
    return options


def ignored_keys(settings: SourceSettings, config_class: type[Any] | None) -> list[str]:
    """Return which of ``map`` and ``profile`` are set though the plug-in takes none."""
    declared = key_names(config_class)
    given = settings.model_fields_set
    return [key for key in ("map", "profile") if key in given and key not in declared]


def validate_options(
    config_class: type[Any] | None,
    options: Mapping[str, Any],
    where: str,
    *,
    raw: Mapping[str, Any] | None = None,
    file: Path | None = None,
    text: str = "",
) -> Any:  # noqa: ANN401  # an instance of the plug-in's Config, or the options themselves
    """
    Return a plug-in's options as its Config, or as a dict where it has none.

    Args:
        config_class: A pydantic model, or None.
        options: What `plugin_options` returned, secrets resolved.
        where: The table's path in the file, such as ``sources.crm``.
        raw: The options as they are written: what came from a secret is never shown.
        file: The configuration file, to be named in messages.
        text: Its content, for line numbers.

    Raises:
        ConfigError: A key is unknown or missing, or a value is wrong; one line for each.
        PluginError: The Config is no pydantic model.
    """
    config, faults = checked_options(config_class, options, where, raw=raw)
    # Outside of the except: what pydantic raises repeats every value, secrets too.
    raise_faults(faults, file, text)
    return config


def checked_options(
    config_class: type[Any] | None,
    options: Mapping[str, Any],
    where: str,
    *,
    raw: Mapping[str, Any] | None = None,
) -> tuple[Any, list[Fault]]:
    """
    Return a plug-in's options as its Config, and what is wrong with them.

    Args:
        config_class: As `validate_options` takes it.
        options: As `validate_options` takes them.
        where: The table's path in the file, such as ``sources.crm``.
        raw: The options as they are written.

    Raises:
        PluginError: The Config is no pydantic model.
    """
    if config_class is None:
        return dict(options), []
    if not issubclass(config_class, BaseModel):
        message = f"{where}: the plug-in's Config must be a pydantic model, not {config_class!r}"
        raise PluginError(message)
    path = tuple(where.split("."))
    own_keys = sorted(_OWN_KEYS.get(path[0], ()))
    faults: list[Fault] = []
    config: BaseModel | None = None
    known = key_names(config_class)
    accepted = {*known, *config_class.model_fields}
    # Pydantic drops unknown keys unless told otherwise: a typing mistake would go unnoticed.
    if config_class.model_config.get("extra") != "allow":
        for key in options:
            if key not in accepted:
                near = did_you_mean(key, [*known, *own_keys])
                faults.append(Fault((*path, key), f"there is no such setting{near}"))
    try:
        config = config_class.model_validate(dict(options))
    except ValidationError as error:
        seen = {fault.path for fault in faults}
        told = explain(error, config_class, where=path, raw=raw, also_known=own_keys)
        faults += [fault for fault in told if fault.path not in seen]
    return config, faults
