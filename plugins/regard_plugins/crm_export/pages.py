"""From the rows of a table to pages of records, with what is refused put aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from regard.errors import Cancelled, RecordError
from regard.mapping import Mapper
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
    _records: list[dict[str, Any]] = field(default_factory=list)
    _rows: list[tuple[Row, Mapper] | None] = field(default_factory=list)
    _deletions: list[Delete] = field(default_factory=list)

    def read(self, table: Table, mapper: Mapper) -> Iterator[Page | Delete]:
        """
        Yield full pages of a table's records; the rest comes with `rest`.

        Raises:
            FileError: The file breaks off.
            Cancelled: The run was asked to stop.
        """
        for row in table.rows():
            self.seen += 1
            self._take(row, table, mapper, wanted=self.seen > self.file.rows_done)
            if self.seen % _ROWS_BETWEEN_SIGNS == 0:
                self.ctx.progress(self.seen)
                if self.ctx.cancelled:
                    message = f"{self.file.name}: stopped after {self.seen} rows, as asked"
                    raise Cancelled(message)
            if len(self._records) >= PAGE_ROWS:
                yield from self.rest(complete=False)
        if self.seen >= self.file.rows_done:
            for record in mapper.finish():
                self._add(record, None)

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
