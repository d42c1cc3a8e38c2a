"""What time it is: always aware and UTC, and under a test's control when it must be."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from regard.errors import ConfigError

__all__ = ["Clock", "FixedClock", "SystemClock", "clock_from_environment"]


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; only differences mean something."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()


class FixedClock:
    """
    A clock that stands still until it is moved.

    Args:
        now: The time it shows; must be aware.
    """

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            message = f"a clock needs an aware time, not {now.isoformat()}"
            raise ValueError(message)
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Let it show another time."""
        self._now += by

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds: durations stay real."""
        return time.monotonic()


def clock_from_environment() -> Clock:
    """
    Return the clock of one command: the machine's, or what ``REGARD_NOW`` says.

    Raises:
        ConfigError: ``REGARD_NOW`` is no aware ISO 8601 time.
    """
    text = os.environ.get("REGARD_NOW")
    if not text:
        return SystemClock()
    try:
        return FixedClock(datetime.fromisoformat(text))
    except ValueError as error:
        message = (
            f"REGARD_NOW: {text!r} is not an ISO 8601 time with its zone, "
            "such as 2026-01-31T08:00:00+00:00"
        )
        raise ConfigError(message) from error
