"""Side tables are there before their enricher has ever been run, and queries find them empty."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import text

from regard.store import Store

RunRegard = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[..., Path]

BOX = """
    from regard import source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        yield from [{"name": "a", "text": "four"}, {"name": "b", "text": "seven77"}]
"""
LENGTHS = """
    from datetime import date, datetime
    from decimal import Decimal
    from pydantic import BaseModel
    from regard import enricher

    class Length(BaseModel):
        long: int
        share: Decimal | None = None
        yes: bool | None = None
        at: datetime | None = None
        on: date | None = None

    @enricher("lengths", inputs="fact", outputs=Length)
    def lengths(batch):
        for fact in batch:
            yield {"key": fact["key"], "long": len(fact["text"])}
"""
REPORT = """
    from regard import Column, Report, Reporter, Section, Table, hookimpl

    class Long(Reporter):
        name = "long"
        title = "How long"

        def report(self, view, params, ctx):
            rows = view.sql('''
                SELECT f.key, sum(l.long) AS long, max(l.share) AS share, max(l.at) AS at,
                       max(l.on) AS on, bool_or(l.yes) AS yes
                FROM facts f LEFT JOIN length l USING (source, key) GROUP BY f.key ORDER BY f.key
            ''').rows()
            names = ("key", "long", "share", "at", "on", "yes")
            columns = tuple(Column(name, name) for name in names)
            table = Table("Long", columns, rows)
            return Report(self.name, self.title, view.now, [Section("Long", (), (table,))])

    @hookimpl
    def regard_reporters():
        return [Long]
"""
PLUGINS = {"box": BOX, "lengths": LENGTHS, "long": REPORT}
BEFORE = '[sources.box]\nplugin = "box"\nschedule = "every 6h"\n'
CONFIG = f"{BEFORE}[enrichers.lengths]\n"


def tables(folder: Path) -> list[str]:
    """Return the side tables of a project's store."""
    with closing(sqlite3.connect(folder / "regard.db")) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'side%'"
        return [name for (name,) in connection.execute(query)]


def lengths(done: subprocess.CompletedProcess[str]) -> list[list[object]]:
    """Return keys and lengths of what the report `long` says as JSON."""
    assert 0 == done.returncode, done.stderr
    rows = json.loads(done.stdout)["sections"][0]["tables"][0]["rows"]
    return [row[:2] if isinstance(row, list) else [row["key"], row["long"]] for row in rows]


@pytest.fixture
def folder(project: MakeProject, run_regard: RunRegard) -> Path:
    """Return a project with records, whose enricher has only just been configured."""
    made = project(BEFORE, PLUGINS)
    assert 0 == run_regard("run", "box", cwd=made).returncode
    config = made / "regard.toml"
    config.write_text(config.read_text() + "\n[enrichers.lengths]\n")
    return made


@pytest.mark.parametrize(
    "command",
    [
        ("run", "box"),
        ("enrich", "lengths"),
        ("schedule", "--once", "source:box"),
        ("db", "upgrade"),
    ],
)
def test_whoever_opens_the_store_makes_it(
    folder: Path, run_regard: RunRegard, command: tuple[str, ...]
) -> None:
    """Each command that works with enrichers or upgrades leaves the side table there."""
    before = tables(folder)
    done = run_regard(*command, cwd=folder)

    assert 0 == done.returncode, done.stderr
    assert [] == before
    assert ["side_length"] == tables(folder)


def test_it_has_never_been_run(folder: Path, run_regard: RunRegard) -> None:
    """That its table is there does not make an enricher one that was run: its turn still comes."""
    run_regard("run", "box", cwd=folder)
    early = run_regard("report", "long", "--format", "json", cwd=folder)
    done = run_regard("enrich", "--stale", "--json", cwd=folder)
    later = run_regard("report", "long", "--format", "json", cwd=folder)

    assert [["a", None], ["b", None]] == lengths(early)
    assert "enrichers have not seen all records: lengths" in early.stderr
    assert 2 == json.loads(done.stdout)["runs"][0]["new"]
    assert [["a", 4], ["b", 7]] == lengths(later)


def test_a_store_without_records(project: MakeProject, run_regard: RunRegard) -> None:
    """An enricher that has nothing to look at yet is run once, and then no more."""
    folder = project("[enrichers.lengths]\n", PLUGINS)
    run_regard("db", "upgrade", cwd=folder)
    first = json.loads(run_regard("enrich", "--stale", "--json", cwd=folder).stdout)
    again = json.loads(run_regard("enrich", "--stale", "--json", cwd=folder).stdout)

    assert (1, 0) == (len(first["runs"]), len(again["runs"]))


def test_a_reader_that_comes_first(folder: Path, run_regard: RunRegard) -> None:
    """A report that joins a side table nobody has made yet finds it empty, and makes none."""
    done = run_regard("report", "long", "--format", "json", cwd=folder)
    status = run_regard("status", "--json", cwd=folder)

    assert [["a", None], ["b", None]] == lengths(done)
    assert [] == tables(folder)
    assert "" == status.stderr


def test_what_is_wrong_with_one_spares_the_others(folder: Path, run_regard: RunRegard) -> None:
    """A broken enricher, and one whose table is another one's, keep no source from being read."""
    (folder / "plugins" / "broken.py").write_text("raise RuntimeError('x')\n")
    same = LENGTHS.replace('"lengths"', '"same"')
    (folder / "plugins" / "same.py").write_text(dedent(same))
    config = folder / "regard.toml"
    config.write_text(config.read_text() + "[enrichers.same]\n[enrichers.nobody]\n")
    done = run_regard("run", "box", cwd=folder)
    second = run_regard("enrich", "same", cwd=folder)

    assert 0 == done.returncode, done.stderr
    assert ["side_length"] == tables(folder)
    assert 2 == second.returncode
    assert "its side table 'length' is one of [enrichers.lengths], too" in second.stderr


def test_dropped(folder: Path, run_regard: RunRegard) -> None:
    """A table that was never filled can be dropped, and a switched off enricher makes none."""
    run_regard("run", "box", cwd=folder)
    config = folder / "regard.toml"
    config.write_text(config.read_text() + "enabled = false\n")
    dropped = run_regard("enrich", "lengths", "--drop", cwd=folder)
    run_regard("run", "box", cwd=folder)

    assert 0 == dropped.returncode, dropped.stderr
    assert [] == tables(folder)


def test_on_a_server(project: MakeProject, run_regard: RunRegard, store_url: str) -> None:
    """Also in PostgreSQL the table is there without a row."""
    folder = project(CONFIG, PLUGINS, store=store_url)
    done = run_regard("run", "box", cwd=folder)
    store = Store.open(store_url)
    with store.read() as transaction:
        query = text("SELECT count(*) FROM side_length")
        count = transaction.connection.execute(query).scalar_one()
    store.close()

    assert 0 == done.returncode, done.stderr
    assert 0 == count
