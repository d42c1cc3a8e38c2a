"""Somebody who may only look: reports and status without the right to write in the project."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if os.geteuid() != 0:
    pytest.skip("only root can act as another user", allow_module_level=True)

CONFIG = """
[sources.crm]
plugin = "crm-export"
path = "exports/*.csv"
[sources.crm.map]
kind = "customer"
key = ["id"]
fields = {}
"""
CSV = "id,email\n1,a@shop.example\n2,b@shop.example\n"

Look = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def shared() -> Iterator[Path]:
    """Return a project that everybody may read and only its owner may write."""
    folder = Path(tempfile.mkdtemp(prefix="regard-shared-", dir="/tmp"))
    (folder / "exports").mkdir()
    (folder / "exports" / "crm.csv").write_text(CSV)
    os.utime(folder / "exports" / "crm.csv", (1, 1_700_000_000))
    (folder / "regard.toml").write_text(CONFIG)
    own(folder, "run", "--all")
    own(folder, "report", "customers")
    open_up(folder)
    yield folder
    shutil.rmtree(folder)


def open_up(folder: Path) -> None:
    """Let everybody read a folder and what lies in it."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def command(*arguments: str) -> list[str]:
    """Return the command line of a command."""
    return [sys.executable, "-m", "regard", *arguments]


def own(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the project's owner."""
    return subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )


AS_NOBODY = """
import contextlib, io, os, sys
from regard.cli import main

arguments, warm, project = sys.argv[3:], sys.argv[1], sys.argv[2]
# Nobody may be allowed to read this Python's libraries: what is needed is loaded before.
os.chdir(warm)
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(arguments)
os.chdir(project)
os.setgroups([])
os.setgid(65_534)
os.setuid(65_534)
sys.exit(main(arguments))
"""


@pytest.fixture
def look(shared: Path, tmp_path: Path) -> Look:
    """Return what runs a command as somebody who may only read."""
    warm = tmp_path / "warm"
    shutil.copytree(shared, warm)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", AS_NOBODY, warm, shared, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def test_a_reader_sees_what_the_owner_sees(shared: Path, look: Look) -> None:
    """Where nobody writes, status and reports are there, and nothing in the project changes."""
    before = sorted(path.name for path in shared.rglob("*"))

    status = look("status", "--json")
    report = look("report", "customers", "--format", "json")

    assert 0 == status.returncode, status.stderr
    assert '"records": 2' in status.stdout
    assert 0 == report.returncode, report.stderr
    assert '"title": "Customers"' in report.stdout
    assert before == sorted(path.name for path in shared.rglob("*"))


def test_a_reader_beside_a_writer(shared: Path, look: Look) -> None:
    """While somebody has the store open to write, a reader sees all that is committed."""
    writer = sqlite3.connect(shared / "regard.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("UPDATE runs SET error = 'seen'")
    (shared / "regard.db-wal").chmod(0o644)
    (shared / "regard.db-shm").chmod(0o644)

    seen = look("runs", "--json")
    writer.close()

    assert (0, True) == (seen.returncode, '"error": "seen"' in seen.stdout), seen.stderr


def test_a_reader_after_a_writer_was_killed(shared: Path, look: Look) -> None:
    """What a killed writer committed lies beside the file; a reader sees it all the same."""
    script = (
        "import sqlite3, time\n"
        "c = sqlite3.connect('regard.db', isolation_level=None)\n"
        "c.execute('PRAGMA journal_mode = WAL')\n"
        "c.execute(\"UPDATE runs SET error = 'committed'\")\n"
        "print('done', flush=True)\n"
        "time.sleep(60)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", script], cwd=shared, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert "done\n" == writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert (shared / "regard.db-wal").stat().st_size

    seen = look("runs", "--json")

    assert (0, True) == (seen.returncode, '"error": "committed"' in seen.stdout), seen.stderr
    assert not list(Path("/tmp").glob(f"regard-read-*/{'regard.db'}"))


def test_old_columns_say_how_old_they_are(shared: Path, look: Look) -> None:
    """Records that came after the columns were written are not reported, and that is said."""
    with (shared / "exports" / "crm.csv").open("a") as stream:
        stream.write("3,c@shop.example\n")
    os.utime(shared / "exports" / "crm.csv", (1, time.time() - 60))
    own(shared, "run", "--all")
    open_up(shared)

    report = look("report", "customers")

    assert 0 == report.returncode, report.stderr
    assert "the report is made from the columns of" in report.stderr


def test_a_reader_cannot_run_anything(look: Look) -> None:
    """A run as somebody who may not write says so, and does not look broken."""
    run = look("run", "crm")

    assert 1 == run.returncode
    assert "may not be written" in run.stderr
    assert "Traceback" not in run.stderr
