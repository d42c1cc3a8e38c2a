"""
What plug-ins print: it goes to stderr, and can neither steer a terminal nor tell a secret.

A plug-in that prints must not spoil results that somebody pipes on, and what it prints may be
a record that a stranger wrote.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from threading import Lock
from typing import TextIO

from regard.render import plain
from regard.secrets import mask

__all__ = ["Printed", "prints_aside"]


class Printed(io.TextIOBase):
    """
    A stream for plug-ins to print to.

    Lines are made harmless as wholes, so that neither a secret nor an escape sequence that comes
    in two pieces gets through.

    Args:
        stream: Where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rest = ""
        self._lock = Lock()

    def write(self, text: str) -> int:
        """Take some text; a line goes on once it is whole."""
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            for line in lines:
                self._stream.write(plain(mask(line)) + "\n")
        return len(text)

    def flush(self) -> None:
        """Let what has come go on, also where its line is not whole."""
        with self._lock:
            rest, self._rest = self._rest, ""
            self._stream.write(plain(mask(rest)))
            self._stream.flush()

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the file behind it, for processes that are to write there."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute that may be set
        """The encoding of the stream behind it."""
        return self._stream.encoding


@contextmanager
def prints_aside(*, errors: bool = False) -> Iterator[None]:
    """
    Send to stderr what is printed within a block.

    Args:
        errors: Also make harmless what is written to stderr itself; for where nothing of our own,
            such as the progress of a command, is drawn there meanwhile.
    """
    stream = sys.stderr if isinstance(sys.stderr, Printed) else Printed(sys.stderr)
    with redirect_stdout(stream), redirect_stderr(stream) if errors else nullcontext():
        try:
            yield
        finally:
            stream.flush()
