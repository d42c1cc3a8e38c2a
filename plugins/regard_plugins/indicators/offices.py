"""
Downloads of statistical offices in shapes of their own: INSEE's databank and INE's Tempus.

INSEE writes a column for each series, with what it is called, its number (idBank) and the day of
publication above the values. INE answers with a list of series, each with its values inside.
Both become rows as those of SDMX-CSV.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from regard.errors import FileError
from regard.mapping.headers import fold
from regard.mapping.values import clean
from regard.sources import InputFile
from regard.tabular import BadRow, Row, Table
from regard.tabular.contents import Content
from regard.tabular.encodings import Text, detect_encoding
from regard.tabular.tables import Items

__all__ = ["databank_rows", "is_tempus", "tempus_table"]

_HEADER: Final = ("DATAFLOW", "LAST UPDATE", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS")
_MOST: Final = 256 << 20
_SPAIN: Final = ZoneInfo("Europe/Madrid")

# INSEE

_LABELS: Final = {"idbank": 0, "derniere mise a jour": 1}
_HEAD_ROWS: Final = 6
_DAY: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4})\b.*")


def databank_rows(table: Table) -> Table:
    """Return a table of INSEE's databank as one row a value; any other table as it is."""
    if fold(table.header[0] if table.header else "") != "libelle" or len(table.header) < 2:
        return table
    columns = [at for at, name in enumerate(table.header) if at and fold(name)[:5] != "codes"]
    heads: dict[int, list[str]] = {at: ["", ""] for at in columns}

    def rows(apart: Table) -> Items:
        seen = 0
        with closing(table.rows()) as items:
            for item in items:
                seen += 1
                if isinstance(item, BadRow):
                    yield item
                    continue
                name = fold(clean(item.values[0]))
                if name in _LABELS and seen < _HEAD_ROWS:
                    for at in columns:
                        heads[at][_LABELS[name]] = clean(item.values[at])
                elif name not in ("periode", ""):
                    yield from _values(item, heads)
        apart.notes += table.notes

    first = next(iter(_first_cells(table)), "")
    if first != "idbank":
        return table
    return replace(table, header=_HEADER, reader=rows, cutter=None)


def _first_cells(table: Table) -> Iterator[str]:
    with closing(replace(table, notes=[]).rows()) as items:
        for item in items:
            if isinstance(item, Row):
                yield fold(clean(item.values[0]))


def _values(row: Row, heads: Mapping[int, Sequence[str]]) -> Iterator[Row]:
    for at, (number, updated) in heads.items():
        day = _DAY.fullmatch(updated)
        published = f"{day[3]}-{day[2]}-{day[1]}" if day is not None else updated
        # Older downloads have a comma, never a sign between thousands.
        value = clean(row.values[at]).replace(",", ".")
        beside = clean(row.values[at + 1]) if at + 1 < len(row.values) else ""
        status = beside if at + 1 not in heads and beside != "A" else ""
        yield Row(row.line, [number, published, clean(row.values[0]), value, status])


# INE


@dataclass(frozen=True, slots=True)
class _Series:
    """A series of Tempus: its code, and its values as they stand there."""

    code: str
    values: Sequence[Mapping[str, Any]]


def is_tempus(head: str) -> bool:
    """Say whether a file begins as INE's Tempus answers do."""
    return head.lstrip("\ufeff \t\r\n")[:1] in ("[", "{") and '"COD"' in head and '"Data"' in head


def tempus_table(file: InputFile, content: Content, encoding: str | None) -> Table:
    """
    Return the series of an answer of Tempus as a table, a row for each value.

    Raises:
        FileError: It is no whole JSON, or none of Tempus.
    """
    decoder = Text(detect_encoding(content.head(), encoding), settled=encoding is not None)
    text = "".join(decoder.blocks([content.whole(_MOST)]))
    try:
        document = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        message = f"{content.label} is no whole JSON; export it again"
        raise FileError(message) from error
    found = list(_series(document if isinstance(document, list) else [document]))
    if not found:
        message = f"{content.label} is JSON, but no series of INE is in it"
        raise FileError(message)

    def rows(_: Table) -> Items:
        line = 0
        for series in found:
            for value in series.values:
                line += 1
                said = None if value.get("Secreto") is True else value.get("Valor")
                yield Row(line, [series.code, "", _period(value), said, _status(value)])

    return Table(file.path, None, "tempus", _HEADER, rows)


def _series(documents: Sequence[Any]) -> Iterator[_Series]:
    for each in documents:
        values = each.get("Data") if isinstance(each, dict) else None
        if isinstance(values, list) and each.get("COD"):
            yield _Series(
                clean(str(each["COD"])), [one for one in values if isinstance(one, dict)]
            )


def _period(value: Mapping[str, Any]) -> str:
    """Return the first day of a value's period, in Spain, where it is written as a moment."""
    said = value.get("Fecha")
    if isinstance(said, int) and not isinstance(said, bool):
        try:
            return datetime.fromtimestamp(said / 1000, UTC).astimezone(_SPAIN).date().isoformat()
        except (OverflowError, OSError, ValueError):
            return str(said)
    return str(said or "")[:10]


def _status(value: Mapping[str, Any]) -> str:
    said = str(value.get("T3_TipoDato") or value.get("FK_TipoDato") or "")
    return "" if fold(said) in ("", "definitivo", "1") else said
