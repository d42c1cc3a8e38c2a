"""How one candidate becomes a plug-in, or the reason why it does not."""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from pluggy import HookImpl, PluginManager

from regard.enrichers import Enricher
from regard.errors import PluginError
from regard.host.calls import Calls
from regard.host.candidates import Candidate
from regard.host.guard import guarded, one_line, silent_stdout
from regard.host.inspection import HOOKS, check_hooks, check_shape, unsupported_api
from regard.host.status import PluginState, PluginStatus
from regard.notifiers import Notifier
from regard.reporters import Reporter
from regard.sources import Source

__all__ = ["SLOW_MS", "Plugin", "load_plugin"]

SLOW_MS = 300
"""An import that takes longer than this gets a warning: every command pays for it."""

_REGISTRATION = {
    "regard_sources": Source,
    "regard_enrichers": Enricher,
    "regard_reporters": Reporter,
    "regard_notifiers": Notifier,
}

_MARKS = {"regard_source": "regard_sources", "regard_enricher": "regard_enrichers"}
"""What decorators leave on functions, and the hook that would register the same."""


@dataclass(slots=True)
class Plugin:
    """
    A candidate and what became of it.

    `load_plugin` fills it in; a catalogue marks it as broken when a class that it named
    turns out to be unusable.

    Attributes:
        candidate: Where it was found.
        state: What became of it.
        error: Why it is not ok.
        warning: What is odd though it works.
        ms: How long its import took.
        declared: The classes that it brings, or where they are, by registration hook.
        profiles: The profile files that it brings.
        hooks: The observing and deciding hooks that it implements.
        module: The name of its module, for references that are relative to it.
    """

    candidate: Candidate
    state: PluginState = PluginState.OK
    error: str | None = None
    warning: str | None = None
    ms: int | None = None
    declared: dict[str, list[type | str]] = field(default_factory=dict)
    profiles: list[Path] = field(default_factory=list)
    hooks: list[str] = field(default_factory=list)
    module: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.candidate.name

    def fail(self, cause: str, state: PluginState = PluginState.BROKEN) -> None:
        """Mark the plug-in; the first cause is the one that is told."""
        if self.state is PluginState.OK:
            self.state, self.error = state, one_line(cause)

    def warn(self, text: str) -> None:
        """Add a warning."""
        self.warning = f"{self.warning}; {text}" if self.warning else text

    def status(self, kinds: Sequence[str]) -> PluginStatus:
        """Return what the host says about it, given what it brings."""
        found = self.candidate
        return PluginStatus(
            name=found.name,
            origin=found.origin,
            distribution=found.distribution,
            version=found.version,
            state=self.state,
            kinds=tuple(kinds),
            error=self.error,
            warning=self.warning,
            ms=self.ms,
        )


def load_plugin(plugin: Plugin, manager: PluginManager, calls: Calls) -> None:
    """
    Import a plug-in, check it, register it and ask it what it brings.

    Whatever goes wrong ends in the plug-in's state; nothing of it stays registered then.
    """
    with silent_stdout() as noise:
        try:
            thing = _import(plugin)
            guarded(check_shape, thing)
            if cause := guarded(unsupported_api, thing):
                plugin.fail(cause, PluginState.INCOMPATIBLE)
                return
            guarded(check_hooks, thing, manager)
            _register(plugin, thing, manager)
            if plugin.state is PluginState.OK:
                _ask(plugin, thing, calls)
        except PluginError as error:
            plugin.fail(str(error))
            _withdraw(plugin, manager)
    if noise.written:
        plugin.warn("it prints to stdout while it is loaded; that is thrown away")


def _import(plugin: Plugin) -> object:
    start = time.perf_counter()
    try:
        thing = guarded(plugin.candidate.load)
    finally:
        plugin.ms = round((time.perf_counter() - start) * 1000)
    if plugin.ms > SLOW_MS:
        plugin.warn(f"its import takes {plugin.ms} ms; import heavy modules inside functions")
    name = thing.__name__ if isinstance(thing, ModuleType) else type(thing).__module__
    plugin.module = str(name)
    return thing


