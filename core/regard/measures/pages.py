"""Pages of the web site: which are of interest, which fail, and which nobody ever uses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from regard.measures.cells import as_count
from regard.measures.intervals import Estimate, share_estimate
from regard.measures.periods import bounds, during
from regard.reports import Period
from regard.views import Parameter, View

__all__ = ["Page", "Unused", "apart", "page_errors", "pages_viewed", "unused_pages"]


def _path(column: str) -> str:
    """Return the SQL of a page's path: without origin, query, fragment and last slash."""
    whole = f"split_part(split_part(trim({column}), '#', 1), '?', 1)"
    bare = f"regexp_replace({whole}, '^https?://[^/]*', '')"
    return f"coalesce(nullif(rtrim({bare}, '/'), ''), '/')"


_TOLD = "name = 'web.views' AND trim(subject) <> '' AND value > 0"
_FIRST = "CAST(CAST(timezone($zone, happened_at) AS DATE) AS VARCHAR)"
_UNTIL = "CAST(try_cast(json_extract_string(extra, '$.until') AS DATE) AS VARCHAR)"
_SEEN = f"""
    logged AS (
        SELECT {_path("url")} AS page, count(*) AS views FROM touchpoints
        WHERE channel = 'web' AND type = 'view' AND trim(url) <> ''
          AND coalesce(try_cast(outcome AS INTEGER), 200) < 400 AND {during("happened_at")}
        GROUP BY ALL
    ), told AS (
        SELECT {_path("subject")} AS page, CAST(sum(value) AS BIGINT) AS views FROM facts
        WHERE {_TOLD} AND {during("happened_at")}
          AND ({_UNTIL} IS NULL OR list_contains(string_split($reports, chr(30)),
               concat_ws(chr(31), source, {_FIRST}, {_UNTIL})))
        GROUP BY ALL
    ), seen AS (
        -- A log and an analytics service saw the same visits: the larger number stands.
        SELECT coalesce(l.page, t.page) AS page, greatest(l.views, t.views) AS views
        FROM logged AS l FULL JOIN told AS t ON t.page = l.page
    )"""


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page that was viewed.

    Attributes:
        path: Without origin and query.
        views: How often, by human beings.
    """

    path: str
    views: int


@dataclass(frozen=True, slots=True)
class Unused:
    """
    The pages that exist and nobody viewed.

    Attributes:
        paths: Some of them, in order of their path.
        unused: How many there are.
        pages: How many pages exist.
    """

    paths: tuple[str, ...]
    unused: int
    pages: int

    @property
    def share(self) -> Estimate:
        """Unused of all that exist, 0 to 100."""
        return share_estimate(self.unused, self.pages)


def _seen_in(view: View, period: Period) -> dict[str, Parameter]:
    """Return what the query of seen pages asks for: of reports that overlap only some count."""
    query = f"""
        SELECT DISTINCT source, {_FIRST} AS first, {_UNTIL} AS until FROM facts
        WHERE {_TOLD} AND {during("happened_at")} AND {_UNTIL} IS NOT NULL"""
    asked = {"zone": view.timezone, **bounds(period)}
    reports: dict[str, list[tuple[str, str]]] = {}
    for source, first, until in view.sql(query, **asked).rows():
        reports.setdefault(str(source), []).append((str(first), str(until)))
    counted = [
        "\x1f".join((source, *report))
        for source, found in reports.items()
        for report in apart(found)
    ]
    return asked | {"reports": "\x1e".join(counted)}


def apart(reports: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """
    Return those of some reports of which no two speak of one day, and which speak of most days.

    Whoever downloads the last 28 days every day has each day 28 times. Of as many days the
    fewest reports are taken, and then the latest ones.

    Args:
        reports: The first and the last day of each, as ISO writes them.
    """
    spans = sorted(
        (date.fromisoformat(last), date.fromisoformat(first)) for first, last in reports
    )
    ends = [last for last, _ in spans]
    best: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
    for at, (last, first) in enumerate(spans):
        days, count, taken = best[bisect_left(ends, first, hi=at)]
        with_it = (days + max((last - first).days + 1, 1), count - 1, (*taken, at))
        best.append(max(best[-1], with_it))
    return [(spans[at][1].isoformat(), spans[at][0].isoformat()) for at in best[-1][2]]


def pages_viewed(view: View, period: Period, *, limit: int = 10) -> tuple[tuple[Page, ...], int]:
    """Return the pages viewed most, and how many views there were of all pages."""
    query = f"""
        WITH {_SEEN}
        SELECT page, views, CAST(sum(views) OVER () AS BIGINT) AS n FROM seen
        ORDER BY views DESC, page LIMIT $limit"""
    rows = view.sql(query, limit=limit, **_seen_in(view, period)).rows()
    n = as_count(rows[0][2]) if rows else 0
    return tuple(Page(str(page), as_count(views)) for page, views, _ in rows), n


def unused_pages(view: View, period: Period, *, limit: int = 100) -> Unused:
    """
    Return the pages that exist, by sitemap or catalogue, and that nobody viewed.

    Where no view of any page is known, none is called unused: nobody has looked.
    """
    query = f"""
        WITH {_SEEN}, known AS (
            SELECT DISTINCT {_path("subject")} AS page FROM facts
            WHERE name = 'web.page' AND trim(subject) <> ''
        )
        SELECT page, (SELECT count(*) FROM known) AS pages, count(*) OVER () AS unused
        FROM known ANTI JOIN seen USING (page)
        WHERE EXISTS (SELECT 1 FROM seen) ORDER BY page LIMIT $limit"""
    rows = view.sql(query, limit=limit, **_seen_in(view, period)).rows()
    if rows:
        return Unused(
            tuple(str(row[0]) for row in rows), as_count(rows[0][2]), as_count(rows[0][1])
        )
    known = f"""
        WITH {_SEEN}
        SELECT count(DISTINCT {_path("subject")}) AS pages FROM facts
        WHERE name = 'web.page' AND trim(subject) <> '' AND EXISTS (SELECT 1 FROM seen)"""
    return Unused((), 0, as_count(view.sql(known, **_seen_in(view, period)).one()["pages"]))


def page_errors(view: View, period: Period) -> Estimate:
    """Return the share of page views with a status of 400 or more, of all with a status."""
    query = f"""
        WITH views AS (
            SELECT try_cast(outcome AS INTEGER) AS status FROM touchpoints
            WHERE channel = 'web' AND type = 'view' AND {during("happened_at")}
        )
        SELECT count(*) FILTER (status >= 400) AS failed, count(status) AS n FROM views"""
    row = view.sql(query, **bounds(period)).one()
    return share_estimate(as_count(row["failed"]), as_count(row["n"]))
