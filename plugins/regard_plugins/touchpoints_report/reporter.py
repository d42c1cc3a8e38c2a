"""The reporter: it measures once and puts the sections together."""

from __future__ import annotations

from typing import ClassVar

from regard.measures import answers, calls, campaigns, pages, suggestions
from regard.measures.catalogue import stage_of
from regard.measures.freshness import concerned
from regard.measures.intervals import Estimate
from regard.measures.mystery import own_score
from regard.measures.periods import compared_periods
from regard.measures.responses import response_rates
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Report, Section
from regard.views import View
from regard_plugins.touchpoints_report.asked import Asked, Measured
from regard_plugins.touchpoints_report.journey import contacts, stages
from regard_plugins.touchpoints_report.params import TouchpointsParams
from regard_plugins.touchpoints_report.sections import reached, suggested, viewed, written_to
from regard_plugins.touchpoints_report.words import PHRASES

__all__ = ["Touchpoints"]


class Touchpoints(Reporter[TouchpointsParams]):
    """
    Says where we meet customers, what they feel there, and what we count.

    Under ``[reports.NAME]`` in ``regard.toml``::

        [reports.contacts]
        reporter = "touchpoints"
        params = {since = "30d", rows = 20}
    """

    name: ClassVar[str] = "touchpoints"
    title: ClassVar[str] = "where we meet customers, what they feel there, and what we count"
    Params: ClassVar[type[TouchpointsParams]] = TouchpointsParams

    def report(self, view: View, params: TouchpointsParams, ctx: ReportContext) -> Report:
        """Make the report."""
        periods = compared_periods(
            params.since, params.until, now=view.now, timezone=view.timezone
        )
        language = view.language if view.language in LANGUAGES else "en"
        asked = Asked(view, Speaker(PHRASES, language), periods.now, params.rows)
        measured = _measured(asked)
        found = suggestions.count_contacts(view, periods.now, stage_of())
        sections: list[Section] = [contacts(asked, found), stages(asked, measured)]
        for section in (reached, written_to, viewed, suggested):
            sections += section(asked, measured)
        return Report(
            self.name,
            asked.to.say("title"),
            view.now,
            sections,
            sources=concerned(view, ("touchpoint", "fact", "answer", "visit", "purchase")),
            period=periods.now,
            language=language,
        )


def _measured(asked: Asked) -> Measured:
    view, period = asked.view, asked.period
    return Measured(
        calls=calls.count_calls(view, period),
        wait=calls.call_wait(view, period),
        reply=calls.first_reply(view, period),
        first_contact=calls.first_contact(view, period),
        one_touch=calls.one_touch(view, period),
        campaigns=campaigns.campaigns(view, period),
        errors=pages.page_errors(view, period),
        unused=pages.unused_pages(view, period),
        themes=suggestions.suggestions_by_theme(view, period),
        others=_others(asked),
    )


def _others(asked: Asked) -> tuple[tuple[str, Estimate], ...]:
    """Return what other reports say in full: one number of each measure."""
    found: dict[str, Estimate] = {}
    for score in answers.scores(asked.view, asked.period):
        found.setdefault(score.metric, score.estimate)
    for rate in response_rates(asked.view, asked.period):
        if rate.rate.value is not None:
            found.setdefault("response-rate", rate.rate)
    visits = own_score(asked.view, asked.period)
    if visits.n:
        found["mystery-score"] = visits
    return tuple(found.items())
