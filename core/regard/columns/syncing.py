"""
Bringing the columns up to date with the store.

Today the whole folder is rebuilt when the store has moved on. The manifest already keeps a
base and deltas for each table, so that writing only what changed can come later without a
new format.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from regard.clock import Clock, SystemClock
from regard.columns.exporting import ExportingStore
from regard.columns.locking import exporter_lock
from regard.columns.manifest import (
    KindFiles,
    Manifest,
    read_manifest,
    sync_to_disk,
    write_manifest,
)
from regard.errors import StoreError

__all__ = ["ColumnsState", "Progress", "sync_columns"]

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with the tables done, the tables in all, and the one that is next."""

_UNWRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_WAIT_SECONDS = 600.0
_OURS = re.compile(r"(?:tmp_)?\w+-\d{6,}-[0-9a-f]{8}\.parquet")
"""Our files' names; anything else in the folder is somebody's and stays."""


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
    """

    folder: Path
    batch_id: int
    written_at: datetime
    current: bool
    rebuilt: bool
    rows: Mapping[str, int]


def sync_columns(
    store: ExportingStore,
    folder: Path,
    *,
    progress: Progress | None = None,
    clock: Clock | None = None,
    timeout_seconds: float = _WAIT_SECONDS,
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

    Raises:
        StoreBusy: Another process has been writing them for longer than that.
        StoreError: They cannot be written, and none of this store are there.
    """
    found = _current(store, folder)
    if found is not None:
        return _state(folder, found, current=True, rebuilt=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exporter_lock(folder, timeout_seconds=timeout_seconds):
            found = _current(store, folder)
            if found is not None:
                # Another process did the work while we waited.
                return _state(folder, found, current=True, rebuilt=False)
            _clean(folder)
            manifest = _rebuild(store, folder, progress, clock or SystemClock())
            _clean(folder)
            return _state(folder, manifest, current=True, rebuilt=True)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            message = f"{folder}: the columns cannot be written: {error.strerror or error}"
            raise StoreError(message) from error
        return _as_they_are(store, folder, error)


def _state(folder: Path, manifest: Manifest, *, current: bool, rebuilt: bool) -> ColumnsState:
    return ColumnsState(
        folder=folder,
        batch_id=manifest.batch_id,
        written_at=manifest.written_at,
        current=current,
        rebuilt=rebuilt,
        rows={table: kind.rows for table, kind in manifest.kinds.items()},
    )


def _current(store: ExportingStore, folder: Path) -> Manifest | None:
    manifest = read_manifest(folder)
    if manifest is None or not manifest.matches(store.identity()):
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


def _rebuild(
    store: ExportingStore, folder: Path, progress: Progress | None, clock: Clock
) -> Manifest:
    from regard.columns.writing import connect_writer, write_table
    from regard.records.registry import KINDS  # loads all table classes: only to write

    old = read_manifest(folder)
    generation = old.generation + 1 if old else 1
    tag = f"{generation:06d}-{secrets.token_hex(4)}"
    tables = [kind.table.name for kind in KINDS.values()]
    files: dict[str, KindFiles] = {}
    with _work_folder(folder) as work, store.snapshot() as snapshot:
        identity = snapshot.identity()
        connection = connect_writer(work)
        try:
            for done, table in enumerate(tables):
                if progress:
                    progress(done, len(tables), table)
                target = folder / f"{table}-{tag}.parquet"
                files[table] = write_table(
                    connection, snapshot, table, store.columns_of(table), target, work
                )
        finally:
            connection.close()
    if progress:
        progress(len(tables), len(tables), "")
    manifest = Manifest(
        store_id=identity.id,
        revision=identity.revision,
        batch_id=identity.batch_id,
        token=identity.token,
        generation=generation,
        written_at=clock.now(),
        kinds=files,
        previous=old.files if old else (),
    )
    sync_to_disk(folder)
    write_manifest(folder, manifest)
    return manifest


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """Make a folder for what only this rebuild needs; a killed one's is removed by the next."""
    work = folder / f".work-{secrets.token_hex(4)}"
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _clean(folder: Path) -> None:
    """Remove what neither this generation nor the one before needs; call it under the lock."""
    manifest = read_manifest(folder)
    kept = {*manifest.files, *manifest.previous} if manifest else set()
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name) and path.name not in kept:
            path.unlink(missing_ok=True)
        elif path.name.startswith(".work-") or _is_dead_spill(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_dead_spill(path: Path) -> bool:
    """Say whether a reader that was killed left what did not fit into its memory."""
    if not path.name.startswith(".spill-"):
        return False
    pid = path.name.split("-")[1]
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return True
    except (OSError, OverflowError):
        return False
    return False
