"""Killed at any instant, a source that is run again ends as if nothing had happened."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

World = Any
MakeWorld = Callable[..., World]

PLUGIN = """
    from datetime import datetime, timedelta, timezone
    from regard import Delete, Page, Source, Stream, hookimpl

    BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)

    class Desk(Source):
        name = "desk"
        streams = (
            Stream("ordered", "fact", cursor="happened_at", ordered=True),
            Stream("pages", "offer", ordered=True),
            Stream("files", "purchase", key=("order", "line")),
            Stream("loose", "customer", cursor="created_at"),
        )

        def read(self, stream, since, until, ctx):
            yield from getattr(self, stream.name)(since, ctx)

        def ordered(self, since, ctx):
            for n in range(300):
                at = BEGIN + timedelta(minutes=n // 3)
                if since is None or at >= since:
                    yield {"key": f"o{n}", "happened_at": at, "value": "x" if n % 50 == 7 else n}
                    if n % 40 == 39:
                        yield Delete(f"o{n - 5}", as_of=at)

        def pages(self, since, ctx):
            for page in range(since or 0, 12):
                at = BEGIN + timedelta(days=page)
                offers = [
                    {"key": f"p{n}", "price": (n * page) % 7, "as_of": at} for n in range(25)
                ]
                yield Page(offers, cursor=page)

        def files(self, since, ctx):
            yield from ctx.rows("till/*.csv")

        def loose(self, since, ctx):
            for n in range(200):
                at = BEGIN + timedelta(minutes=(n * 37) % 200)
                if since is None or at >= since:
                    yield {"key": f"c{n}", "created_at": at, "name": f"name {n}"}

    @hookimpl
    def regard_sources():
        return [Desk]
"""

CHILDREN = """
import json, os, random, signal, sys, time, traceback
from datetime import UTC, datetime
from pathlib import Path

from regard.clock import FixedClock
from regard.host import Host
from regard.pipeline.running import Runner
from regard.pipeline.streams import Limits
from regard.settings import load_project
from regard.store import Store

folder, url, kills, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
random.seed(seed)
project = load_project(folder / "regard.toml")
host = Host.load(plugin_dir=folder / "plugins", disabled=())
clock = FixedClock(datetime(2026, 1, 31, 12, tzinfo=UTC))

def run():
    runner = Runner(project, host, clock, "test", limits=Limits(rows=17, seconds=60), settle=False)
    store = Store.open(url, clock=clock)
    done = runner.run(store, "desk")
    store.close()
    return all(summary.outcome == "ok" for summary in done)

def child():
    pid = os.fork()
    if pid == 0:
        try:
            code = 0 if run() else 3
        except BaseException:
            traceback.print_exc()
            code = 9
        os._exit(code)
    return pid

codes, killed = [], 0
while killed < kills:
    pid = child()
    time.sleep(random.uniform(0.01, 0.1))
    os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        killed += 1
    else:
        # Too late: all is read, and there is nothing left to be killed in.
        codes.append(os.WEXITSTATUS(status))
        break
codes.append(os.waitstatus_to_exitcode(os.waitpid(child(), 0)[1]))
print(json.dumps([killed, codes]))
"""

TILL = {
    f"till/2026-01-0{day}.csv": "order,line,amount,ordered_at\n"
    + "".join(
        f"{day}{n},{line},{n}.5,2026-01-0{day} 10:00\n" if n % 30 else f"{day}{n},{line}\n"
        for n in range(60)
        for line in (1, 2)
    )
    for day in (1, 2, 3)
}

# What may differ between a run that was killed and one that was not: who wrote it when.
_OWN = {
    *("batch_id", "first_run_id", "last_run_id", "run_id", "id", "read_at", "updated_at"),
    *("first_seen_at",),
}


def content(here: World) -> dict[str, list[dict[str, Any]]]:
    """Return everything the store holds, without what names runs."""
    tables = ("facts", "offers", "purchases", "customers", "quarantine", "cursors", "files")
    found = {}
    for name in tables:
        rows = [
            {column: value for column, value in row.items() if column not in _OWN}
            for row in here.table(name)
        ]
        found[name] = sorted(rows, key=repr)
    return found


def run_and_kill(here: World, kills: int, seed: int = 1) -> tuple[int, list[int]]:
    """Run the source in children that are killed, then once to the end."""
    done = subprocess.run(
        [sys.executable, "-c", CHILDREN, here.folder, here.url, str(kills), str(seed)],
        capture_output=True,
        text=True,
        timeout=120 + 2 * kills,
        check=False,
    )
    assert "" == done.stderr
    killed, codes = json.loads(done.stdout)
    return killed, codes


CONFIG = '[sources.desk]\nplugin = "desk"\nerror_budget = 0.5\n'


def undisturbed_content(here: World, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what one run that nobody kills leaves."""
    undisturbed = replace(here, url=f"sqlite:///{folder / 'undisturbed.db'}")
    assert (0, [0]) == run_and_kill(undisturbed, 0)
    return content(undisturbed)


def test_killed_at_any_instant(world: MakeWorld, tmp_path: Path) -> None:
    """Children that are killed again and again leave what one undisturbed run leaves."""
    here = world({"desk": PLUGIN}, TILL, CONFIG)
    expected = undisturbed_content(here, tmp_path)
    killed, codes = run_and_kill(here, 60)
    actual = content(here)

    assert killed >= 1
    assert {0} == set(codes)
    for name, rows in expected.items():
        assert rows == actual[name], name
    assert 300 == len(expected["facts"]) + 6
    assert [] == [run.outcome for run in here.history() if run.outcome not in ("ok", "failed")]


@pytest.mark.parametrize(
    "kills", [30, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.soak])]
)
def test_many_kills(kills: int, world: MakeWorld, tmp_path: Path) -> None:
    """However many runs are killed, each store ends with the same content."""
    here = world({"desk": PLUGIN}, TILL, CONFIG)
    if not here.url.startswith("sqlite"):
        pytest.skip("each round needs a store of its own")
    expected = undisturbed_content(here, tmp_path)
    total = rounds = 0
    while total < kills:
        rounds += 1
        mine = replace(here, url=f"sqlite:///{tmp_path / f'round-{rounds}.db'}")
        killed, codes = run_and_kill(mine, 60, seed=rounds)
        total += killed
        actual = content(mine)

        assert {0} == set(codes)
        assert expected == actual
        assert rounds < kills
