"""
What is wrong with a plug-in's hooks, found before pluggy sees them.

pluggy passes over most of these in silence, or answers differently from one version to the
next: a misspelt hook is never called, and an argument with a default is filled in by 1.7 and
left alone by 1.6. Here each is an error that says what would be right.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from pluggy import PluginManager

from regard import hookspecs
from regard.errors import PluginError
from regard.hookspecs import API
from regard.names import did_you_mean

__all__ = ["HOOKS", "check_hooks", "check_shape", "unsupported_api"]


def _specifications() -> dict[str, inspect.Signature]:
    marked = (
        (name, function)
        for name, function in vars(hookspecs).items()
        if inspect.isfunction(function) and name.startswith("regard_")
    )
    return {name: inspect.signature(function) for name, function in marked}


HOOKS: Mapping[str, inspect.Signature] = _specifications()
"""Every hook by name, with its signature."""


def check_shape(plugin: object) -> None:
    """
    Refuse what an entry point may name by mistake.

    Raises:
        PluginError: It is neither a module nor an instance with hooks.
    """
    if isinstance(plugin, ModuleType):
        return
    if inspect.isclass(plugin):
        message = (
            f"its entry point names the class {plugin.__name__}; "
            "name the module, and return classes from its hooks"
        )
        raise PluginError(message)
    if inspect.isroutine(plugin) or isinstance(plugin, str | int | dict | list | None):
        message = f"its entry point names a {type(plugin).__name__}; name the module"
        raise PluginError(message)


def unsupported_api(plugin: object) -> str | None:
    """Say why a plug-in was written for another regard, or return None where it was not."""
    wanted: object = getattr(plugin, "REGARD_API", API)
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        return f"REGARD_API is {type(wanted).__name__}; it must be a whole number such as {API}"
    if wanted == API:
        return None
    newer = "a newer regard" if wanted > API else "an older regard"
    return f"it was written for REGARD_API {wanted}, {newer}; this one has {API}"


def check_hooks(plugin: object, manager: PluginManager) -> None:
    """
    Check every hook that a plug-in implements, or seems to.

    Raises:
        PluginError: A hook is misspelt or not decorated, or cannot be called as declared.
    """
    for name, function, options in _hook_functions(plugin, manager):
        if options is None:
            _refuse_undecorated(name)
            continue
        hook = options.get("specname") or name
        if hook not in HOOKS:
            message = f"there is no hook {hook!r}{did_you_mean(hook, HOOKS)}"
            raise PluginError(message)
        if options.get("wrapper") or options.get("hookwrapper"):
            message = f"{hook} is declared as a wrapper; hooks of regard cannot be wrapped"
            raise PluginError(message)
        _check_signature(hook, name, function)


def _hook_functions(
    plugin: object, manager: PluginManager
) -> Iterator[tuple[str, Callable[..., object], Mapping[str, Any] | None]]:
    """Yield what pluggy would register, and functions that are only called like a hook."""
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is None and not name.startswith("regard_"):
            continue
        function = getattr(plugin, name)
        if inspect.isroutine(function):
            yield name, function, options


def _refuse_undecorated(name: str) -> None:
    if name in HOOKS:
        message = f"{name} is not decorated; write @hookimpl above it"
    else:
        message = (
            f"there is no hook {name!r}{did_you_mean(name, HOOKS)}"
            " (functions called regard_... are hooks)"
        )
    raise PluginError(message)


def _check_signature(hook: str, name: str, function: Callable[..., object]) -> None:
    right = tuple(HOOKS[hook].parameters)
    expected = f"{hook}({', '.join(right)})"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        message = f"{name} is async; hooks are plain functions: def {expected}"
        raise PluginError(message)
    if inspect.isgeneratorfunction(function):
        message = f"{name} yields; hooks return their result"
        raise PluginError(message)
    parameters = inspect.signature(function).parameters.values()
    wrong = [
        str(item)
        for item in parameters
        if item.kind is item.VAR_POSITIONAL
        or item.kind is item.VAR_KEYWORD
        or item.kind is item.KEYWORD_ONLY
        or item.name not in right
    ]
    if wrong:
        message = (
            f"{name} takes {', '.join(wrong)}, which the hook does not give; it is {expected}"
        )
        raise PluginError(message)
    defaults = [item.name for item in parameters if item.default is not item.empty]
    if defaults:
        message = (
            f"{name} gives {', '.join(defaults)} a default; hooks are called by regard only, "
            f"which gives every argument: {expected}"
        )
        raise PluginError(message)
