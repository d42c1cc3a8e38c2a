"""Sources that misbehave: their due times fail with a reason, and the loop goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.store.ledger import Entry

pytestmark = pytest.mark.slow

Loop = Any
Launch = Callable[..., Loop]
MakeBook = Callable[[Path], Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

BAD = {
    "raises": ("failed", "the plug-in has a bug: ValueError at"),
    "leaves": ("failed", "the plug-in tried to exit"),
    "exits": ("failed", "ended its process in the midst of its work (exit code 3)"),
    "killed": ("failed", "its process was ended by SIGKILL, as when memory runs out"),
    "hangs": ("partial", "longer than its deadline of 10s"),
    "deaf": ("failed", "longer than its deadline of 10s, but the plug-in did not heed it"),
    "grows": ("failed", "used more than the 400 MB of memory that a run may use"),
    "scribbles": ("failed", "told something that the loop does not understand"),
    "broken": ("failed", "broken"),
}
"""How the due times of sources that fail end, and with which reason."""

FINE = ("threads", "floods", "begets")
"""Sources that do odd things and end well."""


ENDED = ("ok", "partial", "failed")


def text_of(name: str) -> str:
    """Return the text of a plug-in."""
    return (Path(__file__).parent / "plugins" / f"{name}.txt").read_text()


def table(name: str, plugin: str, schedule: str, **keys: object) -> str:
    """Return the table of a source."""
    lines = {"plugin": plugin, "schedule": schedule, **keys}
    return f"[sources.{name}]\n" + "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in lines.items()
    )


def make(folder: Path, config: str, **plugins: str) -> Path:
    """Make a project in a folder."""
    (folder / "plugins").mkdir(exist_ok=True)
    (folder / "regard.toml").write_text(config)
    for name, text in plugins.items():
        (folder / "plugins" / f"{name}.py").write_text(textwrap.dedent(text))
    return folder


EVERY = "every 15s"
LATE = ("hangs", "deaf", "closes")
"""Sources that do not end before their deadline; the others may take what a busy machine takes."""


class Zoo:
    """
    A loop with a dozen sources that misbehave beside one that does not.

    Args:
        folder: The project.
        launch: Starts loops.
        book: Reads ledgers.
    """

    def __init__(self, folder: Path, launch: Launch, book: MakeBook) -> None:
        config = '[limits]\nmemory = "400MB"\nruns = 5\n'
        config += table("good", "good", "every 3s")
        self.names = [*BAD, *FINE, "closes"]
        config += "".join(
            table(name, name, EVERY, deadline="10s" if name in LATE else "10m")
            for name in self.names
        )
        config += f'[reports.count]\nreporter = "tiny"\nschedule = "{EVERY}"\n'
        config += 'to = ["json:out/r-{date}.json"]\n'
        make(
            folder,
            config,
            zoo=text_of("zoo"),
            tiny=text_of("tiny"),
            broken="import nothing_of_the_kind\n",
        )
        self.folder = folder
        self.loop = launch(folder, "--grace", "5")
        self.book = book(folder)

    def ended(self, name: str, many: int = 1) -> list[Entry]:
        """Return the first due times of a job that led to runs which ended."""
        rows = [row for row in self.book.rows(name) if row.state.value in ENDED]
        return rows[:many]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory, launch: Launch, book: MakeBook) -> Zoo:
    """Return a loop whose misbehaving sources have all been run, which goes on."""
    made = Zoo(tmp_path_factory.mktemp("zoo"), launch, book)

    def done() -> bool:
        ended = {row.job for row in made.book.rows() if row.state.value in ENDED}
        return ended >= {f"source:{name}" for name in made.names} | {"report:count"}

    made.loop.until(done, "a run of every source", 240)
    return made


class TestZoo:
    """What misbehaves fails with its reason, and nothing else does."""

    @pytest.mark.parametrize("name", BAD)
    def test_it_fails(self, zoo: Zoo, name: str) -> None:
        """The due time of a source that misbehaves has failed, with the reason."""
        (row,) = zoo.ended(f"source:{name}")
        state, reason = BAD[name]

        assert state == row.state.value
        assert reason in str(row.reason)
        assert "Traceback" not in str(row.reason)
        assert row.exit_code is not None

    @pytest.mark.parametrize(
        ("name", "code"), [("exits", 3), ("killed", -signal.SIGKILL), ("raises", 1)]
    )
    def test_exit_codes(self, zoo: Zoo, name: str, code: int) -> None:
        """The ledger keeps the child's exit code, negative where a signal ended it."""
        (row,) = zoo.ended(f"source:{name}")

        assert code == row.exit_code

    @pytest.mark.parametrize("name", FINE)
    def test_odd_things(self, zoo: Zoo, name: str) -> None:
        """Threads, floods of text and processes of its own are no reason to fail."""
        (row,) = zoo.ended(f"source:{name}")

        assert ("ok", 0, None) == (row.state.value, row.exit_code, row.reason)

    def test_the_good_one(self, zoo: Zoo) -> None:
        """The source beside them is read again and again, in a process of its own each time."""
        zoo.loop.until(lambda: len(zoo.ended("source:good", 4)) == 4, "four runs")
        rows = zoo.ended("source:good", 4)

        assert [("ok", 0)] * 4 == [(row.state.value, row.exit_code) for row in rows]
        assert 4 == len({row.log for row in rows})
        assert 4 == len({row.run_id for row in rows})

    def test_log_files(self, zoo: Zoo) -> None:
        """Each run has a log file of its own, with what the plug-in printed."""
        for row in zoo.ended("source:good", 2):
            text = (zoo.folder / str(row.log)).read_text()

            assert "printed by the good one" in text
            assert f'"run": {row.run_id}' in text
        assert "printed by the good one" not in zoo.loop.said

    def test_a_flood_goes_into_its_log(self, zoo: Zoo) -> None:
        """What a plug-in prints without end does not reach the loop's own log."""
        (row,) = zoo.ended("source:floods")

        assert (zoo.folder / str(row.log)).stat().st_size > 5_000_000
        assert len(zoo.loop.said) < 2_000_000

    def test_nothing_is_lost(self, zoo: Zoo) -> None:
        """Every due time of every source is a row, or counted by one."""
        assert {} == zoo.book.gaps()

    def test_reports_come_after_sources(self, zoo: Zoo) -> None:
        """A report that is due with sources is made when they are done, and delivered."""
        (report,) = zoo.ended("report:count")
        together = [
            row
            for row in zoo.book.rows()
            if row.scheduled_for == report.scheduled_for and row.job.startswith("source:")
        ]

        assert "ok" == report.state.value
        assert len(together) > 10
        assert all(
            row.finished_at <= report.started_at
            for row in together
            if row.attempt == 1 and row.finished_at is not None
        )
        (made,) = (zoo.folder / "out").glob("r-*.json")
        assert "Facts" in made.read_text()

    def test_the_loop_says_little(self, zoo: Zoo) -> None:
        """The loop's own log is JSON lines without tracebacks."""
        lines = (zoo.folder / "logs" / "loop.log").read_text().splitlines()
        events = [json.loads(line) for line in lines]

        assert {"loop-began", "job-began", "job-ended"} <= {one.get("event") for one in events}
        assert "Traceback" not in zoo.loop.said
        assert {"regard.loop"} == {one["logger"] for one in events}

    def test_what_is_killed_is_gone(self, zoo: Zoo) -> None:
        """What a run has started ends with it."""
        zoo.loop.until(
            lambda: all("sleep" not in command for _, command in zoo.loop.processes()),
            "the end of what a plug-in had started",
            40,
        )


