"""From what a source yields to what a transaction stores: validated, keyed, encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, repeat
from typing import Any, NamedTuple

from pydantic import BaseModel

from regard import keys
from regard.cursors import CursorValue, as_time, believable
from regard.errors import RecordError
from regard.names import did_you_mean
from regard.records import Kind
from regard.records.encoding import Encoded, Encoder, encode_time
from regard.records.validation import BESIDE
from regard.sources import Delete, InputFile, Origin, Page, Stream
from regard.store import Batch, Deletion, Refused
from regard.store.quarantine import Raw, raw_hash

__all__ = ["Batcher", "Identify"]

Identify = Callable[[Raw], tuple[str, ...]]
"""Returns keyed hashes of what identifies a person in a raw payload."""


class _Pending(NamedTuple):
    """One yielded record, a mapping or encoded already, with where it came from."""

    record: Any
    page: _PageOrigin | None
    place: int


@dataclass(frozen=True, slots=True)
class _PageOrigin:
    """Where the records of one page came from."""

    origin: Origin | None
    file: str | None
    modified_at: datetime | None


@dataclass(slots=True)
class Batcher:
    """
    Collects what one stream yields and turns it into batches.

    Attributes:
        kind: The kind of its records.
        stream: The stream.
        now: The time of reading, for records that do not say how old they are.
        identify: Finds what identifies a person in a refused payload.
        defaults: Values for fields that a record leaves out.
        unknown: Names of yielded values that are no fields, with how often they came.
        reached: The largest cursor value among the records that passed.
    """

    kind: Kind
    stream: Stream
    now: datetime
    identify: Identify
    defaults: Mapping[str, Any] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    reached: CursorValue | None = None
    _pending: list[_Pending] = field(default_factory=list)
    _deletions: dict[int, list[Delete]] = field(default_factory=dict)
    _deleted: int = 0
    _strange: list[Refused] = field(default_factory=list)
    _file: InputFile | None = None
    _file_origin: _PageOrigin | None = None
    _encoder: Encoder = field(init=False)
    _moment: tuple[datetime, str] = field(init=False)

    def __post_init__(self) -> None:
        self._encoder = self.kind.encoder()
        self._moment = self.now, encode_time(self.now)

    def __len__(self) -> int:
        return len(self._pending) + self._deleted + len(self._strange)

    def add(self, record: object, row: tuple[InputFile, int] | None = None) -> None:
        """
        Take one record; whatever is none is refused, like any other bad record.

        Args:
            record: Anything.
            row: The file and the line that it comes from, where that is known.
        """
        if row is None:
            self._add(record, None, 0)
            return
        file, line = row
        if self._file is not file:
            self._file = file
            self._file_origin = _PageOrigin(None, file.name, file.modified_at)
        self._add(record, self._file_origin, line)

    def _add(self, record: object, page: _PageOrigin | None, place: int) -> None:
        values = _usable(record)
        if values is not None:
            self._pending.append(_Pending(values, page, place))
            return
        raw = repr(record)
        message = f"a source yields mappings, not {type(record).__name__}"
        name = raw_hash(raw)
        refused = Refused(name, "not-a-mapping", message, raw, identifiers=self.identify(raw))
        self._strange.append(refused)

    def add_deletion(self, deletion: Delete) -> None:
        """Take word that a record is gone; it holds after the records before it."""
        self._deletions.setdefault(len(self._pending), []).append(deletion)
        self._deleted += 1

    def add_page(self, page: Page, start: int, stop: int) -> None:
        """Take some records of a page."""
        file = page.progress.file if page.progress else None
        place = _PageOrigin(
            page.origin, file.name if file else None, file.modified_at if file else None
        )
        records = page.records
        part = records[start:stop]
        if all(type(record) is Encoded for record in part):
            self._pending.extend(map(_Pending, part, repeat(place), range(start, stop)))
            return
        for index, record in enumerate(part, start):
            self._add(record, place, index)

    def take(self) -> Batch:
        """Validate and encode what was collected, and begin anew."""
        batch = Batch(self.kind, refused=self._strange)
        self._strange = []
        pending, self._pending = self._pending, []
        deletions, self._deletions = self._deletions, {}
        self._deleted = 0
        loose = [item for item in pending if type(item.record) is not Encoded]
        if loose or deletions:
            self._take_mixed(pending, loose, deletions, batch)
        else:
            # What the bulk lane encoded needs nothing more.
            batch.items = [item.record for item in pending]
            batch.item_files = [item.page.file if item.page else None for item in pending]
            batch.origins = list(pending)
        return batch

    def _take_mixed(
        self,
        pending: Sequence[_Pending],
        loose: Sequence[_Pending],
        deletions: dict[int, list[Delete]],
        batch: Batch,
    ) -> None:
        typed = iter(self._validated(loose))
        for index, item in enumerate(pending):
            if deletions:
                for deletion in deletions.pop(index, ()):
                    self._delete(deletion, batch)
            try:
                record = item.record
                encoded = (
                    record if type(record) is Encoded else self._encode(item, record, next(typed))
                )
            except RecordError as error:
                batch.refused.append(self._refuse(item, error))
                continue
            batch.items.append(encoded)
            batch.item_files.append(item.page.file if item.page else None)
            batch.origins.append(item)
        for deletion in chain.from_iterable(deletions.values()):
            self._delete(deletion, batch)

    def _validated(
        self, items: Sequence[_Pending], *, again: bool = False
    ) -> Iterator[Mapping[str, Any] | RecordError]:
        """Yield each record typed, or why it is none."""
        prepared = [self._prepare(item.record, again=again) for item in items]
        typed, problems = self.kind.validator().validate(prepared)
        for index, record in enumerate(typed):
            yield problems[index] if record is None else record

    def _encode(
        self,
        item: _Pending,
        record: Mapping[str, Any],
        typed: Mapping[str, Any] | RecordError,
    ) -> Encoded:
        if isinstance(typed, RecordError):
            raise typed
        key = self._key(record)
        as_of = self._as_of(item, record, typed)
        if as_of is not self._moment[0]:
            self._moment = as_of, encode_time(as_of)
        encoded = self._encoder.encode(key, self._moment[1], typed)
        if self.stream.cursor is not None:
            self._advance(record, typed)
        return encoded

    def accepted(self, batch: Batch) -> list[Mapping[str, Any]]:
        """Return the records of a batch that passed, typed, with key and cursor."""
        kept = [item for item in batch.origins if item is not None]
        loose = [item for item in kept if type(item.record) is not Encoded]
        typed = iter(self._validated(loose, again=True))
        return [
            self.kind.decode(item.record)
            if type(item.record) is Encoded
            else self._accepted(item.record, next(typed))
            for item in kept
        ]

    def _accepted(
        self, record: Mapping[str, Any], typed: Mapping[str, Any] | RecordError
    ) -> Mapping[str, Any]:
        if isinstance(typed, RecordError):
            raise typed
        cursor = self.stream.cursor
        beside = {cursor: record.get(cursor)} if cursor else {}
        return {**beside, **typed, "key": self._key(record)}

    def withdraw(self, batch: Batch, keys: Sequence[str], error: RecordError) -> list[Refused]:
        """
        Take records out of a batch again.

        Args:
            batch: The batch.
            keys: Which ones; none means all.
            error: Why.
        """
        named = set(keys)
        out = [
            index
            for index, item in enumerate(batch.items)
            if batch.origins[index] is not None and (not keys or item.key in named)
        ]
        gone = set(out)
        refused = [
            self._refuse(item, error) for item in (batch.origins[index] for index in out) if item
        ]
        kept = [index for index in range(len(batch.items)) if index not in gone]
        batch.item_files = [batch.item_files[index] for index in kept]
        batch.items = [batch.items[index] for index in kept]
        batch.origins = [batch.origins[index] for index in kept]
        return refused

    def overruled(self, batch: Batch, indexes: Iterable[int]) -> list[Refused]:
        """Return the items of a batch that later ones overruled, as refused ones."""
        message = (
            "another row of the same file has this key and says something else; "
            "the later one was stored: is the key complete?"
        )
        error = RecordError("duplicate-key", message)
        found = (batch.origins[index] for index in indexes)
        return [self._refuse(item, error) for item in found if item is not None]

    def _prepare(self, record: Mapping[str, Any], *, again: bool = False) -> Mapping[str, Any]:
        """
        Return a record as its validator wants it: what is no field goes to ``extra``.

        Args:
            record: As it was yielded.
            again: Its unknown fields were counted before.
        """
        known = self.kind.validator().known
        if record.keys() <= known and not self.defaults:
            return record
        prepared = {**self.defaults, **record}
        extra: dict[str, Any] = {}
        for name in [name for name in prepared if name not in known]:
            value = prepared.pop(name)
            if name == self.stream.cursor:
                continue
            if value is not None:
                extra[name] = value
            if value is not None and not again:
                self.unknown[str(name)] = self.unknown.get(str(name), 0) + 1
        given = prepared.get("extra")
        if extra:
            prepared["extra"] = {**given, **extra} if isinstance(given, Mapping) else extra
        return prepared

    def _key(self, record: Mapping[str, Any]) -> str:
        given = record.get("key")
        if type(given) is str and 0 < len(given) <= keys.MAX_LENGTH:
            return given
        if given is not None:
            key = keys.compose(given if isinstance(given, list | tuple) else [given])
        elif self.stream.key:
            key = keys.compose(record.get(name) for name in self.stream.key)
        else:
            key = ""
        if not key:
            wanted = " | ".join(self.stream.key) if self.stream.key else "key"
            message = f"the record has no key; it would be made of {wanted}"
            raise RecordError("missing-key", message, "key")
        return key

    def _as_of(
        self, item: _Pending, record: Mapping[str, Any], typed: Mapping[str, Any]
    ) -> datetime:
        said = typed.get("as_of")
        if said is None and self.stream.cursor:
            said = as_time(self._cursor_value(record, typed))
        if said is None and item.page is not None:
            said = item.page.modified_at
        # A version from the future would make every later one look stale.
        return self.now if said is None or said > self.now else said

    def _cursor_value(
        self, record: Mapping[str, Any], typed: Mapping[str, Any]
    ) -> CursorValue | None:
        name = self.stream.cursor or ""
        value: CursorValue | None = typed.get(name, record.get(name))
        if isinstance(value, datetime) and value.tzinfo is None:
            message = f"{name}: the time has no zone; yield aware times"
            raise RecordError("naive-time", message, name)
        return value

    def _advance(self, record: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
        value = self._cursor_value(record, typed)
        if value is None:
            return
        if self.reached is not None and type(value) is not type(self.reached):
            message = (
                f"{self.stream.cursor}: the cursor was a {type(self.reached).__name__} "
                f"and is now a {type(value).__name__}"
            )
            raise RecordError("bad-cursor", message, self.stream.cursor)
        if not believable(value, self.now):
            return  # stored, but one record from 2099 must not silence all that come before
        if isinstance(value, datetime | date | int | str):
            self.reached = value if self.reached is None else max(self.reached, value)  # type: ignore[type-var]
        else:
            self.reached = value

    def _delete(self, deletion: Delete, batch: Batch) -> None:
        parts = deletion.key if isinstance(deletion.key, tuple) else (deletion.key,)
        as_of = deletion.as_of if deletion.as_of and deletion.as_of.tzinfo else self.now
        batch.items.append(Deletion(keys.compose(parts), encode_time(min(as_of, self.now))))
        batch.item_files.append(None)
        batch.origins.append(None)

    def _refuse(self, item: _Pending, error: RecordError) -> Refused:
        given = item.record
        raw: Raw = self.kind.decode(given) if isinstance(given, Encoded) else given
        line = None
        file = item.page.file if item.page else None
        if item.page is not None and item.page.origin is not None:
            raw = item.page.origin.raw(item.place)
            line = item.page.origin.line(item.place)
        elif item.page is not None:
            line = item.place or None
        try:
            record = given.key if isinstance(given, Encoded) else self._key(given)
        except RecordError:
            record = raw_hash(raw)
        return Refused(
            record, error.reason, str(error), raw, error.field, file, line, self.identify(raw)
        )

    def notes(self) -> list[str]:
        """Say which yielded values had no field."""
        fields = [name for name in self.kind.validator().known if name not in BESIDE]
        return [
            f"{name!r} is no field of {self.kind.name}{_near(name, fields)}; "
            f"kept in extra ({count} times)"
            for name, count in sorted(self.unknown.items())
        ]


def _near(name: str, fields: Sequence[str]) -> str:
    meant = did_you_mean(name, fields)
    return meant if "did you mean" in meant else ""


def _usable(record: object) -> Any:  # noqa: ANN401  # a mapping, or an encoded record
    """Return a yielded record as a mapping, an encoded one as it is, and None for the rest."""
    if isinstance(record, Encoded):
        return record
    if isinstance(record, BaseModel):
        return record.model_dump(exclude_none=True)
    return record if isinstance(record, Mapping) else None
