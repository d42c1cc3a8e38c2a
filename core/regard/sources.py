"""
What a team writes to bring one more source: a decorated function, or a class.

The shortest source is one function in a file of the project's ``plugins`` folder::

    from regard import source

    @source("suggestion-box", kind="touchpoint", key=["happened_at", "email", "text"])
    def read(config, since, ctx):
        for row in ctx.rows(config["path"], columns=["happened_at", "email", "text"]):
            yield {**row, "channel": "box", "type": "suggestion"}

with its table in ``regard.toml``::

    [sources.box]
    plugin = "suggestion-box"
    path = "box/*.tsv"

This module imports nothing heavy: listing plug-ins must stay quick.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from regard.clock import Clock
from regard.cursors import CursorValue
from regard.errors import ConfigError
from regard.files import FileProgress, InputFile, Looking, Recognised
from regard.findings import Finding
from regard.frontier import Addresses, Visited
from regard.signatures import takes
from regard.words import Delete, Seen, Whole

if TYPE_CHECKING:
    from pydantic import BaseModel

    from regard.settings.paths import Remote

__all__ = [
    "Context",
    "Delete",
    "FileProgress",
    "InputFile",
    "Looking",
    "Origin",
    "Page",
    "Paths",
    "Recognised",
    "Record",
    "Seen",
    "Source",
    "Stream",
    "Whole",
    "Yielded",
    "source",
]

ConfigT = TypeVar("ConfigT")

Paths: TypeAlias = "str | Remote | Mapping[str, Any] | Sequence[str | Remote | Mapping[str, Any]]"
"""
What ``path`` may be: a file, a folder, a glob, an address, a table, or a list of them.

What lies elsewhere is fetched into the project's inbox first.
"""

Record: TypeAlias = "Mapping[str, Any] | BaseModel"
"""
What a plug-in yields: a mapping of a kind's fields, or an instance of the kind.

Beside the fields a mapping may carry ``key`` (text, or a sequence of parts), ``as_of``
(an aware time: how old this version of the record is) and ``extra`` (a mapping of what has
no field of its own).
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """
    A named sequence of like records of one source.

    Attributes:
        name: Unique within the source, such as ``contacts``.
        kind: The canonical kind of its records, such as ``customer``.
        cursor: The field whose value tells how far the stream has been read; None where
            each read gives everything.
        ordered: Records come in the cursor's order, so it may advance with every batch.
        snapshot: A complete read holds all there is; what is missing has disappeared.
        lookback: How far before the cursor each read starts again, for late records.
        key: The fields that make up the key, where the mapping carries none.
    """

    name: str
    kind: str
    cursor: str | None = None
    ordered: bool = False
    snapshot: bool = False
    lookback: timedelta | None = None
    key: tuple[str, ...] | None = None


class Origin(Protocol):
    """Where the records of a page came from; asked only for those that are refused."""

    def raw(self, index: int) -> Mapping[str, Any]:
        """Return the input behind the page's record number ``index``, whole."""

    def line(self, index: int) -> int | None:
        """Return the line in the file, starting at 1."""


@dataclass(frozen=True, slots=True)
class Page:
    """
    Records that are committed together with the cursor behind them.

    A page above the batch size is split; its cursor and progress go with the last part.

    Attributes:
        records: In the order in which they were read; the host's own readers also hand over
            records that are validated and encoded already.
        cursor: How far the stream has been read once they are stored.
        progress: How far the file has been read once they are stored.
        origin: Where to find the raw input of a record that is refused.
        visited: What became of the addresses that the records come from.
    """

    records: Sequence[Any]
    cursor: CursorValue | None = None
    progress: FileProgress | None = None
    origin: Origin | None = None
    visited: tuple[Visited, ...] = ()


Yielded: TypeAlias = "Record | Page | Delete | Seen | Whole"


