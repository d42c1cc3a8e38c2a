"""The source ``indicators``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePath
from typing import Any

from pydantic import Field

from regard.cursors import CursorValue
from regard.exports import ExportConfig, ExportSource, Format, Wishes
from regard.mapping import FieldMap
from regard.sources import Context, InputFile, Page, Stream, Yielded
from regard.tabular import BadRow, Row, Table
from regard.tabular.contents import Content
from regard.tabular.encodings import Text, detect_encoding
from regard.tabular.tables import Items
from regard_plugins.indicators.formats import Choice, SeriesFormat
from regard_plugins.indicators.jsonstat import is_json_stat, json_stat_tables
from regard_plugins.indicators.offices import databank_rows, is_tempus, tempus_table
from regard_plugins.indicators.shapes import shape_of

__all__ = ["Indicators", "IndicatorsConfig"]

_TITLES = {
    "sdmx": "SDMX-CSV",
    "long": "list of series",
    "wide": "table of series, a column for each period",
    "footfall": "footfall by place",
    "json-stat": "JSON-stat",
}
_TSV = "eurostat-tsv"
_MOST_DIMENSIONS = 3
"""A list of series that does not say so tells them apart by so many columns at most."""
_ENDINGS = (".gz", ".csv", ".tsv", ".json", ".txt", ".xlsx", ".xls", ".ods", ".zip")


class IndicatorsConfig(ExportConfig):
    """
    What ``[sources.NAME]`` says of a source of outside series.

    Attributes:
        series: The name of all series, where the files do not name them better.
        names: What series are called here: ``{"PRC_HICP_MIDX.M.CP00.I15" = "consumer prices"}``.
        only: The series that are wanted, by the names that they have here; empty: all.
        region: The region of all values, where the files do not say it.
        unit: The unit of all values, where the files do not say it.
        published_on: The day on which all was published, where the files do not say it; else
            it is the day in the file's name, else that on which it was last changed.
    """

    series: str | None = None
    names: dict[str, str] = Field(default_factory=dict)
    only: tuple[str, ...] = ()
    region: str | None = None
    unit: str | None = None
    published_on: date | None = None


class Indicators(ExportSource[IndicatorsConfig]):
    """
    Reads outside series: prices, industry indices, footfall by place.

    SDMX-CSV, JSON-stat, and the tables of statistical offices with a row for each value or a
    column for each period, recognised by their headers::

        [sources.cpi]
        plugin = "indicators"
        path = "official/*.csv"
        names = {"PRC_HICP_MIDX.M.CP00.I15" = "consumer prices"}

    A revised value takes the place of the one before, with the day on which it was published.
    """

    name = "indicators"
    Config = IndicatorsConfig
    guesses = frozenset({"indicators-long", "indicators-wide"})

    def open(self, file: InputFile, wishes: Wishes) -> Sequence[Table]:
        """
        Return the tables in a file.

        Raises:
            FileError: It cannot be read.
        """
        content = Content(file.path)
        head = content.head()
        if head.startswith(b"\x1f\x8b"):
            content = Content(file.path, "gzip")
            head = content.head()
        if wishes.spec is None:
            text = _text(head, wishes.encoding)
            if is_json_stat(text):
                return json_stat_tables(file, content, wishes.encoding)
            if is_tempus(text):
                return [tempus_table(file, content, wishes.encoding)]
        tables = [_without_mixed_header(table) for table in super().open(file, wishes)]
        return tables if wishes.spec is not None else [databank_rows(table) for table in tables]

    def formats(self, table: Table, wishes: Wishes) -> Sequence[Format]:
        """Return how a table of series is read; nothing where it is none."""
        shape = shape_of(table.header)
        if shape is None:
            return []
        config = self.config
        choice = Choice(
            config.series,
            config.names,
            config.only,
            config.region,
            config.unit,
            config.published_on,
        )
        kind = "json-stat" if table.format == "json-stat" else shape.name
        return [
            SeriesFormat(
                f"indicators-{kind}",
                _TITLES[kind],
                "indicators",
                "indicator",
                ("series", "region", "place", "period_on"),
                alone=shape.name != "footfall",
                shape=shape,
                choice=choice,
                stem=_stem(table),
                exact=shape.name == "sdmx" or table.format in ("json-stat", _TSV),
            )
        ]

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterator[Yielded]:
        """
        Yield the values; one that was not revised stays known since it was first published.

        Raises:
            FileError: Files could not be read; all others were.
        """
        for item in super().read(stream, since, until, ctx):
            if isinstance(item, Page) and self.config.published_on is None:
                _keep_first_day(item.records, ctx)
            yield item

    def surety(self, spec: FieldMap | Format) -> int | None:
        """Return None for a table with a date and a total that is about much else."""
        if isinstance(spec, SeriesFormat) and spec.shape is not None and not spec.exact:
            shape = spec.shape
            if "series" not in shape.places and len(shape.dimensions) > _MOST_DIMENSIONS:
                return None
        return super().surety(spec)

    def recipe(self) -> Sequence[str]:
        """Return what decides about series beside the files."""
        config = self.config
        names = (f"{name}={here}" for name, here in sorted(config.names.items()))
        rest = (config.series, config.region, config.unit, config.published_on)
        return [*map(str, rest), *config.only, *names]


def _keep_first_day(records: Sequence[Any], ctx: Context) -> None:
    """Let values that are as they are stored be as old as that: whole series come again."""
    given = {str(each["key"]): each for each in records if isinstance(each, dict)}
    for key, stored in ctx.stored(list(given)).items():
        record, known_on = given[key], stored["published_on"]
        same = stored["value"] == record.get("value") and stored["unit"] == record.get("unit")
        day = record.get("published_on")
        if same and isinstance(known_on, date) and isinstance(day, date) and known_on < day:
            record["published_on"] = known_on


def _text(head: bytes, encoding: str | None) -> str:
    """Return the beginning of a file as text."""
    if not head.strip():
        return ""
    return "".join(Text(detect_encoding(head, encoding)).blocks([head], to_end=False))


def _stem(table: Table) -> str:
    stem = PurePath(table.path.name).name
    while stem.lower().endswith(_ENDINGS):
        stem = stem.rpartition(".")[0]
    if table.format != _TSV:
        return stem
    # The code of the dataset, as the same office's other formats write it.
    code = stem.lower().removeprefix("estat_").partition("$")[0]
    return code.removesuffix("_tabular").removesuffix("_linear").upper()


def _without_mixed_header(table: Table) -> Table:
    r"""Return a table whose first columns are several in one: ``freq,unit,geo\TIME_PERIOD``."""
    first = table.header[0] if table.header else ""
    names = tuple(name.strip() for name in first.partition("\\")[0].split(","))
    if "\\" not in first or len(names) < 2:
        return table

    def rows(apart: Table) -> Items:
        for row in table.rows():
            if isinstance(row, BadRow):
                yield row
                continue
            cells = str(row.values[0]).split(",")
            if len(cells) == len(names):
                yield Row(row.line, [*cells, *row.values[1:]])
                continue
            message = f"the first cell has {len(cells)} parts, its header {len(names)}"
            yield BadRow(row.line, list(row.values), "short-line", message)
        apart.notes += table.notes

    return replace(
        table, header=(*names, *table.header[1:]), format=_TSV, reader=rows, cutter=None
    )
