"""Measures are tested on a real view: a store, its columns, DuckDB."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from regard.columns import open_view, sync_columns
from regard.directory import NOTHING_NAMED, Directory
from regard.store import Store

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
_FILLING = Path(__file__).parents[1] / "columns" / "filling.py"


@pytest.fixture
def view_with(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return what makes a view of customers and purchases."""
    fill = runpy.run_path(str(_FILLING))["fill"]
    with ExitStack() as stack:

        def made(
            customers: Iterable[Mapping[str, Any]] = (),
            purchases: Iterable[Mapping[str, Any]] = (),
            **surroundings: Any,
        ) -> Any:
            store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
            stack.callback(store.close)
            fill(store, "customer", customers)
            fill(store, "purchase", purchases)
            sync_columns(store, tmp_path / "columns")
            given = {"now": NOW, "language": "en", "timezone": "Europe/Madrid", "freshness": ()}
            options = {**given, "pseudonym_key": b"k" * 32, **surroundings}
            return stack.enter_context(open_view(tmp_path / "columns", **options))

        yield made


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return what makes a view of the market: products, offers, reviews, visits."""
    fill = runpy.run_path(str(_FILLING))["fill"]
    with ExitStack() as stack:

        def made(
            directory: Directory = NOTHING_NAMED, **kinds: Sequence[Mapping[str, Any]]
        ) -> Any:
            store = Store.open(f"sqlite:///{tmp_path / 'regard.db'}")
            stack.callback(store.close)
            for kind, rows in kinds.items():
                fill(store, kind, rows)
            sync_columns(store, tmp_path / "columns")
            view = open_view(
                tmp_path / "columns",
                now=NOW,
                language="en",
                timezone="Europe/Madrid",
                freshness=(),
                pseudonym_key=b"k" * 32,
                directory=directory,
            )
            return stack.enter_context(view)

        yield made
