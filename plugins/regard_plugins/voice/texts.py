"""What customers wrote themselves: a few texts of each group, masked."""

from __future__ import annotations

from typing import Final

from regard.measures.periods import local_day
from regard.measures.verbatims import MOODS, Mood, Verbatim, verbatims
from regard.privacy import mask_text
from regard.reports import Cell, Section, Table
from regard_plugins.voice.asked import Asked

__all__ = ["own_words"]

_LONGEST: Final = 280
"""So many characters of a text are shown, cut after it was masked."""


def own_words(asked: Asked) -> list[Section]:
    """Say what was written, the newest first, with those who are unhappy at the top."""
    if not asked.params.verbatims:
        return []
    found = verbatims(asked.view, asked.periods.now, limit=asked.params.verbatims)
    if not found.n:
        return []
    counts = dict(found.counts)
    scales = {one.highest for one in found.chosen} - {None}
    tables = [
        _table(
            asked,
            mood,
            [one for one in found.chosen if one.mood == mood],
            counts[mood],
            mixed=len(scales) > 1,
        )
        for mood in MOODS
        if mood in counts
    ]
    note = asked.to.say("words_note", n=found.n)
    return [Section(asked.to.say("words"), tables=tuple(tables), note=note)]


def _table(asked: Asked, mood: Mood, chosen: list[Verbatim], n: int, *, mixed: bool) -> Table:
    """Return the texts of a mood; where scales differ, a score says what the best one is."""
    scored = mood != "unscored"
    placed = any(one.place for one in chosen)
    columns = [asked.to.column("day")]
    columns += [asked.to.column("score")] if scored else []
    columns += [asked.to.column("best")] if scored and mixed else []
    columns += [asked.to.column("place")] if placed else []
    columns.append(asked.to.column("text", wrap=True))
    rows: list[tuple[Cell, ...]] = []
    for one in chosen:
        at = one.answered_at
        row: list[Cell] = [local_day(at, asked.view.timezone) if at else None]
        row += [one.score] if scored else []
        row += [one.highest] if scored and mixed else []
        row += [None if one.place is None else mask_text(one.place)] if placed else []
        rows.append((*row, _cut(one.text)))
    title = asked.to.say(f"mood_{mood}", shown=len(chosen), n=n)
    return Table(title, tuple(columns), tuple(rows))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST].rstrip() + "…"
