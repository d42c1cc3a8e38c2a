"""
One writing of the columns: table by table from one moment of the store, then the manifest.

What was written since the last export is added; a table is written whole where its files
cannot be trusted, and all of them where the manifest is not one of this store's past.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from regard.clock import Clock
from regard.columns.cleaning import work_folder
from regard.columns.exporting import ExportingStore, StoreColumn, StoreIdentity, StoreSnapshot
from regard.columns.manifest import (
    KindFiles,
    Manifest,
    read_manifest,
    sync_to_disk,
    write_manifest,
)
from regard.columns.merging import Limits
from regard.errors import StoreError

if TYPE_CHECKING:
    from regard.columns.writing import Desk

__all__ = ["Export", "Progress", "has_tables_of"]

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with the tables done, the tables in all, and the one that is next."""


def _has_columns(kind: KindFiles, columns: Sequence[StoreColumn]) -> bool:
    # Their order counts: files of one table are read on top of one another.
    return list(kind.columns.items()) == [(column.name, column.type) for column in columns]


def has_tables_of(manifest: Manifest, store: ExportingStore) -> bool:
    """Say whether columns have the tables of a store, which enrichers may have changed."""
    tables = store.tables()
    return set(tables) == set(manifest.kinds) and all(
        _has_columns(manifest.kinds[name], columns) for name, columns in tables.items()
    )


def _erased(known: Manifest, snapshot: StoreSnapshot) -> set[str]:
    """Return the tables from which rows were erased since: what was written follows, not that."""
    return {table for table in known.kinds if known.batch_id < snapshot.vanished(table)}


def _files_of(manifest: Manifest, *, without: Collection[str]) -> set[str]:
    return {
        name
        for table, kind in manifest.kinds.items()
        if table not in without
        for name in kind.files
    }


class Export:
    """
    One writing of the columns; call it under the lock.

    Args:
        store: What they are made from.
        folder: Where they lie.
        progress: Called before each table.
        clock: Says when they were written.
        limits: When files are merged.
    """

    def __init__(
        self,
        store: ExportingStore,
        folder: Path,
        progress: Progress | None,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._folder = folder
        self._progress = progress
        self._clock = clock
        self._limits = limits
        self._old = read_manifest(folder)

    def write(self, anew: Collection[str] = (), *, keep_previous: bool = True) -> Manifest:
        """
        Write what is missing, and put the manifest into place.

        Args:
            anew: Tables to write whole.
            keep_previous: Whether replaced files stay for one more generation.
        """
        from regard.columns.writing import Desk, connect_writer

        old = self._old
        generation = old.generation + 1 if old else 1
        with work_folder(self._folder) as work, self._store.snapshot() as snapshot:
            identity = snapshot.identity()
            known = old if old and self._continues(old, identity, snapshot) else None
            erased = _erased(known, snapshot) if known else set()
            anew = {*anew, *erased}
            with closing(connect_writer(work)) as connection:
                desk = Desk(connection, self._folder, work, generation)
                kinds = self._tables(desk, snapshot, known, anew)
        # Files of another store, or of one that went another way, serve nobody any more.
        kept = _files_of(known, without=erased) if known and keep_previous else set()
        named = {name for kind in kinds.values() for name in kind.files}
        manifest = Manifest(
            store_id=identity.id,
            revision=identity.revision,
            batch_id=identity.batch_id,
            token=identity.token,
            generation=generation,
            written_at=self._clock.now(),
            kinds=kinds,
            previous=tuple(sorted(kept - named)),
        )
        sync_to_disk(self._folder)
        write_manifest(self._folder, manifest)
        return manifest

    def _continues(self, old: Manifest, identity: StoreIdentity, snapshot: StoreSnapshot) -> bool:
        """Say whether the store only went on since: a restored backup may have gone elsewhere."""
        return (
            (old.store_id, old.revision) == (identity.id, identity.revision)
            and old.batch_id <= identity.batch_id
            and snapshot.batch_token(old.batch_id) == old.token
            and old.is_whole(self._folder)
        )

    def _tables(
        self,
        desk: Desk,
        snapshot: StoreSnapshot,
        known: Manifest | None,
        anew: Collection[str],
    ) -> Mapping[str, KindFiles]:
        tables = snapshot.tables()
        made: dict[str, KindFiles] = {}
        for done, (table, columns) in enumerate(tables.items()):
            if self._progress:
                self._progress(done, len(tables), table)
            old = known.kinds.get(table) if known and table not in anew else None
            if known is None or old is None or not _has_columns(old, columns):
                made[table] = self._whole(desk, snapshot, table, columns)
            else:
                made[table] = self._followed(desk, snapshot, table, columns, old, known.batch_id)
        if self._progress:
            self._progress(len(tables), len(tables), "")
        return made

    def _whole(
        self, desk: Desk, snapshot: StoreSnapshot, table: str, columns: Sequence[StoreColumn]
    ) -> KindFiles:
        from regard.columns.following import write_table

        return write_table(desk, snapshot, table, columns)

    def _followed(
        self,
        desk: Desk,
        snapshot: StoreSnapshot,
        table: str,
        columns: Sequence[StoreColumn],
        old: KindFiles,
        after_batch: int,
    ) -> KindFiles:
        from regard.columns.following import follow_table

        try:
            return follow_table(desk, snapshot, table, columns, old, after_batch, self._limits)
        except StoreError:
            # A file may be spoilt though it is as long as it was. Where the store itself is
            # the trouble this fails again, and says so.
            return self._whole(desk, snapshot, table, columns)
