"""A folder of files, read by the source as a run does: with a store, or into memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from regard.clock import FixedClock
from regard.host import Host
from regard.pipeline.running import Runner
from regard.records import KINDS
from regard.runs import StreamSummary
from regard.store import RefusedRecord, Store, quarantine
from regard.testing.reading import make_project

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


@dataclass
class Folder:
    """
    A project with one source and its store.

    Attributes:
        root: The project's folder; the source reads what is in ``in`` below it.
        host: The installed plug-ins.
        plugin: Which one reads it.
        summaries: What the last run did, by stream.
    """

    root: Path
    host: Host
    plugin: str
    summaries: dict[str, StreamSummary] = field(default_factory=dict)

    def put(self, name: str, content: str | bytes, *, hours_ago: float = 48) -> Path:
        """Write a file that was last changed some time ago."""
        path = self.root / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        moment = time.time() - hours_ago * 3_600
        os.utime(path, (moment, moment))
        return path

    def run(self, **config: Any) -> dict[str, StreamSummary]:
        """Run the source and return what each stream did."""
        project = make_project(self.root, self.plugin, {"path": "in/**/*", **config})
        store = Store.open(project.store_url, clock=FixedClock(NOW))
        try:
            runner = Runner(project, self.host, FixedClock(NOW), "test", settle=False)
            found = list(runner.run(store, "tested"))
        finally:
            store.close()
        self.summaries = {summary.stream: summary for summary in found}
        return self.summaries

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        project = make_project(self.root, self.plugin, {"path": "in/**/*"})
        store = Store.open(project.store_url, readonly=True)
        try:
            with store.read() as transaction:
                return question(transaction)
        finally:
            store.close()

    def records(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the stored records of a kind by key, those that are gone left out."""
        found = KINDS[kind].table
        rows = self._ask(
            lambda transaction: [
                dict(row._mapping) for row in transaction.connection.execute(select(found))
            ]
        )
        return {row["key"]: row for row in rows if row["deleted_at"] is None}

    def refused(self) -> list[RefusedRecord]:
        """Return what is in quarantine, the first first."""
        found: list[RefusedRecord] = self._ask(
            lambda transaction: [
                quarantine.one(transaction, item.id)
                for item in reversed(quarantine.listed(transaction))
            ]
        )
        return found

    def stored_bytes(self) -> bytes:
        """Return all that was written outside of the input."""
        return b"".join(
            path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and (self.root / "in") not in path.parents
        )


@pytest.fixture(scope="session")
def installed() -> Host:
    """The installed plug-ins."""
    return Host.load(plugin_dir=None, disabled=())


@pytest.fixture
def folder(tmp_path: Path, installed: Host, request: pytest.FixtureRequest) -> Folder:
    """An empty folder, for the source that the tests beside it are about."""
    (tmp_path / "in").mkdir()
    return Folder(tmp_path, installed, request.path.parent.name)
