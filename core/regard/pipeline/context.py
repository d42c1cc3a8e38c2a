"""What a source is given while it is read: the run's side of `regard.sources.Context`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import Date
from sqlmodel import UTCDateTime

from regard.clock import Clock
from regard.errors import FileError, RecordError
from regard.findings import Finding
from regard.mapping.times import TimeReader, zone_of
from regard.pipeline.addressing import AddressBook
from regard.pipeline.batching import Identify
from regard.pipeline.inputs import Inputs
from regard.pipeline.lookups import Lookups
from regard.records import Kind
from regard.sources import FileProgress, InputFile, Paths
from regard.store import Refused
from regard.store.quarantine import Raw, raw_hash
from regard.tabular import BadRow, Table, open_tables

__all__ = ["RunContext", "Watch"]

Watch = Callable[[int, int | None, str], None]
"""Hears how far a long piece of work is: done, total if known, unit."""


class RunContext:
    """
    The surroundings of one source's run.

    Args:
        source: The source's name, for the logger.
        root: The project's folder.
        timezone: Where local times in its data are meant.
        clock: The time.
        inputs: Which files have something new.
        identify: Finds what identifies a person in a refused payload.
        addresses: Those that the source looks at; None: it remembers them for this run only.
        lookups: Looks into the store; None: nothing is stored.
        pseudonym_key: Makes keyed hashes.
        profiles: Profile files that plug-ins bring.
        cancel: Set when the run should stop.
        watch: Hears of progress.
    """

    def __init__(
        self,
        source: str,
        *,
        root: Path,
        timezone: str,
        clock: Clock,
        inputs: Inputs,
        identify: Identify,
        addresses: AddressBook | None = None,
        lookups: Lookups | None = None,
        pseudonym_key: bytes = b"",
        profiles: Sequence[Path] = (),
        cancel: Event | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._source = source
        self._root = root
        self._timezone = timezone
        self._clock = clock
        self.identify = identify
        self._cancel = cancel or Event()
        self._watch = watch
        self._profiles = tuple(profiles)
        self.inputs = inputs
        self.addresses = addresses or AddressBook(None, source, writes=False)
        self.lookups = lookups or Lookups(None, source)
        self.pseudonym_key = pseudonym_key
        self.kind: Kind | None = None
        self.stream: str | None = None
        self.refused: list[Refused] = []
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.finished: list[FileProgress] = []
        self.broken: list[str] = []
        self.row: tuple[InputFile, int] | None = None

    @property
    def log(self) -> logging.Logger:
        """A logger that names the source."""
        return logging.getLogger(f"regard.source.{self._source}")

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._clock

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._root

    @property
    def profiles(self) -> Sequence[Path]:
        """The profile files that plug-ins bring."""
        return self._profiles

    @property
    def timezone(self) -> str:
        """The time zone of local times in the source's data."""
        return self._timezone

    @property
    def cancelled(self) -> bool:
        """Whether the run should stop."""
        return self._cancel.is_set()

    def progress(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        """Say how far a long piece of work is."""
        if self._watch is not None:
            self._watch(done, total, unit)

    def quarantine(
        self,
        raw: Mapping[str, Any] | str,
        reason: str,
        *,
        message: str = "",
        field: str | None = None,
        key: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        """Put one piece of input aside; it is stored with the next batch."""
        self.refused.append(
            Refused(
                key or raw_hash(raw),
                reason,
                message or reason.replace("-", " "),
                raw,
                field,
                file,
                line,
                self.identify(raw),
            )
        )

    def stored(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return what the store holds under keys of this stream's kind."""
        return self.lookups.stored(self.kind, keys) if self.kind is not None else {}

    def refused_before(self, key: str, reason: str) -> Mapping[str, Any] | None:
        """Return the payload of a refused record of this stream."""
        return self.lookups.refused(self.stream or "", key, reason)

    def finding(self, finding: Finding) -> None:
        """Raise a finding; it is stored with the next batch."""
        self.findings.append(finding)

    def note(self, text: str) -> None:
        """Say something in the run's summary; the same is said once."""
        if text not in self.notes:
            self.notes.append(text)

    def files(
        self, path: Paths, *, recipe: str = "", growing: bool = False
    ) -> Sequence[InputFile]:
        """Return the files that have something new, in the order in which to read them."""
        return self.inputs.pending(path, recipe, self.stream, growing=growing)

    def newest(self, stream: str, names: Collection[str]) -> set[str]:
        """Return the files of which each holds all that others beside it hold, and later."""
        return self.inputs.newest(stream, names)

    def paths(self, path: Paths) -> Sequence[Path]:
        """Return where the files are that a path names, new or not."""
        return self.inputs.paths(path)

    def rows(
        self,
        path: Paths,
        *,
        columns: Sequence[str] | None = None,
        sep: str | None = None,
        encoding: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """
        Yield the rows of tabular files as mappings from column to value.

        Columns that are times or days of the stream's kind come as such, local times placed
        in the source's time zone. A file counts as read when the stream has been read to its
        end, because only then is every row that a source may hold back surely stored. A file
        that breaks off is passed over; when the stream has been read it has failed for it.
        """
        recipe = f"rows:{columns!r}:{sep!r}:{encoding!r}"
        outer = self.row
        for file in self.files(path, recipe=recipe):
            rows = 0
            try:
                tables = open_tables(file.path, delimiter=sep, encoding=encoding, header=columns)
                for line, values in self._rows_of(file, tables):
                    rows += 1
                    # What is yielded while this row is looked at comes from it.
                    self.row = file, line
                    yield values
            except FileError as error:
                self.broken.append(str(error))
            else:
                self.finished.append(FileProgress(file, rows, complete=True))
            finally:
                self.row = outer

    def _rows_of(
        self, file: InputFile, tables: Sequence[Table]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield a file's good rows with their lines, and put the others aside."""
        for table in tables:
            convert = self._converters(table.header)
            for row in table.rows():
                if isinstance(row, BadRow):
                    self._refuse_row(file, table, row)
                    continue
                values = dict(zip(table.header, row.values, strict=True))
                if row.surplus:
                    values.update(row.surplus)
                try:
                    for name, read in convert:
                        values[name] = read(values[name])
                except RecordError as error:
                    self.quarantine(
                        values,
                        error.reason,
                        message=str(error),
                        field=error.field,
                        file=file.name,
                        line=row.line,
                    )
                    continue
                yield (
                    row.line,
                    {name: None if value == "" else value for name, value in values.items()},
                )
            for note in table.notes:
                self.note(f"{table.label}: {note}")

    def _converters(self, header: Sequence[str]) -> list[tuple[str, Callable[[Any], Any]]]:
        if self.kind is None:
            return []
        reader = TimeReader(zone_of(self._timezone))
        found: list[tuple[str, Callable[[Any], Any]]] = []
        for name in header:
            column = self.kind.table.columns.get(name)
            if column is not None and isinstance(column.type, UTCDateTime):
                found.append((name, _naming(name, reader.time)))
            elif column is not None and isinstance(column.type, Date):
                found.append((name, _naming(name, reader.day)))
        return found

    def _refuse_row(self, file: InputFile, table: Table, row: BadRow) -> None:
        raw: Raw = row.raw if isinstance(row.raw, str) else _named(table.header, row.raw)
        self.quarantine(raw, row.reason, message=row.message, file=file.name, line=row.line)


def _named(header: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
    """Return the cells of a bad row under the header's names, and the rest by number."""
    names = [*header[: len(cells)], *(f"column {n + 1}" for n in range(len(header), len(cells)))]
    return dict(zip(names, cells, strict=True))


def _naming(name: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def named(cell: Any) -> Any:  # noqa: ANN401  # a cell of any type
        try:
            return read(cell)
        except RecordError as error:
            raise RecordError(error.reason, f"{name}: {error}", name) from error

    return named
