"""
How much room everything takes, how fast that grows, and for how long there is enough.

The loop notes the sizes once a day; the growth is what happened since the oldest of the notes
that are kept.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from regard.store import Store, Transaction, sizes

__all__ = ["SCARCE", "Space", "is_scarce", "note", "space"]

SCARCE: Final = 0.1
"""With less than this share of the disk free, sites are not read any more."""

_PARTS: Final = {"columns": "columns", "logs": "logs", "inbox": "inbox"}
_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class Space:
    """
    The room that a project takes.

    Attributes:
        parts: In bytes: ``store``, ``columns``, ``logs``, ``inbox``, ``copies``.
        free: Bytes that are free on the project's disk.
        disk: The size of that disk.
        growth_a_week: In bytes; None: it has not been watched for a day yet.
    """

    parts: Mapping[str, int]
    free: int
    disk: int
    growth_a_week: int | None = None

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(self.parts.values())

    @property
    def days_until_full(self) -> int | None:
        """When the disk is full if it goes on so; None: it does not grow, or nobody knows."""
        if self.growth_a_week is None or self.growth_a_week <= 0:
            return None
        return int(self.free / (self.growth_a_week / 7))


def space(store: Store | None, root: Path, now: datetime) -> Space:
    """
    Measure a project.

    Args:
        store: Its store, if there is one.
        root: Its folder.
        now: The time.
    """
    parts = {name: _size(root / folder) for name, folder in _PARTS.items()}
    parts["copies"] = sum(_size(path) for path in root.glob("*.backup"))
    growth = None
    if store is not None:
        with store.read() as transaction:
            parts = {"store": sizes.size(transaction), **parts}
            growth = _growth(sizes.noted(transaction), sum(parts.values()), now)
    disk = shutil.disk_usage(root)
    return Space(parts, disk.free, disk.total, growth)


def is_scarce(root: Path) -> bool:
    """Say whether the project's disk is nearly full."""
    disk = shutil.disk_usage(root)
    return disk.free < disk.total * SCARCE


def note(transaction: Transaction, measured: Space, now: datetime) -> None:
    """Note today's size, so that growth can be told later."""
    sizes.note(transaction, now.date(), json.dumps({"total": measured.total}), _KEPT)


def _growth(noted: Mapping[str, str], total: int, now: datetime) -> int | None:
    if not noted:
        return None
    oldest = min(noted)
    before = int(json.loads(noted[oldest])["total"])
    days = (now.date() - datetime.fromisoformat(oldest).date()).days
    return None if days < 1 else round((total - before) / days * 7)


def _size(path: Path) -> int:
    """Return how many bytes a file takes, or a folder with all that is in it."""
    total = 0
    with suppress(OSError):
        if path.is_dir():
            return sum(_size(each) for each in path.iterdir())
        total = path.lstat().st_size
    return total
