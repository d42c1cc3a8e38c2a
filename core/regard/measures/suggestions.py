"""Suggestions by theme: what people ask for, told by words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from regard.measures.cells import as_count, as_text
from regard.measures.periods import bounds, during
from regard.measures.telling import Teller, teller_of
from regard.measures.themes import OTHER
from regard.reports import Period
from regard.views import View

__all__ = ["Themes", "count_contacts", "suggestions_by_theme"]


@dataclass(frozen=True, slots=True)
class Themes:
    """
    What suggestions speak of.

    Attributes:
        counts: By theme, the most frequent first; ``other`` where no word tells one.
        n: How many suggestions; one may have several themes.
    """

    counts: tuple[tuple[str, int], ...]
    n: int


def suggestions_by_theme(view: View, period: Period) -> Themes:
    """Count the suggestions of a period by theme: by the bundled ones and the team's own."""
    query = f"""
        SELECT concat_ws(' ', subject, text) AS said, language, count(*) AS n
        FROM touchpoints WHERE type = 'suggestion' AND {during("happened_at")} GROUP BY ALL"""
    rows = view.sql(query, **bounds(period)).rows()
    found = Counter[str]()
    teller = _teller(view)
    for said, language, count in rows:
        for theme in teller.themes(str(said or ""), as_text(language)) or (OTHER,):
            found[theme] += as_count(count)
    counts = sorted(found.items(), key=lambda one: (one[0] == OTHER, -one[1], one[0]))
    return Themes(tuple(counts), sum(as_count(count) for *_, count in rows))


def _teller(view: View) -> Teller:
    """Return what tells themes: the words that the configuration names, and the bundled ones."""
    own: dict[str, list[str]] = {}
    for theme, word in view.sql("SELECT theme, word FROM themes ORDER BY position").rows():
        own.setdefault(str(theme), []).append(str(word))
    kept = [str(theme) for (theme,) in view.sql("SELECT theme FROM bundled_themes").rows()]
    return teller_of(own, kept)


def count_contacts(
    view: View, period: Period, stage: str
) -> tuple[tuple[str, str | None, int], ...]:
    """
    Return how many touchpoints there are by channel and stage, the most first.

    Args:
        view: What to read.
        period: In which they happened.
        stage: The SQL of a touchpoint's stage, as `regard.measures.catalogue.stage_of` gives it.
    """
    query = f"""
        SELECT coalesce(nullif(trim(channel), ''), '?') AS channel, {stage} AS stage,
               count(*) AS n
        FROM touchpoints WHERE {during("happened_at")}
        GROUP BY ALL ORDER BY n DESC, channel, stage NULLS LAST"""
    return tuple(
        (str(channel), None if at is None else str(at), as_count(n))
        for channel, at, n in view.sql(query, **bounds(period)).rows()
    )
