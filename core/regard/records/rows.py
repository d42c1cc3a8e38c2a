"""
The tables of the kinds: each kind's fields, and beside them what the store needs.

Two merge modes exist. ``upsert``: the latest version wins. ``history``: each version is a
row of its own with the period in which it held, so that A, B, A makes three.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, MetaData, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from regard.records import kinds

__all__ = [
    "AnswerRow",
    "CustomerRow",
    "FactRow",
    "Historic",
    "IndicatorRow",
    "OfferRow",
    "ProductRow",
    "PurchaseRow",
    "ReviewRow",
    "StoreRow",
    "Stored",
    "TouchpointRow",
    "VisitRow",
    "VisitScoreRow",
    "metadata",
]

# Names must exist before the first table: SQLite can only alter constraints it can name.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class StoreRow(SQLModel, registry=registry(metadata=metadata)):
    """The ancestor of all tables of the store; plug-ins' own SQLModel tables stay apart."""


class Stored(StoreRow):
    """
    What every stored record has beside its kind's fields.

    Attributes:
        source: The source's name in the configuration.
        key: Unique within source and kind.
        as_of: How old this version is: the record's cursor value, else the date in its
            file's name, else when the file was last changed, else the time of reading.
        content_hash: The md5 of all fields; equal values hash equal.
        batch_id: The transaction that wrote this version; later ones are larger.
        first_run_id: The run that first stored this key.
        last_run_id: The run that last changed the row.
        deleted_at: When it was deleted; None: it is current.
        extra: What the source gave beyond the kind's fields, as JSON text.
    """

    source: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    as_of: datetime
    content_hash: str = Field(sa_type=Text)
    batch_id: int = Field(sa_type=BigInteger)
    first_run_id: int = Field(sa_type=BigInteger)
    last_run_id: int = Field(sa_type=BigInteger)
    deleted_at: datetime | None = None
    extra: str | None = Field(default=None, sa_type=Text)


class Historic(Stored):
    """
    What kinds that keep their history add.

    Attributes:
        valid_from: When this version was first observed.
        valid_to: When another version or a deletion was observed; None: current.
        last_seen_at: When this version was last observed.
        content_batch_id: The transaction that last changed more than that.
    """

    valid_from: datetime = Field(primary_key=True)
    valid_to: datetime | None = None
    last_seen_at: datetime
    content_batch_id: int = Field(
        sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )


def _indexes(table: str, apart: str, where: str, *asked: str) -> Any:  # noqa: ANN401  # as SQLModel
    return (
        # Columns are brought up to date from the rows behind a batch.
        Index(f"ix_{table}_batch_id", "batch_id"),
        # Records are counted without being read; SQLite asks for the columns once more.
        Index(
            f"ix_{table}_{apart}",
            "source",
            *asked,
            sqlite_where=text(where),
            postgresql_where=text(where),
        ),
    )


def _latest(table: str) -> Any:  # noqa: ANN401
    """Return the indexes of a kind whose latest version wins: few of its rows are deleted."""
    return _indexes(table, "deleted", "deleted_at IS NOT NULL", "deleted_at")


def _versions(table: str) -> Any:  # noqa: ANN401
    """Return the indexes of a kind that keeps its history: few of its rows are current."""
    current = "deleted_at IS NULL AND valid_to IS NULL"
    return (
        *_indexes(table, "current", current, "deleted_at", "valid_to"),
        # Enrichers look at what is new: most rows of a batch were only seen again.
        Index(f"ix_{table}_content_batch_id", "content_batch_id"),
    )


class CustomerRow(kinds.Customer, Stored, table=True):
    """Stored customers."""

    __tablename__: ClassVar[str] = "customers"
    __table_args__ = _latest("customers")


class ProductRow(kinds.Product, Stored, table=True):
    """Stored products."""

    __tablename__: ClassVar[str] = "products"
    __table_args__ = _latest("products")


class PurchaseRow(kinds.Purchase, Stored, table=True):
    """Stored purchases."""

    __tablename__: ClassVar[str] = "purchases"
    __table_args__ = _latest("purchases")


class TouchpointRow(kinds.Touchpoint, Stored, table=True):
    """Stored touchpoints."""

    __tablename__: ClassVar[str] = "touchpoints"
    __table_args__ = _latest("touchpoints")


class AnswerRow(kinds.Answer, Stored, table=True):
    """Stored answers."""

    __tablename__: ClassVar[str] = "answers"
    __table_args__ = _latest("answers")


class VisitRow(kinds.Visit, Stored, table=True):
    """Stored visits."""

    __tablename__: ClassVar[str] = "visits"
    __table_args__ = _latest("visits")


class VisitScoreRow(kinds.VisitScore, Stored, table=True):
    """Stored items of visits."""

    __tablename__: ClassVar[str] = "visit_scores"
    __table_args__ = _latest("visit_scores")


class ReviewRow(kinds.Review, Historic, table=True):
    """Stored reviews, each version with its period."""

    __tablename__: ClassVar[str] = "reviews"
    __table_args__ = _versions("reviews")


class OfferRow(kinds.Offer, Historic, table=True):
    """Stored offers, each version with its period."""

    __tablename__: ClassVar[str] = "offers"
    __table_args__ = _versions("offers")


class IndicatorRow(kinds.Indicator, Stored, table=True):
    """Stored indicators."""

    __tablename__: ClassVar[str] = "indicators"
    __table_args__ = _latest("indicators")


class FactRow(kinds.Fact, Stored, table=True):
    """Stored facts."""

    __tablename__: ClassVar[str] = "facts"
    __table_args__ = _latest("facts")
