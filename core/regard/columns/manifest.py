"""
The manifest: which files the columns consist of, and of which moment of which store.

It is the only thing that says what is valid. It is written last and renamed into place, so
that whoever is killed leaves either the old columns or the new ones, never a mixture.

Each table has base files and, over them, deltas with the rows that were written later. Of
rows with the same source and key (of historic kinds also the same ``valid_from``) the one
with the highest ``batch_id`` is valid. So that reading need not compare keys, the rows that
are no longer valid are listed by their place: file and row number.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from regard.columns.exporting import StoreIdentity

__all__ = [
    "FORMAT",
    "NAME",
    "OURS",
    "KindFiles",
    "Manifest",
    "read_manifest",
    "sync_to_disk",
    "write_manifest",
]

NAME = "manifest.json"
FORMAT = 2
"""Raised when older columns could no longer be read rightly: they are then rebuilt."""

OURS = re.compile(r"(?:tmp_)?\w+-\d{6,}-[0-9a-f]{8}(?:\.gone)?\.parquet")
"""Our files' names; anything else in the folder is somebody's and stays."""


@dataclass(frozen=True, slots=True)
class KindFiles:
    """
    The files of one table.

    Attributes:
        base: Most of its rows, by file name.
        deltas: Files with later rows, oldest first.
        counts: How many rows each of these files holds, valid or not.
        bytes: The size of each file by name, the list of replaced rows included.
        columns: The table's columns with the store's types, in their order.
        replaced: How many rows of a file are no longer valid; in the order in which the list
            counts the files, and without files all of whose rows are valid.
        gone: The list of the replaced rows, by name; None: all rows are valid.
    """

    base: tuple[str, ...]
    deltas: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, int] = field(default_factory=dict)
    gone: str | None = None

    @property
    def data_files(self) -> tuple[str, ...]:
        """The files that hold rows."""
        return (*self.base, *self.deltas)

    @property
    def files(self) -> tuple[str, ...]:
        """All of its files."""
        return self.data_files if self.gone is None else (*self.data_files, self.gone)

    @property
    def rows(self) -> int:
        """How many valid rows they hold together, deleted records included."""
        return sum(self.counts.values()) - sum(self.replaced.values())


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    One valid state of the columns.

    Attributes:
        store_id: The store they were made from.
        revision: Its schema's revision.
        batch_id: The last batch they contain.
        token: That batch's token.
        generation: Counts how often this folder was written.
        written_at: When they were written, aware.
        kinds: Their files by table.
        previous: Files of the generation before that this one has replaced, kept for
            readers that have them open.
    """

    store_id: str
    revision: str
    batch_id: int
    token: str
    generation: int
    written_at: datetime
    kinds: Mapping[str, KindFiles]
    previous: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """All files of this generation."""
        return tuple(name for kind in self.kinds.values() for name in kind.files)

    def matches(self, identity: StoreIdentity) -> bool:
        """Say whether the store has not changed since."""
        here = (self.store_id, self.revision, self.batch_id, self.token)
        return here == (identity.id, identity.revision, identity.batch_id, identity.token)

    def is_whole(self, folder: Path) -> bool:
        """Say whether all files are there with the size they were written with."""
        try:
            return all(
                (folder / name).stat().st_size == size
                for kind in self.kinds.values()
                for name, size in kind.bytes.items()
            )
        except OSError:
            return False


def read_manifest(folder: Path) -> Manifest | None:
    """Return the folder's manifest; None: there is none that can be read."""
    try:
        data = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return _parse(data) if data["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Columns are a cache: whatever is wrong with it, it is made again.
        return None


def _parse(data: Mapping[str, Any]) -> Manifest:
    manifest = Manifest(
        store_id=data["store"]["id"],
        revision=data["store"]["revision"],
        batch_id=data["batch"]["id"],
        token=data["batch"]["token"],
        generation=data["generation"],
        written_at=datetime.fromisoformat(data["written_at"]),
        kinds={table: _parse_kind(kind) for table, kind in data["kinds"].items()},
        previous=tuple(data["previous"]),
    )
    names = (*manifest.files, *manifest.previous)
    if not all(OURS.fullmatch(name) for name in names):
        message = "a manifest names columns' files of its own folder only"
        raise ValueError(message)
    return manifest


def _parse_kind(data: Mapping[str, Any]) -> KindFiles:
    kind = KindFiles(
        base=tuple(data["base"]),
        deltas=tuple(data["deltas"]),
        counts=_numbers(data["counts"]),
        bytes=_numbers(data["bytes"]),
        columns=dict(data["columns"]),
        replaced=_numbers(data["replaced"]),
        gone=data["gone"],
    )
    listed = {*kind.data_files} == {*kind.counts} and {*kind.files} == {*kind.bytes}
    if not (kind.base and listed and {*kind.replaced} <= {*kind.counts}):
        message = "a manifest counts the files that it names"
        raise ValueError(message)
    if bool(kind.replaced) != (kind.gone is not None):
        message = "where rows were replaced a file lists them"
        raise ValueError(message)
    return kind


def _numbers(data: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(number) for name, number in data.items()}


def _dump(manifest: Manifest) -> str:
    data = {
        "format": FORMAT,
        "store": {"id": manifest.store_id, "revision": manifest.revision},
        "batch": {"id": manifest.batch_id, "token": manifest.token},
        "generation": manifest.generation,
        "written_at": manifest.written_at.isoformat(),
        "kinds": {table: _dump_kind(kind) for table, kind in manifest.kinds.items()},
        "previous": manifest.previous,
    }
    return json.dumps(data, indent=1) + "\n"


def _dump_kind(kind: KindFiles) -> dict[str, Any]:
    return {
        "base": kind.base,
        "deltas": kind.deltas,
        "counts": dict(kind.counts),
        "bytes": dict(kind.bytes),
        "columns": dict(kind.columns),
        "replaced": dict(kind.replaced),
        "gone": kind.gone,
    }


def sync_to_disk(path: Path) -> None:
    """Make sure that a file's content, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest into place; its files must be on disk already."""
    temporary = folder / f"{NAME}.new"
    temporary.write_text(_dump(manifest), encoding="utf-8")
    sync_to_disk(temporary)
    temporary.replace(folder / NAME)
    sync_to_disk(folder)
