"""What every enricher must keep, as a test class that authors inherit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from regard.clock import FixedClock
from regard.pipeline.enriching import EnrichRunner
from regard.pipeline.workplace import Workplace
from regard.records import kind_named
from regard.records.encoding import encode_time
from regard.runs import Outcome, StreamSummary
from regard.settings import FILE_NAME, Project, make_settings
from regard.store import Batch, Deletion, Store, enriching, sides
from regard.store.batches import decide, look_up, next_batch, write_plan

__all__ = ["EnricherConformance"]

_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
_HOSTILE = (
    "\x1b[31m<b>&amp; 失敗 \N{PILE OF POO}\r\n\t'; DROP TABLE facts; -- {0} %s " + "x" * 5_000
)


@dataclass(slots=True)
class TestedEnricher:
    """A project with an enricher, and a store with its records."""

    name: str
    place: Workplace
    store: Store

    def put(self, kind: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Store records of a kind, each with its ``key``."""
        known = kind_named(kind)
        typed, problems = known.validator().validate(records)
        if problems:
            raise next(iter(problems.values()))
        at, encoder = encode_time(_AT), known.encoder()
        self._commit(
            Batch(known, [encoder.encode(str(one["key"]), at, one) for one in typed if one])
        )

    def delete(self, kind: str, keys: Sequence[str]) -> None:
        """Let records be deleted."""
        self._commit(Batch(kind_named(kind), [Deletion(key, encode_time(_AT)) for key in keys]))

    def _commit(self, batch: Batch) -> None:
        with self.store.write() as transaction:
            transaction.writer.lock()
            plan = decide(batch, look_up(transaction, batch, "tested"))
            ids = {"run_id": 0, "batch_id": next_batch(transaction, 0, "tested")}
            write_plan(transaction, batch.kind, plan, source="tested", **ids)

    def run(self) -> StreamSummary:
        """Run the enricher, as `regard enrich` does."""
        done = EnrichRunner(self.place, "test").run(self.store, self.name)
        assert done.outcome is Outcome.OK, done.error
        return done

    def rows(self) -> list[tuple[Any, ...]]:
        """Return all rows of its side tables, each with the table and the record's key."""
        found: list[tuple[Any, ...]] = []
        with self.store.read() as transaction:
            for side in sides.stored(transaction):
                rows = side.table
                chosen = [rows.c[name] for name in ("kind", "key", *(f for f, _ in side.fields))]
                query = select(*chosen).where(rows.c.deleted_at.is_(None)).order_by(*chosen[:2])
                found += [(side.name, *row) for row in transaction.connection.execute(query)]
        return found

    def begin_anew(self) -> None:
        """Drop what it has made."""
        with self.store.write() as transaction:
            enriching.forget(transaction, self.name)


class EnricherConformance:
    """
    The promises of an enricher, as tests.

    Inherit it in a test module and say which records it is tried on::

        from pathlib import Path
        from regard.testing import EnricherConformance

        class TestBands(EnricherConformance):
            enricher = "price-bands"
            plugin_file = Path("plugins/price_bands.py")
            records = {"purchase": [{"key": "1", "unit_price": "150"}]}
            expected = [("price_band", "purchase", "1", "high")]

    Attributes:
        enricher: Its name.
        config: Its table.
        records: Records by kind, each with its ``key``; at least one gets a row.
        expected: The rows that they get: side table, kind, key, and the fields in their order;
            None: any.
        plugin_file: The plug-in's file, where it is not installed.
    """

    enricher: ClassVar[str]
    config: ClassVar[Mapping[str, Any]] = {}
    records: ClassVar[Mapping[str, Sequence[Mapping[str, Any]]]]
    expected: ClassVar[Sequence[tuple[Any, ...]] | None] = None
    plugin_file: ClassVar[Path | None] = None

    @pytest.fixture
    def tested(self, tmp_path: Path) -> Iterator[TestedEnricher]:
        """The enricher with a store of its own for each check."""
        folder = tmp_path / "project"
        folder.mkdir()
        if self.plugin_file is not None:
            (folder / "plugins").mkdir()
            shutil.copy2(self.plugin_file, folder / "plugins")
        tables = {
            "enrichers": {self.enricher: dict(self.config)},
            "sources": {"tested": {"plugin": "crm-export"}},
        }
        place = Workplace(folder / FILE_NAME, FixedClock(_AT))
        place.project = Project(folder, folder / FILE_NAME, make_settings(tables))
        store = Store.open(f"sqlite:///{tmp_path / 'tested.db'}", clock=place.clock)
        yield TestedEnricher(self.enricher, place, store)
        store.close()

    def _fill(self, tested: TestedEnricher) -> None:
        for kind, records in self.records.items():
            tested.put(kind, records)

    def test_records_get_their_rows(self, tested: TestedEnricher) -> None:
        """What it yields is as its classes declare it, and what was expected."""
        self._fill(tested)
        tested.run()
        rows = tested.rows()

        assert rows
        assert self.expected is None or sorted(self.expected, key=repr) == sorted(rows, key=repr)

    def test_two_runs_are_equal(self, tested: TestedEnricher) -> None:
        """The same records give the same rows, whenever they are looked at."""
        self._fill(tested)
        tested.run()
        first = tested.rows()
        tested.begin_anew()
        tested.run()

        assert first == tested.rows()

    def test_records_that_say_nothing(self, tested: TestedEnricher) -> None:
        """Any field may be None."""
        for kind in self.records:
            tested.put(kind, [{"key": "nothing"}])
        tested.run()

    def test_odd_texts(self, tested: TestedEnricher) -> None:
        """A text may hold anything, and be long."""
        for kind in self.records:
            names = kind_named(kind).fields
            table = kind_named(kind).table
            free = [name for name in names if str(table.c[name].type) == "TEXT"]
            odd: dict[str, Any] = {"key": "odd"}
            for name in free:
                _, problems = kind_named(kind).validator().validate([{"key": "x", name: _HOSTILE}])
                if not problems:
                    odd[name] = _HOSTILE
            tested.put(kind, [odd])
        tested.run()

    def test_rows_go_with_their_records(self, tested: TestedEnricher) -> None:
        """Where all records are deleted no row is left."""
        self._fill(tested)
        tested.run()
        for kind, records in self.records.items():
            tested.delete(kind, [str(record["key"]) for record in records])
        tested.run()

        assert tested.rows() == []
