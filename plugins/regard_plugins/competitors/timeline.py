"""The reporter ``competitor``: what happened at one of them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from regard.measures import offers
from regard.measures.freshness import concerned
from regard.measures.periods import last_days, resolve_period
from regard.measures.rivals import rivals
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Figure, Period, Report, Section, Table
from regard.settings.params import PeriodParams
from regard.views import View
from regard_plugins.competitors.words import PHRASES

__all__ = ["OneCompetitor", "OneCompetitorParams"]

_USUAL_DAYS = 30


class OneCompetitorParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        name: The competitor, as reports call it.
        rows: How many changes to show; programs get all.
    """

    name: str = Field(min_length=1)
    rows: int = Field(30, ge=1, le=10_000)


class OneCompetitor(Reporter[OneCompetitorParams]):
    """
    Tells what happened at one competitor: new and withdrawn articles, promotions, stock-outs.

    ``regard report competitor --param name=Rival``, or in ``regard.toml``::

        [reports.rival]
        reporter = "competitor"
        params = {name = "Rival", since = "30d"}
    """

    name: ClassVar[str] = "competitor"
    title: ClassVar[str] = "what happened at one competitor"
    Params: ClassVar[type[OneCompetitorParams]] = OneCompetitorParams

    def report(self, view: View, params: OneCompetitorParams, ctx: ReportContext) -> Report:
        """Make the report."""
        period = resolve_period(
            params.since, params.until, now=view.now, timezone=view.timezone
        ) or last_days(_USUAL_DAYS, now=view.now, timezone=view.timezone)
        language = view.language if view.language in LANGUAGES else "en"
        to = Speaker(PHRASES, language)
        known = next((one for one in rivals(view, period) if one.name == params.name), None)
        sections = []
        if known is None:
            note = to.say("unknown", whose=params.name)
            sections.append(Section(to.say("timeline"), note=note))
        else:
            figures = (
                Figure(
                    "competitor.index",
                    to.say("column_index"),
                    known.index,
                    "points",
                    n=known.compared,
                ),
                Figure(
                    "competitor.rating",
                    to.say("column_rating"),
                    known.rating.value if known.rating else None,
                    n=known.rating.n if known.rating else 0,
                    low=known.rating.low if known.rating else None,
                    high=known.rating.high if known.rating else None,
                    period=period,
                ),
                Figure(
                    "competitor.mystery", to.say("column_mystery"), known.mystery, n=known.visits
                ),
            )
            sections.append(Section(to.say("beside"), figures))
            sections.append(_timeline(to, view, params, period))
        return Report(
            self.name,
            to.say("one_title", whose=params.name),
            view.now,
            sections,
            sources=concerned(view, ("offer", "product", "review", "visit")),
            period=period,
            language=language,
        )


def _timeline(to: Speaker, view: View, params: OneCompetitorParams, period: Period) -> Section:
    found = offers.moves(view, period, competitor=params.name)
    if not found:
        return Section(to.say("timeline"), note=to.say("still"))
    currencies = {one.currency for one in found}
    unit = currencies.pop() or "" if len(currencies) == 1 else ""
    columns = (
        to.column("on"),
        to.column("product"),
        to.column("what"),
        to.column("before", unit),
        to.column("after", unit),
    )
    rows = tuple(
        (one.on, one.name, to.label("what", one.what), one.before, one.after) for one in found
    )
    rest = len(rows) - params.rows
    others = (to.say("others", n=rest), "", "", None, None) if rest > 0 else ()
    table = Table(to.say("changes"), columns, rows, f"n = {len(rows)}", params.rows, others)
    return Section(to.say("timeline"), tables=(table,))
