"""
The addresses that sources look at.

Outcomes are written in the transaction of the records that came with them, so that an address
either has its outcome and its records, or neither.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from regard.frontier import Address, Visited
from regard.store.origins import put_origin
from regard.store.transactions import Transaction, table

__all__ = [
    "Changes",
    "StoredPass",
    "add",
    "begin_pass",
    "claims",
    "count_due",
    "current_pass",
    "due",
    "end_pass",
    "give_up",
    "led",
    "outcomes",
    "save",
]

_MOST_KEYS = 500
"""A page with more records is read whole each time; it is rarer than the memory is dear."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_AT_ONCE = 500
"""So many addresses are named in one statement."""

_FAILS_FOR_GOOD = 2
"""What failed in so many passes in a row is no longer taken for a page that fails for once."""

MOST_TRIES = 3
"""In so many runs an address is tried in one pass."""


@dataclass(frozen=True, slots=True)
class StoredPass:
    """
    A look at all addresses of a source.

    Attributes:
        number: Counts them.
        began_at: When it began.
        ended_at: None: it goes on.
        whole_began_at: When the last pass began that reached every address.
    """

    number: int
    began_at: datetime
    ended_at: datetime | None
    whole_began_at: datetime | None


@dataclass(slots=True)
class Changes:
    """
    What a batch changes of addresses.

    Attributes:
        number: The pass.
        recipe: What decided about the records.
        found: Addresses that something led to, each once.
        links: What leads where, as pairs.
        visited: What became of addresses.
        again: Addresses that lead where they led before.
        tried: Addresses whose try in this run is counted already.
    """

    number: int
    recipe: str
    found: list[Address] = field(default_factory=list)
    visited: list[Visited] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    tried: frozenset[str] = frozenset()
    links: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.found or self.links or self.visited or self.again)


def current_pass(transaction: Transaction, source: str) -> StoredPass | None:
    """Return a source's pass that goes on, or its last one."""
    passes = table("passes")
    row = transaction.connection.execute(
        select(
            passes.c.number, passes.c.began_at, passes.c.ended_at, passes.c.whole_began_at
        ).where(passes.c.source == source)
    ).first()
    return None if row is None else StoredPass(*row)


def begin_pass(transaction: Transaction, source: str, at: datetime) -> StoredPass:
    """
    Go on with the source's pass where something in it is due, else begin its next one.

    A run that failed after its last address has left its pass open, with nothing to look at.
    """
    last = current_pass(transaction, source)
    if last is not None and last.ended_at is None and count_due(transaction, source, last.number):
        return last
    fresh = StoredPass(
        (last.number if last else 0) + 1,
        at,
        None,
        last.whole_began_at if last else None,
    )
    transaction.put(
        "passes",
        {
            "source": source,
            "number": fresh.number,
            "began_at": fresh.began_at,
            "ended_at": None,
            "whole_began_at": fresh.whole_began_at,
        },
    )
    return fresh


def end_pass(transaction: Transaction, source: str, *, whole: bool) -> None:
    """
    Note that every address had its outcome.

    Args:
        transaction: A writing one.
        source: The source.
        whole: Whether all of the outcomes can be believed.
    """
    passes = table("passes")
    values: dict[str, Any] = {"ended_at": transaction.now}
    if whole:
        values["whole_began_at"] = passes.c.began_at
    transaction.connection.execute(
        update(passes).where(passes.c.source == source).values(**values)
    )


def _due(source: str, number: int) -> Any:  # noqa: ANN401  # SQLAlchemy's condition
    addresses = table("addresses")
    # What nothing leads to any more is not asked for, but for what was found by hand.
    return and_(
        addresses.c.source == source,
        addresses.c.visited_pass < number,
        addresses.c.found_pass == number,
    )


def due(
    transaction: Transaction, source: str, number: int, *, after: tuple[int, int], limit: int
) -> list[tuple[tuple[int, int], str | None, Address]]:
    """
    Return addresses without an outcome in a pass, with their places in it and recipes.

    Those that failed when they were last asked for come last: they must not use up all requests
    of each day.

    Args:
        transaction: A reading one.
        source: The source.
        number: The pass.
        after: Only those at later places.
        limit: How many.
    """
    addresses = table("addresses")
    late = case((or_(addresses.c.tries > 0, addresses.c.good.is_(False)), 1), else_=0)
    names = ("position", "recipe", "url", "kind", "depth", "etag", "last_modified", "keys")
    later = or_(late > after[0], and_(late == after[0], addresses.c.position > after[1]))
    rows = transaction.connection.execute(
        select(late, *(addresses.c[name] for name in names))
        .where(_due(source, number), later)
        .order_by(late, addresses.c.position)
        .limit(limit)
    )
    return [
        (
            (int(last), int(at)),
            recipe,
            Address(url, kind, int(depth), None, etag, modified, _keys(keys)),
        )
        for last, at, recipe, url, kind, depth, etag, modified, keys in rows
    ]


