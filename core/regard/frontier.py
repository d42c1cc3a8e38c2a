"""
The frontier: the addresses that a source looks at again and again, and whom they are asked of.

It is kept in the store, so that a crawl that is killed goes on where it was, and so that all
machines together ask an origin as gently as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["Address", "Addresses", "OriginState", "Visited"]


@dataclass(frozen=True, slots=True)
class Address:
    """
    An address that a source looks at again and again.

    Attributes:
        url: The address.
        kind: ``page``, ``list`` or ``sitemap``.
        depth: How many lists were followed to get here.
        via: The address that led to it; None: it is where looking begins.
        etag: What the server said of what is known of it.
        last_modified: Likewise.
        keys: The keys of the records that were on it when it last changed; None: it is not
            known, so it has to be read whole.
    """

    url: str
    kind: str = "page"
    depth: int = 0
    via: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    keys: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Visited:
    """
    What became of one address, stored together with the records of the page that carries it.

    Attributes:
        url: The address.
        outcome: A short code, such as ``ok``, ``not-modified``, ``gone`` or ``network``.
        final: It had its outcome in this pass; else it is tried again.
        good: What it says can be believed; a pass with others is not whole.
        status: The HTTP status; None: there was no answer.
        etag: For the next time.
        last_modified: For the next time.
        sha256: Of the body.
        keys: The keys of the records on it; None: as they were.
        origin: Whom was asked, for the count of a day; None: nobody was.
        leads: It was read for what it leads to, and leads no more to what was not found there.
    """

    url: str
    outcome: str
    final: bool = True
    good: bool = True
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    keys: tuple[str, ...] | None = None
    origin: str | None = None
    leads: bool = False


class Addresses(Protocol):
    """
    The addresses that a source looks at, kept in the store.

    A pass is one look at all of them. It may take many runs: whoever is killed goes on with
    the addresses that have no outcome in it yet.
    """

    def begin(self, recipe: str) -> int:
        """
        Begin a pass, or go on with the one that has not ended, and return its number.

        Args:
            recipe: What decides about records beside the pages, such as a digest of rules;
                addresses that were read by another recipe are read whole.
        """

    def add(self, found: Iterable[Address]) -> int:
        """Take addresses that something led to in this pass; return how many are new."""

    def known_keys(self, url: str) -> int:
        """Return how many records were on an address when it was last read."""

    def find_again(self, url: str) -> None:
        """Take what an address led to before as found in this pass: it has not changed."""

    def led(self, url: str) -> bool:
        """Say whether an address led anywhere when it was last read."""

    def claims(self) -> Iterable[tuple[str, Sequence[str]]]:
        """
        Return pages with the keys of the records that were on them, in order.

        They are those that were read in this pass already, and those that failed in it or in
        the one before, but not in both.
        """

    def outcomes(self, since: datetime) -> Mapping[str, int]:
        """Return how many addresses had which outcome, of those that were asked for since."""

    def due(self, limit: int) -> Sequence[Address]:
        """Return addresses without an outcome in this pass, each once in this run."""

    def again(self, urls: Iterable[str]) -> None:
        """Take back addresses that `due` gave and that were not asked for."""

    @property
    def waiting(self) -> int:
        """How many have no outcome in this pass, those that `due` gave among them."""

    @property
    def unsettled(self) -> int:
        """How many have an outcome that is not stored yet."""

    def hurry(self) -> None:
        """Ask for what waits to be stored at once: there is nothing else to do."""

    def origin(self, origin: str) -> OriginState:
        """Return what is known of an origin."""

    def hold(self, origin: str) -> AbstractContextManager[None]:
        """
        Hold an origin: nobody else, on no machine, asks it meanwhile.

        Raises:
            TransientError: Somebody else holds it.
        """

    def keep_robots(self, origin: str, status: int, body: str) -> None:
        """Remember a robots.txt."""

    def count(self, origin: str, asked: int) -> None:
        """Count requests to an origin that no address stands for."""

    def rest(self, origin: str, until: datetime) -> None:
        """Remember when an origin may be asked again at the earliest."""

    def pause(self, origin: str, until: datetime, why: str) -> None:
        """Leave an origin alone for a while."""


@dataclass(frozen=True, slots=True)
class OriginState:
    """
    What is known of an origin.

    Attributes:
        robots: Status and text of its robots.txt, and when it was fetched; None: unknown.
        next_at: Not before then is it asked again.
        paused_until: It is left alone until then.
        paused_why: Why.
        asked_today: How often it was asked on this day of UTC.
    """

    robots: tuple[int, str, datetime] | None = None
    next_at: datetime | None = None
    paused_until: datetime | None = None
    paused_why: str | None = None
    asked_today: int = 0
