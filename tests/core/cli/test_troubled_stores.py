"""Stores in trouble: full, frozen, removed, half made, too new. A clear error, nothing lost."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]

CONFIG = '[sources.box]\nplugin = "box"\n'
BOX = """
    import time
    from regard import source

    @source("box", kind="fact", key=["name"], cursor="n", ordered=True)
    def read(config, since, ctx):
        for n in range(since or 0, 2000):
            yield {"name": f"n{n}", "n": n, "text": "x" * 900}
            if n == 999 and not since:
                # Behind it a batch is due.
                time.sleep(1.1)
            if n == 1500 and not since and config.get("remove"):
                for file in ctx.root.glob("regard.db*"):
                    file.unlink()
"""


def stored(folder: Path) -> int:
    """Return how many facts are in the store."""
    with sqlite3.connect(folder / "regard.db") as connection:
        count: int = connection.execute("SELECT count(*) FROM facts").fetchone()[0]
    connection.close()
    return count


def test_removed_under_a_run(project: MakeProject, run_regard: Run) -> None:
    """A run whose store's file is removed fails and says so, instead of storing into nowhere."""
    folder = project(CONFIG + "remove = true\n", {"box": BOX})
    done = run_regard("run", "box", cwd=folder)

    assert 1 == done.returncode
    assert "removed or replaced while it was open" in done.stderr
    assert "ok" not in done.stdout

    shutil.rmtree(folder / "plugins" / "__pycache__", ignore_errors=True)
    (folder / "regard.toml").write_text(CONFIG)

    assert 0 == run_regard("run", "box", cwd=folder).returncode
    assert 2000 == stored(folder)


def test_full_disk(project: MakeProject, run_regard: Run) -> None:
    """A batch without room is rolled back, the ones before stay, and the next run goes on."""
    folder = project(CONFIG, {"box": BOX})
    done = subprocess.run(
        [sys.executable, "-m", "regard", "run", "box"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        # As large as the tables and one of the two batches.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_900_000, 1_900_000)),
    )
    first = stored(folder)

    assert 1 == done.returncode
    assert "Traceback" not in done.stderr
    assert "the store" in done.stderr
    assert first in (0, 1000, 1001)

    again = run_regard("run", "box", "--json", cwd=folder)
    (run,) = json.loads(again.stdout)["runs"]

    assert (0, 2000 - first) == (again.returncode, run["new"])
    assert 2000 == stored(folder)


@contextmanager
def frozen(folder: Path, place: Path) -> Iterator[Path]:
    """Yield a copy of a folder that lies where nothing can be written."""
    place.mkdir()
    mount = shutil.which("mount") or "mount"
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=20m", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("nothing may be mounted here")
    try:
        shutil.copytree(folder, place, dirs_exist_ok=True)
        subprocess.run([mount, "-o", "remount,ro", place], check=True)
        yield place
    finally:
        subprocess.run([shutil.which("umount") or "umount", place], check=True)


def test_frozen(project: MakeProject, run_regard: Run, tmp_path: Path) -> None:
    """What lies on a read-only disk can be looked at; a run says that it cannot write."""
    folder = project(CONFIG, {"box": BOX})
    run_regard("run", "box", cwd=folder)
    with frozen(folder, tmp_path / "frozen") as place:
        status = run_regard("status", "--json", cwd=place)
        check = run_regard("db", "check", cwd=place)
        dry = run_regard("run", "box", "--dry-run", cwd=place)
        run = run_regard("run", "box", cwd=place)

    (job,) = json.loads(status.stdout)["jobs"]

    assert (2000, "ok") == (job["records"], job["outcome"])
    assert [0, 0, 1] == [check.returncode, dry.returncode, run.returncode]
    assert "its folder not be written" in run.stderr
    assert "Traceback" not in run.stderr


COMMANDS = (
    ("run", "box"),
    ("status",),
    ("state", "show", "box"),
)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "a newer regard wrote it"),
        ("DROP TABLE visits", "lacks tables (visits)"),
        ("DELETE FROM alembic_version", "run `regard db upgrade`"),
    ],
    ids=["newer", "half", "nameless"],
)
def test_not_our_tables(statement: str, said: str, project: MakeProject, run_regard: Run) -> None:
    """A store of other tables is refused by every command alike, in one line, and left alone."""
    folder = project(CONFIG, {"box": BOX.replace("2000", "10")})
    run_regard("run", "box", cwd=folder)
    with sqlite3.connect(folder / "regard.db") as connection:
        connection.execute(statement)
    connection.close()
    for command in COMMANDS:
        done = run_regard(*command, cwd=folder)

        assert 1 == done.returncode, command
        assert said in done.stderr
        assert 1 == len(done.stderr.strip().splitlines())
    assert 10 == stored(folder)


LEAVING = """
    import psycopg
    from regard import source

    @source("box", kind="fact", key=["name"], cursor="n", ordered=True)
    def read(config, since, ctx):
        for n in range(since or 0, 2000):
            yield {"name": f"n{n}", "n": n}
            if n == 1500 and not since:
                with psycopg.connect(config["server"], autocommit=True) as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                if config["gone"]:
                    name = config["server"].partition("@/")[2].partition("?")[0]
                    other = config["server"].replace(name, "postgres")
                    with psycopg.connect(other, autocommit=True) as connection:
                        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
"""


@pytest.mark.parametrize("gone", [False, True], ids=["restarted", "dropped"])
def test_server_that_goes_away(
    gone: bool, postgres_server: Any, project: MakeProject, run_regard: Run
) -> None:
    """A server that drops its connections costs nothing; one without the database fails a run."""
    url = postgres_server.create()
    config = CONFIG + f'server = "{url}"\ngone = {str(gone).lower()}\n'
    folder = project(config, {"box": LEAVING}, store=url)
    done = run_regard("run", "box", "--json", cwd=folder)

    assert "Traceback" not in done.stderr
    if gone:
        assert 1 == done.returncode
        assert "no such database" in done.stdout
    else:
        (run,) = json.loads(done.stdout)["runs"]
        assert (0, 2000) == (done.returncode, run["new"])
