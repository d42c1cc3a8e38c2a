"""
A team's own spider in its child process: ``python -m regard_scrapers.spiders.hosted``.

It first says whom the spider means to visit, and goes nowhere before it is told how. What the
spider yields is written to standard output, one item a line; it knows no store.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from regard_scrapers.spiders.child import Pipe, own_output, read_line
from regard_scrapers.spiders.frames import unpack
from regard_scrapers.spiders.items import fields_of
from regard_scrapers.spiders.robots import robots_fetched
from regard_scrapers.spiders.telling import answered, unanswered

__all__ = ["main"]

_ADDON: Final = {"regard_scrapers.spiders.telling.HostedAddon": 0}
_LOOK_SECONDS: Final = 1.0
_SETTINGS: Final[dict[str, Any]] = {
    # A server that asks for less is not asked again; what may pass is tried twice.
    "RETRY_HTTP_CODES": [408, 500, 502, 504],
    "LOG_LEVEL": "WARNING",
    "LOG_INSTALL_ROOT_HANDLER": False,
    "LOGSTATS_INTERVAL": 0,
}


class _Unusable(Exception):
    """What was named is no spider; the text says why."""


def main() -> int:
    """Load the spider, hear how it may behave, run it, and say how it ended."""
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), name="regard-parent", daemon=True).start()
    pipe = Pipe(own_output())
    config = unpack(read_line() or b'{"say": "nothing"}')
    if config["say"] != "config":
        return 0
    try:
        spider = _loaded(config["spider"], Path(config["root"]))
    except _Unusable as error:
        pipe.say("unusable", text=str(error))
        return 0
    pipe.say("loaded", start_urls=_texts(getattr(spider, "start_urls", ())))
    guest = unpack(read_line() or b'{"say": "nothing"}')
    if guest["say"] != "go":
        return 0
    logging.getLogger("protego").setLevel(logging.ERROR)
    # It prints items and what errors say of them; the host tells of both without.
    logging.getLogger("scrapy.core.scraper").setLevel(logging.CRITICAL)
    logging.getLogger("scrapy.core.engine").setLevel(logging.CRITICAL)
    settings = _settings(spider, guest)
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(spider)
    watch = Watch(pipe, Path(config["root"]))
    watch.listen(crawler)
    task = process.crawl(crawler, **config["arguments"])
    task.add_done_callback(watch.done)
    try:
        process.start(stop_after_crawl=True, install_signal_handlers=False)
    except KeyboardInterrupt:
        return 0
    except BaseException as error:  # noqa: BLE001  # its settings are wrong, or it tried to exit
        where = _place(error.__traceback__, Path(config["root"]))
        pipe.say("unusable", text=f"ended with {type(error).__name__}{where}")
    return 0


def _end_with(parent: int) -> None:
    """End when whoever started us is gone, also where the spider never comes back to the loop."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(each) for each in value] if isinstance(value, Iterable) else []


def _loaded(named: str, root: Path) -> type[Spider]:
    """
    Return the spider's class.

    Args:
        named: ``module:Class``, or ``folder/file.py:Class`` below the project.
        root: The project's folder.

    Raises:
        _Unusable: There is none of that name, or it cannot be imported.
    """
    place, _, name = named.rpartition(":")
    sys.path[:0] = [str(root / "spiders"), str(root / "plugins")]
    try:
        module = _file(place, root) if place.endswith(".py") else importlib.import_module(place)
    except _Unusable:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        where = _place(error.__traceback__, root, own=True)
        message = f"{place} cannot be imported: {type(error).__name__}: {error}{where}"
        raise _Unusable(message[:500]) from error
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, Spider)):
        known = [
            each.__name__
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Spider) and each is not Spider
        ]
        message = f"{place} has no spider called {name}"
        message += f"; it has {', '.join(known)}" if known else "; it has none at all"
        raise _Unusable(message)
    return found


