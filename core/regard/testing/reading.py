"""Reading a source as a run does, into memory, so that tests can look at the result."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regard.clock import Clock, SystemClock
from regard.cursors import CursorValue
from regard.host import Host
from regard.pipeline.batching import Batcher
from regard.pipeline.context import RunContext
from regard.pipeline.inputs import Inputs
from regard.pipeline.preparing import prepare
from regard.records import kind_named
from regard.records.encoding import Encoded
from regard.settings import FILE_NAME, Project, make_settings
from regard.sources import Delete, Page, Stream, Whole
from regard.store import Refused

__all__ = ["ReadRecord", "Reading", "load_host", "make_project", "read_source"]


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """
    One record that a source yielded and that passed.

    Attributes:
        stream: The stream it came from.
        kind: Its kind.
        key: Its key.
        encoded: As it would be stored.
        values: Its validated fields.
    """

    stream: str
    kind: str
    key: str
    encoded: Encoded
    values: Mapping[str, Any]


@dataclass(slots=True)
class Reading:
    """
    What one complete read of a source gave.

    Attributes:
        streams: Its streams.
        records: Those that passed, in the order in which they were read.
        refused: Those that did not.
    """

    streams: list[Stream] = field(default_factory=list)
    records: list[ReadRecord] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def make_project(
    folder: Path,
    plugin: str,
    config: Mapping[str, Any],
    *,
    data: Path | None = None,
    plugin_file: Path | None = None,
) -> Project:
    """
    Return a project with one source, called ``tested``.

    Args:
        folder: An empty folder of its own.
        plugin: What ``plugin = "..."`` would say.
        config: The rest of the source's table.
        data: A folder whose content is copied beside the configuration.
        plugin_file: A plug-in's file, for one that is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if data is not None:
        shutil.copytree(data, folder, dirs_exist_ok=True)
    if plugin_file is not None:
        (folder / "plugins").mkdir(exist_ok=True)
        shutil.copy2(plugin_file, folder / "plugins")
    settings = make_settings(
        {
            "timezone": "Europe/Madrid",
            "sources": {"tested": {"plugin": plugin, **config}},
            "privacy": {"key": "a key that is only used in tests"},
        }
    )
    return Project(folder, folder / FILE_NAME, settings)


def load_host(project: Project) -> Host:
    """Return the installed plug-ins and the project's own."""
    folder = project.root / "plugins"
    return Host.load(plugin_dir=folder if folder.is_dir() else None, disabled=())


def read_source(
    project: Project,
    *,
    host: Host | None = None,
    since: Mapping[str, CursorValue] | None = None,
    clock: Clock | None = None,
) -> Reading:
    """
    Read a project's source ``tested`` whole, without a store.

    Args:
        project: From `make_project`.
        host: Its plug-ins; loaded where left out.
        since: Cursors to start from, by stream.
        clock: The time.
    """
    moment = clock or SystemClock()
    plugins = host or load_host(project)
    prepared = prepare(project, plugins, "tested")
    context = RunContext(
        "tested",
        root=project.root,
        timezone=project.zone("tested"),
        clock=moment,
        inputs=Inputs(project.root, (), settle=False, source="tested"),
        identify=lambda raw: (),
        profiles=plugins.profiles,
    )
    reading = Reading(streams=list(prepared.source.discover(context)))
    for stream in reading.streams:
        context.kind, context.stream = kind_named(stream.kind), stream.name
        batcher = Batcher(context.kind, stream, moment.now(), context.identify)
        start = (since or {}).get(stream.name)
        for item in prepared.source.read(stream, start, None, context):
            if isinstance(item, Page):
                batcher.add_page(item, 0, len(item.records))
            elif isinstance(item, Delete | Whole):
                batcher.add_word(item)
            else:
                batcher.add(item)
        _collect(reading, batcher, stream)
        reading.refused += context.refused
        context.refused = []
    return reading


def _collect(reading: Reading, batcher: Batcher, stream: Stream) -> None:
    batch = batcher.take()
    encoded = [item for item in batch.items if isinstance(item, Encoded)]
    for item, values in zip(encoded, batcher.accepted(batch), strict=True):
        reading.records.append(ReadRecord(stream.name, stream.kind, item.key, item, values))
    reading.refused += batch.refused
