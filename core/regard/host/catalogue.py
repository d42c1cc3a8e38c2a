"""
The classes that plug-ins bring, found by name.

A class that is given as ``"module:Class"`` has no name until it is imported. So a name is
looked for in the plug-in of the same name first, and only where it is not there is everything
imported. For the same reason, where two plug-ins bring one name, the one that is called like
it comes before the one that was loaded first: the answer never depends on who asked before.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Generic, TypeVar

from regard.errors import PluginError
from regard.host.guard import guarded, silent_stdout
from regard.host.loading import Plugin
from regard.host.status import PluginState
from regard.names import did_you_mean, is_name

__all__ = ["Catalogue", "Declared"]

_MOST_NAMED: Final = 3
"""So many broken plug-ins are named where one of them may bring what is missing."""
_SHOWN: Final = 80
"""So many signs of a name that is none are shown."""

ClassT = TypeVar("ClassT")


@dataclass(slots=True)
class Declared(Generic[ClassT]):
    """
    A class that a plug-in brings; the catalogue imports it when it is needed.

    Attributes:
        plugin: The plug-in.
        reference: The class, or where it is.
        found: The class, once it is imported and checked.
        name: Its name, once it is known.
        error: Why it cannot be used.
    """

    plugin: Plugin
    reference: type[Any] | str
    found: type[ClassT] | None = None
    name: str | None = None
    error: str | None = None


class Catalogue(Generic[ClassT]):
    """
    The classes of one sort, by name.

    Args:
        noun: What they are: ``source``, ``enricher``, ``reporter`` or ``notifier``.
        hook: The hook that registered them.
        wanted: What they must be subclasses of.
        plugins: All plug-ins, in the order of loading.
        check: Raises a `PluginError` where what a class declares cannot be used.
    """

    def __init__(
        self,
        noun: str,
        hook: str,
        wanted: type[ClassT],
        plugins: Sequence[Plugin],
        check: Callable[[type[ClassT]], None] | None = None,
    ) -> None:
        self._noun = noun
        self._check_declared = check
        self._wanted = wanted
        self._plugins = plugins
        self._declared: list[Declared[ClassT]] = [
            Declared(plugin, reference)
            for plugin in plugins
            for reference in plugin.declared.get(hook, ())
        ]
        self._all: dict[str, Declared[ClassT]] | None = None

    def find(self, name: str) -> Declared[ClassT]:
        """
        Return the class of a name, imported.

        Raises:
            PluginError: No plug-in brings it, or the one that does is broken or disabled.
        """
        if self._all is None:
            for item in self._declared:
                if item.plugin.name == name and self._resolve(item) and item.name == name:
                    return item
        found = self.all().get(name)
        if found is None:
            raise PluginError(self._why_missing(name))
        return found

    def all(self) -> Mapping[str, Declared[ClassT]]:
        """Return every class that can be used by name, importing those that are not yet."""
        if self._all is None:
            usable = [item for item in self._declared if self._resolve(item)]
            chosen: dict[str, Declared[ClassT]] = {}
            for item in sorted(usable, key=lambda item: item.name != item.plugin.name):
                self._claim(item, chosen)
            self._all = dict(sorted(chosen.items()))
        return self._all

    def names_of(self, plugin: Plugin) -> list[str]:
        """Return the names of the usable classes that one plug-in brings."""
        return [name for name, item in self.all().items() if item.plugin is plugin]

    def _claim(self, item: Declared[ClassT], chosen: dict[str, Declared[ClassT]]) -> None:
        name = item.name or ""
        other = chosen.setdefault(name, item)
        if other is item:
            return
        if other.plugin is item.plugin:
            cause = f"it brings the {self._noun} {name!r} twice"
        else:
            cause = (
                f"it brings the {self._noun} {name!r}, as {other.plugin.candidate.title} does "
                f"({other.plugin.candidate.origin} and {item.plugin.candidate.origin})"
            )
        self._refuse(item, cause)

    def _refuse(self, item: Declared[ClassT], cause: str) -> None:
        item.found, item.error = None, cause
        item.plugin.fail(cause)

    def _resolve(self, item: Declared[ClassT]) -> bool:
        """Import and check a class, once; say whether it can be used."""
        if item.found is not None or item.error is not None:
            return item.found is not None
        try:
            with silent_stdout():
                item.found, item.name = guarded(self._check, item)
        except PluginError as error:
            self._refuse(item, f"{self._noun} {_place_of(item.reference)}: {error}")
        return item.found is not None

    def _check(self, item: Declared[ClassT]) -> tuple[type[ClassT], str]:
        found: object = item.reference
        if isinstance(found, str):
            found = _import_class(found, item.plugin)
        if not (isinstance(found, type) and issubclass(found, self._wanted)):
            message = f"it is no subclass of regard.{self._wanted.__name__}"
            raise PluginError(message)
        name: object = getattr(found, "name", None)
        if not isinstance(name, str) or not is_name(name):
            given = "" if name is None else f", not {str(name)[:_SHOWN]!r}"
            message = (
                f"the class {found.__name__} needs a `name` of letters, digits, - and _, "
                f"at most 63 of them{given}"
            )
            raise PluginError(message)
        if self._check_declared is not None:
            self._check_declared(found)
        return found, name

    def _why_missing(self, name: str) -> str:
        """Say why there is no class of a name, and which broken plug-in may be the reason."""
        for item in self._declared:
            if item.error and name in (item.name, item.plugin.name):
                title = item.plugin.candidate.title
                return f"the {self._noun} {name!r} is in a broken plug-in: {title}: {item.error}"
        for plugin in self._plugins:
            if plugin.name != name or plugin.state is PluginState.OK:
                continue
            if plugin.state is PluginState.DISABLED:
                return (
                    f"the {self._noun} {name!r}: the plug-in of that name is disabled "
                    "in [plugins] disabled"
                )
            title = plugin.candidate.title
            return (
                f"the {self._noun} {name!r}: the plug-in {title} is {plugin.state}: {plugin.error}"
            )
        article = "an" if self._noun[0] in "aeiou" else "a"
        text = f"no plug-in brings {article} {self._noun} {name!r}{self._hint(name)}"
        broken = [plugin for plugin in self._plugins if plugin.state is PluginState.BROKEN]
        # Those that are called much like it are the likeliest.
        near = get_close_matches(name, [plugin.name for plugin in broken], n=_MOST_NAMED)
        broken.sort(key=lambda plugin: plugin.name not in near)
        for plugin in broken[:_MOST_NAMED]:
            title = plugin.candidate.title
            text += f"\n  broken, so it may be in there: {title}: {plugin.error}"
        if len(broken) > _MOST_NAMED:
            text += f"\n  broken as well: {len(broken) - _MOST_NAMED} more, see `regard plugins`"
        return text

    def _hint(self, name: str) -> str:
        """Say what was probably meant: a plug-in's name, or a misspelt one."""
        for plugin in self._plugins:
            brought = ", ".join(map(repr, self.names_of(plugin)))
            if plugin.name == name and brought:
                return f"; the plug-in of that name brings {brought}"
        return did_you_mean(name, self.all())


def _place_of(reference: object) -> str:
    """Return what messages call a class that was declared, whatever was."""
    if isinstance(reference, str):
        return reference
    return str(getattr(reference, "__name__", None) or type(reference).__name__)[:_SHOWN]


def _import_class(reference: str, plugin: Plugin) -> object:
    """Import what ``"module:Class"`` means to a plug-in; its own modules may be named shortly."""
    place, _, name = reference.partition(":")
    first, dot, rest = place.partition(".")
    private = plugin.candidate.distribution is None
    if private and first == plugin.name:
        # A package in the project's folder has a private module name that nobody should write.
        place = f"{plugin.module}{dot}{rest}"
    package = plugin.module if place.startswith(".") else None
    module = importlib.import_module(place, package)
    try:
        return getattr(module, name)
    except AttributeError:
        message = f"the module {reference.partition(':')[0]} has no {name!r}"
        message += did_you_mean(name, (item for item in vars(module) if item[0] != "_"))
        raise PluginError(message) from None
