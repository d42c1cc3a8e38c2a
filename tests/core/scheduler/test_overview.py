"""How all is doing: late or waiting, failing or well, and for how long there is room."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from regard.clock import FixedClock
from regard.errors import ConfigError
from regard.findings import Severity
from regard.jobs import Job, Planned, State
from regard.pipeline.stopping import Asked
from regard.pipeline.workplace import Workplace
from regard.runs import Outcome
from regard.scheduler.deciding import Standing
from regard.scheduler.desk import Desk, Result
from regard.scheduler.keeping import Keeping
from regard.scheduler.metrics import Metrics, as_text
from regard.scheduler.overview import JobStatus, Overview, overview
from regard.scheduler.planning import jobs_of, planned_of
from regard.scheduler.space import Space, note, space
from regard.scheduler.tending import Look, ended_events
from regard.schedules import parse_schedule
from regard.settings import Settings, make_settings
from regard.store import RunStart, Store, ledger, notices, runs
from regard.store.ledger import Entry

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)

CONFIG = {
    "sources": {
        "crm": {"plugin": "crm-export", "schedule": "every 1h"},
        "shop": {"plugin": "crm-export"},
        "off": {"plugin": "crm-export", "schedule": "every 1h", "enabled": False},
    },
    "reports": {"morning": {"reporter": "customers", "schedule": "every 1h"}},
}


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands at half past noon."""
    return FixedClock(NOW)


