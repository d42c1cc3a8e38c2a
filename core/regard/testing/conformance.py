"""
What every source must keep, as a test class that authors inherit.

Each check fails for a source that breaks its promise; regard's own tests prove that with a
broken source for every one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from regard.clock import FixedClock
from regard.cursors import CursorValue
from regard.host import Host
from regard.pipeline.running import Runner
from regard.runs import Counts, Outcome
from regard.settings import Project
from regard.sources import Stream
from regard.store import Store
from regard.testing.reading import Reading, ReadRecord, load_host, make_project, read_source

__all__ = ["SourceConformance"]


class SourceConformance:
    """
    The promises of a source, as tests.

    Inherit it in a test module and say what to read::

        from pathlib import Path
        from regard.testing import SourceConformance

        class TestSuggestionBox(SourceConformance):
            plugin = "suggestion-box"
            plugin_file = Path("plugins/suggestion_box.py")
            data = Path("tests/data")
            config = {"path": "box/*.tsv"}
            expected = 42

    Attributes:
        plugin: What ``plugin = "..."`` says.
        config: The rest of the source's table.
        data: A folder that is copied beside the configuration.
        plugin_file: The plug-in's file, where it is not installed.
        expected: How many records the data holds. Only who made the data knows, and
            nothing else tells a source that swallows an error from one that is done.
        expected_refused: How many more are refused because they are bad.
    """

    plugin: ClassVar[str]
    config: ClassVar[Mapping[str, Any]] = {}
    data: ClassVar[Path | None] = None
    plugin_file: ClassVar[Path | None] = None
    expected: ClassVar[int]
    expected_refused: ClassVar[int] = 0

    @pytest.fixture
    def conformance_project(self, tmp_path: Path) -> Project:
        """A project of its own for each check."""
        return make_project(
            tmp_path / "project",
            self.plugin,
            self.config,
            data=self.data,
            plugin_file=self.plugin_file,
        )

    @pytest.fixture
    def conformance_host(self, conformance_project: Project) -> Host:
        """The installed plug-ins and the project's own."""
        return load_host(conformance_project)

    @pytest.fixture
    def reading(self, conformance_project: Project, conformance_host: Host) -> Reading:
        """One complete read."""
        return read_source(conformance_project, host=conformance_host)

    def test_it_reads_every_record(self, reading: Reading) -> None:
        """As many records come out as were put in, and as many are refused as are bad."""
        reasons = Counter(item.reason for item in reading.refused)

        assert (self.expected, self.expected_refused) == (
            len(reading.records),
            len(reading.refused),
        ), f"refused because of: {dict(reasons)}"

    def test_keys_are_unique(self, reading: Reading) -> None:
        """No two records of one kind share a key."""
        keys = Counter((record.kind, record.key) for record in reading.records)
        twice = [key for key, count in keys.items() if count > 1]

        assert twice == []

    def test_times_are_aware(self, reading: Reading) -> None:
        """Every time has its zone, so that no record is refused for lack of one."""
        naive = [item.field for item in reading.refused if item.reason == "naive-time"]
        times = [
            value
            for record in reading.records
            for value in record.values.values()
            if isinstance(value, datetime)
        ]

        assert naive == []
        assert all(value.tzinfo is not None for value in times)

    def test_two_reads_are_equal(
        self, reading: Reading, conformance_project: Project, conformance_host: Host
    ) -> None:
        """Reading the same data again gives the same keys with the same content."""
        again = read_source(conformance_project, host=conformance_host)

        assert _contents(reading) == _contents(again)

    def test_a_second_run_changes_nothing(
        self, conformance_project: Project, conformance_host: Host
    ) -> None:
        """A run over data that is stored already stores nothing, whatever it remembers."""
        first, second = self._run_twice(conformance_project, conformance_host)

        assert self.expected == first.new
        assert (second.new, second.changed, second.deleted) == (0, 0, 0)

    def _run_twice(self, project: Project, host: Host) -> tuple[Counts, Counts]:
        """Run, forget cursors and files, and run again a day later: everything is read anew."""
        now = datetime.now(UTC)
        store = Store.open(project.store_url, clock=FixedClock(now))
        try:
            first = _run(project, host, store, now)
            with store.write() as transaction:
                for table in ("cursors", "files"):
                    transaction.connection.exec_driver_sql(f"DELETE FROM {table}")
            second = _run(project, host, store, now + timedelta(days=1))
        finally:
            store.close()
        return first, second

    def test_the_cursor_is_inclusive(
        self, reading: Reading, conformance_project: Project, conformance_host: Host
    ) -> None:
        """Reading from a cursor gives every record at it and after it, and fewer than all."""
        streams = [stream for stream in reading.streams if stream.cursor]
        if not streams:
            pytest.skip("no stream has a cursor")
        for stream in streams:
            self._check_cursor(stream, reading, conformance_project, conformance_host)

    def _check_cursor(
        self, stream: Stream, reading: Reading, project: Project, host: Host
    ) -> None:
        name = stream.cursor or ""
        mine = [record for record in reading.records if record.stream == stream.name]
        values = sorted({_cursor_of(record, name) for record in mine})
        assert len(values) > 1, f"the data needs two different values of {name} to prove anything"
        middle = values[len(values) // 2]
        wanted = {record.key for record in mine if _cursor_of(record, name) >= middle}
        since: dict[str, CursorValue] = {stream.name: middle}
        read = read_source(project, host=host, since=since)
        got = {record.key for record in read.records if record.stream == stream.name}

        assert wanted <= got, "records at or after the cursor are missing"
        assert len(got) < len({record.key for record in mine}), "the cursor is not used"


def _cursor_of(record: ReadRecord, name: str) -> Any:  # noqa: ANN401  # any ordered type
    return record.values.get(name)


def _contents(reading: Reading) -> dict[tuple[str, str], str]:
    return {(record.kind, record.key): record.encoded.content_hash for record in reading.records}


def _run(project: Project, host: Host, store: Store, now: datetime) -> Counts:
    runner = Runner(project, host, FixedClock(now), "test", settle=False, error_budget=1.0)
    total = Counts()
    for summary in runner.run(store, "tested"):
        assert summary.outcome is Outcome.OK, summary.error
        total.add(summary.counts)
    return total
