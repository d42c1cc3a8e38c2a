"""The source ``survey-export``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, ClassVar

from regard.errors import FileError
from regard.exports import ExportSource, Format, Wishes
from regard.mapping import Recognition, explain
from regard.mapping.headers import fold
from regard.mapping.values import as_text
from regard.sources import Context, Delete, InputFile, Record, Stream, Whole
from regard.tabular import Row, Table, Value, open_tables
from regard_plugins.survey_export.answers import AnswerFormat, AnswerMapper, Survey
from regard_plugins.survey_export.compiling import compile_questions
from regard_plugins.survey_export.config import SurveyConfig
from regard_plugins.survey_export.dating import order_by, order_of
from regard_plugins.survey_export.layouts import Layout, places_of, tidy
from regard_plugins.survey_export.naming import slug, survey_name, survey_number
from regard_plugins.survey_export.opening import join_heads, sample_of
from regard_plugins.survey_export.vendors import VENDORS, layout_of

__all__ = ["SurveyExport"]

SAMPLE = 500
"""Rows that are looked at before a table is read."""

KNOWN = f"Recognised by their headers are the exports of {', '.join(VENDORS)}."

RECIPE = "survey-export 4"
"""Raised when the same file gives other records than before: then it is read again."""


class SurveyExport(ExportSource[SurveyConfig]):
    """
    Reads exports of SurveyMonkey, Typeform, Qualtrics, Google Forms, LimeSurvey, Formbricks, Kobo.

    Each answer becomes a record. What a question measures and on which scale is told by its text
    and its labels, or declared::

        [sources.survey]
        plugin = "survey-export"
        path = "surveys/*"
        survey = "After purchase"
        [sources.survey.columns]
        place = "Store"
        [sources.survey.questions."How was your visit?"]
        metric = "csat"
        scale_min = 1
        scale_max = 5
        aliases = ["How did you like your visit?"]

    Files of any other shape are mapped, with ``kind = "answer"``; see `regard.mapping.FieldMap`.
    """

    name = "survey-export"
    Config = SurveyConfig
    own_formats: ClassVar[frozenset[str]] = frozenset(VENDORS)

    def __init__(self, config: SurveyConfig) -> None:
        super().__init__(config)
        self._replays: dict[tuple[str, tuple[str, ...]], AnswerMapper] = {}

    def open(self, file: InputFile, wishes: Wishes) -> Sequence[Table]:
        """
        Return the tables in a file, those with several header rows under one joined header.

        Raises:
            FileError: It cannot be read.
        """
        tables = super().open(file, wishes)
        if wishes.spec is not None:
            return tables

        def reopen(header: Sequence[str]) -> Sequence[Table]:
            return open_tables(
                file.path,
                delimiter=wishes.delimiter or tables[0].delimiter,
                encoding=wishes.encoding,
                sheet=wishes.sheet,
                header=header,
            )

        return [join_heads(table, reopen) for table in tables]

    def formats(self, table: Table, wishes: Wishes) -> Sequence[Format]:
        """
        Return how a table of a known survey tool is read; nothing: profiles decide.

        Raises:
            FileError: It is of no known tool, or not of the one that the configuration names, or
                no table of responses.
        """
        sample = sample_of(table, SAMPLE)
        found = self._formats(table.header, sample, wishes, table.path, table.member)
        if not found and not wishes.profiles:
            text = explain(
                Recognition(None), table.header, filename="", profiles=(), kinds=("answer",)
            )
            message = f"{text.removeprefix(': ')}\n{KNOWN}"
            raise FileError(message)
        return found

    def _formats(
        self,
        header: tuple[str, ...],
        sample: Sequence[Sequence[Value]],
        wishes: Wishes,
        path: PurePath,
        member: str | None,
    ) -> Sequence[AnswerFormat]:
        wanted = self.config.profile
        layout = layout_of(header, sample, wanted)
        if layout is None:
            if wanted is None:
                return ()
            message = f"its headers are not those of {wanted}, which profile says it is"
            raise FileError(message)
        compiled = compile_questions(layout, header, sample, self.config, wishes.decimal)
        if not compiled.questions:
            message = f"it looks like {layout.title} and has no question"
            raise FileError(message)
        named = survey_name(path, member)
        stream = f"{layout.vendor}-{slug(named)}" if layout.snapshot else layout.vendor
        return [
            AnswerFormat(
                layout.vendor,
                layout.title,
                stream,
                "answer",
                ("response", "question", "option"),
                snapshot=layout.snapshot or self.config.complete,
                newest=layout.snapshot or self.config.complete,
                confirmed=layout.confirmed,
                layout=layout,
                compiled=compiled,
                survey=self._survey(layout, path, named),
                header=header,
                zone=self.config.timezone or layout.zone,
                dates=_dates(layout, sample, path),
                answered_at=_column(header, self.config.columns.answered_at),
            )
        ]

    def _survey(self, layout: Layout, path: PurePath, named: str) -> Survey:
        config = self.config
        scope = ""
        if layout.snapshot:
            scope = slug(named)
        elif layout.scoped:
            scope = survey_number(path) or slug(config.survey or named)
        given = {"channel": config.channel, "place": config.place, "language": config.language}
        fields = {name: value for name, value in given.items() if value is not None}
        return Survey(config.survey or named, scope, fields)

    def recipe(self) -> Sequence[str]:
        """Return what decides about records beside the maps and profiles."""
        own = {"survey", "channel", "place", "language", "columns", "questions", "profile"}
        own |= {"complete"}
        return (RECIPE, self.config.model_dump_json(include=own))

    def replay(
        self, raw: Mapping[str, Any], stream: Stream, ctx: Context, *, file: str | None = None
    ) -> Iterable[Record | Delete]:
        """
        Return what a row from quarantine says today.

        Raises:
            RecordError: It is still refused.
            FileError: It means nothing without its neighbours, or nothing fits its headers.
        """
        wishes = self._wishes(ctx)
        if wishes.spec is not None:
            return super().replay(raw, stream, ctx, file=file)
        header = tuple(raw)
        mapper = self._replays.get((file or "", header))
        if mapper is None:
            mapper = self._replayer(header, wishes, ctx, file)
            if mapper is None:
                return super().replay(raw, stream, ctx, file=file)
            self._replays[file or "", header] = mapper
        if mapper.spec.snapshot:
            message = (
                "a row of a form's sheet means nothing without the others: mend the sheet, then "
                f"run the source with --full-refresh {stream.name}"
            )
            raise FileError(message)
        cells = [str(raw.get(name) or "") for name in mapper.header]
        # A payload lacks columns, so it does not tell what the response has no longer.
        return [each for each in mapper.records(Row(0, cells)) if not isinstance(each, Whole)]

    def _replayer(
        self, header: tuple[str, ...], wishes: Wishes, ctx: Context, file: str | None
    ) -> AnswerMapper | None:
        """Return what maps a row: as its file is read where it is still there, else alone."""
        spec = self._spec_of(header, wishes, ctx, file)
        if spec is None:
            # A payload does not keep the order of its columns, and some tools are told by the
            # first one.
            orders = ((name, *(each for each in header if each != name)) for name in header)
            ordered = next((each for each in orders if layout_of(each) is not None), None)
            if ordered is None:
                return None
            (spec,) = self._formats(ordered, (), wishes, PurePath(file or ""), None)
        mapper = spec.mapper(spec.header, wishes, ctx.clock.now())
        assert isinstance(mapper, AnswerMapper)  # noqa: S101  # for the type checker
        return mapper

    def _spec_of(
        self, header: tuple[str, ...], wishes: Wishes, ctx: Context, file: str | None
    ) -> AnswerFormat | None:
        path = Path(ctx.root, file or "")
        if not path.is_file():
            return None
        try:
            tables = self.open(InputFile(path, file or "", 0, ctx.clock.now()), wishes)
        except FileError:
            return None
        for table in tables:
            if set(header) <= set(table.header):
                sample = sample_of(table, SAMPLE)
                for spec in self._formats(table.header, sample, wishes, table.path, table.member):
                    return spec
        return None


def _dates(layout: Layout, sample: Sequence[Sequence[Value]], path: PurePath) -> tuple[str, ...]:
    """Return how dates are written: as they themselves tell, else as the tool usually does."""
    texts = [as_text(row[place]) for row in sample for place in layout.times if place < len(row)]
    order = order_of(texts)
    if order is None:
        # Nobody answers after the file was written.
        with suppress(OSError, OverflowError):
            written = datetime.fromtimestamp(Path(path).stat().st_mtime, UTC)
            order = order_by(texts, written.date())
    return layout.dates if order is None else (*_formats_of(layout), order)


def _formats_of(layout: Layout) -> tuple[str, ...]:
    return tuple(each for each in layout.dates if "%" in each)


def _column(header: Sequence[str], name: str | None) -> int | None:
    return None if name is None else places_of(header).get(fold(tidy(name)))
