"""What measures and reporters read: columns, never the live database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

from regard.reports import Freshness

__all__ = ["Columns", "Parameter", "Value", "View"]

Value: TypeAlias = str | int | bool | Decimal | date | datetime | None
Parameter: TypeAlias = Value | Sequence[str]


class Columns(Protocol):
    """The result of a query."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, from left to right."""

    def rows(self) -> list[tuple[Value, ...]]:
        """Return all rows; numbers are int or Decimal, times are aware and UTC."""

    def mappings(self) -> Iterator[dict[str, Value]]:
        """Yield each row as a mapping from column to value."""

    def one(self) -> dict[str, Value]:
        """
        Return the only row.

        Raises:
            ValueError: There is none, or more than one.
        """


class View(Protocol):
    """
    A consistent picture of the store, as columns.

    Tables are named as in the store: ``customers``, ``purchases``, ... Deleted records are
    left out. Kinds that keep their history appear twice: ``offers`` is what is current,
    ``offers_history`` all periods.
    """

    @property
    def now(self) -> datetime:
        """The time that the report is made for; measures never ask a clock."""

    @property
    def language(self) -> str:
        """The language of labels and sentences: ``en``, ``es`` or ``fr``."""

    @property
    def timezone(self) -> str:
        """The project's time zone: where a day begins."""

    def sql(self, query: str, /, **parameters: Parameter) -> Columns:
        """
        Run one read-only query in DuckDB's dialect.

        Args:
            query: Parameters stand in it as ``$name``.
            parameters: Their values; values never become part of the text.
        """

    def kind(self, name: str) -> Columns:
        """Return all columns of one kind's current records, by table name."""

    def fields(self, name: str) -> Mapping[str, str]:
        """Return the columns of a table with their types, as DuckDB names them."""

    def freshness(self) -> Sequence[Freshness]:
        """Say how current each source is."""

    def pseudonym(self, kind: str, key: str) -> str:
        """Return the form in which a key may be shown, such as ``customer#1f3a90bc``."""
