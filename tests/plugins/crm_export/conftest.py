"""The source, read with nothing around it but a fake of what the host offers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date
from sqlmodel import UTCDateTime

from regard.clock import Clock, FixedClock
from regard.errors import RegardError
from regard.findings import Finding
from regard.numbers import from_millionths, to_millionths
from regard.records import Encoded, Kind, kind_named
from regard.records.encoding import encode_time
from regard.records.types import Millionths
from regard.sources import Delete, FileProgress, InputFile, Page, Source
from regard_plugins.crm_export.source import CrmExport

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class FakeContext:
    """
    What the host offers, kept in lists; every file has something new.

    ``rows_done`` says for each stream and file how far it was read before, ``stop_after``
    after how many signs of progress the run is asked to stop.
    """

    root: Path
    timezone: str = "Europe/Madrid"
    pseudonym_key: bytes = b"k" * 32
    profiles: Sequence[Path] = ()
    rows_done: Mapping[str, int] = field(default_factory=dict)
    stop_after: int | None = None
    refused: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recipes: list[str] = field(default_factory=list)
    signs: list[int] = field(default_factory=list)

    @property
    def log(self) -> logging.Logger:
        """A logger."""
        return logging.getLogger("test")

    @property
    def clock(self) -> Clock:
        """A clock that stands still."""
        return FixedClock(NOW)

    @property
    def cancelled(self) -> bool:
        """Whether the run should stop."""
        return self.stop_after is not None and len(self.signs) >= self.stop_after

    def progress(self, done: int, total: int | None = None, unit: str = "rows") -> None:
        """Keep a sign of progress."""
        self.signs.append(done)

    def quarantine(self, raw: Mapping[str, Any] | str, reason: str, **more: Any) -> None:
        """Keep what was refused."""
        self.refused.append({"raw": raw, "reason": reason, **more})

    def finding(self, finding: Finding) -> None:
        """Refuse findings: this source has none."""
        raise AssertionError(finding)

    def note(self, text: str) -> None:
        """Keep a note."""
        self.notes.append(text)

    def files(self, path: str | Sequence[str], *, recipe: str = "") -> Sequence[InputFile]:
        """Return the files that patterns name, sorted by name."""
        self.recipes.append(recipe)
        patterns = [path] if isinstance(path, str) else path
        return [
            InputFile(
                found, found.name, found.stat().st_size, NOW, self.rows_done.get(found.name, 0)
            )
            for pattern in patterns
            for found in sorted(self.root.glob(pattern))
        ]

    def rows(self, path: str | Sequence[str], **options: Any) -> Iterator[dict[str, Any]]:
        """Refuse: this source opens its tables itself."""
        raise AssertionError(path)


@dataclass
class Outcome:
    """
    What reading came to.

    ``records`` and ``deleted`` are by stream and key, ``pages`` the pages themselves.
    """

    context: FakeContext
    streams: list[str] = field(default_factory=list)
    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    deleted: dict[str, list[str]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    progress: list[FileProgress] = field(default_factory=list)
    errors: dict[str, RegardError] = field(default_factory=dict)

    def shown(self, stream: str, key: str, name: str) -> str | None:
        """Return a record's value as text; ``extra.X`` is the column X beside it."""
        record = self.records[stream][key]
        if name.startswith("extra."):
            value = record.get("extra", {}).get(name.removeprefix("extra."))
        else:
            value = record.get(name)
        if value is None:
            return None
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, datetime):
            return value.isoformat().replace("+00:00", "Z")
        if isinstance(value, Decimal):
            return str(from_millionths(to_millionths(value)))
        return value.isoformat() if isinstance(value, date) else str(value)


def _decoded(field: str, column: Column[Any], value: Any) -> Any:
    """Return the value that a stored one stands for."""
    if value is None:
        return None
    if isinstance(column.type, Millionths):
        return from_millionths(value)
    if isinstance(column.type, Boolean):
        return bool(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, UTCDateTime):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value


def _plain(record: Any, kind: Kind) -> dict[str, Any]:
    """Return a record as a mapping, also where the bulk lane has encoded it already."""
    if isinstance(record, dict):
        return record
    assert isinstance(record, Encoded)

    columns = kind.table.columns
    plain = {
        field: _decoded(field, columns[field], value)
        for field, value in zip(kind.fields, record.values, strict=True)
    }
    plain = {field: value for field, value in plain.items() if value is not None}
    plain["key"] = record.key
    if record.as_of != encode_time(NOW):
        plain["as_of"] = datetime.fromisoformat(record.as_of).replace(tzinfo=UTC)
    if record.extra is not None:
        plain["extra"] = json.loads(record.extra)
    return plain


def _read(context: FakeContext, **config: Any) -> Outcome:
    """Read every stream of all files, one after the other, as the host does."""
    source: Source[Any] = CrmExport(CrmExport.Config.model_validate({"path": "*"} | config))
    outcome = Outcome(context)
    for stream in source.discover(context):
        outcome.streams.append(stream.name)
        records = outcome.records.setdefault(stream.name, {})
        try:
            for item in source.read(stream, None, None, context):
                if isinstance(item, Delete):
                    outcome.deleted.setdefault(stream.name, []).append(str(item.key))
                    continue
                assert isinstance(item, Page)

                outcome.pages.append(item)
                if item.progress is not None:
                    outcome.progress.append(item.progress)
                for each in item.records:
                    record = _plain(each, kind_named(stream.kind))
                    records[record["key"]] = record
        except RegardError as error:
            outcome.errors[stream.name] = error
    return outcome


@pytest.fixture
def context(tmp_path: Path) -> FakeContext:
    """A host that keeps what it is told, for an empty folder."""
    folder = tmp_path / "exports"
    folder.mkdir()
    return FakeContext(folder)


@pytest.fixture
def read_exports() -> Callable[..., Outcome]:
    """Reads all that a context offers."""
    return _read


@pytest.fixture
def export(context: FakeContext) -> Callable[..., Outcome]:
    """Writes files and reads them: ``export({"a.csv": "..."}, decimal=",")``."""

    def run(files: Mapping[str, str | bytes], **config: Any) -> Outcome:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (context.root / name).write_bytes(data)
        return _read(context, **config)

    return run
