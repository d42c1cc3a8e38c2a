"""Rows that nobody has any more: whoever finds them takes them over, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from regard.jobs import Job, Planned, State
from regard.scheduler.desk import Desk, Result
from regard.schedules import parse_schedule
from regard.store import Store, ledger, loops
from regard.store.ledger import Entry
from regard.store.transactions import table

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FAILED = Result(State.FAILED, "it broke", None, 1)
OK = Result(State.OK, None, 7, 0)


def plans(schedules: Mapping[str, str], **values: Any) -> dict[str, Planned]:
    """Return jobs with their schedules."""
    job_values = {key: values.pop(key) for key in ("overlap", "max_late") if key in values}
    retries = values.pop("retries", 2)
    depends = values.pop("depends_on", {})
    return {
        name: Planned(
            Job(name, HOUR, retries, depends_on=depends.get(name, ()), **job_values),
            parse_schedule(text),
            "UTC",
            **values,
        )
        for name, text in schedules.items()
    }


def desk_of(
    store: Store,
    schedules: Mapping[str, str] | None = None,
    *,
    owner: str = "one",
    now: datetime = NOW,
    begin: bool = True,
    **values: Any,
) -> Desk:
    """Return a loop's hand in the ledger, with an hourly source unless told otherwise."""
    planned = plans(schedules or {"source:crm": "every 1h"}, **values)
    jobs = {name: one.job for name, one in planned.items()}
    desk = Desk(store, owner, jobs, planned, lambda transaction, entry, standing: None)
    if begin:
        desk.begin("1", "digest", now)
    return desk


def rows(store: Store, job: str | None = None) -> list[Entry]:
    """Return the whole ledger, the oldest due time first."""
    with store.read() as transaction:
        return ledger.history(transaction, job=job, limit=100_000)[::-1]


def change(store: Store, **values: Any) -> None:
    """Change all rows of the ledger."""
    with store.write() as transaction:
        transaction.connection.execute(update(table("ledger")).values(**values))


def claimed(desk: Desk, now: datetime = NOW + HOUR) -> Entry:
    """Claim the one time that has come."""
    (entry,) = desk.claim(now)
    return entry


def started(desk: Desk, now: datetime = NOW + HOUR) -> Entry:
    """Claim the one time that has come, and begin with it."""
    entry = desk.start(claimed(desk, now), "logs/a.log", now)
    assert entry is not None
    return entry


def failed_again(desk: Desk, times: int, now: datetime = NOW) -> datetime:
    """Let the first so many times that are run fail, and return the time after that."""
    while times:
        now += HOUR
        for entry in desk.claim(now):
            running = desk.start(entry, "a.log", now)
            assert running is not None
            desk.settle(running, Result(State.FAILED, "it broke", final=True), now)
            times -= 1
    return now


class TestOvertaken:
    """A loop whose row somebody took over changes nothing any more."""

    def overtaken(self, store: Store) -> tuple[Desk, Entry, Entry]:
        """Return a desk, its row, and the same row as another loop has it now."""
        one, two = desk_of(store), desk_of(store, owner="two")
        entry = started(one)
        change(store, until_at=datetime(2020, 1, 1, tzinfo=UTC))
        (adopted,) = two.beat(NOW + HOUR)
        return one, entry, adopted

    def test_it_is_another_try(self, store: Store) -> None:
        """The row is tried again by whoever took it over, and the new try counts."""
        _, entry, adopted = self.overtaken(store)

        assert (entry.id, "two", 2, State.QUEUED) == (
            adopted.id,
            adopted.owner,
            adopted.attempt,
            adopted.state,
        )

    @pytest.mark.parametrize("result", [OK, FAILED])
    def test_settling(self, store: Store, result: Result) -> None:
        """What the first loop says of its run is not noted."""
        one, entry, adopted = self.overtaken(store)

        assert one.settle(entry, result, NOW + HOUR) is None
        assert [adopted] == rows(store)

    def test_starting(self, store: Store) -> None:
        """The first loop cannot begin with it either."""
        one, entry, adopted = self.overtaken(store)

        assert one.start(entry, "b.log", NOW + HOUR) is None
        assert [adopted] == rows(store)

    def test_ending(self, store: Store) -> None:
        """When the first loop ends the row stays with the other."""
        one, _, adopted = self.overtaken(store)
        one.beat(NOW + HOUR)
        one.end()

        assert [(adopted.id, "two", 2)] == [(r.id, r.owner, r.attempt) for r in rows(store)]

    def test_a_row_that_has_ended(self, store: Store) -> None:
        """What has ended stays as it ended."""
        desk = desk_of(store)
        entry = started(desk)
        desk.settle(entry, OK, NOW + HOUR)
        desk.settle(entry, FAILED, NOW + HOUR)
        with store.write() as transaction:
            again = ledger.requeue(transaction, entry, NOW, "no")
            adopted = ledger.adopt(transaction, entry, "two", attempt=2, start_at=NOW)

        assert (None, None) == (again, adopted)
        assert [(State.OK, 7, 0)] == [(r.state, r.run_id, r.exit_code) for r in rows(store)]


