"""
The tables around the records: runs, cursors, files, quarantine, leases, findings.

They are what makes a run resumable and explainable, and they are written in the same
transaction as the records they speak of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from regard.records.rows import StoreRow
from regard.records.types import Millionths

__all__ = [
    "NUMBER",
    "BatchRow",
    "CursorLogRow",
    "CursorRow",
    "EnricherRow",
    "FileRow",
    "FindingRow",
    "InfoRow",
    "LeaseRow",
    "MatchRow",
    "QuarantineRow",
    "RunRow",
    "RunStreamRow",
    "StreamRow",
    "TombstoneRow",
    "number",
    "some_text",
    "text",
]


NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""The type of running numbers: SQLite only counts where the column is exactly INTEGER."""


def text(*, key: bool = False) -> Any:  # noqa: ANN401  # stands where a text is declared
    """Declare a text."""
    return Field(sa_type=Text, primary_key=key)


def some_text() -> Any:  # noqa: ANN401
    """Declare a text that may be missing."""
    return Field(default=None, sa_type=Text)


def number(default: int = 0) -> Any:  # noqa: ANN401
    """Declare a whole number."""
    return Field(default=default, sa_type=BigInteger)


def _id() -> Any:  # noqa: ANN401
    return Field(default=None, primary_key=True, sa_type=NUMBER)


class InfoRow(StoreRow, table=True):
    """What the store knows of itself, such as its identity."""

    __tablename__: ClassVar[str] = "store_info"

    name: str = text(key=True)
    value: str = text()


class RunRow(StoreRow, table=True):
    """
    One execution of a source.

    Attributes:
        outcome: None while it is running.
        reason: Who asked for it: ``manual``, later also ``schedule``.
        config_digest: Tells whether two runs had the same settings.
    """

    __tablename__: ClassVar[str] = "runs"
    __table_args__ = (Index("ix_runs_source", "source", "id"),)

    id: int | None = _id()
    source: str = text()
    outcome: str | None = some_text()
    reason: str = text()
    plugin: str = text()
    plugin_version: str | None = some_text()
    regard_version: str = text()
    config_digest: str = text()
    host: str = text()
    pid: int = number()
    started_at: datetime
    finished_at: datetime | None = None
    error: str | None = some_text()


class RunStreamRow(StoreRow, table=True):
    """What one run did to one stream; written with each batch."""

    __tablename__: ClassVar[str] = "run_streams"

    run_id: int = Field(primary_key=True, sa_type=BigInteger)
    stream: str = text(key=True)
    kind: str = text()
    outcome: str | None = some_text()
    read: int = number()
    new: int = number()
    changed: int = number()
    unchanged: int = number()
    stale: int = number()
    quarantined: int = number()
    deleted: int = number()
    milliseconds: int = number()
    cursor_before: str | None = some_text()
    cursor_after: str | None = some_text()
    error: str | None = some_text()
    notes: str | None = some_text()


class BatchRow(StoreRow, table=True):
    """
    One committed transaction.

    Attributes:
        token: Random; tells a batch from another one of the same number, such as one that
            was made after an older copy of the store had been restored.
    """

    __tablename__: ClassVar[str] = "batches"

    id: int = Field(primary_key=True, sa_type=BigInteger)
    token: str = text()
    run_id: int = number()
    stream: str = text()
    committed_at: datetime


class StreamRow(StoreRow, table=True):
    """What a source's stream was when it was last read: its kind, key and plug-in."""

    __tablename__: ClassVar[str] = "streams"

    source: str = text(key=True)
    stream: str = text(key=True)
    kind: str = text()
    key_fields: str | None = some_text()
    plugin: str = text()
    last_run_id: int = number()


class CursorRow(StoreRow, table=True):
    """
    How far a stream has been read.

    Attributes:
        purpose: ``live``; a backfill has its own.
        value: JSON text, from `regard.cursors.dump`.
    """

    __tablename__: ClassVar[str] = "cursors"

    source: str = text(key=True)
    stream: str = text(key=True)
    purpose: str = text(key=True)
    value: str = text()
    run_id: int = number()
    updated_at: datetime


class CursorLogRow(StoreRow, table=True):
    """Every value a cursor ever had, so that one can go back to a run."""

    __tablename__: ClassVar[str] = "cursor_log"
    __table_args__ = (Index("ix_cursor_log_source", "source", "stream", "purpose", "id"),)

    id: int | None = _id()
    source: str = text()
    stream: str = text()
    purpose: str = text()
    value: str | None = some_text()
    run_id: int = number()
    batch_id: int = number()
    changed_at: datetime


class FileRow(StoreRow, table=True):
    """
    How far a file has been read.

    Attributes:
        path: Below the project, with forward slashes.
        size: In bytes.
        modified_ns: Its modification time in nanoseconds since 1970.
        sha256: Of its whole content.
        rows_done: Rows whose records are committed.
        complete: Whether it was read to its end.
        recipe: What else decided about the result, such as a digest of the field map.
    """

    __tablename__: ClassVar[str] = "files"

    source: str = text(key=True)
    stream: str = text(key=True)
    path: str = text(key=True)
    size: int = number()
    modified_ns: int = number()
    sha256: str = text()
    rows_done: int = number()
    complete: bool = False
    recipe: str = text()
    run_id: int = number()
    read_at: datetime


