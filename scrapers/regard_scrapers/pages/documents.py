"""A page as bytes, and what of it is read: its text in the right encoding, its tree, its base."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

__all__ = ["Document", "decoded"]

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED: Final = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})""", re.IGNORECASE
)
_BEGINNING: Final = 4096
_BASE: Final = re.compile(r"<base\s", re.IGNORECASE)
_SCRIPTS: Final = re.compile(
    r"<!--.*?-->|<script\b([^>]*)>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL
)
"""Comments are passed over, since a script in one is none."""
_LD_TYPE: Final = re.compile(
    r"""type\s*=\s*["']?\s*application/ld\+json\s*(?:;[^"'>]*)?["'\s]?""", re.IGNORECASE
)
_AS_BROWSERS: Final = {"iso8859-1": "cp1252", "ascii": "cp1252"}


def decoded(body: bytes, encoding: str | None = None) -> str:
    """
    Return a page's text as browsers read it.

    Args:
        body: As it was sent.
        encoding: What the server said of it.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    found = _DECLARED.search(body, 0, _BEGINNING)
    declared = found[1].decode("ascii") if found else None
    said = [known for each in (encoding, declared) if (known := _known(each)) is not None]
    for known in (*said, "utf-8"):
        try:
            return body.decode(known)
        except UnicodeDecodeError:
            continue
    return body.decode(said[0] if said else "cp1252", errors="replace")


def _known(name: str | None) -> str | None:
    if not name:
        return None
    try:
        found = codecs.lookup(name.strip())
    except LookupError:
        return None
    # Codecs such as base64 are none of text.
    if not getattr(found, "_is_text_encoding", True):
        return None
    plain = found.name
    return _AS_BROWSERS.get(plain, plain)


@dataclass(eq=False)
class Document:
    """
    A page that is read.

    Attributes:
        body: As it was sent.
        url: Where it was found.
        encoding: What the server said of it; None: nothing.
    """

    body: bytes
    url: str
    encoding: str | None = None

    @cached_property
    def text(self) -> str:
        """The source of the page."""
        return decoded(self.body, self.encoding)

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The page as browsers understand it."""
        return LexborHTMLParser(self.text)

    @cached_property
    def base(self) -> str:
        """What relative addresses begin at."""
        if _BASE.search(self.text) is None:
            return self.url
        found = self.tree.css_first("base[href]")
        href = found.attributes.get("href") if found is not None else None
        return urljoin(self.url, href.strip()) if href else self.url

    @cached_property
    def language(self) -> str | None:
        """The language that the page says it is in, such as ``es``."""
        root = self.tree.css_first("html")
        given = (root.attributes.get("lang") or "") if root is not None else ""
        return given.strip()[:2].lower() or None

    @cached_property
    def ld_blocks(self) -> list[str]:
        """The contents of its blocks of JSON-LD; found without a tree, which costs more."""
        return [
            found[2]
            for found in _SCRIPTS.finditer(self.text)
            if found[1] is not None and _LD_TYPE.search(found[1])
        ]

    def address(self, href: str | None) -> str | None:
        """Return an address as a whole one; None where it is none of the web."""
        if not href or not href.strip():
            return None
        try:
            whole = urljoin(self.base, href.strip())
            return whole if urlsplit(whole).scheme in ("http", "https") else None
        except ValueError:
            return None

    def first(self, css: str) -> LexborNode | None:
        """Return the first element that a selector finds."""
        return self.tree.css_first(css)
