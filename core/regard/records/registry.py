"""Which kinds there are, and how each is validated, encoded and merged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, Table
from sqlmodel import SQLModel

from regard.errors import ConfigError
from regard.names import did_you_mean
from regard.records import kinds, rows
from regard.records.encoding import Encoded, Encoder, decode
from regard.records.validation import Validator

__all__ = ["KINDS", "Kind", "kind_named"]


@dataclass(frozen=True)
class Kind:
    """
    One canonical record kind.

    Attributes:
        name: Singular, as plug-ins write it: ``visit_score``.
        model: Its fields.
        row: Its table class.
    """

    name: str
    model: type[SQLModel]
    row: type[rows.Stored]

    @property
    def table(self) -> Table:
        """The table it is stored in."""
        table: Table = rows.metadata.tables[str(self.row.__tablename__)]
        return table

    @property
    def historic(self) -> bool:
        """Whether each version is kept with its period."""
        return issubclass(self.row, rows.Historic)

    @property
    def fields(self) -> tuple[str, ...]:
        """Its own fields, in the table's order."""
        return tuple(column.name for column in self._columns())

    def _columns(self) -> list[Column[Any]]:
        own = self.model.model_fields
        return [column for column in self.table.columns if column.name in own]

    def pii(self, field: str) -> str:
        """Return the PII class of a field: none, pseudonym, personal or sensitive."""
        extra = self.model.model_fields[field].json_schema_extra
        return str(extra["pii"]) if isinstance(extra, dict) else "none"

    def validator(self) -> Validator:
        """Return the validator of its records; made once."""
        return _validator(self.model)

    def decode(self, record: Encoded) -> dict[str, Any]:
        """Return an encoded record's values by field, with ``key``; empty ones left out."""
        values: dict[str, Any] = {"key": record.key}
        for column, stored in zip(self._columns(), record.values, strict=True):
            if stored is not None:
                values[column.name] = decode(column, stored)
        if record.extra is not None:
            values["extra"] = json.loads(record.extra)
        return values

    def encoder(self) -> Encoder:
        """Return an encoder of its records."""
        return Encoder(self._columns())


@cache
def _validator(model: type[SQLModel]) -> Validator:
    return Validator(model)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("customer", kinds.Customer, rows.CustomerRow),
        Kind("product", kinds.Product, rows.ProductRow),
        Kind("purchase", kinds.Purchase, rows.PurchaseRow),
        Kind("touchpoint", kinds.Touchpoint, rows.TouchpointRow),
        Kind("answer", kinds.Answer, rows.AnswerRow),
        Kind("visit", kinds.Visit, rows.VisitRow),
        Kind("visit_score", kinds.VisitScore, rows.VisitScoreRow),
        Kind("review", kinds.Review, rows.ReviewRow),
        Kind("offer", kinds.Offer, rows.OfferRow),
        Kind("indicator", kinds.Indicator, rows.IndicatorRow),
        Kind("fact", kinds.Fact, rows.FactRow),
    )
}


def kind_named(name: str) -> Kind:
    """
    Return a kind by its name.

    Raises:
        ConfigError: There is no such kind.
    """
    if name in KINDS:
        return KINDS[name]
    message = f"there is no record kind {name!r}{did_you_mean(name, KINDS)}"
    raise ConfigError(message)
