"""The reporter ``competitors``: one row for each."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from regard.measures.freshness import concerned
from regard.measures.periods import last_days, resolve_period
from regard.measures.repricing import Repricing, repricing
from regard.measures.rivals import rivals
from regard.render import formats
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Report, Section, Table
from regard.settings.params import PeriodParams
from regard.views import View
from regard_plugins.competitors.words import PHRASES

__all__ = ["Competitors"]

_USUAL_DAYS = 30


class Competitors(Reporter[PeriodParams]):
    """
    Puts what is known of each competitor beside the others: prices, ratings, visits, moves.

    Under ``[reports.NAME]`` in ``regard.toml``::

        [reports.rivals]
        reporter = "competitors"
        params = {since = "30d"}
    """

    name: ClassVar[str] = "competitors"
    title: ClassVar[str] = "competitors, one row each: prices, ratings, visits, moves"
    Params: ClassVar[type[PeriodParams]] = PeriodParams

    def report(self, view: View, params: PeriodParams, ctx: ReportContext) -> Report:
        """Make the report."""
        period = resolve_period(
            params.since, params.until, now=view.now, timezone=view.timezone
        ) or last_days(_USUAL_DAYS, now=view.now, timezone=view.timezone)
        language = view.language if view.language in LANGUAGES else "en"
        to = Speaker(PHRASES, language)
        found = rivals(view, period)
        columns = (
            to.column("competitor"),
            to.column("index"),
            to.column("coverage", "%"),
            to.column("offers"),
            to.column("rating"),
            to.column("reviews"),
            to.column("mystery"),
            to.column("visits"),
            to.column("moves"),
        )
        rows = tuple(
            (
                one.name,
                one.index,
                one.coverage,
                one.offers,
                one.rating.value if one.rating else None,
                one.reviews,
                one.mystery,
                one.visits,
                one.moves,
            )
            for one in found
        )
        table = Table(to.say("each"), columns, rows, to.say("table_note"))
        section = (
            Section(to.say("beside"), tables=(table,))
            if found
            else Section(to.say("beside"), note=to.say("nothing"))
        )
        return Report(
            self.name,
            to.say("title"),
            view.now,
            [section, *_repricing(to, repricing(view, period))],
            sources=concerned(view, ("offer", "product", "review", "visit")),
            period=period,
            language=language,
        )


def _repricing(to: Speaker, found: Sequence[Repricing]) -> list[Section]:
    """Say how often each of them moves its prices, and how far; nothing: nobody can tell."""
    days = [day for one in found for day in (one.since, one.until) if day is not None]
    if not days:
        return []
    columns = (
        to.column("competitor"),
        to.column("offers"),
        to.column("observed"),
        to.column("changes"),
        to.column("frequency"),
        to.column("moved", "%"),
        to.column("size", "%"),
    )
    rows = tuple(
        (
            one.competitor,
            one.offers,
            one.weeks.quantize(Decimal("0.1")),
            one.changes,
            one.frequency,
            one.moved.value,
            one.size,
        )
        for one in found
    )
    note = to.say(
        "repricing_note",
        since=formats.day(min(days), to.language),
        until=formats.day(max(days), to.language),
    )
    table = Table(to.say("repricing_table"), columns, rows, note)
    return [Section(to.say("repricing"), tables=(table,))]