class TestAfterTheZoo:
    """The same loop goes on: its configuration is changed, its server killed, it is stopped."""

    def test_a_broken_configuration(self, zoo: Zoo) -> None:
        """A configuration that is broken is not taken over, and the loop says why."""
        path = zoo.folder / "regard.toml"
        good = path.read_text()
        path.write_text(good + "[sources.x\n")
        zoo.loop.send(signal.SIGHUP)
        zoo.loop.until(lambda: "is not taken over" in zoo.loop.said, "a complaint")
        before = len(zoo.ended("source:good", 10_000))
        zoo.loop.until(lambda: len(zoo.ended("source:good", 10_000)) > before, "another run")
        path.write_text(good)

        assert "regard.toml" in zoo.loop.said

    def test_a_good_configuration(self, zoo: Zoo) -> None:
        """A good one is taken over: what is gone is not run, what is new is."""
        path = zoo.folder / "regard.toml"
        path.write_text(table("good", "good", "every 3s") + table("more", "good", "every 2s"))
        zoo.loop.send(signal.SIGHUP)
        zoo.loop.until(lambda: "source:more" in {row.job for row in zoo.book.rows()}, "the new")
        zoo.loop.until(lambda: zoo.ended("source:more"), "a run of the new source")
        last = max(row.scheduled_for for row in zoo.book.rows("source:raises"))
        zoo.loop.until(lambda: len(zoo.ended("source:more", 99)) > 3, "more runs")

        assert last == max(row.scheduled_for for row in zoo.book.rows("source:raises"))

    def test_its_server_is_killed(self, zoo: Zoo) -> None:
        """The server that children are forked from may be killed: the next run has a new one."""
        servers = [pid for pid, command in zoo.loop.processes() if "forkserver" in command]
        for pid in servers:
            os.kill(pid, signal.SIGKILL)
        before = len([row for row in zoo.ended("source:good", 10_000) if row.exit_code == 0])
        zoo.loop.until(
            lambda: (
                len([row for row in zoo.ended("source:good", 10_000) if row.exit_code == 0])
                > before + 1
            ),
            "two more runs",
        )

        assert servers

    def test_it_is_stopped(self, zoo: Zoo) -> None:
        """Asked to stop the loop ends with 0, and nothing that came of it is left."""
        zoo.loop.send(signal.SIGTERM)

        assert 0 == zoo.loop.wait()
        assert [] == zoo.loop.left()
