"""The source ``touchpoints``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath

from regard.errors import ConfigError, FileError
from regard.exports import ExportConfig, ExportSource, Format, RowMapper, Wishes
from regard.mapping import Profile, recognise
from regard.pipeline.inputs import find_files
from regard.settings.paths import Remote, paths_of
from regard.sources import Context, InputFile, Looking, Recognised
from regard.tabular import Row, Table, open_tables
from regard.tabular.contents import Content
from regard.tabular.encodings import Text, detect_encoding
from regard_plugins.touchpoints.analytics import Summed, ga4_formats, ga4_tables, is_ga4, matomo
from regard_plugins.touchpoints.calls import (
    CDR_COLUMNS,
    CDR_DISPOSITIONS,
    CallLegs,
    aircall,
    aircall_export,
    asterisk,
    calls,
)
from regard_plugins.touchpoints.deriving import Derive, Derived, DerivedMapper
from regard_plugins.touchpoints.following import follow
from regard_plugins.touchpoints.letters import LETTER, is_letter, letter_formats, letter_tables
from regard_plugins.touchpoints.mailings import activity, audience, campaigns
from regard_plugins.touchpoints.pages import (
    content_of,
    digest_of,
    is_sitemap,
    may_be_sitemap,
    page_formats,
    sitemap_tables,
    sitemaps_of,
)
from regard_plugins.touchpoints.texts import sorts_of
from regard_plugins.touchpoints.tickets import tickets
from regard_plugins.touchpoints.web import web_formats
from regard_plugins.touchpoints.weblogs import is_web_log, log_tables

__all__ = ["Touchpoints"]

_DERIVES: dict[str, Callable[[], Derive]] = {
    "aircall-calls": aircall,
    "aircall-export": aircall_export,
    "calls": calls,
    "klaviyo-campaigns": campaigns,
    "mailchimp-audience": audience,
    "mailchimp-activity": activity,
    "mailchimp-campaigns": campaigns,
    "mailchimp-clicks": activity,
    "mailchimp-opens": activity,
    "tickets": tickets,
    "zendesk-tickets": tickets,
}
_MORE_CDR = ("linkedid", "peeraccount", "sequence")
_SAMPLE = 20


@dataclass(frozen=True)
class _AsteriskFormat(Derived):
    """Asterisk's log: several rows may be one call."""

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what maps the rows of the table."""
        inner = super().mapper(header, wishes, modified_at)
        return CallLegs(inner) if isinstance(inner, DerivedMapper) else inner


@dataclass(frozen=True)
class _MatomoFormat(Derived):
    """Matomo's report: its day is in the file's name."""

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what maps the rows of the table."""
        named, modified_on = PurePath(self.member), modified_at.date()
        dated = replace(self, derive=lambda: matomo(named, modified_on))
        return Summed(super(_MatomoFormat, dated).mapper(header, wishes, modified_at))


