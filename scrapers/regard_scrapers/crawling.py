"""
The host's side of a crawl: it feeds a child process and hears what became of each address.

Addresses are handed out under a window: no more may be on their way, or answered and not yet
stored, than it allows. Whoever kills us loses the answers that are not stored, and their
addresses are still due; nothing is lost, and at most the window is fetched twice.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import IO, Any, Final

from regard.errors import PluginError
from regard.sources import Address
from regard_scrapers.spiders.frames import Fetched, Order, pack, unpack

__all__ = ["Crawl", "CrawlSettings", "Heard"]

_TICK_SECONDS: Final = 0.2
_GRACE_SECONDS: Final = 10.0


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
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._ended = False
        self._child: subprocess.Popen[bytes]
        self._listener: threading.Thread

    def __enter__(self) -> Crawl:
        config = asdict(self._settings)
        config.pop("window")
        # Its own session: a Ctrl-C is the run's to answer, and ends the child in order.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "regard_scrapers.spiders.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._say({"say": "config", **config})
        self._listener = threading.Thread(target=self._listen, name="regard-crawl", daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        try:
            self._child.wait(_GRACE_SECONDS if kind is None else 1.0)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        # The child is gone, so whoever listens has come to the end.
        self._listener.join(_GRACE_SECONDS)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

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
            self._say({"say": "order", "order": asdict(order)})

    def hear(self) -> Iterator[Heard]:
        """
        Yield what was said since; wait a moment where nothing was.

        Raises:
            PluginError: The child died with addresses on their way.
        """
        try:
            frame = self._said.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            return
        while True:
            heard = self._understood(frame)
            if heard is not None:
                yield heard
            try:
                frame = self._said.get_nowait()
            except queue.Empty:
                return

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

    def stop(self) -> None:
        """Say that there is nothing more; what is on its way is still answered."""
        self._say({"say": "stop"})

    def kill(self) -> None:
        """End the child at once; what is on its way has no outcome then."""
        self._child.kill()

    def _say(self, frame: dict[str, Any]) -> None:
        pipe = self._child.stdin
        if pipe is None or pipe.closed:
            return
        try:
            pipe.write(pack(frame))
            pipe.flush()
        except (BrokenPipeError, OSError):
            # It died: whoever listens to it hears so.
            return

    def _listen(self) -> None:
        pipe: IO[bytes] | None = self._child.stdout
        assert pipe is not None  # noqa: S101  # it was asked for
        try:
            for line in pipe:
                self._said.put(unpack(line))
        except ValueError:
            pass  # closed, or a line that the child was killed in
        self._said.put(None)
