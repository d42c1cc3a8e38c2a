"""
Refused records: kept whole, named once, never in anybody's way.

A refused record is the same one again when its stream, its key (or the hash of its raw
payload) and the reason are the same; seeing it again only moves ``last_seen_at``.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import case, delete, func, select, update

from regard.keys import MAX_LENGTH
from regard.records.encoding import canonical_json
from regard.store.texts import storable
from regard.store.transactions import Transaction, table

__all__ = ["PutAside", "Raw", "Refused", "RefusedRecord", "pack", "prune", "raw_hash", "unpack"]

Raw: TypeAlias = Mapping[str, Any] | str


@dataclass(frozen=True, slots=True)
class Refused:
    """
    A record on its way into quarantine.

    Attributes:
        record: Its key, or `raw_hash` of its payload.
        reason: A short code.
        message: One sentence without personal values.
        raw: The input, whole.
        field: The field at fault.
        file: The file it came from.
        line: Its line there, from 1.
        identifiers: Keyed hashes of what identifies a person in it.
    """

    record: str
    reason: str
    message: str
    raw: Raw
    field: str | None = None
    file: str | None = None
    line: int | None = None
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """
    A record in quarantine.

    Attributes:
        id: Its number in the store.
        raw: The input, whole; None unless it was asked for.
    """

    id: int
    source: str
    stream: str
    kind: str
    record: str
    reason: str
    field: str | None
    message: str
    file: str | None
    line: int | None
    run_id: int
    plugin: str
    plugin_version: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolution: str | None
    raw: Raw | None = None


@dataclass(frozen=True, slots=True)
class PutAside:
    """
    What putting records aside did.

    Attributes:
        again: How many of them were known to be bad before.
        fresh: Number, reason and field of those that were not.
        known: The name and the reason of those that were known before.
        first: The lowest number of those that were not, by the file that they came from.
    """

    again: int
    fresh: Sequence[tuple[int, str, str | None]]
    known: AbstractSet[tuple[str, str]] = frozenset()
    first: Mapping[str, int] = field(default_factory=dict)


def pack(raw: Raw) -> bytes:
    """Return a payload as it is stored."""
    return zlib.compress(_json(raw).encode("utf-8", "surrogatepass"), 6)


def _json(raw: Raw) -> str:
    """Return any payload as JSON text; what JSON cannot hold, as Python shows it."""
    if isinstance(raw, str):
        return json.dumps(raw, ensure_ascii=False)
    named = {str(name): value for name, value in raw.items()}
    try:
        return canonical_json(named)
    except (RecursionError, TypeError, ValueError):
        shown = {name: _shown_value(value) for name, value in named.items()}
        return json.dumps(shown, sort_keys=True, ensure_ascii=False)


def _shown_value(value: object) -> str:
    try:
        return value if isinstance(value, str) else repr(value)
    except RecursionError:
        return f"(a {type(value).__name__} that is nested too deeply)"


def unpack(stored: bytes) -> Raw:
    """Return the payload that was stored."""
    value: Raw = json.loads(zlib.decompress(stored).decode("utf-8", "surrogatepass"))
    return value


def raw_hash(raw: Raw) -> str:
    """Return the name of a refused record that has no key: ``raw:`` and 16 hex digits."""
    from hashlib import sha256

    text = raw if isinstance(raw, str) else _json(raw)
    return "raw:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def put_aside(
    transaction: Transaction,
    refused: Sequence[Refused],
    *,
    source: str,
    stream: str,
    kind: str,
    run_id: int,
    plugin: str,
    plugin_version: str | None,
) -> PutAside:
    """Store refused records, each once."""
    named = [_storable(item) for item in refused]
    # The first one stays, as it does where a batch ends between them.
    unique = {(item.record, item.reason): item for item in reversed(named)}
    unique = dict(reversed(unique.items()))
    known = _known(transaction, source, stream, {record for record, _ in unique})
    quarantine = table("quarantine")
    again = [known[identity] for identity in unique if identity in known]
    now = transaction.now
    _seen_again(transaction, again, run_id)
    fresh = [
        {
            "source": source,
            "stream": stream,
            "kind": kind,
            "record": item.record,
            "reason": item.reason,
            "field": item.field,
            "message": item.message[:1000],
            "raw": pack(item.raw),
            "identifiers": json.dumps(item.identifiers) if item.identifiers else None,
            "file": item.file,
            "line": item.line,
            "run_id": run_id,
            "plugin": plugin,
            "plugin_version": plugin_version,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for identity, item in unique.items()
        if identity not in known
    ]
    inserted: list[tuple[int, str, str | None]] = []
    first: dict[str, int] = {}
    if fresh:
        rows = transaction.connection.execute(
            quarantine.insert().returning(
                quarantine.c.id, quarantine.c.reason, quarantine.c.field, quarantine.c.file
            ),
            fresh,
        )
        for number, reason, name, file in rows:
            inserted.append((number, reason, name))
            if file is not None:
                first[file] = min(number, first.get(file, number))
    old = [(item.record, item.reason) for item, at in _pairs(refused, named) if at in known]
    return PutAside(len(old), inserted, frozenset(old), first)


def _pairs(
    refused: Sequence[Refused], named: Sequence[Refused]
) -> Iterator[tuple[Refused, tuple[str, str]]]:
    for item, stored in zip(refused, named, strict=True):
        yield item, (stored.record, stored.reason)


def known_before(
    transaction: Transaction, refused: Sequence[Refused], *, source: str, stream: str
) -> set[tuple[str, str]]:
    """Return the name and the reason of those that were refused before for the same reason."""
    named = [_storable(item) for item in refused]
    known = _known(transaction, source, stream, {item.record for item in named})
    return {(item.record, item.reason) for item, at in _pairs(refused, named) if at in known}


def take_back(transaction: Transaction, source: str, stream: str, file: str, first: int) -> None:
    """Forget what was put aside of a file from a number on: the file will be read again."""
    quarantine = table("quarantine")
    transaction.connection.execute(
        delete(quarantine).where(
            quarantine.c.source == source,
            quarantine.c.stream == stream,
            quarantine.c.file == storable(file),
            quarantine.c.id >= first,
        )
    )


def _seen_again(transaction: Transaction, numbers: Sequence[int], run_id: int) -> None:
    quarantine = table("quarantine")
    # Whoever gave a record up does not want to hear of it again.
    dropped = quarantine.c.resolution == "dropped"
    for start in range(0, len(numbers), 500):
        transaction.connection.execute(
            update(quarantine)
            .where(quarantine.c.id.in_(numbers[start : start + 500]))
            .values(
                last_seen_at=transaction.now,
                run_id=run_id,
                resolved_at=case((dropped, quarantine.c.resolved_at), else_=None),
                resolution=case((dropped, "dropped"), else_=None),
            )
        )


def _storable(item: Refused) -> Refused:
    """Return a refused record whose own description cannot be refused by the database."""
    named = storable(item.record) == item.record and len(item.record) <= MAX_LENGTH
    return replace(
        item,
        record=item.record if named else raw_hash(item.raw),
        reason=storable(item.reason)[:MAX_LENGTH],
        message=storable(item.message),
        field=None if item.field is None else storable(item.field),
        file=None if item.file is None else storable(item.file),
    )


def _known(
    transaction: Transaction, source: str, stream: str, records: Iterable[str]
) -> dict[tuple[str, str], int]:
    quarantine = table("quarantine")
    found: dict[tuple[str, str], int] = {}
    names = sorted(records)
    for start in range(0, len(names), 500):
        rows = transaction.connection.execute(
            select(quarantine.c.record, quarantine.c.reason, quarantine.c.id).where(
                quarantine.c.source == source,
                quarantine.c.stream == stream,
                quarantine.c.record.in_(names[start : start + 500]),
            )
        )
        found.update({(row[0], row[1]): row[2] for row in rows})
    return found


def open_records(transaction: Transaction, source: str, stream: str) -> set[str]:
    """Return the names of a stream's records that are in quarantine now."""
    quarantine = table("quarantine")
    rows = transaction.connection.execute(
        select(quarantine.c.record).where(
            quarantine.c.source == source,
            quarantine.c.stream == stream,
            quarantine.c.resolved_at.is_(None),
        )
    )
    return {row[0] for row in rows}


