"""The score card, failed critical items, competitors and waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from regard.findings import Finding, Severity
from regard.measures import mystery
from regard.measures.intervals import SMALL_BASE, clear_difference, share_estimate
from regard.measures.mystery import ItemScore, PartScore, Visited
from regard.privacy import mask_text
from regard.render.phrases import Speaker
from regard.reports import Cell, Figure, Period, Section, Table
from regard.views import View
from regard_plugins.mystery.params import MysteryParams

__all__ = ["Asked", "card", "critical", "rivals", "shown_section", "waves"]


_BEST: Final = 5
"""How many of the best places are named where not all are shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What the report is to speak of.

    Attributes:
        view: What to read.
        to: Whom it speaks to: texts in the report's language.
        period: In which visits were made.
        params: What was asked.
    """

    view: View
    to: Speaker
    period: Period
    params: MysteryParams


def shown_section(asked: Asked, section: str | None) -> str | None:
    """Return how a section is shown; items may stand in none."""
    return asked.to.say("no_section") if section is None else mask_text(section)


def card(asked: Asked, visited: Visited) -> Section:
    """Say what our visits score, by place, section and item."""
    to, period = asked.to, asked.period
    figures = [to.figure("visits.score", to.say("score"), mystery.own_score(asked.view, period),
                         "points", period=period)]  # fmt: skip
    if visited.judged:
        passed = share_estimate(visited.passed, visited.judged)
        figures.append(to.figure("visits.passed", to.say("passed"), passed, "%", period=period))
    note = to.say("to_rivals", n=visited.others) if visited.others else ""
    if visited.submitted:
        note = f"{note} {to.say('submitted', n=visited.submitted)}".strip()
    made = visited.ours + visited.others
    figures.append(
        Figure("visits", to.say("visits"), made, "visits", n=made, period=period, note=note)
    )
    places = mystery.scores_by(asked.view, period, "place")
    lowest = _parts(
        asked,
        "by_place",
        "place",
        [one for one in places if one.part is not None],
        to.say("not_placed", n=sum(one.estimate.n for one in places if one.part is None)),
    )
    tables = [
        lowest,
        *_best_places(asked, lowest),
        _items(asked, "by_section", mystery.item_scores(asked.view, period, whole=True)),
        _items(asked, "by_item", mystery.item_scores(asked.view, period, whole=False)),
    ]
    return Section(to.say("card"), tuple(figures), tuple(one for one in tables if one.rows))


def _parts(
    asked: Asked, title: str, column: str, found: Sequence[PartScore], note: str = ""
) -> Table:
    small = sum(1 for one in found if one.estimate.small)
    most = asked.params.rows
    shown = most if title == "by_place" and len(found) > most else None
    if small:
        note = f"{asked.to.say('small_rows', n=small, least=SMALL_BASE)} {note}".strip()
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            asked.to.say("us") if one.part is None else mask_text(one.part),
            one.estimate.value,
            one.estimate.low,
            one.estimate.high,
            one.estimate.n,
        )
        for one in found
    )
    names = (column, "score", "low", "high", "n")
    columns = tuple(asked.to.column(name) for name in names)
    others: tuple[Cell, ...] = ()
    if shown is not None:
        n = sum(one.estimate.n for one in found[shown:])
        others = (asked.to.say("others", n=len(found) - shown), None, None, None, n)
    return Table(asked.to.say(title), columns, rows, note, shown, others)


def _best_places(asked: Asked, lowest: Table) -> list[Table]:
    """Return the best places, where not all of them are shown."""
    if lowest.shown is None:
        return []
    best = tuple(reversed(lowest.rows[max(lowest.shown, len(lowest.rows) - _BEST) :]))
    return [Table(asked.to.say("best_places"), lowest.columns, best)]


def _items(asked: Asked, title: str, found: Sequence[ItemScore]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        named = [shown_section(asked, one.section)]
        named += [] if one.item is None else [mask_text(one.item)]
        estimate = one.estimate
        rows.append((*named, estimate.value, estimate.low, estimate.high, estimate.n))
    names = ["section", *(["item"] if title == "by_item" else []), "score", "low", "high", "n"]
    columns = tuple(asked.to.column(name) for name in names)
    rest = len(rows) - asked.params.rows
    blanks: list[Cell] = [None] * (len(names) - 2) if title == "by_section" else ["", *[None] * 4]
    others: tuple[Cell, ...] = ()
    if rest > 0:
        others = (asked.to.say("others", n=rest), *blanks)[: len(names)]
        others += (None,) * (len(names) - len(others))
    shown = asked.params.rows if rest > 0 else None
    return Table(asked.to.say(title), columns, tuple(rows), "", shown, others)


def critical(asked: Asked) -> list[Section]:
    """Say which critical items visits failed."""
    found = mystery.failed_critical(asked.view, asked.period)
    if not found:
        return []
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            shown_section(asked, one.section),
            mask_text(one.item),
            one.failed,
            one.n,
            share_estimate(one.failed, one.n).value,
        )
        for one in found
    )
    names = ("section", "item", "failed", "n")
    columns = (*(asked.to.column(name) for name in names), asked.to.column("share", "%"))
    table = Table(asked.to.say("failed_items"), columns, rows)
    worst = found[0]
    text = asked.to.say("finding_critical", item=mask_text(worst.item), failed=worst.failed)
    finding = Finding(
        "critical-failed",
        text,
        Severity.CRITICAL,
        subject=mask_text(worst.item),
        value=Decimal(worst.failed),
        n=worst.n,
        evidence={"items": len(found), "failures": sum(one.failed for one in found)},
    )
    return [Section(asked.to.say("critical"), tables=(table,), findings=(finding,))]


def rivals(asked: Asked) -> list[Section]:
    """Say how we score beside competitors, by the same forms."""
    found = mystery.scores_by(asked.view, asked.period, "subject")
    if not any(one.part is not None for one in found):
        return []
    table = _parts(asked, "beside", "subject", sorted(found, key=_falling))
    return [Section(asked.to.say("rivals"), tables=(table,), findings=_behind(asked, found))]


def _falling(one: PartScore) -> Decimal:
    return -(one.estimate.value or Decimal(0))


def _behind(asked: Asked, found: Sequence[PartScore]) -> tuple[Finding, ...]:
    us = next((one for one in found if one.part is None), None)
    others = [one for one in found if one.part is not None]
    findings = []
    for one in others if us else ():
        assert us is not None  # noqa: S101  # else there is nothing to compare
        change = clear_difference(us.estimate, one.estimate, comparisons=len(others))
        if change is None or change >= 0:
            continue
        name = mask_text(one.part or "")
        text = asked.to.say("finding_behind", rival=name, points=asked.to.number(-change, 1))
        evidence: dict[str, str | int] = {"n_rival": one.estimate.n}
        findings.append(
            Finding("behind-competitor", text, subject=name, value=change, n=us.estimate.n,
                    evidence=evidence)
        )  # fmt: skip
    return tuple(findings)


def waves(asked: Asked) -> list[Section]:
    """Say how the score went from wave to wave."""
    found = [one for one in mystery.scores_by(asked.view, asked.period, "wave") if one.part]
    if len(found) < 2:
        return []
    before, last = found[-2:]
    change = clear_difference(last.estimate, before.estimate)
    findings: tuple[Finding, ...] = ()
    if change is not None:
        fell = change < 0
        text = asked.to.say(
            "finding_fell" if fell else "finding_rose",
            points=asked.to.number(abs(change), 1),
            wave=mask_text(last.part or ""),
            before=mask_text(before.part or ""),
        )
        code = "wave-fell" if fell else "wave-rose"
        severity = Severity.WARNING if fell else Severity.INFO
        evidence: dict[str, str | int] = {"n_before": before.estimate.n}
        findings = (
            Finding(code, text, severity, value=change, n=last.estimate.n, evidence=evidence),
        )
    table = _parts(asked, "by_wave", "wave", found)
    return [Section(asked.to.say("waves"), tables=(table,), findings=findings)]
