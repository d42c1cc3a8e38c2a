"""An upgrade under a loop: it drains, says 75, and the new one goes on where it stopped."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from regard.scheduler.loop import UPGRADED
from regard.store import connections, schema

MakeProject = Callable[..., Path]
RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]

CONFIG = '[sources.slow]\nplugin = "slow"\nschedule = "every 2s"\ndeadline = "60s"\n'
PLUGIN = """
import time
from regard import source

@source("slow", kind="touchpoint", key=["n"])
def read(config, since):
    time.sleep(2)
    yield {"n": "1", "happened_at": "2026-01-01T00:00:00+00:00", "channel": "box", "type": "x"}
"""

QUICK = """
import sys
from pathlib import Path
from regard.clock import SystemClock
from regard.pipeline.workplace import Workplace
from regard.scheduler import logs
from regard.scheduler.loop import Loop, Pace

if __name__ == "__main__":
    path = Path("regard.toml").absolute()
    place = Workplace(path, text=path.read_text())
    logs.set_up(place.project.settings, place.project.root)
    sys.exit(Loop(place, SystemClock(), Pace(version=0.5)).run())
"""
"""A loop that looks twice a second whether it was upgraded, not once a minute."""


def begin(folder: Path, *first_on_path: Path) -> subprocess.Popen[str]:
    """Start a quick loop."""
    paths = [*map(str, first_on_path), os.environ.get("PYTHONPATH", "")]
    (folder / "quick.py").write_text(QUICK)
    return subprocess.Popen(
        [sys.executable, "quick.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stderr=subprocess.PIPE,
        text=True,
    )


def until_running(folder: Path) -> None:
    """Wait until a run goes on."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if states(folder).get("running"):
            return
        time.sleep(0.1)
    pytest.fail("nothing ran within 90 seconds")


def states(folder: Path) -> dict[str, int]:
    """Return how many rows of the ledger there are in each state."""
    path = folder / "regard.db"
    if not path.exists():
        return {}
    connection = sqlite3.connect(path, timeout=60)
    try:
        query = "SELECT state, count(*) FROM ledger GROUP BY state"
        return dict(connection.execute(query).fetchall())
    except sqlite3.OperationalError:
        return {}  # it is just being made
    finally:
        connection.close()


@pytest.mark.slow
def test_a_store_that_is_upgraded_under_a_loop(project: MakeProject) -> None:
    """The loop begins nothing more, lets its run end, says why, and exits with 75."""
    folder = project(CONFIG, {"slow": PLUGIN})
    loop = begin(folder)
    until_running(folder)
    with sqlite3.connect(folder / "regard.db", timeout=60) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    _, said = loop.communicate(timeout=90)

    assert UPGRADED == loop.returncode, said
    assert "a newer regard wrote it" in said
    assert "nothing new begins" in said


@pytest.mark.slow
def test_a_regard_that_is_upgraded_under_a_loop(project: MakeProject, tmp_path: Path) -> None:
    """When another version is installed the loop drains: what runs ends well, then it exits."""
    folder = project(CONFIG, {"slow": PLUGIN})
    newer = tmp_path / "newer"
    newer.mkdir()
    loop = begin(folder, newer)
    until_running(folder)
    # The way pip leaves it: a folder beside the packages that says which version is there.
    (newer / "regard-99.0.dist-info").mkdir()
    (newer / "regard-99.0.dist-info" / "METADATA").write_text("Name: regard\nVersion: 99.0\n")
    _, said = loop.communicate(timeout=90)

    assert UPGRADED == loop.returncode, said
    assert "regard 99.0 is installed by now" in said
    assert states(folder).keys() <= {"ok", "skipped"}, states(folder)


@pytest.mark.slow
def test_stop_backup_upgrade_start(project: MakeProject, run_regard: RunRegard) -> None:
    """The order of the manual works: an old store is refused by a loop, upgraded, and run."""
    folder = project(CONFIG, {"slow": PLUGIN})
    # As an older regard has left it.
    url = connections.parse_url(f"sqlite:///{folder / 'regard.db'}")
    engine = connections.make_engine(url, readonly=False)
    with engine.execution_options(**{connections.WRITE: True}).begin() as connection:
        schema.upgrade(connection, "0003")
    engine.dispose()

    refused = run_regard("schedule", "--once", cwd=folder)
    backup = run_regard("db", "backup", "before.db", cwd=folder)
    upgraded = run_regard("db", "upgrade", cwd=folder)
    ran = run_regard("schedule", "--once", "--json", cwd=folder)

    assert (1, 0, 0, 0) == tuple(each.returncode for each in (refused, backup, upgraded, ran))
    assert "run `regard db upgrade`" in refused.stderr
    assert list(folder.glob("regard.db.*.backup")), "an upgrade makes a copy first"
    assert '"state": "ok"' in ran.stdout
    assert (folder / "before.db").exists()


@pytest.mark.slow
def test_a_backup_taken_while_runs_go_on_is_restored(
    project: MakeProject, run_regard: RunRegard
) -> None:
    """A copy that was made under a loop is a whole store, from which a loop goes on."""
    folder = project(CONFIG, {"slow": PLUGIN})
    loop = begin(folder)
    until_running(folder)
    backup = run_regard("db", "backup", "copy.db", cwd=folder)
    loop.terminate()
    loop.communicate(timeout=90)
    for path in folder.glob("regard.db*"):
        path.unlink()
    shutil.copy(folder / "copy.db", folder / "regard.db")

    checked = run_regard("db", "check", cwd=folder)
    ran = run_regard("schedule", "--once", "--json", cwd=folder)

    assert (0, 0, 0) == (backup.returncode, checked.returncode, ran.returncode), ran.stderr
    assert '"state": "ok"' in ran.stdout
