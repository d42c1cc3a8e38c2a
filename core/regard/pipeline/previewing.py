"""The first records of a source, validated as a run would, and nothing stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from regard import cursors
from regard.clock import Clock
from regard.cursors import CursorValue
from regard.errors import RecordError
from regard.host import Host
from regard.host.printing import prints_aside
from regard.pipeline.batching import Batcher
from regard.pipeline.context import RunContext
from regard.pipeline.fetching import onlooker_of
from regard.pipeline.inputs import Inputs
from regard.pipeline.preparing import Prepared, prepare
from regard.pipeline.streams import explain
from regard.records import Kind, kind_named
from regard.settings import Project
from regard.sources import Delete, Page, Stream, Whole, Yielded
from regard.store import Refused

__all__ = ["Preview", "preview"]


@dataclass(slots=True)
class Preview:
    """
    What a run would begin with.

    Attributes:
        stream: The stream.
        kind: The kind of its records.
        records: The first ones that passed: their fields, with ``key``.
        refused: Those among them that did not.
        cursor: What a run would store as the cursor had it read just these.
        error: Why reading stopped, if it did.
        notes: What the source had to say.
    """

    stream: Stream
    kind: Kind
    records: list[Mapping[str, Any]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    cursor: CursorValue | None = None
    error: str | None = None
    notes: list[str] = field(default_factory=list)


def preview(project: Project, host: Host, name: str, *, clock: Clock, limit: int) -> list[Preview]:
    """
    Read the first records of each stream of a source.

    Everything is read as if it had never been read before.

    Args:
        project: The project.
        host: Its plug-ins.
        name: The source's name.
        clock: The time.
        limit: How many records of each stream.

    Raises:
        RegardError: The source cannot be made, or does not know its streams.
    """
    prepared = prepare(project, host, name)
    context = RunContext(
        name,
        root=project.root,
        timezone=project.zone(name),
        clock=clock,
        inputs=Inputs(project.root, (), settle=False, source=name),
        identify=lambda raw: (),
        profiles=host.profiles,
        cancel=Event(),
    )
    with prints_aside(errors=True), onlooker_of(context, looks=False) as fetcher:
        context.inputs.fetcher = fetcher
        streams = list(prepared.source.discover(context))
        if not streams and (failure := context.inputs.failure()) is not None:
            raise failure
        return [_preview_stream(prepared, stream, context, clock, limit) for stream in streams]


def _preview_stream(
    prepared: Prepared, stream: Stream, context: RunContext, clock: Clock, limit: int
) -> Preview:
    context.kind, context.stream = kind_named(stream.kind), stream.name
    shown = Preview(stream, context.kind)
    batcher = Batcher(context.kind, stream, clock.now(), context.identify)
    try:
        for item in prepared.source.read(stream, None, None, context):
            for record in _records(item):
                batcher.add(record)
            if isinstance(item, Page) and item.cursor is not None:
                shown.cursor = item.cursor
            if len(batcher) + len(context.refused) >= limit:
                break
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # a plug-in may raise anything, also exit
        shown.error = explain(error, debug=False)[1]
    if shown.error is None and (failure := context.inputs.failure()) is not None:
        shown.error = str(failure)
    batch = batcher.take()
    shown.records = batcher.accepted(batch)[:limit]
    shown.refused = [*context.refused, *batch.refused]
    shown.notes = [*context.inputs.notes, *context.notes, *batcher.notes()]
    context.refused, context.notes, context.inputs.notes = [], [], []
    reached = shown.cursor if shown.cursor is not None else batcher.reached
    if reached is not None:
        try:
            shown.cursor = cursors.advance(None, reached, clock.now())
        except RecordError as error:
            shown.error = shown.error or str(error)
    return shown


def _records(item: Yielded) -> Iterator[object]:
    if isinstance(item, Page):
        yield from item.records
    elif not isinstance(item, Delete | Whole):
        yield item
