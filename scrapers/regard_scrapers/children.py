"""A process of its own for whatever runs Scrapy, and the talk with it: one JSON object a line."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final

from regard_scrapers.spiders.frames import pack, unpack

__all__ = ["Child"]

_TICK_SECONDS: Final = 0.2
_GRACE_SECONDS: Final = 10.0
_WAITING: Final = 1_000
"""So many lines may wait to be heard; then the child waits, and the sites it asks have a rest."""


class Child:
    """
    A child process that is talked with. Use it in a ``with`` block: it never outlives it.

    Args:
        module: What it runs, as ``python -m`` would.
        config: What it is told at first.
    """

    def __init__(self, module: str, config: Mapping[str, Any]) -> None:
        self._module = module
        self._config = config
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue(_WAITING)
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes]
        self._listener: threading.Thread

    def __enter__(self) -> Child:
        # Its own session: a Ctrl-C is the run's to answer, and ends the child in order.
        self._process = subprocess.Popen(  # noqa: S603  # a module of our own
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.say("config", **self._config)
        self._listener = threading.Thread(target=self._listen, name="regard-crawl", daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self.say("stop")
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS if kind is None else 1.0)
        finally:
            # Also where we are told to stop while we wait.
            self._process.kill()
            self._process.wait()
        # The child is gone, so whoever listens has come to the end.
        self._listener.join(_GRACE_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def say(self, what: str, /, **data: Any) -> None:  # noqa: ANN401  # JSON
        """Tell it one thing; where it has died, whoever listens to it hears so."""
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        with suppress(OSError):
            pipe.write(pack({"say": what, **data}))
            pipe.flush()

    def hear(self) -> Iterator[dict[str, Any] | None]:
        """Yield what was said since, None when it has ended; wait a moment where nothing was."""
        try:
            yield self._said.get(timeout=_TICK_SECONDS)
            while True:
                yield self._said.get_nowait()
        except queue.Empty:
            return

    def wait(self) -> int:
        """Return how it ended, once it has."""
        return self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def _listen(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101  # it was asked for
        with suppress(ValueError):  # closed, or a line that the child was killed in
            for line in pipe:
                self._keep(unpack(line))
        self._keep(None)

    def _keep(self, frame: dict[str, Any] | None) -> None:
        while not self._closing.is_set():
            with suppress(queue.Full):
                self._said.put(frame, timeout=_TICK_SECONDS)
                return
