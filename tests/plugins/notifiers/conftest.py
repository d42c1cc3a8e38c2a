"""Projects whose notices are told by the bundled notifiers, over real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regard.host import Host
from regard.notifiers import Notice
from regard.pipeline.telling import send_text, tell_due
from regard.settings import load_project
from regard.store import Store
from regard.store import notices as stored

AT = datetime(2026, 1, 31, 6, tzinfo=UTC)


@dataclass
class Office:
    """
    A project with the channel ``ops``, and its store.

    Attributes:
        folder: The project's folder.
        store: Where notices wait.
        clock: What time it is.
    """

    folder: Path
    store: Store
    clock: Any

    def put(self, *texts: str, event: str = "failed", severity: str = "warning") -> None:
        """Write a notice for each text."""
        with self.store.write() as transaction:
            for number, text in enumerate(texts):
                notice = Notice(0, f"source:s{number}", event, severity, text, transaction.now)
                stored.put(transaction, "ops", notice, str(number))

    def tell(self) -> list[str]:
        """Tell what is due."""
        return tell_due(self._project(), self._host(), self.store, self.clock)

    def send(self, title: str, text: str, **more: Any) -> None:
        """Send a report."""
        send_text(self._project(), self._host(), "ops", title, text, clock=self.clock, **more)

    def states(self) -> list[str]:
        """Return what became of each notice, the oldest first."""
        with self.store.read() as transaction:
            return [one.state for one in stored.listed(transaction)][::-1]

    def _project(self) -> Any:
        return load_project(self.folder / "regard.toml")

    def _host(self) -> Host:
        return Host.load()


@pytest.fixture
def office(
    project: Callable[..., Path], tmp_path: Path, moving: Any
) -> Iterator[Callable[[str], Office]]:
    """Return what makes a project of a configuration, with an empty store."""
    opened: list[Store] = []

    def make(config: str) -> Office:
        moving.shown = AT
        store = Store.open(f"sqlite:///{tmp_path / 'notices.db'}", clock=moving)
        opened.append(store)
        return Office(project(config, name="shop"), store, moving)

    yield make
    for store in opened:
        store.close()
