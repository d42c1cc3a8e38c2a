"""
One payload from quarantine, sent again through what refused it.

A source's records take different ways into quarantine, and each goes back the way it came. A
mapping that the source yielded is yielded again. A row of ``ctx.rows`` is handed to the
source's own `read`, alone, because only that knows what it makes of a row. A source whose
pages have an origin says itself what a row means, by `Source.replay`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from types import GeneratorType
from typing import Any

from regard.errors import FileError, RecordError
from regard.fetching import FOLDER
from regard.host.printing import prints_aside
from regard.pipeline.context import RunContext
from regard.settings.paths import Remote, paths_of
from regard.sources import InputFile, Page, Paths, Source, Stream
from regard.store import RefusedRecord

__all__ = ["ReplayContext", "Resender"]

_BROKEN_LINES = frozenset({"short-line", "long-line"})
"""Reasons of lines whose cells cannot be told apart: which column is missing nobody knows."""


class ReplayContext(RunContext):
    """A source's surroundings while one row is handed to it; there are no files."""

    payload: Mapping[str, Any] | None = None
    file: str | None = None
    in_hand = False
    handed = False

    def hand(self, item: RefusedRecord) -> None:
        """Make a row the only one there is to read."""
        self.payload = item.raw if isinstance(item.raw, Mapping) else None
        self.file = item.file
        self.in_hand = self.handed = False

    def files(
        self, path: Paths, *, recipe: str = "", growing: bool = False
    ) -> Sequence[InputFile]:
        """Return nothing: payloads are all that is read."""
        return ()

    def paths(self, path: Paths) -> Sequence[Path]:
        """Return nothing: payloads are all that is read."""
        return ()

    def rows(
        self,
        path: Paths,
        *,
        columns: Sequence[str] | None = None,
        sep: str | None = None,
        encoding: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the row in hand, where it came from one of these files."""
        if self.payload is None or self.handed or not self._comes_from(path):
            return
        values = dict(self.payload)
        for name, read in self._converters(list(values)):
            values[name] = read(values[name])
        self.handed = self.in_hand = True
        yield {name: None if value == "" else value for name, value in values.items()}
        self.in_hand = False

    def _comes_from(self, path: Paths) -> bool:
        target = self.root / (self.file or "")
        for pattern in paths_of(path):
            if isinstance(pattern, Remote):
                if target.parent == self.root / FOLDER / self._source:
                    return True
                continue
            full = self.root / Path(pattern).expanduser()
            if full in (target, target.parent) or fnmatchcase(str(target), str(full)):
                return True
        return False


@dataclass(slots=True)
class Resender:
    """
    Sends payloads of one stream again.

    Attributes:
        source: The source.
        stream: The stream as the source has it today.
        context: What the source is given.
    """

    source: Source[Any]
    stream: Stream
    context: ReplayContext

    def records(self, item: RefusedRecord) -> list[Any]:
        """
        Return what a refused record says today: records and deletions; none if it is none.

        Raises:
            RecordError: It is still refused.
            FileError: It cannot be judged alone.
        """
        raw = item.raw
        if not isinstance(raw, Mapping) or item.reason in _BROKEN_LINES:
            message = "a broken line cannot be sent again: mend the file and run the source"
            raise FileError(message)
        self.context.refused = []
        with prints_aside():
            if type(self.source).replay is not Source.replay or not _is_row(item):
                payload = self._dated(raw)
                yielded = self.source.replay(payload, self.stream, self.context, file=item.file)
                found = list(_single(yielded))
            else:
                found = self._through_read(item)
        for refused in self.context.refused:
            raise RecordError(refused.reason, refused.message, refused.field)
        return found

    def _through_read(self, item: RefusedRecord) -> list[Any]:
        """Hand a row to the source, and take only what it yields while it has it in hand."""
        context = self.context
        context.hand(item)
        found: list[Any] = []
        yielded = self.source.read(self.stream, None, None, context)
        # A generator is closed at once: what it would read behind the row is nobody's wish.
        generator = yielded if isinstance(yielded, GeneratorType) else (each for each in yielded)
        with closing(generator):
            for record in generator:
                if context.in_hand:
                    found.append(record)
                elif context.handed:
                    break
        if not found and not context.refused:
            message = (
                "the source made nothing of the row alone: run it with "
                f"--full-refresh {self.stream.name}"
            )
            raise FileError(message)
        return list(_single(found))

    def _dated(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a payload whose cursor is a time or a day again, as it was when it came."""
        name = self.stream.cursor
        value = raw.get(name) if name else None
        if name is None or not isinstance(value, str):
            return raw
        moment = _moment(value)
        return raw if moment is None else {**raw, name: moment}


def _is_row(item: RefusedRecord) -> bool:
    """
    Say whether a payload is a row that the source has never seen.

    ``ctx.rows`` refuses a row before anybody knows its key; what the source yielded has one.
    """
    unseen = item.record.startswith("raw:") and item.reason != "missing-key"
    return unseen and item.file is not None and item.line is not None


def _single(yielded: Iterable[Any]) -> Iterator[Any]:
    for item in yielded:
        if isinstance(item, Page):
            yield from item.records
        else:
            yield item


def _moment(text: str) -> datetime | date | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == len("2026-01-31"):
        return found.date()
    return found.astimezone(UTC) if found.tzinfo else None
