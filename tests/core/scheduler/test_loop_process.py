"""The loop as a process: whatever its sources do, it goes on, and it ends in good order."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from regard.store import Store
from regard.store.ledger import Entry
from regard.store.transactions import table as store_table

Loop = Any
Launch = Callable[..., Loop]
MakeBook = Callable[[Path], Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

ZOO = """
import os, signal, stat, subprocess, sys, threading, time
from multiprocessing import forkserver, resource_tracker
from regard import source

def plugin(name, **options):
    return source(name, kind="fact", key=["name"], **options)

@plugin("good")
def good(config, since):
    print("printed by the good one")
    yield {"name": "a", "text": "fine"}

@plugin("raises")
def raises(config, since):
    yield {"name": "a", "text": "fine"}
    raise ValueError("no such thing")

@plugin("leaves")
def leaves(config, since):
    yield {"name": "a", "text": "fine"}
    sys.exit("that is all")

@plugin("exits")
def exits(config, since):
    yield {"name": "a", "text": "fine"}
    os._exit(3)

@plugin("killed")
def killed(config, since):
    yield {"name": "a", "text": "fine"}
    os.kill(os.getpid(), signal.SIGKILL)

@plugin("hangs")
def hangs(config, since):
    yield {"name": "a", "text": "fine"}
    time.sleep(600)

@plugin("deaf")
def deaf(config, since):
    yield {"name": "a", "text": "fine"}
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass

@plugin("threads")
def threads(config, since):
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(600,)).start()
    yield {"name": "a", "text": "fine"}

@plugin("floods")
def floods(config, since):
    for _ in range(30):
        print("x" * 100_000)
        os.write(2, b"y" * 100_000)
    yield {"name": "a", "text": "fine"}

@plugin("grows")
def grows(config, since):
    yield {"name": "a", "text": "fine"}
    kept = []
    while True:
        kept.append(bytearray(b"1" * 20_000_000))
        time.sleep(0.05)

@plugin("begets")
def begets(config, since):
    subprocess.Popen(["sleep", "600"])
    yield {"name": "a", "text": "fine"}

@plugin("scribbles")
def scribbles(config, since):
    yield {"name": "a", "text": "fine"}
    servers = (forkserver._forkserver._forkserver_alive_fd, resource_tracker._resource_tracker._fd)
    for number in set(range(3, 100)) - set(servers):
        try:
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, b'{{{\\n["done", {"outcome": "fine"}]\\n')
        except OSError:
            pass
    time.sleep(5)

@plugin("closes")
def closes(config, since):
    yield {"name": "a", "text": "fine"}
    os.closerange(0, 200)
"""

TINY = """
from pydantic import BaseModel
from regard import Figure, Report, Reporter, Section, hookimpl

class Tiny(Reporter):
    name = "tiny"
    title = "How many facts there are"

    class Params(BaseModel):
        at_least: int = 1

    def report(self, view, params, ctx):
        figure = Figure("tiny.facts", "Facts", 1, n=1)
        return Report(self.name, self.title, view.now, [Section("Facts", (figure,))])

@hookimpl
def regard_reporters():
    return [Tiny]
"""

BAD = {
    "raises": ("failed", "the plug-in has a bug: ValueError at"),
    "leaves": ("failed", "the plug-in tried to exit"),
    "exits": ("failed", "ended its process in the midst of its work (exit code 3)"),
    "killed": ("failed", "its process was ended by SIGKILL, as when memory runs out"),
    "hangs": ("partial", "longer than its deadline of 2s"),
    "deaf": ("failed", "longer than its deadline of 2s, but the plug-in did not heed it"),
    "grows": ("failed", "used more than the 400 MB of memory that a run may use"),
    "scribbles": ("failed", "told something that the loop does not understand"),
    "broken": ("failed", "broken"),
}
"""How the due times of sources that fail end, and with which reason."""

FINE = ("threads", "floods", "begets")
"""Sources that do odd things and end well."""


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


ENDED = ("ok", "partial", "failed")


EVERY = "every 15s"


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
        config += "".join(table(name, name, EVERY, deadline="2s") for name in self.names)
        config += f'[reports.count]\nreporter = "tiny"\nschedule = "{EVERY}"\n'
        config += 'to = ["json:out/r-{date}.json"]\n'
        make(folder, config, zoo=ZOO, tiny=TINY, broken="import nothing_of_the_kind\n")
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


SLOW = """
import os, time
from regard import source

