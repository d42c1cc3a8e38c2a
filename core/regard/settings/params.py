"""What can be asked of most reports: the time that they speak of."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, field_validator

__all__ = ["PeriodParams"]


class PeriodParams(BaseModel):
    """
    Parameters of a report that speaks of a period; subclass it for more.

    Attributes:
        since: The first day: 2026-01-31, 2026-01, 2026 or 90d (days ago).
        until: The first day that no longer counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: datetime | date | str | None = None
    until: datetime | date | str | None = None

    @field_validator("since", "until", mode="wrap")
    @classmethod
    def _as_written(cls, value: object, handler: object) -> object:
        """Keep texts as texts: only the report knows the time zone and today."""
        if value is None or isinstance(value, str | date):
            return value
        message = "a day such as 2026-01-31, 2026-01, 2026 or 90d"
        raise ValueError(message)
