"""Waiting between two tries of something that may pass."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from regard.clock import Clock
from regard.errors import RateLimited, TransientError
from regard.pipeline.stopping import Stop

__all__ = ["Backoff"]

_LONGEST_BACKOFF_SECONDS = 60.0
_LONGEST_ASKED_SECONDS = 900.0
"""How long a run waits because its source asks for it, where no deadline says so."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    Waits between two tries.

    Attributes:
        stop: Tells whether the run should stop.
        clock: The time.
        seconds: How long to wait before the second try; it doubles with each try.
    """

    stop: Stop
    clock: Clock
    seconds: float

    def wait(self, attempt: int, error: TransientError) -> str:
        """
        Wait as long as the source asks, else longer each time, with some jitter.

        Args:
            attempt: How many tries came before the one that failed.
            error: Why it failed.

        Returns:
            What the run's summary should say.

        Raises:
            RateLimited: The source asks for longer than a run waits.
            Cancelled: The run should stop.
            LeaseLost: Another run has the source now.
        """
        seconds = min(self.seconds * 2**attempt, _LONGEST_BACKOFF_SECONDS)
        seconds *= random.uniform(0.5, 1.0)  # noqa: S311  # spreads tries; nothing to guess
        if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
            seconds = self._asked(error, error.retry_after_seconds)
        if self.stop.wait(seconds):
            raise self.stop.why()
        return f"try {attempt + 1} failed ({error}); tried again after {seconds:.0f} s"

    def _asked(self, error: RateLimited, seconds: float) -> float:
        """
        Return how long to wait for a source that says how long.

        Raises:
            RateLimited: Longer than a run waits.
        """
        left = self.stop.left_seconds
        longest = _LONGEST_ASKED_SECONDS if left is None else left
        if seconds <= longest:
            return max(0.0, seconds)
        most = f"the {longest / 60:.0f} minutes that a run waits"
        if left is not None:
            most = f"the {left:.0f} s left of the run's deadline"
        try:
            again = self.clock.now() + timedelta(seconds=seconds)
            when = f"not before {again:%Y-%m-%d %H:%M} UTC"
        except (OverflowError, ValueError):  # infinite, or no number at all
            when = "later"
        message = (
            f"{error}; the source asks to wait {seconds:.0f} s, longer than {most}: "
            f"run it again, {when}"
        )
        raise RateLimited(message, seconds) from error
