"""
The host's side of a crawl: it feeds a child process and hears what became of each address.

Addresses are handed out under a window: no more may be on their way, or answered and not yet
stored, than it allows. Whoever kills us loses the answers that are not stored, and their
addresses are still due; nothing is lost, and at most the window is fetched twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

from regard.errors import PluginError
from regard.frontier import Address
from regard_scrapers.children import Child
from regard_scrapers.spiders.frames import Fetched, Order

__all__ = ["Crawl", "CrawlSettings", "Heard"]


@dataclass(frozen=True, slots=True)
class CrawlSettings:
    """
    What a crawl's child is told at first.

    Attributes:
        contact: Whom the site's owner may write to.
        site: The site's file, as JSON.
        what: ``offers`` or ``reviews``.
        delay: Seconds between two requests to one origin.
        at_once: How many requests may be on their way.
        wait: Seconds before the first request.
        allow_hosts: Private addresses that may be asked.
        hosts: The hosts that belong to the site; empty: any.
        robots: For each origin what is known of its robots.txt: status, text, age in seconds.
        window: How many addresses may be handed out and not be stored.
    """

    contact: str
    site: dict[str, Any]
    what: str
    delay: float = 1.0
    at_once: int = 1
    wait: float = 0.0
    allow_hosts: Sequence[str] = ()
    hosts: Sequence[str] = ()
    robots: dict[str, Any] = field(default_factory=dict)
    window: int = 8


@dataclass(frozen=True, slots=True)
class Heard:
    """
    One thing that the child said.

    Attributes:
        fetched: What became of an address.
        paused: An address that was not asked for, because its origin wants less.
        robots: Origin, status and text of a robots.txt that was fetched.
    """

    fetched: Fetched | None = None
    paused: str | None = None
    robots: tuple[str, int, str] | None = None


class Crawl:
    """
    A child process that fetches. Use it in a ``with`` block: it never outlives it.

    Args:
        settings: What it is told.
    """

    def __init__(self, settings: CrawlSettings) -> None:
        self._settings = settings
        self._out: dict[str, Order] = {}
        self._ended = False
        config = asdict(settings)
        config.pop("window")
        self._child = Child("regard_scrapers.spiders.child", config)

    def __enter__(self) -> Crawl:
        self._child.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.__exit__(kind, error, trace)

    @property
    def out(self) -> int:
        """How many addresses are on their way."""
        return len(self._out)

    def room(self, unsettled: int) -> int:
        """Return how many addresses may be handed out now."""
        return max(0, self._settings.window - len(self._out) - unsettled)

    def fetch(self, addresses: Sequence[Address]) -> None:
        """Hand out addresses."""
        for each in addresses:
            order = Order(each.url, each.kind, each.etag, each.last_modified, each.depth)
            self._out[each.url] = order
            self._child.say("order", order=asdict(order))

    def hear(self) -> Iterator[Heard]:
        """
        Yield what was said since; wait a moment where nothing was.

        Raises:
            PluginError: The child died with addresses on their way.
        """
        for frame in self._child.hear():
            heard = self._understood(frame)
            if heard is not None:
                yield heard

    def _understood(self, frame: dict[str, Any] | None) -> Heard | None:
        if frame is None:
            if self._out and not self._ended:
                code = self._child.wait()
                message = f"the crawl's process ended with {code}, {len(self._out)} pages open"
                raise PluginError(message)
            self._ended = True
            return None
        if frame["say"] == "fetched":
            fetched = Fetched(**frame["fetched"])
            self._out.pop(fetched.url, None)
            return Heard(fetched=fetched)
        if frame["say"] == "paused":
            self._out.pop(frame["url"], None)
            return Heard(paused=frame["url"])
        if frame["say"] == "robots":
            return Heard(robots=(frame["origin"], int(frame["status"]), frame["body"]))
        if frame["say"] == "end":
            self._ended = True
        return None

    def kill(self) -> None:
        """End the child at once; what is on its way has no outcome then."""
        self._child.kill()
