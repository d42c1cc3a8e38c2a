"""An export as a file, and the faults in it that are meant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["ExportFile", "Row", "as_csv", "yearly"]

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class ExportFile:
    """
    One exported file.

    Attributes:
        path: Where it lies below the project.
        origin: Whose product writes such files.
        data: Its bytes.
        faults: For each record in it that must be refused, the reason's code.
    """

    path: str
    origin: str
    data: bytes
    faults: tuple[str, ...] = ()


def as_csv(
    rows: Iterable[Row], *, delimiter: str = ",", encoding: str = "utf-8", line_end: str = "\n"
) -> bytes:
    """Return rows as the bytes of a CSV file."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return out.getvalue().encode(encoding)


def yearly(first: int, last: int, until: str) -> Iterable[tuple[int, str]]:
    """Yield each year with the day that its export is named after, the last one's being today."""
    for year in range(first, last + 1):
        yield year, until if year == last else f"{year}-12-31"
