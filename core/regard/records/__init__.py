"""The canonical record kinds, their tables, and the tables around them."""

from regard.records import crawls as crawls  # its tables join the metadata
from regard.records import jobs as jobs  # likewise
from regard.records import tables as tables  # likewise
from regard.records.encoding import Encoded, Encoder
from regard.records.kinds import (
    Answer,
    Customer,
    Fact,
    Indicator,
    Offer,
    Product,
    Purchase,
    Review,
    Touchpoint,
    Visit,
    VisitScore,
)
from regard.records.registry import KINDS, Kind, kind_named
from regard.records.rows import metadata
from regard.records.validation import Validator

__all__ = [
    "KINDS",
    "Answer",
    "Customer",
    "Encoded",
    "Encoder",
    "Fact",
    "Indicator",
    "Kind",
    "Offer",
    "Product",
    "Purchase",
    "Review",
    "Touchpoint",
    "Validator",
    "Visit",
    "VisitScore",
    "kind_named",
    "metadata",
]
