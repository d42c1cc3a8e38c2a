"""
What an export is read by where its rows do not map one to one.

A profile says in TOML which column fills which field: one row, one record. Survey exports have
a record for each answer, agencies' workbooks have sheets of labels, call logs have no header.
Whoever reads such a file subclasses `Format` and returns a `RowMapper`; everything around it
(recognised files, pages, progress, quarantine, resuming) is the same as with a profile.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from regard.exports.wishes import Wishes
from regard.mapping import Mapped
from regard.mapping.mappers import Numbered
from regard.mapping.values import as_text
from regard.records.encoding import Encoded
from regard.sources import Delete, Whole

__all__ = ["Format", "Refusal", "RowMapper"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    What several rows say together and cannot be used; the row at hand is not to blame.

    Attributes:
        raw: What they say, as quarantine keeps it.
        reason: A short code, as of `RecordError`.
        message: What is wrong and what would be right, without personal values.
        field: The field at fault.
        line: The first of the rows.
        key: Of a record that they would make: a good version of it resolves the refusal.
    """

    raw: Mapping[str, str]
    reason: str
    message: str
    field: str | None = None
    line: int | None = None
    key: str | None = None


class RowMapper:
    """
    Maps the rows of one table, in their order; made by `Format.mapper`.

    It may remember rows that came before, so each table needs one of its own, and a file that
    is read on is mapped from its start.

    Args:
        header: The table's column names.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self.header = tuple(header)

    @property
    def drops(self) -> bool:
        """Whether the table has columns that must never be stored, not even in quarantine."""
        return False

    def columns(self, name: str) -> Sequence[str]:
        """Return the columns that a field is read from, as far as that can be told."""
        return ()

    def key_of(self, row: Numbered) -> str | None:
        """Return the key of a row that is refused; None where it does not say it alone."""
        return None

    @property
    def notes(self) -> Sequence[str]:
        """What was passed over or guessed, in sentences for the run's summary."""
        return ()

    @property
    def form(self) -> str | None:
        """The variant of the format that the table has, such as ``es``."""
        return None

    def raw(self, row: Numbered) -> Mapping[str, str]:
        """Return a row by its headers, as quarantine keeps it."""
        cells = {name: as_text(cell) for name, cell in zip(self.header, row.values, strict=False)}
        return cells | {name: as_text(cell) for name, cell in (row.surplus or {}).items()}

    def records(self, row: Numbered) -> Sequence[Mapped | Encoded | Delete | Whole | Refusal]:
        """
        Return all that a row says; nothing for one that is a total, a footer or a header.

        Where records follow from several rows, a refusal stands for one that cannot be used.
        Whoever reads millions of rows may hand over records that are encoded already.

        Raises:
            RecordError: The row cannot be used.
        """
        raise NotImplementedError

    def finish(self) -> Sequence[Mapped | Encoded | Delete | Whole | Refusal]:
        """Return what the last rows need once nothing follows."""
        return ()

    def interrupt(self) -> None:
        """Hear that a line between the rows could not be read."""

    def passes_over(self, cells: Sequence[object]) -> bool:
        """Say whether a line that is no row is a total or a footer, and count it."""
        return not any(str(cell or "").strip() for cell in cells)


@dataclass(frozen=True)
class Format(ABC):
    """
    How one table of a file is read; two streams of one table are two formats.

    Attributes:
        name: Such as ``surveymonkey-responses``; with its version it decides about results.
        title: What the vendor calls the export.
        stream: The stream that its records belong to.
        kind: Their kind.
        key: What makes up the key, for people; the mapper composes it.
        snapshot: A complete read holds all there is; what is missing has disappeared.
        newest: Each file holds all there is, so that of several in a folder the newest counts.
        confirmed: Whether it was compared with a real file of the vendor.
        note: What people who use it should know.
        alone: A row says the same without its neighbours, so that one from quarantine can be
            read again.
    """

    name: str
    title: str
    stream: str
    kind: str
    key: tuple[str, ...] | None = None
    snapshot: bool = False
    newest: bool = False
    confirmed: bool = True
    note: str = ""
    alone: bool = False

    def said(self) -> Sequence[str]:
        """Return what was understood of the table, a sentence each, for `regard check`."""
        return ()

    @abstractmethod
    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """
        Return what maps the rows of the table.

        Args:
            header: The table's column names.
            wishes: What the configuration says about files.
            modified_at: When the file was last changed.

        Raises:
            FileError: The table lacks a column.
        """
