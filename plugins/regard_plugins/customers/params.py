"""What can be asked of the report."""

from __future__ import annotations

from typing import Final

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from regard.errors import ConfigError
from regard.measures.customers import check_names
from regard.records import kind_named
from regard.settings.params import PeriodParams

__all__ = ["CustomersParams"]

_CUSTOMER: Final = kind_named("customer")


class CustomersParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        by: Fields of customers to divide them by, together.
        top: How many of those who buy most to list for each currency.
        rows: How many rows of a table to name; what follows is counted together.
    """

    by: tuple[str, ...] = ()
    top: int = Field(10, ge=1, le=1000)
    rows: int = Field(25, ge=1, le=1000)

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
