"""What a competitor sells and we lack, as a section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from regard.measures.assortments import Lacking, lacking
from regard.render.phrases import Speaker
from regard.reports import Section, Table
from regard.views import View

__all__ = ["lacked_section"]


def lacked_section(to: Speaker, view: View, *, whose: str, rows: int) -> list[Section]:
    """
    Return what is sold there and not known to be ours; nothing: we have it all.

    Args:
        to: Says it.
        view: What to read.
        whose: The competitor.
        rows: How many articles to show.
    """
    found = lacking(view, competitor=whose)
    if not found:
        return []
    return [Section(to.say("lacked"), tables=(*_by_category(to, found), _listed(to, found, rows)))]


def _by_category(to: Speaker, found: Sequence[Lacking]) -> list[Table]:
    """Return of which categories they are; nothing: all are of one, or nobody says."""
    counts = Counter(one.category for one in found if one.category)
    if len(counts) < 2:
        return []
    columns = (to.column("category", wrap=True), to.column("articles"))
    ordered = sorted(counts.items(), key=lambda it: (-it[1], it[0]))
    shown = 10
    rest = len(ordered) - shown
    others = (to.say("others", n=rest), "") if rest > 0 else ()
    unknown = len(found) - sum(counts.values())
    note = to.say("no_category", n=unknown) if unknown else ""
    return [Table(to.say("lacked_categories"), columns, tuple(ordered), note, shown, others)]


def _listed(to: Speaker, found: Sequence[Lacking], shown: int) -> Table:
    currencies = {one.currency for one in found if one.price is not None}
    unit = currencies.pop() or "" if len(currencies) == 1 else ""
    categories = any(one.category for one in found)
    columns = (
        to.column("product", wrap=True),
        to.column("brand"),
        *((to.column("category", wrap=True),) if categories else ()),
        to.column("price", unit),
        to.column("rating"),
        to.column("reviews"),
    )
    rows = tuple(
        (
            to.say("sold_out", product=one.name) if one.sold_out and one.name else one.name,
            one.brand,
            *((one.category,) if categories else ()),
            one.price,
            one.rating,
            one.reviews,
        )
        for one in found
    )
    rest = len(rows) - shown
    others = (to.say("others", n=rest), *[""] * (len(columns) - 1)) if rest > 0 else ()
    note = to.say("lacked_note", n=len(found), offers=sum(one.offers for one in found))
    return Table(to.say("lacked_table"), columns, rows, note, shown, others)
