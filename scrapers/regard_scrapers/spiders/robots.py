"""
robots.txt as RFC 9309 has it, also for requests that wait for it at the same time.

Scrapy's own middleware (2.14 to 2.19) lets all but the first two of those through, and takes an
error of the server for permission; tests beside this one notice when that changes.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from regard_scrapers.spiders.waits import TOO_MUCH, retry_after_seconds

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

__all__ = [
    "ForbiddenByRobots",
    "RobotsMiddleware",
    "RobotsUnread",
    "Rules",
    "origin_of",
    "robots_fetched",
]

AGENT: Final = "regard"
"""The product token that robots.txt may speak to."""

ITSELF: Final = "regard_robots"
"""Marks the request for robots.txt itself."""

DELAY: Final = "regard_crawl_delay"
"""Carries what robots.txt asks to wait, for whoever paces requests."""

_LONGEST: Final = 500 * 1024
"""RFC 9309, 2.5: at least 500 KiB are read."""

LONGEST_CRAWL_DELAY: Final = 30.0
_TOO_OFTEN: Final = 429
_KEPT_SECONDS: Final = 24 * 3600.0

robots_fetched = object()
"""Scrapy signal: a robots.txt was fetched; ``origin``, ``status`` and ``body`` go with it."""


class ForbiddenByRobots(IgnoreRequest):
    """robots.txt says no, or cannot be read, which says no too."""


class RobotsUnread(ForbiddenByRobots):
    """
    robots.txt cannot be read: it forbids everything now, and says nothing of tomorrow.

    Args:
        rules: What is known of it.
    """

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules.why)
        self.rules = rules


def origin_of(url: str) -> str:
    """Return the scheme, host and port of an address: what a robots.txt speaks for."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    usual = {"http": 80, "https": 443}.get(parts.scheme) == port
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + ("" if usual else f":{port}")


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What one robots.txt says.

    Attributes:
        status: The status it came with; 0: there was no answer.
        parsed: Its rules; None: there are none, or it could not be read.
        failure: What kept the answer away, where that is known.
        wait_seconds: How long the server asks to wait before it is asked again.
    """

    status: int
    parsed: Protego | None
    failure: str | None = None
    wait_seconds: float | None = None

    @classmethod
    def read(
        cls,
        status: int,
        body: bytes,
        failure: str | None = None,
        wait_seconds: float | None = None,
    ) -> Rules:
        """Return the rules of a robots.txt as it was answered."""
        if 200 <= status < 300:
            text = body[:_LONGEST].decode("utf-8", errors="replace")
            return cls(status, Protego.parse(text))
        return cls(status, None, failure, wait_seconds)

    def allows(self, url: str) -> bool:
        """Say whether an address may be fetched (RFC 9309, 2.2 and 2.3.1)."""
        if self.parsed is not None:
            return bool(self.parsed.can_fetch(url, AGENT))
        return not self.unread

    @property
    def unread(self) -> bool:
        """
        Whether nobody knows what it says, which forbids everything (RFC 9309, 2.3.1.4).

        A 4xx says that there are no rules; but 429 says only that we asked too often.
        """
        return self.parsed is None and not (400 <= self.status < 500 and self.status != _TOO_OFTEN)

    @property
    def asks_for_less(self) -> bool:
        """Whether the server wants to be asked less, robots.txt and all else."""
        waits = self.wait_seconds is not None and self.status in TOO_MUCH
        return self.status == _TOO_OFTEN or waits

    @property
    def why(self) -> str:
        """Why it does not allow an address."""
        if self.parsed is not None:
            return "robots.txt forbids it"
        if self.status:
            return f"robots.txt was answered with status {self.status}, which forbids everything"
        why = f" ({self.failure})" if self.failure else ""
        return f"robots.txt could not be fetched{why}, which forbids everything"

    @property
    def delay_seconds(self) -> float:
        """How long it asks to wait between requests, at most half a minute."""
        asked = self.parsed.crawl_delay(AGENT) if self.parsed is not None else None
        return min(float(asked or 0.0), LONGEST_CRAWL_DELAY)


class RobotsMiddleware:
    """
    Lets through only what robots.txt allows.

    What a crawl knows of robots.txt already comes in the setting ``REGARD_ROBOTS``: for each
    origin its status, body and age in seconds.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, asyncio.Future[Rules]] = {}
        known = {
            origin: Rules.read(int(status), str(body).encode())
            for origin, (status, body, age) in crawler.settings.getdict("REGARD_ROBOTS").items()
            if float(age) < _KEPT_SECONDS
        }
        # A failure of an hour ago must not shut a site for a day: it is asked for again.
        self._known = {origin: rules for origin, rules in known.items() if not rules.unread}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        """Make the middleware of a crawler."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """
        Refuse what robots.txt does not allow.

        Raises:
            ForbiddenByRobots: It does not allow this address.
            RobotsUnread: It could not be read.
        """
        if request.meta.get(ITSELF) or urlsplit(request.url).scheme not in ("http", "https"):
            return
        rules = await self.rules(request.url)
        request.meta[DELAY] = rules.delay_seconds
        if not rules.allows(request.url):
            stats = self._crawler.stats
            if stats is not None:
                stats.inc_value("regard/robots_forbidden")
            raise RobotsUnread(rules) if rules.unread else ForbiddenByRobots(rules.why)

    async def rules(self, url: str) -> Rules:
        """Return the rules for an address; everybody who waits gets the same."""
        origin = origin_of(url)
        known = self._known.get(origin)
        if known is not None:
            return known
        waiting = self._rules.get(origin)
        if waiting is not None:
            return await asyncio.shield(waiting)
        future: asyncio.Future[Rules] = asyncio.get_running_loop().create_future()
        self._rules[origin] = future
        rules = await self._fetched(origin)
        self._known[origin] = rules
        future.set_result(rules)
        return rules

    async def _fetched(self, origin: str) -> Rules:
        engine = self._crawler.engine
        assert engine is not None  # noqa: S101  # there is one while requests are made
        status, body, failure, wait = 0, b"", None, None
        try:
            request = Request(
                f"{origin}/robots.txt",
                meta={ITSELF: True, "handle_httpstatus_all": False, "dont_retry": True},
                callback=NO_CALLBACK,
                priority=1000,
            )
            response = await engine.download_async(request)
            status, body = response.status, response.body
            header = response.headers.get("Retry-After")
            wait = retry_after_seconds(header.decode("latin-1") if header else None)
        except IgnoreRequest as error:
            failure = str(error)[:200] or None
        except Exception as error:  # noqa: BLE001  # whatever goes wrong forbids everything
            failure = type(error).__name__
            if self._crawler.spider is not None:
                self._crawler.spider.logger.info("robots.txt of %s: %s", origin, error)
        self._crawler.signals.send_catch_log(
            robots_fetched, origin=origin, status=status, body=body[:_LONGEST], at=time.time()
        )
        return Rules.read(status, body, failure, wait)
