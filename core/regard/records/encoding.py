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
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import md5
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, cast, overload

from sqlalchemy import BigInteger, Boolean, Column, Date
from sqlmodel import UTCDateTime

from regard.errors import RecordError
from regard.numbers import from_millionths, to_millionths
from regard.records.types import Millionths

__all__ = [
    "SEPARATOR",
    "Encoded",
    "EncodedRows",
    "Encoder",
    "StoredValue",
    "canonical_json",
    "decode",
    "encode_time",
    "microseconds",
]

StoredValue: TypeAlias = str | int | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEPARATOR = "\x1f"
"""What stands between the parts of the hashed text: U+001F."""
_NEVER_HASHED = frozenset({"observed_at", "last_seen_at"})
_UNSTORABLE = "\x00"
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


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


class EncodedRows(Sequence[Encoded]):
    """
    Many encoded records, as the columns that the store writes.

    Attributes:
        fields: The kind's fields, in the table's order.
        columns: The columns that differ from record to record; the key comes first.
        same: What all of them say; columns in neither are NULL.
        cells: For each column what the records hold, in their order.
    """

    __slots__ = ("cells", "columns", "fields", "same")

    def __init__(
        self,
        fields: Sequence[str],
        columns: Sequence[str],
        same: Mapping[str, StoredValue],
        cells: Sequence[Sequence[StoredValue]],
    ) -> None:
        self.fields = fields
        self.columns = columns
        self.same = same
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells[0])

    @overload
    def __getitem__(self, at: int) -> Encoded: ...

    @overload
    def __getitem__(self, at: slice) -> EncodedRows: ...

    def __getitem__(self, at: int | slice) -> Encoded | EncodedRows:
        if isinstance(at, slice):
            return self._of([column[at] for column in self.cells])
        held = (column[at] for column in self.cells)
        row: dict[str, Any] = {**self.same, **dict(zip(self.columns, held, strict=True))}
        values = tuple(row.get(name) for name in self.fields)
        return Encoded(row["key"], row["as_of"], row["content_hash"], row.get("extra"), values)

    def keys(self) -> list[str]:
        """Return the keys of all records."""
        return cast("list[str]", list(self.cells[0]))

    def column(self, name: str) -> Sequence[StoredValue]:
        """Return what all records hold in a column."""
        if name in self.columns:
            return self.cells[self.columns.index(name)]
        return [self.same.get(name)] * len(self)

    def only(self, places: Sequence[int]) -> EncodedRows:
        """Return the records at some places."""
        if len(places) == len(self):
            return self
        return self._of([[column[at] for at in places] for column in self.cells])

    def joins(self, other: EncodedRows) -> bool:
        """Say whether the records of another one can stand behind these."""
        return self.columns == other.columns and self.same == other.same

    def joined(self, others: Sequence[EncodedRows]) -> EncodedRows:
        """Return these records with those of others that `joins` behind them."""
        if not others:
            return self
        parts = [self.cells, *(other.cells for other in others)]
        return self._of([list(chain.from_iterable(each)) for each in zip(*parts, strict=True)])

    def _of(self, cells: Sequence[Sequence[StoredValue]]) -> EncodedRows:
        return EncodedRows(self.fields, self.columns, self.same, cells)


def encode_time(value: datetime) -> str:
    """
    Return an aware time as the store's text: UTC, microseconds, no zone.

    Raises:
        RecordError: ``bad-time``: in UTC it is before year 1 or after year 9999.
    """
    try:
        # The offset is always +00:00 here; cutting it off is cheaper than taking it away.
        return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]
    except OverflowError as error:
        message = "the time is not between the years 1 and 9999 in UTC"
        raise RecordError("bad-time", message) from error


def microseconds(value: datetime) -> int:
    """Return an aware time as microseconds since 1970."""
    delta = value - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


# Prices, quantities and times repeat, and hashing them is far cheaper than converting them.
@lru_cache(maxsize=65_536)
def _encode_number(value: Decimal) -> tuple[StoredValue, str]:
    scaled = to_millionths(value)
    return scaled, str(scaled)


def _encode_count(value: int) -> tuple[StoredValue, str]:
    return value, str(to_millionths(value))


def _encode_time(value: datetime) -> tuple[StoredValue, str]:
    # In an autumn night two instants compare equal but for their fold: it must be in the key.
    return _encode_instant(value, value.fold)


@lru_cache(maxsize=65_536)
def _encode_instant(value: datetime, fold: int) -> tuple[StoredValue, str]:
    return encode_time(value), str(microseconds(value))


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


def decode(column: Column[Any], stored: StoredValue) -> Any:  # noqa: ANN401  # any field's value
    """Return the value that a column's stored form stands for."""
    if isinstance(column.type, Millionths):
        return from_millionths(int(stored or 0))
    if isinstance(column.type, UTCDateTime):
        return datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)
    if isinstance(column.type, Boolean):
        return bool(stored)
    return date.fromisoformat(str(stored)) if isinstance(column.type, Date) else stored


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        # A set has another order in every process, and would look changed in every run.
        return sorted(value, key=str)
    return str(value)


_CANONICAL = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    ensure_ascii=False,
    allow_nan=False,
    default=_json_value,
)
"""Made once: `json.dumps` makes one for each text."""


def canonical_json(value: Mapping[str, Any]) -> str:
    """
    Return JSON text that is the same for equal mappings: sorted, compact, not escaped.

    Raises:
        TypeError: Names of different types cannot be sorted.
        ValueError: It contains itself, or a number that is not finite.
        RecursionError: It is nested too deeply.
    """
    return _CANONICAL.encode(value)


def _encode_extra(value: Mapping[str, Any]) -> str:
    try:
        text = canonical_json(value)
    except (RecursionError, TypeError, ValueError) as error:
        message = f"extra: this is no JSON ({type(error).__name__})"
        raise RecordError("bad-value", message, "extra") from error
    # An even number of backslashes before it spells an escaped backslash, and no NUL.
    if "\\u0000" in text and _NUL_IN_JSON.search(text):
        raise _nul()
    return text


def _nul() -> RecordError:
    return RecordError("nul-character", "a text holds the character NUL, which no database stores")


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

    def hashes(self, name: str) -> bool:
        """Say whether a field is part of the content hash."""
        return self._fields[name][2]

    def part(self, name: str, value: Any) -> tuple[StoredValue, str]:  # noqa: ANN401  # any field's
        """
        Return one field's stored value and its part of the hashed text.

        The part carries its separator behind it, so that parts need only be joined; fields
        that are never hashed have an empty one.

        Raises:
            RecordError: A number does not fit.
        """
        _, encode, hashed = self._fields[name]
        stored, shown = (value, value) if encode is None else encode(value)
        return stored, f"{name}={shown}{SEPARATOR}" if hashed else ""

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
        extra = _encode_extra(given) if given else None
        if extra is not None:
            parts.append(f"extra={extra}")
        return Encoded(key, as_of, self._digest(key, SEPARATOR.join(parts)), extra, tuple(values))

    @staticmethod
    def _digest(key: str, text: str) -> str:
        if _UNSTORABLE in text or _UNSTORABLE in key:
            raise _nul()
        try:
            if not key.isascii():
                key.encode()
            # Not for security: it tells two versions apart, and DuckDB computes the same.
            return md5(text.encode(), usedforsecurity=False).hexdigest()
        except UnicodeEncodeError as error:
            message = "a text holds half of a character pair, which is no text"
            raise RecordError("broken-text", message) from error
