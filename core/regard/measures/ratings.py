"""What public reviews say of us and of competitors: ratings, how many, and who is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from regard.measures.cells import as_count, as_day, as_number, as_text
from regard.measures.intervals import Estimate, mean_estimate, share_estimate
from regard.measures.periods import bounds
from regard.reports import Period
from regard.views import View

__all__ = [
    "ArticleRating",
    "BadReview",
    "Held",
    "Rated",
    "Unlisted",
    "article_ratings",
    "bad_reviews",
    "held",
    "in_several",
    "monthly_ratings",
    "ratings",
    "stars",
    "unlisted",
]

_PUBLIC: Final = (
    *("live", "published", "approved", "active", "visible", "online", "public"),
    *("publicada", "publicado", "aprobada", "aprobado", "publie", "publiee", "approuve"),
    *("approuvee", "en ligne"),
)
"""What a review is called that everybody can read; folded."""
_HIDDEN: Final = (
    *("pending", "submitted", "moderation", "in moderation", "flagged", "reported"),
    *("removed", "deleted", "rejected", "refused", "hidden", "unpublished", "discarded"),
    *("archived", "offline", "draft", "spam", "inactive"),
    *("pendiente", "retirada", "retirado", "eliminada", "eliminado", "rechazada", "rechazado"),
    *("oculta", "oculto", "denunciada", "denunciado", "en attente", "en moderation"),
    *("supprime", "supprimee", "refuse", "refusee", "rejete", "rejetee", "masque", "masquee"),
    *("signale", "signalee", "hors ligne"),
)
"""What one is called that nobody can read, not yet or no more, or whose standing is in doubt."""

_ALL: Final = f"""
    WITH every AS (
        SELECT * REPLACE (CASE WHEN norm BETWEEN 0 AND 1 THEN norm END AS rating_norm)
        FROM (SELECT *, coalesce(competitor_of(competitor), competitor) AS whose,
                     coalesce(rating_norm, CASE WHEN best_rating > coalesce(worst_rating, 1)
                         THEN CAST((rating - coalesce(worst_rating, 1))
                                   / (best_rating - coalesce(worst_rating, 1)) AS DECIMAL(18,6))
                     END) AS norm,
                     CASE WHEN nullif(trim(status), '') IS NULL OR folded(status) IN {_PUBLIC}
                          THEN true WHEN folded(status) IN {_HIDDEN} THEN false END AS listed
              FROM reviews)
    )"""
_FULLEST: Final = """ORDER BY nullif(trim(reply_text), '') IS NULL,
            length(coalesce(text, '')) DESC, source, key"""
"""Of the same review in several sources, the one that says most speaks."""
_LONG: Final = 40
"""From so many characters on, nobody else writes the same by chance."""
_FORMULA: Final = r"\[[^\[\]]*\]"
"""What services add to many texts, such as that the author was given the article."""

_NAMED: Final = f"""{_ALL}, worded AS (
        SELECT *, folded(coalesce(nullif(trim(text), ''), title)) AS said,
               source || chr(31) || key AS itself,
               CAST(timezone($zone, published_at) AS DATE) || chr(31) || coalesce(
                   nullif(folded(product_name), ''), nullif(folded(sku), ''), '') AS occasion
        FROM every WHERE listed
    ), by_words AS (
        SELECT *, CASE WHEN length(regexp_replace(said, '{_FORMULA}', '', 'g')) >= {_LONG}
                       THEN said ELSE coalesce(said || chr(31) || occasion, itself) END AS words
        FROM worded
    ), nth_words AS (
        SELECT *, row_number() OVER (PARTITION BY whose, rating_norm, words, source
                                     ORDER BY published_at, key) AS nth
        FROM by_words
    ), once_by_words AS (
        SELECT *, count(*) OVER same AS copies FROM nth_words
        WINDOW same AS (PARTITION BY whose, rating_norm, words, nth)
        QUALIFY row_number() OVER (PARTITION BY whose, rating_norm, words, nth {_FULLEST}) = 1
    ), by_author AS (
        -- What has its second already needs no third: its author may have written two of there.
        SELECT *, CASE WHEN copies > 1 THEN itself
                       ELSE coalesce(author_hash || chr(31) || occasion, itself) END AS author
        FROM once_by_words
    ), nth_author AS (
        SELECT * REPLACE (row_number() OVER (PARTITION BY whose, rating_norm, author, source
                                             ORDER BY published_at, key) AS nth)
        FROM by_author
    ), named AS (
        SELECT * REPLACE (greatest(copies, count(*) OVER same) AS copies) FROM nth_author
        WINDOW same AS (PARTITION BY whose, rating_norm, author, nth)
        QUALIFY row_number() OVER (PARTITION BY whose, rating_norm, author, nth {_FULLEST}) = 1
    )"""
"""
The reviews that count: those that are public, each once. ``$zone`` says where a day begins.

