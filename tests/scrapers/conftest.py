"""What tests of pages and crawls share: saved pages, and a shop on the loopback address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import pytest

from regard.demo.shop import Catalogue, Knobs, Shop, make_catalogue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()

OpenShop = Callable[..., Shop]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Return what the competitor sells."""
    return make_catalogue("Hogarvela", TODAY)


@pytest.fixture
def open_shop(catalogue: Catalogue) -> Iterator[OpenShop]:
    """Return what opens shops; they are closed after the test."""
    with ExitStack() as stack:

        def opened(
            *, syntax: str = "json-ld", today: date = TODAY, goods: Catalogue | None = None,
            **knobs: Any,
        ) -> Shop:  # fmt: skip
            days = [today]
            shop = Shop(goods or catalogue, lambda: days[0], syntax=syntax, knobs=Knobs(**knobs))
            return stack.enter_context(shop)

        yield opened


@pytest.fixture
def small() -> Catalogue:
    """Return a competitor with a handful of articles."""
    whole = make_catalogue("Toldemar", TODAY, extra=1)
    return Catalogue(whole.name, whole.articles[:6])
