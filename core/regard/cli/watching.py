"""What a long command does while it works: show progress, and listen for a wish to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

from rich.progress import TaskID

from regard.cli.app import App
from regard.cli.console import clean, make_progress

if TYPE_CHECKING:
    from regard.pipeline.running import SourceWatch

__all__ = ["stoppable", "watching"]


@contextmanager
def stoppable() -> Iterator[Event]:
    """Let the first SIGINT or SIGTERM finish the batch; a second one ends at once."""
    cancel = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def watching(app: App) -> Iterator[SourceWatch | None]:
    """Show a progress bar on a terminal; elsewhere nothing."""
    if app.quiet or app.json or not app.err.is_terminal:
        yield None
        return
    with make_progress(app.err, visible=True) as progress:
        tasks: dict[tuple[str, str], TaskID] = {}

        def watch(source: str, stream: str, done: int, total: int | None, unit: str) -> None:
            place = (source, stream)
            if place not in tasks:
                name = clean(source if stream == source else f"{source} {stream}".strip())
                tasks[place] = progress.add_task(name, total=total, rate="")
            speed = progress.tasks[tasks[place]].speed
            rate = f"{speed:,.0f} {unit}/s" if speed else unit
            progress.update(tasks[place], completed=done, total=total, rate=rate)

        yield watch
