"""Runs that end before their source does: the lease, the deadline, a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from regard.clock import SystemClock
from regard.pipeline.stopping import PASSED, Asked, Stop
from regard.pipeline.streams import Limits
from regard.runs import Outcome

World = Any
MakeWorld = Callable[..., World]

OTHERS = """
    import time
    from datetime import timedelta
    from pathlib import Path
    from regard import Source, Stream, hookimpl, source
    from regard.errors import Cancelled, TransientError
    from regard.findings import Finding
    from regard.store import RunStart, Store, leases, runs
    from sqlalchemy import select, text, update
    from regard.store.transactions import table

    def wait_for(condition):
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.02)

    def overtake(url):
        store = Store.open(url)
        with store.write() as transaction:
            transaction.writer.lock()
            transaction.connection.execute(text("UPDATE leases SET until_at = NULL"))
            start = RunStart("box", "box", None, "", "test")
            leases.acquire(transaction, "source:box", runs.begin(transaction, start))
        store.close()
"""


def box(body: str, **options: Any) -> dict[str, str]:
    """Return a plug-in that reads facts."""
    head = '\n    @source("box", kind="fact", key=["name"])\n    def read(config, since, ctx):\n'
    lines = "".join(f"        {line}\n" for line in body.strip("\n").splitlines())
    return {"box": OTHERS + head + lines}


def config(here: World, text: str = "") -> World:
    """Give the source the store's address and more settings."""
    file = here.folder / "regard.toml"
    file.write_text(file.read_text() + f'url = "{here.url}"\n{text}\n')
    return here


def test_a_source_that_takes_long_keeps_its_lease(world: MakeWorld) -> None:
    """While a source says nothing for long, the run's lease is renewed all the same."""
    quiet = """
store = Store.open(config["url"], readonly=True)
seen = set()
def renewed():
    with store.read() as transaction:
        seen.add(transaction.connection.execute(select(table("leases").c.until_at)).scalar())
    return len(seen) > 2
wait_for(renewed)
store.close()
yield {"name": "a"}
"""
    here = config(world(box(quiet)))
    (summary,) = here.run("box", lease_length=timedelta(seconds=0.9))

    assert (Outcome.OK, None) == (summary.outcome, summary.error)
    assert ["a"] == [row["key"] for row in here.rows("fact")]


def test_a_lost_lease_stops_a_run_that_reads(world: MakeWorld) -> None:
    """A run that is overtaken while its source says nothing hears of it, and stores nothing."""
    overtaken = """
overtake(config["url"])
wait_for(lambda: ctx.cancelled)
for n in range(50):
    yield {"name": f"n{n}"}
"""
    here = config(world(box(overtaken), limits=Limits(rows=1000)))
    (summary,) = here.run("box", lease_length=timedelta(seconds=0.3))

    assert Outcome.FAILED == summary.outcome
    assert "another run took over source:box" in (summary.error or "")
    assert [] == here.rows("fact")
    assert [] == here.table("run_streams")


def test_a_stalled_holder_that_wakes_up_writes_nothing(world: MakeWorld) -> None:
    """Not even how its stream ended is written by a run that was taken over."""
    stalled = """
ctx.finding(Finding("odd", "it is odd"))
overtake(config["url"])
raise Cancelled("woken up")
yield
"""
    here = config(world(box(stalled)))
    (summary,) = here.run("box")
    tables = ("facts", "findings", "run_streams", "files")
    second, first = here.table("runs")[::-1]

    assert Outcome.FAILED == summary.outcome
    assert {name: [] for name in tables} == {name: here.table(name) for name in tables}
    assert "ended without a word" in first["error"]
    assert (None, None) == (second["outcome"], second["error"])
    assert [second["id"]] == [row["run_id"] for row in here.table("leases")]


ENDLESS = """
n = 0
while True:
    n += 1
    yield {"name": f"n{n}"}
    time.sleep(0.001)
"""


def test_the_deadline_stops_a_run(world: MakeWorld) -> None:
    """A run that takes longer than its deadline is partial, and keeps what it has stored."""
    here = config(world(box(ENDLESS), limits=Limits(rows=20, seconds=0.05)), 'deadline = "1s"')
    (summary,) = here.run("box")
    (run,) = here.history()

    assert Outcome.PARTIAL == summary.outcome
    assert "longer than its deadline of 1s; what was committed stays" in (summary.error or "")
    assert 0 < len(here.rows("fact")) == summary.counts.new
    assert ("partial", summary.error) == (run.outcome, run.error)