class Touchpoints(ExportSource[ExportConfig]):
    """
    Reads what customers and the company meet on.

    Logs of calls and of web servers, tickets, mail campaigns, reports of web analytics,
    sitemaps, mentions in social media and suggestions, each recognised by what is in it::

        [sources.contacts]
        plugin = "touchpoints"
        path = ["calls/*", "tickets/*", "logs/access.log*", "box/*.txt"]

    Files of any other shape are mapped, as with every source that reads files::

        [sources.chat]
        plugin = "touchpoints"
        path = "chat/*.csv"
        [sources.chat.map]
        kind = "touchpoint"
        key = "session"
        fields = {happened_at = "began", text = "transcript", agent = "who"}
        constants = {channel = "chat", type = "chat"}
    """

    name = "touchpoints"
    Config = ExportConfig
    growing = True
    guesses = frozenset({"letter", "page-list"})

    def __init__(self, config: ExportConfig) -> None:
        super().__init__(config)
        self._fetched: frozenset[Path] = frozenset()

    @classmethod
    def recognise(cls, files: Sequence[InputFile], ctx: Looking) -> Iterator[Recognised]:
        """Yield the files that the source knows; of other texts those that are suggestions."""
        left = {file.path: file for file in files if is_letter(file.path.name)}
        for offer in super().recognise(files, ctx):
            if offer.title != LETTER:
                left.pop(offer.file.path, None)
                yield offer
        for path, sort in sorts_of(left).items():
            if sort == "suggestion":
                yield Recognised(left[path], LETTER, surety=0)
            elif sort == "text":
                yield Recognised(left[path], "a text", surety=0, read=False)

    def open(self, file: InputFile, wishes: Wishes) -> Sequence[Table]:
        """
        Return the tables in a file, also in one that is no table to begin with.

        Raises:
            FileError: It cannot be read.
        """
        if isinstance(wishes.spec, Profile) or wishes.spec is None:
            content = content_of(file.path)
            head = content.head()
            if is_web_log(head):
                return log_tables(file, content)
            if is_sitemap(head):
                return sitemap_tables(file, content, fetched=file.path in self._fetched)
            if is_ga4(_start(head, wishes.encoding)):
                return ga4_tables(file, content, wishes.encoding)
            if is_letter(content.name) and head.strip():
                return self._letter(file, content, wishes)
        tables = super().open(file, wishes)
        return [_with_cdr_header(table, file, wishes) for table in tables]

    def formats(self, table: Table, wishes: Wishes) -> Sequence[Format]:
        """Return how the plug-in itself reads a table; nothing: the profiles decide."""
        for find in (web_formats, ga4_formats, letter_formats):
            found = find(table)
            if found:
                return found
        profile = wishes.spec if isinstance(wishes.spec, Profile) else None
        member = table.member or table.path.name
        if profile is None and table.format != "sitemap":
            profile = recognise(table.header, filename=member, profiles=wishes.profiles).profile
        if profile is None:
            return page_formats(table)
        if profile.name == "asterisk-cdr":
            return [replace(_AsteriskFormat.of(profile, asterisk, member), alone=False)]
        if profile.name == "matomo-pages":
            matomo_of = _MatomoFormat.of(profile, lambda: matomo(PurePath(member)), member)
            return [replace(matomo_of, alone=False)]
        derive = _DERIVES.get(profile.name)
        return [] if derive is None else [Derived.of(profile, derive, member)]

    def _input(self, ctx: Context, wishes: Wishes) -> Sequence[InputFile]:
        """Return the files that have something new, also those that sitemap indexes name."""
        paths = paths_of(self.config.path)
        local = [each for each in paths if isinstance(each, str)]
        here = _here(local, ctx.root)
        more = sitemaps_of(here)
        followed = follow([each for each in paths if isinstance(each, Remote)], ctx)
        self._fetched = frozenset(followed.files)
        files = list(dict.fromkeys([*here, *more]))
        several = len(files) + len(followed.files) > 1
        recipe = self._recipe(wishes)
        if several and followed.only_sitemaps and all(map(may_be_sitemap, files)):
            # A page that left one of several sitemaps is missed only where all are read.
            recipe += digest_of(files) + followed.digest
        elif not more and not followed.parts:
            return super()._input(ctx, wishes)
        named = [*paths, *map(str, more), *followed.parts]
        return ctx.files(named, recipe=recipe, growing=self.growing)

    def _letter(self, file: InputFile, content: Content, wishes: Wishes) -> Sequence[Table]:
        """Return what a text file holds: a table that is known, or one suggestion."""
        try:
            tables = [_with_cdr_header(each, file, wishes) for each in super().open(file, wishes)]
        except FileError:
            tables = []
        if any(self.formats(table, wishes) or _known(table, wishes) for table in tables):
            return tables
        return letter_tables(file, content, wishes.encoding)


def _here(paths: Sequence[str], root: Path) -> list[Path]:
    with suppress(ConfigError):  # whoever reads the files says what is wrong with a path
        return find_files(paths, root)
    return []


def _known(table: Table, wishes: Wishes) -> bool:
    found = recognise(table.header, profiles=wishes.profiles)
    return found.profile is not None


def _start(head: bytes, encoding: str | None) -> str:
    if not head:
        return ""
    return "".join(Text(detect_encoding(head, encoding)).blocks([head[:8_192]], to_end=False))


def _with_cdr_header(table: Table, file: InputFile, wishes: Wishes) -> Table:
    """Return a table as it is, or with the header that Asterisk leaves out."""
    extra = len(table.header) - len(CDR_COLUMNS)
    if table.format != "csv" or not -1 <= extra <= len(_MORE_CDR) or table.member is not None:
        return table
    disposition = CDR_COLUMNS.index("disposition")
    first = Row(1, list(table.header))
    rows = [first, *table.sample(_SAMPLE)]
    if any(str(row.values[disposition]).upper() not in CDR_DISPOSITIONS for row in rows):
        return table
    # Where nobody fills the last column, it does not show.
    header = (*CDR_COLUMNS, *_MORE_CDR[: max(0, extra)])
    (found,) = open_tables(
        file.path, delimiter=wishes.delimiter, encoding=wishes.encoding, header=header
    )
    return found
