"""
The manifest: which files the columns consist of, and of which moment of which store.

It is the only thing that says what is valid. It is written last and renamed into place, so
that whoever is killed leaves either the old columns or the new ones, never a mixture.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from regard.columns.exporting import StoreIdentity

__all__ = [
    "FORMAT",
    "NAME",
    "KindFiles",
    "Manifest",
    "read_manifest",
    "sync_to_disk",
    "write_manifest",
]

NAME = "manifest.json"
FORMAT = 1
"""Raised when older columns could no longer be read rightly: they are then rebuilt."""


@dataclass(frozen=True, slots=True)
class KindFiles:
    """
    The files of one table.

    Attributes:
        rows: How many rows they hold together, deleted ones included.
        base: Its full export, by name.
        deltas: Later changes over the base, oldest first; none are written yet.
        bytes: The size of each file by name.
    """

    rows: int
    base: tuple[str, ...]
    deltas: tuple[str, ...] = ()
    bytes: Mapping[str, int] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """All of its files."""
        return (*self.base, *self.deltas)


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    One valid state of the columns.

    Attributes:
        store_id: The store they were made from.
        revision: Its schema's revision.
        batch_id: The last batch they contain.
        token: That batch's token.
        generation: Counts the rebuilds of this folder.
        written_at: When they were written, aware.
        kinds: Their files by table.
        previous: The files of the generation before, kept for readers that have them open.
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
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
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
        kinds={
            table: KindFiles(
                kind["rows"], tuple(kind["base"]), tuple(kind["deltas"]), dict(kind["bytes"])
            )
            for table, kind in data["kinds"].items()
        },
        previous=tuple(data["previous"]),
    )
    if any(Path(name).name != name for name in manifest.files):
        message = "a manifest names files of its own folder only"
        raise ValueError(message)
    return manifest


def _dump(manifest: Manifest) -> str:
    data = {
        "format": FORMAT,
        "store": {"id": manifest.store_id, "revision": manifest.revision},
        "batch": {"id": manifest.batch_id, "token": manifest.token},
        "generation": manifest.generation,
        "written_at": manifest.written_at.isoformat(),
        "kinds": {
            table: {
                "rows": kind.rows,
                "base": kind.base,
                "deltas": kind.deltas,
                "bytes": dict(kind.bytes),
            }
            for table, kind in manifest.kinds.items()
        },
        "previous": manifest.previous,
    }
    return json.dumps(data, indent=1) + "\n"


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
