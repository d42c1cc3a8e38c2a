"""From a table of the configuration to a source that can be read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from regard.errors import ConfigError, PluginError, RegardError
from regard.host import Host
from regard.host.printing import prints_aside
from regard.names import did_you_mean
from regard.pipeline.batching import Identify
from regard.pipeline.stopping import Broken
from regard.privacy import find_identifiers, identifier_hash
from regard.secrets import resolve
from regard.settings import Project, SourceSettings, plugin_options, validate_options
from regard.sources import Source, Stream
from regard.store.quarantine import Raw

__all__ = ["Prepared", "defaults_of", "identifier", "prepare", "settings_of"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    A configured source, ready to be read.

    Attributes:
        name: Its name in the configuration.
        settings: Its table.
        source: The plug-in's object.
        plugin: The plug-in that brings it.
        version: That plug-in's version, where it has one.
        digest: Tells whether two runs had the same settings; secrets are not part of it.
    """

    name: str
    settings: SourceSettings
    source: Source[Any]
    plugin: str
    version: str | None
    digest: str


def settings_of(project: Project, name: str) -> SourceSettings:
    """
    Return a source's table.

    Raises:
        ConfigError: There is no such source.
    """
    sources = project.settings.sources
    if name in sources:
        return sources[name]
    message = f"there is no source {name!r} in {project.path.name}{did_you_mean(name, sources)}"
    raise ConfigError(message)


def prepare(project: Project, host: Host, name: str) -> Prepared:
    """
    Make a configured source: find its class, resolve its secrets, validate its options.

    Raises:
        ConfigError: There is no such source, or its options are wrong.
        PluginError: No working plug-in brings its class.
        SecretError: A secret that it refers to is missing.
    """
    settings = settings_of(project, name)
    where = f"sources.{name}"
    found = host.source_class(settings.plugin)
    entry = host.source_entry(settings.plugin)
    raw = plugin_options(settings, found.Config)
    options = resolve(raw, where=where, root=project.root, resolver=host.resolve_secret)
    config = validate_options(
        found.Config, options, where, raw=raw, file=project.path, text=project.text
    )
    # Without warnings: durations are dumped in their own form, not in Pydantic's.
    values = settings.model_dump(mode="json", warnings=False)
    text = json.dumps(values, sort_keys=True, default=str)
    digest = sha256(text.encode()).hexdigest()[:16]
    source = _made(found, config, entry.plugin)
    return Prepared(name, settings, source, entry.plugin, entry.version, digest)


def _made(found: type[Source[Any]], config: Any, plugin: str) -> Source[Any]:  # noqa: ANN401
    try:
        with prints_aside():
            return found(config)
    except (KeyboardInterrupt, Broken, RegardError):
        raise
    except BaseException as error:  # a plug-in may raise anything, also exit
        # The error's own text may quote the secrets that it was given.
        message = f"the plug-in {plugin} has a bug: its source raises {type(error).__name__}"
        raise PluginError(message) from error


def defaults_of(prepared: Prepared, stream: Stream) -> dict[str, Any]:
    """Return what the source's table says about every record of a stream."""
    basis = prepared.settings.basis
    return {"basis": basis} if basis and stream.kind == "purchase" else {}


def identifier(key: bytes, limit: int = 50) -> Identify:
    """
    Return what finds the identifiers in a refused payload, as keyed hashes.

    Args:
        key: The project's privacy key.
        limit: At most so many of one payload.
    """

    def identify(raw: Raw) -> tuple[str, ...]:
        if isinstance(raw, str):
            texts = [raw]
        else:
            texts = [str(value) for value in raw.values() if value is not None]
        found = {
            identifier_hash(item.kind, item.text, key)
            for text in texts
            for item in find_identifiers(text[:100_000])
        }
        return tuple(sorted(found)[:limit])

    return identify
