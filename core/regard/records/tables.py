"""
The tables around the records: runs, cursors, files, quarantine, leases, findings.

They are what makes a run resumable and explainable, and they are written in the same
transaction as the records they speak of.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from regard.records.rows import StoreRow
from regard.records.types import Millionths

__all__ = [
    "NUMBER",
    "AddressRow",
    "BatchRow",
    "CursorLogRow",
    "CursorRow",
    "EnricherRow",
    "FileRow",
    "FindingRow",
    "InfoRow",
    "LeaseRow",
    "LinkRow",
    "MatchRow",
    "OriginRow",
    "PassRow",
    "QuarantineRow",
    "RunRow",
    "RunStreamRow",
    "StreamRow",
    "TombstoneRow",
]


NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""The type of running numbers: SQLite only counts where the column is exactly INTEGER."""


def _text(*, key: bool = False) -> Any:  # noqa: ANN401  # stands where a text is declared
    return Field(sa_type=Text, primary_key=key)


def _some_text() -> Any:  # noqa: ANN401
    return Field(default=None, sa_type=Text)


def _number(default: int = 0) -> Any:  # noqa: ANN401
    return Field(default=default, sa_type=BigInteger)


def _id() -> Any:  # noqa: ANN401
    return Field(default=None, primary_key=True, sa_type=NUMBER)


class InfoRow(StoreRow, table=True):
    """What the store knows of itself, such as its identity."""

    __tablename__: ClassVar[str] = "store_info"

    name: str = _text(key=True)
    value: str = _text()


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
    source: str = _text()
    outcome: str | None = _some_text()
    reason: str = _text()
    plugin: str = _text()
    plugin_version: str | None = _some_text()
    regard_version: str = _text()
    config_digest: str = _text()
    host: str = _text()
    pid: int = _number()
    started_at: datetime
    finished_at: datetime | None = None
    error: str | None = _some_text()


class RunStreamRow(StoreRow, table=True):
    """What one run did to one stream; written with each batch."""

    __tablename__: ClassVar[str] = "run_streams"

    run_id: int = Field(primary_key=True, sa_type=BigInteger)
    stream: str = _text(key=True)
    kind: str = _text()
    outcome: str | None = _some_text()
    read: int = _number()
    new: int = _number()
    changed: int = _number()
    unchanged: int = _number()
    stale: int = _number()
    quarantined: int = _number()
    deleted: int = _number()
    milliseconds: int = _number()
    cursor_before: str | None = _some_text()
    cursor_after: str | None = _some_text()
    error: str | None = _some_text()
    notes: str | None = _some_text()


class BatchRow(StoreRow, table=True):
    """
    One committed transaction.

    Attributes:
        token: Random; tells a batch from another one of the same number, such as one that
            was made after an older copy of the store had been restored.
    """

    __tablename__: ClassVar[str] = "batches"

    id: int = Field(primary_key=True, sa_type=BigInteger)
    token: str = _text()
    run_id: int = _number()
    stream: str = _text()
    committed_at: datetime


class StreamRow(StoreRow, table=True):
    """What a source's stream was when it was last read: its kind, key and plug-in."""

    __tablename__: ClassVar[str] = "streams"

    source: str = _text(key=True)
    stream: str = _text(key=True)
    kind: str = _text()
    key_fields: str | None = _some_text()
    plugin: str = _text()
    last_run_id: int = _number()


class CursorRow(StoreRow, table=True):
    """
    How far a stream has been read.

    Attributes:
        purpose: ``live``; a backfill has its own.
        value: JSON text, from `regard.cursors.dump`.
    """

    __tablename__: ClassVar[str] = "cursors"

    source: str = _text(key=True)
    stream: str = _text(key=True)
    purpose: str = _text(key=True)
    value: str = _text()
    run_id: int = _number()
    updated_at: datetime


class CursorLogRow(StoreRow, table=True):
    """Every value a cursor ever had, so that one can go back to a run."""

    __tablename__: ClassVar[str] = "cursor_log"
    __table_args__ = (Index("ix_cursor_log_source", "source", "stream", "purpose", "id"),)

    id: int | None = _id()
    source: str = _text()
    stream: str = _text()
    purpose: str = _text()
    value: str | None = _some_text()
    run_id: int = _number()
    batch_id: int = _number()
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

    source: str = _text(key=True)
    stream: str = _text(key=True)
    path: str = _text(key=True)
    size: int = _number()
    modified_ns: int = _number()
    sha256: str = _text()
    rows_done: int = _number()
    complete: bool = False
    recipe: str = _text()
    run_id: int = _number()
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
    source: str = _text()
    stream: str = _text()
    kind: str = _text()
    record: str = _text()
    reason: str = _text()
    field: str | None = _some_text()
    message: str = _text()
    raw: bytes = Field(sa_type=LargeBinary)
    identifiers: str | None = _some_text()
    file: str | None = _some_text()
    line: int | None = Field(default=None, sa_type=BigInteger)
    run_id: int = _number()
    plugin: str = _text()
    plugin_version: str | None = _some_text()
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None = None
    resolution: str | None = _some_text()


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

    name: str = _text(key=True)
    fence: int = _number()
    owner: str | None = _some_text()
    host: str | None = _some_text()
    boot: str | None = _some_text()
    pid: int | None = Field(default=None, sa_type=BigInteger)
    run_id: int | None = Field(default=None, sa_type=BigInteger)
    started_at: datetime | None = None
    until_at: datetime | None = None
    progress: str | None = _some_text()


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
    source: str = _text()
    code: str = _text()
    subject: str = _text()
    severity: str = _text()
    state: str = _text()
    text: str = _text()
    value: Any = Field(default=None, sa_type=Millionths, nullable=True)
    n: int | None = Field(default=None, sa_type=BigInteger)
    why: str | None = _some_text()
    evidence: str | None = _some_text()
    run_id: int = _number()
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

    identifier: str = _text(key=True)
    source: str = _text(key=True)
    kind: str = _text()
    erased_at: datetime


