"""A real store in a temporary folder, and a way to fill it."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.store import Store


@pytest.fixture
def fill() -> Callable[..., None]:
    """Return what commits a batch of records."""
    return runpy.run_path(str(Path(__file__).with_name("filling.py")))["fill"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty SQLite store."""
    opened = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
    yield opened
    opened.close()


@pytest.fixture
def any_store(store_url: str) -> Iterator[Store]:
    """Return an empty store, once in each database."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def view_of() -> Callable[..., Any]:
    """Return what opens a view of a folder of columns with plain surroundings."""
    from datetime import UTC, datetime

    from regard.columns import open_view

    def opened(folder: Path, **options: Any) -> Any:
        given: dict[str, Any] = {
            "now": datetime(2026, 1, 31, 12, tzinfo=UTC),
            "language": "en",
            "timezone": "Europe/Madrid",
            "freshness": (),
            "pseudonym_key": b"k" * 32,
        }
        return open_view(folder, **{**given, **options})

    return opened


@pytest.fixture
def contents() -> Callable[[Path], dict[str, list[tuple[Any, ...]]]]:
    """Return what reads all valid rows of a folder of columns, deleted records included."""
    import duckdb

    from regard.columns.manifest import read_manifest
    from regard.columns.resolving import valid_rows

    def found(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
        manifest = read_manifest(folder)
        assert manifest is not None
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return {
                table: connection.execute(
                    f"SELECT CAST(r AS VARCHAR) FROM ({valid_rows(kind, folder)}) AS r ORDER BY 1"
                ).fetchall()
                for table, kind in manifest.kinds.items()
            }

    return found