def resolve_stored(
    transaction: Transaction, source: str, stream: str, keys: Sequence[str], run_id: int
) -> None:
    """Mark refused records of which a good version has now been stored."""
    quarantine = table("quarantine")
    for start in range(0, len(keys), 500):
        transaction.connection.execute(
            update(quarantine)
            .where(
                quarantine.c.source == source,
                quarantine.c.stream == stream,
                quarantine.c.record.in_(keys[start : start + 500]),
                quarantine.c.resolved_at.is_(None),
                # What this very run refused is no older version of what it stored.
                quarantine.c.run_id < run_id,
            )
            .values(resolved_at=transaction.now, resolution="stored")
        )


def resolve_file(
    transaction: Transaction, source: str, stream: str, file: str, run_id: int
) -> None:
    """Mark what an earlier reading of a file refused and a complete new one did not."""
    quarantine = table("quarantine")
    transaction.connection.execute(
        update(quarantine)
        .where(
            quarantine.c.source == source,
            quarantine.c.stream == stream,
            quarantine.c.file == file,
            quarantine.c.run_id < run_id,
            quarantine.c.resolved_at.is_(None),
        )
        .values(resolved_at=transaction.now, resolution="stored")
    )


def listed(
    transaction: Transaction,
    *,
    source: str | None = None,
    reason: str | None = None,
    resolved: bool = False,
    limit: int | None = None,
) -> list[RefusedRecord]:
    """Return refused records, the latest first, without their payloads."""
    quarantine = table("quarantine")
    query = (
        select(*_shown())
        .order_by(quarantine.c.last_seen_at.desc(), quarantine.c.id.desc())
        .limit(limit)
    )
    if source is not None:
        query = query.where(quarantine.c.source == source)
    if reason is not None:
        query = query.where(quarantine.c.reason == reason)
    if not resolved:
        query = query.where(quarantine.c.resolved_at.is_(None))
    return [_record(row._asdict()) for row in transaction.connection.execute(query)]


