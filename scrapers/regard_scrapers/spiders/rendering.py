"""
Pages as they are after their scripts have run: one at a time, within bounds of time and memory.

Chromium gets the page that was fetched already, and for all that its scripts ask for it asks us.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import BrowserContext, Error, Page, Request, Route, WebSocketRoute
from scrapy.crawler import Crawler
from scrapy.http import Response

from regard_scrapers.sites import Javascript
from regard_scrapers.spiders.asking import Asking, Unanswered, Wants
from regard_scrapers.spiders.browser import Browser, BrowserUnusable
from regard_scrapers.spiders.frames import OutcomeCode
from regard_scrapers.urls import origin_of

__all__ = ["Rendered", "Renderer", "is_html"]

_ASKED_FOR: Final = ("script", "xhr", "fetch")
_QUIET_SECONDS: Final = 0.5
_TICK_SECONDS: Final = 0.05
_WEIGHED_EVERY: Final = 5
_LAST_SECONDS: Final = 5.0
_LARGEST: Final = 8 * 1024 * 1024
_PAGES_A_BROWSER: Final = 200
_STARTS: Final = 3
_OPEN_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Rendered:
    """
    What a page came to.

    Attributes:
        body: As it is now, in UTF-8; None: it cannot be read.
        outcome: What became of it where it cannot be read, or nothing is read on it.
        text: Why it cannot be read.
        refused: What its scripts were not given, for people.
        failed: Why something may be missing on it; None: nothing is.
        wait_seconds: How long a server asks to wait.
        limiter: The origin that does.
        suspended: It was not rendered to its end, and is still to be fetched.
    """

    body: bytes | None = None
    outcome: OutcomeCode | None = None
    text: str = ""
    refused: tuple[str, ...] = ()
    failed: str | None = None
    wait_seconds: float | None = None
    limiter: str | None = None
    suspended: bool = False


class _Unreadable(Exception):
    """A page that cannot be read; the outcome, and the text that says why."""

    def __init__(self, text: str, outcome: OutcomeCode = "unreadable") -> None:
        super().__init__(text)
        self.outcome = outcome


def is_html(response: Response) -> bool:
    """Say whether an answer is a page that scripts may run in."""
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1").casefold()
    return "html" in kind or (not kind and response.body.lstrip()[:1] == b"<")


class Renderer:
    """
    Renders pages.

    Args:
        crawler: Whose engine asks for what scripts want.
        javascript: What the site's file says of it.
        config: What the crawl was told of it: program, folder, bounds, today's budget.
        tell: Hears which origins scripts ask, and which get no more today.
    """

    def __init__(
        self,
        crawler: Crawler,
        javascript: Javascript,
        config: Mapping[str, Any],
        tell: Callable[..., None],
    ) -> None:
        self._wait = javascript.wait
        # Without what they wait for our answers.
        self._seconds = float(config["seconds"])
        self._memory = int(config["memory"])
        self._asking = Asking(crawler, javascript.origins, config["left"], tell)
        agent = str(crawler.settings["USER_AGENT"])
        self._browser = Browser(
            config["program"], config["scratch"], agent, sandbox=javascript.sandbox
        )
        # Together they would share the memory, and nobody could say whose it is.
        self._one = asyncio.Lock()
        self._rendered = 0

    def count(self, url: str) -> None:
        """Count a page that will be asked for."""
        self._asking.count(url)

    async def render(self, response: Response) -> Rendered:
        """
        Return a page as it is after its scripts have run.

        Raises:
            BrowserUnusable: Chromium does not start.
        """
        async with self._one:
            if self._rendered >= _PAGES_A_BROWSER:
                await self._browser.close()
                self._rendered = 0
            self._rendered += 1
            wants = Wants(response.url)
            showing = _Showing(response, wants, self._asking)
            try:
                body = await self._read(showing)
            except _Unreadable as error:
                return _told(wants, outcome=error.outcome, text=str(error))
            return _told(wants, body=body, outcome=wants.outcome)

    async def _opened(self, showing: _Showing) -> tuple[BrowserContext, Page]:
        """Return a page with nothing in it yet; a Chromium that has died makes way for another."""
        for _ in range(_STARTS):
            if not self._browser.alive:
                await self._browser.start()
            try:
                return await asyncio.wait_for(self._open(showing), _OPEN_SECONDS)
            except Exception:  # noqa: BLE001  # the driver raises any where a process has died
                self._browser.kill()
        message = f"{self._browser.program} starts and does not answer"
        raise BrowserUnusable(message)

    async def _open(self, showing: _Showing) -> tuple[BrowserContext, Page]:
        context = await self._browser.context()
        return context, await showing.open(context)

    async def _read(self, showing: _Showing) -> bytes:
        context, page = await self._opened(showing)
        try:
            return await self._content(page, showing)
        except _Unreadable:
            raise
        except Exception as error:  # the driver raises any where a process has died
            said = str(error).partition("\n")[0][:200]
            message = f"Chromium gave up: {said}"
            raise _Unreadable(message) from error
        finally:
            await self._browser.leave(context)

    async def _content(self, page: Page, showing: _Showing) -> bytes:
        work = asyncio.ensure_future(self._work(page, showing))
        try:
            await self._attend(work, showing)
        finally:
            work.cancel()
            # What it waits for may end with the page only.
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
        if showing.crashed:
            message = "its scripts made Chromium's page crash, as where memory runs out"
            raise _Unreadable(message)
        if origin_of(page.url) != origin_of(showing.url):
            message = "its scripts leave the page"
            raise _Unreadable(message)
        try:
            text = await asyncio.wait_for(page.content(), _LAST_SECONDS)
        except TimeoutError as error:
            raise self._endless() from error
        body = text.encode("utf-8", errors="replace")
        if len(body) > _LARGEST:
            message = "rendered it is larger than 8 MB"
            raise _Unreadable(message, "too-large")
        return body

    async def _work(self, page: Page, showing: _Showing) -> None:
        # Not until more than that: a script that wants to leave would be waited for.
        await page.goto(showing.url, wait_until="commit", timeout=0)
        await showing.loaded.wait()
        if self._wait is not None:
            await page.wait_for_selector(self._wait, state="attached", timeout=0)

    async def _attend(self, work: asyncio.Future[None], showing: _Showing) -> None:
        """Wait until nothing more is going on, or too much."""
        used, quiet_since, ticks = 0.0, time.monotonic(), 0
        while not showing.crashed:
            began = time.monotonic()
            await asyncio.sleep(_TICK_SECONDS)
            ticks += 1
            now = time.monotonic()
            if ticks % _WEIGHED_EVERY == 0:
                self._weigh()
            if showing.waiting:
                quiet_since = now
                continue
            used += now - began
            if work.done() and (now - quiet_since >= _QUIET_SECONDS or showing.stopped):
                await work
                return
            if showing.stopped or used >= self._seconds:
                break
        if not showing.crashed and not showing.stopped:
            raise self._endless()

    def _endless(self) -> _Unreadable:
        seconds = f"{self._seconds:g} seconds"
        if self._wait is not None:
            return _Unreadable(f"{self._wait} did not appear within {seconds}")
        return _Unreadable(f"its scripts did not come to an end within {seconds}")

    def _weigh(self) -> None:
        memory = self._browser.memory()
        if memory is None:
            message = "Chromium has ended while it was shown"
            raise _Unreadable(message)
        if memory > self._memory:
            self._browser.kill()
            message = f"its scripts used more than {self._memory / 1e6:,.0f} MB of memory"
            raise _Unreadable(message)

    async def close(self) -> None:
        """End Chromium."""
        await self._browser.close()


def _told(wants: Wants, **known: Any) -> Rendered:  # noqa: ANN401  # the rest of what it is
    return Rendered(
        refused=tuple(wants.refused),
        failed=wants.failed,
        wait_seconds=wants.wait_seconds,
        limiter=wants.limiter,
        suspended=wants.suspended,
        **known,
    )


class _Showing:
    """
    One page in Chromium, and the answers to all that it asks for.

    Args:
        response: The page as it was sent.
        wants: What its scripts want.
        asking: Asks for it.
    """

    def __init__(self, response: Response, wants: Wants, asking: Asking) -> None:
        self.url = response.url
        self.waiting = 0
        self.crashed = False
        self.loaded = asyncio.Event()
        self._response = response
        self._wants = wants
        self._asking = asking
        self._given = False

    @property
    def stopped(self) -> bool:
        """Whether the rest of the page has to wait."""
        return self._wants.suspended or self._wants.wait_seconds is not None

    async def open(self, context: BrowserContext) -> Page:
        """Return the page, with nothing in it yet."""
        await context.route("**/*", self._route)
        await context.route_web_socket("**/*", self._refuse_socket)
        page = await context.new_page()
        page.on("crash", self._crash)
        page.on("domcontentloaded", self._load)
        context.on("page", self._close_window)
        return page

    def _crash(self, page: Page) -> None:
        self.crashed = True

    def _load(self, page: Page) -> None:
        self.loaded.set()

    async def _close_window(self, window: Page) -> None:
        with suppress(Error):
            await window.close()

    async def _refuse_socket(self, socket: WebSocketRoute) -> None:
        self._wants.refuse(f"{origin_of(socket.url)}: a WebSocket")
        with suppress(Error):
            await socket.close()

    async def _route(self, route: Route) -> None:
        with suppress(Error):  # the page is gone
            try:
                await self._answer(route)
            except Unanswered:
                await route.abort()

    async def _answer(self, route: Route) -> None:
        request = route.request
        if request.is_navigation_request():
            if self._given:
                self._stay(request)
                # Any other error would be shown in place of the page.
                await route.abort("aborted")
                return
            self._given = True
            kind = (self._response.headers.get("Content-Type") or b"text/html").decode("latin-1")
            await route.fulfill(
                status=200, headers={"content-type": kind}, body=self._response.body
            )
        elif request.resource_type == "stylesheet":
            # A bundle whose style does not come would not run its script.
            await route.fulfill(status=200, headers={"content-type": "text/css"}, body="")
        elif request.resource_type not in _ASKED_FOR:
            await route.abort()
        elif request.method != "GET":
            why = f"{origin_of(request.url)}: a request with {request.method}, not GET"
            raise self._wants.refuse(why)
        else:
            await self._ask(route)

    def _stay(self, request: Request) -> None:
        """Keep that the page wants to be left: then it is read no further than to here."""
        with suppress(Error):  # a window, and no frame of the page
            if request.frame.parent_frame is None:
                self._wants.failed = f"its scripts lead to {origin_of(request.url)}"
                self._wants.outcome = "unreadable"
                self.loaded.set()

    async def _ask(self, route: Route) -> None:
        request = route.request
        script = request.resource_type == "script"
        self.waiting += 1
        try:
            answer = await self._asking.get(
                request.url, request.headers, self._wants, script=script
            )
        finally:
            self.waiting -= 1
        await route.fulfill(status=answer.status, headers=dict(answer.headers), body=answer.body)
