"""``regard status``: how every source, enricher and report is doing, and what was found."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, count, make_table
from regard.cli.orphans import orphan_line
from regard.store import Store
from regard.store import runs as stored_runs

if TYPE_CHECKING:
    from regard.reports import Freshness
    from regard.scheduler.overview import JobStatus, Overview
    from regard.scheduler.space import Space

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard status            every source, enricher and report: last outcome, age, records, next due
  regard status --watch    the same, refreshed in place
  regard status --json     for probes

exit code: 1 where the last run of something failed, something is late, or nothing runs what has
a schedule; else 0
"""

_STYLES: Final = {"ok": "green", "partial": "yellow", "failed": "red", "running": "cyan"}
_REFRESH_SECONDS: Final = 2.0
_RECOUNT_SECONDS: Final = 30.0
"""Counting records takes long where there are many; nobody watches them that closely."""

_SLOW: Final = 2.0
"""A run that took so many times its usual duration is shown as slow."""

_A_YEAR: Final = timedelta(days=300)
"""What is due sooner is not taken for the same day of another year."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("--watch", action="store_true", help="refresh in place until Ctrl-C")
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Show how everything is doing."""
    if args.watch and app.out.is_terminal and not app.json:
        return _watch(app)
    seen, room = _look(app)
    if app.json:
        app.print_json(_as_json(seen, room))
    else:
        app.out.print(_drawn(seen, room, app))
        for job in seen.jobs:
            if job.error:
                app.problem(f"{job.label}: {job.error}")
            if job.orphan:
                app.problem(orphan_line(job.label))
    return 0 if seen.well else 1


def _watch(app: App) -> int:
    from rich.live import Live

    seen, room = _look(app)
    known = _counts(app)
    counted_at = time.monotonic()
    try:
        with Live(_drawn(seen, room, app), console=app.out, auto_refresh=False) as live:
            while True:
                time.sleep(_REFRESH_SECONDS)
                if time.monotonic() - counted_at > _RECOUNT_SECONDS:
                    known, counted_at = _counts(app), time.monotonic()
                seen, room = _look(app, known)
                live.update(_drawn(seen, room, app), refresh=True)
    except KeyboardInterrupt:
        return 0 if seen.well else 1


def _counts(app: App) -> Mapping[str, Freshness]:
    if Store.inspect(app.store_url).state == "missing":
        return {}
    with app.open_store(readonly=True) as store:
        return {item.source: item for item in store.freshness()}


def _look(app: App, known: Mapping[str, Freshness] | None = None) -> tuple[Overview, Space]:
    from regard.scheduler.overview import overview
    from regard.scheduler.space import space

    settings, now, root = app.project.settings, app.clock.now(), app.project.root
    if Store.inspect(app.store_url).state == "missing":
        return overview(None, settings, now, {}), space(None, root, now)
    with app.open_store(readonly=True) as store:
        with store.read() as transaction:
            if known is None:
                known = {item.source: item for item in stored_runs.freshness(transaction)}
            seen = overview(transaction, settings, now, known)
        return seen, space(store, root, now)


# As JSON.


def _as_json(seen: Overview, room: Space) -> dict[str, Any]:
    return {
        "loop": _loops_json(seen),
        "late": seen.late,
        "jobs": [_job_json(job) for job in seen.jobs],
        "findings": [_finding_json(item) for item in seen.findings],
        "space": {
            "parts": dict(room.parts),
            "free": room.free,
            "disk": room.disk,
            "growth_a_week": room.growth_a_week,
            "days_until_full": room.days_until_full,
        },
    }


def _loops_json(seen: Overview) -> dict[str, Any] | None:
    if not seen.loops:
        return None
    names = ("host", "pid", "version", "config_digest", "started_at", "beat_at")
    first, *others = [{name: getattr(loop, name) for name in names} for loop in seen.loops]
    return {**first, "others": others}


def _job_json(job: JobStatus) -> dict[str, Any]:
    names = (
        *("outcome", "finished_at", "next_due_at", "late_seconds", "running", "records"),
        *("quarantined", "seconds", "usual_seconds", "error", "idle", "enabled", "orphan"),
    )
    return {"job": job.label, "kind": job.kind, **{name: getattr(job, name) for name in names}}


def _finding_json(item: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "code", "severity", "state", "text", "value", "n", "why", "evidence")
    job = str(item["source"]) if ":" in item["source"] else f"source:{item['source']}"
    kind, _, name = job.partition(":")
    about = {"job": job, "source": name if kind == "source" else None}
    return {**{name: item[name] for name in names}, **about}


# As a screen.


