"""Calls and replies, campaigns, pages and suggestions, each from measures to what is shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from regard.findings import Finding, Severity
from regard.measures.calls import Wait, call_ends
from regard.measures.intervals import SMALL_BASE
from regard.measures.pages import pages_viewed
from regard.privacy import mask_text
from regard.render.formats import decimals_for, percent
from regard.reports import Cell, Figure, Section, Table
from regard_plugins.touchpoints_report.asked import Asked, Measured

__all__ = ["reached", "suggested", "viewed", "written_to"]

_FELT_LOWER: Final = 5
"""So many points between what callers feel and what we count are worth a sentence."""


def reached(asked: Asked, measured: Measured) -> list[Section]:
    """Say whether customers reached us, how long it took, and whether once was enough."""
    to, period, calls = asked.to, asked.period, measured.calls
    figures: list[Figure] = []
    if calls.ended:
        note = to.say("felt_note", n=calls.ended - calls.answered)
        figures += [
            to.figure(
                "calls.felt", to.say("calls_felt"), calls.felt, "%", period=period, note=note
            ),
            to.figure("calls.counted", to.say("calls_counted"), calls.counted, "%", period=period),
        ]
    if measured.wait.n:
        figures.append(_wait(asked, "calls.wait", "calls_wait", measured.wait, "seconds"))
    if measured.first_contact.n:
        name = to.say("first_contact")
        one = measured.first_contact
        note = to.say("first_contact_note")
        figures.append(to.figure("contacts.first", name, one, "%", period=period, note=note))
    if measured.one_touch.n:
        name = to.say("one_touch")
        figures.append(
            to.figure("tickets.one_touch", name, measured.one_touch, "%", period=period)
        )
    if measured.reply.n or measured.reply.waiting:
        figures.append(_wait(asked, "replies.first", "first_reply", measured.reply, "hours"))
    if not figures:
        return []
    tables = (_ends(asked),) if calls.ended else ()
    return [Section(to.say("reached"), tuple(figures), tables, _felt_lower(asked, measured))]


def _wait(asked: Asked, name: str, label: str, wait: Wait, unit: str) -> Figure:
    notes = []
    if wait.slow is not None:
        notes.append(
            asked.to.say(
                f"{label}_slow", slow=asked.to.number(wait.slow, decimals_for(wait.slow, unit))
            )
        )
    if wait.waiting:
        notes.append(asked.to.say("waiting", n=wait.waiting))
    text = asked.to.say(label)
    note = " ".join(notes)
    return Figure(name, text, wait.median, unit, n=wait.n, period=asked.period, note=note)


def _ends(asked: Asked) -> Table:
    found = call_ends(asked.view, asked.period)
    n = sum(count for _, count in found)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            asked.to.label("end", outcome),
            count,
            (Decimal(100 * count) / n).quantize(Decimal("0.1")),
        )
        for outcome, count in found
    )
    names = (asked.to.column("end"), asked.to.column("calls"), asked.to.column("share", "%"))
    note = asked.to.say("base_calls", n=n)
    return Table(asked.to.say("ends"), names, rows, note)


def _felt_lower(asked: Asked, measured: Measured) -> tuple[Finding, ...]:
    felt, counted = measured.calls.felt, measured.calls.counted
    if felt.n < SMALL_BASE or felt.value is None or counted.value is None:
        return ()
    if counted.value - felt.value < _FELT_LOWER:
        return ()
    language = asked.to.language
    text = asked.to.say(
        "finding_felt",
        counted=percent(counted.value, language),
        felt=percent(felt.value, language),
        n=counted.n,
    )
    evidence: dict[str, str | int] = {
        "answered": measured.calls.answered,
        "queued": measured.calls.queued,
        "all": measured.calls.ended,
    }
    finding = Finding(
        "answer-rate-felt-lower",
        text,
        value=felt.value,
        n=felt.n,
        why=asked.to.say("why_felt"),
        evidence=evidence,
    )
    return (finding,)


def written_to(asked: Asked, measured: Measured) -> list[Section]:
    """Say how far each campaign came, from what was sent to what was bought."""
    if not measured.campaigns:
        return []
    names = ("sent", "delivered", "opened", "clicked", "bought", "annoyed")
    columns = (asked.to.column("campaign"), *(asked.to.column(name) for name in names))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            mask_text(one.name),
            one.sent,
            one.delivered,
            one.opened,
            one.clicked,
            one.bought,
            one.annoyed,
        )
        for one in measured.campaigns
    )
    rest = measured.campaigns[asked.rows :]
    others: tuple[Cell, ...] = (
        asked.to.say("others", n=len(rest)),
        sum(one.sent for one in rest),
        sum(one.delivered for one in rest),
        sum(one.opened for one in rest),
        sum(one.clicked for one in rest),
        sum(one.bought for one in rest),
        sum(one.annoyed for one in rest),
    )
    table = Table(
        asked.to.say("funnel"),
        columns,
        rows,
        asked.to.say("funnel_note"),
        asked.rows if rest else None,
        others if rest else (),
    )
    return [Section(asked.to.say("campaigns"), tables=(table,))]


def viewed(asked: Asked, measured: Measured) -> list[Section]:
    """Say which pages are of interest, which fail, and which nobody uses."""
    found, n = pages_viewed(asked.view, asked.period, limit=asked.rows)
    if not found and not measured.errors.n:
        return []
    to, unused = asked.to, measured.unused
    figures = []
    if measured.errors.n:
        label = to.say("page_errors")
        figures.append(to.figure("pages.errors", label, measured.errors, "%", period=asked.period))
    if unused.pages:
        label = to.say("pages_unused")
        figures.append(to.figure("pages.unused", label, unused.share, "%", period=asked.period))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (mask_text(one.path), one.views, (Decimal(100 * one.views) / n).quantize(Decimal("0.1")))
        for one in found
    )
    columns = (to.column("page"), to.column("views"), to.column("share", "%"))
    tables = [Table(to.say("interest"), columns, rows, to.say("base_views", n=n))]
    if unused.paths:
        never: tuple[tuple[Cell, ...], ...] = tuple((mask_text(path),) for path in unused.paths)
        rest = unused.unused - asked.rows
        others = (to.say("others", n=rest),) if rest > 0 else ()
        shown = asked.rows if rest > 0 else None
        note = to.say("base_pages", n=unused.pages)
        tables.append(Table(to.say("never"), (to.column("page"),), never, note, shown, others))
    return [Section(to.say("pages"), tuple(figures), tuple(tables), _never(asked, measured))]


def _never(asked: Asked, measured: Measured) -> tuple[Finding, ...]:
    unused = measured.unused
    if not unused.unused:
        return ()
    text = asked.to.say("finding_never", n=unused.unused, page=mask_text(unused.paths[0]))
    evidence: dict[str, str | int] = {"unused": unused.unused, "pages": unused.pages}
    finding = Finding(
        "pages-never-used",
        text,
        Severity.INFO,
        value=Decimal(unused.unused),
        n=unused.pages,
        evidence=evidence,
    )
    return (finding,)


def suggested(asked: Asked, measured: Measured) -> list[Section]:
    """Say what people suggest, by theme."""
    themes = measured.themes
    if not themes.n:
        return []
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (asked.to.label("theme", theme), count) for theme, count in themes.counts
    )
    columns = (asked.to.column("theme"), asked.to.column("suggestions"))
    note = asked.to.say("base_suggestions", n=themes.n)
    table = Table(asked.to.say("themes"), columns, rows, note)
    return [Section(asked.to.say("suggested"), tables=(table,))]
