"""The reporter: it resolves what was asked and puts the sections together."""

from __future__ import annotations

from typing import ClassVar

from regard.measures import answers
from regard.measures.freshness import concerned
from regard.measures.periods import compared_periods, local_day
from regard.render.formats import day
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Report, Section
from regard.views import View
from regard_plugins.voice.asked import Asked
from regard_plugins.voice.params import VoiceParams
from regard_plugins.voice.scores import headline, parts, rates
from regard_plugins.voice.texts import own_words
from regard_plugins.voice.words import PHRASES

__all__ = ["Voice"]


class Voice(Reporter[VoiceParams]):
    """
    Says what customers answer: NPS, satisfaction, effort, and their own words.

    Under ``[reports.NAME]`` in ``regard.toml``::

        [reports.voice-monthly]
        reporter = "voice"
        params = {since = "30d", by = ["place"], verbatims = 5}
    """

    name: ClassVar[str] = "voice"
    title: ClassVar[str] = "what customers say: NPS, satisfaction, effort, and their own words"
    Params: ClassVar[type[VoiceParams]] = VoiceParams

    def report(self, view: View, params: VoiceParams, ctx: ReportContext) -> Report:
        """Make the report."""
        periods = compared_periods(
            params.since, params.until, now=view.now, timezone=view.timezone
        )
        language = view.language if view.language in LANGUAGES else "en"
        asked = Asked(view, Speaker(PHRASES, language), periods, params)
        responses = answers.count_responses(view, periods.now)
        sections = (
            [headline(asked, responses), *parts(asked), *rates(asked), *own_words(asked)]
            if responses.responses
            else [_nothing(asked), *rates(asked)]
        )
        return Report(
            self.name,
            asked.to.say("title"),
            view.now,
            sections,
            sources=concerned(view, ("answer",)),
            period=periods.now,
            language=language,
        )


def _nothing(asked: Asked) -> Section:
    """Say that nobody answered in the period, and when somebody last did."""
    newest = answers.newest_answer(asked.view)
    if newest is None:
        note = asked.to.say("nothing_ever")
    else:
        on = local_day(newest, asked.view.timezone)
        shown = day(on, asked.to.language)
        note = asked.to.say("nothing", day=shown, since=f"{on:%Y-%m}")
    return Section(asked.to.say("said"), note=note)
