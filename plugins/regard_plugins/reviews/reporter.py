"""The reporter ``reviews``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Final

from pydantic import Field

from regard.findings import Finding, Severity
from regard.measures import ratings
from regard.measures.freshness import concerned
from regard.measures.intervals import clear_difference
from regard.measures.periods import last_days, resolve_period
from regard.measures.ratings import Rated
from regard.privacy import mask_text
from regard.render.formats import number
from regard.render.phrases import Speaker
from regard.render.words import LANGUAGES
from regard.reporters import ReportContext, Reporter
from regard.reports import Period, Point, Report, Section, Series, Table
from regard.settings.params import PeriodParams
from regard.views import View
from regard_plugins.reviews.words import PHRASES

__all__ = ["Reviews", "ReviewsParams"]

_LATE_DAYS: Final = 60
"""The last days of a period that are compared with what was before them in it."""

_STATUSES: Final = 3
"""How many unknown words to name."""


class ReviewsParams(PeriodParams):
    """
    What can be asked of the report.

    Attributes:
        rows: How many bad reviews to show.
    """

    rows: int = Field(8, ge=0, le=200)


@dataclass(frozen=True, slots=True)
class _Asked:
    view: View
    to: Speaker
    period: Period
    rows: int

    def whose(self, competitor: str | None) -> str:
        return self.to.say("us") if competitor is None else competitor


class Reviews(Reporter[ReviewsParams]):
    """
    Says how we and competitors are rated in public, over time, and what the bad ones say.

    Under ``[reports.NAME]`` in ``regard.toml``::

        [reports.ratings]
        reporter = "reviews"
        params = {since = "365d"}
    """

    name: ClassVar[str] = "reviews"
    title: ClassVar[str] = "what public reviews say of us and of competitors"
    Params: ClassVar[type[ReviewsParams]] = ReviewsParams

    def report(self, view: View, params: ReviewsParams, ctx: ReportContext) -> Report:
        """Make the report."""
        period = resolve_period(
            params.since, params.until, now=view.now, timezone=view.timezone
        ) or last_days(365, now=view.now, timezone=view.timezone)
        language = view.language if view.language in LANGUAGES else "en"
        asked = _Asked(view, Speaker(PHRASES, language), period, params.rows)
        found = ratings.ratings(view, period)
        sections = (
            [_rated(asked, found), *_bad(asked), *_monthly(asked)]
            if found
            else [Section(asked.to.say("rated"), note=_with_unlisted(asked, "nothing"))]
        )
        return Report(
            self.name,
            asked.to.say("title"),
            view.now,
            sections,
            sources=concerned(view, ("review",)),
            period=period,
            language=language,
        )


def _rated(asked: _Asked, found: Sequence[Rated]) -> Section:
    columns = (
        asked.to.column("whose"),
        asked.to.column("rating"),
        asked.to.column("low"),
        asked.to.column("high"),
        asked.to.column("n"),
        asked.to.column("reviews"),
        asked.to.column("replied", "%"),
        asked.to.column("days", "days"),
    )
    rows = tuple(
        (
            asked.whose(one.competitor),
            one.rating.value,
            one.rating.low,
            one.rating.high,
            one.rating.n,
            one.reviews,
            one.replied.value,
            one.reply_days,
        )
        for one in found
    )
    table = Table(asked.to.say("table"), columns, rows, _with_unlisted(asked, "table_note"))
    return Section(
        asked.to.say("rated"),
        tables=(table, *_held(asked)),
        findings=(*_worse(asked, found), *_turned(asked)),
    )


def _with_unlisted(asked: _Asked, name: str) -> str:
    """Return a note, with what counts once or is left out because it is not public."""
    found = ratings.unlisted(asked.view, asked.period)
    hidden = sum(one.n for one in found if one.status is None)
    strange = [one for one in found if one.status is not None]
    told = [asked.to.say(name)]
    if twice := ratings.in_several(asked.view, asked.period):
        told.append(asked.to.say("twice", n=twice))
    if hidden:
        told.append(asked.to.say("hidden", n=hidden))
    if strange:
        words = ", ".join(f"“{one.status}”" for one in strange[:_STATUSES])
        more = ", …" if len(strange) > _STATUSES else ""
        count = sum(one.n for one in strange)
        told.append(asked.to.say("strange", n=count, words=words + more))
    return " ".join(told)


def _held(asked: _Asked) -> list[Table]:
    """Say how many of the reviews that sites state we hold."""
    found = ratings.held(asked.view)
    if not found:
        return []
    columns = (
        asked.to.column("whose"),
        asked.to.column("held"),
        asked.to.column("stated"),
        asked.to.column("coverage", "%"),
    )
    rows = tuple(
        (asked.whose(one.competitor), one.held, one.stated, one.coverage) for one in found
    )
    note = asked.to.say("held_note")
    if loose := sum(one.loose for one in found):
        note += " " + asked.to.say("held_loose", n=loose)
    return [Table(asked.to.say("held_table"), columns, rows, note)]


def _worse(asked: _Asked, found: Sequence[Rated]) -> tuple[Finding, ...]:
    ours = next((one for one in found if one.competitor is None), None)
    if ours is None or ours.rating.value is None:
        return ()
    told = []
    for one in found:
        if one.competitor is None or one.rating.value is None:
            continue
        gap = clear_difference(one.rating, ours.rating, comparisons=max(1, len(found) - 1))
        if gap is not None and gap > 0:
            text = asked.to.say(
                "finding_worse",
                ours=_stars(ours.rating.value, asked.to),
                theirs=_stars(one.rating.value, asked.to),
                competitor=one.competitor,
            )
            told.append(Finding("rated-worse", text, subject=one.competitor, value=gap,
                                n=ours.rating.n + one.rating.n))  # fmt: skip
    return tuple(told)


def _turned(asked: _Asked) -> tuple[Finding, ...]:
    """Say whose ratings of late are not those of before."""
    until = asked.period.until or asked.view.now
    middle = until - timedelta(days=_LATE_DAYS)
    if asked.period.since is not None and asked.period.since >= middle:
        return ()
    before = ratings.ratings(asked.view, Period(asked.period.since, middle))
    late = {one.competitor: one for one in ratings.ratings(asked.view, Period(middle, until))}
    told = []
    for one in before:
        now = late.get(one.competitor)
        if now is None:
            continue
        gap = clear_difference(now.rating, one.rating, comparisons=len(before))
        if gap is None:
            continue
        name = "finding_fell" if gap < 0 else "finding_rose"
        text = asked.to.say(
            name,
            whose=asked.whose(one.competitor),
            days=_LATE_DAYS,
            late=_stars(now.rating.value, asked.to),
            before=_stars(one.rating.value, asked.to),
        )
        worse = gap < 0 and one.competitor is None
        told.append(
            Finding(
                "rating-fell" if gap < 0 else "rating-rose",
                text,
                Severity.WARNING if worse else Severity.INFO,
                asked.whose(one.competitor),
                value=gap,
                n=now.rating.n + one.rating.n,
            )
        )
    return tuple(told)


def _stars(value: Decimal | None, to: Speaker) -> str:
    return "–" if value is None else number(value, to.language, 2)


def _monthly(asked: _Asked) -> list[Section]:
    points: dict[str | None, list[Point]] = {}
    for whose, month, mean, n in ratings.monthly_ratings(asked.view, asked.period):
        points.setdefault(whose, []).append(Point(month, mean, n))
    series = tuple(
        Series(
            f"rating.{whose or 'us'}",
            asked.to.say("series", whose=whose) if whose else asked.to.say("our_series"),
            tuple(found),
        )
        for whose, found in points.items()
        if len(found) > 1
    )
    return [Section(asked.to.say("monthly"), series=series)] if series else []


def _bad(asked: _Asked) -> list[Section]:
    found = ratings.bad_reviews(asked.view, asked.period, limit=asked.rows)
    if not found:
        return []
    # Reviews of a shop as a whole are of no product: a column of nothing is room for words.
    of_products = any(one.product is not None for one in found)
    columns = (
        asked.to.column("on"),
        asked.to.column("whose"),
        asked.to.column("rating"),
        *((asked.to.column("product", wrap=True),) if of_products else ()),
        asked.to.column("said", wrap=True),
    )
    rows = tuple(
        (
            one.on,
            asked.whose(one.competitor),
            one.rating,
            *((one.product,) if of_products else ()),
            None if one.text is None else mask_text(one.text),
        )
        for one in found
    )
    table = Table(asked.to.say("bad_table"), columns, rows, asked.to.say("bad_note"))
    return [Section(asked.to.say("bad"), tables=(table,))]
