"""
Where reading starts: at the cursor, at the beginning, or in a past that somebody names.

A run goes on from where the last one got to. A full refresh forgets that for one stream, and
is gone on with by later runs until it has ended. A backfill reads a span of the past with a
cursor of its own, and leaves the live one alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from regard import cursors
from regard.cursors import CursorValue
from regard.errors import ConfigError, SourceChanged
from regard.names import did_you_mean
from regard.pipeline.streams import since_of
from regard.records import kind_named
from regard.sources import Stream
from regard.store import Transaction, disappeared, state, streams
from regard.store import cursors as stored_cursors
from regard.store.files import FileState

__all__ = ["Span", "Start", "Wish", "changed_keys", "forgotten"]


@dataclass(frozen=True, slots=True)
class Span:
    """
    A part of a stream's past.

    Attributes:
        stream: The stream.
        start: Where it begins.
        end: Where it ends.
    """

    stream: str
    start: CursorValue
    end: CursorValue

    @property
    def purpose(self) -> str:
        """The name of its cursor: another span has another one."""
        return f"backfill {_shown(self.start)}..{_shown(self.end)}"


def _shown(value: CursorValue) -> str:
    return str(json.loads(cursors.dump(value))["value"])


@dataclass(frozen=True, slots=True)
class Start:
    """
    Where one stream's reading starts, and which cursor it moves.

    Attributes:
        cursor: The stored cursor.
        since: What the source is asked for.
        until: Where it may stop; None: at the end.
        purpose: Which cursor moves.
        replaces: A full refresh: the cursor is replaced at its end, wherever it was.
    """

    cursor: CursorValue | None
    since: CursorValue | None
    until: CursorValue | None = None
    purpose: str = state.LIVE
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What a run is asked for beside going on.

    Attributes:
        refresh: The streams that are read from their beginning.
        resumed: The streams whose full refresh earlier runs have begun, with the runs that
            began it; 0 where it has to begin anew.
        span: The part of a stream's past that is read; no other stream is.
        cause: Why it is read on: ``manual``, or as the ledger has it.
    """

    refresh: frozenset[str] = field(default_factory=frozenset)
    resumed: Mapping[str, int] = field(default_factory=dict)
    span: Span | None = None
    cause: str = "manual"

    def resuming(self, begun: Mapping[str, int]) -> Wish:
        """Return the wish that a run has, where full refreshes have not ended."""
        return self if self.span else replace(self, resumed=begun)

    def refreshes(self, stream: str) -> bool:
        """Say whether a stream is read from its beginning, or has been up to somewhere."""
        return stream in self.refresh or stream in self.resumed

    def begins(self, stream: str) -> bool:
        """Say whether a full refresh of a stream begins with this run."""
        return self.refreshes(stream) and not self.resumed.get(stream)

    def notes(self, stream: str) -> list[str]:
        """Return what the summary of a stream should say of how it is read."""
        if stream not in self.resumed:
            return []
        if begun_by := self.resumed[stream]:
            return [f"goes on with the full refresh that run {begun_by} began"]
        return ["begins its full refresh anew: plug-in or settings have changed since"]

    @property
    def reason(self) -> str:
        """What the history says about the run."""
        return self.cause if self.span is None else "backfill"

    def known(self, states: Sequence[FileState]) -> list[FileState]:
        """Return what is known of files, less what this run shall read once more."""
        span = self.span
        return [
            forgotten(file)
            if (file.stream == span.stream if span else self.begins(file.stream))
            else file
            for file in states
        ]

    def chosen(self, source: str, found: Sequence[Stream]) -> list[Stream]:
        """
        Return the streams that are read.

        Raises:
            ConfigError: The source has no stream of a name that was asked for.
        """
        named = {stream.name: stream for stream in found}
        wanted = [self.span.stream] if self.span else sorted(self.refresh)
        for name in wanted:
            if name not in named:
                message = f"source {source!r} has no stream {name!r}{did_you_mean(name, named)}"
                raise ConfigError(message)
        return [named[wanted[0]]] if self.span else list(found)

    def start(
        self,
        transaction: Transaction | None,
        source: str,
        stream: Stream,
        lookback: timedelta | None,
    ) -> Start:
        """
        Return where a stream's reading starts.

        Args:
            transaction: A reading one; None where there is no store yet.
            source: The source's name.
            stream: The stream.
            lookback: How far before its cursor.

        Raises:
            RecordError: The stored cursor is broken.
        """
        span = self.span
        purpose = span.purpose if span else state.LIVE
        cursor = None
        if transaction is not None:
            cursor = stored_cursors.load(transaction, source, stream.name, purpose)
        if span is not None:
            since = span.start if cursor is None else cursor
            return Start(cursor, since, span.end, purpose)
        if self.refreshes(stream.name):
            reached = None
            if transaction is not None and not self.begins(stream.name):
                reached = stored_cursors.load(transaction, source, stream.name, state.REFRESHED)
            return Start(cursor, since_of(reached, lookback), replaces=True)
        return Start(cursor, since_of(cursor, lookback))


def forgotten(state: FileState) -> FileState:
    """Return a file's state as if nothing of it had been read."""
    return replace(state, size=-1, modified_ns=-1, sha256="", rows_done=0, complete=False)


def changed_keys(
    transaction: Transaction,
    source: str,
    found: Sequence[Stream],
    wish: Wish,
    known: Sequence[FileState],
    root: Path,
) -> dict[str, SourceChanged | None]:
    """
    Return the streams whose records would get other keys than the stored ones have.

    Read under another key, every record would be stored a second time. Only a full refresh
    may do so: it reads everything under the new keys and then removes what has the old ones.

    Returns:
        For each such stream why it must not be read; None where it may.
    """
    before = streams.keys(transaction, source)
    changed: dict[str, SourceChanged | None] = {}
    for stream in found:
        if stream.name not in before or before[stream.name] == stream.key:
            continue
        kind = kind_named(stream.kind)
        alone = disappeared.only_stream(transaction, kind, source, stream.name)
        if not disappeared.stored_keys(transaction, kind, source, alone, limit=1):
            continue
        was, now = _named(before[stream.name]), _named(stream.key)
        text = f"stream {stream.name!r}: its key was made of {was} and is now made of {now}, "
        gone = [
            file.path
            for file in known
            if file.stream == stream.name and not (root / file.path).exists()
        ]
        if not wish.refreshes(stream.name):
            text += (
                "which would store every record twice; change it back, or read it anew with "
                f"`regard run {source} --full-refresh {stream.name}`, or begin again with "
                f"`regard source drop {source}`"
            )
            changed[stream.name] = SourceChanged(text)
        elif gone:
            text += (
                f"and {gone[0]!r}, which it was read from, is gone: put it back, or begin again "
                f"with `regard source drop {source}`"
            )
            changed[stream.name] = SourceChanged(text)
        else:
            changed[stream.name] = None
    return changed


def _named(key: tuple[str, ...] | None) -> str:
    return " + ".join(key) if key else "what the source says"
