"""What a competitor's offers say of shipping, as a section."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from regard.measures.shipping import Shipping, Terms, TermsChange, shipping, shipping_changes
from regard.render.phrases import Speaker
from regard.reports import Figure, Period, Section, Table
from regard.views import View

__all__ = ["terms_section"]


def terms_section(
    to: Speaker, view: View, period: Period, *, whose: str, rows: int
) -> list[Section]:
    """
    Return what it costs to have something sent from there; nothing: it offers nothing.

    Args:
        to: Says it.
        view: What to read.
        period: Of changes; terms are those of now.
        whose: The competitor.
        rows: How many rows of a table to show.
    """
    found = shipping(view, competitor=whose)
    if not found.offers:
        return []
    changed = shipping_changes(view, period, competitor=whose)
    if not found.terms and not changed:
        return [Section(to.say("shipping"), note=to.say("shipping_unsaid", n=found.offers))]
    tables = [*_terms(to, found, rows), *_changes(to, changed, rows)]
    return [Section(to.say("shipping"), _figures(to, found), tables=tuple(tables))]


def _figures(to: Speaker, found: Shipping) -> tuple[Figure, ...]:
    stated = to.figure("competitor.shipping_stated", to.say("shipping_stated"), found.stated, "%")
    if found.free_seen_from is None or found.charged_to is None:
        return (stated,)
    return (
        stated,
        Figure(
            "competitor.free_from",
            to.say("free_seen_from"),
            found.free_seen_from,
            found.currency or "",
            n=sum(one.n for one in found.terms),
            note=to.say("charged_to", price=to.number(found.charged_to, 2)),
        ),
    )


def _terms(to: Speaker, found: Shipping, shown: int) -> list[Table]:
    if not found.terms:
        return []
    unit = _unit(found.terms)
    # Where nobody names an order value, a column of nothing says less than none.
    named = any(one.free_from is not None for one in found.terms)
    columns = (
        to.column("shipping", unit),
        *((to.column("free_from", unit),) if named else ()),
        to.column("offers"),
        to.column("share", "%"),
        to.column("since"),
    )
    rows = tuple(
        (
            one.cost,
            *((one.free_from,) if named else ()),
            one.n,
            _percent(one.n, found.offers),
            one.since,
        )
        for one in found.terms
    )
    note = to.say("terms_note" if named else "terms_note_short", n=found.offers)
    rest = len(rows) - shown
    others = (to.say("others", n=rest), *[""] * (len(columns) - 1)) if rest > 0 else ()
    return [Table(to.say("terms"), columns, rows, note, shown, others)]


def _changes(to: Speaker, found: Sequence[TermsChange], shown: int) -> list[Table]:
    if not found:
        return []
    unit = _unit(terms for one in found for terms in (one.before, one.after))
    named = any(each.free_from is not None for one in found for each in (one.before, one.after))
    columns = (
        to.column("on"),
        to.column("before", unit),
        to.column("after", unit),
        *((to.column("free_before", unit), to.column("free_after", unit)) if named else ()),
        to.column("offers"),
    )
    rows = tuple(
        (
            one.on,
            one.before.cost,
            one.after.cost,
            *((one.before.free_from, one.after.free_from) if named else ()),
            one.n,
        )
        for one in found
    )
    rest = len(rows) - shown
    others = (to.say("others", n=rest), *[""] * (len(columns) - 1)) if rest > 0 else ()
    return [
        Table(
            to.say("shipping_changes"), columns, rows, to.say("shipping_changes_note"), shown,
            others,
        )
    ]  # fmt: skip


def _unit(found: Iterable[Terms]) -> str:
    """Return the currency of all of them; empty: there are several, or nobody says."""
    currencies = {one.currency for one in found}
    return currencies.pop() or "" if len(currencies) == 1 else ""


def _percent(part: int, whole: int) -> Decimal | None:
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1")) if whole else None
