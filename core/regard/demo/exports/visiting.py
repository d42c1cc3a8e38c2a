"""
An agency's sheets of mystery shoppers' visits, one for each wave, and the form they go by.

The agency states a total for each visit, and one of them is wrong; another visit has an answer
that the form does not have, which refuses both the visit and its scores.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from regard.demo.exports.files import ExportFile, as_csv
from regard.demo.exports.storeform import form
from regard.demo.voices import ITEMS, Visit, Voices

__all__ = ["visits"]

_HEADER: Final = ("Visit", "Wave", "Store", "Date", "Brand", *(text for _, text, _ in ITEMS))
_WORDS: Final = {True: "Yes", False: "No", None: "N/A"}
_MISSTATED: Final = 3
_UNKNOWN: Final = 6


def visits(voices: Voices) -> Iterator[ExportFile]:
    """Yield the form, and the sheet of each wave."""
    yield form()
    waves = list(dict.fromkeys(each.wave for each in voices.visits))
    for wave in waves:
        rows = [_row(each) for each in voices.visits if each.wave == wave]
        faults: tuple[str, ...] = ()
        if wave == waves[-1]:
            rows[_MISSTATED][-1] = "88,00"
            spoiled = [*rows[_UNKNOWN]]
            spoiled[0], spoiled[5] = "A99", "Perhaps"
            rows.append(spoiled)
            faults = ("unknown-value", "unknown-value")
        data = as_csv([(*_HEADER, "Total"), *rows], delimiter=";")
        yield ExportFile(f"visits/{wave}.csv", "an agency", data, faults)


def _row(visit: Visit) -> list[str]:
    return [
        visit.number,
        visit.wave,
        visit.place,
        f"{visit.at:%d/%m/%Y}",
        visit.subject or "Us",
        *(_WORDS[answer] for answer in visit.answers),
        f"{visit.score}".replace(".", ","),
    ]
