"""From the rows of a table to pages of records, with what is refused put aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from regard.errors import Cancelled, RecordError
from regard.mapping import Mapper
from regard.mapping.bulk import BulkMapper
from regard.records import kind_named
from regard.records.encoding import Encoded, encode_time
from regard.sources import Context, Delete, FileProgress, InputFile, Page
from regard.tabular import BadRow, Row, Table

__all__ = ["FileReader", "Rows"]

PAGE_ROWS = 5_000
_ROWS_BETWEEN_SIGNS = 1_000


@dataclass(frozen=True, slots=True)
class Rows:
    """
    The rows behind the records of a page.

    Attributes:
        rows: In the order of the records, each with what mapped it; None where a record
            follows from several rows.
    """

    rows: tuple[tuple[Row, Mapper] | None, ...]

    def raw(self, index: int) -> Mapping[str, Any]:
        """Return the row behind a record, without what is never stored."""
        found = self.rows[index]
        return {} if found is None else found[1].raw(found[0])

    def line(self, index: int) -> int | None:
        """Return the row's line in the file."""
        found = self.rows[index]
        return None if found is None else found[0].line


@dataclass(slots=True)
class FileReader:
    """
    Reads the tables of one file that belong to one stream.

    Rows that are committed already are mapped again, because what they say may be carried to
    those behind them, but they give no records.

    Attributes:
        file: The file.
        also: Other streams that read it.
        ctx: Where refused rows go.
        seen: How many rows were read.
    """

    file: InputFile
    also: tuple[str, ...]
    ctx: Context
    seen: int = 0
    _records: list[dict[str, Any] | Encoded] = field(default_factory=list)
    _rows: list[tuple[Row, Mapper] | None] = field(default_factory=list)
    _deletions: list[Delete] = field(default_factory=list)

    def read(self, table: Table, mapper: Mapper) -> Iterator[Page | Delete]:
        """
        Yield full pages of a table's records; the rest comes with `rest`.

        Raises:
            FileError: The file breaks off.
            Cancelled: The run was asked to stop.
        """
        bulk = self._bulk(table, mapper)
        rows = table.rows()
        while slice_ := list(islice(rows, _ROWS_BETWEEN_SIGNS if bulk is None else PAGE_ROWS)):
            if bulk is None:
                for row in slice_:
                    self.seen += 1
                    self._take(row, table, mapper, wanted=self.seen > self.file.rows_done)
            else:
                self._take_slice(slice_, table, mapper, bulk)
            self.ctx.progress(self.seen)
            if self.ctx.cancelled:
                message = f"{self.file.name}: stopped after {self.seen} rows, as asked"
                raise Cancelled(message)
            if len(self._records) >= PAGE_ROWS:
                yield from self.rest(complete=False)
        if self.seen >= self.file.rows_done:
            for record in mapper.finish():
                self._add(record, None)

    def _bulk(self, table: Table, mapper: Mapper) -> BulkMapper | None:
        """Return the bulk lane for a table whose rows stand alone and are all text."""
        if table.format != "csv" or not BulkMapper.fits(mapper):
            return None
        return BulkMapper(mapper, kind_named(mapper.spec.kind), self.ctx.clock.now())

    def _take_slice(
        self, rows: Sequence[Row | BadRow], table: Table, mapper: Mapper, bulk: BulkMapper
    ) -> None:
        """Take many rows at once; what the bulk lane leaves goes the way of a single row."""
        done = self.file.rows_done - self.seen
        self.seen += len(rows)
        if done >= len(rows):
            return
        wanted = rows[max(done, 0) :]
        good = [row for row in wanted if isinstance(row, Row)]
        as_of = encode_time(min(self.file.modified_at, self.ctx.clock.now()))
        encoded = iter(bulk.encode(good, as_of) if good else ())
        for row in wanted:
            found = next(encoded) if isinstance(row, Row) else None
            if found is None or isinstance(row, BadRow):
                self._take(row, table, mapper, wanted=True)
            else:
                self._records.append(found)
                self._rows.append((row, mapper))

    def rest(self, *, complete: bool) -> Iterator[Page | Delete]:
        """Yield what is waiting; deletions first, because the page says how far we are."""
        yield from self._deletions
        origin = Rows(tuple(self._rows))
        rows = max(self.seen, self.file.rows_done)
        progress = FileProgress(self.file, rows, complete, self.also)
        yield Page(self._records, progress=progress, origin=origin)
        self._records, self._rows, self._deletions = [], [], []

    def _take(self, row: Row | BadRow, table: Table, mapper: Mapper, *, wanted: bool) -> None:
        if isinstance(row, BadRow):
            cells = [row.raw] if isinstance(row.raw, str) else row.raw
            if mapper.passes_over(cells):
                return
            mapper.interrupt()
            if wanted:
                self._refuse_line(row, table, mapper)
            return
        try:
            found = mapper.records(row)
        except RecordError as error:
            if wanted:
                self._refuse(row, mapper, error)
            return
        if wanted:
            for record in found:
                self._add(record, (row, mapper))

    def _add(self, record: dict[str, Any] | Delete, row: tuple[Row, Mapper] | None) -> None:
        if isinstance(record, Delete):
            as_of = record.as_of or self.file.modified_at
            self._deletions.append(Delete(record.key, as_of))
            return
        self._records.append(record)
        self._rows.append(row)

    def _refuse(self, row: Row, mapper: Mapper, error: RecordError) -> None:
        self.ctx.quarantine(
            mapper.raw(row),
            error.reason,
            message=str(error),
            field=error.field,
            file=self.file.name,
            line=row.line,
        )

    def _refuse_line(self, row: BadRow, table: Table, mapper: Mapper) -> None:
        raw: Mapping[str, Any] | str
        if mapper.drops:
            # Which cell is a card number cannot be told in a line that is not a row.
            raw = {"file": self.file.name, "line": row.line, "content": "not kept"}
        elif isinstance(row.raw, str):
            raw = row.raw
        else:
            more = (f"column {n + 1}" for n in range(len(table.header), len(row.raw)))
            raw = dict(zip((*table.header, *more), row.raw, strict=False))
        self.ctx.quarantine(
            raw, row.reason, message=row.message, file=self.file.name, line=row.line
        )
