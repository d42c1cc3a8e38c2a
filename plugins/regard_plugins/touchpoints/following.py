"""
The sitemaps that a fetched index names, which are fetched with it.

Whoever writes an index decides what is asked for, so the rules are narrow: only the host that
the configuration names, encrypted as it was, with what the index itself was asked with; no
more than so many files, and none larger than sitemaps are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from regard.errors import ConfigError, FileError
from regard.settings.paths import Remote, paths_of
from regard.sources import Context
from regard_plugins.touchpoints.pages import content_of, is_sitemap, named_in

__all__ = ["Followed", "follow"]

_MOST: Final = 500
"""So many sitemaps of one index: they may hold twenty-five million pages."""
_LARGEST: Final = 100_000_000
"""Bytes: the protocol allows half of it."""
_PORTS: Final = {"http": 80, "https": 443}
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Followed:
    """
    What was fetched, and what follows from it.

    Attributes:
        files: All files that were fetched.
        parts: The remotes that indexes among them name.
        only_sitemaps: Whether nothing else is among the files.
        digest: Changes whenever what is in one of them does.
    """

    files: tuple[Path, ...]
    parts: tuple[Remote, ...]
    only_sitemaps: bool
    digest: str


def follow(remotes: Sequence[Remote], ctx: Context) -> Followed:
    """
    Fetch what remotes hold and, where that is an index of sitemaps, what it names.

    What may not be fetched is named in a note of the run; what could not be fetched fails it
    as any other remote does, once everything else is read.

    Args:
        remotes: Those of the configuration.
        ctx: The host.
    """
    files: dict[Path, None] = {}
    parts: dict[str, Remote] = {}
    for home in remotes:
        waiting = [home]
        while waiting:
            remote = waiting.pop(0)
            for file in ctx.paths([remote]):
                if file in files:
                    continue
                files[file] = None
                if home.scheme in _PORTS:
                    waiting += _parts(home, file, parts, ctx)
    return Followed(
        tuple(files), tuple(parts.values()), all(map(_is_sitemap, files)), _digest_of(files)
    )


def _parts(home: Remote, index: Path, parts: dict[str, Remote], ctx: Context) -> list[Remote]:
    """Add what an index names to the parts, and return what is new among it."""
    new: list[Remote] = []
    elsewhere: list[str] = []
    beyond = 0
    for address in named_in(index):
        part = _part(home, address)
        if part is None:
            elsewhere.append(address)
        elif part.url == home.url or part.url in parts:
            continue
        elif len(parts) >= _MOST:
            beyond += 1
        else:
            parts[part.url or ""] = part
            new.append(part)
    if elsewhere:
        ctx.note(
            f"{index.name}: {len(elsewhere):,} of the sitemaps that it names are not on "
            f"{home.address.hostname} and are not fetched, such as {elsewhere[0][:_SHOWN]!r}; "
            "name their addresses in `path`"
        )
    if beyond:
        ctx.note(
            f"{index.name}: it names {beyond:,} sitemaps beyond {_MOST}; they are not fetched"
        )
    return new


def _part(home: Remote, address: str) -> Remote | None:
    """Return the remote of an address on the host of another; None: it is elsewhere, or none."""
    at = home.address
    try:
        found = urlsplit(address.strip())
        # An address of old may say http where the site is encrypted now.
        same = found.scheme == at.scheme or (found.scheme, found.port) == ("http", None)
        if not same or _place(found, at.scheme) != _place(at, at.scheme):
            return None
        url = urlunsplit((at.scheme, at.netloc, found.path, found.query, ""))
        (checked,) = paths_of(url)
    except (ConfigError, ValueError):
        return None
    if not isinstance(checked, Remote):
        return None
    limit = min(home.limit, _LARGEST)
    return home.model_copy(update={"url": checked.url, "name": None, "limit": limit})


def _place(parts: SplitResult, scheme: str) -> tuple[str, int]:
    return (parts.hostname or "").lower().rstrip("."), parts.port or _PORTS[scheme]


def _is_sitemap(path: Path) -> bool:
    with suppress(OSError, FileError):
        return is_sitemap(content_of(path).head(4_096))
    return False


def _digest_of(files: Sequence[Path] | dict[Path, None]) -> str:
    found = hashlib.sha256()
    for each in sorted(files):
        with suppress(OSError), each.open("rb") as file:  # gone since it was fetched
            inside = hashlib.file_digest(file, "sha256").hexdigest()
            found.update(f"{each.name}:{inside};".encode())
    return found.hexdigest()
