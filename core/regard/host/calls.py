"""
How hooks are called: one implementation at a time, each guarded.

pluggy's own call stops at the first exception, and runs in the reverse of the order of
registration. Here one failure never hides the others, and the order is that of loading,
``tryfirst`` before and ``trylast`` behind the rest.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from pluggy import HookImpl, PluginManager

from regard.errors import PluginError
from regard.host.guard import guarded
from regard.host.inspection import HOOKS
from regard.host.tracing import trace_line

__all__ = ["Calls"]


class Calls:
    """
    Calls implementations of hooks.

    Args:
        manager: Where they are registered.
        order: The place of each plug-in in the order of loading, by name.
        trace: Whether each call is told on stderr, without values of records or secrets.
    """

    def __init__(self, manager: PluginManager, order: Mapping[str, int], *, trace: bool) -> None:
        self._manager = manager
        self._order = order
        self._trace = trace

    def implementations(self, hook: str, plugin: str | None = None) -> list[HookImpl]:
        """Return the implementations of a hook, of one plug-in or of all, in their order."""
        found: list[HookImpl] = getattr(self._manager.hook, hook).get_hookimpls()
        chosen = [item for item in found if plugin is None or item.plugin_name == plugin]
        return sorted(
            chosen,
            key=lambda item: (
                item.trylast - item.tryfirst,
                self._order.get(item.plugin_name, len(self._order)),
            ),
        )

    def call(self, hook: str, implementation: HookImpl, *arguments: object) -> object:
        """
        Call one implementation with the arguments of the hook that it names.

        Raises:
            PluginError: It raised something; the message is the cause in one line.
        """
        given = dict(zip(HOOKS[hook].parameters, arguments, strict=True))
        wanted = [given[name] for name in implementation.argnames]
        start = time.perf_counter()
        outcome: object = None
        try:
            outcome = guarded(implementation.function, *wanted)
        except PluginError as error:
            outcome = error
            raise
        finally:
            if self._trace:
                seconds = time.perf_counter() - start
                line = trace_line(hook, implementation.plugin_name, given, outcome, seconds)
                sys.stderr.write(line)
        return outcome
