"""
When a table's files are merged, which costs once and makes every later reading quicker.

Merged are deltas, when they are many or large beside the base; files of which many rows are
no longer valid; and base files, when many small ones have come together.
"""

from __future__ import annotations

from dataclasses import dataclass

from regard.columns.manifest import KindFiles

__all__ = ["Limits", "is_large", "to_merge"]


@dataclass(frozen=True, slots=True)
class Limits:
    """
    When files are merged.

    Attributes:
        small_rows: A table with fewer rows is written whole when it changes.
        percent: Of a file's rows that may be replaced, and of the base that all deltas
            together may be large.
        deltas: How many deltas there may be.
        large_rows: A base file with more rows counts as large.
        small_files: How many base files that are not large there may be.
    """

    small_rows: int = 20_000
    percent: int = 10
    deltas: int = 8
    large_rows: int = 500_000
    small_files: int = 8


def to_merge(kind: KindFiles, limits: Limits) -> frozenset[str]:
    """Return the files of a table that should become one; none: it is well as it is."""
    chosen = {
        name
        for name, rows in kind.replaced.items()
        if rows * 100 > limits.percent * kind.counts[name]
    }
    later = sum(kind.counts[name] for name in kind.deltas)
    if len(kind.deltas) > limits.deltas or is_large(later, kind, limits):
        chosen.update(kind.deltas)
    small = [name for name in kind.base if kind.counts[name] < limits.large_rows]
    if len(small) > limits.small_files:
        chosen.update(small)
    return frozenset(chosen)


def is_large(rows: int, kind: KindFiles, limits: Limits) -> bool:
    """Say whether so many rows are too many for deltas beside the base."""
    return rows * 100 > limits.percent * sum(kind.counts[name] for name in kind.base)