class QuarantineRow(StoreRow, table=True):
    """
    One refused record.

    Attributes:
        record: Its key, or the hash of its raw payload where it has none.
        reason: A short code.
        field: The field at fault.
        message: One sentence without personal values.
        raw: The input, whole: JSON, compressed with zlib.
        identifiers: Keyed hashes of the e-mail addresses, phone numbers and keys in it, as
            JSON, so that a person's refused records can be found and erased.
        file: The file it came from, as `FileRow` names it.
        line: Its line in that file, from 1.
        resolution: None while open; ``stored`` when a good version came, ``replayed``,
            ``dropped``.
    """

    __tablename__: ClassVar[str] = "quarantine"
    __table_args__ = (
        UniqueConstraint("source", "stream", "record", "reason", name="uq_quarantine_identity"),
    )

    id: int | None = _id()
    source: str = text()
    stream: str = text()
    kind: str = text()
    record: str = text()
    reason: str = text()
    field: str | None = some_text()
    message: str = text()
    raw: bytes = Field(sa_type=LargeBinary)
    identifiers: str | None = some_text()
    file: str | None = some_text()
    line: int | None = Field(default=None, sa_type=BigInteger)
    run_id: int = number()
    plugin: str = text()
    plugin_version: str | None = some_text()
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None = None
    resolution: str | None = some_text()


class LeaseRow(StoreRow, table=True):
    """
    Who may write for a source right now.

    Attributes:
        name: ``source:NAME``.
        fence: Raised at each takeover; a holder with an older one cannot commit.
        owner: Random; names one holder.
        host: The machine it runs on.
        boot: The machine's boot, so that a process number is not believed after a restart.
        pid: Its process.
        until_at: When it ends unless renewed, by the database's clock.
        progress: JSON, for those who watch.
    """

    __tablename__: ClassVar[str] = "leases"

    name: str = text(key=True)
    fence: int = number()
    owner: str | None = some_text()
    host: str | None = some_text()
    boot: str | None = some_text()
    pid: int | None = Field(default=None, sa_type=BigInteger)
    run_id: int | None = Field(default=None, sa_type=BigInteger)
    started_at: datetime | None = None
    until_at: datetime | None = None
    progress: str | None = some_text()


class FindingRow(StoreRow, table=True):
    """
    One finding; seen again, it moves ``last_seen_at``.

    Attributes:
        source: The source's name, ``enricher:NAME`` or ``report:NAME``.
        state: ``open``, ``acknowledged``, ``muted`` or ``resolved``.
    """

    __tablename__: ClassVar[str] = "findings"
    __table_args__ = (UniqueConstraint("source", "code", "subject", name="uq_findings_identity"),)

    id: int | None = _id()
    source: str = text()
    code: str = text()
    subject: str = text()
    severity: str = text()
    state: str = text()
    text: str = text()
    value: Any = Field(default=None, sa_type=Millionths, nullable=True)
    n: int | None = Field(default=None, sa_type=BigInteger)
    why: str | None = some_text()
    evidence: str | None = some_text()
    run_id: int = number()
    first_seen_at: datetime
    last_seen_at: datetime


class TombstoneRow(StoreRow, table=True):
    """
    That somebody was erased and must not come back.

    Attributes:
        identifier: A keyed hash of an e-mail address, phone number or key.
        source: The source that the key is one of; empty for what names somebody anywhere.
        kind: What was hashed: ``email``, ``phone``, or the kind of the record with the key.
    """

    __tablename__: ClassVar[str] = "privacy_tombstones"

    identifier: str = text(key=True)
    source: str = text(key=True)
    kind: str = text()
    erased_at: datetime


class MatchRow(StoreRow, table=True):
    """
    What somebody decided about an offer and one of our products.

    Attributes:
        state: ``confirmed`` or ``rejected``.
        decided_at: When.
    """

    __tablename__: ClassVar[str] = "matches"

    source: str = text(key=True)
    offer: str = text(key=True)
    product_source: str = text(key=True)
    product: str = text(key=True)
    state: str = text()
    decided_at: datetime


class EnricherRow(StoreRow, table=True):
    """
    An enricher, what it has made, and how far it has come.

    Attributes:
        plugin: The plug-in that brings it.
        version: As the enricher declares it.
        recipe: A digest of all that decides about its results beside the records: version,
            settings, inputs. With another one everything is enriched anew.
        shape: Its side tables with their fields, as JSON.
        inputs: The kinds that it reads, as JSON.
        sets: Whether it makes its side tables whole, from all records together.
        seen: The last record of each kind that it has looked at since ``batch_id``, as JSON.
        batch_id: It has seen all records up to this batch; 0: none yet.
        token: That batch's random token.
        disturbed: How often rows were erased, dropped or renamed under it: what was read before
            that must not be written after it.
        run_id: The run that last changed its side tables; 0: it has never been run.
        updated_at: When that was.
    """

    __tablename__: ClassVar[str] = "enrichers"

    name: str = text(key=True)
    plugin: str = text()
    version: str = text()
    recipe: str = text()
    shape: str = text()
    inputs: str = text()
    sets: bool = False
    seen: str = text()
    batch_id: int = number()
    token: str = text()
    disturbed: int = number()
    run_id: int = number()
    updated_at: datetime
