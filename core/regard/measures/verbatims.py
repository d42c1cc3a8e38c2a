"""
Verbatims: what customers wrote themselves, by how content they were, safe to be shown.

A few of each group are enough to hear the tone; they are the newest, so that nobody picks
those that please. Addresses and numbers in them are masked, and the names that are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from regard.measures.answers import FITTING, IN_PERIOD, SCORED
from regard.measures.cells import as_count, as_number, as_text, as_time
from regard.measures.periods import bounds
from regard.privacy import mask_names, mask_text
from regard.reports import Period
from regard.views import Value, View

__all__ = ["MOODS", "Mood", "Verbatim", "Verbatims", "known_names", "masked", "verbatims"]

Mood: TypeAlias = Literal["unhappy", "between", "happy", "unscored"]

MOODS: Final[tuple[Mood, ...]] = ("unhappy", "between", "happy", "unscored")

_LONGEST: Final = 4_000
"""So many characters of one text are looked at."""

_PLAIN: Final = r"regexp_replace(lower(strip_accents({})), '\s+', ' ', 'g')"
"""Case, accents and the width of spaces make no difference between two names."""

_MOOD: Final = """\
CASE WHEN metric = 'nps' AND score >= 9 THEN 'happy'
     WHEN metric = 'nps' AND score <= 6 THEN 'unhappy'
     WHEN metric = 'nps' THEN 'between'
     WHEN (score - low) >= 0.75 * (high - low) THEN 'happy'
     WHEN (score - low) < 0.5 * (high - low) THEN 'unhappy'
     ELSE 'between' END"""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """
    One text.

    Attributes:
        mood: ``unhappy`` (NPS 0 to 6, else below the middle of the scale), ``between``,
            ``happy`` (NPS 9 and 10, else its upper quarter), or ``unscored``.
        score: What the same response scored; None: nothing.
        highest: The best score of that scale; None: there is no score.
        text: Masked.
        answered_at: When; None: unknown.
        place: Where, as reports call it; None: unknown.
    """

    mood: Mood
    score: Decimal | None
    highest: Decimal | None
    text: str
    answered_at: datetime | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Verbatims:
    """
    Some texts of all there are.

    Attributes:
        chosen: The newest of each mood, unhappy ones first.
        counts: For each mood how many texts there are.
    """

    chosen: tuple[Verbatim, ...]
    counts: tuple[tuple[Mood, int], ...]

    @property
    def n(self) -> int:
        """All texts."""
        return sum(count for _, count in self.counts)


_TEXTS = f"""
    WITH scored AS ({SCORED}),
         moods AS (
            SELECT source, coalesce(nullif(response_key, ''), key) AS response,
                   -- One response may score several things; recommending says most.
                   min_by({_MOOD}, rank) AS mood, min_by(score, rank) AS score,
                   min_by(high, rank) AS high
            FROM (SELECT *, CASE metric WHEN 'nps' THEN 1 WHEN 'csat' THEN 2
                                        WHEN 'rating' THEN 3 ELSE 4 END AS rank
                  FROM scored WHERE {FITTING})
            GROUP BY ALL
         ), texts AS (
            SELECT a.source, a.key, a.answered_at, coalesce(m.mood, 'unscored') AS mood,
                   m.score, m.high
            FROM answers AS a LEFT JOIN moods AS m
                 ON m.source = a.source
                    AND m.response = coalesce(nullif(a.response_key, ''), a.key)
            WHERE trim(a.text) <> '' AND {IN_PERIOD.replace("answered_at", "a.answered_at")}
         )"""


def verbatims(view: View, period: Period, *, limit: int = 3) -> Verbatims:
    """
    Return the newest texts of each mood, masked.

    Args:
        view: What to read.
        period: In which they were written.
        limit: How many of each mood.
    """
    query = f"""{_TEXTS}, chosen AS (
            SELECT source, key, mood, score, high, answered_at FROM texts
            QUALIFY row_number() OVER (
                PARTITION BY mood ORDER BY answered_at DESC NULLS LAST, source, key) <= $limit
        )
        SELECT c.mood, c.score, left(a.text, {_LONGEST}) AS text, c.answered_at,
               place_of(a.place) AS place, a.source, a.customer_key, a.email,
               c.high
        FROM chosen AS c JOIN answers AS a ON a.source = c.source AND a.key = c.key
        ORDER BY c.answered_at DESC NULLS LAST, c.source, c.key"""
    rows = view.sql(query, limit=limit, **bounds(period)).rows()
    counted = view.sql(
        f"{_TEXTS} SELECT mood, count(*) AS n FROM texts GROUP BY mood", **bounds(period)
    )
    counts = {str(mood): as_count(n) for mood, n in counted.rows()}
    texts = [str(row[2]) for row in rows]
    names = [*known_names(view, texts), *_own_names(view, rows)]
    chosen = [_verbatim(row, names) for row in rows]
    return Verbatims(
        tuple(sorted(chosen, key=lambda one: MOODS.index(one.mood))),
        tuple((mood, counts[mood]) for mood in MOODS if mood in counts),
    )


def _verbatim(row: tuple[Value, ...], names: Sequence[str]) -> Verbatim:
    mood, score, text, at, place, *_, highest = row
    return Verbatim(
        next(one for one in MOODS if one == mood),
        as_number(score),
        as_number(highest),
        masked(str(text), names),
        as_time(at),
        as_text(place),
    )


def masked(text: str, names: Sequence[str]) -> str:
    """Return a text without addresses, numbers and names."""
    return mask_names(mask_text(text), names)


def known_names(view: View, texts: Sequence[str]) -> list[str]:
    """
    Return the names in texts that belong to customers or to our own people.

    Of customers these are whole names, because a given name alone is often a word as well; of
    those who serve or visit, what is stored.
    """
    if not texts:
        return []
    query = f"""
        WITH names AS (
            SELECT trim(name) AS name FROM customers
            WHERE contains(trim(name), ' ') AND type IS DISTINCT FROM 'organisation'
            UNION SELECT trim(given_name) || ' ' || trim(family_name) FROM customers
            UNION SELECT trim(agent) FROM touchpoints
            UNION SELECT trim(evaluator) FROM visits
        )
        SELECT name FROM names
        WHERE length(name) >= 3 AND contains($texts, {_PLAIN.format("name")})"""
    folded = view.sql(f"SELECT {_PLAIN.format('$texts')} AS t", texts="\n".join(texts)).one()["t"]
    found = view.sql(query, texts=str(folded)).rows()
    return [str(name) for (name,) in found]


def _own_names(view: View, rows: Sequence[tuple[Value, ...]]) -> list[str]:
    """Return the parts of the names of those who wrote: they sign with their given name."""
    keys = sorted({f"{row[5]}\x1f{row[6]}" for row in rows if row[6]})
    addresses = sorted({str(row[7]).strip().lower() for row in rows if row[7]})
    query = """
        SELECT DISTINCT unnest([trim(given_name), trim(family_name), trim(name)]) AS name
        FROM customers AS c
        LEFT JOIN customer_sources AS s ON s.customers = c.source
        WHERE list_contains($keys, c.source || chr(31) || c.key)
           OR list_contains($keys, s.source || chr(31) || c.key)
           OR list_contains($addresses, lower(trim(c.email)))"""
    found = view.sql(query, keys=keys, addresses=addresses).rows()
    parts = {part for (name,) in found if name for part in (str(name), *str(name).split())}
    return sorted(part for part in parts if len(part) > 2)
