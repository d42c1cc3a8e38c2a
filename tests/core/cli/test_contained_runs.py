"""Plug-ins that hang, exit, crash or flood: one source ends, and the command goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regard.store import Store

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]

GOOD = """
    from regard import source

    @source("good", kind="fact", key=["name"])
    def read(config, since):
        yield {"name": "a", "text": "fine"}
"""

CONFIG = """
    [sources.bad]
    plugin = "bad"
    {bad}
    [sources.good]
    plugin = "good"
    [limits]
    memory = "400MB"
"""

DEAF = """
while True:
    try:
        time.sleep(600)
    except BaseException:
        pass
"""
NATIVE = "sum(range(10**14))"

HEAD = """
import os, signal, sys, threading, time
from regard import source

@source("bad", kind="fact", key=["name"], cursor="n", ordered=True)
def read(config, since, ctx):
    yield {"name": "first", "n": 1}
    time.sleep(1.1)
    yield {"name": "second", "n": 2}
"""
"""Behind the second record its batch is due, and is stored while the source is read on."""


def bad(fault: str) -> str:
    """Return a plug-in with a fault behind its first batch."""
    return HEAD + "".join(f"    {line}\n" for line in fault.strip("\n").splitlines())


def told(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """Return what a command told of each source, as JSON."""
    runs = json.loads(done.stdout)["runs"]
    assert len(runs) == len({run["source"] for run in runs})
    return {run["source"]: run for run in runs}


def make(project: MakeProject, fault: str, settings: str = "", store: str = "") -> Path:
    """Make a project with a bad and a good source."""
    plugins = {"bad": bad(fault), "good": GOOD}
    return project(CONFIG.format(bad=settings), plugins, store=store or None)


def wait_for(folder: Path, name: str, process: subprocess.Popen[str]) -> None:
    """Wait until a plug-in says by a file that it has got somewhere."""
    while not (folder / name).exists():
        assert process.poll() is None
        time.sleep(0.02)


FLOOD = """
kept = []
while True:
    kept.append(bytearray(20_000_000))
