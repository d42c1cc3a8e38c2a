"""
Who somebody is in the store: from an e-mail address or a key to all that names this person.

A customer found by an address leads to its key, one found by its key leads to its address, and
so on until nothing new is found. An address that many customers of one source share is nobody's
own, so it leads nowhere unless somebody named it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Text, cast, func, or_, select

from regard.errors import UsageError
from regard.privacy import find_identifiers, normalise, pseudonym
from regard.records import KINDS, Kind
from regard.store.tombstones import CUSTOMER, EMAIL, PHONE, Marks
from regard.store.transactions import Transaction

__all__ = ["Customers", "Person", "Place", "Seed", "contains", "find_key", "needle", "trace"]

_SHARED = 10
"""So many customers of one source may have an address that is followed."""

_ROUNDS = 10
_PSEUDONYM = re.compile(r"([a-z_]+)#([0-9a-f]{8})")
_ASCII = re.compile(r"[\x20-\x7e]+")
_PAGE = 5_000


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One record: its kind, source and key."""

    kind: str
    source: str
    key: str


@dataclass(frozen=True, slots=True)
class Customers:
    """
    Which source the ``customer_key`` of each source refers to.

    Attributes:
        elsewhere: The sources that do not refer to themselves.
    """

    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def of(self, source: str) -> str:
        """Return the source that a source's customers are in."""
        return self.elsewhere.get(source, source)


@dataclass(frozen=True, slots=True)
class Seed:
    """
    What somebody was asked to be erased by.

    Attributes:
        email: An address.
        place: A record.
    """

    email: str | None = None
    place: Place | None = None


@dataclass(slots=True)
class Person:
    """
    All that names one person.

    Attributes:
        addresses: E-mail addresses, in the form that all spellings share.
        customers: Source and key of each customer.
        records: Single records that were named by their key.
        phones: Telephone numbers of the customers, as they wrote them.
        names: Their names, as they wrote them.
        shared: How many addresses were not followed, because many customers have them.
    """

    addresses: set[str] = field(default_factory=set)
    customers: set[tuple[str, str]] = field(default_factory=set)
    records: set[Place] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    shared: int = 0

    def marks(self) -> Marks:
        """Return what records and refused ones are recognised by."""
        marks = Marks()
        for address in self.addresses:
            marks.add(EMAIL, address)
        for source, key in self.customers:
            marks.add(CUSTOMER, key, source)
        for place in self.records:
            marks.add(place.kind, place.key, place.source)
        for phone in self.phones:
            marks.add(PHONE, phone)
        return marks

    def tombstones(self) -> list[tuple[str, str, str]]:
        """Return kind, source and value of what must not come back."""
        return [
            *((EMAIL, "", address) for address in sorted(self.addresses)),
            *((CUSTOMER, source, key) for source, key in sorted(self.customers)),
            *((place.kind, place.source, place.key) for place in sorted(self.records)),
            *((PHONE, "", phone) for phone in sorted(self.phones)),
        ]

    def keys(self, kind: str) -> list[str]:
        """Return the keys under which records of a kind may be this person's own."""
        own = {place.key for place in self.records if place.kind == kind}
        if kind == CUSTOMER:
            own |= self.customer_keys()
        return sorted(own)

    def customer_keys(self) -> set[str]:
        """Return the keys of all customers, of whichever source."""
        return {key for _, key in self.customers}


def needle(address: str) -> str:
    """Return the part of an address that any database finds without regard to case."""
    return max(_ASCII.findall(address), key=len, default=address).lower()


