"""From the rows of a table to pages of records, with what is refused put aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from regard.errors import Cancelled, FileError, RecordError
from regard.exports.authors import AUTHOR, hide_author
from regard.exports.formats import Refusal
from regard.exports.lanes import Bulk, Encoding
from regard.exports.tables import AnyMapper
from regard.mapping import Mapper
from regard.mapping.bulk import BulkMapper
from regard.records.encoding import Encoded, EncodedRows, encode_time
from regard.sources import Context, Delete, FileProgress, InputFile, Page, Whole
from regard.tabular import BadRow, Piece, PieceItems, Row, Slice, Table

__all__ = ["FileReader", "Rows"]

PAGE_ROWS = 5_000
_ROWS_BETWEEN_SIGNS = 1_000


@dataclass(frozen=True, slots=True)
class Rows:
    """
    The rows behind the records of a page.

    Attributes:
        rows: In the order of the records: the row; its number in the piece; or None where a
            record follows from several rows.
        mapper: What mapped them.
        piece: The rows that were mapped at once.
        count: How many they are.
    """

    rows: Sequence[Row | int | None]
    mapper: AnyMapper
    piece: Piece | Slice | None = None
    count: int = 0

    def raw(self, index: int) -> Mapping[str, Any]:
        """Return the row behind a record, without what is never stored."""
        found = self._row(index)
        return {} if found is None else self.mapper.raw(found)

    def line(self, index: int) -> int | None:
        """Return the row's line in the file."""
        found = self._row(index)
        return None if found is None else found.line

    def columns(self, name: str) -> Sequence[str]:
        """Return the columns that a field is read from."""
        return self.mapper.columns(name)

    def _row(self, index: int) -> Row | None:
        found = self.rows[index]
        if isinstance(found, int):
            row = None if self.piece is None else self.piece.row(found, self.count)
            return row if isinstance(row, Row) else None
        return found


