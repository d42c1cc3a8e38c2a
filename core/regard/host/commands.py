"""
Commands that other distributions bring: the entry-point group ``regard.commands``.

They are listed by name without being imported. A command is a callable
``command(arguments, app) -> int``: the words behind its name, what commands have at hand,
and the exit code.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from regard.errors import PluginError
from regard.host.candidates import UNREADABLE, Candidate, installed
from regard.host.guard import guarded, silent_stdout
from regard.names import did_you_mean

__all__ = ["Command", "find_commands", "import_command"]

Command: TypeAlias = Callable[[list[str], Any], int]

GROUP = "regard.commands"


def find_commands(disabled: Collection[str]) -> dict[str, Candidate]:
    """Return the commands that distributions bring by name; of two, the first one."""
    commands: dict[str, Candidate] = {}
    for item in sorted(installed(GROUP), key=lambda item: (item.rank, item.name, item.origin)):
        if item.name not in disabled and item.origin != UNREADABLE:
            commands.setdefault(item.name, item)
    return commands


def import_command(name: str, commands: dict[str, Candidate]) -> Command:
    """
    Import a command.

    Raises:
        PluginError: There is none of that name, or it cannot be imported or called.
    """
    if name not in commands:
        message = f"no plug-in brings a command {name!r}{did_you_mean(name, commands)}"
        raise PluginError(message)
    found = commands[name]
    try:
        with silent_stdout():
            command = guarded(found.load)
    except PluginError as error:
        message = f"the command {found.title} cannot be imported: {error}"
        raise PluginError(message) from error
    if not callable(command):
        message = (
            f"the command {found.title}: {found.origin} is a {type(command).__name__}; "
            "it must be a function of (arguments, app)"
        )
        raise PluginError(message)
    made: Command = command
    return made
