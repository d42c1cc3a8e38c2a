"""
Erasing a person from one store: found first, then deleted in one transaction.

A row that is the person's goes away whole, with all versions; a text of somebody else's row
loses the address. Rows of one order, one survey or one thread that name nobody go with those
that name the person. Columns follow batches and would not notice that a row is gone, so the
store notes since which batch rows of a table are missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, and_, delete, func, or_, select, update

from regard.privacy import normalise
from regard.records import KINDS, Kind
from regard.store import sides
from regard.store.batches import next_batch
from regard.store.exporting import note_vanished
from regard.store.masking import Mask, mask_json, mask_of, words_of
from regard.store.quarantine import unpack
from regard.store.scrubbing import note_pending
from regard.store.tombstones import CUSTOMER, EMAIL, Marks, Recogniser, save
from regard.store.tracing import (
    Customers,
    Person,
    Place,
    Seed,
    contains,
    has_address,
    needle,
    trace,
)
from regard.store.transactions import Transaction, table

__all__ = ["Change", "Erasure", "Leftover", "erase", "find"]

_AT_ONCE = 500
_COMPANIONS = {
    "purchase": ("order_key", "ordered_at"),
    "answer": ("response_key", "survey"),
    "touchpoint": ("thread_key",),
}
"""What rows have in common that belong together; the first of the fields must be there."""

_PROSE = {
    "findings": ("subject", "text", "why", "evidence"),
    "runs": ("error",),
    "run_streams": ("error", "notes"),
    "ledger": ("reason",),
    "notices": ("text", "error"),
}
"""The texts beside the records that plug-ins write, or that repeat what they wrote."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    A row that stays, with other texts.

    Attributes:
        table: Its table.
        where: Its primary key.
        values: The new texts by column.
    """

    table: str
    where: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leftover:
    """
    A customer's key that the person's rows name, but that no customer of theirs has.

    Attributes:
        source: The source that the key belongs to.
        key: The key.
        rows: How many rows that stay name it.
    """

    source: str
    key: str
    rows: int


@dataclass(slots=True)
class Erasure:
    """
    What erasing a person from one store comes to.

    Attributes:
        person: All that names the person.
        records: The records to delete, by kind.
        rows: How many rows these are by kind, all versions counted.
        companions: Those of them that name nobody.
        refused: Numbers of refused records to delete.
        findings: Numbers of findings to delete.
        changes: Rows that stay, with other texts.
        leftovers: Keys that were not followed.
        beside: How many rows of enrichers go with the records.
    """

    person: Person
    records: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    companions: set[Place] = field(default_factory=set)
    refused: list[int] = field(default_factory=list)
    findings: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    beside: int = 0

    def counts(self) -> dict[str, int]:
        """Return how many rows go or change, by what they are; nothing that is zero."""
        notes = sum(change.table in _PROSE for change in self.changes)
        counted = {
            **self.rows,
            "quarantine": len(self.refused),
            "finding": len(self.findings),
            "enriched row": self.beside,
            "run note": notes,
            "mention": len(self.changes) - notes,
        }
        return {name: number for name, number in counted.items() if number}

    def mentions(self) -> dict[str, list[tuple[str, str]]]:
        """Return the records that stay, with other texts, by kind."""
        names = {kind.table.name: name for name, kind in KINDS.items()}
        found: dict[str, list[tuple[str, str]]] = {}
        for change in self.changes:
            if change.table in names:
                place = change.where["source"], change.where["key"]
                found.setdefault(names[change.table], []).append(place)
        return found

    def tables(self) -> list[str]:
        """Return the tables that something is deleted from or changed in."""
        touched = {KINDS[name].table.name for name in self.records}
        touched |= {change.table for change in self.changes}
        touched |= {"quarantine"} if self.refused else set()
        return sorted(touched | ({"findings"} if self.findings else set()))


def find(transaction: Transaction, seed: Seed, customers: Customers) -> Erasure:
    """
    Return what erasing a person would come to, without writing.

    Args:
        transaction: A reading one is enough.
        seed: What the person is named by.
        customers: Which source the customers of each are in.
    """
    erasure = Erasure(trace(transaction, seed))
    search = _Search(transaction, erasure, customers)
    for kind in KINDS.values():
        search.records(kind)
    for kind in KINDS.values():
        search.together(kind)
    for name in list(erasure.records):
        erasure.rows[name] = search.versions(KINDS[name])
    search.not_followed()
    search.quarantine()
    search.prose()
    erasure.beside = sides.count(transaction, erasure.records)
    erasure.beside += sides.count(transaction, erasure.mentions())
    return erasure


class _Search:
    """
    Looks for one person in one store.

    Args:
        transaction: A reading one is enough.
        erasure: What is found goes there.
        customers: Which source the customers of each are in.
    """

    def __init__(self, transaction: Transaction, erasure: Erasure, customers: Customers) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._erasure = erasure
        self._person = erasure.person
        self._customers = customers
        self._marks: Marks = erasure.person.marks()
        self._mask: Mask = mask_of(erasure.person, addresses_only=True)
        self._needles = [needle(address) for address in sorted(erasure.person.addresses)]
        self._recognisers: dict[tuple[str, str], Recogniser] = {}
        self._named: dict[str, set[tuple[str, str]]] = {}

    def _recogniser(self, kind: Kind, source: str) -> Recogniser:
        known = self._recognisers.get((kind.name, source))
        if known is None:
            known = Recogniser(self._marks, kind, source, self._customers.of(source))
            self._recognisers[kind.name, source] = known
        return known

    def records(self, kind: Kind) -> None:
        """Find the person's records of a kind, and what others' records say of the person."""
        found: dict[tuple[str, str], None] = {}
        others: list[dict[str, Any]] = []
        for row in self._candidates(kind):
            place = row["source"], row["key"]
            values = [row[name] for name in kind.fields]
            if self._recogniser(kind, place[0]).record(place[1], values):
                found[place] = None
                self._note_key(kind, row)
            else:
                others.append(row)
        if found:
            self._erasure.records[kind.name] = list(found)
        for row in others:
            if (row["source"], row["key"]) not in found:
                self._change(kind, row)

    def _candidates(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield the rows of a kind in which anything of the person stands."""
        rows = kind.table
        conditions: list[ColumnElement[bool]] = []
        for name in (*kind.fields, "key", "extra"):
            column = rows.c[name]
            if not isinstance(column.type, Text):
                continue
            if name == "email":
                conditions += has_address(self._transaction, column, self._person.addresses)
            else:
                conditions += [contains(self._transaction, column, text) for text in self._needles]
        if own := self._person.keys(kind.name):
            conditions.append(rows.c.key.in_(own))
        keys = sorted(self._person.customer_keys())
        for name in ("customer_key", "account_key", "subject" if kind.name == "fact" else ""):
            if keys and name in rows.c:
                conditions.append(rows.c[name].in_(keys))
        if conditions:
            for row in self._connection.execute(select(rows).where(or_(*conditions))):
                yield row._asdict()

    def _note_key(self, kind: Kind, row: Mapping[str, Any]) -> None:
        """Remember whom the person's rows name as their customer."""
        key = row.get("customer_key")
        if key is not None and "customer_key" in kind.fields:
            place = self._customers.of(row["source"]), key
            if place not in self._person.customers and normalise(EMAIL, key) not in (
                self._person.addresses
            ):
                self._named.setdefault(CUSTOMER, set()).add(place)

    def _change(self, kind: Kind, row: Mapping[str, Any]) -> None:
        """Take the person out of a row that is somebody else's."""
        values: dict[str, Any] = {}
        for name in kind.fields:
            text = row[name]
            if isinstance(text, str) and (masked := self._mask(text)) != text:
                values[name] = masked
        if row["extra"] is not None:
            extra = mask_json(row["extra"], self._mask)
            if extra != row["extra"]:
                values["extra"] = extra
        account = row.get("account_key")
        if account is not None and (row["source"], account) in self._person.customers:
            values["account_key"] = None
        if values:
            where = {column.name: row[column.name] for column in kind.table.primary_key.columns}
            self._erasure.changes.append(Change(kind.table.name, where, values))

    def together(self, kind: Kind) -> None:
        """Find the rows that name nobody and belong to rows of the person."""
        names = _COMPANIONS.get(kind.name)
        mine = self._erasure.records.get(kind.name)
        if not names or not mine:
            return
        rows, taken = kind.table, set(mine)
        groups: set[tuple[Any, ...]] = set()
        for condition in _places(rows, mine):
            query = select(rows.c.source, *(rows.c[name] for name in names)).where(condition)
            groups.update(tuple(row) for row in self._connection.execute(query))
        nobody = [rows.c[name].is_(None) for name in ("customer_key", "email")]
        for source, *values in groups:
            if values[0] is None:
                continue
            same = [
                rows.c[name].is_not_distinct_from(value)
                for name, value in zip(names, values, strict=True)
            ]
            query = select(rows.c.source, rows.c.key).where(
                rows.c.source == source, *same, *nobody
            )
            for row in self._connection.execute(query):
                if (row[0], row[1]) not in taken:
                    taken.add((row[0], row[1]))
                    mine.append((row[0], row[1]))
                    self._erasure.companions.add(Place(kind.name, row[0], row[1]))

    def versions(self, kind: Kind) -> int:
        """Return how many rows the records to delete are."""
        conditions = _places(kind.table, self._erasure.records[kind.name])
        counted = (select(func.count()).select_from(kind.table).where(each) for each in conditions)
        return sum(int(self._connection.execute(query).scalar_one()) for query in counted)

    def not_followed(self) -> None:
        """Find out what stays of customers whom the person's rows name."""
        for source, key in sorted(self._named.get(CUSTOMER, ())):
            stays = 0
            for kind in KINDS.values():
                if "customer_key" not in kind.fields:
                    continue
                rows = kind.table
                query = select(rows.c.source, rows.c.key).where(rows.c.customer_key == key)
                mine = set(self._erasure.records.get(kind.name, ()))
                stays += sum(
                    self._customers.of(row[0]) == source and (row[0], row[1]) not in mine
                    for row in self._connection.execute(query)
                )
            if stays:
                self._erasure.leftovers.append(Leftover(source, key, stays))

    def quarantine(self) -> None:
        """Find the person's refused records, open and resolved ones."""
        refused = table("quarantine")
        names = ("id", "source", "kind", "record", "raw")
        after = 0
        while True:
            query = (
                select(*(refused.c[name] for name in names))
                .where(refused.c.id > after)
                .order_by(refused.c.id)
                .limit(_AT_ONCE)
            )
            rows = self._connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                if row.kind in KINDS and self._is_refused(row):
                    self._erasure.refused.append(int(row.id))
            after = int(rows[-1].id)

    def _is_refused(self, row: Any) -> bool:  # noqa: ANN401  # a row of the query above
        raw = unpack(row.raw)
        kind = KINDS[row.kind]
        if self._recogniser(kind, row.source).refused(row.record, raw):
            return True
        # An address that is none to the eye may stand there all the same.
        text = json.dumps([row.record, raw], ensure_ascii=False, default=str)
        return self._mask(text) != text

    def prose(self) -> None:
        """Find what findings, notes of runs and notices say of the person."""
        mask = mask_of(self._person, addresses_only=False)
        words = [*self._needles, *(needle(word) for word in words_of(self._person))]
        if not words:
            return
        for name, columns in _PROSE.items():
            rows = table(name)
            conditions = [
                contains(self._transaction, rows.c[column], word)
                for column in columns
                for word in words
            ]
            for row in self._connection.execute(select(rows).where(or_(*conditions))):
                self._speak_of(rows, row._asdict(), columns, mask)

    def _speak_of(
        self, rows: Table, row: Mapping[str, Any], columns: Sequence[str], mask: Mask
    ) -> None:
        values = {}
        for column in columns:
            text = row[column]
            if text is not None:
                in_json = column in ("notes", "evidence")
                masked = mask_json(text, mask) if in_json else mask(text)
                if masked != text:
                    values[column] = masked
        if not values:
            return
        if rows.name == "findings":
            # It rests on the person: what is still true will be found again.
            self._erasure.findings.append(int(row["id"]))
            return
        where = {column.name: row[column.name] for column in rows.primary_key.columns}
        self._erasure.changes.append(Change(rows.name, where, values))