def _keys(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(str(each) for each in json.loads(text))


def _written(keys: Iterable[str]) -> str:
    # Some databases refuse the others, also in JSON; no record is stored under such a key.
    return json.dumps([key for key in keys if not _UNSTORABLE.search(key)])


def count_due(transaction: Transaction, source: str, number: int) -> int:
    """Return how many addresses have no outcome in a pass."""
    statement = select(func.count()).select_from(table("addresses")).where(_due(source, number))
    return int(transaction.connection.execute(statement).scalar_one())


def give_up(transaction: Transaction, source: str, number: int) -> bool:
    """
    Give up what was tried in a pass and failed, unless something in it was never tried.

    Returns:
        Whether every address has its outcome now.
    """
    addresses = table("addresses")
    connection = transaction.connection
    untried = select(addresses.c.url).where(_due(source, number), addresses.c.tries == 0)
    if connection.execute(untried.limit(1)).first() is not None:
        return False
    connection.execute(
        update(addresses).where(_due(source, number)).values(visited_pass=number, tries=0)
    )
    return True


def add(transaction: Transaction, source: str, number: int, found: Iterable[Address]) -> int:
    """Take addresses that something led to in a pass; return how many are due in it."""
    addresses = table("addresses")
    connection = transaction.connection
    last = connection.execute(
        select(func.max(addresses.c.position)).where(addresses.c.source == source)
    ).scalar()
    rows = [
        {
            "source": source,
            "url": each.url,
            "kind": each.kind,
            "depth": each.depth,
            "position": int(last or 0) + at,
            "found_pass": number,
            "visited_pass": 0,
            "good": True,
            "tries": 0,
            "failures": 0,
            "lost": 0,
        }
        for at, each in enumerate(found, start=1)
    ]
    if not rows:
        return 0
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement: Any = insert(addresses)
    statement = statement.on_conflict_do_update(
        index_elements=["source", "url"],
        set_={"found_pass": number, "kind": statement.excluded.kind},
    )
    connection.execute(statement, rows)
    return len(rows)


def save(transaction: Transaction, source: str, changes: Changes) -> None:
    """Store what a batch changes of a source's addresses."""
    addresses = table("addresses")
    add(transaction, source, changes.number, changes.found)
    _link(transaction, source, changes)
    _find_again(transaction, source, changes)
    _visit(transaction, source, changes)
    _lead_no_more(transaction, source, changes)
    for origin, count in Counter(each.origin for each in changes.visited).items():
        if origin is not None:
            put_origin(transaction, origin, asked=count)
    tired = and_(
        addresses.c.source == source,
        addresses.c.visited_pass < changes.number,
        addresses.c.tries >= MOST_TRIES,
    )
    transaction.connection.execute(
        update(addresses).where(tired).values(visited_pass=changes.number, tries=0)
    )


def led(transaction: Transaction, source: str, url: str) -> bool:
    """Say whether an address led anywhere when it was last read."""
    links = table("links")
    led_to = select(links.c.url).where(_leads(source), links.c.via == url)
    return transaction.connection.execute(led_to.limit(1)).first() is not None


def outcomes(transaction: Transaction, source: str, since: datetime) -> dict[str, int]:
    """Return how many of a source's addresses had which outcome, of those asked for since."""
    addresses = table("addresses")
    rows = transaction.connection.execute(
        select(addresses.c.outcome, func.count())
        .where(addresses.c.source == source, addresses.c.checked_at >= since)
        .group_by(addresses.c.outcome)
    )
    return {str(outcome): int(count) for outcome, count in rows}


def claims(
    transaction: Transaction, source: str, number: int, recipe: str
) -> list[tuple[str, tuple[str, ...]]]:
    """Return pages that were read in a pass, or failed for once, with the keys on them."""
    addresses = table("addresses")
    here, outcome = addresses.c.visited_pass == number, addresses.c.outcome
    failed = and_(addresses.c.good.is_(False), addresses.c.failures < _FAILS_FOR_GOOD)
    rows = transaction.connection.execute(
        select(addresses.c.url, addresses.c["keys"])
        .where(
            addresses.c.source == source,
            addresses.c.kind == "page",
            addresses.c.recipe == recipe,
            addresses.c["keys"].is_not(None),
            or_(failed, and_(here, outcome.in_(("ok", "not-modified")))),
        )
        .order_by(addresses.c.position)
    )
    return [(str(url), _keys(keys) or ()) for url, keys in rows]


def _parts(urls: Iterable[str]) -> Iterator[list[str]]:
    """Yield addresses in parts that a statement takes."""
    rest = iter(urls)
    while part := list(islice(rest, _AT_ONCE)):
        yield part


def _link(transaction: Transaction, source: str, changes: Changes) -> None:
    """Note what leads where."""
    links = table("links")
    rows = [
        {"source": source, "via": via, "url": url, "found_pass": changes.number}
        for via, url in changes.links
    ]
    if not rows:
        return
    connection = transaction.connection
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(links).on_conflict_do_update(
        index_elements=["source", "via", "url"],
        set_={"found_pass": changes.number, "missed_at": None},
    )
    connection.execute(statement, rows)


def _find_again(transaction: Transaction, source: str, changes: Changes) -> None:
    """Note that addresses lead where they led before."""
    addresses, links = table("addresses"), table("links")
    for urls in _parts(changes.again):
        led_to = select(links.c.url).where(_leads(source), links.c.via.in_(urls))
        here = and_(addresses.c.source == source, addresses.c.url.in_(led_to))
        transaction.connection.execute(
            update(addresses).where(here).values(found_pass=changes.number)
        )


def _leads(source: str) -> ColumnElement[bool]:
    links = table("links")
    return and_(links.c.source == source, links.c.missed_at.is_(None))


def _lead_no_more(transaction: Transaction, source: str, changes: Changes) -> None:
    """
    Note that addresses which were read lead no more to what was not found there.

    Else their next "not modified" would find it again.
    """
    links = table("links")
    for urls in _parts(each.url for each in changes.visited if each.leads):
        left = and_(_leads(source), links.c.via.in_(urls), links.c.found_pass < changes.number)
        transaction.connection.execute(update(links).where(left).values(missed_at=transaction.now))


def _visit(transaction: Transaction, source: str, changes: Changes) -> None:
    """Store what became of addresses; those that change the same columns in one statement."""
    addresses = table("addresses")
    had = _had(transaction, source, changes.visited)
    alike: dict[tuple[bool, tuple[str, ...]], list[dict[str, Any]]] = {}
    for each in changes.visited:
        values = _outcome(transaction, _with_lost(each, had.get(each.url, ())), changes)
        what = each.url in changes.tried, tuple(values)
        alike.setdefault(what, []).append({**values, "here": each.url})
    for (counted, names), rows in alike.items():
        changed: dict[str, Any] = {name: bindparam(name) for name in names}
        if not counted:
            changed.setdefault("tries", addresses.c.tries + 1)
        statement = (
            update(addresses)
            .where(addresses.c.source == source, addresses.c.url == bindparam("here"))
            .values(changed)
        )
        transaction.connection.execute(statement, rows)


def _had(
    transaction: Transaction, source: str, visited: Iterable[Visited]
) -> dict[str, tuple[str, ...]]:
    """Return what was on pages that failed in the last pass and are read again."""
    addresses = table("addresses")
    had: dict[str, tuple[str, ...]] = {}
    for urls in _parts(each.url for each in visited if each.outcome == "ok"):
        rows = transaction.connection.execute(
            select(addresses.c.url, addresses.c["keys"]).where(
                addresses.c.source == source,
                addresses.c.url.in_(urls),
                addresses.c.failures > 0,
                addresses.c["keys"].is_not(None),
            )
        )
        had |= {str(url): _keys(keys) or () for url, keys in rows}
    return had


def _with_lost(visited: Visited, had: Iterable[str]) -> Visited:
    """
    Return a page with what it had before it failed as well: that was missed once, not twice.

    It is read whole the next time, so that no "not modified" confirms what is not on it.
    """
    lost = [key for key in had if visited.keys is not None and key not in visited.keys]
    if not lost:
        return visited
    keys = (*(visited.keys or ()), *lost)
    return replace(visited, keys=keys, etag=None, last_modified=None)


def _outcome(transaction: Transaction, visited: Visited, changes: Changes) -> dict[str, Any]:
    """Return the columns that an address's outcome changes, beside the number of tries."""
    values: dict[str, Any] = {
        "outcome": visited.outcome,
        "good": visited.good,
        "status": visited.status,
        "checked_at": transaction.now,
    }
    if visited.final:
        values |= {"visited_pass": changes.number, "tries": 0}
    if visited.outcome == "ok":
        few = visited.keys is not None and len(visited.keys) <= _MOST_KEYS
        return {
            **values,
            "etag": visited.etag,
            "last_modified": visited.last_modified,
            "sha256": visited.sha256,
            "recipe": changes.recipe,
            "keys": _written(visited.keys or ()) if few else None,
        }
    # Validators of a challenge would make its next 304 pass for the page as it was read; what
    # is not modified keeps those that it was asked with.
    return values