def _drawn(seen: Overview, room: Space, app: App) -> RenderableType:
    parts: list[RenderableType] = [_loop_line(seen, app)]
    for item in seen.findings:
        line = f"{item['severity']}: {item['source']}: {item['text']}"
        parts.append(Text(clean(line), style="bold"))
    parts += [Text(), _table(seen.jobs, app), *_idle_lines(seen.jobs), _totals(seen, room)]
    return Group(*parts)


def _loop_line(seen: Overview, app: App) -> Text:
    """Return who runs what is due, or that nobody does."""
    if seen.loops:
        first = seen.loops[0]
        text = f"loop alive on {clean(first.host)} since {_moment(first.started_at, app)}"
        if len(seen.loops) > 1:
            others = sorted({clean(loop.host) for loop in seen.loops[1:]})
            text += f", and {count(len(seen.loops) - 1, 'other')} on {', '.join(others)}"
        return Text(text, style="green")
    if not seen.scheduled:
        return Text("nothing has a schedule, and no loop runs")
    since = "" if seen.loop_seen_at is None else f" since {_moment(seen.loop_seen_at, app)}"
    text = f"no loop{since}: nothing runs by itself; `regard schedule` does it"
    return Text(text, style="bold red")


def _table(jobs: Sequence[JobStatus], app: App) -> RenderableType:
    now = app.clock.now()
    table = make_table(
        [
            *("source", "last run", "age"),
            *((name, "right") for name in ("took", "records", "refused")),
            "next due",
        ]
    )
    for job in jobs:
        outcome = "running" if job.running else job.outcome or "never run"
        table.add_row(
            Text(clean(job.label if job.kind == "source" else job.job)),
            Text(outcome, style=_STYLES.get(outcome, "")),
            Text(_progress(job.running) or _age(job.finished_at, now)),
            _took(job),
            Text("" if job.records is None else f"{job.records:,}"),
            Text("" if job.quarantined is None else f"{job.quarantined:,}"),
            _due(job, app),
        )
    return table


def _progress(running: Mapping[str, Any] | None) -> str:
    """Return how far a run is, where it has said so."""
    if not running or running.get("read") is None:
        return ""
    return f"{int(running['read']):,} read"


def _age(moment: datetime | None, now: datetime) -> str:
    from regard.render.formats import duration

    if moment is None:
        return "never"
    return f"{duration(max(0.0, (now - moment).total_seconds()))} ago"


def _took(job: JobStatus) -> Text:
    """Return how long the last run took, and how that compares with what is usual."""
    from regard.render.formats import duration

    if job.seconds is None:
        return Text("")
    took, usual = job.seconds, job.usual_seconds
    # Under a clock that stands still, as in a demo, nothing takes any time.
    if not usual or took < 1 or took < usual * _SLOW:
        return Text(duration(took))
    return Text(f"{duration(took)} (usually {duration(usual)})", style="yellow")


def _due(job: JobStatus, app: App) -> Text:
    from regard.render.formats import duration

    if job.orphan:
        return Text("not in regard.toml", style="yellow")
    if not job.enabled:
        return Text("not enabled")
    if job.next_due_at is None:
        return Text("when stale" if job.kind == "enricher" else "no schedule")
    if job.late_seconds:
        return Text(f"late by {duration(job.late_seconds)}", style="red")
    now = app.clock.now()
    if job.next_due_at <= now:
        return Text("now")
    # The year is needed by few, and its place by names: a screen has 80 columns.
    moment = _moment(job.next_due_at, app)
    return Text(moment[5:] if job.next_due_at - now < _A_YEAR else moment)


def _moment(when: datetime, app: App) -> str:
    zone = ZoneInfo(app.project.settings.timezone)
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M}"


def _idle_lines(jobs: Sequence[JobStatus]) -> list[Text]:
    """Say of which the last due time led to no run, and why."""
    return [Text(f"{clean(job.label)}: {clean(job.idle)}") for job in jobs if job.idle]


def _totals(seen: Overview, room: Space) -> Text:
    sources = sum(job.kind == "source" for job in seen.jobs)
    records = sum(job.records or 0 for job in seen.jobs)
    counted = ((sources, "source"), (records, "record"), (len(seen.findings), "finding"))
    text = ", ".join(count(number, noun) for number, noun in counted)
    sized = ", ".join(f"{name} {_bytes(size)}" for name, size in room.parts.items() if size)
    text += f"\n{_bytes(room.total)} on disk ({sized})" if sized else ""
    text += f"\n{_bytes(room.free)} free of {_bytes(room.disk)}"
    if room.growth_a_week is not None:
        text += f", growing {_bytes(room.growth_a_week)} a week"
    if room.days_until_full is not None:
        text += f", full in {count(room.days_until_full, 'day')}"
    return Text(text)


def _bytes(size: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if abs(size) >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size} bytes"
