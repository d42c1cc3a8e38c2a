"""
How the dates and numbers of one file are written, told by its own first rows.

``04/05/2025`` may be in April or in May; a ``31/12/2025`` in the same column tells. Nothing is
guessed: another way of writing is taken only where it alone reads more rows than the way that
is declared. Files that are read for good are declared; this serves whoever only looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from regard.errors import FileError, RecordError
from regard.exports.formats import Refusal
from regard.exports.tables import Found
from regard.exports.wishes import Wishes
from regard.tabular import Row

__all__ = ["ways_of"]

_ROWS: Final = 500
"""So many rows of a table are tried."""
_DATES: Final = ("day-first", "month-first")
_SIGNS: Final = (".", ",")
_TOLD: Final = {
    "dates": ("ambiguous-date", "bad-date"),
    "decimal": ("ambiguous-number", "bad-number"),
}
"""The refusals that another way of writing may mend."""


def ways_of(found: Found, wishes: Wishes) -> dict[str, str]:
    """
    Return what to declare of a file's dates and numbers that is not declared yet.

    Args:
        found: The file, and how its tables are read.
        wishes: What is declared.
    """
    samples = [list(_sample(found, at)) for at in range(len(found.readings))]
    ways: dict[str, str] = {}
    for name, values in (("dates", _DATES), ("decimal", _SIGNS)):
        best = _best(name, values, found, replace(wishes, **_wish(ways)), samples)
        if best is not None:
            ways[name] = best
    return ways


def _wish(ways: dict[str, str]) -> dict[str, Any]:
    return {name: (way,) if name == "dates" else way for name, way in ways.items()}


def _sample(found: Found, at: int) -> Iterator[Row]:
    try:
        yield from found.readings[at].table.sample(_ROWS)
    except FileError:
        return  # whoever reads it says so


def _best(
    name: str,
    values: Sequence[str],
    found: Found,
    wishes: Wishes,
    samples: Sequence[Sequence[Row]],
) -> str | None:
    """Return the one way of writing by which fewer rows are refused than as it is declared."""
    refused = _refused(name, found, wishes, samples)
    if not refused:
        return None
    counts = {
        value: _refused(name, found, replace(wishes, **_wish({name: value})), samples)
        for value in values
    }
    best = min(counts, key=lambda value: counts[value])
    alone = all(count > counts[best] for value, count in counts.items() if value != best)
    return best if alone and counts[best] < refused else None


def _refused(name: str, found: Found, wishes: Wishes, samples: Sequence[Sequence[Row]]) -> int:
    """Return how many rows are refused because of how dates or numbers are written."""
    reasons = _TOLD[name]
    count = 0
    for reading, rows in zip(found.readings, samples, strict=True):
        try:
            mapper = reading.mapper(wishes, found.file)
        except FileError:
            continue
        for row in rows:
            try:
                records = mapper.records(row)
            except RecordError as error:
                count += error.reason in reasons
            else:
                count += sum(
                    isinstance(each, Refusal) and each.reason in reasons for each in records
                )
    return count
