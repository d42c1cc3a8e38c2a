"""What signals ask the loop for; their handlers only leave a note and wake it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from regard.scheduler.waking import Waker

__all__ = ["Asked"]


class Asked:
    """
    What somebody has asked for.

    Attributes:
        stops: How often to stop; the second time means now.
        reload: Whether to read the configuration again.
    """

    def __init__(self) -> None:
        self.stops = 0
        self.reload = False

    @contextmanager
    def listening(self, waker: Waker) -> Iterator[None]:
        """Listen to SIGTERM, SIGINT and SIGHUP for the length of a block."""

        def stop(number: int, frame: FrameType | None) -> None:
            self.stops += 1
            waker.wake()

        def reload(number: int, frame: FrameType | None) -> None:
            self.reload = True
            waker.wake()

        wanted = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
        before = {number: signal.signal(number, heed) for number, heed in wanted.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