def _register(plugin: Plugin, thing: object, manager: PluginManager) -> None:
    for name, other in manager.list_name_plugin():
        if other is thing:
            cause = f"it is the same module as the plug-in {name!r}"
            plugin.fail(cause, PluginState.DUPLICATE)
            return
    guarded(manager.register, thing, name=plugin.name)


def _withdraw(plugin: Plugin, manager: PluginManager) -> None:
    # pluggy 1.6 leaves a plug-in half registered when it refuses it; 1.7 does not.
    if manager.has_plugin(plugin.name):
        manager.unregister(name=plugin.name)
    plugin.declared, plugin.profiles, plugin.hooks = {}, [], []


def _ask(plugin: Plugin, thing: object, calls: Calls) -> None:
    """Collect what the plug-in brings."""
    implemented = [
        (hook, item) for hook in HOOKS for item in calls.implementations(hook, plugin.name)
    ]
    for hook, item in implemented:
        if hook in _REGISTRATION:
            found = _classes(hook, calls.call(hook, item))
            plugin.declared.setdefault(hook, []).extend(found)
        elif hook == "regard_profiles":
            result = calls.call(hook, item)
            plugin.profiles.extend(_profiles(result, _folder_of(item)))
        elif hook not in plugin.hooks:
            plugin.hooks.append(hook)
    decorated = guarded(lambda: list(_decorated(thing)))
    for hook, made in decorated:
        plugin.declared.setdefault(hook, []).append(made)
    if not (implemented or decorated):
        text = "it brings nothing: no function marked with @hookimpl, @source or @enricher"
        plugin.warn(text)


def _decorated(thing: object) -> Iterator[tuple[str, type]]:
    """Yield what decorators made in the plug-in's own module or package, by its hook."""
    if not isinstance(thing, ModuleType):
        return
    home = thing.__package__ or thing.__name__
    for value in [*vars(thing).values()]:
        if not inspect.isfunction(value):
            continue
        for mark, hook in _MARKS.items():
            made = getattr(value, mark, None)
            if isinstance(made, type) and f"{value.__module__}.".startswith(f"{home}."):
                yield hook, made


def _classes(hook: str, result: object) -> list[type | str]:
    """Check what a registration hook returned."""
    wanted = _REGISTRATION[hook]
    right = f'a list of {wanted.__name__} classes or "module:Class" texts'
    if not isinstance(result, list | tuple):
        message = f"{hook} returned {_what(result)}; it must return {right}"
        raise PluginError(message)
    for item in result:
        if isinstance(item, str):
            module, _, name = item.partition(":")
            if not module or not name.isidentifier():
                message = f'{hook}: {item!r} does not name a class; write "module:Class"'
                raise PluginError(message)
        elif not (isinstance(item, type) and issubclass(item, wanted)):
            message = f"{hook} returned a list with {_what(item)} in it; it must be {right}"
            raise PluginError(message)
    return list(result)


def _what(value: object) -> str:
    if value is None:
        return "nothing"
    return (
        f"the class {value.__name__}" if isinstance(value, type) else (f"a {type(value).__name__}")
    )


def _folder_of(implementation: HookImpl) -> Path:
    module = sys.modules.get(implementation.function.__module__)
    file = getattr(module, "__file__", None)
    return Path(file).parent if file else Path()


def _profiles(result: object, folder: Path) -> list[Path]:
    right = "regard_profiles must return a list of paths of TOML files"
    if not isinstance(result, list | tuple):
        message = f"{right}, not {_what(result)}"
        raise PluginError(message)
    paths = []
    for item in result:
        if not isinstance(item, str | os.PathLike):
            message = f"{right}; {_what(item)} is in it"
            raise PluginError(message)
        path = folder / os.fspath(item)
        if path.suffix != ".toml" or not path.is_file():
            message = f"{right}; there is no such file: {path}"
            raise PluginError(message)
        paths.append(path)
    return paths
