"""
How the loop waits: for a bell, a child, a signal or some time, whichever comes first.

A pipe is woken up by writing to it, which a signal's handler may do at any instant; a lock it
might be holding itself.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress

__all__ = ["Waker"]


class Waker:
    """Something to wait for that anybody can wake, also a signal's handler."""

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe()
        for descriptor in (self._reads, self._writes):
            os.set_blocking(descriptor, False)

    def wake(self) -> None:
        """Let whoever waits go on."""
        with suppress(BlockingIOError, OSError):
            os.write(self._writes, b"!")

    def wait(self, seconds: float) -> bool:
        """
        Wait.

        Args:
            seconds: At most so long.

        Returns:
            Whether somebody woke us.
        """
        ready, _, _ = select.select([self._reads], [], [], max(0.0, seconds))
        if not ready:
            return False
        with suppress(BlockingIOError):
            while os.read(self._reads, 4096):
                pass
        return True

    def close(self) -> None:
        """Give both ends back."""
        os.close(self._reads)
        os.close(self._writes)
