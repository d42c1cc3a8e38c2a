"""The score of a visit follows from its items, and whoever has the stored rows finds it again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.measures.visits import (
    Cause,
    ScoredItem,
    explain_difference,
    item_of_row,
    join_path,
    join_weights,
    lost_points,
    score_sections,
    score_visit,
)

D = Decimal


def item(name: str, points: int | str | None, most: int = 10, **more: Any) -> ScoredItem:
    """Return an item whose weight is its maximum, unless said otherwise."""
    earned = None if points is None else D(points)
    return ScoredItem(
        name, points=earned, max_points=D(most), weight=D(more.pop("weight", most)), **more
    )


def inside(section: str, weight: int | None, *items: ScoredItem) -> list[ScoredItem]:
    """Put items into a section."""
    own = None if weight is None else D(weight)
    return [
        replace(each, path=(section, *each.path), weights=(own, *each.weights)) for each in items
    ]


def score(*items: ScoredItem) -> str | None:
    """Return a visit's score as text."""
    found = score_visit(items).score
    return None if found is None else str(found)


def test_points_without_weights_add_up() -> None:
    """Without weights the score is the points of the points that there are."""
    assert "66.67" == score(item("a", 10), item("b", 0, 5))


def test_half_a_cent_is_rounded_up() -> None:
    """A score is rounded once, halves upwards."""
    assert "0.13" == score(item("a", 1, 800))


def test_headings_weigh_nothing() -> None:
    """A section without a weight is a heading: its items count as if it were not there."""
    flat = [item("a", 10, 20), item("b", 3, 5), item("c", None, 7)]
    under = inside("Till", None, *flat[:2]) + inside("Door", None, flat[2])

    assert score(*flat) == score(*under) == "52"


def test_sections_are_weighted() -> None:
    """A section with a weight counts with it, however many items it has."""
    welcome = inside("Welcome", 30, item("a", 10), item("b", 0))
    service = inside("Service", 70, item("c", 10))

    assert "85" == score(*welcome, *service)


def test_what_is_not_applicable_is_left_out_of_its_section() -> None:
    """Weights are shared out anew inside of the section, whose own weight stays."""
    welcome = inside("Welcome", 30, item("a", 5), item("b", None))
    service = inside("Service", 70, item("c", 10), item("d", 0))

    assert "50" == score(*welcome, *service)


def test_a_section_that_does_not_apply_is_left_out() -> None:
    """Where nothing in a section is applicable, the other sections share its weight."""
    parking = inside("Parking", 50, item("a", None), item("b", None))
    inner = inside(
        "Service", 50, *inside("Till", 1, item("c", 4)), *inside("Door", 3, item("d", 0))
    )

    assert "10" == score(*parking, *inner)


def test_nothing_applicable_is_no_score() -> None:
    """A visit without any applicable item has no score, not a score of zero."""
    found = score_visit([item("a", None), item("extra", 1, bonus=True)], pass_score=D(50))

    assert (None, None) == (found.score, found.passed)


def test_bonus_is_added_and_capped() -> None:
    """Bonus items add points of the score, together at most their cap, never beyond 100."""
    base = item("a", 50, 100)
    offered = item("b", 2, 4, bonus=True, weight=10, cap=D(6))
    smiled = item("c", 1, 1, bonus=True, weight=3, cap=D(6))

    assert "55" == score(base, offered)
    assert "56" == score(base, offered, smiled)
    assert "100" == score(item("a", 100, 100), offered)


def test_a_critical_item_fails_the_visit() -> None:
    """Failing a critical item fails the visit, and caps its score if the form says so."""
    failing = item("receipt", 0, 1, critical=True)
    capped = item("receipt", 0, 1, critical=True, cap=D(20))
    good = item("a", 99, 99)

    assert (D(99), ("receipt",), False) == _told(score_visit([good, failing], D(50)))
    assert (D(20), ("receipt",), False) == _told(score_visit([good, capped], D(10)))
    assert (D(100), (), True) == _told(score_visit([good, item("r", 1, 1, critical=True)]))
    assert (D(100), (), None) == _told(score_visit([good, item("r", None, 1, critical=True)]))


def _told(total: Any) -> tuple[Any, ...]:
    return total.score, total.failed, total.passed


def test_a_visit_passes_from_the_score_it_needs() -> None:
    """The score that is needed is enough."""
    assert score_visit([item("a", 8)], D(80)).passed
    assert not score_visit([item("a", 8)], D("80.01")).passed
    assert score_visit([item("a", 8)]).passed is None


def test_penalties_never_go_below_zero() -> None:
    """Answers may cost points, but no visit has less than nothing."""
    assert "0" == score(item("a", -5), item("b", 1))


def test_sections_explain_the_score() -> None:
    """Each section is shown by itself, with its points and how many items it rests on."""
    items = [
        *inside("Service", 70, *inside("Till", None, item("a", 5), item("b", None))),
        *inside("Service", 70, item("c", 10)),
        *inside("Welcome", 30, item("d", 0, 4)),
    ]
    found = {each.path: each for each in score_sections(items)}

    assert [(), ("Service",), ("Service", "Till"), ("Welcome",)] == list(found)
    assert [D("52.5"), D(75), D(50), D(0)] == [each.score for each in found.values()]
    assert (D(15), D(20), 2, D(70)) == (
        found["Service",].points,
        found["Service",].max_points,
        found["Service",].n,
        found["Service",].weight,
    )


