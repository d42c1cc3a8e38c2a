"""From a table of the configuration to an enricher that can be run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from regard.enrichers import Enricher
from regard.errors import ConfigError, PluginError, RegardError, UsageError
from regard.host.printing import prints_aside
from regard.names import did_you_mean
from regard.pipeline.stopping import Broken
from regard.pipeline.workplace import Workplace
from regard.records.sides import Declared, SideTable, declared
from regard.secrets import resolve
from regard.settings import EnricherSettings, Project, Settings, validate_options
from regard.store import Store
from regard.store.enriching import Maker, prepare, progress_of
from regard.store.unseen import why_stale

__all__ = [
    "PreparedEnricher",
    "before",
    "in_order",
    "make_tables",
    "prepare_enricher",
    "recipe_of",
    "settings_of_enricher",
    "sides_of",
    "stale_ones",
]


@dataclass(frozen=True, slots=True)
class PreparedEnricher:
    """
    A configured enricher, ready to be run.

    Attributes:
        name: Its name.
        settings: Its table.
        enricher: The plug-in's object.
        declared: What it declares.
        plugin: The plug-in that brings it.
        version: That plug-in's version, where it has one.
        recipe: A digest of what decides about its results beside the records; secrets are not
            part of it.
    """

    name: str
    settings: EnricherSettings
    enricher: Enricher[Any]
    declared: Declared
    plugin: str
    version: str | None
    recipe: str

    @property
    def maker(self) -> Maker:
        """What the store must know of it."""
        return _maker(self.name, self.plugin, self.recipe, self.declared)


def _maker(name: str, plugin: str, recipe: str, found: Declared) -> Maker:
    sides = tuple(output.side for output in found.outputs)
    return Maker(name, plugin, found.version, recipe, found.inputs, sides, found.sets)


def settings_of_enricher(project: Project, name: str) -> EnricherSettings:
    """
    Return an enricher's table.

    Raises:
        ConfigError: There is no such table.
    """
    tables = project.settings.enrichers
    if name in tables:
        return tables[name]
    near = did_you_mean(name, tables) or f"; write a table [enrichers.{name}]"
    message = f"there is no enricher {name!r} in {project.path.name}{near}"
    raise ConfigError(message)


def recipe_of(settings: Settings, name: str, found: Declared) -> str:
    """
    Return a digest of what decides about an enricher's results beside the records.

    Args:
        settings: The configuration.
        name: The enricher; it has a table.
        found: What it declares.
    """
    options = settings.enrichers[name].options
    parts: list[Any] = [found.version, sorted(found.inputs), found.sets, options]
    if found.sets:
        # A view shows the records of configured sources, for the kinds they are believed for.
        parts.append({source: table.counts for source, table in settings.sources.items()})
    text = json.dumps(parts, sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:16]


def prepare_enricher(place: Workplace, name: str) -> PreparedEnricher:
    """
    Make a configured enricher: find its class, resolve its secrets, validate its options.

    Raises:
        ConfigError: It has no table, or its options are wrong.
        PluginError: No working plug-in brings its class, or what it declares is wrong.
        SecretError: A secret that it refers to is missing.
    """
    project, host = place.project, place.host
    settings = settings_of_enricher(project, name)
    found, entry = host.enricher_class(name), host.enricher_entry(name)
    what = declared(found)
    where = f"enrichers.{name}"
    options = resolve(
        settings.options, where=where, root=project.root, resolver=host.resolve_secret
    )
    config = validate_options(
        found.Config, options, where, raw=settings.options, file=project.path, text=project.text
    )
    try:
        with prints_aside():
            made = found(config)
    except (KeyboardInterrupt, Broken, RegardError):
        raise
    except BaseException as error:  # a plug-in may raise anything, also exit
        # The error's own text may quote the secrets that it was given.
        message = (
            f"the plug-in {entry.plugin} has a bug: its enricher raises {type(error).__name__}"
        )
        raise PluginError(message) from error
    recipe = recipe_of(project.settings, name, what)
    return PreparedEnricher(name, settings, made, what, entry.plugin, entry.version, recipe)


def in_order(place: Workplace, names: Iterable[str]) -> list[str]:
    """
    Return enrichers so that each comes behind those that it builds on.

    Args:
        place: The project.
        names: Some of its enrichers; one whose plug-in is broken stays where it is.
    """
    wanted = list(dict.fromkeys(names))
    ordered: list[str] = []

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in ordered or name in above:
            return
        for other in before(place, name):
            if other in wanted:
                add(other, (*above, name))
        ordered.append(name)

    for name in wanted:
        add(name, ())
    return ordered


def stale_ones(place: Workplace, names: Sequence[str]) -> list[str]:
    """
    Return which enrichers have anything to do.

    One whose plug-in is broken is among them: it says so itself. So is one that builds on
    another one that is.

    Args:
        place: The project.
        names: Some of its enrichers, each behind those that it builds on.
    """
    if Store.inspect(place.store_url).state == "missing":
        return list(names)
    found: list[str] = []
    with place.open_store(readonly=True) as store, store.read() as transaction:
        for name in names:
            try:
                what = declared(place.host.enricher_class(name))
            except PluginError:
                found.append(name)
                continue
            recipe = recipe_of(place.project.settings, name, what)
            builds_on = what.sets and any(other in found for other in what.after)
            if builds_on or why_stale(transaction, name, recipe, what.after):
                found.append(name)
    return found


def sides_of(place: Workplace, names: Iterable[str]) -> list[SideTable]:
    """
    Return the side tables that enrichers declare, each name once.

    Args:
        place: The project.
        names: Some of its enrichers; one that cannot be had has none.
    """
    found: dict[str, SideTable] = {}
    for name in names:
        with suppress(PluginError):
            for output in declared(place.host.enricher_class(name)).outputs:
                found.setdefault(output.side.name, output.side)
    return list(found.values())


def make_tables(place: Workplace, store: Store, patience: timedelta | None = None) -> None:
    """
    Let the side tables of enrichers that have never been run be there, without a row.

    So whoever asks for them finds nothing in them, rather than not finding them. An enricher
    that cannot be had, or whose tables are another one's, says so when it is run.

    Args:
        place: The project.
        store: Its store, open for writing.
        patience: How long to wait for another writer; None: a minute.
    """
    tables = place.project.settings.enrichers
    enabled = [name for name, settings in tables.items() if settings.enabled]
    if not enabled:
        return
    with store.read() as transaction:
        lacking = [name for name in enabled if progress_of(transaction, name) is None]
    makers = []
    for name in lacking:
        with suppress(RegardError):
            found = declared(place.host.enricher_class(name))
            recipe = recipe_of(place.project.settings, name, found)
            makers.append(_maker(name, place.host.enricher_entry(name).plugin, recipe, found))
    if not makers:
        return
    with store.write(patience=patience) as transaction:
        transaction.writer.lock()
        for maker in makers:
            # Asked again: whoever has begun meanwhile has more than empty tables.
            if progress_of(transaction, maker.name) is None:
                with suppress(UsageError):
                    prepare(transaction, maker, 0)


def before(place: Workplace, name: str) -> tuple[str, ...]:
    """Return the enrichers that one builds on; none where its plug-in cannot be had."""
    try:
        return declared(place.host.enricher_class(name)).after
    except PluginError:
        return ()
