"""Loops in processes of their own, and what they leave behind."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from regard.errors import StoreError
from regard.jobs import Planned
from regard.settings import load_project
from regard.store import Store, ledger, loops
from regard.store.ledger import Entry

_MARK = "REGARD_TESTED_BY"


class Running:
    """
    A ``regard schedule`` at work.

    Args:
        folder: The project.
        mark: Tells all processes that come of it.
        number: Tells it from others of the same project.
        arguments: Of the command.
    """

    def __init__(self, folder: Path, mark: str, number: int, *arguments: str) -> None:
        self.folder, self.mark = folder, mark
        self.output = folder / f"loop-{number}.txt"
        surroundings = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            _MARK: mark,
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "regard", "schedule", *arguments],
                cwd=folder,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.process.pid

    @property
    def said(self) -> str:
        """What it has printed."""
        return self.output.read_text("utf-8", errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = 90) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(seconds)

    def until(self, holds: Callable[[], object], what: str, seconds: float = 120) -> None:
        """Wait until something holds, while the loop lives."""
        end = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, f"the loop ended: {self.said[-3000:]}"
            assert time.monotonic() < end, f"{what}: not within {seconds} s: {self.said[-3000:]}"
            time.sleep(0.2)

    def left(self, seconds: float = 10) -> list[str]:
        """Return the commands that came of loops with the same mark, and do not end in time."""
        end = time.monotonic() + seconds
        while (found := self.processes()) and time.monotonic() < end:
            time.sleep(0.1)
        return [command for _, command in found]

    def processes(self) -> list[tuple[int, str]]:
        """Return numbers and commands of all that came of loops with the same mark."""
        return marked(self.mark)


def marked(mark: str) -> list[tuple[int, str]]:
    """Return number and command of the processes that carry a mark."""
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (path / "environ").read_bytes().split(b"\0"):
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(path.name), command))
        except OSError:
            continue
    return found


Launch = Callable[..., Running]


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    """Return what starts a loop; nothing that came of it outlives the tests."""
    ours, started = secrets.token_hex(8), list[Running]()

    def start(folder: Path, *arguments: str, mark: str = "") -> Running:
        started.append(Running(folder, f"{ours} {mark}", len(started), *arguments))
        return started[-1]

    yield start
    for loop in started:
        for pid, _ in loop.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        loop.wait()


class Book:
    """
    The ledger of a project, as it stands.

    Args:
        folder: The project.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = load_project(folder / "regard.toml")

    def rows(self, job: str | None = None) -> list[Entry]:
        """Return all rows, the oldest due time first; none while there is no store."""
        try:
            store = Store.open(self.project.store_url, readonly=True)
        except StoreError:
            return []
        try:
            with store.read() as transaction:
                return ledger.history(transaction, job=job, limit=1_000_000)[::-1]
        finally:
            store.close()

    def states(self, job: str) -> list[str]:
        """Return how the times of a job ended, or stand."""
        return [row.state.value for row in self.rows(job)]

    def living(self) -> set[int]:
        """Return the process numbers of the loops that live."""
        store = Store.open(self.project.store_url, readonly=True)
        try:
            with store.read() as transaction:
                return {loop.pid for loop in loops.living(transaction)}
        finally:
            store.close()

    def planned(self) -> dict[str, Planned]:
        """Return what the configuration plans."""
        from regard.scheduler.planning import jobs_of, planned_of

        settings = self.project.settings
        return planned_of(settings, jobs_of(settings))

    def gaps(self) -> dict[str, tuple[int, int]]:
        """
        Return for each job of which times were lost: how many were due, and are accounted for.

        Every due time from the first row to the last must be a row, or be counted by one.
        """
        wrong = {}
        for name, planned in self.planned().items():
            rows = [row for row in self.rows(name) if row.cause != "manual"]
            if not rows:
                wrong[name] = (1, 0)
                continue
            due, when = 0, rows[0].scheduled_for
            while when < rows[-1].scheduled_for:
                when = planned.next_after(when)
                due += 1
            # Those that the first row counts lie before it.
            counted = sum(row.due_count for row in rows[1:])
            if due != counted:
                wrong[name] = (due, counted)
        return wrong


@pytest.fixture(scope="module")
def book() -> type[Book]:
    """Return what reads the ledger of a project."""
    return Book
