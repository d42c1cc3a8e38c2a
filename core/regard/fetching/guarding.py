"""
Why a connection is broken off from our side: nobody waits for ever.

The run should stop, the server sends next to nothing, or one file takes half a day. A blocked
read looks at nothing, so that a thread of its own shuts the connection down under it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from regard.errors import SourceError, TransientError

__all__ = ["Guard", "Patience"]

_LOOK_SECONDS = 0.1
_LEAST_RATE = 64
"""Bytes a second, as a mean of the time that a server may be silent."""

_LONGEST_SECONDS = 6 * 3600.0


class Patience:
    """
    Knows how long it has been waited, and for what.

    Args:
        seconds: How long a server may be silent, or say next to nothing.
        cancelled: Whether the run should stop.
    """

    def __init__(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        self.seconds = seconds
        self.stopped = False
        self._cancelled = cancelled
        self._bytes = 0
        self._began = self._window = time.monotonic()
        self._bytes_before = 0
        self._why: str | None = None

    def count(self, size: int) -> None:
        """Take note of bytes that have come."""
        self._bytes += size

    def over(self) -> bool:
        """Say whether to break off; once it is so it stays so."""
        now = time.monotonic()
        if self.decided:
            return True
        if self._cancelled():
            self.stopped = True
        elif now - self._began > _LONGEST_SECONDS:
            self._why = f"it took longer than {_LONGEST_SECONDS / 3600:.0f} hours"
        elif now - self._window >= self.seconds:
            came = self._bytes - self._bytes_before
            if came < _LEAST_RATE * self.seconds:
                self._why = f"{came} bytes came in {self.seconds:g} s, which is next to nothing"
            self._window, self._bytes_before = now, self._bytes
        return self.decided

    @property
    def decided(self) -> bool:
        """Whether somebody has seen already that it is over."""
        return self.stopped or self._why is not None

    def error(self, shown: str, error: BaseException | None = None) -> SourceError:
        """Return what to raise for a connection that has ended, whoever ended it."""
        reason = self._why
        if reason is None:
            told = getattr(error, "strerror", None) or (type(error).__name__ if error else "")
            reason = "the connection failed or broke off" + (f" ({told})" if told else "")
        return TransientError(f"{shown}: {reason}")


class Guard:
    """
    Shuts connections down when patience is over.

    Args:
        patience: Whose.
    """

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="regard-fetch", daemon=True)

    def __enter__(self) -> Guard:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.forget()

    def watch(self, connection: socket.socket) -> None:
        """Take a connection; it may be wrapped into another object meanwhile."""
        # A descriptor of our own: the one that is read may be closed, and its number reused.
        with self._lock:
            self._sockets.append(socket.socket(fileno=os.dup(connection.fileno())))

    def forget(self) -> None:
        """Let go of the connections."""
        with self._lock:
            for each in self._sockets:
                each.close()
            self._sockets = []

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            if self.patience.over():
                with self._lock:
                    for each in self._sockets:
                        with suppress(OSError):
                            each.shutdown(socket.SHUT_RDWR)
