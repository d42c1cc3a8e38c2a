"""The notifier ``terminal``: a bell and one line where the loop runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from regard.notifiers import Notice, Notifier, NotifierContext, headline, one_line

__all__ = ["Terminal", "TerminalConfig"]

_BELL = "\a"


class TerminalConfig(BaseModel):
    """
    The settings of a channel that shows notices where the loop runs.

    Attributes:
        terminal: Always true; without the table nothing is shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    terminal: Literal[True] = True


class Terminal(Notifier[TerminalConfig]):
    """
    Rings the bell and writes one line to standard error; in a log, the line alone.

    ::

        [notices.desk]
        terminal = true
    """

    name = "terminal"
    Config: ClassVar[type[TerminalConfig]] = TerminalConfig

    def tell(self, notices: Sequence[Notice], ctx: NotifierContext) -> None:
        """Show how many there are, and the gravest."""
        first = notices[0]
        more = f" (and {len(notices) - 1:,} more)" if len(notices) > 1 else ""
        said = f"{one_line(first.subject, 80)}: {one_line(first.text)}{more}"
        bell = _BELL if sys.stderr.isatty() else ""
        sys.stderr.write(f"{bell}regard: {headline(notices)}: {said}\n")
        sys.stderr.flush()
