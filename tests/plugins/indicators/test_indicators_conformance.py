"""`indicators` keeps the promises that every source makes, on files of each sort."""

from __future__ import annotations

from pathlib import Path

from regard.testing import SourceConformance

_DATA = Path(__file__).with_name("data")


class TestOffices(SourceConformance):
    """Series as statistical offices export them."""

    plugin = "indicators"
    data = _DATA
    config = {"path": ["hicp.csv", "ine.csv", "gdp.json", "series.csv"]}
    expected = 10


class TestWide(SourceConformance):
    """A table with a column for each period."""

    plugin = "indicators"
    data = _DATA
    config = {"path": "estat_prc_hicp_midx.tsv"}
    expected = 5


class TestFootfall(SourceConformance):
    """Counts by the hour, added up to days."""

    plugin = "indicators"
    data = _DATA
    config = {"path": "footfall.csv"}
    expected = 2
