"""What public reviews say, on values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regard.directory import Directory, Named
from regard.measures.ratings import bad_reviews, held, monthly_ratings, ratings, stars
from regard.reports import Period

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LAST = Period(NOW - timedelta(days=30), NOW)
D = Decimal
Market = Callable[..., Any]


def review(norm: str | None = "1", **more: Any) -> dict[str, Any]:
    """Return a review of ours, five stars, from yesterday."""
    given = {} if norm is None else {"rating_norm": D(norm), "rating": 1 + 4 * D(norm)}
    return {"published_at": NOW - timedelta(days=1), **given, **more}


def test_an_empty_store_cannot_tell(market: Market) -> None:
    """Without any review nobody is rated, and not with zero stars either."""
    view = market()

    assert [] == ratings(view, LAST) == ratings(view, None)
    assert [] == monthly_ratings(view, LAST)
    assert [] == bad_reviews(view, LAST, limit=9)


def test_ratings_of_all_scales(market: Market) -> None:
    """0, 1/2 and 1 are one, three and five stars: 3.00 on average, between 1 and 5."""
    view = market(review=[review("0"), review("0.5"), review("1")])
    (found,) = ratings(view, LAST)

    assert (None, D("3.00"), 3, 3) == (
        found.competitor,
        found.rating.value,
        found.rating.n,
        found.reviews,
    )
    # 3 ± 4.303 · 2 / √3 goes beyond the scale at both ends.
    assert (D(1), D(5)) == (found.rating.low, found.rating.high)


def test_the_interval_is_students(market: Market) -> None:
    """Four and five stars, five times each: 4.5 ± 2.262 · 0.527 / √10."""
    view = market(review=[review("0.75"), review("1")] * 5)
    (found,) = ratings(view, LAST)

    assert (D("4.50"), D("4.12"), D("4.88")) == (
        found.rating.value,
        found.rating.low,
        found.rating.high,
    )


def test_reviews_without_stars(market: Market) -> None:
    """Words without a rating count as a review and leave the mean alone."""
    view = market(review=[review("1"), review(None), review(None, competitor="Rival")])
    first, second = ratings(view, LAST)

    assert (D("5.00"), 1, 2) == (first.rating.value, first.rating.n, first.reviews)
    assert ("Rival", None, 0, 1) == (
        second.competitor,
        second.rating.value,
        second.rating.n,
        second.reviews,
    )


@pytest.mark.parametrize("norm", ["-0.25", "1.01", "20"])
def test_ratings_off_their_scale_are_left_out(norm: str, market: Market) -> None:
    """What is no rating between the worst and the best is in no mean and is no bad review."""
    view = market(review=[review("0.5"), review(norm)])
    (found,) = ratings(view, LAST)

    assert (D("3.00"), 1, 2) == (found.rating.value, found.rating.n, found.reviews)
    assert [(None, date(2026, 3, 1), D(3), 1)] == monthly_ratings(view, LAST)
    assert [] == bad_reviews(view, LAST, limit=9)


def test_we_come_first_and_then_the_best(market: Market) -> None:
    """Competitors follow by their mean, by the name in reports; one without any comes last."""
    view = market(
        Directory(competitors=(Named("rival", "Rival", ("Rival S.A.",)),)),
        review=[
            review(None, competitor="Silent"),
            review("0.5", competitor="Worse"),
            review("1", competitor="RIVAL s.a."),
            review("0.5", competitor="rival"),
            review("0"),
        ],
    )

    assert [(None, D(1)), ("Rival", D(4)), ("Worse", D(3)), ("Silent", None)] == [
        (one.competitor, one.rating.value) for one in ratings(view, LAST)
    ]


def test_answers_to_reviews(market: Market) -> None:
    """One of four answered is 25 %; the days are the median of those that are known."""
    told = NOW - timedelta(days=10)
    view = market(
        review=[
            review(published_at=told, reply_text="Thanks", replied_at=told + timedelta(days=2)),
            *[review(published_at=told)] * 3,
        ]
    )
    (found,) = ratings(view, LAST)

    assert (D("25.0"), 4, D("2.0")) == (
        found.replied.value,
        found.replied.n,
        found.reply_days,
    )


@pytest.mark.parametrize("reply", [{}, {"reply_text": "Hello"}])
def test_when_it_was_answered_may_be_unknown(reply: dict[str, Any], market: Market) -> None:
    """Without a day of the answer nobody can tell how long it took."""
    (found,) = ratings(market(review=[review(**reply)]), LAST)

    assert found.reply_days is None


def test_an_answer_before_the_review_tells_nothing(market: Market) -> None:
    """An implausible day of an answer is in no median."""
    reply = {"reply_text": "Thanks", "replied_at": NOW - timedelta(days=9)}
    (found,) = ratings(market(review=[review(**reply)]), LAST)

    assert (D("100.0"), None) == (found.replied.value, found.reply_days)


def test_empty_answers_are_none(market: Market) -> None:
    """A blank text is no answer."""
    (found,) = ratings(market(review=[review(reply_text="  ")]), LAST)

    assert D("0.0") == found.replied.value


def test_reviews_have_a_period(market: Market) -> None:
    """A period contains its beginning and not its end; undated ones count where none is asked."""
    view = market(
        review=[
            review("0", published_at=LAST.since),
            review("1", published_at=LAST.until),
            review("1", published_at=None),
        ]
    )

    assert [(D("1.00"), 1)] == [(one.rating.value, one.reviews) for one in ratings(view, LAST)]
    assert [3] == [one.reviews for one in ratings(view, None)]


def test_months_are_the_projects(market: Market) -> None:
    """A review of half past eleven in the evening of UTC is one of the next month in Madrid."""
    late = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    view = market(
        review=[
            review("0.5", published_at=late),
            review("1", published_at=NOW - timedelta(days=1)),
            review("0.25", published_at=late - timedelta(hours=1)),
            review("0", competitor="Rival", published_at=late),
        ]
    )

    assert [
        (None, date(2026, 2, 1), D("2.00"), 1),
        (None, date(2026, 3, 1), D("4.00"), 2),
        ("Rival", date(2026, 3, 1), D("1.00"), 1),
    ] == monthly_ratings(view, LAST)


def test_bad_reviews(market: Market) -> None:
    """Two of five stars or fewer, on any scale, are told on ours, the newest first."""
    view = market(
        review=[
            review("0.25", title="Two", published_at=NOW - timedelta(days=3)),
            review("0.26", title="More than two"),
            review("0", text="None", title="Left out", rating=D(0), product_name="Cup"),
            review("0.2", text="2 of 10", rating=D(2), competitor="Rival",
                   published_at=NOW - timedelta(days=2)),
            review("0", text="Long ago", published_at=NOW - timedelta(days=99)),
        ]
    )  # fmt: skip

    assert [
        (None, date(2026, 3, 14), D(1), "Cup", "None"),
        ("Rival", date(2026, 3, 13), D("1.8"), None, "2 of 10"),
        (None, date(2026, 3, 12), D(2), None, "Two"),
    ] == [
        (one.competitor, one.on, one.rating, one.product, one.text)
        for one in bad_reviews(view, LAST, limit=9)
    ]
    assert 1 == len(bad_reviews(view, LAST, limit=1))
    assert [] == bad_reviews(view, LAST, limit=0)


def test_how_many_stars(market: Market) -> None:
    """Each rating has the stars that it is nearest to, on whatever scale it was given."""
    view = market(
        review=[
            review("1", competitor="Rival"),
            review("0.9", competitor="Rival"),
            review("0.5", competitor="Rival"),
            review(None, competitor="Rival"),
            review("0", competitor="Rival", status="removed"),
            review("0"),
        ]
    )

    assert [(5, 2), (4, 0), (3, 1), (2, 0), (1, 0)] == stars(view, LAST, "Rival")
    assert [(1, 1)] == [each for each in stars(view, LAST, None) if each[1]]
    assert [] == stars(view, LAST, "Nobody")


def stated(subject: str, value: int, unit: str = "reviews", **more: Any) -> dict[str, Any]:
    """Return what a page of a competitor says of the number of its reviews."""
    return {
        "source": "site", "key": f"reviews.stated|{subject}", "name": "reviews.stated",
        "subject": subject, "value": D(value), "unit": unit, "extra": '{"competitor": "Rival"}',
        **more,
    }  # fmt: skip


def there(key: str, **more: Any) -> dict[str, Any]:
    """Return a review that the competitor's site shows."""
    return review(source="site", key=key, competitor="Rival", **more)


