"""What can be asked of the report."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from regard.errors import ConfigError
from regard.measures.customers import check_names
from regard.records import kind_named

__all__ = ["CustomersParams"]

_CUSTOMER: Final = kind_named("customer")


class CustomersParams(BaseModel):
    """
    What can be asked of the report.

    Attributes:
        since: The first day: 2026-01-31, 2026-01, 2026 or 90d (days ago).
        until: The first day that no longer counts.
        by: Fields of customers to divide them by, together.
        top: How many of those who buy most to list for each currency.
        rows: How many rows of a table to name; what follows is counted together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: datetime | date | str | None = None
    until: datetime | date | str | None = None
    by: tuple[str, ...] = ()
    top: int = Field(10, ge=1, le=1000)
    rows: int = Field(25, ge=1, le=1000)

    @field_validator("since", "until", mode="wrap")
    @classmethod
    def _as_written(cls, value: object, handler: object) -> object:
        """Keep texts as texts: only the report knows the time zone and today."""
        if value is None or isinstance(value, str | date):
            return value
        message = "a day such as 2026-01-31, 2026-01, 2026 or 90d"
        raise ValueError(message)

    @field_validator("by", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Accept ``"region,sex"`` as well as a list."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("by")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse fields that customers do not have before anything is read."""
        fields = ("source", *_CUSTOMER.fields)
        known = [name for name in fields if not name.endswith("_at")]
        try:
            return check_names(value, known)
        except ConfigError as error:
            # Pydantic knows no other error as a fault.
            raise PydanticCustomError("regard", "{text}", {"text": str(error)}) from error