A rating beyond its own scale is none; the worst is one where nobody says otherwise. A review
whose status says nothing is public.

What stands in several sources, as on a site's pages and in the export of a service, counts once:
reviews of one subject with the same rating and either the same words (case, accents, quotes and
spaces aside; fewer than 40 characters, brackets aside, only on the same day and of the same
article) or the same author on the same day and of the same article. Articles are the same where
their names are, or their numbers where they have none, or where no article is named.
Two of one source are always two: of three "Good" in one source and two in another, three count.
Authors are hashed with their provider, so they tell only where two sources name the same one.
"""
_STARS: Final = "(1 + 4 * rating_norm)"
"""Ratings of all scales on the one of one to five."""

_SCALE: Final = (Decimal(1), Decimal(5))


@dataclass(frozen=True, slots=True)
class Rated:
    """
    How somebody is rated.

    Attributes:
        competitor: By the name in reports; None: we.
        rating: The mean on a scale of 1 to 5, with its interval.
        replied: The share of reviews that were answered.
        reply_days: The median number of days until then; None: nobody can tell.
        reviews: All reviews, also those without a rating.
    """

    competitor: str | None
    rating: Estimate
    replied: Estimate
    reply_days: Decimal | None
    reviews: int


@dataclass(frozen=True, slots=True)
class Unlisted:
    """
    Reviews that do not count, because they are not public.

    Attributes:
        status: What their sources say; None: what is known not to be public, together.
        n: How many.
    """

    status: str | None
    n: int


@dataclass(frozen=True, slots=True)
class BadReview:
    """
    One of the worst of the newest reviews; its text is not masked yet.

    Attributes:
        rating: On a scale of 1 to 5.
    """

    competitor: str | None
    on: date | None
    rating: Decimal | None
    product: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class ArticleRating:
    """
    What reviews say of one article of a competitor.

    Attributes:
        rating: The mean of those that are held, 1 to 5; None: none of them has one.
        rated: How many ratings that is.
        reviews: How many reviews its page states, else as many as are held.
    """

    rating: Decimal | None
    rated: int
    reviews: int


@dataclass(frozen=True, slots=True)
class Held:
    """
    How many reviews are held, of those that the sites state.

    Attributes:
        competitor: By the name in reports; None: we.
        held: Those that are stored and public, of the articles or pages that state a count.
        stated: How many these say that there are.
        loose: So many of them are of pages that count ratings, also those without a text.
    """

    competitor: str | None
    held: int
    stated: int
    loose: int = 0

    @property
    def coverage(self) -> Decimal | None:
        """The share that is held, in percent; None: none is stated."""
        if not self.stated:
            return None
        return (Decimal(100 * self.held) / self.stated).quantize(Decimal("0.1"))


_ABOUT: Final = """unnest(['sku:' || sku, 'gtin:' || gtin, 'product_name:' || product_name,
                              regexp_replace(url, '[?#].*$', '')])"""
"""All that a stated count may be about which a review belongs to: see ``reviews.stated``."""


def held(view: View) -> Sequence[Held]:
    """
    Return how many of the reviews that sites state are held, ours first.

    Only reviews of what a count is stated of are held of it; others would make up for them.
    """
    query = f"""{_ALL}, told AS (
            SELECT source, {_ABOUT} AS about,
                   valid_to IS NOT NULL OR deleted_at IS NOT NULL AS over
            FROM reviews_history
        ), gone AS (
            -- All of an article's reviews were withdrawn: it is sold no longer.
            SELECT source, about FROM told WHERE about IS NOT NULL
            GROUP BY source, about HAVING bool_and(over)
        ), named AS (
            SELECT source, subject, value, unit,
                   json_extract_string(extra, '$.competitor') AS competitor
            FROM facts
            WHERE name = 'reviews.stated' AND (source, subject) NOT IN (FROM gone)
        ), counts AS (
            SELECT *, coalesce(competitor_of(competitor), competitor) AS whose FROM named
        ), stated AS (
            SELECT whose, sum(value) AS n, sum(value) FILTER (unit = 'ratings') AS loose
            FROM counts GROUP BY whose
        ), kept AS (
            SELECT source, key, {_ABOUT} AS about FROM every WHERE listed
        ), met AS (
            SELECT c.whose, count(DISTINCT (k.source, k.key)) AS n
            FROM kept AS k JOIN counts AS c ON c.source = k.source AND c.subject = k.about
            GROUP BY c.whose
        )
        SELECT s.whose, coalesce(m.n, 0) AS held, CAST(s.n AS BIGINT) AS stated,
               CAST(coalesce(s.loose, 0) AS BIGINT) AS loose
        FROM stated AS s LEFT JOIN met AS m ON m.whose IS NOT DISTINCT FROM s.whose
        ORDER BY s.whose NULLS FIRST"""
    return [
        Held(as_text(whose), as_count(have), as_count(stated), as_count(loose))
        for whose, have, stated, loose in view.sql(query).rows()
    ]


def ratings(view: View, period: Period | None) -> Sequence[Rated]:
    """
    Return how we and competitors are rated, we first, then the best.

    Formula: the mean of ratings brought to 1 to 5, with Student's interval; see
    `regard.measures.intervals.mean_estimate`.
    """
    query = f"""{_NAMED}
        SELECT whose, count(*) AS reviews, count(rating_norm) AS n,
               CAST(avg({_STARS}) AS DECIMAL(18,6)) AS mean,
               CAST(stddev_samp({_STARS}) AS DECIMAL(18,6)) AS deviation,
               count(nullif(trim(reply_text), '')) AS replied,
               CAST(round(median(epoch(replied_at) - epoch(published_at))
                          FILTER (replied_at >= published_at) / 86400, 1) AS DECIMAL(12,1)) AS days
        FROM named
        WHERE (published_at IS NULL AND CAST($since AS TIMESTAMPTZ) IS NULL)
           OR (published_at >= coalesce(CAST($since AS TIMESTAMPTZ), published_at)
               AND (CAST($until AS TIMESTAMPTZ) IS NULL OR published_at < $until))
        GROUP BY whose ORDER BY whose IS NOT NULL, mean DESC NULLS LAST, whose"""
    return [
        Rated(
            as_text(whose),
            mean_estimate(as_count(n), as_number(mean), as_number(deviation), scale=_SCALE),
            share_estimate(as_count(replied), as_count(reviews)),
            as_number(days),
            as_count(reviews),
        )
        for whose, reviews, n, mean, deviation, replied, days in view.sql(
            query, zone=view.timezone, **bounds(period)
        ).rows()
    ]


def stars(view: View, period: Period | None, competitor: str | None) -> Sequence[tuple[int, int]]:
    """
    Return how many ratings have how many stars, from five to one; empty: there are none.

    Args:
        view: What to read.
        period: When they were published.
        competitor: Whose they are, by the name in reports; None: ours.
    """
    query = f"""{_NAMED}
        SELECT CAST(round({_STARS}) AS INTEGER) AS stars, count(*) AS n
        FROM named
        WHERE rating_norm IS NOT NULL AND whose IS NOT DISTINCT FROM $whose
              AND published_at >= coalesce(CAST($since AS TIMESTAMPTZ), published_at)
              AND (CAST($until AS TIMESTAMPTZ) IS NULL OR published_at < $until)
        GROUP BY stars"""
    rows = view.sql(query, whose=competitor, zone=view.timezone, **bounds(period)).rows()
    found = {as_count(each): as_count(n) for each, n in rows}
    return [(each, found.get(each, 0)) for each in range(5, 0, -1)] if found else []


def unlisted(view: View, period: Period | None) -> Sequence[Unlisted]:
    """
    Return the reviews that do not count, those known not to be public first.

    A status that is neither known to be public nor not to be is named.
    """
    query = f"""{_ALL}
        SELECT CASE WHEN listed IS NULL THEN left(trim(status), 40) END AS word, count(*) AS n
        FROM every
        WHERE listed IS NOT TRUE AND (
            (published_at IS NULL AND CAST($since AS TIMESTAMPTZ) IS NULL)
            OR (published_at >= coalesce(CAST($since AS TIMESTAMPTZ), published_at)
                AND (CAST($until AS TIMESTAMPTZ) IS NULL OR published_at < $until)))
        GROUP BY word ORDER BY word IS NOT NULL, n DESC, word"""
    rows = view.sql(query, **bounds(period)).rows()
    return [Unlisted(as_text(word), as_count(n)) for word, n in rows]


def in_several(view: View, period: Period | None) -> int:
    """Return how many of the reviews that count stand in several sources, and count once."""
    query = f"""{_NAMED}
        SELECT count(*) AS n FROM named
        WHERE copies > 1 AND (
            (published_at IS NULL AND CAST($since AS TIMESTAMPTZ) IS NULL)
            OR (published_at >= coalesce(CAST($since AS TIMESTAMPTZ), published_at)
                AND (CAST($until AS TIMESTAMPTZ) IS NULL OR published_at < $until)))"""
    return as_count(view.sql(query, zone=view.timezone, **bounds(period)).one()["n"])


def article_ratings(view: View, competitor: str) -> Mapping[str, ArticleRating]:
    """
    Return what reviews of any time say of a competitor's articles, by all that names these.

    Args:
        view: What to read.
        competitor: By the name in reports.

    Returns:
        By ``sku:``, ``gtin:`` or ``product_name:`` and the value, or by an address.
    """
    query = f"""{_NAMED}, met AS (
            SELECT {_ABOUT} AS about, rating_norm FROM named WHERE whose = $rival
        ), kept AS (
            SELECT about, count(*) AS n, count(rating_norm) AS rated,
                   CAST(round(avg({_STARS}), 2) AS DECIMAL(6,2)) AS mean
            FROM met WHERE about IS NOT NULL GROUP BY about
        ), said AS (
            SELECT subject AS about, CAST(max(value) AS BIGINT) AS n FROM facts
            WHERE name = 'reviews.stated'
                  AND coalesce(competitor_of(json_extract_string(extra, '$.competitor')),
                               json_extract_string(extra, '$.competitor')) = $rival
            GROUP BY subject
        )
        SELECT coalesce(k.about, s.about) AS about, k.mean, coalesce(k.rated, 0) AS rated,
               coalesce(s.n, k.n) AS n
        FROM kept AS k FULL JOIN said AS s ON s.about = k.about"""
    rows = view.sql(query, rival=competitor, zone=view.timezone).rows()
    return {
        str(about): ArticleRating(as_number(mean), as_count(rated), as_count(n))
        for about, mean, rated, n in rows
    }


def monthly_ratings(
    view: View, period: Period | None
) -> Sequence[tuple[str | None, date, Decimal, int]]:
    """Return the mean rating of each month with its count, by whose reviews they are."""
    query = f"""{_NAMED}
        SELECT whose,
               CAST(date_trunc('month', timezone($zone, published_at)) AS DATE) AS month,
               CAST(round(avg({_STARS}), 2) AS DECIMAL(6,2)) AS mean, count(*) AS n
        FROM named
        WHERE rating_norm IS NOT NULL
              AND published_at >= coalesce(CAST($since AS TIMESTAMPTZ), published_at)
              AND (CAST($until AS TIMESTAMPTZ) IS NULL OR published_at < $until)
        GROUP BY whose, month ORDER BY whose NULLS FIRST, month"""
    found = []
    for whose, month, mean, n in view.sql(query, zone=view.timezone, **bounds(period)).rows():
        day, value = as_day(month), as_number(mean)
        if day is not None and value is not None:
            found.append((as_text(whose), day, value, as_count(n)))
    return found


def bad_reviews(view: View, period: Period | None, *, limit: int) -> Sequence[BadReview]:
    """Return the newest reviews of at most two of five stars."""
    query = f"""{_NAMED}
        SELECT whose, CAST(timezone($zone, published_at) AS DATE) AS on_day,
               CAST(round({_STARS}, 2) AS DECIMAL(6,2)) AS stars, product_name,
               coalesce(text, title) AS said
        FROM named
        WHERE rating_norm <= 0.25
              AND published_at >= coalesce(CAST($since AS TIMESTAMPTZ), published_at)
              AND (CAST($until AS TIMESTAMPTZ) IS NULL OR published_at < $until)
        ORDER BY published_at DESC, key LIMIT $limit"""
    rows = view.sql(query, zone=view.timezone, limit=limit, **bounds(period)).rows()
    return [
        BadReview(as_text(whose), as_day(on), as_number(rating), as_text(product), as_text(said))
        for whose, on, rating, product, said in rows
    ]
