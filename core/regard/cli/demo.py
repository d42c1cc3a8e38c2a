"""``regard demo``: a whole project with generated exports, made, run and reported on."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regard.cli.app import App
from regard.cli.telling import (
    indices,
    refused_records,
    show_files,
    show_next,
    show_refused,
)
from regard.runs import Outcome, StreamSummary, exit_code, overall

if TYPE_CHECKING:
    from rich.console import Console

    from regard.demo import Demo, Market
    from regard.store import RefusedRecord

__all__ = ["configure", "run"]

_REPORTS: Final = (
    ("customers",),
    ("voice",),
    ("mystery",),
    ("touchpoints",),
    ("prices", "--param", "rows=5"),
    ("reviews", "--param", "rows=5"),
    ("competitors",),
)
"""What is printed after the run, as words of the command line."""
_ENOUGH: Final = (0, 3)
"""Exit codes of a run after which there is something to report on."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        default="demo-project",
        help="the demo's folder (default: demo-project)",
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="only keep the shops of the demo's competitors open, until Ctrl-C",
    )
    parser.epilog = (
        "Makes the exports of an invented retailer: of its CRM, web shop and tills, of its\n"
        "surveys, mystery shoppers, telephones and web server, with faults as they really\n"
        "happen. Opens two competitors' shops on this machine, looks at them as on three days\n"
        "gone by and today, reads everything into a store, prints reports, and says what was\n"
        "refused and why.\n\n"
        "A demo that is there already is run again; its files are never overwritten, so that you\n"
        "can change them. To begin anew, delete the folder.\n\n"
        "examples:\n"
        "  regard demo\n"
        "  regard demo /tmp/demo --quiet\n"
        "  regard demo --serve             in a second terminal: `regard run --all` there\n"
    )


def run(args: argparse.Namespace, app: App) -> int:
    """Make the demo, run it, and print what came of it."""
    from regard.demo import Market, make_demo

    demo = make_demo(Path(args.folder), app.clock.now())
    inside = _inside(demo, app)
    with Market(demo.root, demo.rivals, app.clock.now) as market:
        if args.serve:
            return _serve(demo, market, app)
        if app.json:
            return _as_json(demo, market, inside)
        show_files(demo, market, app)
        _look_back(demo, market, inside)
        code = _run_all(inside)
    if code not in _ENOUGH:
        return code
    for words in _REPORTS:
        _heading(app.out, f"regard report {' '.join(words)}")
        _report(inside, words)
    show_refused(refused_records(inside), app)
    show_next(demo, app)
    return code


def _serve(demo: Demo, market: Market, app: App) -> int:
    """Keep the shops open until somebody wants to stop."""
    from rich.text import Text

    from regard.cli.watching import stoppable

    with stoppable() as stop:
        for shop in market.shops:
            app.out.print(Text(f"{shop.catalogue.name} is open at {shop.url}"), soft_wrap=True)
        app.out.print(Text("Ctrl-C closes them.") if market.shops else Text("There are none."))
        if market.shops:
            stop.wait()
    return 0


def _look_back(demo: Demo, market: Market, app: App) -> None:
    """Look at the competitors' shops on days gone by, and say on one line each what came of it."""
    from rich.text import Text

    from regard.cli.console import clean
    from regard.cli.crawling import crawl_before, shown

    first = True
    for crawled in crawl_before(demo, market, app):
        if first and not app.quiet:
            text = "Two competitors' shops on this machine, looked at as on days gone by:"
            app.out.print(Text(f"\n{text}"), soft_wrap=True)
        first = False
        if crawled.wrong:
            app.problem(f"{crawled.days} days ago: {'; '.join(crawled.wrong)}")
        elif not app.quiet:
            line = f"  {crawled.days} days ago  {shown(crawled)}"
            app.out.print(Text(clean(line)))


def _inside(demo: Demo, app: App) -> App:
    """Return the app as a command in the demo's folder has it."""
    config = str(demo.root / "regard.toml")
    options = argparse.Namespace(config=config, json=app.json, quiet=app.quiet, debug=app.debug)
    return App(options)


def _heading(console: Console, command: str) -> None:
    """Print the command that does what follows."""
    from rich.text import Text

    console.print(Text(f"\n$ {command}\n", style="bold"), soft_wrap=True)


def _run_all(app: App) -> int:
    """Let the loop's own machinery read every source once, and show how all is doing."""
    from regard.cli import schedule, status

    sources = list(app.project.settings.sources)
    _heading(app.out, "regard schedule --once")
    options = _options(schedule.configure, "--once", *sources)
    code = schedule.run(options, app)
    _heading(app.out, "regard status")
    status.run(_options(status.configure), app)
    return code


def _report(app: App, words: Sequence[str]) -> None:
    from regard.cli import report as command

    command.run(_options(command.configure, *words), app)


def _options(
    configure: Callable[[argparse.ArgumentParser], None], *words: str
) -> argparse.Namespace:
    """Return what a command's parser makes of words on the command line."""
    parser = argparse.ArgumentParser()
    configure(parser)
    return parser.parse_args(words)


def _as_json(demo: Demo, market: Market, app: App) -> int:
    """Run the demo and print everything as one JSON object."""
    from regard.cli.crawling import crawl_before

    crawls = [each.as_json() for each in crawl_before(demo, market, app)]
    summaries = _run_quietly(app)
    outcomes: list[Outcome] = [summary.outcome for summary in summaries]
    dear = indices(demo, market).items()
    app.print_json(
        {
            "root": demo.root.absolute(),
            "true": {
                "revenue": demo.world.revenue(),
                "not_made": demo.world.not_made(),
                "indices": {name: {"value": value, "n": n} for name, (value, n) in dear},
            },
            "written": list(demo.written),
            "kept": list(demo.kept),
            "crawls": crawls,
            "outcome": overall(outcomes),
            "runs": [summary.as_json() for summary in summaries],
            "refused": [_refused_json(each) for each in refused_records(app)],
        }
    )
    return exit_code(outcomes)


def _run_quietly(app: App) -> list[StreamSummary]:
    """Read everything and show nothing."""
    from regard.cli.crawling import read_here

    with app.open_store() as store:
        return list(read_here(app, store, list(app.project.settings.sources), app.clock))


def _refused_json(each: RefusedRecord) -> dict[str, Any]:
    names = ("source", "stream", "reason", "field", "message", "file", "line")
    return {name: getattr(each, name) for name in names}
