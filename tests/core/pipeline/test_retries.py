"""Failures that may pass are tried again, from where the last try got to."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

from regard.clock import SystemClock
from regard.pipeline.running import Runner
from regard.pipeline.streams import Limits
from regard.runs import Outcome, StreamSummary
from regard.store import Store
from regard.testing.reading import load_host, make_project

_PLUGIN = """
from datetime import datetime, timedelta, timezone
from pathlib import Path
from regard import RateLimited, TransientError, source

DAY = datetime(2025, 1, 1, tzinfo=timezone.utc)

@source("shaky", kind="touchpoint", cursor="happened_at", ordered=True)
def read(config, since, ctx):
    tries = Path(config["tries"])
    seen = tries.read_text().split() if tries.exists() else []
    tries.write_text(" ".join([*seen, since.date().isoformat() if since else "start"]))
    for n in range(10):
        at = DAY + timedelta(days=n)
        if since is not None and at < since:
            continue
        if n == 6 and len(seen) < config["failures"]:
            wait = float(config["wait"])
            raise RateLimited("slow down", wait) if wait else TransientError("hm")
        yield {"key": f"k{n}", "happened_at": at}
"""


def _run(
    folder: Path,
    failures: int,
    *,
    retries: int = 3,
    wait: float | str = 0,
    cancel: Event | None = None,
    **settings: Any,
) -> tuple[list[StreamSummary], list[str]]:
    plugin = folder / "shaky.py"
    plugin.write_text(_PLUGIN, encoding="utf-8")
    tries = folder / "tries.txt"
    config: dict[str, Any] = {
        "tries": str(tries),
        "failures": failures,
        "wait": wait,
        "retries": retries,
    }
    config |= settings
    project = make_project(folder / "project", "shaky", config, plugin_file=plugin)
    store = Store.open(project.store_url)
    try:
        runner = Runner(
            project,
            load_host(project),
            SystemClock(),
            "test",
            limits=Limits(backoff_seconds=0.01),
            cancel=cancel or Event(),
        )
        return runner.run(store, "tested"), tries.read_text(encoding="utf-8").split()
    finally:
        store.close()


def test_a_passing_failure_is_tried_again_from_the_cursor(tmp_path: Path) -> None:
    """What came before the failure stays, and the next try begins at the stored cursor."""
    (summary,), tries = _run(tmp_path, failures=2)

    assert Outcome.OK is summary.outcome
    assert 10 == summary.counts.new
    assert ["start", "2025-01-06", "2025-01-06"] == tries


def test_a_lasting_failure_fails_after_the_last_try(tmp_path: Path) -> None:
    """After as many tries as are allowed the stream has failed, and its records stay."""
    (summary,), tries = _run(tmp_path, failures=99, retries=2)

    assert Outcome.FAILED is summary.outcome
    assert 6 == summary.counts.new
    assert 3 == len(tries)


def test_no_retries_means_one_try(tmp_path: Path) -> None:
    """`retries = 0` gives up at once."""
    (summary,), tries = _run(tmp_path, failures=1, retries=0)

    assert Outcome.FAILED is summary.outcome
    assert ["start"] == tries


def test_the_wait_that_a_source_asks_for_is_kept(tmp_path: Path) -> None:
    """A source that says how long to wait is not asked before."""
    (summary,), _ = _run(tmp_path, failures=1, wait=1)

    assert Outcome.OK is summary.outcome
    assert summary.seconds >= 1


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (901, "not before 20"),
        (86_400, "not before 20"),
        ("inf", "run it again, later"),
        ("nan", "run it again, later"),
    ],
)
def test_nobody_waits_for_ever(wait: float | str, said: str, tmp_path: Path) -> None:
    """A source that asks for too long a wait has failed, and it is said when to come again."""
    (summary,), tries = _run(tmp_path, failures=1, wait=wait)

    assert Outcome.FAILED is summary.outcome
    assert "slow down; the source asks to wait " in (summary.error or "")
    assert "longer than the 15 minutes that a run waits" in (summary.error or "")
    assert said in (summary.error or "")
    assert 6 == summary.counts.new
    assert ["start"] == tries


def test_nobody_waits_beyond_the_deadline(tmp_path: Path) -> None:
    """Where a run has a deadline, a source is not waited for that asks to come after it."""
    (summary,), tries = _run(tmp_path, failures=1, wait=120, deadline="60s")

    assert Outcome.FAILED is summary.outcome
    assert "s left of the run's deadline: run it again, not before 20" in (summary.error or "")
    assert ["start"] == tries


def test_a_wait_that_is_over_is_none(tmp_path: Path) -> None:
    """A source that names a moment in the past is asked again at once."""
    (summary,), tries = _run(tmp_path, failures=1, wait=-5)

    assert Outcome.OK is summary.outcome
    assert 2 == len(tries)


def test_waiting_ends_when_the_run_is_stopped(tmp_path: Path) -> None:
    """Somebody who stops the run need not wait for the next try."""
    cancel = Event()
    timer = Timer(1.0, cancel.set)
    timer.start()
    (summary,), _ = _run(tmp_path, failures=1, wait=600, cancel=cancel)
    timer.join()

    assert Outcome.PARTIAL is summary.outcome
    assert summary.seconds < 60
