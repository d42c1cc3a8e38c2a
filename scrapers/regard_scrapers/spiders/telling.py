"""What a team's own spider did on the network, told to whoever started it; and today's budget."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from regard_scrapers.spiders.addon import GuestAddon
from regard_scrapers.spiders.guarding import RefusedAddress
from regard_scrapers.spiders.pacing import Paused
from regard_scrapers.spiders.robots import ITSELF, ForbiddenByRobots, RobotsUnread, origin_of
from regard_scrapers.spiders.waits import retry_after_seconds

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

__all__ = ["USED_UP", "HostedAddon", "TellingMiddleware", "answered", "unanswered"]

_MIDDLEWARES = {"regard_scrapers.spiders.telling.TellingMiddleware": 960}

USED_UP = "budget"
"""Why a spider was closed whose requests of today are used up."""

answered = object()
"""Scrapy signal: somebody answered; ``origin``, ``status``, ``wait`` and ``which`` go along."""

unanswered = object()
"""Scrapy signal: a request came to nothing; ``why``, ``origin`` and ``which`` go along."""


class HostedAddon(GuestAddon):
    """Makes a spider a guest, and lets whoever started it hear what it does."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Set it, whatever middlewares the spider brings itself."""
        super().update_settings(settings)
        middlewares = {**settings.getdict("DOWNLOADER_MIDDLEWARES"), **_MIDDLEWARES}
        settings.set("DOWNLOADER_MIDDLEWARES", middlewares, "cmdline")


class TellingMiddleware:
    """
    Tells of every request that is made or refused, and closes the spider in good time.

    It stands next to the downloader, below the pace: what was not sent is not counted. The
    setting ``REGARD_LEFT`` says how many requests each origin may still get today.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        left = crawler.settings.getdict("REGARD_LEFT")
        self._left = Counter({origin: int(count) for origin, count in left.items()})
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TellingMiddleware:
        """Make the middleware of a crawler."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """
        Count a request.

        Raises:
            IgnoreRequest: Its origin has had all that it gets today.
        """
        origin = origin_of(request.url)
        if origin not in self._left:
            return
        if self._left[origin] <= 0:
            self._close()
            message = "the requests of today are used up"
            raise IgnoreRequest(message)
        self._left[origin] -= 1

    def process_response(self, request: Request, response: Response) -> Response:
        """Tell of an answer."""
        header = response.headers.get("Retry-After")
        wait = retry_after_seconds(header.decode("latin-1") if header else None)
        self._crawler.signals.send_catch_log(
            answered,
            origin=origin_of(request.url),
            status=response.status,
            wait=wait,
            which=self._which(request),
        )
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Tell of a request without an answer."""
        why = "network"
        if isinstance(exception, RobotsUnread):
            why = "robots-unread"
        elif isinstance(exception, ForbiddenByRobots):
            why = "robots"
        elif isinstance(exception, RefusedAddress):
            why = "refused"
        elif isinstance(exception, Paused):
            why = "paused"
        elif isinstance(exception, IgnoreRequest):
            why = "ignored"
        self._crawler.signals.send_catch_log(
            unanswered, origin=origin_of(request.url), why=why, which=self._which(request)
        )

    def _which(self, request: Request) -> str:
        """Return what tells a request from others; robots.txt, which holds nothing, has none."""
        if request.meta.get(ITSELF):
            return ""
        finger = self._crawler.request_fingerprinter
        return finger.fingerprint(request).hex()[:16]

    def _close(self) -> None:
        engine = self._crawler.engine
        if self._closing is None and engine is not None:
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=USED_UP))
