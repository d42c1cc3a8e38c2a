"""
How far enrichers have come: which records they have not seen, and what they make of them.

Records become visible in the order of their batches, so an enricher that has seen all up to one
batch only needs the later ones. Its rows and how far it has come are written together: whoever
is killed goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError

from regard.errors import PluginError, RecordsMoved, UsageError
from regard.names import did_you_mean
from regard.records import KINDS
from regard.records.encoding import Encoded
from regard.records.sides import SideTable
from regard.runs import Counts
from regard.store import sides
from regard.store.batches import next_batch
from regard.store.exporting import batch_token, note_vanished
from regard.store.leases import holder
from regard.store.transactions import Transaction, table

__all__ = [
    "Maker",
    "Progress",
    "SideRows",
    "decide",
    "forget",
    "prepare",
    "progress_of",
    "replace_all",
    "settle",
    "store_rows",
]


@dataclass(frozen=True, slots=True)
class Maker:
    """
    What the store must know of an enricher that begins.

    Attributes:
        name: Its name in the configuration.
        plugin: The plug-in that brings it.
        version: As it declares it.
        recipe: A digest of what decides about its results beside the records.
        inputs: The kinds that it reads.
        sides: Its side tables.
        sets: Whether it makes them whole.
    """

    name: str
    plugin: str
    version: str
    recipe: str
    inputs: tuple[str, ...]
    sides: tuple[SideTable, ...]
    sets: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far an enricher has come.

    Attributes:
        recipe: What its results were made by.
        inputs: The kinds that it reads.
        sides: Its side tables.
        sets: Whether it makes them whole.
        batch_id: It has seen all records up to this batch; 0: none.
        token: That batch's token.
        seen: Batch, source and key of the last record of each kind that it has looked at since.
        disturbed: How often its work was disturbed.
        updated_at: When it last changed anything.
        run_id: The run that last changed its side tables; 0: it has never been run, and they
            are only there.
    """

    recipe: str
    inputs: tuple[str, ...]
    sides: tuple[SideTable, ...]
    sets: bool
    batch_id: int
    token: str
    seen: Mapping[str, tuple[int, str, str]]
    disturbed: int
    updated_at: datetime
    run_id: int = 0


def progress_of(transaction: Transaction, name: str) -> Progress | None:
    """Return how far an enricher has come; None: the store knows nothing of it."""
    rows = table("enrichers")
    row = transaction.connection.execute(select(rows).where(rows.c.name == name)).first()
    if row is None:
        return None
    seen = {kind: (at[0], at[1], at[2]) for kind, at in json.loads(row.seen).items()}
    return Progress(
        row.recipe,
        tuple(json.loads(row.inputs)),
        sides.parse_shape(row.shape),
        row.sets,
        row.batch_id,
        row.token,
        seen,
        row.disturbed,
        row.updated_at,
        row.run_id,
    )


def prepare(transaction: Transaction, maker: Maker, run_id: int) -> Progress:
    """
    Let an enricher begin: with its side tables, and with nothing where it has become another.

    Args:
        transaction: A writing one.
        maker: The enricher.
        run_id: Its run; 0: it does not begin yet, only its side tables are to be there.

    Raises:
        UsageError: Another enricher has a side table of the same name.
    """
    transaction.writer.lock()
    _require_own(transaction, maker)
    known = progress_of(transaction, maker.name)
    same = (
        known is not None
        and (known.recipe, known.sides) == (maker.recipe, maker.sides)
        and batch_token(transaction, known.batch_id) in (None, known.token)
    )
    if known is None or not same:
        before = known.sides if known is not None else ()
        sides.drop(transaction, (*before, *maker.sides))
        gone = {side.stored_name for side in (*before, *maker.sides)}
        note_vanished(transaction, sorted(gone), next_batch(transaction, run_id, ""))
        values = {
            "name": maker.name,
            "plugin": maker.plugin,
            "version": maker.version,
            "recipe": maker.recipe,
            "shape": sides.shape_of(maker.sides),
            "inputs": json.dumps(maker.inputs),
            "sets": maker.sets,
            "seen": "{}",
            "batch_id": 0,
            "token": "",
            "disturbed": 0 if known is None else known.disturbed + 1,
            "run_id": run_id,
            "updated_at": transaction.now,
        }
        transaction.put("enrichers", values)
    elif not known.run_id:
        rows = table("enrichers")
        begun = update(rows).where(rows.c.name == maker.name).values(run_id=run_id)
        transaction.connection.execute(begun)
    # One that somebody dropped by hand is made again.
    sides.make(transaction, maker.sides)
    found = progress_of(transaction, maker.name)
    assert found is not None  # noqa: S101  # just put
    return found


