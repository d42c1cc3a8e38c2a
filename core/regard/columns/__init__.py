"""
Columns: the store's records as Parquet files, and the view that reports read.

The folder is a cache. Deleting it loses nothing, killing its writer leaves it valid.
DuckDB stays in this package, and is loaded when columns are written or opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from regard.columns.exporting import ExportingStore, StoreColumn, StoreIdentity
from regard.columns.generations import Progress
from regard.columns.syncing import ColumnsState, rebuild, sync_columns

if TYPE_CHECKING:
    from regard.columns.counting import Standing, standings
    from regard.columns.view import ColumnsView, open_view

__all__ = [
    "ColumnsState",
    "ColumnsView",
    "ExportingStore",
    "Progress",
    "Standing",
    "StoreColumn",
    "StoreIdentity",
    "open_view",
    "rebuild",
    "standings",
    "sync_columns",
]


def __getattr__(name: str) -> object:
    """Load DuckDB only for those who read: the commands' help must stay quick."""
    if name in ("ColumnsView", "open_view"):
        from regard.columns import view

        return getattr(view, name)
    if name in ("Standing", "standings"):
        from regard.columns import counting

        return getattr(counting, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
