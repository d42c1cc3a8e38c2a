"""What every command has at hand: the project, the plug-ins, the store and the terminal."""

from __future__ import annotations

import argparse
import logging
import os
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from regard.cli import console
from regard.clock import Clock, clock_from_environment
from regard.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from regard.host import Host
    from regard.pipeline.workplace import Workplace
    from regard.settings import Project
    from regard.store import Store

__all__ = ["App"]


class _Lines(logging.Formatter):
    """Makes lines for a terminal: what a plug-in says may quote text from outside."""

    def format(self, record: logging.LogRecord) -> str:
        return console.clean(super().format(record), lines=True)


class App:
    """
    One command's surroundings; each part is made when it is first asked for.

    Args:
        options: The global options: ``config``, ``json``, ``quiet``, ``debug``.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.json: bool = options.json
        self.quiet: bool = options.quiet
        self.debug: bool = options.debug
        self.config: Path | None = Path(options.config) if options.config else None
        self.clock: Clock = clock_from_environment()

    def __reduce__(self) -> tuple[type[App], tuple[argparse.Namespace]]:
        # Whoever gets it in another process makes the parts anew.
        return App, (self._options,)

    def __enter__(self) -> App:
        from regard.secrets import redactor

        handler = logging.StreamHandler()
        handler.setFormatter(_Lines("%(levelname)s %(name)s: %(message)s"))
        logging.basicConfig(
            level=logging.DEBUG if self.debug else logging.WARNING, handlers=[handler]
        )
        for each in logging.getLogger().handlers:
            each.addFilter(redactor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        logging.shutdown()

    @cached_property
    def out(self) -> Console:
        """The console of results."""
        return console.make_console()

    @cached_property
    def err(self) -> Console:
        """The console of progress and problems."""
        return console.make_console(stderr=True)

    @cached_property
    def workplace(self) -> Workplace:
        """
        The project that the command works in, as its children find it.

        Raises:
            ConfigError: There is none.
        """
        from regard.pipeline.workplace import Workplace
        from regard.settings import find_config

        config = find_config(Path.cwd(), self._explicit_config())
        return Workplace(config.absolute(), self.clock, debug=self.debug)

    @property
    def project(self) -> Project:
        """
        The project that the command works in.

        Raises:
            ConfigError: There is none, or its configuration is wrong.
        """
        return self.workplace.project

    def _explicit_config(self) -> Path | None:
        if self.config is not None:
            return self.config
        named = os.environ.get("REGARD_CONFIG")
        return Path(named) if named else None

    @cached_property
    def has_project(self) -> bool:
        """Whether there is a project; a broken one is not none, it raises."""
        from regard.settings import find_config

        try:
            find_config(Path.cwd(), self._explicit_config())
        except ConfigError:
            return False
        return True

    @cached_property
    def host(self) -> Host:
        """The plug-ins: installed ones, and the project's own where there is a project."""
        from regard.host import Host

        return self.workplace.host if self.has_project else Host.load(plugin_dir=None, disabled=())

    @property
    def store_url(self) -> str:
        """The store's address, with its secrets."""
        return self.workplace.store_url

    def open_store(self, *, readonly: bool = False) -> AbstractContextManager[Store]:
        """Open the project's store for the length of a block, see `Workplace.open_store`."""
        return self.workplace.open_store(readonly=readonly)

    def print_json(self, value: object) -> None:
        """Print a result as JSON on stdout."""
        console.write_json(value)

    def problem(self, text: str, hint: str | None = None) -> None:
        """Print one problem on stderr."""
        console.problem(self.err, text, hint)