DIES = """
import sys
from datetime import UTC, datetime, timedelta
from regard.jobs import Due, State
from regard.store import Store, ledger, loops
store = Store.open(sys.argv[1])
due = datetime(2026, 3, 4, 13, tzinfo=UTC)
with store.write() as transaction:
    transaction.writer.lock()
    loops.begin(transaction, "dies", "1", "digest")
    (entry,) = ledger.claim(
        transaction, "dies", [Due("source:crm", due, State.QUEUED, "schedule", due)],
        {("source:crm", "every 1h UTC"): due},
    )
    if "run" in sys.argv:
        ledger.start(transaction, entry, "a.log")
store.close()
print("claimed", flush=True)
sys.stdin.readline()
"""


class TestOrphans:
    """Rows that nobody has any more."""

    def dead(self, store_url: str, *words: str) -> None:
        """Let a process claim the time, and kill it."""
        process = subprocess.Popen(
            [sys.executable, "-c", DIES, store_url, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        assert b"claimed\n" == process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)

    def test_a_dead_process(self, store: Store, store_url: str) -> None:
        """A process that was killed loses its row at once, and its try was one."""
        desk = desk_of(store)
        self.dead(store_url, "run")
        (taken,) = desk.beat(NOW + HOUR)

        assert ("one", 2, State.QUEUED, os.getpid()) == (
            taken.owner,
            taken.attempt,
            taken.state,
            taken.pid,
        )

    def test_a_dead_process_that_had_not_begun(self, store: Store, store_url: str) -> None:
        """What waited still is no try less."""
        desk = desk_of(store)
        self.dead(store_url)
        (taken,) = desk.beat(NOW + HOUR)

        assert 1 == taken.attempt
        assert desk.start(taken, "a.log", NOW + HOUR) is not None

    def test_a_dead_loop_is_no_living_one(self, store: Store, store_url: str) -> None:
        """A loop that was killed is not counted among those that live."""
        desk_of(store)
        self.dead(store_url)
        with store.read() as transaction:
            living = loops.living(transaction)

        assert ["one"] == [loop.owner for loop in living]

    def test_another_machine(self, store: Store) -> None:
        """Of another machine nobody can tell, so its rows are its own until their time ends."""
        one, two = desk_of(store), desk_of(store, owner="two")
        started(one)
        change(store, host="elsewhere", pid=1, boot="other boot/1")

        assert [] == two.beat(NOW + HOUR)
        change(store, until_at=datetime.now(UTC) - timedelta(seconds=1))
        assert ["two"] == [entry.owner for entry in two.beat(NOW + HOUR)]

    def test_how_long_a_row_lasts(self, store: Store) -> None:
        """A row belongs to its loop for a short while, and each heartbeat renews it."""
        desk = desk_of(store)
        started(desk)
        ends = rows(store)[0].until_at
        time.sleep(0.05)
        desk.beat(NOW + HOUR)
        renewed = rows(store)[0].until_at

        assert ends is not None
        assert renewed is not None
        assert ends < renewed <= datetime.now(UTC) + ledger.LENGTH + timedelta(seconds=1)

    def test_two_cannot_adopt_one(self, store: Store) -> None:
        """Of several loops that find an orphan one gets it."""
        one = desk_of(store)
        others = [desk_of(store, owner=f"other {number}") for number in range(3)]
        started(one)
        one.end()
        taken = [entry for desk in others for entry in desk.beat(NOW + HOUR)]

        assert ["other 0"] == [entry.owner for entry in taken]

    def test_after_the_store_was_away(self, store: Store) -> None:
        """Who was cut off from the store itself does not take the others for dead."""
        one, two = desk_of(store), desk_of(store, owner="two")
        started(one)
        two.beat(NOW + HOUR)
        # Nobody could renew anything for a minute.
        change(store, until_at=datetime.now(UTC) - timedelta(seconds=40))
        later = NOW + HOUR + MINUTE

        assert [] == two.beat(later)
        one.beat(later + timedelta(seconds=4))
        assert [] == two.beat(later + timedelta(seconds=5))
        assert ["one"] == [entry.owner for entry in rows(store)]

    def test_after_the_store_was_away_the_dead_are_found(self, store: Store) -> None:
        """Who does not come back when the store does has lost its rows."""
        one, two = desk_of(store), desk_of(store, owner="two")
        started(one)
        two.beat(NOW + HOUR)
        change(store, until_at=datetime.now(UTC) - timedelta(seconds=40))
        later = NOW + HOUR + MINUTE
        taken = [two.beat(later + timedelta(seconds=seconds)) for seconds in range(0, 30, 5)]

        assert 1 == sum(map(len, taken))

    def test_a_loop_that_dies_of_its_work(self, store: Store) -> None:
        """A run that its loop dies of again and again is given up in the end."""
        tries = 0
        desk = desk_of(store, retries=2)
        started(desk)
        while rows(store)[0].state is State.RUNNING:
            tries += 1
            change(store, until_at=datetime(2020, 1, 1, tzinfo=UTC))
            other = desk_of(store, owner=f"loop {tries}", retries=2)
            for entry in other.beat(NOW + HOUR):
                other.start(entry, "a.log", NOW + HOUR)
        (row,) = rows(store)

        assert (3, State.FAILED) == (tries, row.state)
        assert "the loop that ran it died, as in 3 tries altogether" == row.reason

    def test_nobody_has_that_job_any_more(self, store: Store) -> None:
        """An orphan of a job that is gone is ended."""
        started(desk_of(store))
        change(store, until_at=None)
        other = desk_of(store, {"source:shop": "every 1h"}, owner="two")

        assert [] == other.beat(NOW + HOUR)
        assert [(State.SKIPPED, "it is no longer configured")] == [
            (row.state, row.reason) for row in rows(store)
        ]

    @pytest.mark.parametrize(("state", "ends"), [("queued", "missed"), ("running", "failed")])
    def test_found_too_late(self, store: Store, state: str, ends: str) -> None:
        """What nobody came for within the window is not run days later."""
        claimed(desk_of(store))
        change(store, state=state, until_at=NOW + HOUR)
        later = NOW + timedelta(days=3)
        other = desk_of(store, owner="two")

        assert [] == other.beat(later)
        assert ends == rows(store)[0].state
        assert "no loop was there to run it in time" in str(rows(store)[0].reason)

    def test_a_long_run_is_no_late_one(self, store: Store) -> None:
        """A run of hours whose loop dies is tried again, also with catch_up = "none"."""
        started(desk_of(store, catch_up="none"))
        later = NOW + 4 * HOUR
        change(store, until_at=later)
        change(store, pid=2**22 + 1)
        other = desk_of(store, owner="two", catch_up="none")

        assert [2] == [entry.attempt for entry in other.beat(later + MINUTE)]

    def test_asked_by_hand(self, store: Store) -> None:
        """What somebody asked for by hand is not run by a loop that finds it."""
        asks = desk_of(store)
        asks.ask(["source:crm"], NOW)
        change(store, until_at=datetime(2020, 1, 1, tzinfo=UTC))

        assert [] == desk_of(store, owner="two").beat(NOW)
        assert [State.SKIPPED] == [row.state for row in rows(store)]

    def test_a_loop_that_ends(self, store: Store) -> None:
        """A loop that ends hands its rows over, and one asked for by hand ends with it."""
        desk = desk_of(store, {"source:crm": "every 1h", "source:shop": "@yearly"})
        started(desk)
        desk.ask(["source:shop"], NOW)
        desk.end()
        (taken,) = desk_of(store, owner="two").beat(NOW + HOUR)

        assert ("source:crm", 1) == (taken.job, taken.attempt)
        assert [State.SKIPPED] == [row.state for row in rows(store, "source:shop")]
