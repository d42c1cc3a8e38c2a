"""Projects whose sources are run in this process, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select

from regard.clock import FixedClock
from regard.cursors import CursorValue
from regard.host import Host
from regard.pipeline.running import Runner
from regard.pipeline.streams import Limits
from regard.records import KINDS
from regard.runs import StreamSummary
from regard.settings import load_project
from regard.store import PastRun, Refused, RefusedRecord, Store, cursors, quarantine, runs
from regard.store.transactions import table

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass
class World:
    """
    A project with its store.

    Attributes:
        folder: The project's folder.
        url: The store's address.
        now: What the clock shows.
    """

    folder: Path
    url: str
    now: datetime = NOW
    limits: Limits = field(default_factory=Limits)

    def runner(self, **options: Any) -> Runner:
        """Return what runs sources, with everything loaded afresh."""
        project = load_project(self.folder / "regard.toml")
        host = Host.load(plugin_dir=self.folder / "plugins", disabled=())
        options = {"limits": self.limits, "settle": False, **options}
        return Runner(project, host, FixedClock(self.now), "test", **options)

    def run(self, *names: str, **options: Any) -> list[StreamSummary]:
        """Run sources and return what was done."""
        runner = self.runner(**options)
        store = Store.open(self.url, clock=runner.clock)
        try:
            return [summary for name in names for summary in runner.run(store, name)]
        finally:
            store.close()

    def dry_run(self, name: str, **options: Any) -> tuple[list[StreamSummary], list[Refused]]:
        """Run a source without writing."""
        runner = self.runner(**options)
        if Store.inspect(self.url).state == "missing":
            return runner.dry_run(None, name)
        store = Store.open(self.url, clock=runner.clock, readonly=True)
        try:
            return runner.dry_run(store, name)
        finally:
            store.close()

    def ask(self, question: Callable[[Any], Any]) -> Any:
        """Return what a question to the store's reading transaction answers."""
        store = Store.open(self.url, readonly=True)
        try:
            with store.read() as transaction:
                return question(transaction)
        finally:
            store.close()

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        found = table(name)
        query = select(found).order_by(*found.primary_key.columns)
        return self.ask(
            lambda transaction: [
                dict(row._mapping) for row in transaction.connection.execute(query)
            ]
        )

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the stored records of a kind."""
        return self.table(KINDS[kind].table.name)

    def texts(self) -> dict[str, str | None]:
        """Return the texts of the stored facts by key, deleted ones left out."""
        return {row["key"]: row["text"] for row in self.rows("fact") if row["deleted_at"] is None}

    def cursor(self, source: str, stream: str = "records") -> CursorValue | None:
        """Return a stream's cursor."""
        return self.ask(lambda transaction: cursors.load(transaction, source, stream))

    def refused(self, **options: Any) -> list[RefusedRecord]:
        """Return what is in quarantine, with payloads, the first first."""
        return self.ask(
            lambda transaction: [
                quarantine.one(transaction, item.id)
                for item in reversed(quarantine.listed(transaction, **options))
            ]
        )

    def history(self) -> list[PastRun]:
        """Return past runs, the latest first."""
        return self.ask(runs.history)

    def batches(self) -> int:
        """Return how many batches were stored."""
        return len(self.table("batches"))


MakeWorld = Callable[..., World]


@pytest.fixture
def world(project: Callable[..., Path], store_url: str) -> MakeWorld:
    """Return what makes a project with one source of each of its plug-ins, on each database."""

    def make(
        plugins: Mapping[str, str],
        files: Mapping[str, str | bytes] | None = None,
        config: str | None = None,
        **options: Any,
    ) -> World:
        tables = "".join(f'[sources.{name}]\nplugin = "{name}"\n' for name in plugins)
        folder = project(config or tables, plugins, files, store=store_url)
        return World(folder, store_url, **options)

    return make


@pytest.fixture
def sqlite_world(project: Callable[..., Path], tmp_path: Path) -> MakeWorld:
    """Return what makes a project on SQLite, for what no database can change."""

    def make(
        plugins: Mapping[str, str],
        files: Mapping[str, str | bytes] | None = None,
        config: str | None = None,
        **options: Any,
    ) -> World:
        tables = "".join(f'[sources.{name}]\nplugin = "{name}"\n' for name in plugins)
        url = f"sqlite:///{tmp_path / 'regard.db'}"
        folder = project(config or tables, plugins, files, store=url)
        return World(folder, url, **options)

    return make


@pytest.fixture
def cancelled() -> Event:
    """Return a wish to stop that was made already."""
    event = Event()
    event.set()
    return event
