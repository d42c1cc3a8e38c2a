"""Asking whether sources can be read: by their tables alone, and by what they themselves know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from regard.clock import Clock
from regard.errors import ConfigError, PluginError, RegardError, SecretError
from regard.host import Host
from regard.host.printing import prints_aside
from regard.mapping import load_profiles, profile_named
from regard.names import did_you_mean
from regard.pipeline.context import RunContext
from regard.pipeline.fetching import onlooker_of
from regard.pipeline.inputs import Inputs
from regard.pipeline.preparing import Prepared, prepare
from regard.pipeline.streams import explain
from regard.records import KINDS
from regard.records.sides import Declared, declared
from regard.secrets import references, resolve
from regard.settings import Project, checked_options, ignored_keys, plugin_options
from regard.settings.faults import Fault, raise_faults
from regard.settings.paths import Remote, paths_of

__all__ = [
    "check_source",
    "enricher_faults",
    "missing_secrets",
    "option_faults",
    "require_valid",
    "require_valid_enrichers",
    "source_faults",
]


def require_valid(project: Project, host: Host, names: Iterable[str]) -> None:
    """
    Refuse what is wrong in the tables of sources, before any of them is read.

    A plug-in that is missing or broken is not refused here: it fails only its own sources.

    Args:
        project: The project.
        host: Its plug-ins.
        names: The sources that are wanted.

    Raises:
        ConfigError: All that is wrong, one line for each fault with its place in the file.
    """
    faults = [fault for name in names for fault in source_faults(project, host, name)]
    raise_faults(faults, project.path, project.text)


def source_faults(project: Project, host: Host, name: str) -> list[Fault]:
    """Return what is wrong in a source's table; nothing where its plug-in cannot be had."""
    settings = project.settings.sources[name]
    try:
        config_class = host.source_class(settings.plugin).Config
    except PluginError:
        return []
    faults = [
        Fault(("sources", name, key), f"the plug-in {settings.plugin!r} takes no {key}")
        for key in ignored_keys(settings, config_class)
    ]
    faults += _unknown_words(project, name)
    options = plugin_options(settings, config_class)
    faults += option_faults(config_class, options, f"sources.{name}", project, host)
    if "profile" in options:
        faults += _unknown_profile(str(options["profile"]), ("sources", name, "profile"), host)
    return faults


def require_valid_enrichers(project: Project, host: Host, names: Iterable[str]) -> None:
    """
    Refuse what is wrong in the tables of enrichers, before any of them is run.

    Raises:
        ConfigError: All that is wrong, one line for each fault with its place in the file.
    """
    faults = [fault for name in names for fault in enricher_faults(project, host, name)]
    raise_faults(faults, project.path, project.text)


def enricher_faults(project: Project, host: Host, name: str) -> list[Fault]:
    """Return what is wrong in an enricher's table; nothing where its plug-in cannot be had."""
    place = ("enrichers", name)
    tables = project.settings.enrichers
    known: dict[str, Declared] = {}
    for each in tables:
        with suppress(PluginError):
            known[each] = declared(host.enricher_class(each))
    if name not in known:
        return []
    found, options = known[name], tables[name].options
    config_class = host.enricher_class(name).Config
    faults = option_faults(config_class, options, f"enrichers.{name}", project, host)
    faults += [
        Fault(place, f"it builds on {other!r}, which has no table [enrichers.{other}]")
        for other in found.after
        if other not in tables
    ]
    if name in _above(name, known):
        faults.append(Fault(place, "it builds on itself, by way of others"))
    own = {output.side.name for output in found.outputs}
    for other, theirs in known.items():
        shared = own & {output.side.name for output in theirs.outputs}
        if other < name and shared:
            text = f"its side table {min(shared)!r} is one of [enrichers.{other}], too"
            faults.append(Fault(place, text))
    return faults


def _above(name: str, known: Mapping[str, Declared]) -> set[str]:
    """Return all enrichers that one builds on, directly or by way of others."""
    above: set[str] = set()
    ways = [name]
    while ways:
        for other in known[ways.pop()].after:
            if other not in above and other in known:
                above.add(other)
                ways.append(other)
    return above


def _unknown_words(project: Project, name: str) -> Iterator[Fault]:
    """Yield the kinds that a source's table names and that do not exist."""
    for kind in project.settings.sources[name].counts or ():
        if kind not in KINDS:
            text = f"{kind!r} is no record kind{did_you_mean(kind, KINDS)}"
            yield Fault(("sources", name, "counts"), text)


def option_faults(
    config_class: type[Any] | None,
    options: dict[str, Any],
    where: str,
    project: Project,
    host: Host,
) -> list[Fault]:
    """
    Return what is wrong with a plug-in's options and with the secrets in them.

    Args:
        config_class: The plug-in's Config or Params.
        options: As they are written.
        where: Their table's path, such as ``sources.crm``.
        project: The project.
        host: Its plug-ins.
    """
    missing = list(missing_secrets(options, where, project, host))
    if missing:
        return missing
    resolved = resolve(options, where=where, root=project.root, resolver=host.resolve_secret)
    try:
        return checked_options(config_class, resolved, where, raw=options)[1]
    except Exception:  # noqa: BLE001  # a bug of the plug-in: it fails when it is made
        return []


def missing_secrets(value: object, where: str, project: Project, host: Host) -> Iterator[Fault]:
    """Yield the secrets that a value refers to and that cannot be resolved."""
    for place, reference in references(value, where):
        text = f"${{{reference}}}"
        try:
            resolve(text, where=place, root=project.root, resolver=host.resolve_secret)
        except SecretError as error:
            parts = (part for part in re.split(r"[.\[\]]", place) if part)
            path = tuple(int(part) if part.isdigit() else part for part in parts)
            yield Fault(path, str(error).removeprefix(f"{place}: "))


def _unknown_profile(name: str, path: tuple[str, ...], host: Host) -> list[Fault]:
    try:
        profiles = load_profiles(host.profiles)
    except ConfigError:
        return []  # a plug-in's: it fails whoever reads files
    try:
        profile_named(name, profiles)
    except ConfigError as error:
        return [Fault(path, str(error))]
    return []


def check_source(project: Project, host: Host, name: str, clock: Clock) -> list[str]:
    """
    Make a source and let it check itself.

    Args:
        project: The project.
        host: Its plug-ins.
        name: The source's name.
        clock: The time.

    Returns:
        What the source had to say though nothing is wrong.

    Raises:
        RegardError: Why reading it would not work.
    """
    prepared = prepare(project, host, name)
    context = RunContext(
        name,
        root=project.root,
        timezone=project.zone(name),
        clock=clock,
        inputs=Inputs(project.root, (), settle=False, hashed=False, source=name),
        identify=lambda raw: (),
        profiles=host.profiles,
    )
    inputs = context.inputs
    try:
        with prints_aside(), onlooker_of(context, looks=True) as fetcher:
            inputs.fetcher = fetcher
            prepared.source.check(context)
            _look_elsewhere(prepared, inputs)
    except (RegardError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise PluginError(explain(error, debug=False)[1]) from error
    if (failure := inputs.failure()) is not None:
        raise failure
    return [*fetcher.said, *context.notes]


def _look_elsewhere(prepared: Prepared, inputs: Inputs) -> None:
    """Look at the remotes of a source that is one function, which has no check of its own."""
    config = prepared.source.config
    path = config.get("path") if isinstance(config, dict) else None
    if isinstance(path, str | dict | list):
        named = paths_of(path, f"sources.{prepared.name}")
        if remotes := [each for each in named if isinstance(each, Remote)]:
            inputs.pending(remotes, "")
