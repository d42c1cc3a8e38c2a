"""The reporter: it resolves what was asked and puts the sections together."""

from __future__ import annotations

from typing import ClassVar

from regard.measures import mystery
from regard.measures.freshness import concerned
from regard.measures.periods import compared_periods
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Report, Section
from regard.views import View
from regard_plugins.mystery.crossing import by_rival, by_section, progress, with_tables
from regard_plugins.mystery.params import MysteryParams
from regard_plugins.mystery.sections import Asked, card, critical, rivals, waves
from regard_plugins.mystery.visits import misstated, reasons
from regard_plugins.mystery.words import PHRASES

__all__ = ["Mystery"]

_DAYS = 365
"""Waves are months apart: without a period the report speaks of a year."""


class Mystery(Reporter[MysteryParams]):
    """
    Says what mystery-shopping visits score, where, beside competitors, and why.

    Under ``[reports.NAME]`` in ``regard.toml``::

        [reports.visits]
        reporter = "mystery"
        params = {since = 2026-01-01, visits = 5}
    """

    name: ClassVar[str] = "mystery"
    title: ClassVar[str] = "what mystery-shopping visits score, where, beside whom, and why"
    Params: ClassVar[type[MysteryParams]] = MysteryParams

    def report(self, view: View, params: MysteryParams, ctx: ReportContext) -> Report:
        """Make the report."""
        periods = compared_periods(
            params.since, params.until, now=view.now, timezone=view.timezone, days=_DAYS
        )
        language = view.language if view.language in LANGUAGES else "en"
        asked = Asked(view, Speaker(PHRASES, language), periods.now, params)
        visited = mystery.count_visits(view, periods.now)
        sections: list[Section] = []
        if visited.ours or visited.others:
            sections.append(with_tables(card(asked, visited), by_section(asked)))
            sections += critical(asked)
            sections += [with_tables(one, by_rival(asked)) for one in rivals(asked)]
            sections += [with_tables(one, progress(asked)) for one in waves(asked)]
            sections += [*reasons(asked), *misstated(asked)]
        else:
            sections.append(Section(asked.to.say("card"), note=asked.to.say("nothing")))
        return Report(
            self.name,
            asked.to.say("title"),
            view.now,
            sections,
            sources=concerned(view, ("visit",)),
            period=periods.now,
            language=language,
        )
