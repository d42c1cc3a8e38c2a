"""
How a validated record becomes a stored row and a content hash.

The hash is the md5 of ``name=value`` for every field that is not None, sorted by name and
separated by U+001F: numbers as integer millionths, times as integer microseconds since 1970
in UTC, ``extra`` as canonical JSON at the end. So equal values hash equal however they were
written, and a new nullable field changes no hash. Observation times are left out: seeing
the same thing again is no change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import md5
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, Boolean, Column, Date
from sqlmodel import UTCDateTime

from regard.errors import RecordError
from regard.numbers import to_millionths
from regard.records.types import Millionths

__all__ = ["Encoded", "Encoder", "StoredValue", "canonical_json", "encode_time"]

StoredValue: TypeAlias = str | int | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEPARATOR = "\x1f"
_NEVER_HASHED = frozenset({"observed_at", "last_seen_at"})
_UNSTORABLE = "\x00"


class Encoded(NamedTuple):
    """
    A record ready for the store.

    Attributes:
        key: Its key.
        as_of: Its version's time as stored text, so that texts compare as times do.
        content_hash: 32 hexadecimal digits.
        extra: Canonical JSON, or None.
        values: Its kind's fields in the table's order.
    """

    key: str
    as_of: str
    content_hash: str
    extra: str | None
    values: tuple[StoredValue, ...]


def encode_time(value: datetime) -> str:
    """Return an aware time as the store's text: UTC, microseconds, no zone."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _microseconds(value: datetime) -> int:
    delta = value - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


# Prices, quantities and times repeat, and hashing them is far cheaper than converting them.
@lru_cache(maxsize=65_536)
def _encode_number(value: Decimal) -> tuple[StoredValue, str]:
    scaled = to_millionths(value)
    return scaled, str(scaled)


def _encode_count(value: int) -> tuple[StoredValue, str]:
    return value, str(to_millionths(value))


@lru_cache(maxsize=65_536)
def _encode_time(value: datetime) -> tuple[StoredValue, str]:
    return encode_time(value), str(_microseconds(value))


def _encode_day(value: date) -> tuple[StoredValue, str]:
    text = value.isoformat()
    return text, text


def _encode_flag(value: bool) -> tuple[StoredValue, str]:
    return int(value), "true" if value else "false"


_Encode: TypeAlias = Callable[[Any], tuple[StoredValue, str]]


def _encode_for(column: Column[Any]) -> _Encode | None:
    """Return how a column's values are encoded; None: texts stay as they are."""
    by_type: tuple[tuple[type, _Encode], ...] = (
        (Millionths, _encode_number),
        (UTCDateTime, _encode_time),
        (Boolean, _encode_flag),
        (Date, _encode_day),
        (BigInteger, _encode_count),
    )
    return next((encode for kind, encode in by_type if isinstance(column.type, kind)), None)


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def canonical_json(value: Mapping[str, Any]) -> str:
    """Return JSON text that is the same for equal mappings: sorted, compact, not escaped."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_json_value
    )


class Encoder:
    """
    Encodes the records of one kind.

    Args:
        columns: The kind's own columns, in the table's order.
    """

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self._width = len(columns)
        self._fields = {
            column.name: (place, _encode_for(column), column.name not in _NEVER_HASHED)
            for place, column in enumerate(columns)
        }

    def encode(self, key: str, as_of: str, record: Mapping[str, Any]) -> Encoded:
        """
        Return a validated record as it is stored.

        Args:
            key: Its key.
            as_of: From `encode_time`.
            record: Validated values by field; ``extra`` may be a mapping.

        Raises:
            RecordError: A number does not fit, or a text holds a character that no
                database stores.
        """
        values: list[StoredValue] = [None] * self._width
        parts: list[str] = []
        find = self._fields.get
        for name, value in record.items():
            if value is None or (field := find(name)) is None:
                continue
            place, encode, hashed = field
            if encode is None:
                values[place] = value
                parts.append(f"{name}={value}")
                continue
            try:
                values[place], shown = encode(value)
            except RecordError as error:
                raise RecordError(error.reason, f"{name}: {error}", name) from error
            if hashed:
                parts.append(f"{name}={shown}")
        parts.sort()
        given = record.get("extra")
        extra = canonical_json(given) if given else None
        if extra is not None:
            parts.append(f"extra={extra}")
        return Encoded(key, as_of, self._digest(key, _SEPARATOR.join(parts)), extra, tuple(values))

    @staticmethod
    def _digest(key: str, text: str) -> str:
        if _UNSTORABLE in text or _UNSTORABLE in key or "\\u0000" in text:
            message = "a text holds the character NUL, which no database stores"
            raise RecordError("nul-character", message)
        try:
            # Not for security: it tells two versions apart, and DuckDB computes the same.
            return md5(text.encode(), usedforsecurity=False).hexdigest()
        except UnicodeEncodeError as error:
            message = "a text holds half of a character pair, which is no text"
            raise RecordError("broken-text", message) from error