def _file(place: str, root: Path) -> object:
    path = root / place
    spec = importlib.util.spec_from_file_location(f"regard_spider_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        message = f"{place}: there is no such file in the project"
        raise _Unusable(message)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and Pydantic look modules up by name while classes are being made.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _settings(spider: type[Spider], guest: dict[str, Any]) -> Settings:
    settings = Settings(_SETTINGS)
    theirs = (spider.custom_settings or {}).get("ADDONS") or {}
    # Above what a spider says of itself: it brings add-ons beside ours, not in its place.
    settings.set("ADDONS", {**dict(theirs), **_ADDON}, "cmdline")
    for name in ("contact", "delay", "at_once", "wait", "allow_hosts", "hosts", "robots", "left"):
        settings.set(f"REGARD_{name.upper()}", guest[name], "cmdline")
    return settings


class Watch:
    """
    Tells what a spider does.

    Args:
        pipe: Who hears it.
        root: The project's folder.
    """

    def __init__(self, pipe: Pipe, root: Path) -> None:
        self._pipe = pipe
        self._root = root
        self._crawler: Crawler | None = None
        self._closing: asyncio.Task[None] | None = None

    def listen(self, crawler: Crawler) -> None:
        """Listen to a crawler, and let it hear whoever started us."""
        self._crawler = crawler
        connect = crawler.signals.connect
        connect(self._opened, signals.spider_opened)
        connect(self._closed, signals.spider_closed)
        connect(self._item, signals.item_scraped)
        connect(self._dropped, signals.item_dropped)
        connect(self._failed, signals.spider_error)
        connect(self._failed, signals.item_error)
        connect(self._robots, robots_fetched)
        connect(self._answered, answered)
        connect(self._unanswered, unanswered)

    def done(self, task: asyncio.Future[Any]) -> None:
        """Tell of a spider that could not be started."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            where = _place(error.__traceback__, self._root)
            text = f"cannot be started: {type(error).__name__}: {error}{where}"
            self._pipe.say("unusable", text=text[:500])

    def _opened(self) -> None:
        asyncio.get_running_loop().add_reader(0, self._hear)

    def _hear(self) -> None:
        data = os.read(0, 65536)
        if not data:
            # Whoever started us is gone: nobody would keep what is found from here on.
            os._exit(0)
        engine = self._crawler.engine if self._crawler is not None else None
        if b'"stop"' in data and self._closing is None and engine is not None:
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason="stopped"))

    def _closed(self, reason: str) -> None:
        asyncio.get_running_loop().remove_reader(0)
        self._pipe.say("end", reason=reason)

    def _item(self, item: object, response: Response | None) -> None:
        fields, problem = fields_of(item)
        url = response.url if response is not None else None
        self._pipe.say("item", fields=fields, problem=problem, url=url)

    def _dropped(self) -> None:
        self._pipe.say("dropped")

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        trace: TracebackType | None = failure.getTracebackObject()  # type: ignore[no-untyped-call]  # Twisted's
        where = _place(trace, self._root)
        # Not its words: they may quote what stands on a page.
        self._pipe.say("error", text=f"{type(error).__name__}{where}")

    def _robots(self, origin: str, status: int, body: bytes) -> None:
        text = body.decode("utf-8", errors="replace")
        self._pipe.say("robots", origin=origin, status=status, body=text)

    def _answered(self, origin: str, status: int, wait: float | None, which: str) -> None:
        self._pipe.say("answered", origin=origin, status=status, wait=wait, which=which)

    def _unanswered(self, origin: str, why: str, which: str) -> None:
        self._pipe.say("unanswered", origin=origin, why=why, which=which)


def _place(trace: TracebackType | None, root: Path, *, own: bool = False) -> str:
    """Return where in the project's own code an error arose, else where at all, unless `own`."""
    frames = traceback.extract_tb(trace)
    ours = [each for each in frames if Path(each.filename).is_relative_to(root)]
    for frame in reversed(ours if own else ours or frames):
        path = Path(frame.filename)
        shown = path.relative_to(root) if path.is_relative_to(root) else path.name
        return f" at {shown}:{frame.lineno}"
    return ""


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # A spider that broke out of the loop leaves threads that the interpreter would wait for.
    os._exit(code)
