"""
Finds, loads and calls plug-ins, and survives every one of them.

pluggy registers; this room loads. Each candidate is imported inside a guard, so that one bad
package is one line in ``regard plugins`` and not the end of every command.
"""

from __future__ import annotations

from regard.host.host import Host
from regard.host.observers import Observers
from regard.host.status import (
    EnricherEntry,
    Incident,
    NotifierEntry,
    PluginState,
    PluginStatus,
    ReporterEntry,
    SourceEntry,
)

__all__ = [
    "EnricherEntry",
    "Host",
    "Incident",
    "NotifierEntry",
    "Observers",
    "PluginState",
    "PluginStatus",
    "ReporterEntry",
    "SourceEntry",
]
