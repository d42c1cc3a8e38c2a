"""Reading sources for a command, each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from regard.cli.app import App
from regard.cli.watching import watching
from regard.errors import ConfigError, SecretError, StoreError, UsageError
from regard.pipeline.children import Bounds, Child, machine_memory
from regard.pipeline.reading import Refusal, bury, summary_of, unpacked
from regard.runs import StreamSummary

if TYPE_CHECKING:
    from regard.pipeline.children import Tell
    from regard.pipeline.stopping import Asked

__all__ = ["read_apart"]


class ApartWork(Protocol):
    """What a child can do with one source, or one enricher."""

    @property
    def dry(self) -> bool:
        """Whether it writes nothing."""

    def read(self, name: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        """Do it, in the child; return what was done as JSON values."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One child's work; a class, so that it can be handed to a process of any kind."""

    app: App
    reading: ApartWork
    name: str

    def __call__(self, asked: Asked, tell: Tell) -> object:
        with self.app:
            return self.reading.read(self.name, asked, tell)


def read_apart(
    app: App, reading: ApartWork, name: str, cancel: Event, deadline: timedelta | None
) -> tuple[list[StreamSummary], list[Refusal]]:
    """
    Read one source, or run one enricher, in a process of its own.

    Args:
        app: The command.
        reading: How.
        name: The source, or ``enricher:NAME``.
        cancel: Set when it should stop.
        deadline: How long it may take; None: as long as it likes.

    Returns:
        What was done to each stream, and in a dry run what was refused.

    Raises:
        ConfigError: The configuration is wrong.
        SecretError: A secret is missing.
    """
    memory = app.project.settings.limits.memory or machine_memory()
    bounds = Bounds(deadline, memory)
    # The display draws in a thread of its own: the child must be there before it.
    with Child(_Work(app, reading, name), bounds) as child, watching(app) as watch:
        ended = child.attend(cancel, lambda value: watch and watch(*value))
    if ended.error is None:
        return unpacked(ended.value)
    for kind in (ConfigError, SecretError, UsageError):
        if ended.kind == kind.__name__:
            raise kind(ended.error)
    if ended.kind is not None or reading.dry:
        return [summary_of(name, ended)], []
    try:
        return bury(app.workplace, name, ended), []
    except StoreError as error:
        app.problem(f"{name}: how its run ended could not be stored: {error}")
        return [summary_of(name, ended)], []
