"""What can be asked of the report."""

from __future__ import annotations

from pydantic import Field

from regard.settings.params import PeriodParams

__all__ = ["MysteryParams"]


class MysteryParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        rows: How many rows of a table to name.
        visits: How many of the lowest visits to explain.
    """

    rows: int = Field(12, ge=1, le=1000)
    visits: int = Field(3, ge=0, le=50)
