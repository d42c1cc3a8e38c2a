"""Asking before what cannot be undone."""

from __future__ import annotations

import sys

from rich.text import Text

from regard.cli.app import App
from regard.cli.console import clean
from regard.errors import UsageError

__all__ = ["confirm"]


def confirm(app: App, question: str, *, word: str, yes: bool) -> bool:
    """
    Say whether somebody agrees to what cannot be undone.

    Args:
        app: The command's surroundings.
        question: What would be done.
        word: What is to be typed.
        yes: Whether ``--yes`` was given: nothing is asked.

    Raises:
        UsageError: Nobody can be asked, because this is no terminal.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and app.err.is_terminal) or app.json:
        message = f"{question}: give --yes, since nobody can be asked here"
        raise UsageError(message)
    app.err.print(Text(f"{clean(question)}. Type {clean(word)!r} to go on: "), end="")
    said = sys.stdin.readline().strip()
    if said != word:
        app.err.print(Text("nothing was done"))
    return said == word
