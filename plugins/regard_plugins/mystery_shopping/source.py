"""The source ``mystery-shopping``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from regard.errors import ConfigError, FileError
from regard.exports import ExportConfig, ExportSource, Format, Wishes
from regard.mapping.headers import fold
from regard.sources import Context, Delete, InputFile, Looking, Recognised, Record, Stream
from regard.tabular import Row, Table
from regard_plugins.mystery_shopping.form import Form
from regard_plugins.mystery_shopping.forms import Forms, open_form
from regard_plugins.mystery_shopping.layout import ItemNames, Layout, lay_out
from regard_plugins.mystery_shopping.mappers import SCORES, VISITS, VisitFormat, visit_mapper
from regard_plugins.mystery_shopping.sheets import arrange, needed
from regard_plugins.mystery_shopping.visits import Reading
from regard_plugins.mystery_shopping.words import ROLES, STATES, State

__all__ = ["MysteryShopping", "VisitConfig"]

_FORMS = (".xlsx", ".toml")
_WORKBOOKS = ("xlsx", "xls", "ods")
_CONSTANTS = ("wave", "place", "subject", "state", "evaluator", "form_version")
_LISTED = 4
VERSION = "1"
"""Raise it when the same files make other records than before: they are then read again."""


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class VisitConfig(ExportConfig):
    """
    What ``[sources.NAME]`` says of mystery-shopping visits.

    Attributes:
        form: The form, an XLSForm or TOML, which must be named; several are versions of one,
            the newest last.
        visit: The column or question that names the visit.
        place: The one with the place.
        visited_at: The one with the day or time of the visit.
        evaluator: The one with who went there.
        subject: The one that says whether the visit was to us or to a competitor.
        wave: The one with the wave.
        state: The one with the state of the review.
        stated_score: The one with the agency's own total. An empty text here or in one of those
            above says that no column holds it, whatever columns are called.
        own: What we are called where visits name whom they were to.
        constants: Fields that are the same for all visits, such as the wave of a file.
        states: What the agency calls the states draft, submitted, approved and rejected.
        weights: The form's weight set to score with; None: its own weights.
        pass_score: The score that a visit needs, 0 to 100; goes before what the form says.
        complete: The files together hold all visits there are: one that they lack is gone.
    """

    form: Annotated[Texts, Field(validate_default=True)] = ()
    visit: str | None = None
    place: str | None = None
    visited_at: str | None = None
    evaluator: str | None = None
    subject: str | None = None
    wave: str | None = None
    state: str | None = None
    stated_score: str | None = None
    own: Texts = ()
    constants: dict[str, str] = Field(default_factory=dict)
    states: dict[str, State] = Field(default_factory=dict)
    weights: str | None = None
    pass_score: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    complete: bool = False

    @field_validator("form")
    @classmethod
    def _there(cls, form: tuple[str, ...]) -> tuple[str, ...]:
        if not form:
            message = (
                "name an XLSForm or a TOML form; `regard form draft FILE` proposes one for an "
                "agency's workbook"
            )
            raise ValueError(message)
        return form

    @field_validator("constants")
    @classmethod
    def _known(cls, constants: dict[str, str]) -> dict[str, str]:
        for name in constants:
            if name not in _CONSTANTS:
                message = f"{name!r} is none of {', '.join(_CONSTANTS)}"
                raise ValueError(message)
        return constants


class MysteryShopping(ExportSource[VisitConfig]):
    """
    Reads mystery-shopping visits and scores them by their form.

    The form is an XLSForm with columns for points, or TOML; visits are the exports of Kobo, ODK
    and SurveyCTO (CSV, XLSX, JSON), or an agency's workbook::

        [sources.visits]
        plugin = "mystery-shopping"
        form = "forms/store.xlsx"
        path = "visits/*"
        pass_score = 80

    Each file feeds two streams: the visits, and what each item of them earned.
    """

    name = "mystery-shopping"
    Config = VisitConfig
    _reading: Reading | None = None

    @classmethod
    def recognise(cls, files: Sequence[InputFile], ctx: Looking) -> Iterator[Recognised]:
        """Yield the forms among files, and the visits that go by one of them."""
        forms = {}
        for file in files:
            if file.path.suffix.casefold() in _FORMS:
                with suppress(FileError, OSError):
                    form = open_form(file.path)
                    if form.items:
                        forms[str(file.path)] = file, form
        for file, form in forms.values():
            title = f"form of visits, {len(form.items)} items that earn points"
            yield Recognised(file, title, surety=2, read=False)
        if not forms:
            return
        rest = [file for file in files if str(file.path) not in forms]
        with suppress(ConfigError):  # a form with faults, of which `regard form check` tells
            yield from cls._recognised(rest, ctx, {"form": list(forms)}, 2)

    def check(self, ctx: Context) -> None:
        """
        Look at the form and at the files that are there.

        Raises:
            ConfigError: The form cannot be used.
            FileError: Files cannot be read.
        """
        self._prepare(ctx)
        for form in self._ready().forms.forms:
            version = f" {form.version}" if form.version else ""
            ctx.note(f"form {form.name}{version}: {len(form.items)} items that earn points")
        super().check(ctx)

    def discover(self, ctx: Context) -> Sequence[Stream]:
        """Return the streams of visits and of their items."""
        self._prepare(ctx)
        return super().discover(ctx)

    def _input(self, ctx: Context, wishes: Wishes) -> Sequence[InputFile]:
        """Return the files that have something new; all of them where none may lack a visit."""
        if not self.config.complete:
            return super()._input(ctx, wishes)
        digest = sha256()
        for path in ctx.paths(self.config.path):
            with suppress(OSError):  # gone since it was found
                state = path.stat()
                digest.update(repr((str(path), state.st_size, state.st_mtime_ns)).encode())
        recipe = self._recipe(wishes) + digest.hexdigest()
        return ctx.files(self.config.path, recipe=recipe)

    def recipe(self) -> Sequence[str]:
        """Return what decides about records: the forms, and how visits are read."""
        own = self.config.model_dump(mode="json", exclude={*ExportConfig.model_fields})
        return [VERSION, self._ready().forms.digest, repr(sorted(own.items()))]

    def open(self, file: InputFile, wishes: Wishes) -> Sequence[Table]:
        """
        Return the tables in a file; sheets of a workbook with their header put right.

        Raises:
            FileError: It cannot be read.
        """
        tables = super().open(file, wishes)
        if wishes.spec is not None or any(table.format not in _WORKBOOKS for table in tables):
            return tables
        forms = self._ready().forms.forms
        arranged = arrange(file.path, forms, self._columns(), sheet=wishes.sheet)
        # A sheet without visits stays what it is, so that it is said to be passed over.
        return [made or plain for made, plain in zip(arranged, tables, strict=True)]

    def formats(self, table: Table, wishes: Wishes) -> Sequence[Format]:
        """
        Return how a table of visits is read, as visits and as items.

        Raises:
            FileError: It has too few of the form's items.
        """
        form, layout = self._best(table)
        if layout.shape == "visits" and layout.found < needed(form):
            raise FileError(_too_few(table, form, layout))
        title = f"visits on {form.name}"
        rows = "one row an item" if layout.shape == "items" else "one row a visit"
        return [
            VisitFormat(
                name=f"{self.name}-{stream}",
                title=f"{title}, {rows}",
                stream=stream,
                kind=kind,
                key=key,
                snapshot=self.config.complete,
                reading=self._ready(),
                form=form,
                table=table,
            )
            for stream, kind, key in (
                (VISITS, "visit", ("visit",)),
                (SCORES, "visit_score", ("visit", "item")),
            )
        ]

    def replay(
        self, raw: Mapping[str, Any], stream: Stream, ctx: Context, *, file: str | None = None
    ) -> Iterable[Record | Delete]:
        """
        Return what a visit from quarantine says by today's form.

        Raises:
            RecordError: It is still refused.
            FileError: It is not a whole visit.
        """
        self._prepare(ctx)
        if self._wishes(ctx).spec is not None:
            return super().replay(raw, stream, ctx, file=file)
        header = tuple(raw)
        forms = self._ready().forms.forms
        form, layout = max(
            ((form, lay_out(header, form, {})) for form in forms), key=lambda pair: pair[1].found
        )
        if layout.shape == "items" or layout.found < needed(form):
            message = "what was refused is not a whole visit; mend the file, and run the source"
            raise FileError(message)
        mapper = visit_mapper(header, form, self._ready(), stream.name, None)
        values = ["" if cell is None else str(cell) for cell in raw.values()]
        found = mapper.records(Row(0, values))
        return [record for record in found if isinstance(record, dict | Delete)]

    def _best(self, table: Table) -> tuple[Form, Layout]:
        """Return the form of which a table has most items, and where they stand."""
        forms = self._ready().forms.forms
        laid = [(form, lay_out(table.header, form, self._columns())) for form in forms]
        return max(reversed(laid), key=lambda pair: (pair[1].shape == "items", pair[1].found))

    def _wishes(self, ctx: Looking) -> Wishes:
        self._prepare(ctx)
        return super()._wishes(ctx)

    def _prepare(self, ctx: Looking) -> None:
        """Read the forms once."""
        if self._reading is not None:
            return
        config = self.config
        states = STATES | {fold(word): state for word, state in config.states.items()}
        self._reading = Reading.of(
            Forms.open(ctx.root, config.form, config.weights),
            config.timezone or ctx.timezone,
            config.dates,
            decimal=config.decimal,
            states=states,
            own=frozenset(map(fold, config.own)),
            constants=config.constants,
            pass_score=config.pass_score,
            columns=self._columns(),
        )

    def _ready(self) -> Reading:
        assert self._reading is not None  # noqa: S101  # `check`, `discover` or `replay` came first
        return self._reading

    def _columns(self) -> dict[str, str]:
        """Return what the configuration calls columns, by role."""
        named = {role: getattr(self.config, role, None) for role in ROLES}
        return {role: name for role, name in named.items() if name is not None}


def _too_few(table: Table, form: Form, layout: Layout) -> str:
    """Say which items a table lacks, and what its columns may mean instead."""
    if not layout.found:
        return f"it holds no visits: none of the {len(form.items)} items of {form.name!r} is in it"
    names = ItemNames(form)
    missing = ", ".join(repr(item.label) for item in layout.missing[:_LISTED])
    more = len(layout.missing) - _LISTED
    near = [
        f"{header!r} may be {item.label!r}"
        for header in table.header
        if (item := names.nearest(header)) is not None and names.find(header) is None
    ]
    hint = f"; {'; '.join(near[:2])}: add it to aliases" if near else ""
    return (
        f"{layout.found} of the {len(form.items)} items of form {form.name!r} are in it; missing: "
        f"{missing}{f' and {more} more' if more > 0 else ''}{hint}"
    )
