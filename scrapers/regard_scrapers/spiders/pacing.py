"""
How gently a crawl asks: one request at a time and at least a second between two, per origin.

Scrapy paces by host name and forgets a host that was idle for a minute. This gate is by origin,
counts robots.txt too, keeps the least time between the beginnings of two requests exactly, and
shuts at once when a server says that it is too much.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from regard_scrapers.spiders.robots import DELAY, origin_of
from regard_scrapers.spiders.waits import TOO_MUCH, retry_after_seconds

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

__all__ = ["PacingMiddleware", "Paused"]

_HELD: Final = "regard_held"
_LEAST_DELAY: Final = 1.0
"""Seconds between two requests to an origin that is not one's own, whatever is set."""

_UNSAID_SECONDS: Final = 60.0
"""How long to wait where a server asks for less without saying how long."""


class Paused(IgnoreRequest):
    """The origin has asked for less; the address was not asked for and is still to be fetched."""


@dataclass(slots=True)
class _Gate:
    """The gate of one origin."""

    free: asyncio.Semaphore
    next_at: float = 0.0
    shut_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class PacingMiddleware:
    """
    Lets requests to one origin through one after the other.

    It stands next to the downloader, so that everything that asks passes it. The setting
    ``REGARD_DELAY`` is the least time between two, ``REGARD_AT_ONCE`` how many may be on their
    way, ``REGARD_WAIT`` how long the first must wait because of a crawl before this one. Less
    than a second, and more than one, hold for hosts of one's own only (``REGARD_ALLOW_HOSTS``).
    """

    def __init__(self, crawler: Crawler, clock: Callable[[], float] = time.monotonic) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._delay = settings.getfloat("REGARD_DELAY", 1.0)
        self._at_once = settings.getint("REGARD_AT_ONCE", 1)
        self._own = {each.casefold() for each in settings.getlist("REGARD_ALLOW_HOSTS")}
        self._clock = clock
        self._begin_at = clock() + settings.getfloat("REGARD_WAIT", 0.0)
        self._gates: dict[str, _Gate] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PacingMiddleware:
        """Make the middleware of a crawler."""
        return cls(crawler)

    def _gate(self, request: Request) -> _Gate:
        origin = origin_of(request.url)
        if origin not in self._gates:
            at_once = self._at_once if self._is_own(request) else 1
            gate = _Gate(asyncio.Semaphore(at_once), self._begin_at)
            self._gates[origin] = gate
        return self._gates[origin]

    async def process_request(self, request: Request) -> None:
        """
        Wait for the request's turn.

        Raises:
            Paused: The origin has asked for less.
        """
        gate = self._gate(request)
        await gate.free.acquire()
        try:
            async with gate.turn:
                wait = gate.next_at - self._clock()
                if wait > 0 and gate.shut_until <= self._clock():
                    await asyncio.sleep(wait)
                # Also after the wait: the answer to the one before may have shut it.
                if gate.shut_until > self._clock():
                    message = "the server has asked for less"
                    raise Paused(message)
                gate.next_at = self._clock() + self._delay_of(request)
        except BaseException:
            gate.free.release()
            raise
        request.meta[_HELD] = True

    def process_response(self, request: Request, response: Response) -> Response:
        """Let the next one go, or shut the gate where the server says that it is too much."""
        gate = self._release(request)
        if response.status in TOO_MUCH:
            header = response.headers.get("Retry-After")
            said = retry_after_seconds(header.decode("latin-1") if header else None)
            wait = _UNSAID_SECONDS if said is None else said
            gate.shut_until = max(gate.shut_until, self._clock() + wait)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Let the next one go."""
        self._release(request)

    def _is_own(self, request: Request) -> bool:
        parts = urlsplit(request.url)
        host = (parts.hostname or "").casefold()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"{host}:{port}" in self._own or host in self._own

    def _delay_of(self, request: Request) -> float:
        least = 0.0 if self._is_own(request) else _LEAST_DELAY
        return max(self._delay, least, float(request.meta.get(DELAY, 0.0)))

    def _release(self, request: Request) -> _Gate:
        gate = self._gate(request)
        if request.meta.pop(_HELD, False):
            # A slow server gets its rest after the answer, not while it still works on it.
            gate.next_at = max(gate.next_at, self._clock() + self._delay_of(request))
            gate.free.release()
        return gate
