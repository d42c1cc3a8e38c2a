"""
Whether and why one run should stop.

Somebody asks, the deadline passes, or the lease is lost. Who reads looks between two records.
A plug-in that waits for something looks at nothing: there a second signal breaks in.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from types import FrameType
from typing import Final

from regard.clock import Clock
from regard.errors import Cancelled, LeaseLost
from regard.schedules import write_duration

__all__ = ["PASSED", "Asked", "Broken", "Stop"]

PASSED: Final = signal.SIGUSR1
"""The signal that tells a child that its deadline has passed; any other is a wish to stop."""

_LOOK_SECONDS = 0.1


class Broken(BaseException):
    """A signal broke into a plug-in; no error of a source, so that none takes it for one."""


class Asked(Event):
    """
    A wish to stop the command, as signals tell it.

    Attributes:
        reading: Whether a plug-in is being read, so that a second signal may break in.
        late: Whether it is no wish of anybody's: the deadline has passed by another's clock.
    """

    reading: bool = False
    late: bool = False
    _heard: bool = False

    def is_set(self) -> bool:
        """Say whether somebody asked."""
        return self._heard or super().is_set()

    def heed(self, number: int, frame: FrameType | None) -> None:
        """Take a signal: the first is a wish, a later one breaks into what a plug-in does."""
        if self._heard and self.reading:
            raise Broken
        self.late = self.late or number == PASSED
        # Not `set`: a signal may come while this very thread holds the event's lock.
        self._heard = True


class Stop(Event):
    """
    Tells one run whether it should stop.

    Args:
        asked: The wish to stop the whole command.
        clock: The time.
        deadline: How long the run may take.
        overtaken: Hears that another run has the source now.
    """

    def __init__(
        self,
        asked: Event,
        clock: Clock,
        deadline: timedelta | None = None,
        overtaken: Callable[[LeaseLost], None] | None = None,
    ) -> None:
        super().__init__()
        self._asked = asked
        self._clock = clock
        self._deadline = deadline
        self._end = None if deadline is None else clock.monotonic() + deadline.total_seconds()
        self._overtaken = overtaken
        self._lost: LeaseLost | None = None

    def lose(self, error: LeaseLost) -> None:
        """Stop because another run has the source now."""
        self._lost = error
        self.set()
        if self._overtaken is not None:
            self._overtaken(error)

    @property
    def left_seconds(self) -> float | None:
        """How long the run may still take; None: as long as it likes."""
        return None if self._end is None else max(0.0, self._end - self._clock.monotonic())

    def is_set(self) -> bool:
        """Say whether the run should stop."""
        return super().is_set() or self._asked.is_set() or self.left_seconds == 0

    def wait(self, timeout: float | None = None) -> bool:
        """
        Wait until the run should stop.

        Args:
            timeout: At most so many seconds.

        Returns:
            Whether it should.
        """
        end = None if timeout is None else self._clock.monotonic() + timeout
        while not self.is_set():
            left = _LOOK_SECONDS if end is None else end - self._clock.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _LOOK_SECONDS))
        return True

    def check(self) -> None:
        """
        Break off where the run should stop.

        Raises:
            Cancelled: Somebody asked for it, or the deadline has passed.
            LeaseLost: Another run has the source now.
        """
        if self.is_set():
            raise self.why()

    def why(self) -> Cancelled | LeaseLost:
        """Return why the run should stop."""
        if self._lost is not None:
            return self._lost
        # Whoever waits for us began to count a little earlier.
        late = isinstance(self._asked, Asked) and self._asked.late
        if self._deadline is not None and (late or self.left_seconds == 0):
            told = f"the run took longer than its deadline of {write_duration(self._deadline)}"
            return Cancelled(f"{told}; what was committed stays")
        return Cancelled("the run was asked to stop; what was committed stays")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """
        Let a signal break into a block in which a plug-in works.

        Raises:
            Cancelled: It did, because somebody asked or the deadline has passed.
            LeaseLost: It did, because another run has the source now.
        """
        asked = self._asked if isinstance(self._asked, Asked) else Asked()
        asked.reading = True
        try:
            yield
        except Broken:
            raise self.why() from None
        finally:
            asked.reading = False
