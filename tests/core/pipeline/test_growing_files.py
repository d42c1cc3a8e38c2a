"""Logs: read on where they grew, known under another name, and read while they are written."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.runs import Counts

World = Any
MakeWorld = Callable[..., World]

LOG = """
    from regard import Page, Source, Stream, hookimpl
    from regard.sources import FileProgress

    class Log(Source):
        name = "log"
        streams = (Stream("lines", "fact"),)

        def read(self, stream, since, until, ctx):
            for file in ctx.files("in/*", growing=True):
                lines = file.path.read_bytes()[: file.size].splitlines()
                fresh = lines[file.rows_done :]
                records = [{"key": each.decode(), "text": "x"} for each in fresh]
                yield Page(records, progress=FileProgress(file, len(lines), complete=True))

    @hookimpl
    def regard_sources():
        return [Log]
"""
CONFIG = '[sources.log]\nplugin = "log"\n'


def put(here: World, name: str, content: str, *, seconds_ago: float = 3_600) -> Path:
    """Write a file of some age."""
    path: Path = here.folder / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))
    return path


def counts(here: World, **options: Any) -> Counts:
    """Run and return what was counted."""
    (summary,) = here.run("log", **options)
    assert summary.error is None

    return summary.counts


def test_only_what_was_added_is_read(world: MakeWorld) -> None:
    """A file that begins as it did is read on behind what was read."""
    here = world({"log": LOG}, {}, CONFIG)
    put(here, "a.log", "1\n2\n")
    counts(here)
    put(here, "a.log", "1\n2\n3\n", seconds_ago=60)

    assert Counts(read=1, new=1) == counts(here)
    assert Counts() == counts(here)


@pytest.mark.parametrize("content", ["1\nX\n3\n", "1\n", "0\n1\n2\n"])
def test_a_file_that_begins_otherwise_is_read_whole(world: MakeWorld, content: str) -> None:
    """A file that was changed, cut or begun anew is read from its start."""
    here = world({"log": LOG}, {}, CONFIG)
    put(here, "a.log", "1\n2\n")
    counts(here)
    put(here, "a.log", content, seconds_ago=60)

    assert len(content.splitlines()) == counts(here).read


def test_a_file_that_did_not_end_a_line_is_read_whole(world: MakeWorld) -> None:
    """What was half a line then may be another line now."""
    here = world({"log": LOG}, {}, CONFIG)
    put(here, "a.log", "1\n2")
    counts(here)
    put(here, "a.log", "1\n23\n", seconds_ago=60)

    assert Counts(read=2, new=1, unchanged=1) == counts(here)


def test_a_file_under_another_name_is_known(world: MakeWorld) -> None:
    """Rotation renames a log; what was added before it is read, and nothing twice."""
    here = world({"log": LOG}, {}, CONFIG)
    put(here, "a.log", "1\n2\n")
    counts(here)
    (here.folder / "in" / "a.log").rename(here.folder / "in" / "a.log.1")
    put(here, "a.log", "4\n", seconds_ago=60)
    moved = counts(here)
    put(here, "a.log.1", "1\n2\n3\n", seconds_ago=60)

    assert Counts(read=1, new=1) == moved
    assert Counts(read=1, new=1) == counts(here)
    assert Counts() == counts(here)


def test_a_log_is_read_while_it_is_written(world: MakeWorld) -> None:
    """Waiting for a log to be done would be waiting for ever; other files are waited for."""
    here = world({"log": LOG}, {}, CONFIG)
    put(here, "access.log", "1\n", seconds_ago=0)
    began = time.monotonic()
    found = counts(here, settle=True)

    assert Counts(read=1, new=1) == found
    assert time.monotonic() - began < 1.5
