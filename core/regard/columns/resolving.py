"""
Reading a table's files as one: without the rows that later ones have replaced.

A row is told by its place, the file and its number in it, because comparing two numbers is
several times cheaper than comparing keys. Files all of whose rows are valid are read plainly.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from regard.columns.manifest import KindFiles
from regard.columns.writing import literal

__all__ = ["FILE", "PLACE", "ROW", "parquet", "pattern", "renumbered", "valid_rows"]

FILE = "file_index"
ROW = "file_row_number"
"""DuckDB's own names of where a row stands; the lists of replaced rows use them too."""

PLACE = f"{FILE}, {ROW}"


def pattern(path: str) -> str:
    """Return a path as DuckDB must get it to read that very file: it takes paths as globs."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in path)


def parquet(folder: Path, names: Sequence[str]) -> str:
    """Return an SQL source that reads some files of a folder."""
    paths = ", ".join(literal(pattern(str(folder / name))) for name in names)
    return f"read_parquet([{paths}])"


def valid_rows(kind: KindFiles, folder: Path, only: Collection[str] | None = None) -> str:
    """
    Return a query that gives a table's valid rows.

    Args:
        kind: The table's files.
        folder: Where they lie.
        only: Rows of these files; None: of all.
    """
    wanted = [name for name in kind.data_files if only is None or name in only]
    plain = [name for name in wanted if name not in kind.replaced]
    parts = [f"SELECT * FROM {parquet(folder, plain)}"] if plain else []
    if kind.gone is not None:
        partly = [name for name in kind.replaced if name in wanted]
        if partly:
            parts.append(_without_replaced(kind, folder, partly))
    return " UNION ALL ".join(parts)


def _without_replaced(kind: KindFiles, folder: Path, names: Sequence[str]) -> str:
    order = list(kind.replaced)
    assert kind.gone is not None  # noqa: S101  # where rows were replaced a file lists them
    gone = f"SELECT {PLACE} FROM {parquet(folder, [kind.gone])}"
    if names != order:
        gone = renumbered(gone, order, names)
    return (
        f"SELECT * EXCLUDE ({PLACE}) FROM (SELECT *, {PLACE} FROM {parquet(folder, names)}) "
        f"ANTI JOIN ({gone}) USING ({PLACE})"
    )


def renumbered(places: str, before: Sequence[str], after: Sequence[str]) -> str:
    """
    Return places that count files in another order, without those of files left out.

    Args:
        places: A query that gives places.
        before: The files in the order in which it counts them.
        after: The order wanted.
    """
    numbers = [str(after.index(name)) if name in after else "NULL" for name in before]
    moved = f"CAST([{', '.join(numbers)}][CAST({FILE} AS BIGINT) + 1] AS UBIGINT)"
    inner = f"SELECT {moved} AS {FILE}, {ROW} FROM ({places})"
    return f"SELECT {PLACE} FROM ({inner}) WHERE {FILE} IS NOT NULL"
