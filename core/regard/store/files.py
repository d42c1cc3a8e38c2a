"""How far files have been read, so that an unchanged one is never opened again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from regard.store.transactions import Transaction, table

__all__ = ["FileState", "forget", "load", "save"]


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


def forget(
    transaction: Transaction, source: str, stream: str, run_id: int, after: int = -1
) -> None:
    """
    Make files look as if a stream had not begun them.

    The rows stay: where several streams read a file, it is done only when all of them are.

    Args:
        transaction: A writing one.
        source: The source.
        stream: The stream.
        run_id: The run that the rows belong to from now on.
        after: Only files that later runs than this one have read.
    """
    files = table("files")
    transaction.connection.execute(
        update(files)
        .where(files.c.source == source, files.c.stream == stream, files.c.run_id > after)
        .values(size=-1, modified_ns=-1, sha256="", rows_done=0, complete=False, run_id=run_id)
    )
