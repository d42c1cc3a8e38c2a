"""
The crawl's child process: ``python -m regard_scrapers.spiders.child``.

It reads orders from its standard input and writes what became of them to its standard output.
What anything in it prints goes to standard error, so that nothing can spoil the answers.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import IO, Any

from scrapy.crawler import AsyncCrawlerProcess

from regard_scrapers.spiders.feeding import FedSpider
from regard_scrapers.spiders.frames import pack, unpack

__all__ = ["Pipe", "main", "own_output", "read_line"]


class Pipe:
    """
    Both directions of the talk with whoever feeds the crawl.

    Args:
        answers: Where answers go; nothing else may write there.
    """

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers

    def say(self, what: str, /, **data: Any) -> None:  # noqa: ANN401  # JSON
        """Write one frame; where nobody listens any more the crawl has no reason to go on."""
        try:
            self._answers.write(pack({"say": what, **data}))
            self._answers.flush()
        except (BrokenPipeError, ValueError):
            os._exit(0)


def own_output() -> IO[bytes]:
    """Return the standard output, and leave standard error in its place."""
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return own


def read_line() -> bytes | None:
    """Return the next line of the standard input; None: nobody is there any more."""
    line = b""
    while not line.endswith(b"\n"):
        # Never through sys.stdin: its lock makes the interpreter abort at the end.
        part = os.read(0, 1)
        if not part:
            return None
        line += part
    return line


def main() -> int:
    """Read the configuration, crawl until there is nothing more, say how it ended."""
    pipe = Pipe(own_output())
    line = read_line()
    if line is None:
        return 0
    config = unpack(line)
    logging.getLogger("protego").setLevel(logging.ERROR)
    process = AsyncCrawlerProcess(_settings(config))
    process.crawl(FedSpider, config=config, pipe=pipe)
    with contextlib.suppress(KeyboardInterrupt):
        process.start(stop_after_crawl=True, install_signal_handlers=False)
    return 0


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "ADDONS": {"regard_scrapers.spiders.addon.GuestAddon": 0},
        "REGARD_CONTACT": config["contact"],
        "REGARD_DELAY": config["delay"],
        "REGARD_AT_ONCE": config["at_once"],
        "REGARD_WAIT": config["wait"],
        "REGARD_ALLOW_HOSTS": config["allow_hosts"],
        "REGARD_HOSTS": config["hosts"],
        "REGARD_ROBOTS": config["robots"],
        # Whoever feeds the crawl decides what is tried again, when, and what an error means.
        "RETRY_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "DEPTH_LIMIT": 0,
        # A hundred tasks for each response cost a third of the CPU time.
        "CONCURRENT_ITEMS": 8,
        "LOG_LEVEL": "WARNING",
        "LOGSTATS_INTERVAL": 0,
        "LOG_INSTALL_ROOT_HANDLER": False,
    }


if __name__ == "__main__":
    sys.exit(main())