@source("slow", kind="fact", key=["name"])
def slow(config, since, ctx):
    seconds = float(config["seconds"])
    with open("begun.txt", "a") as file:
        file.write(f"{os.getpid()}\\n")
    yield {"name": "a", "text": "fine"}
    time.sleep(seconds)
    yield {"name": "b", "text": "fine"}

@source("deaf", kind="fact", key=["name"])
def deaf(config, since):
    with open("begun.txt", "a") as file:
        file.write(f"{os.getpid()}\\n")
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass
"""


def slow_project(folder: Path, seconds: float = 600, plugin: str = "slow") -> Path:
    """Make a project with one source that takes its time."""
    return make(folder, table("box", plugin, "every 2s", seconds=str(seconds)), slow=SLOW)


def begun(folder: Path) -> int:
    """Return how often the source has begun to be read."""
    path = folder / "begun.txt"
    return len(path.read_text().splitlines()) if path.exists() else 0


class TestStopping:
    """The loop is asked to stop."""

    @pytest.mark.parametrize("plugin", ["slow", "deaf"])
    def test_beyond_the_grace(
        self, plugin: str, tmp_path: Path, launch: Launch, book: MakeBook
    ) -> None:
        """What does not end within the grace is stopped, and the next loop goes on with it."""
        folder = slow_project(tmp_path, plugin=plugin)
        loop = launch(folder, "--grace", "1", mark=f"grace-{plugin}")
        loop.until(lambda: begun(folder), "a run")
        loop.send(signal.SIGTERM)

        assert 0 == loop.wait()
        assert [] == loop.left()
        row = book(folder).rows()[0]
        assert ("queued", 1, None) == (row.state.value, row.attempt, row.until_at)

        again = launch(folder, "--grace", "0", mark=f"grace-{plugin}")
        again.until(lambda: begun(folder) == 2, "the run again")
        again.send(signal.SIGINT)

        assert 0 == again.wait()
        assert row.id == book(folder).rows()[0].id
        assert [] == again.left()

    def test_within_the_grace(self, tmp_path: Path, launch: Launch, book: MakeBook) -> None:
        """A run that ends within the grace ends well, also where all of a group are signalled."""
        folder = slow_project(tmp_path, seconds=5)
        loop = launch(folder, "--grace", "60", mark="group")
        loop.until(lambda: begun(folder), "a run")
        os.killpg(loop.pid, signal.SIGTERM)

        assert 0 == loop.wait()
        rows = book(folder).rows()
        assert "ok" == rows[0].state.value
        assert 1 == begun(folder)
        assert [] == loop.left()

    def test_a_second_signal(self, tmp_path: Path, launch: Launch, book: MakeBook) -> None:
        """Whoever asks twice does not wait for the grace."""
        folder = slow_project(tmp_path)
        loop = launch(folder, "--grace", "600", mark="second")
        loop.until(lambda: begun(folder), "a run")
        loop.send(signal.SIGINT)
        loop.until(lambda: "asked to stop" in loop.said, "the first wish to be heard")
        loop.send(signal.SIGINT)

        assert 0 == loop.wait(60)
        assert [] == loop.left()
        assert "queued" == book(folder).rows()[0].state.value


class TestKilled:
    """The loop is killed."""

    def test_its_children_die_with_it(
        self, tmp_path: Path, launch: Launch, book: MakeBook
    ) -> None:
        """The runs of a loop that is killed die with it, and another one takes them over."""
        folder = slow_project(tmp_path)
        first = launch(folder, mark="first")
        first.until(lambda: begun(folder), "a run")
        second = launch(folder, "--grace", "0", mark="second loop")
        second.until(lambda: "loop-began" in second.said, "the second loop")
        first.send(signal.SIGKILL)

        assert [] == first.left(15)
        second.until(lambda: begun(folder) == 2, "the run again", 30)
        row = book(folder).rows()[0]
        assert (2, "running", second.pid) == (row.attempt, row.state.value, row.pid)
        second.send(signal.SIGTERM)
        assert 0 == second.wait()
        assert {} == book(folder).gaps()
        assert [] == second.left()


@pytest.mark.slow
def test_a_plugin_that_takes_long_to_import(
    tmp_path: Path, launch: Launch, book: MakeBook
) -> None:
    """While a loop looks at a changed configuration nobody takes its runs over."""
    folder = slow_project(tmp_path)
    first = launch(folder, "--grace", "0", mark="looks")
    first.until(lambda: begun(folder), "a run")
    second = launch(folder, "--grace", "0", mark="waits")
    second.until(lambda: "loop-began" in second.said, "the second loop")
    (folder / "plugins" / "long.py").write_text("import time\ntime.sleep(45)\n")
    first.send(signal.SIGHUP)
    first.until(lambda: "was read again" in first.said, "the new configuration", 180)
    second.send(signal.SIGTERM)
    first.send(signal.SIGTERM)

    assert (0, 0) == (first.wait(), second.wait())
    assert 1 == begun(folder)
    assert 1 == book(folder).rows()[0].attempt


class TestDowntime:
    """Nobody was there for a while."""

    def test_a_catch_up_and_a_missed_row(
        self, tmp_path: Path, launch: Launch, book: MakeBook
    ) -> None:
        """After hours the last time is run, and one row counts the ones before."""
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=ZOO)
        loop = launch(folder, mark="down")
        loop.until(lambda: "loop-began" in loop.said, "the loop")
        loop.send(signal.SIGTERM)
        assert 0 == loop.wait()
        long_ago(folder, timedelta(hours=7))
        loop = launch(folder, mark="down")
        loop.until(lambda: "ok" in book(folder).states("source:good"), "the catch-up", 60)
        loop.send(signal.SIGTERM)
        loop.wait()
        rows = book(folder).rows()

        # On the hour the last time may be in time: then the six before it are missed.
        assert [("missed", "catch-up")] == [(r.state.value, r.cause) for r in rows[:1]]
        assert 7 == sum(row.due_count for row in rows)
        assert ["missed", "ok"] == [row.state.value for row in rows]
        assert {} == book(folder).gaps()


class TestStoreAway:
    """The store cannot be reached for a while."""

    def test_a_locked_file(self, tmp_path: Path, launch: Launch, book: MakeBook) -> None:
        """Somebody keeps SQLite's write lock: the loop says so once, waits, and goes on."""
        folder = make(tmp_path, table("good", "good", "every 2s"), zoo=ZOO)
        loop = launch(folder, mark="locked")
        read = book(folder)
        loop.until(lambda: "ok" in read.states("source:good"), "a run")
        connection = sqlite3.connect(folder / "regard.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        loop.until(lambda: "the loop goes on trying" in loop.said, "a complaint", 60)
        time.sleep(3)
        connection.execute("ROLLBACK")
        connection.close()
        before = read.states("source:good").count("ok")
        loop.until(lambda: read.states("source:good").count("ok") > before + 1, "more runs")
        loop.send(signal.SIGTERM)

        assert 0 == loop.wait()
        assert {} == read.gaps()
        assert loop.said.count("the loop goes on trying") <= 2

    def test_a_server_that_lets_nobody_in(
        self, tmp_path: Path, launch: Launch, book: MakeBook, postgres_url: str
    ) -> None:
        """PostgreSQL ends all connections and takes none for a while: the loop goes on later."""
        config = f'store = "{postgres_url}"\n' + table("good", "good", "every 2s")
        folder = make(tmp_path, config, zoo=ZOO)
        loop = launch(folder, mark="away")
        read = book(folder)
        loop.until(lambda: "ok" in read.states("source:good"), "a run")
        close_database(postgres_url)
        try:
            loop.until(lambda: "the loop goes on trying" in loop.said, "a complaint", 60)
            loop.send(signal.SIGHUP)
            time.sleep(4)
        finally:
            open_database(postgres_url)
        before = read.states("source:good").count("ok")
        loop.until(lambda: read.states("source:good").count("ok") > before + 1, "more runs")
        loop.send(signal.SIGTERM)

        assert 0 == loop.wait()
        assert {} == read.gaps()
        assert "Traceback" not in loop.said


def long_ago(folder: Path, span: timedelta) -> None:
    """Let a project's jobs be settled only up to a time in the past."""
    store = Store.open(f"sqlite:///{folder / 'regard.db'}")
    with store.write() as transaction:
        jobs = store_table("jobs")
        moment = datetime.now(UTC) - span
        transaction.connection.execute(update(jobs).values(settled_until=moment))
    store.close()


def administer(url: str, *statements: str) -> None:
    """Give the server of a database orders from another database."""
    import psycopg

    name = url.partition("@/")[2].partition("?")[0]
    with psycopg.connect(url.replace(name, "postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.format(name))  # type: ignore[call-overload]


def close_database(url: str) -> None:
    """End all connections to a database, and let nobody in."""
    administer(
        url,
        "ALTER DATABASE {} ALLOW_CONNECTIONS false",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
    )


def open_database(url: str) -> None:
    """Let everybody in again."""
    administer(url, "ALTER DATABASE {} ALLOW_CONNECTIONS true")


class TestOnce:
    """Everything is run once, and the command ends."""

    def test_all_well(self, tmp_path: Path, run_regard: Run) -> None:
        """All that is enabled is run, and the table tells how it ended."""
        config = table("good", "good", "every 1h") + '[reports.count]\nreporter = "tiny"\n'
        config += 'to = ["json:out/r.json"]\n'
        folder = make(tmp_path, config, zoo=ZOO, tiny=TINY)
        done = run_regard("schedule", "--once", "--quiet", cwd=folder)

        assert (0, "") == (done.returncode, done.stderr)
        assert [["source:good", "ok"], ["report:count", "ok"]] == [
            [line.split()[0], line.split()[3]] for line in done.stdout.splitlines()[1:]
        ]
        assert (folder / "out" / "r.json").exists()

    def test_one_fails(self, tmp_path: Path, run_regard: Run) -> None:
        """Where one fails the others are run, and the exit code is 1."""
        names = ("good", "raises", "exits")
        config = "".join(table(name, name, "every 1h") for name in names)
        folder = make(tmp_path, config, zoo=ZOO)
        done = run_regard("schedule", "--once", "--json", cwd=folder)
        rows = {row["job"]: row for row in json.loads(done.stdout)}

        assert 1 == done.returncode
        assert [("ok", 0), ("failed", 1), ("failed", 3)] == [
            (rows[f"source:{name}"]["state"], rows[f"source:{name}"]["exit_code"])
            for name in names
        ]
        assert {"manual"} == {row["cause"] for row in rows.values()}

    def test_twice_where_time_stands_still(self, tmp_path: Path, run_regard: Run) -> None:
        """Each command runs what it was asked for, also at the same fixed time."""
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=ZOO)
        env = {"REGARD_NOW": "2026-03-04T12:00:00Z"}
        done = [
            json.loads(
                run_regard("schedule", "--once", "good", "--json", cwd=folder, env=env).stdout
            )
            for _ in range(2)
        ]

        assert [["ok"], ["ok"]] == [[row["state"] for row in rows] for rows in done]

    def test_logs_that_cannot_be_written(self, tmp_path: Path, run_regard: Run) -> None:
        """A folder for logs that nobody can write to is no reason to run nothing."""
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=ZOO)
        (folder / "logs").write_text("a file")
        done = run_regard("schedule", "--once", cwd=folder)

        assert 0 == done.returncode
        assert "cannot be written" in done.stderr

    def test_names(self, tmp_path: Path, run_regard: Run) -> None:
        """A name that is none is refused with the nearest one."""
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=ZOO)
        done = run_regard("schedule", "--once", "goood", cwd=folder)
        unasked = run_regard("schedule", "good", cwd=folder)

        assert (2, 2) == (done.returncode, unasked.returncode)
        assert "did you mean 'good'?" in done.stderr
        assert "name jobs with --once" in unasked.stderr


