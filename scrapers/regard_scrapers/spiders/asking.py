"""
What a page's scripts ask for, asked by us: as guests, and only what the site's file allows.

Every request goes through the crawl's own engine, so that robots.txt, pace, private addresses
and who is asking are the same for a script as for a page.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from regard_scrapers.spiders.frames import OutcomeCode
from regard_scrapers.spiders.pacing import Paused
from regard_scrapers.spiders.waits import TOO_MUCH, retry_after_seconds
from regard_scrapers.urls import is_address, origin_of

__all__ = ["Answer", "Asking", "Unanswered", "Wants"]

MOST_ASKED: Final = 60
"""So many requests the scripts of one page may make."""

_KEPT_BYTES: Final = 64 * 1024 * 1024
_REFUSALS: Final = (401, 403, 451)
_MOVED: Final = (301, 302, 303, 307, 308)
_MOST_MOVES: Final = 5
_SUSPENDED_UNTIL_SAID: Final = 60.0


class Unanswered(Exception):
    """A script gets no answer; what is to be told of it stands in the page's wants."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a script gets.

    Attributes:
        status: The HTTP status.
        headers: Those that scripts need.
        body: Unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Wants:
    """
    What the scripts of one page want, and what became of it; `Asking` writes in it.

    Attributes:
        url: The page.
        asked: How many requests were made for it.
        refused: What was not asked for, and why, for people; each once.
        failed: Why something may be missing on the page; None: nothing is.
        outcome: What the page came to, where nothing is read on it then.
        wait_seconds: How long a server asks to wait that asks for less.
        limiter: The origin that does.
        suspended: The rest of the page must wait for another day, or for its server.
    """

    url: str
    asked: int = 0
    refused: dict[str, None] = field(default_factory=dict)
    failed: str | None = None
    outcome: OutcomeCode = "network"
    wait_seconds: float | None = None
    limiter: str | None = None
    suspended: bool = False
    coming: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)

    def refuse(self, why: str) -> Unanswered:
        """Keep why something is not asked for."""
        self.refused[why[:200]] = None
        return Unanswered(why)


