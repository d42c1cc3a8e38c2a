"""The loop as a process: it is stopped, killed, cut off from its store, and run once."""

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
from regard.store.transactions import table as store_table

Loop = Any
Launch = Callable[..., Loop]
MakeBook = Callable[[Path], Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


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


def slow_project(folder: Path, seconds: float = 600, plugin: str = "slow") -> Path:
    """Make a project with one source that takes its time."""
    return make(
        folder, table("box", plugin, "every 2s", seconds=str(seconds)), slow=text_of("slow")
    )


def begun(folder: Path) -> int:
    """Return how often the source has begun to be read."""
    path = folder / "begun.txt"
    return len(path.read_text().splitlines()) if path.exists() else 0


class TestStopping:
    """The loop is asked to stop."""

    @pytest.mark.slow
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
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=text_of("zoo"))
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


@pytest.mark.slow
class TestStoreAway:
    """The store cannot be reached for a while."""

    def test_a_locked_file(self, tmp_path: Path, launch: Launch, book: MakeBook) -> None:
        """Somebody keeps SQLite's write lock: the loop says so once, waits, and goes on."""
        folder = make(tmp_path, table("good", "good", "every 2s"), zoo=text_of("zoo"))
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
        folder = make(tmp_path, config, zoo=text_of("zoo"))
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

    def test_a_configuration_with_another_store(
        self, tmp_path: Path, launch: Launch, book: MakeBook
    ) -> None:
        """Another store takes a new start: the old configuration stays, no store is made."""
        folder = make(tmp_path, table("good", "good", "every 2s"), zoo=text_of("zoo"))
        loop = launch(folder)
        read = book(folder)
        loop.until(lambda: "ok" in read.states("source:good"), "a run")
        path = folder / "regard.toml"
        path.write_text('store = "sqlite:///other.db"\n' + path.read_text())
        loop.send(signal.SIGHUP)
        loop.until(lambda: "takes a new start of the loop" in loop.said, "a complaint")
        before = read.states("source:good").count("ok")
        loop.until(lambda: read.states("source:good").count("ok") > before, "another run")
        loop.send(signal.SIGTERM)

        assert 0 == loop.wait()
        assert not (folder / "other.db").exists()


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
        folder = make(tmp_path, config, zoo=text_of("zoo"), tiny=text_of("tiny"))
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
        folder = make(tmp_path, config, zoo=text_of("zoo"))
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
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=text_of("zoo"))
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
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=text_of("zoo"))
        (folder / "logs").write_text("a file")
        done = run_regard("schedule", "--once", cwd=folder)

        assert 0 == done.returncode
        assert "cannot be written" in done.stderr

    def test_names(self, tmp_path: Path, run_regard: Run) -> None:
        """A name that is none is refused with the nearest one."""
        folder = make(tmp_path, table("good", "good", "every 1h"), zoo=text_of("zoo"))
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
        folder = make(tmp_path, 'timezone = "Europe/Madrid"\n' + config, zoo=text_of("zoo"))
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
        folder = make(tmp_path, '[sources.idle]\nplugin = "good"\n', zoo=text_of("zoo"))
        done = run_regard("schedule", cwd=folder)

        assert 2 == done.returncode
        assert "nothing in regard.toml has a schedule" in done.stderr
        assert "Traceback" not in done.stderr