@pytest.fixture
def store(store_url: str, clock: FixedClock) -> Iterator[Store]:
    """Return a new store on each database."""
    opened = Store.open(store_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def settings() -> Settings:
    """Return a project's settings."""
    return make_settings(dict(CONFIG))


def desk_of(store: Store, settings: Settings, now: datetime = NOW) -> Desk:
    """Return the hand in the ledger of a loop that begins now."""
    jobs = jobs_of(settings)
    planned = planned_of(settings, jobs)
    desk = Desk(store, "one", jobs, planned, lambda transaction, entry, standing: None)
    desk.begin("1", "digest", now)
    return desk


def run_of(store: Store, source: str, outcome: Outcome, error: str | None = None) -> int:
    """Store a run that has ended."""
    with store.write() as transaction:
        number = runs.begin(transaction, RunStart(source, "crm-export", None, "x", "1"))
        runs.finish(transaction, number, outcome, error)
    return number


def look(store: Store, settings: Settings, now: datetime) -> dict[str, JobStatus]:
    """Return how each job is doing, by name."""
    with store.read() as transaction:
        return {one.job: one for one in overview(transaction, settings, now, {}).jobs}


def test_what_was_never_due_waits(settings: Settings) -> None:
    """Without a store nothing is late, and everything with a schedule has a next time."""
    seen = overview(None, settings, NOW, {})
    by_name = {one.job: one for one in seen.jobs}

    assert [] == seen.late
    assert datetime(2026, 3, 4, 13, tzinfo=UTC) == by_name["source:crm"].next_due_at
    assert (None, True) == (by_name["source:shop"].next_due_at, by_name["source:shop"].enabled)
    assert (None, False) == (by_name["source:off"].next_due_at, by_name["source:off"].enabled)


def test_a_due_time_that_nobody_takes_makes_late(store: Store, settings: Settings) -> None:
    """An hour after its time a job is late by that hour, and at its time it is not yet."""
    desk_of(store, settings)
    at = datetime(2026, 3, 4, 13, tzinfo=UTC)

    in_time = look(store, settings, at + timedelta(seconds=50))["source:crm"]
    late = look(store, settings, at + HOUR)["source:crm"]

    assert (at, None) == (in_time.next_due_at, in_time.late_seconds)
    assert (at, 3600) == (late.next_due_at, late.late_seconds)


def test_a_run_by_hand_counts(store: Store, settings: Settings, clock: FixedClock) -> None:
    """Who has read a late source by hand finds it in time again."""
    desk_of(store, settings)
    clock.move(HOUR)
    run_of(store, "crm", Outcome.OK)

    seen = look(store, settings, NOW + HOUR)["source:crm"]

    assert (None, "ok") == (seen.late_seconds, seen.outcome)
    assert datetime(2026, 3, 4, 14, tzinfo=UTC) == seen.next_due_at


def test_what_is_queued_is_late_and_what_runs_is_not(
    store: Store, settings: Settings, clock: FixedClock
) -> None:
    """A report that waits for its turn gets late; one that is being made does not."""
    desk = desk_of(store, settings)
    clock.move(HOUR)
    (entry,) = [one for one in desk.claim(clock.now()) if one.job == "report:morning"]
    waits = look(store, settings, NOW + HOUR)["report:morning"]

    desk.start(entry, "logs/x.log", clock.now())
    running = look(store, settings, NOW + HOUR)["report:morning"]

    assert (1800, None) == (waits.late_seconds, waits.running)
    assert running.late_seconds is None
    assert running.running is not None


def test_a_failure_before_any_run_is_told(
    store: Store, settings: Settings, clock: FixedClock
) -> None:
    """A due time that failed before there was a run is the job's last outcome."""
    desk = desk_of(store, settings)
    run_of(store, "crm", Outcome.OK)
    clock.move(HOUR)
    (entry,) = [one for one in desk.claim(clock.now()) if one.job == "source:crm"]
    desk.settle(entry, Result(State.FAILED, "the configuration is wrong", final=True), clock.now())

    seen = look(store, settings, NOW + HOUR)["source:crm"]

    assert ("failed", "the configuration is wrong") == (seen.outcome, seen.error)
    assert seen.failing


def test_times_that_led_to_no_run_are_told(
    store: Store, settings: Settings, clock: FixedClock
) -> None:
    """After a long downtime the overview says how many times were missed, and why."""
    desk = desk_of(store, settings)
    clock.move(timedelta(days=3))
    desk.claim(clock.now())
    with store.write() as transaction:
        for entry in ledger.open_entries(transaction):
            ledger.finish(transaction, entry, State.SKIPPED, "quiet hours")

    seen = look(store, settings, clock.now())["source:crm"]

    assert "skipped: quiet hours" == seen.idle


@pytest.mark.parametrize(
    ("jobs", "loops", "scheduled", "well"),
    [
        ((JobStatus("source:a", outcome="ok"),), 0, False, True),
        ((JobStatus("source:a", outcome="ok"),), 0, True, False),
        ((JobStatus("source:a", outcome="ok"),), 1, True, True),
        ((JobStatus("source:a", outcome="partial"),), 1, True, True),
        ((JobStatus("source:a", outcome="failed"),), 1, True, False),
        ((JobStatus("source:a", outcome="failed", orphan=True),), 1, True, True),
        ((JobStatus("source:a", outcome="ok", late_seconds=90),), 1, True, False),
    ],
    ids=["unscheduled", "alone", "well", "partial", "failed", "orphan", "late"],
)
def test_a_probe_is_told_whether_all_is_well(
    jobs: tuple[JobStatus, ...], loops: int, scheduled: bool, well: bool
) -> None:
    """Failures, lateness, and schedules that no loop runs are not well; all else is."""
    living = [None] * loops

    assert well == Overview(living, None, scheduled, jobs).well  # type: ignore[arg-type]


def test_status_exits_as_a_probe_and_names_the_loop(project: object, run_regard: object) -> None:
    """Without a loop, what has a schedule is not well, and status says what is missing."""
    folder = project('[sources.box]\nplugin = "box"\nschedule = "every 1h"\n', {"box": BOX})  # type: ignore[operator]
    run_regard("run", "box", cwd=folder)  # type: ignore[operator]

    shown = run_regard("status", cwd=folder)  # type: ignore[operator]
    alone = run_regard("status", "--json", cwd=folder)  # type: ignore[operator]

    assert (1, 1) == (shown.returncode, alone.returncode)
    assert shown.stdout.startswith("no loop: nothing runs by itself; `regard schedule` does it")
    assert '"loop": null' in alone.stdout
    assert '"parts"' in alone.stdout


BOX = """
from regard import source

@source("box", kind="touchpoint", key=["n"])
def read(config, since):
    yield {"n": "1", "happened_at": "2026-01-01T00:00:00+00:00", "channel": "box", "type": "x"}
"""


# What is thrown away, and how much room there is.


def test_old_logs_runs_and_due_times_are_thrown_away(tmp_path: Path, clock: FixedClock) -> None:
    """What is older than it is kept goes; the last run and due time of each job stay."""
    (tmp_path / "regard.toml").write_text(
        '[sources.crm]\nplugin = "crm-export"\npath = "x.csv"\nschedule = "every 1h"\n'
        '[keep]\nlogs = "1d"\nruns = "1d"\ncopies = 1\n'
    )
    for name in ("a/1.log", "a/2.log"):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    os.utime(tmp_path / "logs" / "a" / "1.log", (0, 0))
    for day in ("20260101", "20260201"):
        (tmp_path / f"regard.db.{day}T000000.backup").write_text("x")
    place = Workplace(tmp_path / "regard.toml", clock)
    with place.open_store() as store:
        desk = desk_of(store, place.project.settings)
        for _ in range(3):
            clock.move(HOUR)
            for entry in desk.claim(clock.now()):
                desk.settle(entry, Result(State.OK, run_id=run_of(store, "crm", Outcome.OK)), NOW)
        clock.move(timedelta(days=2))

    thrown = Keeping(place)(Asked(), lambda name, value: None)

    with place.open_store() as store, store.read() as transaction:
        assert (1, 1) == (len(runs.history(transaction)), len(ledger.history(transaction)))
    assert {"logs": 1, "copies": 1, "runs": 2, "due times": 2} == thrown
    assert ["2.log"] == [path.name for path in (tmp_path / "logs").rglob("*.log")]
    assert ["regard.db.20260201T000000.backup"] == [one.name for one in tmp_path.glob("*.backup")]


def test_growth_is_told_from_the_second_day_on(store: Store, tmp_path: Path) -> None:
    """What was noted on former days says how much comes in a week, and when it is full."""
    first = space(store, tmp_path, NOW)
    assert (None, None) == (first.growth_a_week, first.days_until_full)
    with store.write() as transaction:
        note(transaction, first, NOW)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "x").write_bytes(b"x" * 100_000)

    later = space(store, tmp_path, NOW + timedelta(days=2))

    assert later.growth_a_week is not None
    assert 350_000 <= later.growth_a_week <= 5_000_000
    assert int(later.free / (later.growth_a_week / 7)) == later.days_until_full


