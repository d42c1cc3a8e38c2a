"""Names of places and competitors in the data that the configuration does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from regard.views import View

__all__ = ["Unresolved", "What", "unresolved"]

What: TypeAlias = Literal["place", "competitor"]

_MENTIONS: Final[dict[What, tuple[tuple[str, str], ...]]] = {
    "place": (
        *(("purchases", "place"), ("touchpoints", "place"), ("answers", "place")),
        *(("visits", "place"), ("reviews", "place"), ("indicators", "place")),
    ),
    "competitor": (
        *(("purchases", "competitor"), ("visits", "subject")),
        *(("reviews", "competitor"), ("offers", "competitor")),
    ),
}
"""Where records mention a place or a competitor."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """
    A name that stands for nothing the configuration knows.

    Attributes:
        written: As the records have it.
        records: How many mention it.
    """

    written: str
    records: int


def unresolved(view: View, what: What) -> Sequence[Unresolved]:
    """Return the names that are not known, the most frequent first."""
    written = " UNION ALL ".join(
        f"SELECT trim({field}) AS written, count(*) AS n FROM {table} "
        f"WHERE trim({field}) <> '' GROUP BY ALL"
        for table, field in _MENTIONS[what]
    )
    query = f"""
        WITH mentions AS ({written}),
             named AS (SELECT written, CAST(sum(n) AS BIGINT) AS n FROM mentions GROUP BY written)
        SELECT written, n FROM named WHERE {what}_of(written) IS NULL ORDER BY n DESC, written"""
    return [Unresolved(str(name), int(str(n))) for name, n in view.sql(query).rows()]
