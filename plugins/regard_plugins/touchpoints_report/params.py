"""What can be asked of the report."""

from __future__ import annotations

from pydantic import Field

from regard.settings.params import PeriodParams

__all__ = ["TouchpointsParams"]


class TouchpointsParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        rows: How many rows of a table to name.
    """

    rows: int = Field(10, ge=1, le=1000)
