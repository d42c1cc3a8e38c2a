"""The form of the visits as an XLSForm, with the columns that score it beside the usual ones."""

from __future__ import annotations

from itertools import islice
from typing import Final

from regard.demo.exports.files import ExportFile
from regard.demo.exports.workbook import Cell, as_xlsx
from regard.demo.people import COMPETITORS
from regard.demo.voices import CRITICAL, CRITICAL_CAP, ITEMS, PLACES, SECTIONS

__all__ = ["form"]

_SURVEY: Final = ("type", "name", "label", "required", "points", "weight", "critical")
_CHOICES: Final = ("list_name", "name", "label")
_ANSWERS: Final = (("yes", "Yes"), ("no", "No"), ("na", "N/A"))
_PASS_SCORE: Final = 75


def form() -> ExportFile:
    """Return the form; it is the same in every world."""
    sheets = {"survey": _survey(), "choices": _choices(), "settings": _settings()}
    return ExportFile("forms/store.xlsx", "XLSForm", as_xlsx(sheets))


def _survey() -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        [*_SURVEY],
        ["text", "visit", "Visit", "yes"],
        ["text", "wave", "Wave", "yes"],
        ["select_one store", "store", "Store", "yes"],
        ["date", "date", "Date", "yes"],
        ["select_one brand", "brand", "Brand", "yes"],
    ]
    items = iter(ITEMS)
    for label, weight, count in SECTIONS:
        rows.append(["begin_group", label.casefold(), label, "", "", weight])
        for name, text, points in islice(items, count):
            critical = "yes" if name == CRITICAL else ""
            rows.append(["select_one answer", name, text, "yes", points, "", critical])
        rows.append(["end_group"])
    return rows


def _choices() -> list[list[Cell]]:
    rows: list[list[Cell]] = [[*_CHOICES]]
    rows += (["answer", name, label] for name, label in _ANSWERS)
    rows += (["store", code, city] for code, city in PLACES.items())
    rows += (["brand", name, name] for name in ("Us", COMPETITORS[0][0]))
    return rows


def _settings() -> list[list[Cell]]:
    return [
        ["form_title", "form_id", "version", "pass_score", "critical_cap"],
        ["Store", "store", "1", _PASS_SCORE, int(CRITICAL_CAP)],
    ]
