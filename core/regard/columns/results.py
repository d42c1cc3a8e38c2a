"""What a query gives back: names and rows of plain Python values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from regard.views import Value

__all__ = ["QueryResult", "plain_rows"]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """
    The result of one query, read to its end.

    Attributes:
        names: The columns' names, from left to right.
        values: The rows, from top to bottom.
    """

    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]

    def rows(self) -> list[tuple[Value, ...]]:
        """Return all rows; numbers are int or Decimal, times are aware and UTC."""
        return list(self.values)

    def mappings(self) -> Iterator[dict[str, Value]]:
        """Yield each row as a mapping from column to value."""
        for row in self.values:
            yield dict(zip(self.names, row, strict=True))

    def one(self) -> dict[str, Value]:
        """
        Return the only row.

        Raises:
            ValueError: There is none, or more than one.
        """
        if len(self.values) != 1:
            message = f"one row was expected, there are {len(self.values)}"
            raise ValueError(message)
        return dict(zip(self.names, self.values[0], strict=True))


def _number(value: object) -> Value:
    # DuckDB's own averages are doubles: the shortest decimal that means the same double.
    if not isinstance(value, float):
        return value  # type: ignore[return-value]  # None: the column's type is a double
    return Decimal(repr(value)) if math.isfinite(value) else None


def _time(value: object) -> Value:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None


def plain_rows(
    rows: Sequence[tuple[object, ...]], types: Sequence[str]
) -> tuple[tuple[Value, ...], ...]:
    """
    Return fetched rows with exact numbers and aware times.

    Args:
        rows: Times in them are naive and UTC.
        types: The columns' types, as DuckDB names them.
    """
    converters = {"DOUBLE": _number, "FLOAT": _number, "TIMESTAMP WITH TIME ZONE": _time}
    special = [(place, converters[kind]) for place, kind in enumerate(types) if kind in converters]
    if not special:
        return tuple(rows)  # type: ignore[arg-type]  # DuckDB's types are those of Value
    done = []
    for row in rows:
        values = list(row)
        for place, convert in special:
            values[place] = convert(values[place])
        done.append(tuple(values))
    return tuple(done)  # type: ignore[arg-type]  # as above
