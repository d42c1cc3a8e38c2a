"""Which sources a report rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regard.reports import Freshness
from regard.views import View

__all__ = ["concerned"]

_TABLES: Final = {
    "answer": "answers",
    "customer": "customers",
    "fact": "facts",
    "offer": "offers",
    "product": "products",
    "purchase": "purchases",
    "review": "reviews",
    "touchpoint": "touchpoints",
    "visit": "visits",
}


def concerned(view: View, kinds: Sequence[str]) -> Sequence[Freshness]:
    """
    Return how current the sources are that have records of some kinds.

    One that has no records at all, or was not read well, is among them: nobody can tell what it
    would have.

    Args:
        view: What to read.
        kinds: Such as ``offer`` and ``product``.
    """
    query = " UNION ".join(f"SELECT source FROM {_TABLES[kind]}" for kind in kinds)
    having = {str(source) for (source,) in view.sql(query).rows()}
    return [
        one
        for one in view.freshness()
        if one.source in having or not one.records or one.outcome not in (None, "ok")
    ]