def test_streams_behind_the_deadline_are_not_begun(sqlite_world: MakeWorld) -> None:
    """When the time is used up the source is not asked for its other streams."""
    plugin = (
        OTHERS
        + """
    class Box(Source):
        name = "box"
        streams = (Stream("first", "fact"), Stream("second", "fact"))

        def read(self, stream, since, until, ctx):
            Path(ctx.root, stream.name).touch()
            wait_for(lambda: ctx.cancelled)
            yield {"key": "a"}

    @hookimpl
    def regard_sources():
        return [Box]
"""
    )
    here = config(sqlite_world({"box": plugin}), 'deadline = "1s"')
    first, second = here.run("box")

    assert {Outcome.PARTIAL} == {first.outcome, second.outcome}
    assert "deadline of 1s" in (second.error or "")
    assert (True, False) == ((here.folder / "first").exists(), (here.folder / "second").exists())


def test_the_deadline_ends_the_wait_before_a_new_try(sqlite_world: MakeWorld) -> None:
    """A run does not wait beyond its deadline to try again."""
    failing = 'raise TransientError("hm")\nyield'
    here = config(sqlite_world(box(failing)), 'deadline = "1s"')
    (summary,) = here.run("box", limits=Limits(backoff_seconds=60))

    assert Outcome.PARTIAL == summary.outcome
    assert "deadline of 1s" in (summary.error or "")
    assert summary.seconds < 20


def test_a_killed_run_has_failed_with_its_stream(world: MakeWorld) -> None:
    """A stream is `ok` only when it was read to its end, whatever was committed of it."""
    slow = """
for n in range(20):
    yield {"name": f"n{n}"}
yield {"name": "last"}
print("waiting", flush=True)
time.sleep(600)
"""
    here = config(world(box(slow)))
    code = (
        "import sys\n"
        "from regard.pipeline.running import Runner\n"
        "from regard.pipeline.streams import Limits\n"
        "from regard.clock import SystemClock\n"
        "from regard.host import Host\n"
        "from regard.settings import load_project\n"
        "from regard.store import Store\n"
        "from pathlib import Path\n"
        "folder = Path(sys.argv[1])\n"
        "project = load_project(folder / 'regard.toml')\n"
        "host = Host.load(plugin_dir=folder / 'plugins', disabled=())\n"
        "store = Store.open(sys.argv[2])\n"
        "limits = Limits(rows=10)\n"
        "Runner(project, host, SystemClock(), 'test', limits=limits).run(store, 'box')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, here.folder, here.url], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert "waiting\n" == process.stderr.readline()
        # One batch is stored while the next is read.
        while len(here.rows("fact")) < 20:
            assert process.poll() is None
        (run,) = here.history()

        assert run.outcome is None
        assert [(20, False)] == [(stream.counts.new, stream.ended) for stream in run.streams]
        assert [None] == [stream.as_json()["outcome"] for stream in run.streams]
    finally:
        process.kill()
        process.communicate()
    (killed,) = here.history()
    file = here.folder / "plugins" / "box.py"
    file.write_text(file.read_text().replace("time.sleep(600)", "pass"))
    here.run("box")
    (_, buried) = here.history()

    for run in (killed, buried):
        assert "failed" == run.outcome
        assert "ended without a word" in (run.error or "")
        (stream,) = run.streams
        assert (Outcome.FAILED, 20) == (stream.outcome, stream.counts.new)
        assert "not read to its end" in (stream.error or "")


def test_a_deadline_by_another_clock() -> None:
    """Told by whoever waits that the deadline has passed, a run says that, and not a wish."""
    asked = Asked()
    stop = Stop(asked, SystemClock(), timedelta(minutes=1))
    asked.heed(PASSED, None)

    assert stop.is_set()
    assert "longer than its deadline of 1m" in str(stop.why())


def test_a_wish_with_a_deadline() -> None:
    """Asked to stop before its deadline a run says that somebody asked."""
    asked = Asked()
    asked.heed(signal.SIGTERM, None)

    assert "asked to stop" in str(Stop(asked, SystemClock(), timedelta(minutes=1)).why())
