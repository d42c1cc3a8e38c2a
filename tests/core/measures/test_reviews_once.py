"""A review that stands in two sources counts once, on values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regard.measures.ratings import bad_reviews, in_several, ratings, stars
from regard.reports import Period

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LAST = Period(NOW - timedelta(days=30), NOW)
LONG = "It came a week late, and the box was torn at one corner."
D = Decimal
Market = Callable[..., Any]


def said(source: str, text: str | None = LONG, norm: str = "0.25", **more: Any) -> dict[str, Any]:
    """Return a review of ours in a source, two stars, from yesterday."""
    rating = {"rating_norm": D(norm), "rating": 1 + 4 * D(norm)}
    return {"source": source, "text": text, "published_at": ago(1), **rating, **more}


def ago(days: float) -> datetime:
    """Return a time so many days before now."""
    return NOW - timedelta(days=days)


def counted(view: Any) -> tuple[int, int]:
    """Return how many reviews count, and how many of them stand in several sources."""
    (found,) = ratings(view, LAST)
    return found.reviews, in_several(view, LAST)


def test_site_and_export(market: Market) -> None:
    """The same words in other case and spacing count once, with the answer that one has."""
    view = market(
        review=[
            said("site"),
            said("export", f"  {LONG.upper()} \n", reply_text="Sorry", published_at=ago(9)),
        ]
    )
    (found,) = ratings(view, LAST)

    assert (1, 1, D(100)) == (found.reviews, found.rating.n, found.replied.value)
    assert [(5, 0), (4, 0), (3, 0), (2, 1), (1, 0)] == stars(view, LAST, None)
    assert 1 == len(bad_reviews(view, LAST, limit=9))
    assert 1 == in_several(view, LAST)


def test_two_of_one_source_are_two(market: Market) -> None:
    """Two alike in one source and one in another: two count, one of them twice seen."""
    view = market(review=[said("site"), said("site"), said("export")])

    assert (2, 1) == counted(view)


@pytest.mark.parametrize(
    ("other", "reviews"),
    [
        ({"norm": "0.5"}, 2),
        ({"text": LONG + " Never again."}, 2),
        ({"published_at": ago(20)}, 1),
        ({"published_at": None, "text": LONG}, 1),
    ],
)
def test_long_words(other: dict[str, Any], reviews: int, market: Market) -> None:
    """Many words are the same review on any day, but not with another rating or an end more."""
    view = market(review=[said("site"), said("export", **other)])

    assert reviews == sum(one.reviews for one in ratings(view, None))


@pytest.mark.parametrize(("days", "reviews"), [(1, 1), (1.3, 1), (2.6, 2)])
def test_few_words_only_on_one_day(days: float, reviews: int, market: Market) -> None:
    """Two people write "Good" on two days; on one day it is taken for the same review."""
    view = market(review=[said("site", "Good"), said("export", "good", published_at=ago(days))])

    assert reviews == counted(view)[0]


def test_of_other_subjects(market: Market) -> None:
    """The same words about us and about a competitor are two reviews."""
    view = market(review=[said("site"), said("export", competitor="Rival")])

    assert [1, 1] == [one.reviews for one in ratings(view, LAST)]


def test_without_a_text(market: Market) -> None:
    """Without words only the same author on the same day with the same rating is one review."""
    alike = {"author_hash": "a1"}
    view = market(
        review=[
            said("site", None, **alike),
            said("export", None, **alike),
            said("export", None, norm="1", **alike),
            said("export", None, author_hash="b2"),
            said("other", None),
        ]
    )

    assert (4, 1) == counted(view)


def test_the_same_author_in_other_words(market: Market) -> None:
    """A text that one source cuts short is known by its author and day; the whole one is shown."""
    view = market(
        review=[
            said("site", LONG[:20], author_hash="a1"),
            said("export", LONG, author_hash="a1"),
        ]
    )
    (shown,) = bad_reviews(view, LAST, limit=9)

    assert LONG == shown.text
    assert (1, 1) == counted(view)


def test_an_author_of_several_articles(market: Market) -> None:
    """Who reviews a lamp and a sofa on one day wrote two reviews; the lamp's stand together."""
    view = market(
        review=[
            said("site", LONG[:20], author_hash="a1", product_name="Lamp", sku="L1"),
            said("export", LONG[::-1], author_hash="a1", product_name="Sofa"),
            said("export", LONG, author_hash="a1", product_name="LAMP "),
        ]
    )

    assert (2, 1) == counted(view)


@pytest.mark.parametrize("text", ["Good", f"[{LONG}] Good"])
def test_few_words_of_other_articles(text: str, market: Market) -> None:
    """Few words of a lamp are not those of a sofa, whatever a service adds in brackets."""
    view = market(
        review=[
            said("site", text, product_name="Lamp"),
            said("export", text, product_name="Sofa"),
            said("other", text, product_name="Lamp"),
        ]
    )

    assert (2, 1) == counted(view)


def test_one_author_twice_in_each_source(market: Market) -> None:
    """Two reviews by one author on one day in both sources stay two, not one and not four."""
    both = [
        said(source, text, author_hash="a1") for source in ("site", "export")
        for text in (LONG, LONG[::-1])
    ]  # fmt: skip

    assert (2, 2) == counted(market(review=both))


def test_what_is_not_public_takes_nothing_away(market: Market) -> None:
    """A removed copy leaves the public one alone."""
    view = market(review=[said("site"), said("export", status="removed", reply_text="Sorry")])

    assert (1, 0) == counted(view)