# Metrics.


def sample(text: str, name: str) -> list[str]:
    """Return the samples of one family."""
    return [line for line in text.splitlines() if line.startswith(f"{name}{{")]


def test_metrics_are_what_prometheus_reads() -> None:
    """Each family has help and type before its samples, and names cannot break out of labels."""
    hostile = JobStatus('source:a"b\\c', outcome="ok", finished_at=NOW, records=12_345_678)

    text = as_text(Overview(jobs=[hostile]), Space({"store": 5}, 10, 20))

    pattern = re.compile(
        r'^(#\ (HELP|TYPE)\ \w+\ .+|\w+(\{(\w+="([^"\\]|\\["\\n])*",?)+\})?\ [-+.\de]+)$'
    )
    assert [] == [line for line in text.splitlines() if not pattern.match(line)]
    assert ['regard_records{job="a\\"b\\\\c",kind="source"} 12345678'] == sample(
        text, "regard_records"
    )
    assert str(int(NOW.timestamp())) in sample(text, "regard_job_finished_timestamp_seconds")[0]


def test_the_server_answers_on_loopback_and_a_taken_port_is_refused() -> None:
    """What was put is served; unknown paths and a port that is taken get a clear answer."""
    metrics = Metrics(0)
    metrics.put("regard_loops 1\n")
    base = f"http://127.0.0.1:{metrics.port}"
    try:
        with urllib.request.urlopen(f"{base}/metrics") as answer:
            assert answer.read().decode().startswith("regard_loops 1\n")
        with urllib.request.urlopen(f"{base}/healthz") as answer:
            assert 200 == answer.status
        with pytest.raises((HTTPError, HTTPException)) as caught:
            urllib.request.urlopen(f"{base}/")
        assert 404 == getattr(caught.value, "code", None)
        caught.value.close()  # type: ignore[union-attr]
        with pytest.raises(ConfigError, match=f"--metrics {metrics.port}: .* cannot be listened"):
            Metrics(metrics.port)
    finally:
        metrics.close()


def test_a_loop_that_hangs_is_not_healthy() -> None:
    """When the loop has not turned for a minute, its health says so."""
    metrics = Metrics(0)
    metrics._turned_at -= 61
    try:
        assert 503 == metrics.answer("/healthz")[0]
        metrics.turned()
        assert 200 == metrics.answer("/healthz")[0]
    finally:
        metrics.close()


# What people hear of.


def entry_of(state: State, reason: str | None = None) -> Entry:
    """Return a row that has ended."""
    nothing = [None] * 5
    return Entry(
        *(1, "source:crm", NOW, state, "schedule", 1, 1, NOW, *nothing, NOW, NOW, NOW),
        *(None, None, reason, None),
    )


