"""The journey: contacts by channel and stage, and what customers feel against what we count."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from regard.findings import Finding, Severity
from regard.measures.campaigns import Campaign
from regard.measures.catalogue import MEASURES, journey, unfelt_stages
from regard.measures.intervals import Estimate, share_estimate
from regard.reports import Cell, Figure, Section, Table
from regard_plugins.touchpoints_report.asked import Asked, Measured

__all__ = ["contacts", "stages"]


def contacts(asked: Asked, found: Sequence[tuple[str, str | None, int]]) -> Section:
    """Say how often we met customers, and where."""
    n = sum(count for _, _, count in found)
    if not n:
        return Section(asked.to.say("met"), note=asked.to.say("nothing"))
    figure = Figure("contacts", asked.to.say("contacts"), n, "contacts", n=n, period=asked.period)
    columns = (
        asked.to.column("channel"),
        asked.to.column("stage"),
        asked.to.column("contacts"),
        asked.to.column("share", "%"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            asked.to.label("channel", channel),
            asked.to.label("stage", stage),
            count,
            (Decimal(100 * count) / n).quantize(Decimal("0.1")),
        )
        for channel, stage, count in found
    )
    rest = found[asked.rows :]
    others = (
        asked.to.say("others", n=len(rest)),
        "",
        sum(count for _, _, count in rest),
        None,
    )
    shown = asked.rows if rest else None
    table = Table(asked.to.say("by_channel"), columns, rows, "", shown, others if rest else ())
    return Section(asked.to.say("met"), (figure,), (table,))


def stages(asked: Asked, measured: Measured) -> Section:
    """Say for each stage what customers feel and what we count, and where we feel nothing."""
    values = _values(measured)
    order = journey(asked.view)
    gaps = unfelt_stages(order, values)
    rows: list[tuple[Cell, ...]] = []
    known = [one for one in MEASURES.values() if one.name in values]
    for stage in (*order, *sorted({one.stage for one in known} - set(order))):
        here = [one for one in known if one.stage == stage]
        label = asked.to.label("stage", stage)
        for one in sorted(here, key=lambda measure: measure.felt_by != "customer"):
            value, n = values[one.name]
            if isinstance(value, Decimal):
                # One column of many units: more decimals would be read as exactness.
                value = round(value, 1)
            felt = asked.to.say(f"felt_{one.felt_by}")
            unit = asked.to.label("unit", one.unit)
            rows.append((label, asked.to.say(f"measure_{one.name}"), felt, value, unit, n))
        if stage in gaps:
            rows.append((label, asked.to.say("no_measure"), "", None, "", None))
    names = ("stage", "measure", "felt_by", "value", "unit", "n")
    table = Table(
        asked.to.say("by_stage"), tuple(asked.to.column(name) for name in names), tuple(rows)
    )
    return Section(asked.to.say("journey"), tables=(table,), findings=_unfelt(asked, gaps))


def _unfelt(asked: Asked, gaps: Sequence[str]) -> tuple[Finding, ...]:
    if not gaps:
        return ()
    named = ", ".join(str(asked.to.label("stage", stage)) for stage in gaps)
    text = asked.to.say("finding_unfelt", n=len(gaps), stages=named)
    evidence: dict[str, str | int] = dict.fromkeys(gaps, 0)
    return (
        Finding("stages-unfelt", text, Severity.INFO, value=Decimal(len(gaps)), evidence=evidence),
    )


def _values(measured: Measured) -> dict[str, tuple[Decimal | int | None, int]]:
    """Return the number and the base of each measure for which there are data."""
    clicks, annoyed = _together(measured.campaigns)
    estimates: dict[str, Estimate] = {
        **dict(measured.others),
        "answer-rate-felt": measured.calls.felt,
        "answer-rate-counted": measured.calls.counted,
        "first-contact": measured.first_contact,
        "one-touch": measured.one_touch,
        "page-errors": measured.errors,
        "pages-unused": measured.unused.share,
        "campaign-clicks": clicks,
        "campaign-annoyance": annoyed,
    }
    found: dict[str, tuple[Decimal | int | None, int]] = {
        name: (one.value, one.n) for name, one in estimates.items() if one.value is not None
    }
    for name, wait in (("time-to-answer", measured.wait), ("first-reply", measured.reply)):
        if wait.n:
            found[name] = (wait.median, wait.n)
    if measured.themes.n:
        found["suggestions"] = (measured.themes.n, measured.themes.n)
    return found


def _together(found: Sequence[Campaign]) -> tuple[Estimate, Estimate]:
    """Return clicked and annoyed of all campaigns whose counts fit together."""
    fitting = [one for one in found if max(one.clicked, one.annoyed) <= one.delivered]
    delivered = sum(one.delivered for one in fitting)
    clicks = share_estimate(sum(one.clicked for one in fitting), delivered)
    return clicks, share_estimate(sum(one.annoyed for one in fitting), delivered)
