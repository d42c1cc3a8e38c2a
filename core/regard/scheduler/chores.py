"""
What the loop has done beside its jobs: each chore in a child, one of a kind at a time.

A chore leaves no row in the ledger. One that fails is said in the log and done again when it
is time again; it never ends the loop and never delays a run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from regard.pipeline.children import Bounds, Child, Ended, Work

__all__ = ["Chore", "Chores"]

_log = logging.getLogger("regard.loop")


@dataclass(frozen=True, slots=True)
class Chore:
    """
    Something that is done again and again.

    Attributes:
        name: What it is called in the log.
        seconds: So long after one beginning comes the next.
        bounds: What its child may use.
    """

    name: str
    seconds: float
    bounds: Bounds


class Chores:
    """
    Starts chores when it is time, and says what went wrong.

    Args:
        wake: Called in another thread when one has ended.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._next: dict[str, float] = {}
        self._going: dict[str, Event] = {}
        self._heard: dict[str, Callable[[Any], None]] = {}
        self._ended: SimpleQueue[tuple[Chore, Ended]] = SimpleQueue()

    def is_time(self, chore: Chore) -> bool:
        """Say whether a chore should be done now."""
        return chore.name not in self._going and time.monotonic() >= self._next.get(chore.name, 0)

    def start(self, chore: Chore, work: Work, heard: Callable[[Any], None]) -> None:
        """
        Let a chore be done in a child.

        Args:
            chore: Which.
            work: What its child does.
            heard: Hears what it returned, when it is collected.
        """
        self._heard[chore.name] = heard
        self._next[chore.name] = time.monotonic() + chore.seconds
        cancel = self._going[chore.name] = Event()
        name = f"regard-{chore.name}"
        Thread(target=self._do, args=(chore, work, cancel), name=name, daemon=True).start()

    def _do(self, chore: Chore, work: Work, cancel: Event) -> None:
        try:
            with Child(work, chore.bounds, served=True) as child:
                ended = child.attend(cancel, lambda value: None)
        except Exception as error:  # noqa: BLE001  # the machine may have no process left
            ended = Ended(0, error=f"its process could not be started: {error}")
        self._ended.put((chore, ended))
        self._wake()

    def collect(self) -> None:
        """Hear of the chores that have ended."""
        while True:
            try:
                chore, ended = self._ended.get_nowait()
            except Empty:
                return
            self._going.pop(chore.name, None)
            if ended.error is not None and not ended.stopped:
                extra = {"event": "chore-failed"}
                _log.warning("%s: %s", chore.name, ended.error, extra=extra)
            elif ended.error is None:
                self._heard[chore.name](ended.value)

    @property
    def busy(self) -> bool:
        """Whether one is being done."""
        return bool(self._going)

    def stop(self) -> None:
        """Ask all to stop."""
        for cancel in self._going.values():
            cancel.set()