def _require_own(transaction: Transaction, maker: Maker) -> None:
    for owner in sides.owners(transaction):
        shared = {side.name for side in owner.sides} & {side.name for side in maker.sides}
        if owner.name != maker.name and shared:
            name = min(shared)
            message = (
                f"the side table {name!r} is the enricher {owner.name!r}'s already; rename the "
                f"class, or drop that one: `regard enrich {owner.name} --drop`"
            )
            raise UsageError(message)


def forget(transaction: Transaction, name: str) -> tuple[str, ...]:
    """
    Drop an enricher's side tables, and forget how far it had come.

    Returns:
        The names of the side tables.

    Raises:
        UsageError: There is none of that name.
    """
    transaction.writer.lock()
    known = progress_of(transaction, name)
    if known is None:
        names = [owner.name for owner in sides.owners(transaction)]
        message = f"the store holds nothing of an enricher {name!r}{did_you_mean(name, names)}"
        raise UsageError(message)
    held = holder(transaction, f"enricher:{name}")
    if held is not None:
        message = f"enricher {name!r} is being run, by process {held.pid} on {held.host}"
        raise UsageError(message)
    sides.drop(transaction, known.sides)
    next_batch(transaction, 0, "")
    rows = table("enrichers")
    transaction.connection.execute(delete(rows).where(rows.c.name == name))
    return tuple(side.name for side in known.sides)


# What it makes of them.


@dataclass(frozen=True, slots=True)
class SideRows:
    """
    What an enricher yielded for records of one kind and one source.

    Attributes:
        kind: Their kind.
        source: Their source.
        keys: All that it looked at; those without a row lose the one they had.
        rows: The rows of each side table.
    """

    kind: str
    source: str
    keys: Sequence[str]
    rows: Mapping[SideTable, Sequence[Encoded]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Decided:
    write: list[Encoded]
    withdraw: list[str]


def _decided(
    transaction: Transaction, side: SideTable, given: SideRows, counts: Counts
) -> _Decided:
    known = sides.known_of(transaction, side, given.kind, given.source, given.keys)
    write = []
    rows = given.rows.get(side, ())
    for row in rows:
        before = known.pop(row.key, None)
        if before == row.content_hash:
            counts.unchanged += 1
            continue
        if before is None:
            counts.new += 1
        else:
            counts.changed += 1
        write.append(row)
    withdraw = [key for key, before in known.items() if before is not None]
    counts.deleted += len(withdraw)
    return _Decided(write, withdraw)


def _about_stored(transaction: Transaction, given: SideRows) -> SideRows:
    """Leave out the rows beside records that are not stored, or not any more."""
    found = transaction.writer.known(KINDS[given.kind].table, given.source, given.keys)
    stored = {key for key, known in found.items() if known.deleted_at is None}
    rows = {side: [row for row in each if row.key in stored] for side, each in given.rows.items()}
    return replace(given, rows=rows)


def decide(
    transaction: Transaction, tables: Sequence[SideTable], given: Iterable[SideRows]
) -> Counts:
    """Return what storing rows would do, without writing; tables may not be there yet."""
    counts = Counts()
    there = {side.name: side for side in sides.stored(transaction)}
    for each in (_about_stored(transaction, one) for one in given):
        for side in tables:
            if there.get(side.name) == side:
                _decided(transaction, side, each, counts)
            else:
                counts.new += len(each.rows.get(side, ()))
    return counts


def store_rows(
    transaction: Transaction,
    name: str,
    progress: Progress,
    given: Sequence[SideRows],
    seen: Mapping[str, tuple[int, str, str]],
    run_id: int,
) -> Counts:
    """
    Store what an enricher yielded, and how far it has come by that.

    Args:
        transaction: A writing one, in which the lease was checked.
        name: The enricher.
        progress: How far it had come when it read the records.
        given: What it yielded.
        seen: The last record of each kind that it has looked at now.
        run_id: Its run.

    Raises:
        RecordsMoved: Records were erased or renamed since they were read.
    """
    transaction.writer.lock()
    _advance(transaction, name, progress, {"seen": json.dumps(seen), "run_id": run_id})
    counts = Counts()
    batch_id = 0
    for each in given:
        place = (each.kind, each.source)
        for side in progress.sides:
            decided = _decided(transaction, side, each, counts)
            if not decided.write and not decided.withdraw:
                continue
            batch_id = batch_id or next_batch(transaction, run_id, "")
            ids = {"batch_id": batch_id, "run_id": run_id}
            sides.write(transaction, side, place, decided.write, **ids)
            for start in range(0, len(decided.withdraw), 500):
                rows = side.table
                where = [
                    rows.c.kind == each.kind,
                    rows.c.source == each.source,
                    rows.c.key.in_(decided.withdraw[start : start + 500]),
                ]
                sides.withdraw(transaction, side, where, **ids)
    return counts


def replace_all(
    transaction: Transaction,
    name: str,
    progress: Progress,
    given: Iterable[SideRows],
    upto: tuple[int, str],
    run_id: int,
) -> Counts:
    """
    Store all that an enricher yielded, withdraw everything else, and note that it is done.

    Args:
        transaction: A writing one, in which the lease was checked.
        name: The enricher.
        progress: How far it had come when it read the records.
        given: What it yielded; no record twice. Rows beside records that are not stored, as
            those of erased people, are left out.
        upto: The last batch of what it read, and its token.
        run_id: Its run.

    Raises:
        RecordsMoved: Records were erased or renamed since they were read.
    """
    transaction.writer.lock()
    _advance(
        transaction, name, progress, {"batch_id": upto[0], "token": upto[1], "run_id": run_id}
    )
    connection, counts = transaction.connection, Counts()
    connection.execute(text("DROP TABLE IF EXISTS yielded"))
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE yielded (side TEXT, kind TEXT, source TEXT, key TEXT, "
            "PRIMARY KEY (side, kind, source, key))"
        )
    )
    number = next_batch(transaction, run_id, "")
    for each in (_about_stored(transaction, one) for one in given):
        place = (each.kind, each.source)
        for side, rows in each.rows.items():
            decided = _decided(
                transaction, side, SideRows(*place, [row.key for row in rows], each.rows), counts
            )
            _note_yielded(transaction, side, place, rows)
            sides.write(transaction, side, place, decided.write, batch_id=number, run_id=run_id)
    for side in progress.sides:
        counts.deleted += _withdraw_others(transaction, side, number, run_id)
    connection.execute(text("DROP TABLE yielded"))
    return counts


