"""The memory of a command and of everything it started, looked at while it works."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Look", "watch"]

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """
    The processes of a command at one moment.

    Attributes:
        done: How far the command was.
        seconds: Since it began.
        resident: Bytes in memory of each process, by what it runs, in the order of their start.
    """

    done: int
    seconds: float
    resident: dict[str, int]


def watch(
    command: Sequence[str], folder: Path, progress: Callable[[], int], marks: Sequence[int]
) -> Iterator[Look]:
    """
    Run a command, and yield a look at it as soon as it has come as far as each mark.

    Args:
        command: What to run.
        folder: Where.
        progress: Says how far it is.
        marks: How far it is to be looked at, rising.
    """
    began = time.monotonic()
    waiting = list(marks)
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and waiting:
            time.sleep(_LOOK_SECONDS)
            done = progress()
            if done >= waiting[0]:
                waiting = [mark for mark in waiting if mark > done]
                yield Look(done, time.monotonic() - began, _resident(process.pid))


def _resident(root: int) -> dict[str, int]:
    """Return the resident memory of a process and of all below it (proc(5))."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        parents[int(path.parent.name)] = int(fields[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    resident: dict[str, int] = {}
    for at, pid in enumerate(sorted(found)):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            command = Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            continue
        size = re.search(r"VmRSS:\s+(\d+) kB", status)
        name = "the crawl's own" if "regard_scrapers" in command else f"process {at + 1}"
        resident[name] = int(size[1]) * 1024 if size else 0
    return resident
