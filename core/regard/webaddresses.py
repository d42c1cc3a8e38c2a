"""
Addresses on the web that something is sent to: whether they may be, and what may be shown.

Addresses of webhooks and of pings are secrets: whoever has one can use it. So a message
repeats no more of it than its host.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

__all__ = ["address_fault", "host_of", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Say whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_fault(url: str) -> str | None:
    """Say what is wrong with a web address, without repeating it; None: nothing."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no web address"
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        return "is no web address: a blank or a line break is in it"
    if parts.scheme not in ("http", "https") or not host:
        return "is no web address; it begins with https://"
    if "@" in parts.netloc:
        return "has a user in it; only addresses without one are supported"
    if parts.scheme == "http" and not is_loopback(host):
        return "must begin with https://; http:// is only for this machine"
    return None


def host_of(url: str) -> str:
    """Return what a message may show of an address."""
    return urlsplit(url).hostname or ""
