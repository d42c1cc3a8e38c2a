"""Where work is done: a project with its plug-ins and its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from regard.clock import Clock, SystemClock

if TYPE_CHECKING:
    from regard.host import Host
    from regard.settings import Project
    from regard.store import Store

__all__ = ["Workplace"]


class Workplace:
    """
    One project as a command, or a child of one, works in it.

    Args:
        config: The project's ``regard.toml``.
        clock: The time; None: the machine's.
        debug: Whether bugs of plug-ins tell their whole traceback.
        text: What the file held when somebody read it, so that all work in the same
            configuration while it is edited; None: what it holds now.
    """

    def __init__(
        self,
        config: Path,
        clock: Clock | None = None,
        *,
        debug: bool = False,
        text: str | None = None,
    ) -> None:
        self.config = config
        self.text = text
        self.clock: Clock = clock or SystemClock()
        self.debug = debug

    def __reduce__(self) -> tuple[object, ...]:
        # Whoever gets it in another process makes the parts anew.
        return _remade, (self.config, self.clock, self.debug, self.text)

    @cached_property
    def project(self) -> Project:
        """
        The project.

        Raises:
            ConfigError: Its configuration is wrong.
        """
        from regard.settings import load_project

        return load_project(self.config, self.text)

    @cached_property
    def host(self) -> Host:
        """The plug-ins: installed ones, and the project's own."""
        from regard.host import Host

        folder = self.project.root / "plugins"
        return Host.load(
            plugin_dir=folder if folder.is_dir() else None,
            disabled=self.project.settings.plugins.disabled,
        )

    @property
    def store_url(self) -> str:
        """The store's address, with its secrets."""
        from regard.secrets import store_url

        return store_url(self.project, self.host.resolve_secret)

    @contextmanager
    def open_store(self, *, readonly: bool = False) -> Iterator[Store]:
        """
        Open the project's store for the length of a block.

        Args:
            readonly: Whether a missing store is an error instead of being created.

        Raises:
            StoreError: It cannot be opened, or has another version than this regard.
        """
        from regard.store import Store

        store = Store.open(self.store_url, clock=self.clock, readonly=readonly)
        try:
            yield store
        finally:
            store.close()


def _remade(config: Path, clock: Clock, debug: bool, text: str | None) -> Workplace:
    return Workplace(config, clock, debug=debug, text=text)
