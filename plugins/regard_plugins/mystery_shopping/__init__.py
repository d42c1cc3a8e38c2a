"""
Mystery shopping: visits on a form, scored so that everybody can see why.

Forms are XLSForms (ODK, Kobo, SurveyCTO) with columns for points, or TOML; visits come as the
exports of those tools, or as an agency's own workbook. The command ``regard form`` explains a
form and proposes one for a workbook. The source itself is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_sources"]


@hookimpl
def regard_sources() -> Sequence[str]:
    """Register the source."""
    return ["regard_plugins.mystery_shopping.source:MysteryShopping"]