def one(transaction: Transaction, number: int) -> RefusedRecord | None:
    """Return one refused record with its payload, or None."""
    quarantine = table("quarantine")
    row = transaction.connection.execute(
        select(*_shown(), quarantine.c.raw).where(quarantine.c.id == number)
    ).first()
    return _record(row._asdict()) if row else None


def summary(
    transaction: Transaction, source: str | None = None
) -> list[tuple[str, str, str, str | None, int]]:
    """Return (source, stream, reason, field, count) of open records, the most first."""
    quarantine = table("quarantine")
    columns = [quarantine.c[name] for name in ("source", "stream", "reason", "field")]
    query = (
        select(*columns, func.count())
        .where(quarantine.c.resolved_at.is_(None))
        .group_by(*columns)
        .order_by(func.count().desc(), *columns)
    )
    if source is not None:
        query = query.where(quarantine.c.source == source)
    return [(*row[:4], row[4]) for row in transaction.connection.execute(query)]


_SHOWN = (
    "id",
    "source",
    "stream",
    "kind",
    "record",
    "reason",
    "field",
    "message",
    "file",
    "line",
    "run_id",
    "plugin",
    "plugin_version",
    "first_seen_at",
    "last_seen_at",
    "resolved_at",
    "resolution",
)


def _shown() -> list[Any]:
    quarantine = table("quarantine")
    return [quarantine.c[name] for name in _SHOWN]


def _record(values: dict[str, Any]) -> RefusedRecord:
    stored = values.pop("raw", None)
    return RefusedRecord(**values, raw=unpack(stored) if stored is not None else None)


def prune(transaction: Transaction, older_than: timedelta) -> int:
    """Forget refused records that were last seen so long ago; return how many."""
    quarantine = table("quarantine")
    before = transaction.now - older_than
    done = transaction.connection.execute(
        delete(quarantine).where(quarantine.c.last_seen_at < before)
    )
    return done.rowcount
