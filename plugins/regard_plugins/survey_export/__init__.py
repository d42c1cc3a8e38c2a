"""
Reads what survey tools export: one record for each answer.

Files are recognised by their headers and read with the scales that their questions declare;
those of any other shape are mapped in the configuration. The source itself is imported when it
is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_sources"]


@hookimpl
def regard_sources() -> Sequence[str]:
    """Register the source."""
    return ["regard_plugins.survey_export.source:SurveyExport"]
