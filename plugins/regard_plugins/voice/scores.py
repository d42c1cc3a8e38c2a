"""What customers scored: all together, over time, by place, and how many answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from textwrap import shorten
from typing import Final

from regard.findings import Finding, Severity
from regard.measures import answers
from regard.measures.answers import Metric, Responses, Score, Twice
from regard.measures.intervals import SMALL_BASE, Estimate, clear_difference
from regard.measures.periods import months_of
from regard.measures.responses import ResponseRate, response_rates
from regard.privacy import mask_text
from regard.render.formats import percent
from regard.reports import Cell, Column, Figure, Period, Point, Section, Series, Table
from regard_plugins.voice.asked import Asked

__all__ = ["headline", "parts", "rates"]

_UNITS: Final[dict[Metric, str]] = {"nps": "points", "csat": "%", "ces": "", "rating": ""}
_COMPARABLE: Final[tuple[Metric, ...]] = ("nps", "csat")
"""Metrics that mean the same whatever was asked."""
_TREND_MONTHS: Final = 12
_WORDING: Final = 60
"""So many characters of a question are enough to know it by."""
_LOW_RATE: Final = 10
"""A response rate below so many percent speaks for those who answer only."""


def headline(asked: Asked, responses: Responses) -> Section:
    """Say what the scores come to, whether they changed, and how they went over a year."""
    found = answers.scores(asked.view, asked.periods.now)
    before = asked.periods.before
    earlier = answers.scores(asked.view, before) if before else ()
    told = asked.to.say("partial_note", n=responses.partial) if responses.partial else ""
    figures = [
        *(figure for score in found for figure in _figures(asked, score, earlier)),
        Figure(
            "responses",
            asked.to.say("responses"),
            responses.responses,
            "responses",
            n=responses.responses,
            period=asked.periods.now,
            note=told,
        ),
    ]
    metrics = [one.metric for one in found if one.metric in _COMPARABLE]
    return Section(
        asked.to.say("said"),
        tuple(figures),
        findings=tuple(_changes(asked, found, earlier)),
        note=_notes(asked),
        series=tuple(_trend(asked, metric) for metric in metrics),
    )


def _notes(asked: Asked) -> str:
    """Say which scores do not count, and which may count twice."""
    left = answers.left_out(asked.view, asked.periods.now)
    twice = answers.answered_twice(asked.view, asked.periods.now)
    notes = [
        asked.to.say("off_scale", n=left.off_scale) if left.off_scale else "",
        asked.to.say("undated", n=left.undated) if left.undated else "",
        _twice(asked, twice) if twice else "",
    ]
    return " ".join(note for note in notes if note)


def _twice(asked: Asked, twice: Twice) -> str:
    one, other = (shorten(wording, _WORDING, placeholder="…") for wording in twice.wordings)
    return asked.to.say("answered_twice", n=twice.responses, one=one, other=other)


def _figures(asked: Asked, score: Score, earlier: Sequence[Score]) -> list[Figure]:
    """Return a score and what it was before, where that can be told."""
    shown = [_figure(asked, score, _id(score), _label(asked, score), asked.periods.now)]
    for one in earlier:
        if one.scale == score.scale:
            label = asked.to.say("before", label=_label(asked, score))
            figure = _figure(asked, one, f"{_id(score)}.before", label, asked.periods.before)
            shown.append(figure)
    return shown


def _id(score: Score) -> str:
    if score.low is None or score.high is None:
        return score.metric
    return f"{score.metric}.{score.low.normalize():f}-{score.high.normalize():f}"


def _label(asked: Asked, score: Score) -> str:
    if score.low is None or score.high is None:
        return asked.to.say(score.metric)
    return asked.to.say(f"{score.metric}_on", low=score.low, high=score.high)


def _figure(asked: Asked, score: Score, name: str, label: str, period: Period | None) -> Figure:
    note = ""
    if score.metric == "nps":
        note = asked.to.say(
            "nps_note",
            promoters=score.promoters,
            passives=score.passives,
            detractors=score.detractors,
        )
    unit = _UNITS[score.metric]
    return asked.to.figure(name, label, score.estimate, unit, period=period, note=note)


def _changes(asked: Asked, found: Sequence[Score], earlier: Sequence[Score]) -> list[Finding]:
    """Return what rose or fell by more than chance explains."""
    findings = []
    for score in found:
        for one in earlier:
            change = clear_difference(score.estimate, one.estimate)
            if one.scale == score.scale and change is not None:
                findings.append(_change(asked, score, one, change))
    return findings


def _change(asked: Asked, score: Score, before: Score, change: Decimal) -> Finding:
    fell = change < 0
    text = asked.to.say(
        "finding_fell" if fell else "finding_rose",
        label=_label(asked, score),
        change=asked.to.number(abs(change), _decimals(score)),
        now=_said(asked, score, score.estimate),
        before=_said(asked, score, before.estimate),
        n=before.estimate.n,
    )
    return Finding(
        f"{score.metric}-{'fell' if fell else 'rose'}",
        text,
        Severity.WARNING if fell else Severity.INFO,
        subject=_id(score),
        value=change,
        n=score.estimate.n,
        why=asked.to.say("why_change"),
        evidence={"n_before": before.estimate.n, "n_now": score.estimate.n},
    )


def _decimals(score: Score) -> int:
    return 1 if score.metric in _COMPARABLE else 2


def _said(asked: Asked, score: Score, estimate: Estimate) -> str:
    """Return a value as it stands in a sentence."""
    if score.metric == "csat":
        return percent(estimate.value or 0, asked.to.language)
    return asked.to.number(estimate.value or 0, _decimals(score))


def _trend(asked: Asked, metric: Metric) -> Series:
    """Return a metric by month: over the period, and at least over the year before its end."""
    period = asked.periods.now
    if period.since is None and period.until is not None:
        period = replace(period, since=period.until - timedelta(days=1))
    months = months_of(period, timezone=asked.view.timezone, at_least=_TREND_MONTHS)
    points = answers.score_trend(asked.view, metric, months, Period(None, period.until))
    while len(points) > 1 and points[0][1] is None:
        points = points[1:]
    return Series(
        f"{metric}.month",
        asked.to.say("by_month", label=asked.to.say(metric)),
        tuple(
            Point(month, None, 0) if one is None else _point(month, one.estimate)
            for month, one in points
        ),
        _UNITS[metric],
    )


def _point(month: date, one: Estimate) -> Point:
    return Point(month, one.value, one.n, one.low, one.high)


_BEST: Final = 5
"""How many of the best parts are named where not all are shown."""


def parts(asked: Asked) -> list[Section]:
    """Say where scores are low and where they are high."""
    tables: list[Table] = []
    findings: list[Finding] = []
    for by in asked.params.by:
        found = answers.scores(asked.view, asked.periods.now, by)
        for scale in _scales(found, by):
            mine = [one for one in found if one.scale == scale]
            if any(one.part is not None for one in mine):
                tables += _part_tables(asked, by, mine)
                findings += _worst(asked, by, mine)
    if not tables:
        return []
    return [Section(asked.to.say("parts"), tables=tuple(tables), findings=tuple(findings))]


def _scales(
    found: Sequence[Score], by: str
) -> list[tuple[Metric, Decimal | None, Decimal | None]]:
    """Return what to make a table of: means of scales only where nothing else compares."""
    scales = list(dict.fromkeys(one.scale for one in found))
    if by == "question":
        return scales
    return [scale for scale in scales if scale[0] in _COMPARABLE] or scales


def _value(score: Score) -> Decimal:
    return score.estimate.value if score.estimate.value is not None else Decimal(0)


def _part_tables(asked: Asked, by: str, found: Sequence[Score]) -> list[Table]:
    """
    Return the parts with the lowest first, and where not all are shown the best ones, too.

    Those of which nothing is known are only counted.
    """
    named = sorted((one for one in found if one.part is not None), key=_value)
    nowhere = [one for one in found if one.part is None]
    rows: list[tuple[Cell, ...]] = [_row(mask_text(one.part or ""), one) for one in named]
    label = _label(asked, found[0])
    shown = asked.params.rows
    others: tuple[Cell, ...] = ()
    if len(rows) > shown:
        # The lowest rows need somebody; what stands between them and the best is only counted.
        rest = named[shown:]
        answered = sum(one.estimate.n for one in rest)
        others = (asked.to.say("others", n=len(rest)), None, None, None, answered)
    columns = (
        asked.to.column(by),
        Column("score", label, _UNITS[found[0].metric]),
        asked.to.column("low"),
        asked.to.column("high"),
        asked.to.column("answers"),
    )
    title = asked.to.say("by_part", label=label, part=asked.to.say(f"part_{by}"))
    note = " ".join(filter(None, (_small(asked, named), _unplaced(asked, by, nowhere))))
    lowest = Table(title, columns, tuple(rows), note, shown if others else None, others)
    best = tuple(reversed(rows[max(shown, len(rows) - _BEST) :]))
    if not best:
        return [lowest]
    title = asked.to.say("best_part", label=label, part=asked.to.say(f"part_{by}"))
    return [lowest, Table(title, columns, best)]


def _row(name: str, one: Score) -> tuple[Cell, ...]:
    return name, one.estimate.value, one.estimate.low, one.estimate.high, one.estimate.n


def _small(asked: Asked, named: Sequence[Score]) -> str:
    small = [one for one in named if one.estimate.small]
    if not small:
        return ""
    return asked.to.say("small_rows", n=len(small), least=SMALL_BASE)


def _unplaced(asked: Asked, by: str, nowhere: Sequence[Score]) -> str:
    n = sum(one.estimate.n for one in nowhere)
    if by == "place":
        return asked.to.say("not_placed", n=n)
    return asked.to.say("not_known", n=n) if n else ""


def _worst(asked: Asked, by: str, found: Sequence[Score]) -> list[Finding]:
    """Return the part that scores lower than all others together, by more than chance."""
    named = [one for one in found if one.part is not None]
    if by not in ("place", "channel", "segment") or len(named) < 2:
        return []
    if named[0].metric not in _COMPARABLE:
        return []
    whole = replace(
        named[0],
        estimate=replace(named[0].estimate, n=sum(one.estimate.n for one in named)),
        promoters=sum(one.promoters for one in named),
        detractors=sum(one.detractors for one in named),
        satisfied=sum(one.satisfied for one in named),
    )
    worst = min((one for one in named if not one.estimate.small), key=_value, default=None)
    if worst is None:
        return []
    rest = answers.rest_of(whole, worst)
    # All parts were looked at to find this one: chance has had as many tries.
    change = clear_difference(worst.estimate, rest, comparisons=len(named))
    if change is None or change > 0 or worst.estimate.value is None or rest.value is None:
        return []
    name = mask_text(worst.part or "")
    text = asked.to.say(
        "finding_worst",
        part=name,
        label=_label(asked, worst),
        value=_said(asked, worst, worst.estimate),
        rest=_said(asked, worst, rest),
        n=rest.n,
    )
    return [
        Finding(
            f"{by}-worst",
            text,
            subject=f"{worst.metric}|{name}",
            value=worst.estimate.value,
            n=worst.estimate.n,
            evidence={"n_rest": rest.n, "compared": len(named)},
        )
    ]


def rates(asked: Asked) -> list[Section]:
    """Say how many of those who were asked have answered."""
    found = response_rates(asked.view, asked.periods.now)
    if not found:
        return []
    columns = (
        asked.to.column("survey"),
        asked.to.column("asked"),
        asked.to.column("responses"),
        asked.to.column("rate", "%"),
        asked.to.column("low"),
        asked.to.column("high"),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        rate = one.rate
        name = None if one.survey is None else mask_text(one.survey)
        rows.append((name, one.asked, one.responses, rate.value, rate.low, rate.high))
    table = Table(asked.to.say("rates"), columns, tuple(rows), note=_rates_note(asked, found))
    low = tuple(finding for one in found for finding in _low_rate(asked, one))
    return [Section(asked.to.say("answered"), tables=(table,), findings=low)]


def _rates_note(asked: Asked, found: Sequence[ResponseRate]) -> str:
    notes = [
        asked.to.say("rates_invited") if any(one.configured for one in found) else "",
        asked.to.say("rates_unknown") if any(one.asked is None for one in found) else "",
        asked.to.say("rates_more")
        if any(one.asked is not None and one.responses > one.asked for one in found)
        else "",
    ]
    return " ".join(note for note in notes if note)


def _low_rate(asked: Asked, one: ResponseRate) -> list[Finding]:
    rate = one.rate
    if rate.small or rate.value is None or rate.high is None or rate.high >= _LOW_RATE:
        return []
    name = mask_text(one.survey or "")
    text = asked.to.say(
        "finding_rate", survey=name, value=asked.to.number(rate.value, 1), n=one.responses
    )
    return [
        Finding(
            "response-rate-low",
            text,
            subject=name,
            value=rate.value,
            n=one.asked,
            why=asked.to.say("why_rate"),
            evidence={"responses": one.responses},
        )
    ]
