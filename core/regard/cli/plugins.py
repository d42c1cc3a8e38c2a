"""``regard plugins``: which plug-ins there are, what each brings, and what is wrong."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean, make_table, rows_of
from regard.host import PluginState, PluginStatus

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  regard plugins             what there is
  regard plugins --strict    the same; exit 1 if a plug-in is broken, for CI
  regard plugins --json      for programs

A plug-in is switched off by its name, before it is imported:
  [plugins]
  disabled = ["crm-export"]

states:
  ok            it works
  disabled      it is switched off in regard.toml
  broken        it, or one of its classes, cannot be used; the rest of regard works
  duplicate     another plug-in has its name
  incompatible  it was written for another regard
"""

_FINE = (PluginState.OK, PluginState.DISABLED)


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit 1 if any plug-in is neither ok nor disabled",
    )
    parser.epilog = _EPILOG


def run(args: argparse.Namespace, app: App) -> int:
    """List the plug-ins; return 1 under ``--strict`` if one is not as it should be."""
    statuses = app.host.plugins
    if app.json:
        app.print_json([status.as_json() for status in statuses])
    elif statuses:
        _show(statuses, app)
    else:
        app.out.print("no plug-ins")
    wrong = any(status.state not in _FINE for status in statuses)
    return 1 if args.strict and wrong else 0


def _show(statuses: Sequence[PluginStatus], app: App) -> None:
    table = make_table(("plug-in", "version", "state", "brings"))
    rows_of(
        table,
        ((item.name, item.version, item.state.value, _brings(item)) for item in statuses),
    )
    app.out.print(table)
    remarks = [line for item in statuses for line in _remarks(item)]
    if remarks:
        app.out.print()
    for line in remarks:
        # One line each, however wide the terminal is: logs are searched by line.
        app.out.print(line, soft_wrap=True)
    app.out.print(f"\n{_closing(statuses)}", soft_wrap=True)


def _brings(status: PluginStatus) -> str:
    names: dict[str, list[str]] = {}
    for kind in status.kinds:
        sort, _, name = kind.partition(":")
        names.setdefault(sort, []).append(name)
    return "; ".join(f"{sort} {', '.join(found)}" for sort, found in names.items())


def _remarks(status: PluginStatus) -> list[Text]:
    """Return what is wrong with a plug-in, and what is odd, one line each."""
    home = status.distribution or status.origin
    version = f" {status.version}" if status.version else ""
    title = f"{status.name} ({home}{version})"
    lines = []
    if status.error:
        text = clean(f"{title} is {status.state}: {status.error}")
        lines.append(Text(text, style="red"))
    if status.warning:
        lines.append(Text(clean(f"{title}: warning: {status.warning}"), style="yellow"))
    return lines


def _closing(statuses: Sequence[PluginStatus]) -> str:
    counts = Counter(status.state for status in statuses)
    noun = "plug-in" if len(statuses) == 1 else "plug-ins"
    states = ", ".join(f"{counts[state]} {state}" for state in PluginState if counts[state])
    return f"{len(statuses)} {noun}: {states}"
