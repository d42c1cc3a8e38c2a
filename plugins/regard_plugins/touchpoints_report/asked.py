"""What the report is to speak of, as its sections need it."""

from __future__ import annotations

from dataclasses import dataclass

from regard.measures.calls import Calls, Wait
from regard.measures.campaigns import Campaign
from regard.measures.intervals import Estimate
from regard.measures.pages import Unused
from regard.measures.suggestions import Themes
from regard.render.phrases import Speaker
from regard.reports import Period
from regard.views import View

__all__ = ["Asked", "Measured"]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What the report is to speak of.

    Attributes:
        view: What to read.
        to: Whom it speaks to: texts in the report's language.
        period: In which things happened.
        rows: How many rows of a table to name.
    """

    view: View
    to: Speaker
    period: Period
    rows: int


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What was measured, once for all sections.

    Attributes:
        calls: Inbound calls.
        wait: Until a call was answered, in seconds.
        reply: Until a ticket or mail was replied to, in hours.
        first_contact: Solved at the first contact, 0 to 100.
        one_touch: Tickets solved with one reply, 0 to 100.
        campaigns: Each with its funnel.
        errors: Page views that failed, 0 to 100.
        unused: Pages that nobody viewed.
        themes: Of suggestions.
        others: Measures of surveys and visits by name, for the journey.
    """

    calls: Calls
    wait: Wait
    reply: Wait
    first_contact: Estimate
    one_touch: Estimate
    campaigns: tuple[Campaign, ...]
    errors: Estimate
    unused: Unused
    themes: Themes
    others: tuple[tuple[str, Estimate], ...]
