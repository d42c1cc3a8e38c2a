"""
Who was erased and must not come back, and how one tells whose record something is.

What names people is kept as keyed hashes, so that nobody can read from a tombstone whom it
stands for. Erasing and refusing to store again ask the same questions of a record, so that
what was erased is exactly what does not come back: the one with plain values at hand, the
other with hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from regard.privacy import find_identifiers, identifier_hash, normalise
from regard.records import Kind
from regard.store.quarantine import Raw
from regard.store.transactions import Transaction, table

__all__ = [
    "CUSTOMER",
    "EMAIL",
    "PHONE",
    "Marks",
    "Recogniser",
    "count",
    "foreign_key",
    "load",
    "save",
]

EMAIL, PHONE, CUSTOMER = "email", "phone", "customer"
_TABLE = "privacy_tombstones"
_CHECK = "erased_with"
_SHORTEST_KEY = 3
_LONGEST_CELL = 100_000
_PART = re.compile(r"(?:\\.|[^|\\])+", re.DOTALL)
_CELLS = re.compile(r"[;,\t|]")
_QUOTES = "\"'= \u00a0"
_REFERS = {"fact": ("customer_key", "subject")}
"""The fields in which records name a customer; a fact's subject may be one."""
_LEFT_ALONE = frozenset({"account_key"})
"""Whoever belongs to an erased organisation was not erased with it."""


class Marks:
    """
    What names some people: addresses, telephone numbers and keys.

    Args:
        secret: The project's privacy key where keyed hashes are kept instead of values.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret
        self._forms: dict[tuple[str, str], set[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._forms)

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        """Yield kind, source and kept form of each, in a fixed order."""
        for kind, source in sorted(self._forms):
            for form in sorted(self._forms[kind, source]):
                yield kind, source, form

    def add(self, kind: str, value: str, source: str = "") -> None:
        """
        Take in one more name.

        Args:
            kind: ``email``, ``phone``, or the kind of the record with that key.
            value: The address, number or key.
            source: The key's source; empty for what names somebody anywhere.
        """
        self.keep(kind, self._form(kind, value), source)

    def keep(self, kind: str, form: str, source: str) -> None:
        """Take in a name in the form in which it is kept."""
        self._forms.setdefault((kind, source), set()).add(form)

    def any(self, kind: str, source: str = "") -> bool:
        """Say whether anything of a kind and a source is known."""
        return (kind, source) in self._forms

    def has(self, kind: str, value: str, source: str = "") -> bool:
        """Say whether a value is one of these names."""
        forms = self._forms.get((kind, source))
        return forms is not None and self._form(kind, value) in forms

    def _form(self, kind: str, value: str) -> str:
        if self._secret is None:
            return normalise(kind, value)
        return identifier_hash(kind, value, self._secret)


def count(transaction: Transaction) -> int:
    """Return how many tombstones there are; they only ever become more."""
    query = select(func.count()).select_from(table(_TABLE))
    return int(transaction.connection.execute(query).scalar_one())


def load(transaction: Transaction, secret: bytes) -> Marks:
    """Return all tombstones."""
    erased = table(_TABLE)
    marks = Marks(secret)
    rows = transaction.connection.execute(
        select(erased.c.kind, erased.c.identifier, erased.c.source)
    )
    for kind, identifier, source in rows:
        marks.keep(kind, identifier, source)
    return marks


def save(transaction: Transaction, names: Iterable[tuple[str, str, str]], secret: bytes) -> None:
    """
    Store tombstones.

    Args:
        transaction: A writing one.
        names: Kind, source and plain value of each.
        secret: The project's privacy key.
    """
    for kind, source, value in names:
        transaction.put(
            _TABLE,
            {
                "identifier": identifier_hash(kind, value, secret),
                "source": source,
                "kind": kind,
                "erased_at": transaction.now,
            },
            keep=("erased_at",),
        )
    transaction.put("store_info", {"name": _CHECK, "value": _check(secret)})


def _check(secret: bytes) -> str:
    return identifier_hash("privacy key", "", secret)


def foreign_key(transaction: Transaction, secret: bytes) -> bool:
    """Say whether the tombstones were made with another privacy key: they recognise nobody."""
    info = table("store_info")
    query = select(info.c.value).where(info.c.name == _CHECK)
    made_with = transaction.connection.execute(query).scalar()
    return made_with is not None and made_with != _check(secret)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the fields of a kind are that may name a person, by their place."""

    email: int | None
    references: tuple[int, ...]
    others: tuple[int, ...]