def _places(rows: Table, places: Iterable[tuple[str, str]]) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that together mean the rows with some sources and keys."""
    by_source: dict[str, list[str]] = {}
    for source, key in places:
        by_source.setdefault(source, []).append(key)
    for source, keys in by_source.items():
        for start in range(0, len(keys), _AT_ONCE):
            yield and_(rows.c.source == source, rows.c.key.in_(keys[start : start + _AT_ONCE]))


def erase(transaction: Transaction, seed: Seed, customers: Customers, secret: bytes) -> Erasure:
    """
    Erase a person from a store, and note that this person must not come back.

    What is left to do outside of the transaction is noted as pending.

    Args:
        transaction: A writing one.
        seed: What the person is named by.
        customers: Which source the customers of each are in.
        secret: The project's privacy key.
    """
    transaction.writer.lock()
    erasure = find(transaction, seed, customers)
    connection = transaction.connection
    for name, places in erasure.records.items():
        rows = KINDS[name].table
        for condition in _places(rows, places):
            connection.execute(delete(rows).where(condition))
    for beside, numbers in (("quarantine", erasure.refused), ("findings", erasure.findings)):
        rows = table(beside)
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            connection.execute(delete(rows).where(rows.c.id.in_(some)))
    for change in erasure.changes:
        rows = table(change.table)
        same = (rows.c[name] == value for name, value in change.where.items())
        connection.execute(update(rows).where(*same).values(**change.values))
    save(transaction, _tombstones(erasure), secret)
    enriched = sides.erase(transaction, erasure.records, erasure.mentions())
    touched = sorted({*erasure.tables(), *enriched})
    exported = sorted({kind.table.name for kind in KINDS.values()} & set(touched)) + enriched
    if exported:
        note_vanished(transaction, exported, next_batch(transaction, 0, ""))
    note_pending(transaction, touched, columns=bool(exported))
    return erasure


def _tombstones(erasure: Erasure) -> list[tuple[str, str, str]]:
    companions = ((place.kind, place.source, place.key) for place in sorted(erasure.companions))
    return [*erasure.person.tombstones(), *companions]
