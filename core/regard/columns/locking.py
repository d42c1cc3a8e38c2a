"""One exporter at a time: a lock that ends with its process, however that ends."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regard.errors import StoreBusy

__all__ = ["NAME", "exporter_lock"]

NAME = ".lock"
_PAUSE_SECONDS = 0.05


@contextmanager
def exporter_lock(folder: Path, *, timeout_seconds: float) -> Iterator[None]:
    """
    Hold the folder's only right to write for the length of a block.

    Args:
        folder: Must exist.
        timeout_seconds: How long to wait for another exporter.

    Raises:
        StoreBusy: Another process kept the right for longer.
        OSError: The folder cannot be written to.
    """
    descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _wait(descriptor, folder, timeout_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        # Closing releases the lock. The file stays: removing it would let two hold "the" lock.
        os.close(descriptor)


def _wait(descriptor: int, folder: Path, timeout_seconds: float) -> None:
    end = time.monotonic() + timeout_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                raise
        else:
            return
        if time.monotonic() >= end:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            message = (
                f"{folder}: another process (pid {holder}) has been writing the columns "
                f"for more than {timeout_seconds:g} s; try again when it is done"
            )
            raise StoreBusy(message)
        time.sleep(_PAUSE_SECONDS)
