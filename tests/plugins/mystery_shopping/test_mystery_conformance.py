"""The source keeps what every source must keep."""

from __future__ import annotations

from pathlib import Path

from regard.testing import SourceConformance


class TestMysteryShopping(SourceConformance):
    """Rows of visits and rows of items, on one form; one visit has an unknown answer."""

    plugin = "mystery-shopping"
    data = Path(__file__).parent / "data"
    config = {"form": "forms/store.toml", "path": "visits/*.csv", "dates": "day-first"}
    expected = 30
    expected_refused = 2
