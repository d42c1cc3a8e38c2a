"""The reporter ``competitor``: what happened at one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from regard.measures import offers, ratings
from regard.measures.assortments import Assortment, assortment
from regard.measures.freshness import concerned
from regard.measures.offers import Move
from regard.measures.periods import last_days, resolve_period
from regard.measures.promotions import promotions
from regard.measures.repricing import Repricing, repricing
from regard.measures.rivals import Rival, rivals
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Figure, Period, Report, Section, Table
from regard.settings.params import PeriodParams
from regard.views import View
from regard_plugins.competitors.lacked import lacked_section
from regard_plugins.competitors.terms import terms_section
from regard_plugins.competitors.words import PHRASES

__all__ = ["OneCompetitor", "OneCompetitorParams"]

_USUAL_DAYS = 30


class OneCompetitorParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        name: The competitor, as reports call it.
        rows: How many rows of a table to show, such as changes or articles; programs get all.
    """

    name: str = Field(min_length=1)
    rows: int = Field(30, ge=1, le=10_000)


class OneCompetitor(Reporter[OneCompetitorParams]):
    """
    Tells of one competitor what happened there, what shipping costs, and what it has that we lack.

    What happened are new and withdrawn articles, promotions, stock-outs and moves of prices.

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
            moved = [one for one in repricing(view, period) if one.competitor == params.name]
            figures = (
                *_beside(to, known, period),
                *_assortment(to, assortment(view, competitor=params.name)),
                *_repriced(to, moved, period),
            )
            sections.append(
                Section(to.say("beside"), figures, tables=_stars(to, view, params, period))
            )
            sections += [
                _timeline(to, view, params, period),
                *terms_section(to, view, period, whose=params.name, rows=params.rows),
                *lacked_section(to, view, whose=params.name, rows=params.rows),
            ]
        return Report(
            self.name,
            to.say("one_title", whose=params.name),
            view.now,
            sections,
            sources=concerned(view, ("offer", "product", "review", "visit")),
            period=period,
            language=language,
        )


def _beside(to: Speaker, known: Rival, period: Period) -> Sequence[Figure]:
    """Return what the report on all competitors says of it."""
    rating = known.rating
    return (
        Figure(
            "competitor.index", to.say("column_index"), known.index, "points", n=known.compared
        ),
        Figure(
            "competitor.rating",
            to.say("column_rating"),
            rating.value if rating else None,
            n=rating.n if rating else 0,
            low=rating.low if rating else None,
            high=rating.high if rating else None,
            period=period,
        ),
        Figure(
            "competitor.mystery",
            to.say("column_mystery"),
            known.mystery,
            "points",
            n=known.visits,
        ),
    )


def _assortment(to: Speaker, found: Assortment) -> Sequence[Figure]:
    """Return what only one of both sells, as far as is known; nothing: it offers nothing."""
    if not found.offers:
        return ()
    return (
        Figure("competitor.only_there", to.say("only_there"), found.only_there, n=found.offers),
        Figure("competitor.only_here", to.say("only_here"), found.only_here, n=found.products),
    )


def _stars(
    to: Speaker, view: View, params: OneCompetitorParams, period: Period
) -> tuple[Table, ...]:
    """Return how many stars it was given how often; nothing: none were."""
    found = ratings.stars(view, period, params.name)
    every = sum(n for _, n in found)
    if not every:
        return ()
    columns = (to.column("stars"), to.column("reviews"), to.column("share", "%"))
    rows = tuple(
        (each, n, (Decimal(100 * n) / every).quantize(Decimal("0.1"))) for each, n in found
    )
    return (Table(to.say("stars"), columns, rows, f"n = {every}"),)


def _promotions(
    to: Speaker, view: View, params: OneCompetitorParams, period: Period
) -> tuple[Table, ...]:
    """Return when it cut its prices, for how long and how deep; nothing: it did not."""
    found = promotions(view, period, competitor=params.name)
    if not found:
        return ()
    currencies = {one.currency for one in found}
    unit = currencies.pop() or "" if len(currencies) == 1 else ""
    columns = (
        to.column("product", wrap=True),
        to.column("began"),
        to.column("ended"),
        to.column("days"),
        to.column("former", unit),
        to.column("price", unit),
        to.column("depth", "%"),
    )
    rows = tuple(
        # What runs has no end, which is known: it is not for lack of knowledge that it is empty.
        (one.name, one.began_on, one.ended_on or "", one.days, one.former, one.price, one.depth)
        for one in found
    )
    rest = len(rows) - params.rows
    others = (to.say("others", n=rest), *[""] * 6) if rest > 0 else ()
    running = sum(one.ended_on is None for one in found)
    note = to.say("promotions_note", n=len(found), running=running)
    return (Table(to.say("promotions"), columns, rows, note, params.rows, others),)


def _repriced(to: Speaker, found: Sequence[Repricing], period: Period) -> Sequence[Figure]:
    """Return how often it moves its prices, and how far; nothing: nobody can tell."""
    figures: list[Figure] = []
    for one in found:
        weeks = to.number(one.weeks, 1)
        note = to.say("frequency_note", n=one.changes, weeks=weeks)
        figures += [
            Figure(
                "competitor.repricing",
                to.say("figure_frequency"),
                one.frequency,
                n=one.offers,
                period=period,
                note=note,
            ),
            to.figure("competitor.moved", to.say("figure_moved"), one.moved, "%", period=period),
            Figure(
                "competitor.move_size",
                to.say("figure_size"),
                one.size,
                "%",
                n=one.changes,
                period=period,
            ),
        ]
    return figures


def _timeline(to: Speaker, view: View, params: OneCompetitorParams, period: Period) -> Section:
    found = offers.moves(view, period, competitor=params.name)
    cut = _promotions(to, view, params, period)
    if not found:
        return Section(to.say("timeline"), tables=cut, note=to.say("still"))
    currencies = {one.currency for one in found}
    unit = currencies.pop() or "" if len(currencies) == 1 else ""
    columns = (
        to.column("on"),
        to.column("product", wrap=True),
        to.column("what"),
        to.column("before", unit),
        to.column("after", unit),
        to.column("percent", "%"),
    )
    # Of a day with a hundred changes the largest say most.
    ordered = sorted(
        found, key=lambda one: (one.on or date.min, abs(one.percent or Decimal(0))), reverse=True
    )
    rows = tuple(
        (one.on, one.name, to.label("what", one.what), one.before, one.after, one.percent)
        for one in ordered
    )
    rest = len(rows) - params.rows
    others = (to.say("others", n=rest), *[""] * 5) if rest > 0 else ()
    note = to.say("changes_note", n=len(rows))
    table = Table(to.say("changes"), columns, rows, note, params.rows, others)
    return Section(to.say("timeline"), tables=(_counted(to, found), *cut, table))


def _counted(to: Speaker, found: Sequence[Move]) -> Table:
    """Return how often what happened."""
    counts = Counter(one.what for one in found)
    columns = (to.column("what"), to.column("times"))
    rows = tuple((to.label("what", what), n) for what, n in counts.most_common())
    return Table(to.say("counted"), columns, rows)
