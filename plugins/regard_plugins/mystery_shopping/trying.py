"""Trying a form on a workbook: how many visits it reads, and whether the totals agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regard.errors import RecordError
from regard.exports import Refusal
from regard.measures.visits import same_score
from regard.tabular import Row, Table
from regard_plugins.mystery_shopping.form import Form
from regard_plugins.mystery_shopping.forms import Forms
from regard_plugins.mystery_shopping.layout import lay_out
from regard_plugins.mystery_shopping.mappers import VISITS, visit_mapper
from regard_plugins.mystery_shopping.sheets import arrange, needed
from regard_plugins.mystery_shopping.visits import Reading

__all__ = ["Trial", "try_form"]


@dataclass(slots=True)
class Trial:
    """
    What a form made of a workbook.

    Attributes:
        visits: How many visits were read.
        refused: How many were not.
        stated: How many state a total.
        agreeing: How many of those totals are what the items give.
        problem: Why the first one was refused.
    """

    visits: int = 0
    refused: int = 0
    stated: int = 0
    agreeing: int = 0
    problem: str = ""


def try_form(path: Path, form: Form, *, sheet: str | None = None) -> Trial:
    """
    Read a workbook by a form, and keep nothing of it.

    Dates are read day first: whether they are right does not matter here.

    Raises:
        FileError: The workbook cannot be read.
    """
    trial = Trial()
    reading = Reading.of(Forms((form,)), "UTC", ("day-first",))
    for table in arrange(path, [form], {}, sheet=sheet):
        if table is None:
            continue
        layout = lay_out(table.header, form, {})
        if layout.shape == "visits" and layout.found < needed(form):
            continue
        for found in _records(table, form, reading):
            if isinstance(found, dict):
                trial.visits += 1
                if found["stated_score"] is not None and found["score"] is not None:
                    trial.stated += 1
                    trial.agreeing += same_score(found["score"], found["stated_score"])
            else:
                trial.refused += 1
                trial.problem = trial.problem or found
    return trial


def _records(table: Table, form: Form, reading: Reading) -> Iterator[dict[str, Any] | str]:
    """Yield each visit, or why it was refused."""
    mapper = visit_mapper(table.header, form, reading, VISITS, table)
    for row in table.rows():
        if not isinstance(row, Row):
            mapper.interrupt()
            continue
        try:
            found = mapper.records(row)
        except RecordError as error:
            yield str(error)
            continue
        yield from _told(found)
    yield from _told(mapper.finish())


def _told(found: Sequence[object]) -> Iterator[dict[str, Any] | str]:
    for each in found:
        if isinstance(each, Refusal):
            yield each.message
        elif isinstance(each, dict):
            yield each
