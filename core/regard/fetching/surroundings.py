"""What fetching is given by the run that it is part of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from regard.errors import TransientError

__all__ = ["Surroundings"]


def _never() -> bool:
    return False


def _go_on() -> None:
    return None


def _unseen(done: int, total: int | None, unit: str) -> None:
    return None


def _at_once(attempt: int, error: TransientError) -> str:
    raise error


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What fetching is given by the run that it is part of.

    Attributes:
        root: The project's folder, where relative files start.
        now: The time.
        cancelled: Whether the run should stop; asked by other threads too.
        check: Raises why the run should stop, if it should.
        progress: Hears how far a file is: done, total if known, unit.
        wait: Waits before the next try and returns what to note; raises where there is none.
        retries: How often something is tried again that may pass.
    """

    root: Path
    now: Callable[[], datetime]
    cancelled: Callable[[], bool] = _never
    check: Callable[[], None] = _go_on
    progress: Callable[[int, int | None, str], None] = _unseen
    wait: Callable[[int, TransientError], str] = _at_once
    retries: int = 0
