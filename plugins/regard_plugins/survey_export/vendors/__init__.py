"""The survey tools whose exports are known, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from regard.tabular import Value
from regard_plugins.survey_export.layouts import Layout
from regard_plugins.survey_export.vendors import (
    formbricks,
    google_forms,
    kobo,
    limesurvey,
    qualtrics,
    surveymonkey,
    typeform,
)

__all__ = ["VENDORS", "layout_of"]

Rows: TypeAlias = Sequence[Sequence[Value]]

Recogniser: TypeAlias = Callable[[Sequence[str], Rows], Layout | None]

VENDORS: Final[Mapping[str, Recogniser]] = {
    # Google Forms comes last: a single column is all that tells it.
    "surveymonkey": surveymonkey.layout,
    "qualtrics": qualtrics.layout,
    "typeform": typeform.layout,
    "limesurvey": limesurvey.layout,
    "formbricks": formbricks.layout,
    "kobo": kobo.layout,
    "google-forms": google_forms.layout,
}
"""By name, in the order in which they are asked."""


def layout_of(
    header: Sequence[str], sample: Rows = (), wanted: str | None = None
) -> Layout | None:
    """
    Return what the columns of a table are; None: it is of no known tool.

    Args:
        header: The table's header, its rows joined.
        sample: Its first rows.
        wanted: The only tool that comes into question.

    Raises:
        FileError: It is of a known tool, and its rows are no responses.
    """
    for name, recogniser in VENDORS.items():
        if wanted in (None, name):
            found = recogniser(header, sample)
            if found is not None:
                return found
    return None
