"""
Parsers of command lines: mistakes that look like all others, and help that fits the terminal.

What a command says behind its options may be written with lines of any length. Its examples are
the examples of its actions, too: `regard source rename --help` shows those that begin so.
"""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from regard.errors import UsageError

__all__ = ["CommandParser"]

_WIDEST: Final = 100
_NARROWEST: Final = 30
"""What stands beside something that leaves less room than this goes below it."""
_COLUMNS: Final = re.compile(r"(\s+\S.*?\s{2,})(\S.*)")
_OWN_PARAGRAPH: Final = re.compile(r"exit codes?\b")


class CommandParser(argparse.ArgumentParser):
    """
    Reads the arguments of one command.

    Args:
        options: As `argparse.ArgumentParser` takes them.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # argparse's own
        options.setdefault("formatter_class", _Help)
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting."""
        text = f"{message}\n  {self.format_usage().strip()}"
        raise UsageError(text)

    def parse_known_args(
        self,
        args: Any = None,  # noqa: ANN401  # argparse's own
        namespace: Any = None,  # noqa: ANN401
    ) -> tuple[Any, list[str]]:
        """Parse, with actions that can explain themselves."""
        for group in self._actions:
            if isinstance(group, argparse._SubParsersAction):
                for action in group._choices_actions:
                    self._explain(group.choices[action.dest], action.help or "")
        return super().parse_known_args(args, namespace)

    def _explain(self, parser: argparse.ArgumentParser, summary: str) -> None:
        """Let an action say what it does, with the examples that the command has of it."""
        if not parser.description and summary:
            parser.description = f"{summary[0].upper()}{summary[1:]}."
        if not parser.epilog:
            begins = re.compile(rf"  {re.escape(parser.prog)}(?!\S)")
            own = [line for line in (self.epilog or "").splitlines() if begins.match(line)]
            if own:
                parser.epilog = "\n".join(["examples:", *own])


class _Help(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        width = min(shutil.get_terminal_size().columns, _WIDEST) - 2
        super().__init__(prog, width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in _wrapped(text, width - len(indent)))


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines of a width: prose flows, what is indented keeps its columns."""
    prose: list[str] = []
    for line in [*text.strip("\n").splitlines(), ""]:
        if line[:1].strip() and not _OWN_PARAGRAPH.match(line):
            prose.append(line)
            continue
        yield from textwrap.wrap(" ".join(prose), width)
        prose = []
        if _OWN_PARAGRAPH.match(line):
            prose.append(line)
        else:
            yield from _columns(line, width)


def _columns(line: str, width: int) -> Iterator[str]:
    found = _COLUMNS.fullmatch(line)
    if len(line) <= width:
        yield line.rstrip()
        return
    if found is None:
        # A command line goes on behind a backslash.
        indent = " " * (len(line) - len(line.lstrip()))
        parts = textwrap.wrap(
            line.strip(),
            width - len(indent) - 6,
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield f" \\\n{indent}    ".join([f"{indent}{parts[0]}", *parts[1:]])
        return
    before, beside = found[1], found[2]
    column = len(before)
    if width - column < _NARROWEST:
        yield before.rstrip()
        column = len(before) - len(before.lstrip()) + 4
        before = " " * column
    first, *others = textwrap.wrap(beside, width - column)
    yield before + first
    yield from (" " * column + each for each in others)
