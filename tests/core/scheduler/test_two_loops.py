"""Two loops on one store, killed at random: each due time once, none twice at a time."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.store.ledger import Entry

Loop = Any
Book = Any
Launch = Callable[..., Loop]
MakeBook = Callable[[Path], Book]

PLUGIN = """
import fcntl, os, random, time
from regard import source

def say(*words):
    with open("runs.txt", "a") as file:
        file.write(" ".join(map(str, words)) + "\\n")

@source("busy", kind="fact", key=["name"])
def busy(config, since):
    # The log file of a run tells its job, due time and attempt.
    told = os.readlink("/proc/self/fd/1").rpartition("/logs/")[2].removesuffix(".log")
    job, _, due = told.partition("/")
    with open(f"{job}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("OVERLAP", job, due, os.getpid())
        say("start", job, due, os.getpid())
        yield {"name": "a", "text": due}
        time.sleep(random.uniform(0, config["seconds"]))
        yield {"name": "b", "text": due}
        say("end", job, due, os.getpid())

@source("fails", kind="fact", key=["name"])
def fails(config, since):
    yield {"name": "a", "text": "fine"}
    if random.random() < 0.5:
        os._exit(9)
    raise ValueError("it failed")
"""


def make(folder: Path, store: str, names: dict[str, str], schedule: str, seconds: float) -> Path:
    """Make a project with sources, by name and plug-in."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "busy.py").write_text(PLUGIN)
    tables = [
        f'[sources.{name}]\nplugin = "{plugin}"\nschedule = "{schedule}"\n'
        + (f"seconds = {seconds}\n" if plugin == "busy" else "")
        for name, plugin in names.items()
    ]
    (folder / "regard.toml").write_text(f'store = "{store}"\n' + "".join(tables))
    return folder


class Pair:
    """
    Two loops on one store, of which one at a time is killed and started again.

    Args:
        folder: The project.
        launch: Starts loops.
        book: Its ledger.
        seed: Makes instants random.
        both: Whether either is killed, or only the second one.
    """

    def __init__(
        self, folder: Path, launch: Launch, book: Book, seed: int, *, both: bool = True
    ) -> None:
        self.folder, self.launch, self.book = folder, launch, book
        self.random = random.Random(seed)
        self.both = both
        self.kills = 0
        self.loops = [self.start(number) for number in range(2)]

    def start(self, number: int) -> Loop:
        """Start a loop."""
        return self.launch(self.folder, "--grace", "20", "--quiet", mark=f"pair {number}")

    def suffer(self, seconds: float, pause: float, look: Callable[[], None] | None = None) -> None:
        """Kill and start again for some time, with pauses of random length."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            wake = time.monotonic() + self.random.uniform(0, pause)
            while time.monotonic() < wake:
                time.sleep(0.1)
            if look is not None:
                look()
            number = self.random.randrange(2) if self.both else 1
            self.loops[number].send(signal.SIGKILL)
            self.loops[number].wait()
            self.kills += 1
            time.sleep(self.random.uniform(0, pause / 4))
            self.loops[number] = self.start(number)

    def stop(self) -> None:
        """Stop both in good order, once both have begun."""
        for loop in self.loops:
            loop.until(lambda loop=loop: loop.pid in self.book.living(), "the loop")
        for loop in self.loops:
            loop.send(signal.SIGTERM)
        for loop in self.loops:
            assert 0 == loop.wait(120)
            assert [] == loop.left()


def told(folder: Path) -> list[list[str]]:
    """Return what the plug-in has written about its runs."""
    return [line.split() for line in (folder / "runs.txt").read_text().splitlines()]


def check(folder: Path, book: Book, jobs: int) -> list[Entry]:
    """Check that no due time was lost, and that none was run twice; return the ledger."""
    rows: list[Entry] = book.rows()
    lines = told(folder)
    started = [(job, due) for word, job, due, _ in lines if word == "start"]
    ended = [(job, due.rpartition("-")[0]) for word, job, due, _ in lines if word == "end"]

    assert jobs == len({row.job for row in rows})
    assert {} == book.gaps()
    assert [] == [line for line in lines if line[0] == "OVERLAP"]
    # No try begins twice; and what has come to its end is not run again, unless its loop
    # was killed before it could note that.
    assert len(started) == len(set(started))
    twice = {one for one in ended if ended.count(one) > 1}
    again = {(row.job.replace(":", "-"), stamp(row)) for row in rows if row.attempt > 1}
    assert twice <= again
    # Who noted that a run was well had seen it end.
    well = {
        (row.job.replace(":", "-"), stamp(row))
        for row in rows
        if row.state.value == "ok" and row.job.startswith("source:b")
    }
    assert well <= set(ended)
    return rows


def stamp(row: Entry) -> str:
    """Return a due time as log files are named by it."""
    return f"{row.scheduled_for:%Y%m%dT%H%M%SZ}"


@pytest.mark.slow
def test_random_kills(tmp_path: Path, launch: Launch, book: MakeBook, store_url: str) -> None:
    """While two loops are killed at random no due time is lost or run twice at once."""
    names = dict.fromkeys(("b0", "b1"), "busy")
    folder = make(tmp_path, store_url, names, "every 3s", 0.5)
    read = book(folder)
    pair = Pair(folder, launch, read, 1)
    pair.loops[0].until(lambda: read.rows(), "a due time")
    pair.suffer(12, 6)
    pair.loops[0].until(
        lambda: (
            sum(row.state.value == "ok" for row in read.rows()) > 3
            and all(row.owner for row in read.rows())
        ),
        "runs after the kills",
    )
    pair.stop()
    check(folder, read, 2)

    assert pair.kills >= 2


@pytest.mark.slow
def test_random_kills_for_minutes(
    tmp_path: Path, launch: Launch, book: MakeBook, store_url: str
) -> None:
    """Killed for minutes, with sources that fail, two loops lose nothing."""
    names = {**dict.fromkeys(("b0", "b1", "b2"), "busy"), "f0": "fails"}
    folder = make(tmp_path, store_url, names, "every 4s", 2)
    read = book(folder)
    pair = Pair(folder, launch, read, 2)
    pair.loops[0].until(lambda: read.rows(), "a due time")
    pair.suffer(150, 12)
    pair.stop()
    rows = check(folder, read, 4)

    assert sum(row.state.value == "ok" for row in rows) > 20


def sizes(pid: int) -> tuple[int, int, float]:
    """Return a process's resident megabytes, open files, and seconds of processor time."""
    folder = Path(f"/proc/{pid}")
    pages = int((folder / "statm").read_text().split()[1])
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    memory = pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    return memory, len(list((folder / "fd").iterdir())), ticks / os.sysconf("SC_CLK_TCK")


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_soak(
    tmp_path: Path, launch: Launch, book: MakeBook, store_url: str, capsys: pytest.CaptureFixture
) -> None:
    """Fifty sources for minutes beside kills and failures: nothing lost, no memory, no files."""
    seconds = float(os.environ.get("REGARD_SOAK_SECONDS", "600"))
    names = {f"b{number}": "busy" for number in range(45)}
    names |= {f"f{number}": "fails" for number in range(5)}
    folder = make(tmp_path, store_url, names, "every 60s", 0.5)
    read = book(folder)
    pair = Pair(folder, launch, read, 3, both=False)
    pair.loops[0].until(lambda: read.rows(), "a due time")
    steady = pair.loops[0].pid
    samples: list[tuple[int, int, float]] = []
    pair.suffer(seconds, 30, lambda: samples.append(sizes(steady)))
    samples.append(sizes(steady))
    began = time.monotonic()
    pair.stop()
    rows = check(folder, read, 50)
    states = [row.state.value for row in rows]
    result = {
        "seconds": seconds,
        "kills": pair.kills,
        "due times": sum(row.due_count for row in rows),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "tried again after a loop had died": sum(row.attempt > 1 for row in rows),
        "resident MB": [memory for memory, _, _ in samples],
        "open files": [files for _, files, _ in samples],
        "processor seconds of the loop": samples[-1][2],
        "seconds to stop": round(time.monotonic() - began, 1),
    }
    with capsys.disabled():
        print(json.dumps(result))  # noqa: T201

    half = len(samples) // 2
    memory, files = ([one[number] for one in samples] for number in (0, 1))
    # Flat: what the second half needs at most is what the first half needed, within little.
    assert max(memory[half:]) <= max(memory[:half]) + 10
    assert max(files[half:]) <= max(files[:half]) + 25
