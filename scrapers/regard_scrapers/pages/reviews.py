"""From things to reviews, and to what a page states of all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from regard_scrapers.pages.dates import when
from regard_scrapers.pages.gtins import gtin
from regard_scrapers.pages.outcomes import FoundReview, PageProblem, StatedRating
from regard_scrapers.pages.ratings import Rating, count_of, normalised, rating_of
from regard_scrapers.pages.things import Thing, things_within

__all__ = ["reviews_of", "stated_rating"]

_REVIEWS: Final = ("Review", "UserReview", "CriticReview", "EmployerReview")
_LONGEST: Final = 20_000


def reviews_of(roots: Iterable[Thing], now: datetime) -> list[FoundReview]:
    """
    Return the reviews of a page, each once, in their order.

    Args:
        roots: The things that are not parts of others.
        now: When the page was fetched.
    """
    return [_review(review, subject, now) for review, subject in _reviews(list(roots))]


def _reviews(roots: list[Thing]) -> Iterator[tuple[Thing, Thing | None]]:
    """Yield reviews with what they are about."""
    seen: set[int] = set()
    for subject in things_within(roots):
        for review in subject.things("review", "reviews"):
            if review.is_a(*_REVIEWS) and id(review) not in seen:
                seen.add(id(review))
                yield review, subject
    for review in things_within(roots):
        if review.is_a(*_REVIEWS) and id(review) not in seen:
            seen.add(id(review))
            items = review.things("itemReviewed")
            yield review, items[0] if items else None


def _scale(thing: Thing) -> Rating | None:
    value = next((r for v in thing.all("ratingValue") if (r := rating_of(_plain(v)))), None)
    if value is None:
        return None
    best = rating_of(_plain(next(iter(thing.all("bestRating")), None)))
    worst = rating_of(_plain(next(iter(thing.all("worstRating")), None)))
    return Rating(
        value.value,
        best.value if best else value.best,
        worst.value if worst else value.worst,
    )


def _plain(value: object) -> object:
    return None if isinstance(value, Thing) else value


def _review(review: Thing, subject: Thing | None, now: datetime) -> FoundReview:
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    problems: list[PageProblem] = []
    _rate(review, fields, problems)
    texts = {
        "title": review.text("name", "headline"),
        "text": review.text("reviewBody", "description", "text"),
        "language": (review.text("inLanguage") or "")[:2].lower() or None,
        "url": review.text("url"),
    }
    fields |= {name: text[:_LONGEST] for name, text in texts.items() if text}
    published = when(review.text("datePublished", "dateCreated"), now)
    if published is not None:
        fields["published_at"] = published.at
        extra["published_precision"] = published.precision
    _about(review, subject, fields)
    _reply(review, fields, now)
    named = review.text("identifier") or review.id
    if named:
        extra["review_id"] = named[:200]
    if extra:
        fields["extra"] = extra
    author = review.text("author", "creator")
    return FoundReview(fields, author, review.syntax, review.path, tuple(problems))


def _rate(review: Thing, fields: dict[str, Any], problems: list[PageProblem]) -> None:
    given = review.things("reviewRating")
    rating = _scale(given[0]) if given else None
    if rating is None:
        plain = next((v for v in review.all("reviewRating", "ratingValue", "rating")), None)
        rating = rating_of(_plain(plain))
    if rating is None:
        return
    fields["rating"] = rating.value
    if rating.best is not None:
        fields["best_rating"] = rating.best
    if rating.worst is not None:
        fields["worst_rating"] = rating.worst
    norm = normalised(rating)
    if norm is None:
        text = f"a rating of {rating.value} does not lie on its scale, at {review.path}"
        problems.append(PageProblem("rating-off-scale", "rating", text))
    else:
        fields["rating_norm"] = norm


def _about(review: Thing, subject: Thing | None, fields: dict[str, Any]) -> None:
    items = review.things("itemReviewed")
    about = items[0] if items else subject
    name = about.text("name") if about is not None else review.text("itemReviewed")
    if name:
        fields["product_name"] = name[:500]
    if about is None:
        return
    sku = about.text("sku")
    if sku:
        fields["sku"] = sku[:200]
    number = next(
        (n for key in ("gtin", "gtin13", "gtin14", "gtin12", "gtin8") if (t := about.text(key))
         and (n := gtin(t))), None,
    )  # fmt: skip
    if number:
        fields["gtin"] = number


def _reply(review: Thing, fields: dict[str, Any], now: datetime) -> None:
    """Take the owner's reply: the first comment on the review."""
    for comment in review.things("comment", "reply", "ownerResponse"):
        text = comment.text("text", "reviewBody", "description")
        if text:
            fields["reply_text"] = text[:_LONGEST]
            replied = when(comment.text("dateCreated", "datePublished"), now)
            if replied is not None:
                fields["replied_at"] = replied.at
            return


def stated_rating(roots: Iterable[Thing]) -> StatedRating | None:
    """Return the first aggregate rating of a page; None: it states none."""
    for thing in things_within(roots):
        if not thing.is_a("AggregateRating", "EmployerAggregateRating"):
            continue
        rating = _scale(thing)
        ratings = count_of(_plain(next(iter(thing.all("ratingCount")), None)))
        reviews = count_of(_plain(next(iter(thing.all("reviewCount")), None)))
        if rating is None and ratings is None and reviews is None:
            continue
        value: Decimal | None = rating.value if rating else None
        return StatedRating(
            value,
            rating.best if rating else None,
            rating.worst if rating else None,
            ratings,
            reviews,
            thing.path,
        )
    return None
