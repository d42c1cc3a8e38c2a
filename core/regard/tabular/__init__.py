"""
Tables out of files: CSV, spreadsheets, JSON and Parquet, plain, gzipped or zipped.

This room knows how files are written, not what is in them: it names the columns, counts the lines
and hands on every row it can vouch for. What it cannot vouch for comes as a `BadRow`, whole, so
that it can be put in quarantine and its neighbours go on.
"""

from __future__ import annotations

from regard.tabular.dialects import Dialect
from regard.tabular.opening import EmptyFile, open_tables
from regard.tabular.pieces import PieceReader
from regard.tabular.tables import BadRow, Piece, PieceItems, Row, Slice, Table, Value

__all__ = [
    "BadRow",
    "Dialect",
    "EmptyFile",
    "Piece",
    "PieceItems",
    "PieceReader",
    "Row",
    "Slice",
    "Table",
    "Value",
    "open_tables",
]
