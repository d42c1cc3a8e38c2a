"""How far files have been read, so that an unchanged one is never opened again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from regard.store.transactions import Transaction, table

__all__ = ["FileState", "load", "save"]


@dataclass(frozen=True, slots=True)
class FileState:
    """
    What the store knows of one file as one stream read it.

    Attributes:
        stream: The stream that its rows went to.
        path: Below the project.
        size: In bytes.
        modified_ns: Its modification time in nanoseconds.
        sha256: Of its content.
        rows_done: Rows whose records are committed.
        complete: Whether it was read to its end.
        recipe: What else decided about the result.
    """

    stream: str
    path: str
    size: int
    modified_ns: int
    sha256: str
    rows_done: int
    complete: bool
    recipe: str


_COLUMNS = (
    "stream",
    "path",
    "size",
    "modified_ns",
    "sha256",
    "rows_done",
    "complete",
    "recipe",
)


def load(transaction: Transaction, source: str) -> list[FileState]:
    """Return all files that a source has read."""
    files = table("files")
    rows = transaction.connection.execute(
        select(*(files.c[name] for name in _COLUMNS))
        .where(files.c.source == source)
        .order_by(files.c.path, files.c.stream)
    )
    return [FileState(*row) for row in rows]


def save(transaction: Transaction, source: str, state: FileState, run_id: int) -> None:
    """Store how far a file has been read."""
    values = {name: getattr(state, name) for name in _COLUMNS}
    transaction.put(
        "files", {"source": source, **values, "run_id": run_id, "read_at": transaction.now}
    )
