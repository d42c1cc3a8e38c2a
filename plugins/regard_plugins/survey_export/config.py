"""What the configuration says of surveys: their columns, and what their questions measure."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from regard.exports import ExportConfig

__all__ = ["ColumnNames", "Metric", "QuestionSettings", "SurveyConfig"]

Metric = Literal["nps", "csat", "ces", "rating", "choice", "text"]

_NPS = (Decimal(0), Decimal(10))


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class ColumnNames(BaseModel):
    """
    What ``[sources.NAME.columns]`` says: headers of columns that are no questions.

    Attributes:
        response_key: What tells the responses apart, where the tool has no id of its own.
        customer_key: Who answered, as the customers' source calls them.
        email: Who answered.
        order_key: The order that was asked about.
        place: Where.
        language: In which language.
        channel: How the survey reached them, such as ``email`` or ``store``.
        answered_at: When.
        ignore: Columns that are not wanted at all.
    """

    model_config = ConfigDict(extra="forbid")

    response_key: str | None = None
    customer_key: str | None = None
    email: str | None = None
    order_key: str | None = None
    place: str | None = None
    language: str | None = None
    channel: str | None = None
    answered_at: str | None = None
    ignore: Names = ()

    def named(self) -> dict[str, str]:
        """Return the header of each field that is given."""
        found: dict[str, Any] = self.model_dump(exclude={"ignore"}, exclude_none=True)
        return found


class QuestionSettings(BaseModel):
    """
    What ``[sources.NAME.questions."TEXT"]`` says of one question.

    Attributes:
        name: What records call it; left out: the text.
        metric: What it measures.
        scale_min: The lowest score.
        scale_max: The highest score.
        aliases: Other wordings of it, or its code: what they ask is the same question.
        multiple: Whether one cell holds several chosen options.
        separator: What parts these options, if not what the tool uses.
        points: The score of each label.
        reverse: Whether the lowest score is the best one; scores are turned round.
    """

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    metric: Metric | None = None
    scale_min: Decimal | None = None
    scale_max: Decimal | None = None
    aliases: Names = ()
    multiple: bool | None = None
    separator: Annotated[str, Field(min_length=1)] | None = None
    points: dict[str, Decimal] = Field(default_factory=dict)
    reverse: bool = False

    @model_validator(mode="after")
    def _whole_scale(self) -> QuestionSettings:
        low, high = self.scale_min, self.scale_max
        if (low is None) != (high is None):
            message = "scale_min and scale_max belong together; give both"
            raise ValueError(message)
        if low is not None and high is not None and low >= high:
            message = f"scale_min {low} must be below scale_max {high}"
            raise ValueError(message)
        if self.points and low is None:
            message = "points need the scale they are on; give scale_min and scale_max"
            raise ValueError(message)
        if low is not None and self.metric in ("choice", "text"):
            message = f"a question of metric {self.metric!r} has no scale"
            raise ValueError(message)
        outside = [label for label, value in self.points.items() if not _within(value, low, high)]
        if outside:
            message = f"points: {outside[0]!r} lies outside of {low} to {high}"
            raise ValueError(message)
        return self

    @property
    def scale(self) -> tuple[Decimal, Decimal] | None:
        """The declared scale; that of an NPS is 0 to 10 unless another one is declared."""
        if self.scale_min is not None and self.scale_max is not None:
            return self.scale_min, self.scale_max
        return _NPS if self.metric == "nps" else None


def _within(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return low is not None and high is not None and low <= value <= high


class SurveyConfig(ExportConfig):
    """
    What ``[sources.NAME]`` says of a source of survey exports.

    Attributes:
        survey: The survey's name; left out: it is made from the file's name.
        channel: How it reached people, where no column says so.
        place: Where they were asked, where no column says so.
        language: In which language, where no column says so.
        columns: Columns that are no questions.
        questions: What questions measure, by their text or their code.
        complete: Each file holds all responses of the one survey that the source is about: the
            newest in a folder counts, and a response that it lacks is gone.
    """

    survey: str | None = None
    channel: str | None = None
    place: str | None = None
    language: str | None = None
    columns: ColumnNames = Field(default_factory=ColumnNames)
    questions: dict[str, QuestionSettings] = Field(default_factory=dict)
    complete: bool = False
