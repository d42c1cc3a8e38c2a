"""Sitemaps and their indexes (sitemaps.org), plain or gzipped, read without trusting them."""

from __future__ import annotations

import re
import zlib
from typing import Final

__all__ = ["is_cut", "read_sitemap"]

_GZIP: Final = b"\x1f\x8b"
_LARGEST: Final = 50 * 1024 * 1024
"""What sitemaps.org allows for one file, unpacked."""

_MOST: Final = 50_000
_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"
_END: Final = re.compile(rb"</(?:[\w.-]+:)?(?:urlset|sitemapindex)\s*>")


def read_sitemap(body: bytes) -> tuple[list[str], list[str]] | None:
    """
    Return the pages and the further sitemaps that a sitemap names; None: it is none.

    A text file with an address a line is one, too.

    Args:
        body: As it was sent.
    """
    data, _ = _unpacked(body)
    if data is None:
        return None
    start = data.lstrip(_BEFORE)
    if start.startswith(b"<"):
        return _xml(start)
    lines = data.decode("utf-8", errors="replace").splitlines()
    pages = [line.strip() for line in lines if line.strip()]
    if pages and all(line.startswith(("http://", "https://")) for line in pages):
        return pages[:_MOST], []
    return None


def is_cut(body: bytes) -> bool:
    """Say whether a sitemap ends before its end, as one does that is being written."""
    data, whole = _unpacked(body)
    if data is None or not whole:
        return True
    if not data.lstrip(_BEFORE).startswith(b"<"):
        return False
    return not (_END.search(data[-1000:]) or (b"</" not in data and data.rstrip().endswith(b"/>")))


def _unpacked(body: bytes) -> tuple[bytes | None, bool]:
    """Return a body as it was before it was packed, and whether it has its end."""
    if not body.startswith(_GZIP):
        return (body, True) if len(body) <= _LARGEST else (None, False)
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        data = unpack.decompress(body, _LARGEST)
    except zlib.error:
        return None, False
    return (None, False) if unpack.unconsumed_tail else (data, unpack.eof)


def _xml(data: bytes) -> tuple[list[str], list[str]] | None:
    from lxml import etree

    # Entities could name files, or unfold to gigabytes.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, recover=True, huge_tree=False, load_dtd=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or _local(root.tag) not in ("urlset", "sitemapindex"):
        return None
    found: dict[str, list[str]] = {"url": [], "sitemap": []}
    for entry in root:
        into = found.get(_local(entry.tag))
        if into is None or len(into) >= _MOST:
            continue
        for part in entry:
            if _local(part.tag) == "loc" and part.text and part.text.strip():
                into.append(part.text.strip())
                break
    return found["url"], found["sitemap"]


def _local(tag: object) -> str:
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
