"""The reference of commands, from their argument parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points

from docstrings import table

from regard.cli import COMMANDS, Command

_WIDTH = 88


def _formatter(prog: str) -> argparse.HelpFormatter:
    # Without a width of its own the page would depend on the terminal of who builds it.
    return argparse.RawDescriptionHelpFormatter(prog, width=_WIDTH)


def commands() -> str:
    """Return a section for each command."""
    return "\n".join(_command(command) for command in (*COMMANDS, *plugin_commands()))


def plugin_commands() -> Iterator[Command]:
    """Yield the commands of bundled plug-ins, which are described as ours are."""
    for entry in sorted(entry_points(group="regard.commands"), key=lambda entry: entry.name):
        module = import_module(entry.module)
        if entry.module.startswith("regard_plugins.") and hasattr(module, "configure"):
            summary = (module.__doc__ or "").splitlines()[0].partition(": ")[2].rstrip(".")
            yield Command(entry.name, entry.module, summary)


def _command(command: Command) -> str:
    parser = argparse.ArgumentParser(prog=f"regard {command.name}", formatter_class=_formatter)  # type: ignore[arg-type]
    import_module(command.module).configure(parser)
    parts = [
        f"(command-{command.name})=\n## `regard {command.name}`\n",
        f"{command.summary[0].upper()}{command.summary[1:]}.\n",
        *_parser(parser),
    ]
    for name, inner, said in _actions(parser):
        parts += [f"### `regard {command.name} {name}`\n", f"{_sentence(said)}\n", *_parser(inner)]
    if parser.epilog:
        parts.append(_block(parser.epilog.strip("\n")))
    return "\n".join(parts)


def _parser(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield _block(parser.format_usage().strip())
    rows = [
        (_written(action), _meaning(parser, action))
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    ]
    if rows:
        yield table(("argument", "meaning"), rows)


def _written(action: argparse.Action) -> str:
    """Return how an argument is typed."""
    value = ""
    if action.nargs != 0:
        choices = "|".join(str(choice) for choice in action.choices or ())
        metavar = action.metavar if isinstance(action.metavar, str) else None
        value = metavar or (f"{{{choices}}}" if choices else action.dest.upper())
    if not action.option_strings:
        return f"`{value}`"
    options = ", ".join(action.option_strings)
    return f"`{options} {value}`" if value else f"`{options}`"


def _meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = _formatter(parser.prog)._expand_help(action) if action.help else ""
    if action.choices and action.metavar:
        text += f" ({', '.join(str(choice) for choice in action.choices)})"
    return text


def _actions(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Yield the second words that a command takes, each with its parser and summary."""
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        said = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, inner in action.choices.items():
            inner.formatter_class = _formatter  # type: ignore[assignment]
            yield name, inner, said.get(name, "")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _block(text: str) -> str:
    return f"```text\n{text}\n```\n"
