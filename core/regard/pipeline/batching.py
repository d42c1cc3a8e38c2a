"""From what a source yields to what a transaction stores: validated, keyed, encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any, TypeAlias

from pydantic import BaseModel

from regard import keys
from regard.cursors import CursorValue, as_time, believable
from regard.errors import PluginError, RecordError
from regard.names import did_you_mean
from regard.pipeline.origins import Origins, PageOrigin, Pending, Run
from regard.records import Kind
from regard.records.encoding import Encoded, EncodedRows, Encoder, encode_time
from regard.records.validation import BESIDE
from regard.sources import Delete, InputFile, Origin, Page, Seen, Stream, Whole
from regard.store import Batch, Deletion, Refused, Remainder, Sighting
from regard.store.merging import Item
from regard.store.quarantine import Raw, raw_hash
from regard.store.wholes import FIELDS

__all__ = ["Batcher", "Identify"]

Identify = Callable[[Raw], tuple[str, ...]]
"""Returns keyed hashes of what identifies a person in a raw payload."""

_Word: TypeAlias = tuple[Delete | Seen | Whole, InputFile | None]
"""Word of a record, and the file that it comes from."""


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
    _pending: list[Pending | Run] = field(default_factory=list)
    _count: int = 0
    _deletions: dict[int, list[_Word]] = field(default_factory=dict)
    _deleted: int = 0
    _strange: list[Refused] = field(default_factory=list)
    _file: InputFile | None = None
    _file_origin: PageOrigin | None = None
    _encoder: Encoder = field(init=False)
    _moment: tuple[datetime, str] = field(init=False)

    def __post_init__(self) -> None:
        self._encoder = self.kind.encoder()
        self._moment = self.now, encode_time(self.now)

    def __len__(self) -> int:
        return self._count + self._deleted + len(self._strange)

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
            self._file_origin = PageOrigin(None, file.name, file.modified_at)
        self._add(record, self._file_origin, line)

    def _add(self, record: object, page: PageOrigin | None, place: int) -> None:
        values = _usable(record)
        if values is not None:
            self._pending.append(Pending(values, page, place))
            self._count += 1
            return
        raw = repr(record)
        message = f"a source yields mappings, not {type(record).__name__}"
        name = raw_hash(raw)
        file = page.file if page else None
        refused = Refused(
            name, "not-a-mapping", message, raw, file=file, identifiers=self.identify(raw)
        )
        self._strange.append(refused)

    def add_word(
        self, word: Delete | Seen | Whole, row: tuple[InputFile, int] | None = None
    ) -> None:
        """
        Take word that records are gone, or still there; it holds after those before it.

        Args:
            word: Of records.
            row: The file and the line that it comes from, where that is known.
        """
        said = word.file if isinstance(word, Delete | Whole) else None
        file = said or (row[0] if row else None)
        self._deletions.setdefault(self._count, []).append((word, file))
        self._deleted += 1

    def add_page(self, page: Page, start: int, stop: int) -> None:
        """Take some records of a page."""
        file = page.progress.file if page.progress else None
        place = PageOrigin(
            page.origin, file.name if file else None, file.modified_at if file else None
        )
        part = page.records[start:stop]
        if isinstance(part, EncodedRows):
            self._pending.append(Run(part, place, start))
            self._count += len(part)
            return
        for index, record in enumerate(part, start):
            self._add(record, place, index)

    def take(self) -> Batch:
        """Validate and encode what was collected, and begin anew."""
        batch = Batch(self.kind, refused=self._strange)
        self._strange = []
        pending, self._pending = self._pending, []
        deletions, self._deletions = self._deletions, {}
        self._deleted = self._count = 0
        runs = [item for item in pending if isinstance(item, Run)]
        first = runs[0].records if runs and len(runs) == len(pending) and not deletions else None
        if first is not None and all(first.joins(run.records) for run in runs):
            # What the bulk lane encoded needs nothing more.
            batch.items = first.joined([run.records for run in runs[1:]])
            files = ([run.page.file] * len(run.records) for run in runs)
            batch.item_files = list(chain.from_iterable(files))
            batch.origins = Origins(runs)
            return batch
        singles = chain.from_iterable(
            item.pending() if isinstance(item, Run) else (item,) for item in pending
        )
        self._take_mixed(list(singles), deletions, batch)
        return batch

    def _take_mixed(
        self,
        pending: Sequence[Pending],
        deletions: dict[int, list[_Word]],
        batch: Batch,
    ) -> None:
        items: list[Item] = []
        files: list[str | None] = []
        origins: list[Pending | None] = []

        def take(word: Delete | Seen | Whole, file: InputFile | None) -> None:
            items.append(self._word(word, file))
            files.append(file.name if file else None)
            origins.append(None)

        loose = [item for item in pending if type(item.record) is not Encoded]
        typed = iter(self._validated(loose))
        for index, item in enumerate(pending):
            if deletions:
                for word in deletions.pop(index, ()):
                    take(*word)
            try:
                record = item.record
                encoded = (
                    record if type(record) is Encoded else self._encode(item, record, next(typed))
                )
            except RecordError as error:
                batch.refused.append(self._refuse(item, error))
                continue
            items.append(encoded)
            files.append(item.page.file if item.page else None)
            origins.append(item)
        for word in chain.from_iterable(deletions.values()):
            take(*word)
        batch.items, batch.item_files, batch.origins = items, files, origins

    def _validated(
        self, items: Sequence[Pending], *, again: bool = False
    ) -> Iterator[Mapping[str, Any] | RecordError]:
        """Yield each record typed, or why it is none."""
        prepared = [self._prepare(item.record, again=again) for item in items]
        typed, problems = self.kind.validator().validate(prepared)
        for index, record in enumerate(typed):
            yield problems[index] if record is None else record

    def _encode(
        self,
        item: Pending,
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

    def overruled(self, batch: Batch, indexes: Iterable[int], error: RecordError) -> list[Refused]:
        """Return the items of a batch that later ones overruled, as refused ones."""
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
        self, item: Pending, record: Mapping[str, Any], typed: Mapping[str, Any]
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

    def _word(
        self, word: Delete | Seen | Whole, file: InputFile | None
    ) -> Deletion | Sighting | Remainder:
        if isinstance(word, Seen):
            return Sighting(word.key, encode_time(min(word.as_of, self.now)))
        if isinstance(word, Whole):
            if self.kind.name not in FIELDS:
                message = (
                    f"a source yields Whole of {' or '.join(FIELDS)} records, "
                    f"not of {self.kind.name} records"
                )
                raise PluginError(message)
            return Remainder(word.name, self._age(word.as_of, file), word.keys, word.among)
        return self._deletion(word, file)

    def _deletion(self, deletion: Delete, file: InputFile | None) -> Deletion:
        parts = deletion.key if isinstance(deletion.key, tuple) else (deletion.key,)
        return Deletion(keys.compose(parts), self._age(deletion.as_of, file))

    def _age(self, as_of: datetime | None, file: InputFile | None) -> str:
        """Return since when something is gone, as the store writes it."""
        known = as_of if as_of and as_of.tzinfo else None
        # What an old file calls gone may be back in one that was read before.
        known = known or (file.modified_at if file else self.now)
        return encode_time(min(known, self.now))

    def _refuse(self, item: Pending, error: RecordError) -> Refused:
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
        message = _with_columns(str(error), error.field, item.page.origin if item.page else None)
        return Refused(
            record, error.reason, message, raw, error.field, file, line, self.identify(raw)
        )

    def notes(self) -> list[str]:
        """Say which yielded values had no field."""
        fields = [name for name in self.kind.validator().known if name not in BESIDE]
        return [
            f"{name!r} is no field of {self.kind.name}{_near(name, fields)}; "
            f"kept in extra ({count} times)"
            for name, count in sorted(self.unknown.items())
        ]


def _with_columns(message: str, name: str | None, origin: Origin | None) -> str:
    """Say as well which columns a wrong value stood in, where its page knows."""
    columns = getattr(origin, "columns", None)
    names = columns(name) if columns is not None and name is not None else ()
    if not names:
        return message
    shown = " and ".join(map(repr, names))
    return f"column{'s' if len(names) > 1 else ''} {shown}: {message}"


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
