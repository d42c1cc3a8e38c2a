"""``regard schedule``: the loop that runs what is due."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.text import Text

from regard.cli.app import App
from regard.cli.arguments import port, seconds
from regard.cli.console import clean, make_table
from regard.clock import SystemClock
from regard.errors import ConfigError, UsageError
from regard.names import did_you_mean

if TYPE_CHECKING:
    from regard.jobs import Job
    from regard.scheduler.loop import PlanLine

__all__ = ["configure", "run"]

_USUAL_THRESHOLDS = (700, 10, 10)
"""When Python looks for garbage where nobody says otherwise."""

_EPILOG = """\
The loop runs until it is asked to stop (SIGTERM, or Ctrl-C): then nothing new begins, runs that
go on get the grace time, and the next loop goes on where this one stopped. Each run is a process
of its own with a log file in logs/. Several loops may share one store: what is due runs once.
SIGHUP reads regard.toml again.

examples:
  regard schedule                  run what is due, until somebody stops it
  regard schedule --list           show what is planned, and run nothing
  regard schedule --once           run everything once now, as the loop would, and end
  regard schedule --once crm       only this source
  regard schedule --metrics 9464   serve metrics beside

exit codes: 0 stopped in good order, 2 wrong usage or configuration, 75 regard was upgraded: start
the loop again; with --once 0 all ok, 1 something failed, 3 something was done only in part
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="with --once: only these")
    parser.add_argument("--list", action="store_true", help="show what is planned, run nothing")
    parser.add_argument("--once", action="store_true", help="run everything once now, and end")
    parser.add_argument(
        "--grace",
        type=seconds(86_400),
        default=30.0,
        metavar="SECONDS",
        help="how long runs may go on when the loop is asked to stop (default 30)",
    )
    parser.add_argument(
        "--metrics",
        type=port,
        metavar="PORT",
        help="serve /metrics for Prometheus and /healthz on 127.0.0.1:PORT",
    )
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """Run the loop, or show its plan."""
    if args.names and not args.once:
        message = "the loop runs everything that has a schedule; name jobs with --once"
        raise UsageError(message)
    if args.list:
        return _list(app)
    from regard.pipeline.workplace import Workplace
    from regard.scheduler import logs
    from regard.scheduler.loop import Loop, Pace

    project = app.project
    clock = app.clock if args.once else SystemClock()
    place = Workplace(project.path, clock, debug=app.debug, text=project.text)
    # What is run once is told by a table in the end; what goes on for months by its log.
    logs.set_up(project.settings, project.root, quiet=app.quiet or args.once)
    # What was imported stays. For months to come, small work makes its garbage slowly, and it
    # would lie about for hours until there is as much of it as a short command waits for.
    gc.freeze()
    gc.set_threshold(*_USUAL_THRESHOLDS)
    loop = Loop(
        place,
        clock,
        Pace(grace=args.grace),
        told=lambda lines: _tell(lines, app),
        quiet=app.quiet or args.once,
    )
    if args.once:
        loop.once = _names(args.names, app)
        loop.run()
        return _outcome(loop.owner, app)
    if not any(one.schedule for one in _scheduled(app)):
        message = (
            f"nothing in {project.path.name} has a schedule; give a source one, such as "
            'schedule = "0 6 * * *" or "every 15m"'
        )
        raise ConfigError(message)
    if args.metrics is None:
        return loop.run()
    from contextlib import closing

    from regard.scheduler.metrics import Metrics

    with closing(Metrics(args.metrics)) as loop.metrics:
        return loop.run()


def _scheduled(app: App) -> list[Any]:
    settings = app.project.settings
    tables = [
        *settings.sources.values(),
        *settings.enrichers.values(),
        *settings.reports.values(),
    ]
    return [one for one in tables if one.enabled]


def _jobs(app: App) -> dict[str, Job]:
    from regard.scheduler.planning import jobs_of

    return jobs_of(app.project.settings)


def _names(names: Sequence[str], app: App) -> list[str]:
    jobs = _jobs(app)
    if not names:
        if not jobs:
            message = f"nothing is enabled in {app.project.path.name}"
            raise ConfigError(message)
        return list(jobs)
    labels = {job.label: job.name for job in reversed(jobs.values())}
    found = []
    for name in names:
        if name not in jobs and name not in labels:
            near = did_you_mean(name, labels)
            message = f"no source, enricher or report {name!r} is enabled{near}"
            raise UsageError(message)
        found.append(name if name in jobs else labels[name])
    return list(dict.fromkeys(found))


def _outcome(owner: str, app: App) -> int:
    """Say what became of the jobs that were run once."""
    from regard.cli.ledgers import as_json, ledger_table
    from regard.jobs import State
    from regard.store import ledger

    with app.open_store(readonly=True) as store, store.read() as transaction:
        entries = ledger.of_owner(transaction, owner)
    if app.json:
        app.print_json([as_json(entry) for entry in entries])
    else:
        app.out.print(ledger_table(entries, app.project.settings.timezone))
    states = {entry.state for entry in entries}
    if State.FAILED in states:
        return 1
    return 3 if states - {State.OK} else 0


def _tell(lines: Sequence[PlanLine], app: App) -> None:
    """Print the plan of a loop that begins."""
    if not app.quiet:
        app.err.print(_plan_table(lines, app.project.settings.timezone))


def _list(app: App) -> int:
    from regard.scheduler.loop import PlanLine
    from regard.scheduler.planning import planned_of

    jobs = _jobs(app)
    planned = planned_of(app.project.settings, jobs)
    now = app.clock.now()
    lines = [
        PlanLine(
            name,
            str(planned[name].schedule) if name in planned else None,
            planned[name].next_after(now) if name in planned else None,
        )
        for name in jobs
    ]
    if app.json:
        app.print_json(
            [
                {"job": one.job, "schedule": one.schedule, "next_due_at": one.next_at}
                for one in lines
            ]
        )
    else:
        app.out.print(_plan_table(lines, app.project.settings.timezone))
    return 0


def _plan_table(lines: Sequence[PlanLine], timezone: str) -> Any:  # noqa: ANN401  # rich's
    zone = ZoneInfo(timezone)
    table = make_table(["job", "schedule", f"next due ({timezone})"])
    for one in sorted(lines, key=lambda line: (line.next_at is None, line.next_at or 0)):
        due = _due(one.next_at, zone)
        if one.at_once:
            due = f"now, then {due}"
        schedule = one.schedule or ("stale" if one.job.startswith("enricher:") else "none")
        if one.schedule is None and schedule == "stale":
            due = "when there are new records"
        table.add_row(Text(clean(one.job)), Text(schedule), Text(due))
    return table


def _due(when: datetime | None, zone: ZoneInfo) -> str:
    return "never" if when is None else f"{when.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"
