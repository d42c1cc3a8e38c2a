"""The host: every plug-in there is, what each brings, and whom to tell and to ask."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pluggy import PluginManager

from regard import hookspecs
from regard.enrichers import Enricher
from regard.hookspecs import PROJECT, Batch, Problem, RunInfo
from regard.host.calls import Calls
from regard.host.candidates import Candidate, find_candidates
from regard.host.catalogue import Catalogue, Declared
from regard.host.commands import Command, find_commands, import_command
from regard.host.decisions import Decisions
from regard.host.loading import Plugin, load_plugin
from regard.host.observers import Observers
from regard.host.status import (
    EnricherEntry,
    NotifierEntry,
    PluginState,
    PluginStatus,
    ReporterEntry,
    SourceEntry,
)
from regard.notifiers import Notifier
from regard.reporters import Reporter
from regard.sources import Source

__all__ = ["Host"]


class Host:
    """
    Holds the plug-ins of one command. Make it with `Host.load`.

    Attributes:
        observers: Tells plug-ins what happens in a run.
    """

    def __init__(self, plugins: list[Plugin], calls: Calls, disabled: Collection[str]) -> None:
        self._plugins = plugins
        self._disabled = frozenset(disabled)
        self._sources: Catalogue[Source[Any]] = Catalogue(
            "source", "regard_sources", Source, plugins
        )
        self._enrichers: Catalogue[Enricher[Any]] = Catalogue(
            "enricher", "regard_enrichers", Enricher, plugins, _check_enricher
        )
        self._reporters: Catalogue[Reporter[Any]] = Catalogue(
            "reporter", "regard_reporters", Reporter, plugins
        )
        self._notifiers: Catalogue[Notifier[Any]] = Catalogue(
            "notifier", "regard_notifiers", Notifier, plugins
        )
        titles = {
            item.name: item.candidate.title
            for item in plugins
            if item.state is not PluginState.DUPLICATE
        }
        self.observers = Observers(calls, titles)
        self._decisions = Decisions(calls, titles)

    @classmethod
    def load(cls, plugin_dir: Path | None = None, disabled: Collection[str] = ()) -> Host:
        """
        Find and load every plug-in; a broken one is noted and stops no other.

        Args:
            plugin_dir: The project's folder of plug-ins, if there is one.
            disabled: Names of plug-ins that are not even imported.

        Raises:
            ConfigError: The folder of plug-ins cannot be listed.
        """
        candidates = find_candidates(plugin_dir)
        manager = PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        order: dict[str, int] = {}
        for place, candidate in enumerate(candidates):
            order.setdefault(candidate.name, place)
        trace = os.environ.get("REGARD_TRACE_HOOKS") == "1"
        calls = Calls(manager, order, trace=trace)
        plugins: list[Plugin] = []
        first: dict[str, Candidate] = {}
        for candidate in candidates:
            plugin = Plugin(candidate)
            other = first.setdefault(candidate.name, candidate)
            if candidate.name in disabled:
                plugin.state = PluginState.DISABLED
            elif other is not candidate:
                cause = f"the name is taken: {_place(other)} is used, {_place(candidate)} is not"
                plugin.fail(cause, PluginState.DUPLICATE)
            else:
                load_plugin(plugin, manager, calls)
            plugins.append(plugin)
        return cls(plugins, calls, disabled)

    @property
    def plugins(self) -> tuple[PluginStatus, ...]:
        """
        Every plug-in and what became of it, in the order of loading.

        To tell the truth about classes that are imported on use, this imports them.
        """
        # The catalogues come first: a class that cannot be used changes its plug-in's state.
        kinds = [(item, self._kinds(item)) for item in self._plugins]
        return tuple(item.status(found) for item, found in kinds)

    def _kinds(self, plugin: Plugin) -> list[str]:
        return [
            *(f"source:{name}" for name in self._sources.names_of(plugin)),
            *(f"enricher:{name}" for name in self._enrichers.names_of(plugin)),
            *(f"reporter:{name}" for name in self._reporters.names_of(plugin)),
            *(f"notifier:{name}" for name in self._notifiers.names_of(plugin)),
            *(f"profile:{path.name}" for path in plugin.profiles),
            *(f"hook:{name}" for name in plugin.hooks),
        ]

    @property
    def sources(self) -> Mapping[str, SourceEntry]:
        """Every source that can be used, by name; imports those that are imported on use."""
        found = self._sources.all().items()
        return MappingProxyType({name: _source_entry(name, item) for name, item in found})

    @property
    def enrichers(self) -> Mapping[str, EnricherEntry]:
        """Every enricher that can be used, by name; imports those that are imported on use."""
        found = self._enrichers.all().items()
        return MappingProxyType({name: _enricher_entry(name, item) for name, item in found})

    @property
    def reporters(self) -> Mapping[str, ReporterEntry]:
        """Every reporter that can be used, by name; imports those that are imported on use."""
        found = self._reporters.all().items()
        return MappingProxyType({name: _reporter_entry(name, item) for name, item in found})

    @property
    def notifiers(self) -> Mapping[str, NotifierEntry]:
        """Every notifier that can be used, by name; imports those that are imported on use."""
        found = self._notifiers.all().items()
        return MappingProxyType({name: _notifier_entry(name, item) for name, item in found})

    def source_entry(self, name: str) -> SourceEntry:
        """
        Return which plug-in, in which version, brings a source.

        Raises:
            PluginError: As `source_class`.
        """
        return _source_entry(name, self._sources.find(name))

    def source_class(self, name: str) -> type[Source[Any]]:
        """
        Return the class of a source, imported.

        Raises:
            PluginError: No plug-in brings it, or the one that does is broken or disabled;
                the message names plug-in, distribution, version and cause.
        """
        found = self._sources.find(name).found
        assert found is not None  # noqa: S101  # what `find` returns is resolved
        return found

    def enricher_entry(self, name: str) -> EnricherEntry:
        """
        Return which plug-in, in which version, brings an enricher.

        Raises:
            PluginError: As `source_class`.
        """
        return _enricher_entry(name, self._enrichers.find(name))

    def enricher_class(self, name: str) -> type[Enricher[Any]]:
        """
        Return the class of an enricher, imported.

        Raises:
            PluginError: As `source_class`.
        """
        found = self._enrichers.find(name).found
        assert found is not None  # noqa: S101  # what `find` returns is resolved
        return found

    def reporter_class(self, name: str) -> type[Reporter[Any]]:
        """
        Return the class of a reporter, imported.

        Raises:
            PluginError: As `source_class`.
        """
        found = self._reporters.find(name).found
        assert found is not None  # noqa: S101  # what `find` returns is resolved
        return found

    def notifier_class(self, name: str) -> type[Notifier[Any]]:
        """
        Return the class of a notifier, imported.

        Raises:
            PluginError: As `source_class`.
        """
        found = self._notifiers.find(name).found
        assert found is not None  # noqa: S101  # what `find` returns is resolved
        return found

    @property
    def profiles(self) -> tuple[Path, ...]:
        """The profile files that plug-ins bring, in the order of loading."""
        return tuple(path for item in self._plugins for path in item.profiles)

    @property
    def checks_batches(self) -> bool:
        """Whether any plug-in checks batches; if none does, none need be prepared."""
        return self._decisions.checks_batches

    def check_batch(self, run: RunInfo, batch: Batch) -> list[Problem]:
        """
        Ask plug-ins what is wrong with a batch that is about to be stored.

        Raises:
            PluginError: A plug-in failed to answer: the batch was not checked.
        """
        return self._decisions.check_batch(run, batch)

    def resolve_secret(self, reference: str) -> str | None:
        """
        Ask plug-ins for the secret that a reference means; None: none knows it.

        Raises:
            SecretError: A plug-in failed.
        """
        return self._decisions.resolve_secret(reference)

    @cached_property
    def _commands(self) -> dict[str, Candidate]:
        return find_commands(self._disabled)

    def commands(self) -> tuple[str, ...]:
        """Return the names of commands that distributions bring; none is imported."""
        return tuple(sorted(self._commands))

    def load_command(self, name: str) -> Command:
        """
        Import a command that a distribution brings.

        Raises:
            PluginError: There is none of that name, or it cannot be imported or called.
        """
        return import_command(name, self._commands)


def _place(candidate: Candidate) -> str:
    return (
        f"{candidate.title} from {candidate.origin}"
        if candidate.distribution
        else (candidate.origin)
    )


def _source_entry(name: str, item: Declared[Source[Any]]) -> SourceEntry:
    streams: object = getattr(item.found, "streams", ())
    kinds = {stream.kind for stream in streams} if isinstance(streams, tuple) else set()
    found = item.plugin.candidate
    return SourceEntry(name, found.name, found.distribution, found.version, tuple(sorted(kinds)))


def _check_enricher(found: type[Enricher[Any]]) -> None:
    # Imported here: it brings the tables of all kinds, which no other plug-in needs.
    from regard.records.sides import declared

    declared(found)


def _enricher_entry(name: str, item: Declared[Enricher[Any]]) -> EnricherEntry:
    found = item.plugin.candidate
    return EnricherEntry(name, found.name, found.distribution, found.version)


def _reporter_entry(name: str, item: Declared[Reporter[Any]]) -> ReporterEntry:
    found = item.plugin.candidate
    title = str(getattr(item.found, "title", ""))
    return ReporterEntry(name, found.name, found.distribution, found.version, title)


def _notifier_entry(name: str, item: Declared[Notifier[Any]]) -> NotifierEntry:
    found = item.plugin.candidate
    return NotifierEntry(name, found.name, found.distribution, found.version)