class Context(Protocol):
    """What the host offers while it reads a source."""

    @property
    def addresses(self) -> Addresses:
        """The addresses that this source looks at."""

    def stored(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return what the store holds under keys of this stream: fields by key."""

    def refused_before(self, key: str, reason: str) -> Mapping[str, Any] | None:
        """Return the payload of a refused record of this stream; None: there is none."""

    def newest(self, stream: str, names: Collection[str]) -> set[str]:
        """
        Return which of some files are the newest of their folder; others need not be read.

        For a stream of which each file holds all there is. Whoever asks leaves the others out,
        and what they alone hold is taken for gone.
        """

    @property
    def pseudonym_key(self) -> bytes:
        """Makes keyed hashes of what must not be kept as it is, such as authors' names."""

    @property
    def log(self) -> logging.Logger:
        """A logger that names the run and masks secrets."""

    @property
    def clock(self) -> Clock:
        """The time; never ask the machine's clock yourself."""

    @property
    def root(self) -> Path:
        """The project's folder; relative paths start here."""

    @property
    def profiles(self) -> Sequence[Path]:
        """The profile files that plug-ins bring beside the shipped ones."""

    @property
    def timezone(self) -> str:
        """The time zone of local times in this source's data, such as ``Europe/Madrid``."""

    @property
    def cancelled(self) -> bool:
        """Whether the run should stop; long work without yields asks this now and then."""

    def progress(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        """Say how far a long piece of work is."""

    def quarantine(
        self,
        raw: Mapping[str, Any] | str,
        reason: str,
        *,
        message: str = "",
        field: str | None = None,
        key: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        """Put one piece of input aside, with the reason; the run goes on."""

    def finding(self, finding: Finding) -> None:
        """Tell the people who read the reports something about this source."""

    def note(self, text: str) -> None:
        """Say something in the run's summary that is no failure."""

    def files(
        self, path: Paths, *, recipe: str = "", growing: bool = False
    ) -> Sequence[InputFile]:
        """
        Return the files that a path, folder or glob names and that have something new.

        They come in the order of the date in their names, else of their modification times.
        Files that are unchanged since they were read, or still being written, are left out.

        Args:
            path: Relative to the project, or an address that is fetched from; a list is the
                files of all of them.
            recipe: What else decides about the result, such as a digest of the field map;
                a file that was read by another recipe is read again.
            growing: The files are logs, to which lines are added at the end and which move on
                to other names: one that begins with what was read has ``rows_done`` above zero.

        Raises:
            ConfigError: The path lies outside of what can be read.
        """

    def paths(self, path: Paths) -> Sequence[Path]:
        """
        Return where the files are that a path names, new or not, and fetch what lies elsewhere.

        It is for whoever has to look into some files to know which others there are; nothing
        counts as read by it, and what is fetched is fetched once in a run.

        Args:
            path: As for `files`.
        """

    def rows(
        self,
        path: Paths,
        *,
        columns: Sequence[str] | None = None,
        sep: str | None = None,
        encoding: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """
        Yield the rows of tabular files as mappings from column to value.

        Delimiter and encoding are detected, unchanged files skipped, short and long lines
        quarantined with their number. Local times are placed in the source's time zone.

        Args:
            path: A file, folder or glob, relative to the project, or an address.
            columns: The columns, for files without a header row.
            sep: The delimiter, where it should not be detected.
            encoding: The encoding, where it should not be detected.
        """


class Source(Generic[ConfigT]):
    """
    Reads one place that data comes from. Subclass it where one function is not enough.

    A whole plug-in, in one file of the project's ``plugins`` folder::

        from pydantic import BaseModel, SecretStr
        from regard import Page, Source, Stream, hookimpl

        class Tickets(Source):
            name = "desk"
            streams = (Stream("tickets", "touchpoint", cursor="updated_at", ordered=True),)

            class Config(BaseModel):
                url: str
                token: SecretStr

            def read(self, stream, since, until, ctx):
                for page in pages_of(self.config.url, since):
                    yield Page([{"key": t["id"], "channel": "ticket", ...} for t in page])

        @hookimpl
        def regard_sources():
            return [Tickets]

    and its table in ``regard.toml``::

        [sources.desk]
        plugin = "desk"
        url = "https://desk.example/api"
        token = "${DESK_TOKEN}"

    Attributes:
        name: What ``plugin = "..."`` calls it.
        Config: A Pydantic model of the plug-in's own settings; secrets are ``SecretStr``.
        crawls: Whether it reads other people's sites; the loop reads few of those at once.
        streams: What it can read; where that depends on the data, override `discover`.
    """

    name: ClassVar[str]
    Config: ClassVar[type[Any] | None] = None
    crawls: ClassVar[bool] = False
    streams: tuple[Stream, ...] = ()

    def __init__(self, config: ConfigT) -> None:
        self.config = config

    @classmethod
    def recognise(cls, files: Sequence[InputFile], ctx: Looking) -> Iterable[Recognised]:
        """
        Say which files it could read, for `regard look`; by default none.

        Args:
            files: All that are looked at, in their order; one may help to read another.
            ctx: What is known.
        """
        return ()

    def discover(self, ctx: Context) -> Sequence[Stream]:
        """Return the streams there are now; by default the declared ones."""
        return self.streams

    def check(self, ctx: Context) -> None:
        """
        Find out cheaply whether reading would work.

        Raises:
            ConfigError: What to change in the configuration.
            AuthError: The credentials are refused.
        """

    def read(
        self,
        stream: Stream,
        since: CursorValue | None,
        until: CursorValue | None,
        ctx: Context,
    ) -> Iterable[Yielded]:
        """
        Yield the stream's records that are not older than ``since``.

        Args:
            stream: One of those that `discover` returned.
            since: The stored cursor less the lookback; None reads everything.
            until: Where to stop, in a backfill; None reads to the end.
            ctx: What the host offers.

        Raises:
            TransientError: Try again later; what was yielded stays.
            SourceChanged: The data no longer looks as expected.
        """
        raise NotImplementedError

    def replay(
        self, raw: Mapping[str, Any], stream: Stream, ctx: Context, *, file: str | None = None
    ) -> Iterable[Record | Delete]:
        """
        Yield what a payload from quarantine says today.

        By default it is what `read` yielded, and is yielded again; rows that came from
        ``ctx.rows`` are sent through `read` itself. Override it where the payload is the
        input behind a record, as with pages that have an origin.

        Args:
            raw: The payload as it was put aside; what JSON cannot hold became text.
            stream: The stream that refused it.
            ctx: What the host offers.
            file: The file it came from, as `InputFile.name`.

        Raises:
            RecordError: It is still no record, with today's reason.
            FileError: It cannot be judged alone; it stays in quarantine as it is.
        """
        return (raw,)


ReadFunction = TypeVar("ReadFunction", bound=Callable[..., Iterable[Yielded]])


def source(
    name: str,
    *,
    kind: str,
    key: Sequence[str] | None = None,
    cursor: str | None = None,
    ordered: bool = False,
    snapshot: bool = False,
    lookback: timedelta | None = None,
    stream: str = "records",
) -> Callable[[ReadFunction], ReadFunction]:
    """
    Make a function a source; the host finds it in the module and registers it.

    The function takes ``(config, since, ctx)`` or ``(config, since)`` and yields records.
    It stays what it was: ``list(read({"path": "x.csv"}, None))`` works in a debugger.

    Args:
        name: What ``plugin = "..."`` calls it.
        kind: The kind of its records, such as ``touchpoint``.
        key: The fields that make up the key; left out where the mapping carries ``key``.
        cursor: The field that tells how far one has read.
        ordered: See `Stream`.
        snapshot: See `Stream`.
        lookback: See `Stream`.
        stream: The name of its only stream.
    """

    def decorate(read: ReadFunction) -> ReadFunction:
        wants_context = takes(read, 3)
        if not wants_context and not takes(read, 2):
            message = (
                f"@source({name!r}): {read.__name__} takes {inspect.signature(read)}; write "
                f"def {read.__name__}(config, since) or def {read.__name__}(config, since, ctx)"
            )
            raise ConfigError(message)

        class Decorated(Source[dict[str, Any]]):
            """A source made of one function."""

            def read(
                self,
                stream: Stream,
                since: CursorValue | None,
                until: CursorValue | None,
                ctx: Context,
            ) -> Iterable[Yielded]:
                """Call the function."""
                if wants_context:
                    return read(self.config, since, ctx)
                return read(self.config, since)

        Decorated.name = name
        Decorated.__name__ = Decorated.__qualname__ = read.__name__
        Decorated.__module__ = read.__module__
        Decorated.__doc__ = read.__doc__
        parts = tuple(key) if key is not None else None
        Decorated.streams = (Stream(stream, kind, cursor, ordered, snapshot, lookback, parts),)
        read.regard_source = Decorated  # type: ignore[attr-defined]  # the mark the host looks for
        return read

    if not name or not kind:
        message = f"@source({name!r}, kind={kind!r}): both a name and a kind are needed"
        raise ConfigError(message)
    return decorate
