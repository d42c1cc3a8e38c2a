"""Several commands on one store at once: each source is read once, and nobody hears of locks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from regard.store import Store
from regard.store.transactions import table

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]

PLUGIN = """
    import time
    from regard import source

    @source("box", kind="fact", key=["name"], cursor="n", ordered=True)
    def read(config, since, ctx):
        for n in range(since or 0, 40):
            yield {"name": f"n{n}", "n": n, "text": config["text"]}
            # Batches are stored about each second: all of them write in turn.
            time.sleep(0.06)
"""
NAMES = ("a", "b", "c")
CONFIG = "".join(f'[sources.{name}]\nplugin = "box"\ntext = "{name}"\n' for name in NAMES)


def start(folder: Path, *names: str) -> subprocess.Popen[str]:
    """Start a command that reads sources."""
    return subprocess.Popen(
        [sys.executable, "-m", "regard", "run", *names, "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def counted(url: str) -> dict[str, int]:
    """Return how many facts each source has in the store."""
    store = Store.open(url, readonly=True)
    facts = table("facts")
    with store.read() as transaction:
        query = select(facts.c.source, func.count()).group_by(facts.c.source)
        found = {row[0]: row[1] for row in transaction.connection.execute(query)}
    store.close()
    return found


def test_several_sources_at_once(project: MakeProject, store_url: str) -> None:
    """Commands that read different sources into one new store all come through, and whole."""
    folder = project(CONFIG, {"box": PLUGIN}, store=store_url)
    started = [start(folder, name) for name in NAMES]
    told = [process.communicate(timeout=120) for process in started]

    assert [(0, "")] * 3 == [
        (process.returncode, err) for process, (_, err) in zip(started, told, strict=True)
    ]
    assert dict.fromkeys(NAMES, 40) == counted(store_url)


STALLED = """
    import os, time
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        (ctx.root / f"reader-{config['text']}").write_text(str(os.getpid()))
        yield {"name": "a", "text": config["text"]}
        while not (ctx.root / "go").exists():
            time.sleep(0.02)
        yield {"name": "b", "text": config["text"]}
"""


def test_one_source_twice_at_once(project: MakeProject, store_url: str) -> None:
    """Of two commands that read one source the later one exits 4 and says who reads it."""
    folder = project(CONFIG, {"box": STALLED}, store=store_url)
    first = start(folder, "a")
    while not (folder / "reader-a").exists():
        assert first.poll() is None
        time.sleep(0.02)
    second = start(folder, "a")
    told, _ = second.communicate(timeout=120)
    (folder / "go").touch()
    out, _ = first.communicate(timeout=120)
    (skipped,) = json.loads(told)["runs"]

    assert (0, 4) == (first.returncode, second.returncode)
    assert "skipped" == skipped["outcome"]
    assert "source 'a' is being read already: run 1 on" in skipped["error"]
    assert 2 == json.loads(out)["runs"][0]["new"]
    assert {"a": 2} == counted(store_url)


def test_a_stalled_reader_that_wakes_up(project: MakeProject, store_url: str) -> None:
    """A process that was stopped, overtaken and woken up stores nothing and has failed."""
    folder = project(CONFIG, {"box": STALLED}, store=store_url)
    process = start(folder, "a")
    file = folder / "reader-a"
    while not (file.exists() and file.read_text()):
        assert process.poll() is None
        time.sleep(0.02)
    reader = int(file.read_text())
    os.kill(reader, signal.SIGSTOP)
    store = Store.open(store_url)
    with store.write() as transaction:
        # As if the two minutes that a lease lasts had passed.
        transaction.connection.execute(table("leases").update().values(until_at=transaction.now))
    store.close()
    (folder / "go").touch()
    config = folder / "regard.toml"
    config.write_text(config.read_text().replace('text = "a"', 'text = "later"'))
    later = start(folder, "a")
    out, err = later.communicate(timeout=120)
    os.kill(reader, signal.SIGCONT)
    told, _ = process.communicate(timeout=120)
    (run,) = json.loads(told)["runs"]

    assert 0 == later.returncode, err
    assert 2 == json.loads(out)["runs"][0]["new"]
    assert (1, "failed") == (process.returncode, run["outcome"])
    assert "another run took over" in run["error"]
    store = Store.open(store_url, readonly=True)
    with store.read() as transaction:
        texts = set(transaction.connection.execute(select(table("facts").c.text)).scalars())
    store.close()

    assert {"later"} == texts