def test_what_is_held_of_what_is_stated(market: Market) -> None:
    """Two of the four reviews of one article and one of the two of a page are three of six."""
    view = market(
        fact=[stated("sku:C-1", 4), stated("https://rival.example/p", 2)],
        review=[
            there("a", sku="C-1"),
            there("b", sku="C-1", gtin="4006381333931"),
            there("c", url="https://rival.example/p?page=2#r3"),
        ],
    )
    (one,) = held(view)

    assert ("Rival", 3, 6, D(50), 0) == (
        one.competitor, one.held, one.stated, one.coverage, one.loose,
    )  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        {"sku": "C-2"},
        {"sku": "C-1", "status": "removed"},
        {"sku": "C-1", "source": "other"},
        {"product_name": "sku:C-1"},
    ],
    ids=["of what states nothing", "not public", "of another site", "of another name"],
)
def test_other_reviews_make_up_for_none(more: dict[str, Any], market: Market) -> None:
    """Only public reviews of what a count is about are held of it."""
    (one,) = held(market(fact=[stated("sku:C-1", 2)], review=[there("a") | more]))

    assert (0, 2) == (one.held, one.stated)


def test_stars_without_a_text_are_told(market: Market) -> None:
    """A page that counts ratings counts what it does not show, so the report can say so."""
    (one,) = held(market(fact=[stated("sku:C-1", 9, "ratings"), stated("sku:C-2", 1)]))

    assert (10, 9) == (one.stated, one.loose)


def test_what_is_sold_no_longer_is_not_missing(market: Market) -> None:
    """Once all reviews of an article or a page were withdrawn, its count says nothing."""
    over = {"valid_to": NOW, "deleted_at": NOW}
    rows = [there("a", sku="C-1", **over), there("b", url="https://rival.example/p?x", **over)]
    facts = [stated("sku:C-1", 4), stated("https://rival.example/p", 2)]

    assert [] == held(market(fact=facts, review=rows))


def test_a_quick_reply_is_no_whole_day(market: Market) -> None:
    """Six hours over midnight are a quarter of a day."""
    late = datetime(2026, 3, 10, 22, tzinfo=UTC)
    replied = {"reply_text": "Sorry", "replied_at": late + timedelta(hours=6)}
    (one,) = ratings(market(review=[review(published_at=late, **replied)]), LAST)

    assert D("0.3") == one.reply_days
