"""
JSON-stat, in which Eurostat, INE and others answer: a cube of values, flat, with its dimensions.

Version 2.0 has ``id``, ``size`` and ``dimension`` beside each other; version 1 has them inside
of ``dimension``, and the whole inside of ``dataset``. Values come as a list, or as a mapping
from places to values where most are missing. Numbers are never floats here: 0.1 stays 0.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from regard.errors import FileError
from regard.sources import InputFile
from regard.tabular import Row, Table
from regard.tabular.contents import Content
from regard.tabular.encodings import Text, detect_encoding
from regard.tabular.tables import Items, printable

__all__ = ["is_json_stat", "json_stat_tables"]

_MOST = 256 << 20
_MOST_CELLS = 50_000_000


def is_json_stat(head: str) -> bool:
    """Say whether a file begins as JSON-stat does."""
    start = head.lstrip("\ufeff \t\r\n")
    return start.startswith("{") and (
        ('"class"' in start and '"dataset"' in start and '"dimension"' in head)
        or ('"dimension"' in start and ('"size"' in start or '"value"' in start))
        or ('"dataset"' in start[:200] and '"dimension"' in start)
        or ('"version"' in start and '"class"' in start and '"value"' in start)
    )


def json_stat_tables(file: InputFile, content: Content, encoding: str | None) -> list[Table]:
    """
    Return the cubes of a file as tables: a row for each value.

    Raises:
        FileError: It is no JSON, or no JSON-stat.
    """
    head = content.head()
    decoder = Text(detect_encoding(head, encoding), settled=encoding is not None)
    text = "".join(decoder.blocks([content.whole(_MOST)]))
    try:
        document = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        message = f"{content.label} is no whole JSON; export it again"
        raise FileError(message) from error
    found = [_cube(content.label, name, each).table(file) for name, each in _datasets(document)]
    if not found:
        message = f"{content.label} is JSON, but no dataset of JSON-stat is in it"
        raise FileError(message)
    return found


def _refuse_constant(name: str) -> Any:  # noqa: ANN401  # it never returns
    raise ValueError(name)


def _datasets(document: Any) -> Iterator[tuple[str | None, Mapping[str, Any]]]:  # noqa: ANN401  # JSON
    """Yield the datasets of a document of any version."""
    if not isinstance(document, dict):
        return
    if "dimension" in document and "value" in document:
        yield None, document
        return
    for name, each in document.items():
        if isinstance(each, dict) and "dimension" in each and "value" in each:
            yield (None if name == "dataset" else str(name)), each


@dataclass(frozen=True, slots=True)
class _Cube:
    """
    One dataset.

    Attributes:
        label: What messages call it.
        member: Its name in a file with several.
        names: The dimensions' names.
        categories: For each its categories in order: code and label.
        values: By place.
        statuses: By place.
        title: What it is called.
        updated: When it was published, as it stands there.
        units: The units by category, where a dimension has them.
    """

    label: str
    member: str | None
    names: tuple[str, ...]
    categories: tuple[tuple[tuple[str, str], ...], ...]
    values: Mapping[int, Any]
    statuses: Mapping[int, str]
    title: str
    updated: str
    units: Mapping[tuple[int, str], str]

    def table(self, file: InputFile) -> Table:
        """Return it as a table."""
        header = (*self.names, *self._beside())
        return Table(file.path, self.member, "json-stat", header, self.rows)

    def _beside(self) -> tuple[str, ...]:
        """Return the columns beside the dimensions; one of these may be called unit already."""
        units = () if "unit" in map(str.lower, self.names) else ("UNIT",)
        return ("OBS_VALUE", "OBS_STATUS", "LAST UPDATE", "DATAFLOW", *units)

    def rows(self, _: Table) -> Items:
        """Yield a row for each value that is there."""
        width = len(self.names) + len(self._beside())
        for place, codes in enumerate(product(*self.categories)):
            value = self.values.get(place)
            status = self.statuses.get(place, "")
            if value is None and not status:
                continue
            unit = next(
                (
                    self.units[at, code]
                    for at, (code, _) in enumerate(codes)
                    if (at, code) in self.units
                ),
                "",
            )
            cells = [*(code for code, _ in codes), value, status, self.updated, self.title, unit]
            yield Row(place + 1, cells[:width])


def _cube(label: str, member: str | None, dataset: Mapping[str, Any]) -> _Cube:
    """
    Return a dataset whose parts fit each other.

    Raises:
        FileError: They do not.
    """
    dimension = dataset["dimension"]
    try:
        # Version 1 has them inside.
        names = tuple(str(each) for each in dataset.get("id") or dimension["id"])
        counts = tuple(int(each) for each in dataset.get("size") or dimension["size"])
        categories = tuple(_categories(dimension[name]["category"]) for name in names)
        values = _by_place(dataset["value"])
        statuses = {at: str(each) for at, each in _statuses(dataset.get("status")).items()}
        units = _units(names, dimension)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{label}: the dataset's id, size and dimension do not fit JSON-stat"
        raise FileError(message) from error
    cells = 1
    for count in counts:
        cells *= count
    if counts != tuple(map(len, categories)) or cells > _MOST_CELLS:
        shown = " x ".join(map(str, counts))
        message = f"{label}: a cube of {shown} does not fit its dimensions"
        raise FileError(message)
    title = str(_extension_id(dataset) or dataset.get("label") or member or "")
    updated = str(dataset.get("updated") or "")
    return _Cube(label, member, names, categories, values, statuses, title, updated, units)


def _extension_id(dataset: Mapping[str, Any]) -> str | None:
    """Return the code of the dataset, as Eurostat writes it beside the standard's own parts."""
    extension = dataset.get("extension")
    code = extension.get("id") if isinstance(extension, dict) else None
    return printable(code) if isinstance(code, str) else None


def _categories(category: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401  # JSON
    labels = category.get("label") or {}
    index = category.get("index")
    if index is None:
        codes = list(labels)
    elif isinstance(index, dict):
        codes = sorted(index, key=lambda code: int(index[code]))
    else:
        codes = list(index)
    return tuple((str(code), str(labels.get(code, code))) for code in codes)


def _by_place(values: Any) -> dict[int, Any]:  # noqa: ANN401  # JSON
    if isinstance(values, dict):
        found = {int(at): each for at, each in values.items()}
    elif isinstance(values, list):
        found = dict(enumerate(values))
    else:
        raise TypeError(values)
    return {at: each for at, each in found.items() if each is not None}


def _statuses(status: Any) -> Mapping[int, Any]:  # noqa: ANN401  # JSON
    if status is None or isinstance(status, str):
        # One letter for all values says nothing of a single one.
        return {}
    return _by_place(status)


def _units(names: Sequence[str], dimension: Mapping[str, Any]) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    for at, name in enumerate(names):
        units = dimension[name]["category"].get("unit")
        for code, unit in units.items() if isinstance(units, dict) else ():
            label = unit.get("label") or unit.get("symbol") if isinstance(unit, dict) else unit
            if isinstance(label, str):
                found[at, str(code)] = label
    return found
