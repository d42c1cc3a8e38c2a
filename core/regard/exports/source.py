"""What every source is that reads files people export: the road from a path to records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from regard.cursors import CursorValue
from regard.errors import FileError
from regard.exports.authors import hide_author
from regard.exports.config import ExportConfig
from regard.exports.formats import Format
from regard.exports.pages import FileReader
from regard.exports.replaying import RowReplay
from regard.exports.tables import AnyMapper, Found, Reading
from regard.exports.trying import ways_of
from regard.exports.wishes import Wishes
from regard.files import is_log
from regard.mapping import (
    FieldMap,
    Mapper,
    Profile,
    fields_of,
    load_profiles,
    profile_named,
    recipe_of,
)
from regard.mapping.times import zone_of
from regard.records import kind_named
from regard.sources import Context, InputFile, Looking, Recognised, Source, Stream, Yielded
from regard.tabular import Table, open_tables

__all__ = ["ExportSource"]

UNRECOGNISED = "unrecognised"
"""The stream that fails for the files that cannot be read, so that no other one does."""

FieldMapT = TypeVar("FieldMapT", bound=FieldMap)
ExportConfigT = TypeVar("ExportConfigT", bound=ExportConfig)


def _in_short(problem: str) -> str:
    first, *rest = problem.splitlines()
    return "\n".join((first, *(line for line in rest if line.startswith(" "))))


class ExportSource(Source[ExportConfigT]):
    """
    Reads files that people export from other programs. Subclass it for one more sort of them.

    Each file is recognised by what is in it and becomes a stream. What is recognised are the
    profiles that name the plug-in (``plugins = ["crm-export"]``), and what `formats` makes of a
    table. Files of any other shape are mapped in the configuration, and files that nobody knows
    are named without stopping the others::

        class TillRolls(ExportSource[ExportConfig]):
            name = "till-rolls"
            Config = ExportConfig

            def formats(self, table, wishes):
                return [TillRoll(...)] if table.header[:2] == ("TILL", "ROLL") else []

    """

    Config: ClassVar[type[Any] | None] = ExportConfig
    growing: ClassVar[bool] = False
    """Whether files are logs, to which rows are added at the end: see `Context.files`."""
    own_formats: ClassVar[frozenset[str]] = frozenset()
    """What ``profile`` may name beside the profiles: the formats that `formats` knows."""
    guesses: ClassVar[frozenset[str]] = frozenset()
    """The formats of `formats` that other files may look like: see `Recognised.surety`."""

    def __init__(self, config: ExportConfigT) -> None:
        super().__init__(config)
        self._found: dict[str, Found] | None = None
        self._replay: RowReplay | None = None

    def formats(self, table: Table, wishes: Wishes) -> Sequence[Format]:
        """
        Return how the plug-in itself reads a table; nothing: it asks the profiles.

        Raises:
            FileError: The table is of a known format and broken.
        """
        return ()

    def open(self, file: InputFile, wishes: Wishes) -> Sequence[Table]:
        """
        Return the tables in a file; override it for files that are no tables to begin with.

        Raises:
            FileError: It cannot be read.
        """
        return open_tables(
            file.path,
            delimiter=wishes.delimiter,
            encoding=wishes.encoding,
            sheet=wishes.sheet,
        )

    def recipe(self) -> Sequence[str]:
        """Return what decides about records beside the maps and profiles: own settings."""
        return ()

    @classmethod
    def recognise(cls, files: Sequence[InputFile], ctx: Looking) -> Iterator[Recognised]:
        """Yield the files that a profile fits, or of which `formats` makes something."""
        yield from cls._recognised(files, ctx, {})

    @classmethod
    def _recognised(
        cls, files: Sequence[InputFile], ctx: Looking, options: Mapping[str, Any], surety: int = 1
    ) -> Iterator[Recognised]:
        """Yield the files that a source with such options reads."""
        assert cls.Config is not None  # noqa: S101  # `ExportConfig` at least
        source = cls(cls.Config.model_validate({"path": "*", **options}))
        wishes = source._wishes(ctx)  # its own
        for file in files:
            found = source._look(file, wishes)  # its own
            ways = ways_of(found, replace(wishes, **_given(ctx)))
            specs = [reading.spec for reading in found.readings]
            sure = [each for spec in specs if (each := source.surety(spec)) is not None]
            if sure:
                title = ", ".join(dict.fromkeys(getattr(spec, "title", "") for spec in specs))
                kinds = frozenset(spec.kind for spec in specs)
                sure_of_it = surety if max(sure) else 0
                yield Recognised(file, title, {**options, **ways}, sure_of_it, kinds=kinds)

    def surety(self, spec: FieldMap | Format) -> int | None:
        """Return how sure `regard look` may be that a table is such: 1, 0 or, for no, None."""
        return int(getattr(spec, "name", None) not in self.guesses)

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
        files = self._input(ctx, wishes)
        found = self._without_new_logs([self._look(file, wishes) for file in files], ctx)
        read = Counter(
            (getattr(reading.spec, "title", "the map"), reading.spec.stream)
            for each in found
            for reading in each.readings
        )
        for (title, stream), count in sorted(read.items()):
            ctx.note(f"{count:,} {'table' if count == 1 else 'tables'} read as {title}: {stream}")
        for sentence in (sentence for each in found for sentence in each.ignored):
            ctx.note(f"passed over: {sentence}")
        for reading in (reading for each in found for reading in each.readings):
            if isinstance(reading.spec, Format):
                for sentence in reading.spec.said():
                    ctx.note(f"{reading.table.label}: {sentence}")
            elif missing := _without_currency(wishes.mapper(reading.spec, reading.table.header)):
                ctx.note(f"{reading.table.label}: {missing}")
        # Without the map to begin with, which a run and `regard look` print.
        problems = [_in_short(each.problem) for each in found if each.problem]
        if problems:
            raise FileError("\n".join(problems))

    def discover(self, ctx: Context) -> Sequence[Stream]:
        """Return a stream for each sort of export among the files that have something new."""
        wishes = self._wishes(ctx)
        files = self._input(ctx, wishes)
        looked = self._without_new_logs([self._look(file, wishes) for file in files], ctx)
        self._found = {found.file.name: found for found in looked}
        streams: dict[str, Stream] = {}
        for found in self._found.values():
            for reading in found.readings:
                streams.setdefault(reading.spec.stream, self._stream(reading))
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
        files = list(self._files(stream.name, ctx, wishes))
        newest = self._newest(stream.name, files, ctx)
        for found, file in files:
            for sentence in found.ignored:
                ctx.note(f"passed over: {sentence}")
            also = tuple(each for each in found.streams if each != stream.name)
            reader = FileReader(file, also, ctx)
            if newest is not None and file.name not in newest:
                ctx.note(f"{file.name}: not read, a newer file beside it holds all there is")
                yield from reader.rest(complete=True)
                continue
            try:
                for reading in found.readings:
                    if reading.spec.stream == stream.name:
                        yield from self._read_table(reader, reading, wishes, found.file)
                yield from reader.rest(complete=True)
            except FileError as error:
                broken.append(str(error))
                yield from reader.rest(complete=False)
        if broken:
            raise FileError("\n".join(broken))

    def replay(
        self, raw: Mapping[str, Any], stream: Stream, ctx: Context, *, file: str | None = None
    ) -> Iterable[Any]:
        """
        Return what a row from quarantine says by today's map or profile.

        Raises:
            RecordError: It is still refused.
            FileError: Nothing fits its headers, or it means nothing without its neighbours.
        """
        if self._replay is None:
            self._replay = RowReplay(self._wishes(ctx), self.formats)
        found = self._replay.records(raw, stream, file)
        for record in found:
            if isinstance(record, dict):
                hide_author(record, ctx)
        return found

    def _input(self, ctx: Context, wishes: Wishes) -> Sequence[InputFile]:
        more = {"growing": True} if self.growing else {}
        return ctx.files(self.config.path, recipe=self._recipe(wishes), **more)

    def _look(self, file: InputFile, wishes: Wishes) -> Found:
        return Found.look(file, wishes, self.open, self.formats)

    def _without_new_logs(self, looked: Sequence[Found], ctx: Context) -> Sequence[Found]:
        """Leave out logs in which nothing is written yet, because they have just been rotated."""
        if not self.growing:
            return looked
        begun = [found for found in looked if found.empty and is_log(found.file.path)]
        for found in begun:
            ctx.note(f"{found.file.name} is empty")
        return [found for found in looked if found not in begun]

    def _stream(self, reading: Reading) -> Stream:
        spec = reading.spec
        if isinstance(spec, Format):
            return Stream(spec.stream, spec.kind, snapshot=spec.snapshot, key=spec.key)
        return Stream(spec.stream, spec.kind, key=self._key())

    def _read_table(
        self, reader: FileReader, reading: Reading, wishes: Wishes, file: InputFile
    ) -> Iterator[Yielded]:
        table, spec, ctx = reading.table, reading.spec, reader.ctx
        mapper = reading.mapper(wishes, file)
        if isinstance(spec, Profile | Format):
            variant = spec.variants.get(mapper.form or "") if isinstance(spec, Profile) else None
            if not spec.confirmed or (variant is not None and not variant.confirmed):
                form = f" ({mapper.form})" if variant is not None else ""
                ctx.note(
                    f"{table.label} was read as {spec.title}{form}, whose headers have not been "
                    "compared with a real file: look at the result"
                )
            if spec.note:
                ctx.note(f"{spec.name}: {spec.note}")
        if (missing := _without_currency(mapper)) is not None:
            ctx.note(f"{table.label}: {missing}")
        before = reader.seen
        yield from reader.read(table, mapper)
        if reader.seen == before and not self.growing:
            ctx.note(f"{table.label}: there are headers and no rows")
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
            files = self._input(ctx, wishes)
            pending = {file.name: file for file in files}
        for found in here:
            if pending is None or len(found.streams) == 1:
                yield found, found.file
            elif found.file.name in pending:
                yield found, pending[found.file.name]

    def _newest(
        self, stream: str, files: Sequence[tuple[Found, InputFile]], ctx: Context
    ) -> set[str] | None:
        """Return the files of a stream of which only the newest ones count; None: all do."""
        specs = (each.spec for found, _ in files for each in found.readings)
        own = (spec for spec in specs if isinstance(spec, Format) and spec.stream == stream)
        if not any(spec.newest for spec in own):
            return None
        return ctx.newest(stream, [file.name for _, file in files])

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

    def _wishes(self, ctx: Looking) -> Wishes:
        config = self.config
        profiles = load_profiles(ctx.profiles)
        own = tuple(each for each in profiles if self.name in each.plugins)
        spec: FieldMap | None = config.map
        if config.profile is not None and config.profile not in self.own_formats:
            spec = profile_named(config.profile, profiles)
        if config.timezone is not None:
            update: dict[str, Any] = {"timezone": config.timezone}
            spec = spec and spec.model_copy(update=update)
            own = tuple(each.model_copy(update=update) for each in own)
        if config.currency is not None:
            spec = spec and _paid_in(spec, config.currency)
            own = tuple(_paid_in(each, config.currency) for each in own)
        return Wishes(
            ctx.timezone,
            spec,
            own,
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
            header=[
                *(config.delimiter or "", config.encoding or "", config.sheet or ""),
                *self.recipe(),
            ],
        )


def _given(ctx: Looking) -> dict[str, Any]:
    """Return how whoever looks says that dates and numbers are written, if they say it."""
    dates, decimal = getattr(ctx, "dates", None), getattr(ctx, "decimal", None)
    return ({"dates": (dates,)} if dates else {}) | ({"decimal": decimal} if decimal else {})


def _paid_in(spec: FieldMapT, currency: str) -> FieldMapT:
    """Return a map or profile whose amounts are in a currency where nothing else says it."""
    if "currency" not in fields_of(kind_named(spec.kind).model):
        return spec
    return spec.model_copy(update={"constants": {**spec.constants, "currency": currency}})


def _without_currency(mapper: AnyMapper) -> str | None:
    """Say that nothing names the currency of a table's amounts; None: something does."""
    missing = mapper.unpriced if isinstance(mapper, Mapper) else []
    if not missing:
        return None
    named = ", ".join(repr(name) for name in missing)
    return (
        f"nothing says the currency of {named}, so that where the amounts do not, they compare "
        'with nothing; say it in the source\'s table, such as currency = "EUR"'
    )
