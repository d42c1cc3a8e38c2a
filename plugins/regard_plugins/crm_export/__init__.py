"""
Reads what CRMs, shops and payment services export: CSV, spreadsheets, JSON, Parquet.

Files are recognised by their headers; those of any other shape are mapped in the
configuration. The source itself is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_sources"]


@hookimpl
def regard_sources() -> Sequence[str]:
    """Register the source."""
    return ["regard_plugins.crm_export.source:CrmExport"]
