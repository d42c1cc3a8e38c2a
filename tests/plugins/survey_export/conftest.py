"""Survey exports, run into a real store with nothing between them and the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from regard.clock import FixedClock
from regard.host import Host
from regard.pipeline.running import Runner
from regard.runs import StreamSummary
from regard.settings import Project
from regard.store import Store, quarantine
from regard.testing.reading import load_host, make_project, read_source

NOW = datetime(2026, 6, 20, tzinfo=UTC)


@dataclass
class Desk:
    """
    A project with one source and its store.

    ``write`` puts files there, ``run`` reads them, ``answers`` are the stored ones by key.
    """

    project: Project
    host: Host
    days: int = 0
    summaries: list[StreamSummary] = field(default_factory=list)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files beside the configuration."""
        folder = self.project.root / "surveys"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self) -> Desk:
        """Read what is new, a day later each time."""
        self.days += 1
        clock = FixedClock(datetime.now(UTC) + timedelta(days=self.days))
        store = Store.open(self.project.store_url, clock=clock)
        try:
            runner = Runner(self.project, self.host, clock, "test", settle=False, error_budget=1.0)
            self.summaries = runner.run(store, "tested")
        finally:
            store.close()
        return self

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many records the last run found new, changed and gone."""
        counts = [summary.counts for summary in self.summaries]
        return (
            sum(each.new for each in counts),
            sum(each.changed for each in counts),
            sum(each.deleted for each in counts),
        )

    @property
    def notes(self) -> str:
        """What the last run noted, a line each."""
        return "\n".join(note for summary in self.summaries for note in summary.notes)

    @property
    def errors(self) -> str:
        """What went wrong in the last run."""
        return "\n".join(summary.error or "" for summary in self.summaries)

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """The stored answers that were not deleted, by key."""
        store = Store.open(self.project.store_url, clock=FixedClock(NOW))
        try:
            with store.read() as transaction:
                found = transaction.connection.exec_driver_sql(
                    "SELECT * FROM answers WHERE deleted_at IS NULL"
                )
                return {row["key"]: dict(row) for row in found.mappings()}
        finally:
            store.close()

    @property
    def refused(self) -> list[tuple[str, int | None]]:
        """The reasons and lines of what lies in quarantine."""
        store = Store.open(self.project.store_url, clock=FixedClock(NOW))
        try:
            with store.read() as transaction:
                return [(each.reason, each.line) for each in quarantine.listed(transaction)]
        finally:
            store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Desk]:
    """Makes a project: ``desk({"a.csv": "..."}, survey="Visit")``."""

    def make(files: Mapping[str, str | bytes], **config: Any) -> Desk:
        project = make_project(
            tmp_path / "project", "survey-export", {"path": "surveys/*"} | config
        )
        made = Desk(project, load_host(project))
        made.write(files)
        return made

    return make


@pytest.fixture
def survey(desk: Callable[..., Desk]) -> Callable[..., dict[str, dict[str, Any]]]:
    """Reads files without a store, and gives what would be stored by key."""

    def read(files: Mapping[str, str | bytes], **config: Any) -> dict[str, dict[str, Any]]:
        made = desk(files, **config)
        reading = read_source(made.project, host=made.host)
        return {
            record.key: {name: value for name, value in record.values.items() if value is not None}
            for record in reading.records
        }

    return read


@pytest.fixture
def vendor_file() -> Callable[[str], bytes]:
    """Reads one of the files that are shaped like a vendor's own."""

    def read(name: str) -> bytes:
        return Path(__file__).with_name("data").joinpath(name).read_bytes()

    return read