def test_lost_points_name_the_dearest_first() -> None:
    """What an item cost is how much higher the score would be with all its points."""
    items = inside("S", 80, item("a", 5), item("b", 10)) + inside("T", 20, item("c", 0))

    assert [("a", D(20)), ("c", D(20))] == [
        (each.name, each.points) for each in lost_points(items)
    ]


def test_a_difference_names_the_item() -> None:
    """An agency's total that differs is explained by the item that it counted otherwise."""
    items = [item("a", 10, 10), item("b", 6, 15), item("c", 20, 20)]

    assert "80" == score(*items)
    assert [] == explain_difference(items, D(80))
    assert ["as-full", "left-out"] == [each.how for each in explain_difference(items, D(100))]
    assert [Cause(("a",), "as-zero")] == explain_difference(items, D("57.8"))
    assert [] == explain_difference(items, D(3))


def test_a_difference_names_what_was_not_applicable() -> None:
    """Counting what is not applicable as nothing is the commonest difference."""
    items = [item("a", 10), item("b", None), item("c", None)]

    assert [Cause(("b", "c"), "na-as-zero")] == explain_difference(items, D("33.3"))


def test_a_row_without_a_maximum_is_no_item() -> None:
    """Rows of sources that know no points cannot be part of a score."""
    assert item_of_row({"item": "a", "points": D(1)}) is None


def test_slashes_in_names_stay_one_section() -> None:
    """A section whose name has the separator in it is still one section."""
    row = {
        "item": "a",
        "section": join_path(("Fruit / Veg", "Till")),
        "section_weights": join_weights((D("30.50"), None)),
        "max_points": D(2),
    }
    found = item_of_row(row)

    assert found is not None
    assert (("Fruit/Veg", "Till"), (D("30.5"), None)) == (found.path, found.weights)


NUMBERS = st.decimals(min_value=0, max_value=100, places=6)
NAMES = st.sampled_from(["Welcome", "Till / desk", "Sala", "Caja", "Baños"])


@st.composite
def _visits(draw: st.DrawFn) -> list[ScoredItem]:
    """Return a visit with nested sections, of which each has one weight."""
    weights: dict[tuple[str, ...], Decimal | None] = {}
    caps = draw(st.tuples(st.none() | NUMBERS, st.none() | NUMBERS))
    items = []
    for number in range(draw(st.integers(1, 12))):
        path = tuple((name).replace(" / ", "/") for name in draw(st.lists(NAMES, max_size=3)))
        for depth in range(1, len(path) + 1):
            weights.setdefault(path[:depth], draw(st.none() | NUMBERS))
        most = draw(st.decimals(min_value="0.000001", max_value=100, places=6))
        points = draw(st.none() | st.decimals(min_value=-5, max_value=most, places=6))
        bonus = draw(st.booleans())
        critical = draw(st.booleans()) and not bonus
        items.append(
            ScoredItem(
                f"i{number}",
                path,
                tuple(weights[path[:depth]] for depth in range(1, len(path) + 1)),
                points,
                most,
                draw(NUMBERS),
                critical=critical,
                bonus=bonus,
                cap=caps[0] if critical else caps[1] if bonus else None,
            )
        )
    return items


def _row(each: ScoredItem) -> dict[str, Any]:
    """Return an item as it is stored: nothing but its fields."""
    return {
        "item": each.name,
        "section": join_path(each.path),
        "section_weights": join_weights(each.weights),
        "points": each.points,
        "max_points": each.max_points,
        "weight": each.weight,
        "not_applicable": each.points is None,
        "critical": each.critical,
        "bonus": each.bonus,
        "cap": each.cap,
    }


@given(items=_visits(), order=st.randoms())
def test_stored_rows_give_the_same_score(items: list[ScoredItem], order: Any) -> None:
    """Whoever has a visit's rows, in any order, comes to the same score."""
    rows = [_row(each) for each in items]
    order.shuffle(rows)
    again = [found for row in rows if (found := item_of_row(row))]
    expected, found = score_visit(items, D(70)), score_visit(again, D(70))

    assert (expected.score, set(expected.failed), expected.passed) == (
        found.score,
        set(found.failed),
        found.passed,
    )
    assert expected.score is None or 0 <= expected.score <= 100


@given(items=_visits(), scale=st.integers(1, 1000))
def test_the_unit_of_points_does_not_matter(items: list[ScoredItem], scale: int) -> None:
    """Ten times the points of ten times the maximum is the same visit."""
    scaled = [
        replace(
            each,
            points=None if each.points is None else each.points * scale,
            max_points=each.max_points * scale,
        )
        for each in items
    ]

    assert score_visit(items).score == score_visit(scaled).score


@given(items=_visits())
def test_what_is_lost_is_never_negative(items: list[ScoredItem]) -> None:
    """A better answer never makes a score worse, and each item's loss is above nothing."""
    assert all(each.points > 0 for each in lost_points(items))


@pytest.mark.parametrize("stated", ["0", "100", "33.3333"])
@given(items=_visits())
def test_a_cause_is_one_that_fits(items: list[ScoredItem], stated: str) -> None:
    """Whatever somebody states, explaining ends, and names items of this visit."""
    names = {each.name for each in items}

    for cause in explain_difference(items, D(stated)):
        assert set(cause.names) <= names