@dataclass(frozen=True, slots=True)
class _Held:
    """
    A page that waits for what comes behind it, since the last one says that the file is done.

    Attributes:
        rows: Its records.
        origin: Where they come from.
        before: How many rows were read before it.
    """

    rows: EncodedRows
    origin: Rows
    before: int


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
    _rows: list[Row | int | None] = field(default_factory=list)
    _deletions: list[Delete | Whole] = field(default_factory=list)
    _mapper: AnyMapper | None = None
    _held: _Held | None = None

    def read(self, table: Table, mapper: AnyMapper) -> Iterator[Page | Delete | Whole]:
        """
        Yield pages of a table's records; the rest comes with `rest`.

        Raises:
            FileError: The file breaks off.
            Cancelled: The run was asked to stop.
        """
        if (self._records or self._held) and self._mapper is not mapper:
            yield from self.rest(complete=False)
        self._mapper = mapper
        if (
            isinstance(mapper, Mapper)
            and AUTHOR not in mapper.spec.fields
            and BulkMapper.fits(mapper)
            and (pieces := table.pieces()) is not None
        ):
            yield from self._read_pieces(pieces, table, mapper)
        else:
            rows = table.rows_behind(self.file.bytes_done) if self.file.bytes_done else None
            if rows is not None:
                self.seen = self.file.rows_done
            yield from self._read_rows(table.rows() if rows is None else rows, table, mapper)
        if self.seen >= self.file.rows_done:
            for record in mapper.finish():
                self._add(record, None)

    def _read_rows(
        self, rows: Iterable[Row | BadRow], table: Table, mapper: AnyMapper
    ) -> Iterator[Page | Delete | Whole]:
        """Take rows one after the other."""
        for row in rows:
            self.seen += 1
            self._take(row, table, mapper, wanted=self.seen > self.file.rows_done)
            if self.seen % _ROWS_BETWEEN_SIGNS == 0:
                yield from self._sign()
        self.ctx.progress(self.seen)

    def _read_pieces(
        self, pieces: PieceItems, table: Table, mapper: Mapper
    ) -> Iterator[Page | Delete | Whole]:
        """Take rows many at once; what the bulk lane leaves goes the way of a single row."""
        now = self.ctx.clock.now()
        as_of = encode_time(min(self.file.modified_at, now))
        with Bulk(mapper, now, as_of) as bulk:
            try:
                for item in pieces:
                    if not isinstance(item, Piece | Slice):
                        yield from self._take_pieces(bulk.rest(), table, mapper)
                        yield from self._read_rows((item,), table, mapper)
                        continue
                    # Where reading goes on in the middle of a file, the rows before are counted.
                    counted = self.seen < self.file.rows_done
                    if counted or not bulk.put(item):
                        yield from self._take_pieces(bulk.rest(), table, mapper)
                        item.refused = True
                        continue
                    yield from self._take_pieces(bulk.ready(), table, mapper)
            except FileError:
                # What was read before the file broke is good.
                yield from self._take_pieces(bulk.rest(), table, mapper)
                raise
            yield from self._take_pieces(bulk.rest(), table, mapper)

    def _take_pieces(
        self, pieces: Iterable[Encoding], table: Table, mapper: Mapper
    ) -> Iterator[Page | Delete | Whole]:
        """Hand over the records of pieces in their order."""
        for found in pieces:
            if self._records or self._held:
                yield from self.rest(complete=False)
            yield from self._take_piece(found, table, mapper)
            yield from self._sign()

    def _take_piece(
        self, found: Encoding, table: Table, mapper: Mapper
    ) -> Iterator[Page | Delete | Whole]:
        """Hand over what the bulk lane encoded, and take the rows that it left."""
        before = self.seen
        spots: list[int] = []
        for at in found.left:
            row = found.piece.row(at, found.count)
            if row is not None:
                self.seen += 1
                self._take(row, table, mapper, wanted=True)
                spots += [at] * (len(self._records) - len(spots))
        self.seen += len(found.rows)
        kept = found.kept()
        keys = {record["key"] for record in self._records if isinstance(record, dict)}
        if keys and not keys.isdisjoint(found.rows.keys()):
            # Of two rows with one key the later one is stored: only here their order matters.
            singles = [*zip(spots, self._records, self._rows, strict=True)]
            singles += zip(kept, found.rows, kept, strict=True)
            singles.sort(key=itemgetter(0))
            self._records = [record for _, record, _ in singles]
            self._rows = [row for _, _, row in singles]
            yield from self.rest(complete=False, piece=found)
            return
        if found.rows:
            self._held = _Held(found.rows, Rows(kept, mapper, found.piece, found.count), before)

    def _sign(self) -> Iterator[Page | Delete | Whole]:
        """Show how far reading is, stop if asked to, and hand over what is enough."""
        self.ctx.progress(self.seen)
        if self.ctx.cancelled:
            message = f"{self.file.name}: stopped after {self.seen} rows, as asked"
            raise Cancelled(message)
        if len(self._records) >= PAGE_ROWS:
            yield from self.rest(complete=False)

    def rest(
        self, *, complete: bool, piece: Encoding | None = None
    ) -> Iterator[Page | Delete | Whole]:
        """Yield what is waiting; deletions first, because the page says how far we are."""
        yield from self._deletions
        held, self._held = self._held, None
        if held is not None:
            alone = not self._records
            progress = self._progress(
                self.seen if alone else held.before, complete=complete and alone
            )
            yield Page(held.rows, progress=progress, origin=held.origin)
            if alone:
                return
        origin = None
        if self._mapper is not None:
            behind = (piece.piece, piece.count) if piece else (None, 0)
            origin = Rows(self._rows, self._mapper, *behind)
        progress = self._progress(self.seen, complete=complete)
        yield Page(self._records, progress=progress, origin=origin)
        self._records, self._rows, self._deletions = [], [], []

    def _progress(self, seen: int, *, complete: bool) -> FileProgress:
        return FileProgress(self.file, max(seen, self.file.rows_done), complete, self.also)

    def _take(self, row: Row | BadRow, table: Table, mapper: AnyMapper, *, wanted: bool) -> None:
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
                self._add(record, row)

    def _add(
        self, record: dict[str, Any] | Encoded | Delete | Whole | Refusal, row: Row | None
    ) -> None:
        if isinstance(record, Refusal):
            self.ctx.quarantine(
                record.raw,
                record.reason,
                message=record.message,
                field=record.field,
                key=record.key,
                file=self.file.name,
                line=record.line,
            )
            return
        if isinstance(record, Delete):
            self._deletions.append(Delete(record.key, record.as_of, self.file))
            return
        if isinstance(record, Whole):
            self._deletions.append(replace(record, file=self.file))
            return
        if isinstance(record, dict):
            hide_author(record, self.ctx)
        self._records.append(record)
        self._rows.append(row)

    def _refuse(self, row: Row, mapper: AnyMapper, error: RecordError) -> None:
        self.ctx.quarantine(
            mapper.raw(row),
            error.reason,
            message=str(error),
            field=error.field,
            key=mapper.key_of(row),
            file=self.file.name,
            line=row.line,
        )

    def _refuse_line(self, row: BadRow, table: Table, mapper: AnyMapper) -> None:
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