class TestPlan:
    """What is planned is shown, and nothing is run."""

    def test_list(self, tmp_path: Path, run_regard: Run) -> None:
        """The plan tells each job's next time, as a table and as JSON, and makes no store."""
        config = table("good", "good", "0 6 * * *") + '[sources.idle]\nplugin = "good"\n'
        folder = make(tmp_path, 'timezone = "Europe/Madrid"\n' + config, zoo=ZOO)
        env = {"REGARD_NOW": "2026-03-28T12:00:00Z"}
        told = json.loads(run_regard("schedule", "--list", "--json", cwd=folder, env=env).stdout)
        shown = run_regard("schedule", "--list", cwd=folder, env=env)

        assert [
            ("source:good", "0 6 * * *", "2026-03-29T04:00:00Z"),
            ("source:idle", None, None),
        ] == [(one["job"], one["schedule"], one["next_due_at"]) for one in told]
        assert "Sun 2026-03-29 06:00:00" in shown.stdout
        assert "never" in shown.stdout
        assert not (folder / "regard.db").exists()

    def test_nothing_has_a_schedule(self, tmp_path: Path, run_regard: Run) -> None:
        """A loop that would never run anything is refused."""
        folder = make(tmp_path, '[sources.idle]\nplugin = "good"\n', zoo=ZOO)
        done = run_regard("schedule", cwd=folder)

        assert 2 == done.returncode
        assert "nothing in regard.toml has a schedule" in done.stderr
        assert "Traceback" not in done.stderr
