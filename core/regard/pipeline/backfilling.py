"""
Backfill: a part of a stream's past is read with a cursor of its own.

The live cursor does not move, so the next run goes on where it was. A backfill that breaks off
is resumed by asking for the same span again; once it is done, its cursor is gone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date
from sqlmodel import UTCDateTime

from regard.cursors import CursorValue
from regard.errors import RecordError, UsageError
from regard.host.printing import prints_aside
from regard.mapping.times import TimeReader, zone_of
from regard.names import did_you_mean
from regard.pipeline.context import RunContext
from regard.pipeline.inputs import Inputs
from regard.pipeline.preparing import prepare
from regard.pipeline.running import Runner
from regard.pipeline.starting import Span, Wish
from regard.records import kind_named
from regard.runs import Outcome, StreamSummary
from regard.sources import Stream
from regard.store import Store, state
from regard.store import cursors as stored_cursors

__all__ = ["backfill", "span_of"]

_DIGITS = re.compile(r"-?\d+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def span_of(
    runner: Runner, store: Store | None, name: str, stream: str, start: str, end: str
) -> Span:
    """
    Return the span that two texts mean, in the type of the stream's cursor.

    Args:
        runner: Knows the project and its plug-ins.
        store: What is stored already; None where there is no store yet.
        name: The source's name.
        stream: The stream's name.
        start: Where the span begins.
        end: Where it ends.

    Raises:
        ConfigError: There is no such source or stream, it has no cursor, or a text is no
            value of its cursor, or the end is not behind the start.
    """
    found = _stream(runner, name, stream)
    if found.cursor is None:
        message = (
            f"stream {stream!r} has no cursor, so it has no past to name; "
            f"`regard run {name} --full-refresh {stream}` reads all of it"
        )
        raise UsageError(message)
    kind = _type(store, name, found, start)
    zone = runner.project.zone(name)
    first, last = _point(start, kind, zone, "--from"), _point(end, kind, zone, "--to")
    if not first < last:  # type: ignore[operator]  # both are of one ordered type
        message = f"--to {end!r} is not behind --from {start!r}"
        raise UsageError(message)
    return Span(stream, first, last)


def _stream(runner: Runner, name: str, stream: str) -> Stream:
    prepared = prepare(runner.project, runner.host, name)
    found = {each.name: each for each in prepared.source.streams}
    if stream not in found:
        context = RunContext(
            name,
            root=runner.project.root,
            timezone=runner.project.zone(name),
            clock=runner.clock,
            inputs=Inputs(runner.project.root, (), settle=False, source=name),
            identify=lambda raw: (),
            profiles=runner.host.profiles,
        )
        with prints_aside():
            found |= {each.name: each for each in prepared.source.discover(context)}
    if stream not in found:
        message = f"source {name!r} has no stream {stream!r}{did_you_mean(stream, found)}"
        raise UsageError(message)
    return found[stream]


def _type(store: Store | None, name: str, stream: Stream, text: str) -> type[Any]:
    """Return the type of a stream's cursor: as stored, as its field's, or as the text looks."""
    if store is not None:
        with store.read() as transaction:
            stored = stored_cursors.load(transaction, name, stream.name)
        if isinstance(stored, dict | list):
            message = (
                f"the cursor of stream {stream.name!r} is the source's own JSON: nobody else "
                "can name a point in it"
            )
            raise UsageError(message)
        if stored is not None:
            return type(stored)
    column = kind_named(stream.kind).table.columns.get(stream.cursor or "")
    types: tuple[tuple[type, type[Any]], ...] = (
        (UTCDateTime, datetime),
        (Date, date),
        (BigInteger, int),
    )
    for stored_as, kind in types:
        if column is not None and isinstance(column.type, stored_as):
            return kind
    if _DIGITS.fullmatch(text):
        return int
    return datetime if _DAY.match(text) else str


def _point(text: str, kind: type[Any], zone: str, where: str) -> CursorValue:
    try:
        if kind is int:
            return int(text)
        if kind is str:
            return text
        if kind is date:
            return date.fromisoformat(text)
        if _DAY.fullmatch(text):
            local = datetime.combine(date.fromisoformat(text), datetime.min.time())
            return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        moment = TimeReader(zone_of(zone)).time(text)
        if moment is not None:
            return moment
    except (ValueError, RecordError):
        pass
    examples = {int: "1200", date: "2026-01-31", datetime: "2026-01-31T08:00"}
    message = f"{where}: {text!r} is no value of the cursor; write it as {examples[kind]}"
    raise UsageError(message)


def backfill(runner: Runner, store: Store, name: str, span: Span) -> list[StreamSummary]:
    """
    Read a part of a stream's past.

    Args:
        runner: Runs sources.
        store: Where to.
        name: The source's name.
        span: What to read.

    Returns:
        What was done to the stream.
    """
    summaries = replace(runner, wish=Wish(span=span)).run(store, name)
    if [summary.outcome for summary in summaries] == [Outcome.OK]:
        with store.write() as transaction:
            transaction.writer.lock()
            run_id = summaries[0].run_id or state.BY_HAND
            state.forget(transaction, name, span.stream, span.purpose, run_id)
    return summaries
