"""Addresses: what they belong to, and what is the same one."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["origin_of", "plain_url"]

_USUAL = {"http": 80, "https": 443}
_TRACKING = ("utm_", "gclid", "fbclid", "mc_cid", "mc_eid", "_ga", "ref_src")


def origin_of(url: str) -> str:
    """Return the scheme, host and port of an address: what a robots.txt speaks for."""
    parts = urlsplit(url)
    host = (parts.hostname or "").casefold()
    host = f"[{host}]" if ":" in host else host
    usual = parts.port is None or parts.port == _USUAL.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}")


def plain_url(url: str) -> str:
    """Return an address without its fragment and without what only counts visitors."""
    parts = urlsplit(url)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.casefold().startswith(_TRACKING)
    ]
    return urlunsplit((parts.scheme, parts.netloc.casefold(), parts.path, urlencode(query), ""))
