"""
Files that people export from other programs: recognised, read, and resumed where a run ended.

A source for one more sort of export subclasses `ExportSource`; formats whose rows do not map
one to one subclass `Format` and `RowMapper`.
"""

from __future__ import annotations

from regard.exports.config import ExportConfig
from regard.exports.formats import Format, Refusal, RowMapper
from regard.exports.source import ExportSource
from regard.exports.wishes import Wishes

__all__ = ["ExportConfig", "ExportSource", "Format", "Refusal", "RowMapper", "Wishes"]
