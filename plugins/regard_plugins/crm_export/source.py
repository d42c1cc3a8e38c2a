"""The source ``crm-export``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from regard.cursors import CursorValue
from regard.errors import FileError
from regard.mapping import (
    Basis,
    FieldMap,
    Profile,
    load_profiles,
    profile_named,
    recipe_of,
    refuse_misfits,
)
from regard.mapping.times import check_style, zone_of
from regard.sources import Context, Delete, InputFile, Record, Source, Stream, Yielded
from regard.tabular.encodings import check_encoding
from regard_plugins.crm_export.pages import FileReader
from regard_plugins.crm_export.replaying import RowReplay
from regard_plugins.crm_export.tables import Found, Reading, Wishes

__all__ = ["CrmExport"]

UNRECOGNISED = "unrecognised"
"""The stream that fails for the files that cannot be read, so that no other one does."""


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _in_short(problem: str) -> str:
    first, *rest = problem.splitlines()
    return "\n".join((first, *(line for line in rest if line.startswith(" "))))


class CrmExport(Source["CrmExport.Config"]):
    """
    Reads exports of CRMs, shops and payment services.

    Each file is recognised by its headers, whatever its name, language and encoding, and
    becomes a stream of customers, products or purchases::

        [sources.crm]
        plugin = "crm-export"
        path = "exports/*.csv"

    Files of any other shape are mapped; see `regard.mapping.FieldMap`::

        [sources.till]
        plugin = "crm-export"
        path = "till/*.csv"
        [sources.till.map]
        kind = "purchase"
        key = ["ticket", "line"]
        fields = {ordered_at = "when", sku = "article", quantity = "n", amount = "total"}
    """

    name = "crm-export"

    class Config(BaseModel):
        """
        What ``[sources.NAME]`` says.

        Attributes:
            path: A file, folder or glob, or several of them.
            profile: The profile of all files; None: each is recognised.
            map: How files of another shape are read.
            timezone: Where local times are; goes before what a profile says.
            basis: What stands behind purchases; goes before what a profile says.
            dates: How dates are written, such as ``day-first``.
            decimal: The decimal sign.
            delimiter: What parts the cells of CSV files; None: it is found out.
            encoding: The encoding of text files; None: it is found out.
            sheet: The only sheet wanted of workbooks.
        """

        model_config = ConfigDict(extra="forbid")

        path: str | list[str]
        profile: str | None = None
        map: FieldMap | None = None
        timezone: str | None = None
        basis: Basis | None = None
        dates: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
        decimal: Literal[".", ","] | None = None
        delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
        encoding: str | None = None
        sheet: str | None = None

        @field_validator("dates")
        @classmethod
        def _right_dates(cls, dates: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(check_style(each) for each in dates)

        @field_validator("map")
        @classmethod
        def _fits_its_kind(cls, spec: FieldMap | None) -> FieldMap | None:
            if spec is not None:
                refuse_misfits(spec)
            return spec

        @field_validator("encoding")
        @classmethod
        def _right_encoding(cls, encoding: str | None) -> str | None:
            if encoding is not None:
                try:
                    check_encoding(encoding)
                except FileError as error:
                    # Pydantic knows no other error as a fault.
                    raise PydanticCustomError("regard", "{text}", {"text": str(error)}) from error
            return encoding

        @model_validator(mode="after")
        def _one_of_both(self) -> CrmExport.Config:
            if self.map is not None and self.profile is not None:
                message = "map and profile both say how the files are read; give one of them"
                raise ValueError(message)
            return self

    def __init__(self, config: CrmExport.Config) -> None:
        super().__init__(config)
        self._found: dict[str, Found] | None = None
        self._replay: RowReplay | None = None

    def check(self, ctx: Context) -> None:
        """
        Look at the files that are there: what each is read as, and what cannot be read.

        Raises:
            ConfigError: The profile or the time zone does not exist, or what a file is read by
                does not fit its kind.
            FileError: Files cannot be read, or are not recognised; all are named.
        """
        wishes = self._wishes(ctx)
        zone_of(wishes.timezone)
        files = ctx.files(self.config.path, recipe=self._recipe(wishes))
        found = [Found.look(file, wishes) for file in files]
        read = Counter(
            (getattr(reading.spec, "title", "the map"), reading.spec.stream)
            for each in found
            for reading in each.readings
        )
        for (title, stream), count in sorted(read.items()):
            ctx.note(f"{count:,} {'table' if count == 1 else 'tables'} read as {title}: {stream}")
        for sentence in (sentence for each in found for sentence in each.ignored):
            ctx.note(f"passed over: {sentence}")
        # Without the map to begin with, which a run and `regard look` print.
        problems = [_in_short(each.problem) for each in found if each.problem]
        if problems:
            raise FileError("\n".join(problems))

    def discover(self, ctx: Context) -> Sequence[Stream]:
        """Return a stream for each sort of export among the files that have something new."""
        wishes = self._wishes(ctx)
        files = ctx.files(self.config.path, recipe=self._recipe(wishes))
        self._found = {file.name: Found.look(file, wishes) for file in files}
        streams: dict[str, Stream] = {}
        for found in self._found.values():
            for reading in found.readings:
                name = reading.spec.stream
                streams.setdefault(name, Stream(name, reading.spec.kind, key=self._key()))
        # Purchases refer to customers.
        ordered = sorted(streams.values(), key=lambda stream: stream.kind != "customer")
        if any(found.problem for found in self._found.values()):
            ordered.append(Stream(UNRECOGNISED, "fact"))
        return ordered

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterator[Yielded]:
        """
        Yield the records of one stream, file by file.

        Raises:
            FileError: Files could not be read; all others were.
        """
        if self._found is None:
            self.discover(ctx)
        if stream.name == UNRECOGNISED:
            self._complain()
            return
        wishes = self._wishes(ctx)
        broken: list[str] = []
        for found, file in self._files(stream.name, ctx, wishes):
            for sentence in found.ignored:
                ctx.note(f"passed over: {sentence}")
            also = tuple(each for each in found.streams if each != stream.name)
            reader = FileReader(file, also, ctx)
            try:
                for reading in found.readings:
                    if reading.spec.stream == stream.name:
                        yield from self._read_table(reader, reading, wishes, ctx)
                yield from reader.rest(complete=True)
            except FileError as error:
                broken.append(str(error))
                yield from reader.rest(complete=False)
        if broken:
            raise FileError("\n".join(broken))

    def replay(
        self, raw: Mapping[str, Any], stream: Stream, ctx: Context, *, file: str | None = None
    ) -> Iterable[Record | Delete]:
        """
        Return what a row from quarantine says by today's map or profile.

        Raises:
            RecordError: It is still refused.
            FileError: Nothing fits its headers, or it means nothing without its neighbours.
        """
        if self._replay is None:
            self._replay = RowReplay(self._wishes(ctx))
        return self._replay.records(raw, stream, file)

    def _read_table(
        self, reader: FileReader, reading: Reading, wishes: Wishes, ctx: Context
    ) -> Iterator[Yielded]:
        table, spec = reading.table, reading.spec
        mapper = wishes.mapper(spec, table.header)
        if isinstance(spec, Profile):
            variant = spec.variants.get(mapper.form or "")
            if not spec.confirmed or (variant is not None and not variant.confirmed):
                form = f" ({mapper.form})" if variant is not None else ""
                ctx.note(
                    f"{table.label} was read as {spec.title}{form}, whose headers have not been "
                    "compared with a real file: look at the result"
                )
            if spec.note:
                ctx.note(f"{spec.name}: {spec.note}")
        yield from reader.read(table, mapper)
        for note in (*table.notes, *mapper.notes):
            ctx.note(f"{table.label}: {note}")

    def _files(
        self, stream: str, ctx: Context, wishes: Wishes
    ) -> Iterator[tuple[Found, InputFile]]:
        """Yield the files of one stream, each with how far this stream has read it."""
        here = [found for found in (self._found or {}).values() if stream in found.streams]
        pending: dict[str, InputFile] | None = None
        if any(len(found.streams) > 1 for found in here):
            # What the host said at first was true of the file, not of this stream.
            files = ctx.files(self.config.path, recipe=self._recipe(wishes))
            pending = {file.name: file for file in files}
        for found in here:
            if pending is None or len(found.streams) == 1:
                yield found, found.file
            elif found.file.name in pending:
                yield found, pending[found.file.name]

    def _key(self) -> tuple[str, ...] | None:
        """Return what a map's keys are made of; a profile's own keys are its own business."""
        spec = self.config.map
        if spec is None:
            return None
        named = spec.key[0] if len(spec.key) == 1 else tuple(map(" + ".join, spec.key))
        return (spec.key_prefix + named[0], *named[1:])

    def _complain(self) -> None:
        problems = [found.problem for found in (self._found or {}).values() if found.problem]
        if problems:
            raise FileError("\n".join(problems))

    def _wishes(self, ctx: Context) -> Wishes:
        config = self.config
        profiles = load_profiles(ctx.profiles)
        spec: FieldMap | None = config.map
        if config.profile is not None:
            spec = profile_named(config.profile, profiles)
        if config.timezone is not None:
            update: dict[str, Any] = {"timezone": config.timezone}
            spec = spec and spec.model_copy(update=update)
            profiles = tuple(each.model_copy(update=update) for each in profiles)
        return Wishes(
            ctx.timezone,
            spec,
            profiles,
            dates=config.dates,
            decimal=config.decimal,
            basis=config.basis,
            delimiter=config.delimiter,
            encoding=config.encoding,
            sheet=config.sheet,
        )

    def _recipe(self, wishes: Wishes) -> str:
        config = self.config
        return recipe_of(
            wishes.profiles if wishes.spec is None else [wishes.spec],
            timezone=wishes.timezone,
            dates=wishes.dates,
            decimal=wishes.decimal,
            basis=wishes.basis,
            header=[config.delimiter or "", config.encoding or "", config.sheet or ""],
        )
