"""What the report is to speak of, as its sections need it."""

from __future__ import annotations

from dataclasses import dataclass

from regard.measures.periods import Compared
from regard.render.phrases import Speaker
from regard.views import View
from regard_plugins.voice.params import VoiceParams

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What the report is to speak of.

    Attributes:
        view: What to read.
        to: Whom it speaks to: texts in the report's language.
        periods: The report's period and the one before.
        params: What was asked.
    """

    view: View
    to: Speaker
    periods: Compared
    params: VoiceParams
