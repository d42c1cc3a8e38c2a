"""Article numbers, availability, ratings, counts and dates as pages write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regard_scrapers.pages.dates import when
from regard_scrapers.pages.gtins import article_number, gtin
from regard_scrapers.pages.ratings import Rating, count_of, normalised, rating_of
from regard_scrapers.pages.states import AVAILABILITIES, availability_of, condition_of

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of the samples."""
    text = (SAMPLES / "zyte-parsers" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("case", rows("test_gtin__gtin_ids.jsonl"), ids=lambda c: c["value"])
def test_article_numbers(case: dict[str, Any]) -> None:
    """Labels, spaces and dashes around a number do not matter; its check digit does."""
    found = article_number(case["value"])

    assert case["expected"] == (found.digits if found else None)


@pytest.mark.parametrize(
    "case", rows("test_gtin__gtin_classification_cases.jsonl"), ids=lambda c: c["value"]
)
def test_sorts_of_article_numbers(case: dict[str, Any]) -> None:
    """A number is of the sort that its length, prefix and check digit say."""
    found = article_number(case["value"])

    assert case["expected"] == (found.sort if found else None)


@pytest.mark.parametrize(
    ("written", "comparable"),
    [
        ("4006381333931", "4006381333931"),
        ("036000291452", "0036000291452"),
        ("00036000291452", "0036000291452"),
        ("0-545-01022-5", "9780545010221"),
        ("4006381333932", None),
        ("0000000000000", None),
        ("SKU-123", None),
    ],
)
def test_numbers_can_be_compared(written: str, comparable: str | None) -> None:
    """A number of twelve, fourteen or ten digits becomes the one of thirteen that it is."""
    assert comparable == gtin(written)


@pytest.mark.parametrize("name", AVAILABILITIES)
def test_all_words_of_the_standard(name: str) -> None:
    """Each availability of schema.org is understood, with and without its address."""
    assert name == availability_of(f"https://schema.org/{name}")
    assert name == availability_of(name.lower())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("In stock", "InStock"),
        ("Not available", "OutOfStock"),
        ("Producto agotado", "OutOfStock"),
        ("Rupture de stock", "OutOfStock"),
        ("Nicht lieferbar", "OutOfStock"),
        ("Épuisé", "SoldOut"),
        ("Only 2 left in stock", "LimitedAvailability"),
        ("¡Últimas unidades!", "LimitedAvailability"),
        ("Sur commande", "BackOrder"),
        ("Añadir al carrito", "InStock"),
        ("Descatalogado", "Discontinued"),
        ("Hello", None),
        ("", None),
        (None, None),
    ],
)
def test_words_of_shops(text: str | None, name: str | None) -> None:
    """What people read in four languages is understood; a refusal goes before what it refuses."""
    assert name == availability_of(text)


def test_a_sites_own_words_go_first() -> None:
    """What a site's file says of its words decides."""
    assert "OutOfStock" == availability_of("En tienda mañana", {"tienda mañana": "OutOfStock"})
    assert "RefurbishedCondition" == condition_of("Reacondicionado")


@pytest.mark.parametrize(
    "case", rows("test_aggregate_rating__rating_value_cases.jsonl"), ids=lambda c: c["value"]
)
def test_ratings_in_text(case: dict[str, Any]) -> None:
    """The first number is the rating, the one behind "out of" the best that can be given."""
    found = rating_of(case["value"])
    value, best = (Decimal(str(each)) for each in (*case["expected"], 0)[:2])

    assert found is not None
    assert value == found.value
    if len(case["expected"]) > 1:
        assert best == found.best


@pytest.mark.parametrize(
    "case", rows("test_review__review_count_cases.jsonl"), ids=lambda c: c["value"]
)
def test_counts_of_reviews(case: dict[str, Any]) -> None:
    """How many reviews there are is told, or one cannot tell."""
    assert case["expected"] == count_of(case["value"])


@pytest.mark.parametrize(
    ("rating", "share"),
    [
        (Rating(Decimal(5)), "1"),
        (Rating(Decimal(1)), "0"),
        (Rating(Decimal(0)), "0"),
        (Rating(Decimal("4.5"), Decimal(5), Decimal(0)), "0.9"),
        (Rating(Decimal(9), Decimal(10)), "0.888889"),
        (Rating(Decimal(90), Decimal(100), Decimal(0)), "0.9"),
        (Rating(Decimal(7), Decimal(5)), None),
        (Rating(Decimal(3), Decimal(1)), None),
    ],
)
def test_ratings_are_normalised(rating: Rating, share: str | None) -> None:
    """The worst is 0, the best 1; what does not lie on its scale is none."""
    assert (None if share is None else Decimal(share)) == normalised(rating)


@pytest.mark.parametrize(
    ("text", "value", "best"),
    [("★★★★☆", "4", "5"), ("★★★", "3", "5"), ("90%", "90", "100"), ("4,5 sur 5", "4.5", "5")],
)
def test_stars_and_shares(text: str, value: str, best: str) -> None:
    """Stars are counted, percentages are of a hundred."""
    assert Rating(Decimal(value), Decimal(best)) == Rating(
        rating_of(text).value, rating_of(text).best
    )


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2026-03-01", "2026-03-01", "day"),
        ("2026-03-01T10:00:00+02:00", "2026-03-01", "second"),
        ("2026-03-01T10:00:00", "2026-03-01", "day"),
        ("March 1st, 2026", "2026-03-01", "day"),
        ("1er mars 2026", "2026-03-01", "day"),
        ("1 de marzo de 2026", "2026-03-01", "day"),
        ("1. März 2026", "2026-03-01", "day"),
        ("15/03/2026", "2026-03-15", "day"),
        ("03/15/2026", "2026-03-15", "day"),
        ("yesterday", "2026-11-19", "day"),
        ("hace 3 días", "2026-11-17", "day"),
        ("il y a 2 semaines", "2026-11-06", "week"),
        ("vor einem Monat", "2026-10-21", "month"),
        ("2 hours ago", "2026-11-20", "hour"),
        ("a year ago", "2025-11-20", "year"),
        ("marzo 2026", "2026-03-01", "month"),
    ],
)
def test_dates(text: str, day: str, precision: str) -> None:
    """Dates of machines, of people and relative ones have a day and a precision."""
    found = when(text, NOW)

    assert found is not None
    assert (day, precision) == (found.at.date().isoformat(), found.precision)


@pytest.mark.parametrize(
    "text", ["03/04/2026", "soon", "", None, "2026-13-45", "31 February 2026", "2099-01-01"]
)
def test_what_is_no_date_or_could_be_two(text: str | None) -> None:
    """A date that could be two, that does not exist or that lies ahead is none."""
    assert when(text, NOW) is None


def test_the_order_of_a_site_decides() -> None:
    """03/04/2026 is what the site's file says."""
    day = when("03/04/2026", NOW, order="day-first")
    month = when("03/04/2026", NOW, order="month-first")

    assert day is not None
    assert month is not None
    assert ("04-03", "03-04") == (f"{day.at:%m-%d}", f"{month.at:%m-%d}")