def contains(transaction: Transaction, column: Column[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a column has a lower-case text in it, whatever its case there."""
    # Not LIKE: an address may hold its wildcards.
    if transaction.connection.dialect.name == "sqlite":
        return func.instr(func.lower(column), text) > 0
    return func.strpos(func.lower(column), text) > 0


def has_address(
    transaction: Transaction, column: Column[Any], addresses: Iterable[str]
) -> list[ColumnElement[bool]]:
    """Return the conditions under which a column may be one of some addresses."""
    found = [contains(transaction, column, needle(address)) for address in sorted(addresses)]
    if found:
        # Databases fold only some letters; what is not plain is looked at one by one.
        size: ColumnElement[int] = func.length(cast(column, LargeBinary))
        if transaction.connection.dialect.name != "sqlite":
            size = func.octet_length(column)
        found.append(func.length(column) != size)
    return found


def trace(transaction: Transaction, seed: Seed) -> Person:
    """
    Return all that names a person.

    Args:
        transaction: A reading one is enough.
        seed: What the person is named by.
    """
    person = Person()
    if seed.email is not None:
        person.addresses.add(normalise(EMAIL, seed.email))
    if seed.place is not None and seed.place.kind == CUSTOMER:
        person.customers.add((seed.place.source, seed.place.key))
    elif seed.place is not None:
        person.records.add(seed.place)
    refused: set[str] = set()
    for _ in range(_ROUNDS):
        if not _follow(transaction, person, refused):
            break
    person.shared = len(refused)
    return person


def _follow(transaction: Transaction, person: Person, refused: set[str]) -> bool:
    """Take in what the customers known so far lead to; say whether anything was new."""
    before = len(person.addresses) + len(person.customers)
    fresh: set[str] = set()
    for row in _customers(transaction, person):
        address = normalise(EMAIL, row.email) if row.email else ""
        mine = (row.source, row.key) in person.customers or address in person.addresses
        if not (mine or normalise(EMAIL, row.key) in person.addresses):
            continue
        person.customers.add((row.source, row.key))
        if address not in person.addresses and _is_address(address):
            fresh.add(address)
        person.phones.update(_numbers(row.phone))
        whole = " ".join(part for part in (row.given_name, row.family_name) if part)
        person.names.update(name for name in (row.name, whole) if name)
    for address in fresh - refused:
        if _is_shared(transaction, address):
            refused.add(address)
        else:
            person.addresses.add(address)
    return len(person.addresses) + len(person.customers) > before


def _customers(transaction: Transaction, person: Person) -> Sequence[Any]:
    """Return the rows among which the person's customers are."""
    rows = KINDS[CUSTOMER].table
    conditions = [
        *has_address(transaction, rows.c.email, person.addresses),
        *(contains(transaction, rows.c.key, needle(address)) for address in person.addresses),
    ]
    if person.customers:
        conditions.append(rows.c.key.in_(sorted(person.customer_keys())))
    if not conditions:
        return ()
    names = ("source", "key", "email", "phone", "name", "given_name", "family_name")
    query = select(*(rows.c[name] for name in names)).where(or_(*conditions))
    return transaction.connection.execute(query).all()


def _is_address(text: str) -> bool:
    """Say whether a text is an address, and not what somebody wrote in place of one."""
    return [text] == [item.text for item in find_identifiers(text) if item.kind == EMAIL]


def _numbers(phone: str | None) -> list[str]:
    """Return a number where it has as many digits as a telephone number has."""
    digits = normalise(PHONE, phone) if phone else ""
    return [digits] if len(digits) >= 7 and len(set(digits)) > 2 else []


def _is_shared(transaction: Transaction, address: str) -> bool:
    rows = KINDS[CUSTOMER].table
    query = select(rows.c.source, rows.c.email).where(
        or_(*has_address(transaction, rows.c.email, [address]))
    )
    found = transaction.connection.execute(query)
    counted = Counter(row[0] for row in found if normalise(EMAIL, row[1]) == address)
    return any(number > _SHARED for number in counted.values())


# -- keys --------------------------------------------------------------------------------


def find_key(
    transaction: Transaction,
    text: str,
    *,
    source: str | None,
    customers: Customers,
    secret: bytes,
) -> Place:
    """
    Return the record that somebody means by a key.

    Args:
        transaction: A reading one is enough.
        text: A customer's key, another record's, or either as its pseudonym.
        source: The key's source; None: whichever has it.
        customers: Which source keys refer to.
        secret: The project's privacy key.

    Raises:
        UsageError: Nothing has the key, or several sources or kinds have it.
    """
    shown = _PSEUDONYM.fullmatch(text)
    if shown is not None and shown[1] in KINDS:
        found = _by_pseudonym(transaction, text, shown[1], customers, secret)
    else:
        found = _by_key(transaction, text, CUSTOMER, customers)
        if not found:
            kinds = (name for name in KINDS if name != CUSTOMER)
            found = {place for name in kinds for place in _by_key(transaction, text, name)}
    if source is not None:
        found = {place for place in found if place.source in (source, customers.of(source))}
        if not found and shown is None:
            # Nothing is stored under it, and nothing shall be.
            return Place(CUSTOMER, customers.of(source), text)
    if len(found) == 1:
        return found.pop()
    raise UsageError(_which(found, source))


def _which(found: set[Place], source: str | None) -> str:
    if not found and source is None:
        return (
            "no record has this key; give --source NAME as well to keep it from being stored, "
            "or name the person by --email"
        )
    if not found:
        return f"no record of the source {source!r} has this pseudonym"
    shown = ", ".join(sorted({f"{place.kind} in {place.source!r}" for place in found}))
    return f"{len(found)} records have this key ({shown}): give --source NAME, or the key itself"


def _by_key(
    transaction: Transaction, key: str, kind: str, customers: Customers | None = None
) -> set[Place]:
    """Return the records that have a key; given customers, also those that are only named."""
    rows = KINDS[kind].table
    query = select(rows.c.source).where(rows.c.key == key).distinct()
    found = {Place(kind, row[0], key) for row in transaction.connection.execute(query)}
    if customers is None:
        return found
    for referring in _referring():
        rows = referring.table
        query = select(rows.c.source).where(rows.c.customer_key == key).distinct()
        sources = transaction.connection.execute(query).scalars()
        found |= {Place(kind, customers.of(name), key) for name in sources}
    return found


def _referring() -> list[Kind]:
    return [kind for kind in KINDS.values() if "customer_key" in kind.fields]


def _by_pseudonym(
    transaction: Transaction, shown: str, kind: str, customers: Customers, secret: bytes
) -> set[Place]:
    found = {
        Place(kind, source, key)
        for source, key in _pairs(transaction, KINDS[kind].table.c.key)
        if pseudonym(kind, key, secret) == shown
    }
    if kind == CUSTOMER:
        for referring in _referring():
            found |= {
                Place(kind, customers.of(source), key)
                for source, key in _pairs(transaction, referring.table.c.customer_key)
                if pseudonym(kind, key, secret) == shown
            }
    return found


def _pairs(transaction: Transaction, column: Column[Any]) -> Iterable[tuple[str, str]]:
    """Yield each different pair of a source and a key."""
    source = column.table.c.source
    query = select(source, cast(column, Text)).where(column.is_not(None)).distinct()
    options = {"yield_per": _PAGE}
    for row in transaction.connection.execute(query, execution_options=options):
        yield row[0], row[1]
