"""
Bringing the columns up to date with the store.

What was written since the last export is added; everything is written anew where that cannot
be trusted: the store is another one, was restored from a backup or has other tables, or a
file is missing.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from regard.clock import Clock, SystemClock
from regard.columns.cleaning import clean, has_leftovers
from regard.columns.exporting import ExportingStore
from regard.columns.generations import Export, Progress, has_tables_of
from regard.columns.locking import exporter_lock
from regard.columns.manifest import Manifest, read_manifest
from regard.columns.merging import Limits
from regard.errors import StoreBusy, StoreError

__all__ = ["ColumnsState", "rebuild", "sync_columns"]

_UNWRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_WAIT_SECONDS = 600.0
_READER_SECONDS = 10.0
_PAUSE_SECONDS = 0.05
_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ColumnsState:
    """
    What a reader gets.

    Attributes:
        folder: Where the columns lie.
        batch_id: The last batch they contain.
        written_at: When they were written.
        current: They contain everything that the store holds.
        rebuilt: This call wrote them.
        rows: Rows by table, deleted ones included.
        held: Files that should be gone, but that an open view still reads; only `rebuild`
            says so.
    """

    folder: Path
    batch_id: int
    written_at: datetime
    current: bool
    rebuilt: bool
    rows: Mapping[str, int]
    held: tuple[str, ...] = ()


def sync_columns(
    store: ExportingStore,
    folder: Path,
    *,
    progress: Progress | None = None,
    clock: Clock | None = None,
    timeout_seconds: float = _WAIT_SECONDS,
    limits: Limits = _LIMITS,
) -> ColumnsState:
    """
    Make the columns in a folder hold what the store holds.

    Where the folder cannot be written to, the columns in it are used as they are.

    Args:
        store: What they are made from.
        folder: Made if it is missing; nothing but columns may lie in it.
        progress: Called before each table.
        clock: Says when they were written.
        timeout_seconds: How long to wait for another process that is writing them.
        limits: When files are merged.

    Raises:
        StoreBusy: Another process has been writing them for longer than that.
        StoreError: They cannot be written, and none of this store are there.
    """
    found = _current(store, folder)
    if found is not None:
        _clean_after_killed(folder, found)
        return _state(folder, found, current=True, rebuilt=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exporter_lock(folder, timeout_seconds=timeout_seconds):
            found = _current(store, folder)
            if found is not None:
                # Another process did the work while we waited.
                return _state(folder, found, current=True, rebuilt=False)
            clean(folder)
            export = Export(store, folder, progress, clock or SystemClock(), limits)
            manifest = export.write()
            clean(folder)
            return _state(folder, manifest, current=True, rebuilt=True)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            message = f"{folder}: the columns cannot be written: {error.strerror or error}"
            raise StoreError(message) from error
        return _as_they_are(store, folder, error)


def rebuild(
    store: ExportingStore,
    folder: Path,
    kinds: Collection[str],
    *,
    progress: Progress | None = None,
    clock: Clock | None = None,
    timeout_seconds: float = _WAIT_SECONDS,
    reader_seconds: float = _READER_SECONDS,
) -> ColumnsState | None:
    """
    Write some kinds anew and remove all older files at once: what erasure needs.

    A file that an open view reads stays until nobody does; it is named in the result's
    ``held``. Calling this again, also without kinds, then removes it.

    Args:
        store: From which the records are gone already.
        folder: Where the columns lie.
        kinds: By name, such as ``purchase``; the others are brought up to date.
        progress: Called before each table.
        clock: Says when they were written.
        timeout_seconds: How long to wait for another process that is writing columns.
        reader_seconds: How long to wait for open views.

    Returns:
        None: there were no columns; what lay around of them is gone.

    Raises:
        ConfigError: There is no such kind.
        StoreBusy: Another process has been writing them for too long.
        StoreError: They cannot be written.
    """
    from regard.records.registry import kind_named

    anew = {kind_named(name).table.name for name in kinds}
    if not folder.is_dir():
        return None
    try:
        with exporter_lock(folder, timeout_seconds=timeout_seconds):
            if read_manifest(folder) is None:
                clean(folder)
                return None
            export = Export(store, folder, progress, clock or SystemClock(), _LIMITS)
            manifest = export.write(anew, keep_previous=False)
            held = _clean_when_read(folder, reader_seconds)
            return _state(folder, manifest, current=True, rebuilt=True, held=held)
    except OSError as error:
        message = f"{folder}: the columns cannot be written: {error.strerror or error}"
        raise StoreError(message) from error


def _clean_after_killed(folder: Path, manifest: Manifest) -> None:
    """Remove what an exporter that was killed left, though there is nothing to write."""
    # Whoever writes just now cleans on its own, and who may only read removes nothing.
    with suppress(OSError, StoreBusy):
        if has_leftovers(folder, manifest):
            with exporter_lock(folder, timeout_seconds=0):
                clean(folder)


def _clean_when_read(folder: Path, seconds: float) -> tuple[str, ...]:
    end = time.monotonic() + seconds
    while (held := clean(folder)) and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
    return held


def _state(
    folder: Path,
    manifest: Manifest,
    *,
    current: bool,
    rebuilt: bool,
    held: tuple[str, ...] = (),
) -> ColumnsState:
    return ColumnsState(
        folder=folder,
        batch_id=manifest.batch_id,
        written_at=manifest.written_at,
        current=current,
        rebuilt=rebuilt,
        rows={table: kind.rows for table, kind in manifest.kinds.items()},
        held=held,
    )


def _current(store: ExportingStore, folder: Path) -> Manifest | None:
    manifest = read_manifest(folder)
    if manifest is None or not manifest.matches(store.identity()):
        return None
    if not has_tables_of(manifest, store):
        return None
    return manifest if manifest.is_whole(folder) else None


def _as_they_are(store: ExportingStore, folder: Path, error: OSError) -> ColumnsState:
    manifest = read_manifest(folder)
    if manifest is None or not manifest.is_whole(folder):
        message = f"{folder}: there are no columns yet, and none can be written: {error.strerror}"
        raise StoreError(message) from error
    if manifest.store_id != store.identity().id:
        message = (
            f"{folder}: the columns there are of another store, and they cannot be replaced: "
            f"{error.strerror}"
        )
        raise StoreError(message) from error
    return _state(folder, manifest, current=False, rebuilt=False)