"""


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("os._exit(0)", "ended its process in the midst of its work (exit code 0)"),
        ("os._exit(7)", "ended its process in the midst of its work (exit code 7)"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "its process was ended by SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "its process was ended by SIGKILL"),
        (FLOOD, "used more than the 400 MB of memory"),
    ],
    ids=["exit", "exit-code", "crash", "kill", "flood"],
)
def test_a_source_that_takes_its_process_along(
    fault: str, said: str, project: MakeProject, run_regard: Run, store_url: str
) -> None:
    """The run has failed with what was committed, and the next source is read all the same."""
    folder = make(project, fault, store=store_url)
    done = run_regard("run", "--all", "--json", cwd=folder)
    runs = told(done)

    assert (1, "ok") == (done.returncode, runs["good"]["outcome"])
    assert "failed" == runs["bad"]["outcome"]
    assert said in runs["bad"]["error"]
    assert "what was committed stays" in runs["bad"]["error"]

    show = json.loads(run_regard("runs", "show", "1", "--json", cwd=folder).stdout)

    assert ("failed", runs["bad"]["error"]) == (show["outcome"], show["error"])
    assert show["finished_at"] is not None
    assert "ok" not in [stream["outcome"] for stream in show["streams"]]
    (job,) = [
        job
        for job in json.loads(run_regard("status", "--json", cwd=folder).stdout)["jobs"]
        if job["job"] == "bad"
    ]
    assert (None, "failed") == (job["running"], job["outcome"])
    # The batch was stored while the source was read on: whole, or not at all.
    assert job["records"] == runs["bad"]["new"]
    assert job["records"] in (0, 2)


@pytest.mark.parametrize(
    "fault",
    [
        "os.close(1)",
        "sys.stdout.close()",
        "os.write(1, b'noise')",
        "os.system('echo noise')",
        "print('noise')",
        "threading.Thread(target=time.sleep, args=(600,)).start()",
        "os.fork() or time.sleep(2) or os._exit(0)",
    ],
)
def test_a_source_that_soils_its_surroundings(
    fault: str, project: MakeProject, run_regard: Run
) -> None:
    """What a plug-in prints, closes or starts spoils no result and delays no end."""
    folder = make(project, fault)
    done = run_regard("run", "--all", "--json", cwd=folder, timeout=30)
    runs = told(done)

    assert {"good": "ok", "bad": "ok"} == {name: run["outcome"] for name, run in runs.items()}
    assert 0 == done.returncode
    assert "noise" not in done.stdout


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("time.sleep(600)", "partial"),
        ("while True: pass", "partial"),
        ("threading.Event().wait()", "partial"),
        (DEAF, "failed"),
        (NATIVE, "failed"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "failed"),
    ],
    ids=["sleep", "loop", "wait", "deaf", "native", "stopped"],
)
def test_a_source_that_hangs_ends_at_its_deadline(
    fault: str, outcome: str, project: MakeProject, run_regard: Run
) -> None:
    """Nothing that a plug-in does lasts beyond the deadline; what was committed stays."""
    folder = make(project, fault, 'deadline = "2s"')
    done = run_regard("run", "--all", "--json", cwd=folder, timeout=60)
    runs = told(done)

    assert ({"partial": 3, "failed": 1}[outcome], "ok") == (
        done.returncode,
        runs["good"]["outcome"],
    )
    assert outcome == runs["bad"]["outcome"]
    # Who lets nobody else do anything also keeps the batch from being stored.
    assert runs["bad"]["new"] in ((2,) if outcome == "partial" else (0, 2))
    assert "deadline of 2s" in runs["bad"]["error"]
    assert ("killed" in runs["bad"]["error"]) is ("failed" == outcome)


SLOW = {
    "sleep": "time.sleep(600)",
    "deaf": DEAF,
    "native": NATIVE,
    "backoff": "from regard import TransientError\nraise TransientError('hm')",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
def test_one_signal_ends_the_command(
    fault: str, number: signal.Signals, project: MakeProject, run_regard: Run
) -> None:
    """Whatever the plug-in is at, the first signal ends the command soon, as partial."""
    folder = make(project, f"ctx.root.joinpath('there').touch()\n{fault.strip()}")
    process = subprocess.Popen(
        [sys.executable, "-m", "regard", "run", "--all", "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(folder, "there", process)
    asked = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    # Two seconds where nothing else wants the machine.
    assert time.monotonic() - asked < 6
    runs = {run["source"]: run for run in json.loads(out)["runs"]}

    assert 3 == process.returncode, err
    assert {"partial"} == {run["outcome"] for run in runs.values()}
    assert "asked to stop" in runs["bad"]["error"]
    assert "not begun" in runs["good"]["error"]
    assert 2 >= runs["bad"]["new"]

    again = run_regard("source", "list", cwd=folder)

    assert 0 == again.returncode


def test_a_killed_command_takes_its_child_along(project: MakeProject, run_regard: Run) -> None:
    """Where the command itself is killed nothing reads on behind its back."""
    folder = make(project, "(ctx.root / 'pid').write_text(str(os.getpid()))\ntime.sleep(600)")
    process = subprocess.Popen(
        [sys.executable, "-m", "regard", "run", "bad"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(folder, "pid", process)
    process.kill()
    # Ends only when nobody has its standard error any more.
    process.communicate(timeout=30)
    plugin = folder / "plugins" / "bad.py"
    plugin.write_text(plugin.read_text().replace("time.sleep(600)", "pass"))
    done = run_regard("run", "bad", "--json", cwd=folder)

    assert (0, "ok") == (done.returncode, told(done)["bad"]["outcome"])


def test_a_dry_run_is_contained_too(project: MakeProject, run_regard: Run) -> None:
    """A plug-in that exits in a dry run fails it, and the next source is decided."""
    folder = make(project, "os.write(1, b'noise')\nos._exit(0)")
    done = run_regard("run", "--all", "--dry-run", "--json", cwd=folder)
    runs = told(done)

    assert ("failed", "ok") == (runs["bad"]["outcome"], runs["good"]["outcome"])
    assert not (folder / "regard.db").exists()


def test_a_plugin_with_threads_of_its_own(project: MakeProject, run_regard: Run) -> None:
    """Where a plug-in has started a thread on import, its source is read all the same."""
    thread = (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    folder = project(CONFIG.format(bad=""), {"bad": thread + bad(""), "good": GOOD})
    done = run_regard("run", "--all", "--json", cwd=folder)

    assert (0, "") == (done.returncode, done.stderr)
    assert {"ok"} == {run["outcome"] for run in told(done).values()}


WAITING = """
    from pathlib import Path
    from regard import Source, Stream, hookimpl

    class Bad(Source):
        name = "bad"
        streams = (Stream("records", "fact", key=("name",)),)

        def __init__(self, config):
            Path(__file__).parent.parent.joinpath("there").touch()

        def read(self, stream, since, until, ctx):
            yield {"name": "a"}

    @hookimpl
    def regard_sources():
        return [Bad]
"""


def test_a_signal_while_the_store_is_locked(project: MakeProject, store: Store) -> None:
    """Who waits for another writer before its run can begin is stopped all the same."""
    url = store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    config = '[sources.bad]\nplugin = "bad"\n'
    folder = project(config, {"bad": WAITING}, store=url)
    with store.write() as transaction:
        transaction.writer.lock()
        process = subprocess.Popen(
            [sys.executable, "-m", "regard", "run", "bad", "--json"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(folder, "there", process)
        process.send_signal(signal.SIGTERM)
        # Less than the minute that a writer waits for another.
        out, err = process.communicate(timeout=40)
    (run,) = json.loads(out)["runs"]

    assert (3, "partial") == (process.returncode, run["outcome"]), err
    assert "asked to stop" in run["error"]
