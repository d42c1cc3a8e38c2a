"""Removing what the columns no longer need, and what killed processes left behind."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regard.columns.holding import remove_unless_held
from regard.columns.manifest import NAME, OURS, Manifest, read_manifest

__all__ = ["clean", "has_leftovers", "work_folder"]

_NEW = f"{NAME}.new"
_WORK = ".work-"
_SPILL = ".spill-"


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """Make a folder for what only one export needs; a killed one's is removed by the next."""
    work = folder / f"{_WORK}{secrets.token_hex(4)}"
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def has_leftovers(folder: Path, manifest: Manifest) -> bool:
    """Say whether there is something to clean: an exporter was killed, or is at work just now."""
    kept = _kept(manifest)
    return any(
        path.name not in kept if OURS.fullmatch(path.name) else _is_dead(path)
        for path in folder.iterdir()
    )


def clean(folder: Path) -> tuple[str, ...]:
    """
    Remove what neither this generation nor the one before needs; call it under the lock.

    Returns:
        The files that would have been removed, but that somebody still reads.
    """
    kept = _kept(read_manifest(folder))
    held = []
    for path in sorted(folder.iterdir()):
        if OURS.fullmatch(path.name) and path.name not in kept:
            if not remove_unless_held(path):
                held.append(path.name)
        elif path.name == _NEW:
            path.unlink(missing_ok=True)
        elif _is_dead(path):
            shutil.rmtree(path, ignore_errors=True)
    return tuple(held)


def _kept(manifest: Manifest | None) -> set[str]:
    return {*manifest.files, *manifest.previous} if manifest else set()


def _is_dead(path: Path) -> bool:
    # Under the lock nobody else is at work.
    return path.name == _NEW or path.name.startswith(_WORK) or _is_dead_spill(path)


def _is_dead_spill(path: Path) -> bool:
    """Say whether a reader that was killed left what did not fit into its memory."""
    if not path.name.startswith(_SPILL):
        return False
    pid = path.name.split("-")[1]
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return True
    except (OSError, OverflowError):
        return False
    return False
