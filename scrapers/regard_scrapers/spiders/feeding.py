"""The spider that is fed: it fetches what it is told to, and answers each address once."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from regard_scrapers.sites import Site
from regard_scrapers.spiders.answers import Answerer
from regard_scrapers.spiders.frames import Fetched, Order, unpack
from regard_scrapers.spiders.guarding import RefusedAddress
from regard_scrapers.spiders.pacing import Paused
from regard_scrapers.spiders.robots import (
    ForbiddenByRobots,
    RobotsUnread,
    origin_of,
    robots_fetched,
)
from regard_scrapers.spiders.waits import TOO_MUCH, retry_after_seconds

if TYPE_CHECKING:
    from regard_scrapers.spiders.rendering import Rendered, Renderer

__all__ = ["FedSpider", "Talk"]

_ORDER: Final = "regard_order"


class Talk(Protocol):
    """Who hears what became of addresses."""

    def say(self, what: str, /, **data: Any) -> None:  # noqa: ANN401  # JSON
        """Say one thing."""


class FedSpider(Spider):
    """
    Fetches the addresses that come over a pipe.

    Args:
        config: What the crawl said at first: the site, the time, what is known of robots.txt.
        pipe: Who hears the answers.
    """

    name = "regard"

    def __init__(self, *, config: dict[str, Any], pipe: Talk) -> None:
        super().__init__()
        self._pipe = pipe
        self._site = Site.model_validate(config["site"])
        self._answerer = Answerer(self._site, config["what"])
        self._config = config
        self._renderer: Renderer | None = None
        self._input = int(config.get("input", 0))
        self._orders: asyncio.Queue[Order | None] = asyncio.Queue()
        self._rest = b""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> FedSpider:  # noqa: ANN401
        """Make the spider of a crawler, and let it hear of robots.txt."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._heard_robots, robots_fetched)  # its own
        crawler.signals.connect(spider._closed, signals.spider_closed)
        spider._prepare(crawler)
        return spider

    def _prepare(self, crawler: Crawler) -> None:
        """Make what renders pages, where the site's file asks for it."""
        if self._site.javascript is None:
            return
        # An extra brings what it needs, and whoever does without does not wait for it.
        from regard_scrapers.spiders.rendering import Renderer

        rendering = self._config["rendering"]
        self._renderer = Renderer(crawler, self._site.javascript, rendering, self._pipe.say)
        crawler.signals.connect(self._renderer.close, signals.spider_closed)

    async def start(self) -> AsyncIterator[Any]:
        """Yield a request for each order, until somebody says that there are no more."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._input, self._hear)
        try:
            self._pipe.say("ready")
            while (order := await self._orders.get()) is not None:
                try:
                    request = self._request(order)
                except ValueError:
                    # Scrapy makes no request of it; without an outcome we were waited for.
                    fetched = Fetched(order.url, order.kind, "refused", None, "no address")
                    self._pipe.say("fetched", fetched=asdict(fetched))
                    continue
                yield request
        finally:
            loop.remove_reader(self._input)

    def _hear(self) -> None:
        data = os.read(self._input, 65536)
        if not data:
            if self._renderer is not None:
                # Nobody listens any more: Chromium need not come to the end of its pages.
                os._exit(0)
            self._orders.put_nowait(None)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            said = unpack(line)
            if said["say"] == "stop":
                self._orders.put_nowait(None)
            else:
                self._orders.put_nowait(Order(**said["order"]))

    def _request(self, order: Order) -> Request:
        headers: dict[str, str] = {}
        renderer = self._renderer if self._site.renders(order.kind) else None
        if self._renderer is not None:
            self._renderer.count(order.url)
        # An unchanged page says nothing of what its scripts will show.
        if order.etag and renderer is None:
            headers["If-None-Match"] = order.etag
        if order.last_modified and renderer is None:
            headers["If-Modified-Since"] = order.last_modified
        return Request(
            order.url,
            callback=self._answered if renderer is None else self._shown,
            errback=self._failed,
            headers=headers,
            meta={_ORDER: order, "max_retry_times": 0, "redirect_max_times": 5},
            dont_filter=True,
        )

    async def _shown(self, response: Response) -> None:
        """Render a page, and answer then."""
        from regard_scrapers.spiders.browser import BrowserUnusable
        from regard_scrapers.spiders.rendering import is_html

        assert self._renderer is not None  # noqa: S101  # else nothing asks for it
        if not 200 <= response.status < 300 or not is_html(response):
            self._answered(response)
            return
        try:
            rendered = await self._renderer.render(response)
        except BrowserUnusable as error:
            self._pipe.say("unusable", text=str(error))
            return
        except Exception as error:  # as below
            order: Order = response.meta[_ORDER]
            self.logger.exception("%s could not be rendered", order.url)
            fetched = Fetched(order.url, order.kind, "unreadable", 200, type(error).__name__)
            self._pipe.say("fetched", fetched=asdict(fetched))
            return
        self._answered(response, rendered)

    def _answered(self, response: Response, rendered: Rendered | None = None) -> None:
        order: Order = response.meta[_ORDER]
        if rendered is not None and rendered.suspended:
            # It comes again, and was asked for all the same.
            self._pipe.say("asked", origin=origin_of(response.url))
            self._pipe.say("paused", url=order.url)
            return
        try:
            fetched = self._judged(order, response, rendered)
        except Exception as error:  # a page that breaks our reading must not break the crawl
            self.logger.exception("%s could not be read", order.url)
            fetched = Fetched(
                order.url, order.kind, "unreadable", response.status, type(error).__name__
            )
        self._pipe.say("fetched", fetched=asdict(fetched))

    def _judged(self, order: Order, response: Response, rendered: Rendered | None) -> Fetched:
        if rendered is not None:
            return self._judged_again(order, response, rendered)
        status = response.status
        etag, modified = _header(response, "ETag"), _header(response, "Last-Modified")
        if status == 304:
            return Fetched(
                order.url, order.kind, "not-modified", status, etag=etag, last_modified=modified
            )
        if status in TOO_MUCH:
            wait = retry_after_seconds(_header(response, "Retry-After"))
            text = f"the server answered {status}"
            return Fetched(
                order.url, order.kind, "rate-limited", status, text, retry_after_seconds=wait
            )
        if status in (404, 410):
            return Fetched(order.url, order.kind, "gone", status, f"status {status}")
        if status in (401, 403, 451):
            return Fetched(order.url, order.kind, "blocked", status, f"status {status}")
        if not 200 <= status < 300:
            return Fetched(order.url, order.kind, "http-error", status, f"status {status}")
        body = response.body
        return self._answerer.answer(
            order,
            body,
            url=response.url,
            encoding=_charset(response),
            now=datetime.now(UTC),
            status=status,
            sha256=hashlib.sha256(body).hexdigest(),
            etag=etag,
            last_modified=modified,
        )

    def _judged_again(self, order: Order, response: Response, rendered: Rendered) -> Fetched:
        """Return what a page came to whose scripts have run."""
        known: dict[str, Any] = {
            "status": response.status,
            "rendered": True,
            "refused": list(rendered.refused),
        }
        if rendered.wait_seconds is not None:
            text = rendered.failed or "a server asks for less"
            return Fetched(order.url, order.kind, "rate-limited", text=text,
                           retry_after_seconds=rendered.wait_seconds,
                           limiter=rendered.limiter, **known)  # fmt: skip
        if rendered.body is None:
            outcome = rendered.outcome or "unreadable"
            return Fetched(order.url, order.kind, outcome, text=rendered.text, **known)
        fetched = self._answerer.answer(
            order,
            rendered.body,
            url=response.url,
            encoding="utf-8",
            now=datetime.now(UTC),
            sha256=hashlib.sha256(rendered.body).hexdigest(),
            **known,
        )
        nothing = not (fetched.records or fetched.found or fetched.rating or fetched.body)
        if rendered.failed is not None and nothing and fetched.outcome != "blocked":
            # Whether it is empty nobody knows.
            outcome = rendered.outcome or "unreadable"
            return replace(fetched, outcome=outcome, text=rendered.failed)
        return fetched

    def _failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        order: Order = request.meta[_ORDER]
        error = failure.value
        assert error is not None  # noqa: S101  # a failure is one of something
        if isinstance(error, Paused):
            # It was not asked for: whoever feeds us still has it on the list.
            self._pipe.say("paused", url=order.url)
            return
        code, text = _code_of(error, redirected="redirect_urls" in request.meta)
        fetched = Fetched(order.url, order.kind, code, None, text)
        if isinstance(error, RobotsUnread) and error.rules.asks_for_less:
            # Who does not want robots.txt to be asked for wants no page to be, either.
            origin = origin_of(request.url)
            fetched = replace(
                fetched,
                outcome="rate-limited",
                retry_after_seconds=error.rules.wait_seconds,
                limiter=None if origin == origin_of(order.url) else origin,
            )
        self._pipe.say("fetched", fetched=asdict(fetched))

    def _heard_robots(self, origin: str, status: int, body: bytes) -> None:
        text = body.decode("utf-8", errors="replace")
        self._pipe.say("robots", origin=origin, status=status, body=text)

    def _closed(self, reason: str) -> None:
        self._pipe.say("end", reason=reason)


def _code_of(error: BaseException, *, redirected: bool) -> tuple[Any, str]:
    """Return what a failure means for an address, and how people are told."""
    said = str(error)[:200]
    if isinstance(error, RobotsUnread):
        return "robots-unread", said
    if isinstance(error, ForbiddenByRobots):
        return "robots", said
    if isinstance(error, RefusedAddress):
        return ("redirected" if redirected else "refused"), said
    name = type(error).__name__
    if "maxsize" in said or "larger than" in said or "Cancelled" in name:
        return "too-large", "the body is larger than 8 MB"
    if isinstance(error, IgnoreRequest):
        return ("redirected" if redirected else "refused"), said or name
    return "network", name


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1")[:500] if value else None


def _charset(response: Response) -> str | None:
    kind = _header(response, "Content-Type") or ""
    _, _, rest = kind.casefold().partition("charset=")
    return rest.split(";")[0].strip(" \"'") or None
