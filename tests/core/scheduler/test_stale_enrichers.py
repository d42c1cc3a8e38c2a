"""Enrichers without a schedule: when they are run, and what waits for them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from regard.jobs import Due, Job, State
from regard.records.sides import SideTable
from regard.scheduler.desk import Desk, Result
from regard.scheduler.enriching import StaleEnrichers
from regard.store import Store, enriching, ledger
from regard.store.enriching import Maker
from regard.store.ledger import Entry

Launch = Callable[..., Any]
MakeBook = Callable[[Path], Any]
HOUR = timedelta(hours=1)
SIDE = SideTable("length", (("long", "integer"),))


def job(name: str, **options: Any) -> Job:
    """Return a job."""
    return Job(name, HOUR, 0, **options)


class Office:
    """
    Two loops on one store, with a source, an enricher and a report.

    Args:
        store: The store, by a clock that the test moves on.
        clock: That clock.
        put: Stores a record.
    """

    def __init__(self, store: Store, clock: Any, put: Callable[[str], None]) -> None:
        self.store, self.clock, self.put = store, clock, put
        names = ("source:box", "source:other", "enricher:lengths", "report:brief")
        self.jobs = {name: job(name) for name in names}
        self.desk = Desk(store, "one", self.jobs, {}, lambda *_: None)
        self.stale = StaleEnrichers(store, "one", self.jobs, {})
        self.other = StaleEnrichers(store, "two", self.jobs, {})

    def queue(self, name: str) -> Entry:
        """Let a job be due."""
        self.clock.move(seconds=1)
        now = self.clock.now()
        with self.store.write() as transaction:
            due = Due(name, now, State.QUEUED, "schedule", now)
            (entry,) = ledger.claim(transaction, "one", [due], {})
        return entry

    def run(self, name: str) -> Entry:
        """Let a job be due, and begin with it."""
        return self.start(self.queue(name))

    def start(self, entry: Entry) -> Entry:
        """Begin with a row."""
        started = self.desk.start(entry, "log", self.clock.now())
        assert started is not None
        return started

    def end(self, entry: Entry, state: State = State.OK) -> None:
        """End a row."""
        self.desk.settle(entry, Result(state, final=True), self.clock.now())

    def enriched(self) -> None:
        """Let the enricher have seen everything that there is."""
        maker = Maker("lengths", "p", "1", "r", ("fact",), (SIDE,), sets=False)
        with self.store.write() as transaction:
            progress = enriching.prepare(transaction, maker, 1)
        upto = self.store.identity()
        with self.store.write() as transaction:
            enriching.settle(transaction, "lengths", progress, (upto.batch_id, upto.token))

    def claim(self, *reports: Entry) -> list[Entry]:
        """Let the first loop claim what is stale."""
        return self.stale.claim(self.clock.now(), reports)


@pytest.fixture
def office(
    store: Store, moving: Any, encode: Callable[..., Any], commit: Callable[..., Any]
) -> Office:
    """Return two loops on each database."""
    store.clock = moving

    def put(key: str) -> None:
        commit(store, "fact", [encode("fact", {"name": "n"}, key)], source="box")

    return Office(store, moving, put)


def test_run_when_stale(office: Office) -> None:
    """A stale enricher is run once by whoever comes first, and again when records are newer."""
    office.put("a")
    first = office.claim()
    twice = [*office.claim(), *office.other.claim(office.clock.now())]
    office.end(office.start(first[0]))
    office.enriched()
    idle = office.claim()
    office.clock.move(seconds=5)
    office.put("b")
    again = office.claim()

    assert ["enricher:lengths"] == [entry.job for entry in first]
    assert "stale" == first[0].cause
    assert ([], []) == (twice, idle)
    assert 1 == len(again)


def test_a_newer_recipe(office: Office) -> None:
    """With another recipe it is run once, also where the code is newer than the loop knows."""
    office.jobs["enricher:lengths"] = replace(office.jobs["enricher:lengths"], recipe="older")
    office.put("a")
    office.enriched()
    (entry,) = office.claim()
    office.end(office.start(entry))
    office.clock.move(minutes=5)
    again = office.claim()
    office.put("b")

    assert [] == again
    assert 1 == len(office.claim())


def test_behind_sources(office: Office) -> None:
    """It waits until no source is being read, but not for ever."""
    office.put("a")
    reading = office.run("source:box")
    while_read = office.claim()
    office.clock.move(minutes=11)
    after_long = office.claim()
    office.end(reading)

    assert [] == while_read
    assert 1 == len(after_long)


def test_behind_the_sources_that_it_names(office: Office) -> None:
    """One that says which sources it goes behind waits for no others."""
    chosen = replace(office.jobs["enricher:lengths"], depends_on=("source:box",))
    office.jobs["enricher:lengths"] = chosen
    office.put("a")
    office.run("source:other")

    assert 1 == len(office.claim())


def test_before_a_report(office: Office) -> None:
    """A report waits for a stale enricher, also while sources are read, and then begins."""
    office.put("a")
    reading = office.run("source:box")
    report = office.queue("report:brief")
    (entry,) = office.claim(report)
    waits = office.stale.waits([report])
    running = office.start(entry)
    still = office.stale.waits([report])
    office.end(running)
    office.enriched()
    done = office.claim(report)
    office.end(reading)

    assert ({report.id}, {report.id}) == (waits, still)
    assert ([], set()) == (done, office.stale.waits([report]))


def test_a_report_is_not_held_up_for_ever(office: Office) -> None:
    """New records again and again hold a report up for two runs of an enricher at most."""
    office.put("a")
    (entry,) = office.claim()
    report = office.queue("report:brief")
    runs = [entry]
    for number in range(5):
        more = office.claim(report)
        runs += more
        if not office.stale.waits([report]):
            break
        office.end(office.start(runs[-1]))
        office.enriched()
        office.put(str(number))

    assert 2 == number
    assert 2 == len({run.id for run in runs[:2]})


def test_a_failure_holds_nobody_up(office: Office) -> None:
    """One that fails rests for a while, each time longer, and the report is made without it."""
    office.put("a")
    report = office.queue("report:brief")
    (entry,) = office.claim(report)
    office.end(office.start(entry), State.FAILED)
    at_once, waits = office.claim(report), office.stale.waits([report])
    office.clock.move(seconds=61)
    later = office.claim()
    office.end(office.start(later[0]), State.FAILED)
    office.clock.move(seconds=61)
    soon = office.claim()
    office.clock.move(minutes=5)

    assert ([], set()) == (at_once, waits)
    assert 1 == len(later)
    assert [] == soon
    assert 1 == len(office.claim())


PLUGIN = """
    import time
    from datetime import datetime, timezone
    from pathlib import Path
    from pydantic import BaseModel
    from regard import Report, Reporter, enricher, hookimpl, source

    @source("box", kind="fact", key=["name"])
    def read(config, since, ctx):
        # Late enough that whoever does not wait for it is seen.
        time.sleep(1)
        yield {"name": str(time.time_ns()), "text": "x"}

    class Length(BaseModel):
        long: int

    @enricher("lengths", inputs="fact", outputs=Length)
    def lengths(batch):
        for fact in batch:
            yield {"key": fact["key"], "long": len(fact["text"])}

    class Behind(Reporter):
        name = "behind"

        def report(self, view, params, ctx):
            query = "SELECT count(*) AS n FROM facts ANTI JOIN length USING (source, key)"
            with Path("behind.txt").open("a") as out:
                print(view.sql(query).one()["n"], file=out)
            return Report(self.name, "Behind", view.now, [])

    @hookimpl
    def regard_reporters():
        return [Behind]
"""
CONFIG = """
    [sources.box]
    plugin = "box"
    schedule = "every 5s"

    [enrichers.lengths]

    [reports.brief]
    reporter = "behind"
    schedule = "every 5s"
"""


@pytest.mark.slow
def test_the_loop(tmp_path: Path, launch: Launch, book: MakeBook) -> None:
    """In the loop every report finds what its sources brought enriched already."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "box.py").write_text(textwrap.dedent(PLUGIN))
    (tmp_path / "regard.toml").write_text(textwrap.dedent(CONFIG))
    said = tmp_path / "behind.txt"
    loop = launch(tmp_path)
    loop.until(lambda: said.exists() and len(said.read_text().split()) > 1, "two reports")
    loop.process.terminate()

    assert 0 == loop.wait()
    rows = book(tmp_path).rows("enricher:lengths")
    assert {"0"} == set(said.read_text().split())
    assert {("stale", "ok")} == {(row.cause, row.state.value) for row in rows if row.finished_at}
    assert all(row.run_id for row in rows if row.finished_at)