def _places(kind: Kind) -> _Places:
    fields = kind.fields
    names = _REFERS.get(kind.name, ("customer_key",))
    references = tuple(at for at, name in enumerate(fields) if name in names)
    others = tuple(
        at
        for at, name in enumerate(fields)
        if kind.pii(name) == "pseudonym" and at not in references and name not in _LEFT_ALONE
    )
    return _Places(fields.index("email") if "email" in fields else None, references, others)


class Recogniser:
    """
    Tells whether records of one kind and source are those of certain people.

    Args:
        marks: What names these people.
        kind: The records' kind.
        source: Their source.
        customers: The source that their ``customer_key`` refers to.
    """

    def __init__(self, marks: Marks, kind: Kind, source: str, customers: str) -> None:
        self._marks = marks
        self._kind = kind.name
        self._source = source
        self._customers = source if kind.name == CUSTOMER else customers
        self._places = _places(kind)
        self._emails = marks.any(EMAIL)
        self._phones = marks.any(PHONE)
        self._keys = marks.any(kind.name, source)
        self._references = marks.any(CUSTOMER, self._customers)

    @property
    def awake(self) -> bool:
        """Whether any record of this kind and source could be recognised."""
        return self._emails or self._phones or self._keys or self._references

    def record(self, key: str, values: Sequence[Any]) -> bool:
        """
        Say whether a record is one of theirs.

        Args:
            key: Its key.
            values: Its kind's fields in the table's order.
        """
        has = self._marks.has
        if self._keys and has(self._kind, key, self._source):
            return True
        if self._references:
            for at in self._places.references:
                if values[at] is not None and has(CUSTOMER, values[at], self._customers):
                    return True
        return self._emails and self._by_address(key, values)

    def _by_address(self, key: str, values: Sequence[Any]) -> bool:
        at = self._places.email
        if at is not None and values[at] is not None and self._marks.has(EMAIL, values[at]):
            return True
        # A key or a reference may be an address, or be made up of one.
        if "@" in key and self._in_key(key):
            return True
        named = (values[at] for at in (*self._places.references, *self._places.others))
        return any(value and "@" in value and self._marks.has(EMAIL, value) for value in named)

    def _in_key(self, key: str) -> bool:
        return any(
            self._names(EMAIL, re.sub(r"\\(.)", r"\1", part)) for part in _PART.findall(key)
        )

    def _names(self, kind: str, text: str) -> bool:
        """Say whether a text is one of their addresses or numbers, or has one in it."""
        if kind == EMAIL and "@" in text and self._marks.has(EMAIL, text):
            return True
        found = find_identifiers(text[:_LONGEST_CELL])
        return any(item.kind == kind and self._marks.has(kind, item.text) for item in found)

    def refused(self, record: str, raw: Raw) -> bool:
        """
        Say whether a refused record is one of theirs.

        What its columns mean nobody knows: each cell may be an address or a key.

        Args:
            record: Its key, or the hash of its payload.
            raw: Its payload.
        """
        has = self._marks.has
        if self._keys and has(self._kind, record, self._source):
            return True
        cells = dict(_cells(raw))
        texts = [text for texts in cells.values() for text in texts]
        if self._emails and any("@" in text and self._names(EMAIL, text) for text in texts):
            return True
        if self._references and self._by_cell(cells):
            return True
        # A number may be a family's or a company's: it decides where nobody else is named.
        alone = self._phones and not any(_has_address(text) for text in texts)
        return alone and any(self._names(PHONE, text) for text in texts)

    def _by_cell(self, cells: Mapping[str, Sequence[str]]) -> bool:
        for name, texts in cells.items():
            plain = name == "customer_key" or (name == "key" and self._kind == CUSTOMER)
            for text in texts:
                key = text.strip(_QUOTES)
                # A short number is more often an amount than a key.
                if (plain or len(key) >= _SHORTEST_KEY) and self._marks.has(
                    CUSTOMER, key, self._customers
                ):
                    return True
        return False


def _has_address(text: str) -> bool:
    return any(item.kind == EMAIL for item in find_identifiers(text[:_LONGEST_CELL]))


def _cells(raw: Raw) -> Iterator[tuple[str, list[str]]]:
    """Yield the texts of a payload by column; a broken line has none and is cut everywhere."""
    if isinstance(raw, str):
        yield "", [raw, *_CELLS.split(raw[:_LONGEST_CELL])]
        return
    for name, value in raw.items():
        yield str(name), list(_texts(value))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
