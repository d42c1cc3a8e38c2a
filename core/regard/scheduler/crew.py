"""The children of the loop: each is attended by a thread, and what became of it is collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Thread

from regard.jobs import Job
from regard.pipeline.children import Bounds, Child, Ended, Work
from regard.store.ledger import Entry

__all__ = ["Crew", "Member", "preload"]


def preload() -> None:
    """
    Let children be forked from a server that has loaded already what all of them need.

    It opens no store and no file, and has one thread: what is forked from it is as clean as a
    process that was started anew, in a tenth of the time.
    """
    from multiprocessing import set_forkserver_preload

    set_forkserver_preload(["regard.scheduler.serving"])


@dataclass(slots=True)
class Member:
    """
    A child at work.

    Attributes:
        entry: The row of the ledger that it works on.
        job: What it runs.
        cancel: Set when it should stop.
    """

    entry: Entry
    job: Job
    cancel: Event = field(default_factory=Event)


class Crew:
    """
    Starts children, and collects what became of them.

    Args:
        wake: Called in another thread when one has ended.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._members: dict[int, Member] = {}
        self._ended: SimpleQueue[tuple[Member, Ended]] = SimpleQueue()

    @property
    def members(self) -> list[Member]:
        """Those at work."""
        return list(self._members.values())

    def start(self, member: Member, work: Work, bounds: Bounds) -> None:
        """Start a child."""
        self._members[member.entry.id] = member
        name = f"regard-{member.job.name}"
        Thread(target=self._attend, args=(member, work, bounds), name=name, daemon=True).start()

    def _attend(self, member: Member, work: Work, bounds: Bounds) -> None:
        try:
            with Child(work, bounds, served=True) as child:
                ended = child.attend(member.cancel, lambda value: None)
        except Exception as error:  # noqa: BLE001  # the machine may have no process left
            ended = Ended(0, error=f"its process could not be started: {error}")
        self._ended.put((member, ended))
        self._wake()

    def ended(self) -> Iterator[tuple[Member, Ended]]:
        """Yield those that have ended since somebody asked last."""
        while True:
            try:
                member, ended = self._ended.get_nowait()
            except Empty:
                return
            self._members.pop(member.entry.id, None)
            yield member, ended

    def stop(self) -> None:
        """Ask all to stop; who does not heed it is killed soon after."""
        for member in self.members:
            member.cancel.set()