def test_a_failure_and_its_recovery_are_one_incident() -> None:
    """All failures of an incident, and its end, are told under the time of the first one."""
    first = NOW - HOUR
    failed = entry_of(State.FAILED, "the server said no")

    (begun,) = ended_events(failed, Standing(failures=1, failing_since=NOW, failed_at=NOW))
    (lasts,) = ended_events(failed, Standing(failures=2, failing_since=first, failed_at=NOW))
    (over,) = ended_events(entry_of(State.OK), Standing(recovered_from=first))

    assert ("failed", Severity.WARNING) == (begun.kind, begun.severity)
    assert ("crm failed: the server said no", Severity.CRITICAL) == (lasts.text, lasts.severity)
    assert first.isoformat() == lasts.occasion == over.occasion
    assert [] == ended_events(entry_of(State.OK), Standing())
    assert [] == ended_events(entry_of(State.SKIPPED), Standing())


def test_who_wants_to_hears_of_lateness_once(tmp_path: Path, clock: FixedClock) -> None:
    """A job that is late for long is announced, and not again while it stays late."""
    (tmp_path / "regard.toml").write_text(
        '[sources.crm]\nplugin = "crm-export"\npath = "x.csv"\nschedule = "every 1h"\n'
        "[notices.desk]\nterminal = true\n"
    )
    place = Workplace(tmp_path / "regard.toml", clock)
    with place.open_store() as store:
        desk_of(store, place.project.settings)
    clock.move(HOUR)

    for _ in range(2):
        seen = Look(place)(Asked(), lambda name, value: None)

    with place.open_store() as store, store.read() as transaction:
        (told,) = notices.listed(transaction)
    assert ("late", "crm is late by 30m") == (told.notice.event, told.notice.text)
    assert 'regard_job_late_seconds{job="crm",kind="source"} 1800' in seen["metrics"]


def test_a_disk_that_is_nearly_full_is_told(tmp_path: Path, clock: FixedClock) -> None:
    """With less than a tenth of the disk free somebody hears of it, and crawls are to pause."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount") or "mount"
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("nothing may be mounted here")
    try:
        (disk / "regard.toml").write_text("[notices.desk]\nterminal = true\n")
        place = Workplace(disk / "regard.toml", clock)
        roomy = Look(place)(Asked(), lambda name, value: None)
        (disk / "ballast").write_bytes(b"x" * 18_700_000)
        full = Look(place)(Asked(), lambda name, value: None)
        with place.open_store(readonly=True) as store, store.read() as transaction:
            (told,) = notices.listed(transaction)
    finally:
        subprocess.run([shutil.which("umount") or "umount", disk], check=True)

    assert (False, True) == (roomy["scarce"], full["scarce"])
    assert ("disk", "critical") == (told.notice.event, told.notice.severity)
    assert "% of the disk are free: sites are not read until more is" in told.notice.text


@pytest.mark.parametrize(
    ("job", "source"), [("source:crm", "crm"), ("enricher:crm", None), ("report:crm", None)]
)
def test_whose_failures_they_are(
    project: Callable[..., Path], run_regard: Callable[..., Any], job: str, source: str | None
) -> None:
    """That a job keeps failing is said of the job, though a source has the same name."""
    folder = project(
        '[sources.crm]\nplugin = "crm-export"\npath = "x.csv"\n'
        '[enrichers.crm]\n[reports.crm]\nreporter = "customers"\n[notices.desk]\nterminal = true\n'
    )
    now, place = datetime.now(UTC), Workplace(folder / "regard.toml", FixedClock(NOW))
    with place.open_store() as store:
        jobs = {job: Job(job, HOUR, 0)}
        schedule = parse_schedule("every 1h")
        desk = Desk(
            store,
            "one",
            jobs,
            {job: Planned(jobs[job], schedule, "UTC")},
            lambda transaction, entry, standing: None,
        )
        desk.begin("1", "digest", now - 6 * HOUR)
        for hour in range(5, 0, -1):
            at = now - hour * HOUR
            for entry in desk.claim(at):
                begun = desk.start(entry, "a.log", at)
                assert begun is not None
                desk.settle(begun, Result(State.FAILED, "it broke", final=True), at)
    Look(place)(Asked(), lambda name, value: None)
    told = json.loads(run_regard("status", "--json", cwd=folder).stdout)["findings"]
    shown = run_regard("status", cwd=folder).stdout
    with place.open_store() as store, store.read() as transaction:
        texts = [one.notice.text for one in notices.listed(transaction)]
    said = f"{source or job}: failed 5 times in a row, and is run less often now"

    assert [("keeps-failing", job, source)] == [
        (one["code"], one["job"], one["source"]) for one in told
    ]
    assert f"critical: {said}" in shown.splitlines()
    assert said in texts
