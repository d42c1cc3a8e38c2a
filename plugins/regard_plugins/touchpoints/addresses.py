"""
Addresses of pages without what must not be kept of them.

A query holds searches, sessions, tokens and mail addresses, so only the path is kept, and the
campaign from which somebody came. Paths hold such things, too: the link that resets a password
is one.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, unquote_plus

from regard.privacy import mask_text

__all__ = ["campaign_of", "page_of"]

_LONGEST = 1_000
_TOKEN = re.compile(
    r"(?<![^/])(?=[^/]*\d)(?:[A-Za-z0-9_=]{32,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|eyJ[A-Za-z0-9_.-]{20,})(?![^/])"
)
_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^/?#]*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")
_DIGITS = re.compile(r"\d{5}")
_CAMPAIGNS = ("&utm_campaign=", "&utm_source=")
_CAMPAIGN_LENGTH = 100


def page_of(address: str) -> str:
    """
    Return the path of an address: neither its host nor its query.

    Args:
        address: A path as in a log, or a whole address as in a sitemap.
    """
    text = _CONTROL.sub("", address)
    if not text.startswith("/") or text.startswith("//"):
        found = _ABSOLUTE.match(text)
        text = text[found.end() :] if found else text
    path = text.partition("#")[0].partition("?")[0][:_LONGEST]
    if len(path) > 32:
        path = _TOKEN.sub("[token]", path)
    if "@" in path or "%40" in path or _DIGITS.search(path):
        path = _masked(path)
    return path or "/"


def _masked(path: str) -> str:
    plain = unquote(path)
    masked = "/".join(mask_text(part) for part in plain.split("/"))
    return path if masked == plain else quote(masked, safe="/[]")


def campaign_of(address: str) -> str | None:
    """Return the campaign from which an address says that somebody came."""
    query = f"&{address.partition('?')[2][:_LONGEST]}"
    for name in _CAMPAIGNS:
        found = query.partition(name)[2].partition("&")[0]
        if found:
            text = _CONTROL.sub(" ", unquote_plus(found)).strip()
            return mask_text(text)[:_CAMPAIGN_LENGTH] or None
    return None
