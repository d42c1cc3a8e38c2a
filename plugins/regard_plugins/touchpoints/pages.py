"""
Pages that exist: from a sitemap, or from a list of addresses.

Logs tell what was seen. What nobody ever looked at is told only by what there is to see.
A sitemap is XML from wherever it came from: a file that declares a document type is refused,
because nothing that we need can be declared there and much harm can.

An index names other sitemaps by their addresses. Those that lie beside it, under the last part
of their address, are read with it; nothing is fetched because a file of this machine says so.
What an index names that was fetched itself is fetched as well: see `following`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from regard.errors import FileError, RecordError
from regard.exports import Format, RowMapper, Wishes
from regard.keys import compose
from regard.mapping import Mapped
from regard.mapping.headers import fold
from regard.mapping.mappers import Numbered
from regard.mapping.times import TimeReader, zone_of
from regard.mapping.values import clean
from regard.sources import InputFile
from regard.tabular import Row, Table
from regard.tabular.contents import Content
from regard.tabular.tables import Items
from regard_plugins.touchpoints.addresses import page_of

__all__ = [
    "content_of",
    "digest_of",
    "is_sitemap",
    "may_be_sitemap",
    "named_in",
    "page_formats",
    "sitemap_tables",
    "sitemaps_of",
]

_SITEMAP = ("loc", "lastmod")
_ADDRESSES = frozenset(
    (
        *("loc", "url", "address", "page", "path", "permalink", "link", "page url", "page path"),
        *("direccion", "pagina", "ruta", "enlace", "url de pagina"),
        *("adresse", "lien", "chemin", "url de la page"),
    )
)
"""How people call the column of addresses, folded."""

_BESIDE = frozenset(
    (
        *("title", "name", "lastmod", "changefreq", "priority", "section", "category", "type"),
        *("id", "sku", "product", "template", "language", "lang"),
        *("titulo", "nombre", "seccion", "categoria", "producto", "idioma", "tipo"),
        *("titre", "nom", "rubrique", "categorie", "produit", "langue"),
    )
)
"""What a list of pages may say beside; a table with anything else is about something else."""

_LONGEST = 4_096
_NAMED = 3
_SHOWN = 80


def is_sitemap(head: bytes) -> bool:
    """Say whether a file is a sitemap or an index of sitemaps."""
    start = head[:4_096].lower()
    return b"<urlset" in start or b"<sitemapindex" in start


def sitemap_tables(file: InputFile, content: Content, *, fetched: bool = False) -> list[Table]:
    """
    Return a sitemap as a table of addresses.

    Args:
        file: The file.
        content: What is in it.
        fetched: Whether it was fetched, and what it names with it.
    """
    return [Table(file.path, None, "sitemap", _SITEMAP, _Sitemap(content, fetched).rows)]


@dataclass(slots=True)
class _Parse:
    """What was found in the XML so far."""

    label: str
    rows: list[Row] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _entry: dict[str, str] = field(default_factory=dict)
    _line: int = 0

    def parser(self) -> expat.XMLParserType:
        """Return a parser that refuses whatever is not a plain sitemap."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.StartElementHandler = lambda name, _: self._start(name, parser.CurrentLineNumber)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        return parser

    def _refuse(self, *_: object) -> int:
        message = (
            f"{self.label} declares a document type or entities, which no sitemap needs: "
            "it is not read"
        )
        raise FileError(message)

    def _start(self, name: str, line: int) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > 50:
            message = f"{self.label} is nested too deeply for a sitemap"
            raise FileError(message)
        self._text.clear()
        if len(self._path) == 2:
            self._entry, self._line = {}, line

    def _end(self, _: str) -> None:
        name = self._path.pop()
        if len(self._path) == 2 and name in _SITEMAP:
            self._entry.setdefault(name, "".join(self._text).strip()[:_LONGEST])
        elif len(self._path) == 1 and name == "url":
            values = [self._entry.get("loc", ""), self._entry.get("lastmod", "")]
            self.rows.append(Row(self._line, values))
        elif len(self._path) == 1 and name == "sitemap":
            self.sitemaps.append(self._entry.get("loc", ""))
        self._text.clear()


@dataclass(frozen=True, slots=True)
class _Sitemap:
    """Reads a sitemap block by block: fifty thousand addresses are allowed in one."""

    content: Content
    fetched: bool

    def rows(self, table: Table) -> Items:
        """
        Yield the addresses.

        Raises:
            FileError: It is no XML, or is made to do harm; the addresses before were yielded.
        """
        parse = _Parse(table.label)
        parser = parse.parser()
        with closing(self.content.blocks()) as blocks:
            try:
                for block in blocks:
                    parser.Parse(block, False)
                    yield from parse.rows
                    parse.rows.clear()
                parser.Parse(b"", True)
            except expat.ExpatError as error:
                yield from parse.rows
                message = f"{table.label} is no whole XML (line {error.lineno}); export it again"
                raise FileError(message) from error
        yield from parse.rows
        if not self.fetched:
            table.notes += _followed(table.path, parse.sitemaps)


