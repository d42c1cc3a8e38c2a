"""The ledger: each due time is somebody's, once, whoever dies, stalls or races for it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import update

from regard.clock import FixedClock
from regard.jobs import Due, Job, Planned, State
from regard.scheduler.deciding import SLOWED_AFTER
from regard.scheduler.desk import Desk, Result
from regard.schedules import parse_schedule
from regard.store import Store, findings, ledger
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


class TestClaiming:
    """Whoever inserts the row of a due time has it."""

    def test_once(self, store: Store) -> None:
        """A time that has come is claimed once, and not again by the same loop."""
        desk = desk_of(store)

        assert [NOW + HOUR] == [entry.scheduled_for for entry in desk.claim(NOW + HOUR)]
        assert [] == desk.claim(NOW + HOUR + MINUTE)

    def test_the_other_loop_gets_nothing(self, store: Store) -> None:
        """What one loop has claimed another one cannot claim."""
        one, two = desk_of(store), desk_of(store, owner="two")
        one.claim(NOW + HOUR)

        assert [] == two.claim(NOW + HOUR)
        assert ["one"] == [entry.owner for entry in rows(store)]

    def test_a_race_of_threads(self, store: Store) -> None:
        """Loops that race for the same times get each of them once, and lose none."""
        names = [f"source:s{number}" for number in range(6)]
        desks = [
            desk_of(store, dict.fromkeys(names, "every 1h"), owner=f"loop {number}")
            for number in range(4)
        ]
        barrier, got = Barrier(len(desks)), [list[Entry]() for _ in desks]

        def race(number: int) -> None:
            for hour in range(1, 6):
                barrier.wait()
                got[number] += desks[number].claim(NOW + hour * HOUR)
                barrier.wait()
                for entry in got[number][-6:]:
                    if entry.scheduled_for == NOW + hour * HOUR:
                        desks[number].settle(entry, OK, NOW + hour * HOUR)

        threads = [Thread(target=race, args=(number,)) for number in range(len(desks))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        have = sorted((entry.job, entry.scheduled_for) for mine in got for entry in mine)

        assert [(name, NOW + hour * HOUR) for name in names for hour in range(1, 6)] == have
        assert {State.OK} == {entry.state for entry in rows(store)}

    def test_a_race_of_processes(self, store: Store, store_url: str) -> None:
        """Loops in processes of their own share the times of a day among them."""
        desk_of(store)
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        racers = [
            context.Process(target=_race, args=(store_url, f"loop {number}", queue))
            for number in range(2)
        ]
        for racer in racers:
            racer.start()
        got = sorted(when for _ in racers for when in queue.get(timeout=120))
        for racer in racers:
            racer.join()

        assert [NOW + hour * HOUR for hour in range(1, 25)] == got
        assert [NOW + hour * HOUR for hour in range(1, 25)] == [
            entry.scheduled_for for entry in rows(store)
        ]

    def test_skipped_and_missed_are_nobodys_to_run(self, store: Store) -> None:
        """What is not run is in the ledger, and is handed to nobody."""
        desk = desk_of(store, catch_up="none")

        assert [] == desk.claim(NOW + 5.5 * HOUR)
        assert [(State.MISSED, 5)] == [(row.state, row.due_count) for row in rows(store)]

    def test_an_answer_that_was_lost(self, store: Store) -> None:
        """A row that was claimed though the answer got lost is run all the same."""
        desk = desk_of(store)
        entry = claimed(desk)  # the loop never heard of it

        assert [entry.id] == [one.id for one in desk.beat(NOW + HOUR)]
        assert [] == desk.beat(NOW + HOUR, {entry.id})

    def test_asked_by_hand(self, store: Store) -> None:
        """A job that somebody asks for is run now, also twice at the very same instant."""
        desk = desk_of(store)
        asked = [*desk.ask(["source:crm"], NOW), *desk.ask(["source:crm"], NOW)]

        assert ["manual", "manual"] == [entry.cause for entry in asked]
        assert 2 == len(rows(store))

    def test_asked_at_a_due_time(self, store: Store) -> None:
        """What is asked for at the instant of a due time does not take its place."""
        desk = desk_of(store)
        desk.claim(NOW + HOUR)
        (asked,) = desk.ask(["source:crm"], NOW + HOUR)

        assert ["schedule", "manual"] == [entry.cause for entry in rows(store)]
        assert timedelta(0) < asked.scheduled_for - (NOW + HOUR) < timedelta(seconds=1)


def _race(url: str, owner: str, queue: Any) -> None:
    store = Store.open(url, clock=FixedClock(NOW))
    desk = desk_of(store, owner=owner, begin=False, overlap="queue")
    desk.begin("1", "digest", NOW)
    got = []
    for hour in range(1, 25):
        got += [entry.scheduled_for for entry in desk.claim(NOW + hour * HOUR)]
    store.close()
    queue.put(got)


class TestPlanning:
    """What is planned, and since when."""

    def test_a_new_job(self, store: Store) -> None:
        """A job that is new was never due before."""
        desk = desk_of(store, now=NOW + 90 * MINUTE)

        assert [] == desk.claim(NOW + 90 * MINUTE)
        assert {"source:crm": NOW + 2 * HOUR} == desk.next_due()

    def test_the_same_schedule(self, store: Store) -> None:
        """A loop that begins again goes on where the last one stopped."""
        desk_of(store)
        again = desk_of(store, owner="two", now=NOW + 1.5 * HOUR)

        assert [NOW + HOUR] == [entry.scheduled_for for entry in again.claim(NOW + 1.5 * HOUR)]

    def test_another_schedule(self, store: Store) -> None:
        """A schedule that changed counts from now on: nothing was missed by it."""
        desk_of(store)
        again = desk_of(store, {"source:crm": "every 10m"}, now=NOW + 10 * HOUR)

        assert [] == again.claim(NOW + 10 * HOUR)
        assert [] == rows(store)

    def test_another_zone(self, store: Store) -> None:
        """The same schedule by another clock is another schedule."""
        desk_of(store)
        desk = desk_of(store, begin=False)
        desk.planned = {
            name: Planned(one.job, one.schedule, "Asia/Tokyo")
            for name, one in desk.planned.items()
        }
        desk.begin("1", "digest", NOW + 10 * HOUR)

        assert [] == desk.claim(NOW + 10 * HOUR)

    def test_a_job_that_is_gone(self, store: Store) -> None:
        """A job that was taken out and comes back later is due from then on."""
        desk_of(store)
        desk_of(store, {"source:shop": "every 1h"}, now=NOW)
        with store.read() as transaction:
            assert {"source:shop"} == set(ledger.settled(transaction))
        back = desk_of(store, now=NOW + 10 * HOUR)

        assert [] == back.claim(NOW + 10 * HOUR)

    def test_a_loop_with_another_schedule(self, store: Store) -> None:
        """Two loops that plan one job differently settle no times for each other."""
        often = desk_of(store, {"source:crm": "every 10m"}, owner="one")
        seldom = desk_of(store, {"source:crm": "every 1h"}, owner="two")
        seldom.settle(started(seldom), OK, NOW + HOUR)
        often.claim(NOW + HOUR + 5 * MINUTE)
        for entry in often.claim(NOW + HOUR + 10 * MINUTE):
            often.drop(entry, "the test has seen it")
        seldom.claim(NOW + 2 * HOUR)

        # At 13:00 both are due, and it is run once; before that only one of them was.
        assert [
            (NOW + 50 * MINUTE, "missed", 5),
            (NOW + HOUR, "ok", 1),
            (NOW + HOUR + 10 * MINUTE, "skipped", 1),
            (NOW + 2 * HOUR, "queued", 1),
        ] == [(row.scheduled_for, row.state.value, row.due_count) for row in rows(store)]

    def test_a_loop_with_another_configuration(self, store: Store) -> None:
        """A loop that does not know a job does not make the others forget it."""
        both = {"source:crm": "every 1h", "source:shop": "every 1h"}
        one = desk_of(store, both)
        desk_of(store, {"source:crm": "every 1h"}, owner="two")
        got = [entry.job for hour in (1, 2, 3) for entry in one.claim(NOW + hour * HOUR)]

        assert {"source:crm", "source:shop"} == set(got)
        assert [NOW + hour * HOUR for hour in (1, 2, 3)] == [
            row.scheduled_for for row in rows(store, "source:shop")
        ]


class TestTries:
    """What failed is tried again."""

    def test_backoff(self, store: Store) -> None:
        """Pauses between tries grow, and after the last try the time has failed."""
        desk = desk_of(store, {"source:crm": "@daily"}, retries=3)
        now = NOW.replace(hour=0) + timedelta(days=1)
        entry: Entry | None = claimed(desk, now)
        waits = []
        while entry is not None:
            now = max(now, entry.start_at)
            running = desk.start(entry, f"{entry.attempt}.log", now)
            assert running is not None
            entry = desk.settle(running, FAILED, now)
            if entry is not None:
                waits.append(entry.start_at - now)
        (row,) = rows(store)

        assert [MINUTE, 5 * MINUTE, 15 * MINUTE] == waits
        assert (State.FAILED, 4, "it broke", 1) == (
            row.state,
            row.attempt,
            row.reason,
            row.exit_code,
        )

    def test_what_cannot_help(self, store: Store) -> None:
        """What would fail again is not tried again."""
        desk = desk_of(store)
        result = Result(State.FAILED, "no such plug-in", final=True)

        assert desk.settle(started(desk), result, NOW + HOUR) is None
        assert [(State.FAILED, 1)] == [(row.state, row.attempt) for row in rows(store)]

    def test_no_retries(self, store: Store) -> None:
        """With retries = 0 the first try is the last."""
        desk = desk_of(store, retries=0)

        assert desk.settle(started(desk), FAILED, NOW + HOUR) is None

    def test_the_next_time_is_the_next_try(self, store: Store) -> None:
        """Where the next time is due before the next try there is no other try."""
        desk = desk_of(store, {"source:crm": "every 50s"})
        entry = started(desk, NOW + timedelta(seconds=50))

        assert desk.settle(entry, FAILED, NOW + timedelta(seconds=55)) is None

    def test_superseded(self, store: Store) -> None:
        """What waits for another try ends when the next time of its job has come."""
        desk = desk_of(store, {"source:crm": "@daily"})
        midnight = NOW.replace(hour=0) + timedelta(days=1)
        desk.settle(started(desk, midnight), FAILED, midnight)
        # The schedule becomes denser than the pause before the next try.
        often = desk_of(store, {"source:crm": "every 10s"}, now=midnight)
        (entry,) = often.claim(midnight + timedelta(seconds=10))
        first, second = rows(store)

        assert (State.FAILED, "it broke", 1) == (first.state, first.reason, first.exit_code)
        assert (entry.id, State.QUEUED) == (second.id, second.state)

    def test_read_by_somebody_else(self, store: Store) -> None:
        """A source that is being read by hand is skipped, or waits where it is to queue."""
        busy = Result(State.SKIPPED, "is being read already", exit_code=4)
        skips = desk_of(store)
        assert skips.settle(started(skips), busy, NOW + HOUR) is None
        waits = desk_of(store, overlap="queue")
        again = waits.settle(started(waits, NOW + 2 * HOUR), busy, NOW + 2 * HOUR)

        assert [State.SKIPPED, State.QUEUED] == [row.state for row in rows(store)]
        assert again is not None
        assert 1 == again.attempt


class TestTurns:
    """What waits for what."""

    def test_the_same_job_once_at_a_time(self, store: Store) -> None:
        """A job does not run twice at once, whichever of its times comes first."""
        desk = desk_of(store, overlap="queue")
        first = started(desk)
        retried = desk.settle(first, FAILED, NOW + HOUR + 58 * MINUTE)
        assert retried is not None
        second = started(desk, NOW + 2 * HOUR)

        assert {retried.id} == desk.waits([retried])
        desk.settle(second, OK, NOW + 2 * HOUR)
        assert set() == desk.waits([retried])

    def test_queued_in_order(self, store: Store) -> None:
        """Times that queue up are run in their order."""
        desk = desk_of(store, overlap="queue", catch_up="all")
        entries = desk.claim(NOW + 3.5 * HOUR)

        assert {entry.id for entry in entries[1:]} == desk.waits(entries)

    def test_reports_after_sources(self, store: Store) -> None:
        """A report that is due with sources waits for them, and not for later ones."""
        both = {"source:crm": "every 1h", "report:brief": "every 2h"}
        desk = desk_of(store, both)
        desk.settle(started(desk), OK, NOW + HOUR)
        entries = {entry.job: entry for entry in desk.claim(NOW + 2 * HOUR)}
        report = entries["report:brief"]

        assert {report.id} == desk.waits(entries.values())
        desk.settle(entries["source:crm"], OK, NOW + 2 * HOUR)
        assert set() == desk.waits([report])
        desk.claim(NOW + 3 * HOUR)
        assert set() == desk.waits([report])

    def test_declared_dependencies(self, store: Store) -> None:
        """A job waits for what it depends on, also where that has failed once already."""
        both = {"source:crm": "every 1h", "source:shop": "every 1h"}
        depends = {"source:shop": ("source:crm",)}
        desk = desk_of(store, both, depends_on=depends)
        entries = {entry.job: entry for entry in desk.claim(NOW + HOUR)}
        shop = entries["source:shop"]
        running = desk.start(entries["source:crm"], "a.log", NOW + HOUR)
        assert running is not None

        assert {shop.id} == desk.waits([shop])
        # What failed and waits for another try holds nobody up.
        desk.settle(running, FAILED, NOW + HOUR)
        assert set() == desk.waits([shop])

    def test_too_late_to_begin(self, store: Store) -> None:
        """What could not begin in time is missed, and says so."""
        desk = desk_of(store, max_late=timedelta(minutes=5))
        entry = claimed(desk)

        assert desk.start(entry, "a.log", NOW + HOUR + 6 * MINUTE) is None
        assert [
            (State.MISSED, "it could not begin before it was later than `max_late` allows")
        ] == [(row.state, row.reason) for row in rows(store)]


class TestFailing:
    """A job that keeps failing."""

    def open_findings(self, store: Store) -> list[str]:
        """Return what is found about the job."""
        with store.read() as transaction:
            return [row["text"] for row in findings.listed(transaction, source="crm")]

    def test_a_finding(self, store: Store) -> None:
        """After five failures in a row there is a finding, and one that counts them."""
        desk = desk_of(store)
        now = failed_again(desk, SLOWED_AFTER - 1)
        assert [] == self.open_findings(store)
        failed_again(desk, 1, now)

        assert ["failed 5 times in a row, and is run less often now"] == self.open_findings(store)

    def test_it_is_resolved(self, store: Store) -> None:
        """When it succeeds again the finding is resolved, and it is run as planned."""
        desk = desk_of(store)
        now = failed_again(desk, SLOWED_AFTER + 1)
        while not (entries := desk.claim(now := now + HOUR)):
            pass
        desk.settle(entries[0], OK, now)

        assert [] == self.open_findings(store)
        assert 1 == len(desk.claim(now + HOUR))

    def test_slowed_down(self, store: Store) -> None:
        """It is run less and less often, and never less than once a day."""
        desk = desk_of(store)
        failed_again(desk, SLOWED_AFTER + 6)
        tried = [row.scheduled_for for row in rows(store) if row.state is State.FAILED]
        gaps = [(after - before) // HOUR for before, after in pairwise(tried)]

        assert [1, 1, 1, 1, 2, 4, 8, 16, 24, 24] == gaps
        assert len(rows(store)) == (tried[-1] - NOW) // HOUR


class TestPruning:
    """What is forgotten."""

    def test_the_last_stays(self, store_url: str) -> None:
        """Old rows are forgotten, but the last of each job and what has not ended."""
        store = Store.open(store_url, clock=FixedClock(NOW))
        desk = desk_of(store, {"source:crm": "every 1h", "source:shop": "0 13 4 3 *"})
        for hour in (1, 2, 3):
            for entry in desk.claim(NOW + hour * HOUR):
                desk.settle(entry, OK, NOW + hour * HOUR)
        (waiting,) = desk.claim(NOW + 4 * HOUR)
        store.close()
        later = Store.open(store_url, clock=FixedClock(NOW + timedelta(days=400)))
        with later.write() as transaction:
            forgotten = ledger.prune(transaction, timedelta(days=365))
            kept = ledger.history(transaction)
        later.close()

        assert 3 == forgotten
        assert [("source:crm", waiting.id), ("source:shop", kept[1].id)] == [
            (row.job, row.id) for row in kept
        ]

    def test_young_rows_stay(self, store: Store) -> None:
        """What ended within the time that it is kept for stays."""
        desk = desk_of(store)
        for hour in (1, 2):
            for entry in desk.claim(NOW + hour * HOUR):
                desk.settle(entry, OK, NOW + hour * HOUR)
        with store.write() as transaction:
            forgotten = ledger.prune(transaction, timedelta(days=1))

        assert (0, 2) == (forgotten, len(rows(store)))


def test_who_hears_of_the_end(store: Store) -> None:
    """Every row that ends is told once, within the transaction that ends it."""
    desk, heard = desk_of(store, catch_up="none"), []
    tell: Callable[..., None] = lambda transaction, entry, standing: heard.append(entry.state)  # noqa: E731
    desk.ended = tell
    desk.claim(NOW + 2.5 * HOUR)
    desk.settle(started(desk, NOW + 3 * HOUR), OK, NOW + 3 * HOUR)
    with store.write() as transaction:
        due = Due("source:crm", NOW + 3 * HOUR, State.QUEUED, "schedule", NOW)
        assert [] == ledger.claim(transaction, "one", [due], {})

    assert [State.MISSED, State.OK] == heard
