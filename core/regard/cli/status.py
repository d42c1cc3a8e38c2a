"""``regard status``: how every source is doing, and what was found."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, count, make_table
from regard.cli.orphans import orphan_line
from regard.reports import Freshness
from regard.settings import SourceSettings
from regard.store import Store
from regard.store import findings as stored_findings
from regard.store import runs as stored_runs

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard status            every source: last outcome, age, records, quarantine
  regard status --json     for probes

exit code: 1 where a source's last run failed or it is late by its schedule, else 0
"""

_STYLES = {"ok": "green", "partial": "yellow", "failed": "red"}


@dataclass(frozen=True, slots=True)
class _Job:
    """One source's state as `status` shows it."""

    name: str
    outcome: str | None
    finished_at: datetime | None
    records: int
    quarantined: int
    next_due_at: datetime | None
    late_seconds: int | None
    running: dict[str, Any] | None
    error: str | None
    orphan: bool = False


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Show all sources and open findings."""
    state = Store.inspect(app.store_url).state
    if state == "missing":
        jobs = [_job(app, name, {}, {}, {}) for name in app.project.settings.sources]
        findings: list[dict[str, Any]] = []
    else:
        with app.open_store(readonly=True) as store, store.read() as transaction:
            known = {item.source: item for item in stored_runs.freshness(transaction)}
            last = stored_runs.latest(transaction)
            names = dict.fromkeys([*app.project.settings.sources, *known])
            running = {
                name: held for name in names if (held := stored_runs.running(transaction, name))
            }
            findings = stored_findings.listed(transaction)
        jobs = [_job(app, name, known, last, running) for name in names]
    late = [job.name for job in jobs if job.late_seconds]
    if app.json:
        app.print_json(
            {
                "loop": None,
                "late": late,
                "jobs": [_as_json(job) for job in jobs],
                "findings": [_finding_json(item) for item in findings],
            }
        )
    else:
        _show(jobs, findings, app)
    failing = any(job.outcome == "failed" and not job.orphan for job in jobs)
    return 1 if failing or late else 0


def _job(
    app: App,
    name: str,
    known: Mapping[str, Freshness],
    last: Mapping[str, stored_runs.PastRun],
    running: Mapping[str, dict[str, Any]],
) -> _Job:
    settings = app.project.settings.sources.get(name)
    fresh, run = known.get(name), last.get(name)
    due = _next_due(app, name, settings, run)
    now = app.clock.now()
    late = int((now - due).total_seconds()) if due and due < now and name not in running else None
    return _Job(
        name,
        run.outcome if run else None,
        run.finished_at if run else None,
        fresh.records if fresh else 0,
        fresh.quarantined if fresh else 0,
        due,
        late,
        running.get(name),
        run.error if run else None,
        orphan=settings is None,
    )


def _next_due(
    app: App, name: str, settings: SourceSettings | None, run: stored_runs.PastRun | None
) -> datetime | None:
    """Return when a source is due after its last run; one that never ran waits for its first."""
    if settings is None or not settings.enabled or settings.schedule is None:
        return None
    since = run.started_at if run else app.clock.now()
    return settings.schedule.next_after(since, app.project.zone(name))


def _as_json(job: _Job) -> dict[str, Any]:
    return {
        "job": job.name,
        "outcome": job.outcome,
        "finished_at": job.finished_at,
        "next_due_at": job.next_due_at,
        "late_seconds": job.late_seconds,
        "running": job.running,
        "records": job.records,
        "quarantined": job.quarantined,
        "error": job.error,
        "orphan": job.orphan,
    }


def _finding_json(item: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "code", "severity", "state", "text", "value", "n", "why", "evidence", "source")
    return {name: item[name] for name in names}


def _age(moment: datetime | None, now: datetime) -> str:
    from regard.render.formats import duration

    if moment is None:
        return "never"
    return f"{duration((now - moment).total_seconds())} ago"


def _show(jobs: list[_Job], findings: list[dict[str, Any]], app: App) -> None:
    for item in findings:
        line = f"{item['severity']}: {item['source']}: {item['text']}"
        app.out.print(Text(clean(line), style="bold"), soft_wrap=True)
    if findings:
        app.out.print()
    now = app.clock.now()
    table = make_table(
        ["source", "last run", "age", ("records", "right"), ("quarantined", "right"), "next due"]
    )
    for job in jobs:
        outcome = "running" if job.running else job.outcome or "never run"
        table.add_row(
            Text(clean(job.name)),
            Text(outcome, style=_STYLES.get(outcome, "")),
            Text(_age(job.finished_at, now)),
            Text(f"{job.records:,}"),
            Text(f"{job.quarantined:,}"),
            Text(_due(job, app)),
        )
    app.out.print(table)
    for job in jobs:
        if job.error:
            app.problem(f"{job.name}: {job.error}")
        if job.orphan:
            app.problem(orphan_line(job.name))
    records = sum(job.records for job in jobs)
    counted = ((len(jobs), "source"), (records, "record"), (len(findings), "finding"))
    app.out.print(Text(", ".join(count(number, noun) for number, noun in counted)))


def _due(job: _Job, app: App) -> str:
    if job.orphan:
        return "not in regard.toml"
    if job.next_due_at is None:
        return "no schedule"
    if job.late_seconds:
        from regard.render.formats import duration

        return f"late by {duration(job.late_seconds)}"
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(app.project.settings.timezone)
    return f"{job.next_due_at.astimezone(zone):%Y-%m-%d %H:%M}"