def _followed(index: Path, sitemaps: Sequence[str]) -> list[str]:
    """Say which of the sitemaps that an index names are read."""
    if not sitemaps:
        return []
    names = f"it names {len(sitemaps):,} other sitemaps"
    missing = [address for address in sitemaps if beside(index, address) is None]
    if not missing:
        return [f"{names}, which lie beside it and are read with it"]
    shown = ", ".join(repr(address[:_SHOWN]) for address in missing[:_NAMED])
    text = (
        f"{names}, of which {len(missing):,} do not lie beside it and are not read, such as "
        f"{shown}; put them there, or name their addresses in `path`"
    )
    return [text]


def beside(index: Path, address: str) -> Path | None:
    """Return the file beside an index that one of its addresses means; None: there is none."""
    name = unquote(urlsplit(address).path.rpartition("/")[2])
    if not name or name.startswith(".") or set(name) & {"/", "\\", "\0"}:
        return None
    for known in (name, name.removesuffix(".gz"), f"{name}.gz"):
        found = index.with_name(known)
        if found != index and found.is_file():
            return found
    return None


def may_be_sitemap(path: Path) -> bool:
    """Say whether a file is called as sitemaps are."""
    return path.name.lower().endswith((".xml", ".xml.gz"))


def sitemaps_of(files: Sequence[Path]) -> list[Path]:
    """Return the files that sitemap indexes among some files name, and that lie beside them."""
    found: dict[Path, None] = {}
    waiting = [each for each in files if may_be_sitemap(each)]
    while waiting:
        named = [each for each in _indexed(waiting.pop()) if each not in found]
        found |= dict.fromkeys(named)
        waiting += named
    return list(found)


def digest_of(files: Sequence[Path]) -> str:
    """Return what changes whenever one of some files does."""
    found: list[tuple[str, int, int]] = []
    for each in sorted(files):
        with suppress(OSError):  # gone since it was found
            state = each.stat()
            found.append((str(each), state.st_size, state.st_mtime_ns))
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _indexed(path: Path) -> list[Path]:
    """Return the files beside a sitemap index that it names; nothing for any other file."""
    found = (beside(path, address) for address in named_in(path))
    return list(dict.fromkeys(each for each in found if each is not None))


def named_in(path: Path) -> list[str]:
    """Return the addresses that a sitemap index names; nothing for any other file."""
    try:
        content = content_of(path)
        with closing(content.blocks()) as blocks:
            if b"<sitemapindex" not in next(blocks, b"")[:4_096].lower():
                return []
        parse = _Parse(path.name)
        parser = parse.parser()
        with closing(content.blocks()) as blocks:
            for block in blocks:
                parser.Parse(block, False)
    except (FileError, OSError, expat.ExpatError):
        return []  # whoever reads it says so
    return parse.sitemaps


def content_of(path: Path) -> Content:
    """Return the content of a file, unpacked where it is gzipped."""
    plain = Content(path)
    with closing(plain.blocks()) as blocks:
        start = next(blocks, b"")
    return Content(path, "gzip") if start.startswith(b"\x1f\x8b") else plain


@dataclass(frozen=True)
class _Pages(Format):
    """Addresses of pages."""

    def mapper(self, header: Sequence[str], wishes: Wishes, modified_at: datetime) -> RowMapper:
        """Return what makes facts of addresses."""
        return _PageMapper(header, zone_of(wishes.timezone), wishes.dates)


class _PageMapper(RowMapper):
    """
    Makes a fact of each page.

    Args:
        header: The column names.
        zone: Where local times are.
        dates: How dates are written.
    """

    def __init__(self, header: Sequence[str], zone: tzinfo, dates: Sequence[str]) -> None:
        super().__init__(header)
        self._times = TimeReader(zone, dates)
        names = [fold(name) for name in header]
        self._address = _address_place(header) or 0
        self._changed = names.index("lastmod") if "lastmod" in names else None

    def records(self, row: Numbered) -> Sequence[Mapped]:
        """
        Return the page.

        Raises:
            RecordError: It has no address.
        """
        address = clean(row.values[self._address])
        if not address:
            message = f"column {self.header[self._address]!r} names the page and is empty"
            raise RecordError("missing-key", message, "key")
        if address[0] != "/" and "." not in address and "/" not in address:
            message = f"column {self.header[self._address]!r} holds no address"
            raise RecordError("bad-address", message, "subject")
        page = page_of(address if "/" in address else f"//{address}")
        record: Mapped = {
            "key": compose(("page", page)),
            "subject": page,
            "name": "web.page",
            "value": 1,
            "unit": "page",
        }
        changed = self._changed and row.values[self._changed]
        if changed:
            record["happened_at"] = self._times.time(changed)
        return (record,)


def _address_place(header: Sequence[str]) -> int | None:
    return next((at for at, name in enumerate(header) if fold(name) in _ADDRESSES), None)


def page_formats(table: Table) -> Sequence[Format]:
    """Return how a sitemap or a list of pages is read; nothing for other tables."""
    form = _Pages("sitemap", "sitemap", "pages", "fact", snapshot=True, alone=True)
    if table.format == "sitemap":
        return [form]
    place = _address_place(table.header)
    others = {fold(name) for at, name in enumerate(table.header) if at != place}
    if place is not None and others <= _BESIDE:
        return [_Pages("page-list", "list of pages", "pages", "fact", snapshot=True, alone=True)]
    return []
