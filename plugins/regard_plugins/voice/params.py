"""What can be asked of the report."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from regard.measures.answers import PARTS
from regard.names import did_you_mean
from regard.settings.params import PeriodParams

__all__ = ["VoiceParams"]


class VoiceParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        by: What to divide scores by: place, channel, segment, survey, question, language; each
            gives a table of its own.
        rows: How many rows of a table to name; programs get all.
        verbatims: How many texts of each group to show; 0: none.
    """

    by: tuple[str, ...] = ("place", "channel", "segment")
    rows: int = Field(15, ge=1, le=1000)
    verbatims: int = Field(3, ge=0, le=50)

    @field_validator("by", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Accept ``"place,channel"`` as well as a list."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("by")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what scores cannot be divided by before anything is read."""
        for name in value:
            if name not in PARTS:
                text = f"scores cannot be divided by {name!r}{did_you_mean(name, PARTS)}"
                text += f"; possible: {', '.join(PARTS)}"
                raise PydanticCustomError("regard", "{text}", {"text": text})
        return tuple(dict.fromkeys(value))
