"""What the host says about plug-ins, their classes and their failures: plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = [
    "EnricherEntry",
    "Incident",
    "NotifierEntry",
    "PluginState",
    "PluginStatus",
    "ReporterEntry",
    "SourceEntry",
]


class PluginState(StrEnum):
    """What became of a plug-in."""

    OK = "ok"
    BROKEN = "broken"
    DISABLED = "disabled"
    DUPLICATE = "duplicate"
    INCOMPATIBLE = "incompatible"


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """
    One plug-in and what became of it.

    A plug-in that loads, but one of whose classes cannot be used, is broken too; what else it
    brings still works.

    Attributes:
        name: Its entry point's name, or its file's name without ``.py``.
        origin: Where it was found: ``entry point acme.plugin``, ``plugins/box.py``.
        distribution: The installed distribution it belongs to; None in the project's folder.
        version: The distribution's version; for the folder, 12 digits of its files' sha256.
        state: What became of it.
        kinds: What it brings: ``source:NAME``, ``enricher:NAME``, ``reporter:NAME``,
            ``notifier:NAME``, ``profile:FILE``, ``hook:NAME``.
        error: Why it is not ok, in one line.
        warning: What is odd though it works, in one line.
        ms: How many milliseconds its import took; None where it was not imported.
    """

    name: str
    origin: str
    distribution: str | None
    version: str | None
    state: PluginState
    kinds: tuple[str, ...] = ()
    error: str | None = None
    warning: str | None = None
    ms: int | None = None

    def as_json(self) -> dict[str, object]:
        """Return the status in the form that ``plugins --json`` prints."""
        shown = asdict(self) | {"state": self.state.value, "kinds": list(self.kinds)}
        del shown["warning"]  # for people; the form is fixed
        return shown


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """
    A source class that can be used.

    Attributes:
        name: What ``plugin = "..."`` calls it.
        plugin: The plug-in that brings it.
        distribution: The plug-in's distribution; None in the project's folder.
        version: The plug-in's version.
        kinds: The kinds of the records that its declared streams yield.
    """

    name: str
    plugin: str
    distribution: str | None
    version: str | None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnricherEntry:
    """
    An enricher class that can be used.

    Attributes:
        name: What its table ``[enrichers.NAME]`` is called.
        plugin: The plug-in that brings it.
        distribution: The plug-in's distribution; None in the project's folder.
        version: The plug-in's version.
    """

    name: str
    plugin: str
    distribution: str | None
    version: str | None


@dataclass(frozen=True, slots=True)
class ReporterEntry:
    """
    A reporter class that can be used.

    Attributes:
        name: What ``regard report NAME`` calls it.
        plugin: The plug-in that brings it.
        distribution: The plug-in's distribution; None in the project's folder.
        version: The plug-in's version.
        title: One line that says what it reports.
    """

    name: str
    plugin: str
    distribution: str | None
    version: str | None
    title: str = ""


@dataclass(frozen=True, slots=True)
class NotifierEntry:
    """
    A notifier class that can be used.

    Attributes:
        name: What ``notifier = "..."`` calls it.
        plugin: The plug-in that brings it.
        distribution: The plug-in's distribution; None in the project's folder.
        version: The plug-in's version.
    """

    name: str
    plugin: str
    distribution: str | None
    version: str | None


@dataclass(frozen=True, slots=True)
class Incident:
    """
    An observer that failed; the run it observed goes on.

    Attributes:
        plugin: The plug-in, with distribution and version.
        hook: The hook it implements.
        error: What it raised, in one line.
    """

    plugin: str
    hook: str
    error: str
