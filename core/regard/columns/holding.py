"""
Files that open views still read: who reads holds a shared lock on each, and ends it.

The lock ends with its process, however that ends, needs no right to write, and tells whoever
removes files which of them somebody is reading.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from regard.columns.manifest import Manifest, read_manifest

__all__ = ["Hold", "hold_columns", "remove_unless_held"]

_TRIES = 20
"""How often an exporter may replace the files between reading their names and locking them."""


class Hold:
    """
    Some files that are being read.

    Args:
        descriptors: Of the open files.
    """

    def __init__(self, descriptors: Iterable[int] = ()) -> None:
        self._descriptors = list(descriptors)

    def add(self, path: Path) -> None:
        """
        Hold one more file.

        Raises:
            FileNotFoundError: It is gone, or was removed just now.
            OSError: It cannot be opened.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._descriptors.append(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            # Only whoever is about to remove it locks it alone.
            raise FileNotFoundError(path) from error
        except OSError:
            return  # a file system without locks: files still go one generation later
        if not os.fstat(descriptor).st_nlink:
            raise FileNotFoundError(path)

    def release(self) -> None:
        """Let the files go."""
        while self._descriptors:
            os.close(self._descriptors.pop())


def hold_columns(folder: Path) -> tuple[Manifest, Hold] | None:
    """
    Return the columns' manifest with all of its files held; None: there are none.

    Raises:
        OSError: A file cannot be opened.
    """
    for left in reversed(range(_TRIES)):
        manifest = read_manifest(folder)
        if manifest is None:
            return None
        hold = Hold()
        try:
            for name in manifest.files:
                hold.add(folder / name)
        except FileNotFoundError:
            hold.release()
            if not left:
                raise
        except BaseException:
            hold.release()
            raise
        else:
            return manifest, hold
    return None


def remove_unless_held(path: Path) -> bool:
    """Remove a file that nobody reads; say whether it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        if _locked_by_others(descriptor):
            return False
        # Still locked, so that no reader believes to have got hold of it.
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _locked_by_others(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
