"""
What a map may say: which column fills which field, and how its text is read.

The same model is the table ``[sources.NAME.map]`` of the configuration and the heart of
every profile::

    [sources.till.map]
    kind = "purchase"
    key = ["ticket", "line"]
    fields = {customer_key = "card", ordered_at = "when", quantity = "n", amount = "total"}
    constants = {status = "completed", currency = "EUR", channel = "store"}
    values = {status = {R = "refunded"}}
    dates = "%d/%m/%Y %H:%M"
    decimal = ","

A field is filled by a column, by the first of several that says something, or by several
joined: ``name = {join = ["first", "last"], with = " "}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from regard.mapping.formulas import parse_formula
from regard.mapping.times import check_style

__all__ = [
    "LINE",
    "Basis",
    "FieldMap",
    "Refund",
    "Scalar",
    "Skip",
    "Strict",
    "Texts",
    "ValueSource",
    "Words",
]

LINE = "#line"
"""Stands in a key for the row's number among the rows that share the key's parts before it."""

Basis: TypeAlias = Literal["sale", "payment", "pipeline"]
Scalar: TypeAlias = bool | int | Decimal | datetime | date | str


def _scalar(value: Any) -> Any:  # noqa: ANN401  # what TOML gives, before it is checked
    # No field is a float: 4.5 in TOML means the decimal number that stands there.
    return Decimal(repr(value)) if isinstance(value, float) else value


def _texts(value: Any) -> Any:  # noqa: ANN401  # what TOML gives, before it is checked
    return (value,) if isinstance(value, str) else value


def _sources(value: Any) -> Any:  # noqa: ANN401  # what TOML gives, before it is checked
    items = value if isinstance(value, list | tuple) else [value]
    return tuple({"column": item} if isinstance(item, str) else item for item in items)


def _keys(value: Any) -> Any:  # noqa: ANN401  # what TOML gives, before it is checked
    if isinstance(value, str):
        return ((value,),)
    if isinstance(value, list | tuple) and value and all(isinstance(each, str) for each in value):
        return (tuple(value),)
    return value


Value = Annotated[Scalar, BeforeValidator(_scalar)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts, json_schema_input_type=str | list[str])]
Words: TypeAlias = dict[str, Value]


class Strict(BaseModel):
    """A part of a map: unknown names in it are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ValueSource(Strict):
    """
    One place a field's value can come from.

    Attributes:
        column: The column it is read from.
        join: Columns whose texts are joined; empty ones are left out.
        between: What stands between them; written ``with``.
        split: Where the cell holds several values: what separates them; the first counts.
        prefix: What is put in front, such as ``contacts:`` in a reference to a contact.
        constant: The value whenever the cell is not empty; written ``as``.
        values: What the cell's words mean here; goes before the map's own ``values``.
    """

    column: str | None = None
    join: tuple[str, ...] = ()
    between: str = Field(default=" ", alias="with")
    split: str | None = Field(default=None, min_length=1)
    prefix: str = ""
    constant: str | None = Field(default=None, alias="as")
    values: Words | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ValueSource:
        if (self.column is None) == (not self.join):
            message = 'needs either a column, as in "Email", or join = ["First", "Last"]'
            raise ValueError(message)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.join if self.column is None else (self.column,)


ValueSources = Annotated[
    tuple[ValueSource, ...],
    BeforeValidator(_sources, json_schema_input_type=str | ValueSource | list[str | ValueSource]),
    Field(min_length=1),
]


class Skip(Strict):
    """
    Which rows are no records.

    Rows of totals are passed over always: their first cell says so and their key is empty.

    Attributes:
        starts: Texts with which the first cell of a footer starts.
        lone: A row of which only the first cell is filled is a footer too.
        empty: A row in which all of these columns are empty says nothing of its own, such as
            the second picture of an article.
    """

    starts: Texts = ()
    lone: bool = False
    empty: Texts = ()


class Refund(Strict):
    """
    A column that says how much of a row was given back.

    A part that was given back becomes a line of its own with a negative amount. Where all of
    it was, the row itself has the status ``refunded``, and the line of a part that was given
    back before is deleted, so that nothing counts twice.

    Attributes:
        amount: The column, positive or negative.
        total: The column with the whole amount; a refund of as much is a whole one.
        at: The column that says when.
    """

    amount: str
    total: str | None = None
    at: str | None = None


class FieldMap(Strict):
    """
    How the rows of a table become records of one kind.

    Attributes:
        kind: The kind of the records.
        stream: The name of their stream.
        key: The columns that name a record, or several such lists: the first whose columns
            the file has. ``#line`` counts the rows that share the parts before it.
        key_prefix: What is put in front of each key, such as ``contacts:``.
        fields: For each field where its value comes from.
        constants: Fields that are the same in each record, unless a column says otherwise.
        values: For each field what its words mean, whatever their case and accents; ``*`` is
            any other word, and an empty text means that nothing is known.
        dates: ``day-first``, ``month-first``, ``iso``, ``epoch``, ``epoch-ms``, ``excel`` or
            ``strptime`` formats.
        decimal: The decimal sign.
        timezone: Where the vendor's local times are, if not where the source is.
        as_of: The column that says when the row was last changed.
        carry: Columns that are filled on the first row of a group only.
        drop: Columns that are never stored; ``*`` stands for any text.
        skip: Which rows are no records.
        compute: Fields from others, such as ``amount = "quantity * unit_price - discount?"``;
            a field with ``?`` counts as zero where it is not known.
        deleted: The column that says that the record is gone.
        refund: The column that says how much was given back.
        settle: The column with the group's own total; what the lines do not add up to is
            stored as one more line.
        basis: What stands behind purchases.
    """

    kind: str
    stream: str = "records"
    key: Annotated[
        tuple[tuple[str, ...], ...],
        BeforeValidator(_keys, json_schema_input_type=str | list[str] | list[list[str]]),
    ] = Field(min_length=1)
    key_prefix: str = ""
    fields: dict[str, ValueSources]
    constants: dict[str, Value] = Field(default_factory=dict)
    values: dict[str, Words] = Field(default_factory=dict)
    dates: Texts = ()
    decimal: Literal[".", ","] | None = None
    timezone: str | None = None
    as_of: Texts = ()
    carry: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    skip: Skip = Skip()
    compute: dict[str, str] = Field(default_factory=dict)
    deleted: str | None = None
    refund: Refund | None = None
    settle: str | None = None
    basis: Basis | None = None

    @field_validator("key")
    @classmethod
    def _right_key(cls, key: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for parts in key:
            if not parts or parts[0] == LINE or parts.count(LINE) > 1:
                message = f"needs at least one column, and {LINE!r} only once and behind one"
                raise ValueError(message)
        return key

    @field_validator("dates")
    @classmethod
    def _right_dates(cls, dates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_style(each) for each in dates)

    @field_validator("compute")
    @classmethod
    def _right_formulas(cls, compute: dict[str, str]) -> dict[str, str]:
        for formula in compute.values():
            parse_formula(formula)
        return compute

    @model_validator(mode="after")
    def _lines_to_settle(self) -> FieldMap:
        if self.settle is not None and not all(LINE in parts for parts in self.key):
            message = f"settle needs {LINE!r} in the key: what the lines are that add up"
            raise ValueError(message)
        return self

    @model_validator(mode="before")
    @classmethod
    def _not_a_list(cls, value: Any) -> Any:  # noqa: ANN401  # what TOML gives
        if not isinstance(value, Mapping | cls):
            message = "a map is a table with kind, key and fields"
            raise ValueError(message)  # pydantic reports a ValueError
        return value
