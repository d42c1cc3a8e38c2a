"""
The host's side of a crawl: it feeds a child process and hears what became of each address.

Addresses are handed out under a window: no more may be on their way, or answered and not yet
stored, than it allows. Whoever kills us loses the answers that are not stored, and their
addresses are still due; nothing is lost, and at most the window is fetched twice.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from regard.errors import ConfigError, PluginError
from regard.frontier import Address
from regard_scrapers.children import Child
from regard_scrapers.chromium import find_chromium
from regard_scrapers.sites import Site
from regard_scrapers.spiders.frames import Fetched, Order

__all__ = ["Crawl", "CrawlSettings", "Heard", "Rendering", "rendering_of"]


_LONGEST_FOLDER: Final = 40
_SHORT_FOLDER: Final = "/tmp"  # noqa: S108  # what is made in it has a name that nobody guesses
_LAST_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Rendering:
    """
    What rendering pages needs.

    Attributes:
        program: Chromium.
        left: How many requests each origin may get today; nothing: any number.
        seconds: How long a page's scripts may run.
        memory: How many bytes Chromium may hold.
    """

    program: str
    left: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 15.0
    memory: int = 1_000_000_000


def rendering_of(site: Site, left: Mapping[str, int] | None = None) -> Rendering | None:
    """
    Return what rendering a site's pages needs; None: they are read as they are sent.

    Raises:
        ConfigError: They cannot be rendered on this machine.
    """
    program = find_chromium(site)
    return None if program is None else Rendering(program, left or {})


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
        rendering: What rendering pages needs, where the site's file asks for it.
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
    rendering: Rendering | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """
    One thing that the child said.

    Attributes:
        fetched: What became of an address.
        paused: An address that was not asked for, because its origin wants less.
        robots: Origin, status and text of a robots.txt that was fetched.
        asked: An origin that a page's script asked for something.
        spent: An origin that gets no more requests today.
    """

    fetched: Fetched | None = None
    paused: str | None = None
    robots: tuple[str, int, str] | None = None
    asked: str | None = None
    spent: str | None = None


@contextmanager
def _scratch() -> Iterator[str]:
    """Yield a folder for what Chromium writes; it goes with us also where the child is killed."""
    # Sockets lie in it, whose whole names are short.
    short = len(tempfile.gettempdir()) <= _LONGEST_FOLDER
    folder = tempfile.mkdtemp(prefix="regard-", dir=None if short else _SHORT_FOLDER)
    try:
        yield folder
    finally:
        end = time.monotonic() + _LAST_SECONDS
        while Path(folder).exists():
            shutil.rmtree(folder, ignore_errors=True)
            if time.monotonic() > end:
                break
            # Chromium may still be about to end, and to write.
            time.sleep(0.05)


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
        self._held = ExitStack()
        self._child: Child

    def __enter__(self) -> Crawl:
        config = asdict(self._settings)
        config.pop("window")
        if config["rendering"] is not None:
            config["rendering"]["scratch"] = self._held.enter_context(_scratch())
        self._child = Child("regard_scrapers.spiders.child", config)
        self._child.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._held:
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
            ConfigError: Pages cannot be rendered.
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
        if frame["say"] == "asked":
            return Heard(asked=frame["origin"])
        if frame["say"] == "spent":
            return Heard(spent=frame["origin"])
        if frame["say"] == "unusable":
            raise ConfigError(frame["text"])
        if frame["say"] == "end":
            self._ended = True
        return None

    def kill(self) -> None:
        """End the child at once; what is on its way has no outcome then."""
        self._child.kill()
