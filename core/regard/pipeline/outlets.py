"""
What a child and its plug-ins write past Python's own streams: bytes for a terminal that is ours.

A library in C, or a program that a plug-in starts, writes to the descriptors themselves. They
lead into a pipe, and whoever started the child makes harmless what comes out of it. What was
written before a crash is in the pipe and is not lost.
"""

from __future__ import annotations

import codecs
import select
import sys
from multiprocessing.connection import Connection
from os import read
from threading import Event, Thread
from typing import TextIO, cast

from regard.host.printing import Printed

__all__ = ["Outlet"]

_BLOCK = 1 << 16
_LOOK_SECONDS = 0.1
_LONGEST_LINE = 1 << 16
"""In signs: what is no line after so many goes on all the same."""
_JOIN_SECONDS = 5.0


class _Stderr:
    """Stderr, whatever it is at the time: a display of progress may stand in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


class Outlet:
    """
    Takes what a child writes to its stdout and stderr, and writes it to our stderr, harmless.

    Args:
        source: The end of the pipe that is read.
    """

    def __init__(self, source: Connection) -> None:
        self._source = source
        self._over = Event()
        self._thread = Thread(target=self._pass_on, name="regard-prints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pass on what is left; what is still written after that is of nobody's interest."""
        self._over.set()
        self._thread.join(_JOIN_SECONDS)
        self._source.close()

    def _pass_on(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        printed, waiting = Printed(cast("TextIO", _Stderr())), 0
        descriptor = self._source.fileno()
        while True:
            # Asked first, looked at then: what came before the end is passed on.
            over = self._over.is_set()
            if not select.select([descriptor], [], [], 0 if over else _LOOK_SECONDS)[0]:
                if over:
                    break
                continue
            data = read(descriptor, _BLOCK)
            if not data:
                break
            text = decoder.decode(data)
            printed.write(text)
            waiting = len(text) - text.rfind("\n") - 1 + (0 if "\n" in text else waiting)
            if waiting > _LONGEST_LINE:
                printed.flush()
                waiting = 0
        printed.write(decoder.decode(b"", final=True))
        printed.flush()
