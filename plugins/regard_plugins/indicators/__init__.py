"""
Reads outside series: prices, industry indices, footfall, as statistical offices export them.

The source itself is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

from regard import hookimpl

__all__ = ["regard_sources"]


@hookimpl
def regard_sources() -> Sequence[str]:
    """Register the source."""
    return ["regard_plugins.indicators.source:Indicators"]