class PassRow(StoreRow, table=True):
    """
    One look at all addresses of a source; the current one, or the last.

    Attributes:
        number: Counts them.
        began_at: When it began.
        ended_at: When every address had an outcome; None: it goes on.
        whole_began_at: When the last pass began that reached every address.
    """

    __tablename__: ClassVar[str] = "passes"

    source: str = _text(key=True)
    number: int = _number()
    began_at: datetime
    ended_at: datetime | None = None
    whole_began_at: datetime | None = None


class AddressRow(StoreRow, table=True):
    """
    An address that a source looks at, and what became of it the last time.

    Attributes:
        kind: ``page``, ``list`` or ``sitemap``.
        depth: How many lists were followed to get here.
        found_pass: The pass in which something last led to it.
        visited_pass: The pass in which it last had an outcome; 0: none yet.
        outcome: What became of it, as `regard.sources.Visited` has it.
        good: Whether that can be believed.
        tries: How often it failed in this pass.
        etag: What the server said of what is known.
        last_modified: Likewise.
        sha256: Of the body.
        recipe: What else decided about the records, such as a digest of the site's rules.
        keys: The keys of the records on it, as JSON; None: too many to remember.
        checked_at: When it was last asked for.
        failed_at: When a pass last ended without an outcome of it that can be believed.
        failures: In how many passes in a row that was so.
        lost: In how many passes in a row it said that it leads nowhere any more.
    """

    __tablename__: ClassVar[str] = "addresses"
    __table_args__ = (Index("ix_addresses_due", "source", "visited_pass", "position"),)

    source: str = _text(key=True)
    url: str = _text(key=True)
    kind: str = _text()
    depth: int = _number()
    position: int = _number()
    found_pass: int = _number()
    visited_pass: int = _number()
    outcome: str | None = _some_text()
    good: bool = True
    status: int | None = Field(default=None, sa_type=BigInteger)
    tries: int = _number()
    etag: str | None = _some_text()
    last_modified: str | None = _some_text()
    sha256: str | None = _some_text()
    recipe: str | None = _some_text()
    keys: str | None = _some_text()
    checked_at: datetime | None = None
    failed_at: datetime | None = None
    failures: int = _number()
    lost: int = _number()


class LinkRow(StoreRow, table=True):
    """
    That one address leads to another one.

    Attributes:
        via: The one that leads there.
        url: Where it leads.
        found_pass: The pass in which this was last found.
        missed_at: When it was first read without leading there; None: it does.
    """

    __tablename__: ClassVar[str] = "links"
    __table_args__ = (Index("ix_links_url", "source", "url"),)

    source: str = _text(key=True)
    via: str = _text(key=True)
    url: str = _text(key=True)
    found_pass: int = _number()
    missed_at: datetime | None = None


class OriginRow(StoreRow, table=True):
    """
    What all runs on all machines know of one origin: its rules, and when it may be asked.

    Attributes:
        origin: Scheme, host and port.
        robots_status: What its robots.txt was answered with; 0: not at all.
        robots: Its text.
        robots_at: When it was fetched.
        next_at: Not before then is it asked again.
        paused_until: It asked for less, or refused.
        paused_why: One sentence.
        asked_on: The day that ``asked`` counts, in UTC.
        asked: How often it was asked on that day.
    """

    __tablename__: ClassVar[str] = "origins"

    origin: str = _text(key=True)
    robots_status: int | None = Field(default=None, sa_type=BigInteger)
    robots: str | None = _some_text()
    robots_at: datetime | None = None
    next_at: datetime | None = None
    paused_until: datetime | None = None
    paused_why: str | None = _some_text()
    asked_on: date | None = None
    asked: int = _number()


class MatchRow(StoreRow, table=True):
    """
    What somebody decided about an offer and one of our products.

    Attributes:
        state: ``confirmed`` or ``rejected``.
        decided_at: When.
    """

    __tablename__: ClassVar[str] = "matches"

    source: str = _text(key=True)
    offer: str = _text(key=True)
    product_source: str = _text(key=True)
    product: str = _text(key=True)
    state: str = _text()
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

    name: str = _text(key=True)
    plugin: str = _text()
    version: str = _text()
    recipe: str = _text()
    shape: str = _text()
    inputs: str = _text()
    sets: bool = False
    seen: str = _text()
    batch_id: int = _number()
    token: str = _text()
    disturbed: int = _number()
    run_id: int = _number()
    updated_at: datetime
