"""Single visits: why the lowest ones are low, and where what was stated is not what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from regard.findings import Finding
from regard.measures import mystery
from regard.measures.mystery import VisitDetail
from regard.measures.periods import local_day
from regard.measures.visits import Cause
from regard.privacy import mask_text
from regard.reports import Cell, Section, Table
from regard_plugins.mystery.sections import Asked, shown_section

__all__ = ["misstated", "reasons"]

_DEAREST = 4
_CAUSES = 3


def reasons(asked: Asked) -> list[Section]:
    """Say of the lowest visits what cost them most."""
    if not asked.params.visits:
        return []
    found = mystery.lowest_visits(asked.view, asked.period, limit=asked.params.visits)
    tables = tuple(_reason(asked, one) for one in found if one.lost)
    if not tables:
        return []
    return [Section(asked.to.say("why"), tables=tables, note=asked.to.say("why_note"))]


def _reason(asked: Asked, one: VisitDetail) -> Table:
    lost = one.lost[:_DEAREST]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (shown_section(asked, " / ".join(each.path) or None), mask_text(each.name), each.points)
        for each in lost
    )
    columns = tuple(asked.to.column(name) for name in ("section", "item", "lost"))
    place = asked.to.say("no_place") if one.place is None else mask_text(one.place)
    title = asked.to.say(
        "visit", visit=one.pseudonym, place=place, score=asked.to.number(one.score, 1)
    )
    failed = ", ".join(mask_text(name) for name in one.failed)
    note = asked.to.say("failed_here", items=failed) if failed else ""
    return Table(title, columns, rows, note)


def misstated(asked: Asked) -> list[Section]:
    """Say where the stated score is not that of the items, and which item explains it."""
    found = mystery.misstated_visits(asked.view, asked.period, limit=asked.params.rows)
    if not found:
        return []
    names = ("visit", "place", "day", "score", "stated", "difference")
    columns = (
        *(asked.to.column(name) for name in names),
        asked.to.column("cause", wrap=True),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        on = local_day(one.visited_at, asked.view.timezone) if one.visited_at else None
        place = None if one.place is None else mask_text(one.place)
        stated = one.stated or Decimal(0)
        difference = stated - one.score
        rows.append(
            (one.pseudonym, place, on, one.score, stated, difference, _causes(asked, one.causes))
        )
    table = Table(asked.to.say("misstated"), columns, tuple(rows), asked.to.say("misstated_note"))
    furthest, n = found[0], mystery.count_misstated(asked.view, asked.period)
    finding = Finding(
        "score-misstated",
        asked.to.say("finding_misstated", n=n),
        subject=furthest.pseudonym,
        value=Decimal(n),
        n=mystery.count_visits(asked.view, asked.period).ours,
        evidence={"visit": furthest.pseudonym},
    )
    return [Section(asked.to.say("stated"), tables=(table,), findings=(finding,))]


def _causes(asked: Asked, causes: Sequence[Cause]) -> str:
    if not causes:
        return asked.to.say("cause_none")
    said = []
    for cause in causes[:_CAUSES]:
        names = ", ".join(mask_text(name) for name in cause.names[:_CAUSES])
        said.append(asked.to.say(f"cause_{cause.how}", items=names))
    if len(causes) > _CAUSES:
        said.append(asked.to.say("cause_more", n=len(causes) - _CAUSES))
    return "; ".join(said)