class Asking:
    """
    Asks for scripts, and for what they ask.

    Args:
        crawler: Whose engine asks.
        origins: Whom scripts may ask beside their page's own origin.
        left: How many requests each origin may get today; nothing: as many as there are.
        tell: Hears which origin has answered (``asked``), or gets no more today (``spent``).
    """

    def __init__(
        self,
        crawler: Crawler,
        origins: Sequence[str],
        left: Mapping[str, int],
        tell: Callable[..., None],
    ) -> None:
        self._crawler = crawler
        self._origins = frozenset(origins)
        self._left = dict(left)
        self._tell = tell
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._kept_bytes = 0

    def count(self, url: str, requests: int = 1) -> None:
        """Count requests of today's budget."""
        origin = origin_of(url)
        if origin in self._left:
            self._left[origin] -= requests

    async def get(
        self, url: str, headers: Mapping[str, str], wants: Wants, *, script: bool
    ) -> Answer:
        """
        Return what an address is answered with; scripts are kept for the pages that follow.

        One page gets one answer, however often it asks.

        Raises:
            Unanswered: It is not asked for, or did not answer.
        """
        if script and url in self._kept:
            self._kept.move_to_end(url)
            return self._kept[url]
        coming = wants.coming.get(url)
        if coming is None:
            coming = asyncio.ensure_future(self._asked(url, headers, wants))
            # Where the page is left meanwhile nobody hears how it ended.
            coming.add_done_callback(lambda done: done.cancelled() or done.exception())
            wants.coming[url] = coming
        # Whoever waits may leave, and the others still wait.
        answer = await asyncio.shield(coming)
        if script and answer.status == 200:
            self._keep(url, answer)
        return answer

    def _keep(self, url: str, answer: Answer) -> None:
        if url in self._kept:
            return
        self._kept[url] = answer
        self._kept_bytes += len(answer.body)
        while self._kept_bytes > _KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.body)

    async def _asked(self, url: str, headers: Mapping[str, str], wants: Wants) -> Answer:
        for _ in range(_MOST_MOVES):
            self._allow(url, wants)
            response = await self._sent(url, headers, wants)
            target = response.headers.get("Location")
            if response.status not in _MOVED or target is None:
                return self._answer(response, wants)
            url = urljoin(url, target.decode("latin-1"))
        why = f"{_shown(url)} leads on and on"
        raise wants.refuse(why)

    def _allow(self, url: str, wants: Wants) -> None:
        if not is_address(url):
            why = "something that is no address of the web"
            raise wants.refuse(why)
        origin = origin_of(url)
        if origin != origin_of(wants.url) and origin not in self._origins:
            why = f"{origin} is no origin that javascript.origins names"
            raise wants.refuse(why)
        if wants.suspended or wants.wait_seconds is not None:
            message = "the page waits for another day"
            raise Unanswered(message)
        if wants.asked >= MOST_ASKED:
            why = f"more than {MOST_ASKED} requests for one page"
            raise wants.refuse(why)
        if self._left.get(origin, 1) <= 0:
            wants.suspended = True
            self._tell("spent", origin=origin)
            message = f"today's requests to {origin} are used up"
            raise Unanswered(message)

    async def _sent(self, url: str, headers: Mapping[str, str], wants: Wants) -> Response:
        engine = self._crawler.engine
        assert engine is not None  # noqa: S101  # there is one while pages are read
        wants.asked += 1
        request = Request(
            url,
            callback=NO_CALLBACK,
            headers=_passed_on(url, headers, wants),
            meta={"dont_redirect": True, "max_retry_times": 0, "handle_httpstatus_all": True},
            dont_filter=True,
        )
        # Before it has its turn: others wait for theirs meanwhile.
        self.count(url)
        try:
            response = await engine.download_async(request)
        except Paused as error:
            self.count(url, -1)
            wants.suspended = True
            raise Unanswered(str(error)) from error
        except IgnoreRequest as error:  # robots.txt forbids it, or it is private
            self.count(url, -1)
            why = f"{_shown(url)}: {error}"
            raise wants.refuse(why) from error
        except Exception as error:  # whatever goes wrong on the way is no answer
            wants.failed = f"{_shown(url)}: {type(error).__name__}"
            raise Unanswered(wants.failed) from error
        self._tell("asked", origin=origin_of(url))
        return response

    def _answer(self, response: Response, wants: Wants) -> Answer:
        status = response.status
        if status in TOO_MUCH:
            header = response.headers.get("Retry-After")
            said = retry_after_seconds(header.decode("latin-1") if header else None)
            wants.wait_seconds = _SUSPENDED_UNTIL_SAID if said is None else said
            wants.limiter = origin_of(response.url)
            wants.failed = f"{_shown(response.url)}: the server answered {status}"
        elif status >= 500:
            wants.failed = f"{_shown(response.url)}: status {status}"
        elif status in _REFUSALS:
            wants.failed = f"{_shown(response.url)}: status {status}"
            wants.outcome = "blocked"
        return Answer(status, _needed(response), response.body)


def _shown(url: str) -> str:
    """Return an address without its query, which may hold anything."""
    return f"{origin_of(url)}{urlsplit(url).path}"


def _passed_on(url: str, headers: Mapping[str, str], wants: Wants) -> dict[str, str]:
    """Return the headers of a script's request that go along: none that tells who somebody is."""
    kept = {
        name: value
        for name, value in headers.items()
        if name.casefold() == "accept" or name.casefold().startswith("x-")
    }
    home = origin_of(wants.url)
    if origin_of(url) != home:
        kept["Origin"] = home
    return kept


def _needed(response: Response) -> dict[str, str]:
    """Return the headers of an answer that scripts may read, none that makes Chromium do more."""
    found: dict[str, str] = {}
    for name, values in response.headers.items():
        plain = name.decode("latin-1").casefold()
        if values and plain.startswith(("content-type", "access-control-", "x-")):
            found[plain] = values[-1].decode("latin-1")
    return found