def _note_yielded(
    transaction: Transaction, side: SideTable, place: tuple[str, str], rows: Sequence[Encoded]
) -> None:
    told = [
        {"side": side.name, "kind": place[0], "source": place[1], "key": row.key} for row in rows
    ]
    insert = text("INSERT INTO yielded VALUES (:side, :kind, :source, :key)")
    try:
        transaction.connection.execute(insert, told)
    except IntegrityError:
        # Without the error itself, which names the keys.
        message = f"it yielded two rows of {side.name} for one {place[0]} of {place[1]}"
        raise PluginError(message) from None


def _withdraw_others(transaction: Transaction, side: SideTable, batch_id: int, run_id: int) -> int:
    rows = side.table
    name = side.stored_name
    others = text(
        f"NOT EXISTS (SELECT 1 FROM yielded AS y WHERE y.side = :side AND y.kind = {name}.kind "
        f"AND y.source = {name}.source AND y.key = {name}.key)"
    ).bindparams(side=side.name)
    where: list[Any] = [rows.c.deleted_at.is_(None), others]
    query = select(func.count()).select_from(rows).where(*where)
    number = int(transaction.connection.execute(query).scalar_one())
    if number:
        sides.withdraw(transaction, side, where, batch_id=batch_id, run_id=run_id)
    return number


def settle(transaction: Transaction, name: str, progress: Progress, upto: tuple[int, str]) -> None:
    """
    Note that an enricher has seen all records up to a batch.

    Raises:
        RecordsMoved: Some were erased or renamed since they were read.
    """
    transaction.writer.lock()
    values = {"batch_id": upto[0], "token": upto[1], "seen": "{}"}
    _advance(transaction, name, progress, values)


def _advance(
    transaction: Transaction, name: str, progress: Progress, values: Mapping[str, Any]
) -> None:
    rows = table("enrichers")
    done = transaction.connection.execute(
        update(rows)
        .where(
            rows.c.name == name,
            rows.c.recipe == progress.recipe,
            rows.c.disturbed == progress.disturbed,
        )
        .values(**values, updated_at=transaction.now)
    )
    if done.rowcount != 1:
        message = "records were erased or renamed while the enricher was at them"
        raise RecordsMoved(message)
