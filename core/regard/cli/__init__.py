"""
The command line: arguments in, exit code out.

This module knows the commands only by name and summary, so that ``regard --help`` imports
nothing else; a command's own module is imported when the command is called.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from regard.errors import (
    ConfigError,
    LeaseHeld,
    RegardError,
    SecretError,
    StoreMoved,
    UsageError,
)
from regard.names import did_you_mean, is_name

if TYPE_CHECKING:
    from regard.cli.app import App
    from regard.cli.parsers import CommandParser

__all__ = ["COMMANDS", "Command", "main"]


@dataclass(frozen=True, slots=True)
class Command:
    """
    A command by name, without its code.

    Attributes:
        name: What is typed.
        module: Where its ``configure`` and ``run`` are.
        summary: One line for the list.
    """

    name: str
    module: str
    summary: str


COMMANDS: tuple[Command, ...] = (
    Command("init", "regard.cli.init", "make a new project in a folder"),
    Command("demo", "regard.cli.demo", "make a project with generated exports and run it"),
    Command("check", "regard.cli.check", "validate the configuration and what it refers to"),
    Command("look", "regard.cli.look", "recognise files and report on them, with no project"),
    Command("preview", "regard.cli.preview", "show a source's first records, storing nothing"),
    Command("run", "regard.cli.run", "read sources into the store"),
    Command("enrich", "regard.cli.enrich", "let enrichers look at what is new"),
    Command("report", "regard.cli.report", "make a report from the store"),
    Command("match", "regard.cli.match", "decide which offers are products of ours"),
    Command("schedule", "regard.cli.schedule", "run what is due, for months"),
    Command("status", "regard.cli.status", "say how every source is doing"),
    Command("runs", "regard.cli.runs", "list past runs, show one, or forget old ones"),
    Command("notices", "regard.cli.notices", "list who was told what, or try a channel"),
    Command("quarantine", "regard.cli.quarantine", "list refused records, or send them again"),
    Command("state", "regard.cli.state", "show how far sources were read, or change it"),
    Command("source", "regard.cli.source", "list, rename and drop sources in the store"),
    Command("backfill", "regard.cli.backfill", "read a part of a stream's past"),
    Command("forget", "regard.cli.forget", "erase a person everywhere"),
    Command("plugins", "regard.cli.plugins", "list plug-ins and what is wrong with them"),
    Command("config", "regard.cli.config", "print the configuration's JSON Schema"),
    Command("db", "regard.cli.db", "upgrade, check or back up the store"),
)

_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""In seconds: for so long somebody who may only read waits for a moment without a writer."""

_DESCRIPTION = """\
regard collects what customers do and say and what competitors charge
into one typed store, and reports what changed."""

_EPILOG = """\
global options, before or after the command:
  --config FILE  the project's regard.toml (else from here up, or REGARD_CONFIG)
  --json         print results as JSON
  --quiet        no progress, no notes
  --debug        show the whole traceback of an error

begin with:
  regard look exports/*.csv      report on files, with no project
  regard demo                    a whole project with generated data
  regard init my-project         a new project
"""


def _help() -> str:
    width = max(len(command.name) for command in COMMANDS)
    lines = [f"  {command.name:{width}}  {command.summary}" for command in COMMANDS]
    listed = "\n".join(lines)
    brought = _brought()
    if brought:
        listed += f"\n\ncommands of plug-ins:\n  {', '.join(brought)}"
    return (
        f"usage: regard [options] COMMAND ...\n\n{_DESCRIPTION}\n\ncommands:\n{listed}\n\n"
        f"{_EPILOG}\n`regard COMMAND --help` says more about one of them.\n"
    )


def _brought() -> list[str]:
    """Return the names of commands that installed plug-ins bring; none is imported."""
    from importlib.metadata import entry_points

    names = {entry.name for entry in entry_points(group="regard.commands")}
    return sorted(filter(is_name, names))


def _take_globals(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Take the global options out of the arguments, wherever they stand before ``--``."""
    from regard.cli.parsers import CommandParser

    parser = CommandParser(prog="regard", add_help=False)
    parser.add_argument("--config")
    for flag in ("--json", "--quiet", "--debug"):
        parser.add_argument(flag, action="store_true")
    own = list(arguments)
    behind: list[str] = []
    if "--" in own:
        cut = own.index("--")
        own, behind = own[:cut], own[cut:]
    options, rest = parser.parse_known_args(own)
    return options, rest + behind


def _command_parser(command: Command) -> CommandParser:
    from regard.cli.parsers import CommandParser

    summary = command.summary[0].upper() + command.summary[1:] + "."
    return CommandParser(prog=f"regard {command.name}", description=summary)


def _run_command(name: str, arguments: list[str], app: App) -> int:
    known = {command.name: command for command in COMMANDS}
    if name in known:
        module = import_module(known[name].module)
        parser = _command_parser(known[name])
        module.configure(parser)
        return int(module.run(parser.parse_args(arguments), app))
    if name in app.host.commands():
        return int(app.host.load_command(name)(arguments, app))
    message = f"there is no command {name!r}{did_you_mean(name, known)}"
    raise UsageError(message)


def _patiently(options: argparse.Namespace, rest: list[str]) -> int:
    """Run a command, and once more where writers came and went under a reader without rights."""
    from regard.cli.app import App

    for wait in _WAITS:
        try:
            with App(options) as app:
                return _run_command(rest[0], rest[1:], app)
        except StoreMoved:
            time.sleep(wait)
    with App(options) as app:
        return _run_command(rest[0], rest[1:], app)


def _exit_code_of(error: RegardError) -> int:
    if isinstance(error, ConfigError | SecretError):
        return 2
    return 4 if isinstance(error, LeaseHeld) else 1


def main(arguments: Sequence[str]) -> int:
    """
    Run one command.

    Args:
        arguments: What was typed behind ``regard``.

    Returns:
        0 all ok, 1 failed, 2 wrong usage or configuration, 3 partial, 4 already running.
    """
    debug = "--debug" in arguments or bool(os.environ.get("REGARD_DEBUG"))
    try:
        options, rest = _take_globals(arguments)
        if not rest or rest[0] in ("--help", "-h", "help"):
            sys.stdout.write(_help())
            return 0
        if rest[0] in ("--version", "-V", "version"):
            from regard import __version__

            sys.stdout.write(f"regard {__version__}\n")
            return 0
        return _patiently(options, rest)
    except RegardError as error:
        if debug:
            raise
        from regard.cli.console import print_error

        print_error(error)
        return _exit_code_of(error)
    except BrokenPipeError:
        # The reader of our output has gone, as `| head` does: no error, and nothing to say.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  # lives until the exit
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("\nregard: interrupted\n")
        return 130
