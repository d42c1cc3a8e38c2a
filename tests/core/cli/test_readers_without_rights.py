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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

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
BeginReading = Callable[..., "subprocess.Popen[str]"]


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


PAUSED = """
import sys
from sqlalchemy import Engine, event

def pause_once():
    # Whoever reads stops once, in the midst of the transaction that looks at the runs.
    @event.listens_for(Engine, "before_cursor_execute")
    def pause(connection, cursor, statement, *rest):
        if "FROM runs" in statement and not pause.done:
            cursor.execute("SELECT count(*) FROM runs").fetchall()
            pause.done = True
            print("reading", file=sys.stderr, flush=True)
            sys.stdin.readline()
    pause.done = False

"""
WRITER = """
import sqlite3, sys
c = sqlite3.connect("regard.db", isolation_level=None)
c.execute("PRAGMA journal_mode = WAL")
for line in sys.stdin:
    c.execute(line)
    print("done", flush=True)
c.close()
"""


class Writer:
    """
    A process that writes to a store as its owner.

    Args:
        folder: The project's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.write("SELECT 1")

    def write(self, statement: str) -> None:
        """Write something and wait until it is committed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{statement}\n")
        self._process.stdin.flush()
        assert "done\n" == self._process.stdout.readline()

    def end(self) -> None:
        """End where it has not: what lies beside the file goes into it where nobody reads."""
        if self._process.returncode is None:
            self._process.communicate()

    def kill(self) -> None:
        """Be killed."""
        self._process.kill()
        self.end()


@pytest.fixture
def reading(shared: Path, tmp_path: Path) -> BeginReading:
    """Return what begins a command as somebody who may only read, and pauses in its midst."""
    warm = tmp_path / "warm-too"
    shutil.copytree(shared, warm)
    script = PAUSED + AS_NOBODY.replace("os.chdir(project)", "os.chdir(project)\npause_once()")

    def begin(*arguments: str) -> subprocess.Popen[str]:
        begun = subprocess.Popen(
            [sys.executable, "-c", script, warm, shared, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert begun.stderr is not None
        assert "reading\n" == begun.stderr.readline()
        return begun

    return begin


def end_of(begun: subprocess.Popen[str]) -> tuple[int | None, str, str]:
    """Let a paused command go on, and return its exit code and what it said."""
    out, err = begun.communicate("go on\n", timeout=60)
    return begun.returncode, out, err


CHANGE = "UPDATE runs SET error = 'seen'"
FILL = (
    "INSERT INTO store_info SELECT 'x' || value, hex(randomblob(2000)) FROM "
    "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 3000) "
    "SELECT value FROM n)"
)
RUNS, STATUS = ("runs", "--json"), ("status", "--json")
REPORT = ("report", "customers", "--format", "json")


@pytest.mark.parametrize(
    ("command", "does"),
    [
        (RUNS, "little"),
        (RUNS, "much"),
        (RUNS, "and goes"),
        (STATUS, "much"),
        (STATUS, "and goes"),
        (REPORT, "and goes"),
    ],
)
def test_a_writer_begins_under_a_reader(
    shared: Path, reading: BeginReading, command: Sequence[str], does: str
) -> None:
    """Who reads while a writer comes, also one that writes much and goes, gets a right answer."""
    begun = reading(*command)
    writer = Writer(shared)
    writer.write(CHANGE)
    if does != "little":
        writer.write(FILL)
    if does == "and goes":
        writer.end()
    code, out, err = end_of(begun)
    writer.end()

    assert (0, "") == (code, err)
    # What lies beside the file when reading has begun came too late.
    assert ('"error": "seen"' in out) is (does != "little" and command != REPORT)


@pytest.mark.parametrize(("command", "how"), [(RUNS, "end"), (STATUS, "kill"), (REPORT, "end")])
def test_a_writer_ends_under_a_reader(
    shared: Path, reading: BeginReading, command: Sequence[str], how: str
) -> None:
    """Who reads beside a writer that goes, or is killed, sees what was committed at the start."""
    writer = Writer(shared)
    writer.write(CHANGE)
    begun = reading(*command)
    writer.write(CHANGE.replace("seen", "later"))
    getattr(writer, how)()
    code, out, err = end_of(begun)

    assert (0, "") == (code, err)
    assert ('"error": "seen"' in out) is (command != REPORT)


def test_writers_that_come_and_go(shared: Path, look: Look) -> None:
    """However often somebody writes meanwhile, each look is answered."""
    script = f"""
import sqlite3, time
end = time.monotonic() + 60
while time.monotonic() < end:
    c = sqlite3.connect("regard.db", isolation_level=None)
    c.execute("PRAGMA journal_mode = WAL")
    c.execute("DELETE FROM store_info WHERE name LIKE 'x%'")
    c.execute({FILL!r})
    c.close()
    time.sleep(0.05)
"""
    writer = subprocess.Popen([sys.executable, "-c", script], cwd=shared)
    try:
        seen = [look(*command) for command in (RUNS, STATUS, REPORT, RUNS)]
    finally:
        writer.kill()
        writer.wait()

    assert [(0, "")] * len(seen) == [(one.returncode, one.stderr) for one in seen]
