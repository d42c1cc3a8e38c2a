"""What the loop's chores found: which are due, and what has to be known of them later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from regard.pipeline.workplace import Workplace
from regard.scheduler.chores import Chores
from regard.scheduler.keeping import Keeping
from regard.scheduler.metrics import Metrics
from regard.scheduler.tending import KEEP, LOOK, TELL, Look, Telling

__all__ = ["Upkeep"]

_log = logging.getLogger("regard.loop")

_COUNT_EVERY: Final = 900.0
"""Records are counted no oftener for the metrics: in a large store that is work."""


class Upkeep:
    """
    Begins the loop's chores when it is time, and remembers what they found.

    Args:
        wake: Called in another thread when a chore has ended.
        metrics: Where to put the metrics; None: nobody asks for them.

    Attributes:
        scarce: Whether the disk was nearly full at the last look.
    """

    def __init__(self, wake: Callable[[], None], metrics: Metrics | None) -> None:
        self.scarce = False
        self._chores = Chores(wake)
        self._metrics = metrics
        self._counts: Mapping[str, tuple[int, int]] = {}
        self._count_at = 0.0

    def hear(self) -> None:
        """Hear of the chores that have ended."""
        self._chores.collect()

    def begin(self, place: Workplace) -> None:
        """Begin with what is due, for a project as it is configured now."""
        if self._chores.is_time(KEEP):
            self._chores.start(KEEP, Keeping(place), self._kept)
        if self._chores.is_time(LOOK):
            self._chores.start(LOOK, Look(place, self._counts_to_use()), self._looked)
        if place.project.settings.notices and self._chores.is_time(TELL):
            self._chores.start(TELL, Telling(place), self._told)

    @property
    def busy(self) -> bool:
        """Whether a chore is being done."""
        return self._chores.busy

    def stop(self) -> None:
        """Ask all chores to stop."""
        self._chores.stop()

    def _kept(self, thrown: Mapping[str, int]) -> None:
        if thrown:
            many = ", ".join(f"{count} {what}" for what, count in thrown.items())
            _log.info("thrown away, as [keep] says: %s", many, extra={"event": "kept"})

    def _counts_to_use(self) -> Mapping[str, tuple[int, int]] | None:
        """Return the counts of records for the next look; None: it is time to count again."""
        if self._metrics is None:
            return {}
        if time.monotonic() < self._count_at:
            return self._counts
        self._count_at = time.monotonic() + _COUNT_EVERY
        return None

    def _looked(self, seen: Mapping[str, Any]) -> None:
        if seen["scarce"] and not self.scarce:
            _log.warning("the disk is nearly full: sites are not read until there is more room")
        self.scarce = bool(seen["scarce"])
        self._counts = seen["counts"]
        if self._metrics is not None:
            self._metrics.put(seen["metrics"])

    def _told(self, problems: Sequence[str]) -> None:
        for problem in problems:
            _log.warning("%s", problem, extra={"event": "notice-failed"})
