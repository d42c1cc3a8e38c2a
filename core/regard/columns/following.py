"""
Following the store: what was written since the last export becomes a delta.

The rows that a delta replaces are looked up once, while it is written, so that reading need
not compare keys. What makes reading slow in the long run is merged: see `regard.columns.merging`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb

from regard.columns.exporting import StoreColumn, StoreSnapshot, key_columns
from regard.columns.manifest import KindFiles
from regard.columns.merging import Limits, is_large, to_merge
from regard.columns.resolving import FILE, PLACE, parquet, renumbered, valid_rows
from regard.columns.writing import DataFile, Desk, export_table, write_query
from regard.errors import StoreError

__all__ = ["follow_table", "write_table"]

_THREADS = 4


def write_table(
    desk: Desk, snapshot: StoreSnapshot, table: str, columns: Sequence[StoreColumn]
) -> KindFiles:
    """
    Write all rows of a table.

    Raises:
        StoreError: What was read back is not what was exported.
    """
    files = export_table(desk, snapshot, table, columns)
    return KindFiles(
        base=tuple(file.name for file in files),
        counts={file.name: file.rows for file in files},
        bytes={file.name: file.bytes for file in files},
        columns={column.name: column.type for column in columns},
    )


def follow_table(
    desk: Desk,
    snapshot: StoreSnapshot,
    table: str,
    columns: Sequence[StoreColumn],
    old: KindFiles,
    after_batch: int,
    limits: Limits,
) -> KindFiles:
    """
    Write what changed in a table since it was last exported.

    Args:
        desk: What to work with.
        snapshot: The moment of the store that all tables are written from.
        table: The table's name.
        columns: The table's columns, which are those of the old files.
        old: Its files.
        after_batch: The last batch that they contain.
        limits: When files are merged.

    Returns:
        The table's files; the old ones where nothing changed.

    Raises:
        StoreError: The old files cannot be read, or the new ones not be written.
    """
    new = export_table(desk, snapshot, table, columns, after_batch=after_batch)
    if not new:
        return old
    if old.rows < limits.small_rows:
        return write_table(desk, snapshot, table, columns)
    kind = _with_delta(desk, table, old, new, key_columns(columns))
    chosen = to_merge(kind, limits)
    return _merge(desk, table, kind, chosen, limits) if chosen else kind


def _with_delta(
    desk: Desk, table: str, old: KindFiles, new: Sequence[DataFile], keys: Sequence[str]
) -> KindFiles:
    names = tuple(file.name for file in new)
    kind = replace(
        old,
        deltas=(*old.deltas, *names),
        counts={**old.counts, **{file.name: file.rows for file in new}},
        bytes={**old.bytes, **{file.name: file.bytes for file in new}},
    )
    key = ", ".join(f'"{name}"' for name in keys)
    earlier = list(old.data_files)
    # Rows that were replaced before are found again; the list takes each place once.
    _look_up(
        desk,
        table,
        f"CREATE OR REPLACE TEMP TABLE found AS SELECT {PLACE} "
        f"FROM (SELECT {PLACE}, {key} FROM {parquet(desk.folder, earlier)}) "
        f"SEMI JOIN (SELECT {key} FROM {parquet(desk.folder, names)}) USING ({key})",
    )
    touched = _execute(desk, table, f"SELECT DISTINCT {FILE} FROM found ORDER BY ALL")
    if not touched:
        return kind
    order = list(dict.fromkeys([*old.replaced, *(earlier[place] for (place,) in touched)]))
    places = renumbered(f"SELECT {PLACE} FROM found", earlier, order)
    if old.gone is not None:
        # Files that are new in the list stand behind those that it counted before.
        places = f"{places} UNION SELECT {PLACE} FROM {parquet(desk.folder, [old.gone])}"
    kind = _with_list(desk, table, kind, f"SELECT DISTINCT {PLACE} FROM ({places})", order)
    _execute(desk, table, "DROP TABLE found")
    return kind


def _look_up(desk: Desk, table: str, query: str) -> None:
    """Run what reads the keys of all rows; unlike writing it is safe with several threads."""
    _execute(desk, table, f"SET threads = {min(_THREADS, os.cpu_count() or 1)}")
    _execute(desk, table, query)
    _execute(desk, table, "SET threads = 1")


def _execute(desk: Desk, table: str, query: str) -> list[Any]:
    try:
        return desk.connection.execute(query).fetchall()
    except duckdb.Error as error:
        message = f"{table}: the columns cannot be read ({type(error).__name__})"
        raise StoreError(message) from None


def _with_list(
    desk: Desk, table: str, kind: KindFiles, places: str, order: Sequence[str]
) -> KindFiles:
    """Return a table's files with another list of replaced rows."""
    sizes = {name: size for name, size in kind.bytes.items() if name != kind.gone}
    if not order:
        return replace(kind, bytes=sizes, replaced={}, gone=None)
    query = f"SELECT {PLACE} FROM ({places}) ORDER BY {PLACE}"
    file = write_query(desk, table, query, suffix=".gone")
    counting = f"SELECT {FILE}, count(*) FROM {parquet(desk.folder, [file.name])} GROUP BY ALL"
    counts: dict[int, int] = dict(_execute(desk, table, counting))
    return replace(
        kind,
        bytes={**sizes, file.name: file.bytes},
        replaced={name: counts[place] for place, name in enumerate(order)},
        gone=file.name,
    )


def _merge(
    desk: Desk, table: str, kind: KindFiles, chosen: frozenset[str], limits: Limits
) -> KindFiles:
    """Make some files of a table one, without the rows that are no longer valid."""
    expected = sum(kind.counts[name] - kind.replaced.get(name, 0) for name in chosen)
    file = write_query(desk, table, valid_rows(kind, desk.folder, chosen))
    if file.rows != expected:
        message = f"{table}: {expected} rows should be merged, there are {file.rows}"
        raise StoreError(message)
    order = [name for name in kind.replaced if name not in chosen]
    if len(order) != len(kind.replaced):
        assert kind.gone is not None  # noqa: S101  # where rows were replaced a file lists them
        places = f"SELECT {PLACE} FROM {parquet(desk.folder, [kind.gone])}"
        kind = _with_list(desk, table, kind, renumbered(places, list(kind.replaced), order), order)
    return _with_merged(kind, chosen, file, limits)


def _with_merged(
    kind: KindFiles, chosen: frozenset[str], file: DataFile, limits: Limits
) -> KindFiles:
    base = [name for name in kind.base if name not in chosen]
    deltas = [name for name in kind.deltas if name not in chosen]
    counts = {name: rows for name, rows in kind.counts.items() if name not in chosen}
    sizes = {name: size for name, size in kind.bytes.items() if name not in chosen}
    # A delta all of whose rows were replaced leaves nothing; a table without base would have
    # no columns.
    if file.rows or not base:
        into = base if len(base) < len(kind.base) or is_large(file.rows, kind, limits) else deltas
        into.append(file.name)
        counts[file.name], sizes[file.name] = file.rows, file.bytes
    return replace(kind, base=tuple(base), deltas=tuple(deltas), counts=counts, bytes=sizes)
