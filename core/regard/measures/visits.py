"""
The score of a mystery-shopping visit, from its items and nothing else.

The form is a tree: sections in sections, items in sections. A section with a weight is scored
by itself, and its parent counts that score with this weight; a section without one is only a
heading, and its items count in the section around it. Of a section::

    score = sum(w * s over what is applicable) / sum(w over what is applicable)

where ``s`` is ``points / max_points`` of an item, or the score of a section inside, and ``w``
its weight. What is not applicable is left out above and below, so the rest is weighted anew
(Dooblo SurveyToGo excludes answers of score -1 in the same way); a section in which nothing is
applicable is left out itself. Then, on the scale from 0 to 100:

- each bonus item adds ``weight * points / max_points``, all of them together at most their cap;
- the result is brought into 0 to 100;
- a critical item that earns nothing fails the visit, and the score is at most that item's cap.

All of it is worked out in fractions and rounded once, to two decimals, halves up. So whoever
has the stored items of a visit comes to the very score that is stored with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

__all__ = [
    "Cause",
    "Lost",
    "ScoredItem",
    "SectionScore",
    "VisitTotal",
    "explain_difference",
    "item_of_row",
    "join_path",
    "join_weights",
    "lost_points",
    "same_score",
    "score_sections",
    "score_visit",
]

_BETWEEN = " / "
_NO_WEIGHT = "-"
_CENT = Decimal("0.01")
_FULL = Decimal(100)

_fraction = lru_cache(maxsize=4_096)(Fraction)
"""A form has few weights and points, and making a fraction costs more than working with it."""


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """
    One item of a visit, with its place in the form.

    Attributes:
        name: What it is called.
        path: The sections around it, outermost first.
        weights: For each of them its weight; None for one that is only a heading.
        points: What the answer earned; None: not applicable.
        max_points: What the best answer earns, above 0.
        weight: Its weight among its neighbours; of a bonus item, what it can add to the score.
        critical: Whether earning nothing fails the visit.
        bonus: Whether it adds to the score instead of being part of it.
        cap: Of a critical item, the highest score of a visit that fails it; of a bonus item,
            the most that all of them add together. None: there is no such limit.
    """

    name: str
    path: tuple[str, ...] = ()
    weights: tuple[Decimal | None, ...] = ()
    points: Decimal | None = None
    max_points: Decimal = Decimal(1)
    weight: Decimal = Decimal(1)
    critical: bool = False
    bonus: bool = False
    cap: Decimal | None = None

    @property
    def share(self) -> Fraction | None:
        """What part of its points it earned; None: not applicable."""
        if self.points is None or self.max_points <= 0:
            return None
        return _fraction(self.points) / _fraction(self.max_points)

    @property
    def failed(self) -> bool:
        """Whether it is critical and earned nothing."""
        return self.critical and self.points is not None and self.points <= 0


@dataclass(frozen=True, slots=True)
class VisitTotal:
    """
    What a visit comes to.

    Attributes:
        score: 0 to 100 with two decimals; None: nothing was applicable.
        failed: The names of the critical items that it fails.
        passed: Whether it reached the score it needs and failed no critical item; None where
            no score is needed and there is no critical item, or nothing was applicable.
    """

    score: Decimal | None
    failed: tuple[str, ...] = ()
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class SectionScore:
    """
    What one section of a visit comes to.

    Attributes:
        path: The section; empty for the whole visit, without bonus and caps.
        score: 0 to 100 with two decimals; None: nothing in it was applicable.
        weight: Its own weight; None: it is only a heading.
        points: The points earned in it, bonus items left out.
        max_points: The most that could be earned by what was applicable.
        n: How many items were applicable.
    """

    path: tuple[str, ...]
    score: Decimal | None
    weight: Decimal | None
    points: Decimal
    max_points: Decimal
    n: int


@dataclass(frozen=True, slots=True)
class Lost:
    """
    What one item costs a visit.

    Attributes:
        name: The item.
        path: Its sections.
        points: By how much the visit's score would be higher, had it earned all its points.
    """

    name: str
    path: tuple[str, ...]
    points: Decimal


@dataclass(frozen=True, slots=True)
class Cause:
    """
    What would make a visit's items come to the score that somebody else states.

    Attributes:
        names: The items that were counted in another way.
        how: ``as-zero``, ``as-full`` or ``left-out``; ``na-as-zero`` where all that is not
            applicable counts as nothing, ``no-weights``, ``no-bonus``, ``no-critical``.
    """

    names: tuple[str, ...]
    how: str


@dataclass(slots=True)
class _Node:
    """A section while it is worked out: its items, and the weighted sections in it."""

    path: tuple[str, ...]
    weight: Decimal | None = None
    items: list[ScoredItem] = field(default_factory=list)
    sections: dict[tuple[str, ...], _Node] = field(default_factory=dict)

    def score(self) -> Fraction | None:
        """Return what it comes to, from 0 to 1; None: nothing in it is applicable."""
        above, below = Fraction(0), Fraction(0)
        parts = [(item.weight, item.share) for item in self.items]
        parts += [(node.weight or Decimal(0), node.score()) for node in self.sections.values()]
        for weight, share in parts:
            if share is not None:
                above += _fraction(weight) * share
                below += _fraction(weight)
        return above / below if below else None


def _tree(items: Iterable[ScoredItem]) -> _Node:
    """Return the form as its items tell it; headings are not in it."""
    root = _Node(())
    for item in items:
        if item.bonus:
            continue
        node = root
        for depth, weight in enumerate(item.weights, start=1):
            if weight is not None:
                path = item.path[:depth]
                node = node.sections.setdefault(path, _Node(path, weight))
        node.items.append(item)
    return root


def _percent(share: Fraction | None) -> Decimal | None:
    """Return a part of one as a number up to 100 with two decimals, halves up."""
    if share is None:
        return None
    scaled = share * 10_000
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    return Decimal(whole + (2 * rest >= scaled.denominator)) / _FULL


def _bonus(items: Iterable[ScoredItem]) -> Fraction:
    """Return what all bonus items add, as a part of one."""
    added, cap = Fraction(0), None
    for item in items:
        if item.bonus and item.share is not None:
            added += Fraction(item.weight) * item.share / 100
            cap = item.cap if cap is None else cap
    return added if cap is None else min(added, Fraction(cap) / 100)


def _score(items: Sequence[ScoredItem]) -> Fraction | None:
    base = _tree(items).score()
    if base is None:
        return None
    score = min(max(base + _bonus(items), Fraction(0)), Fraction(1))
    for item in items:
        if item.failed and item.cap is not None and not item.bonus:
            score = min(score, Fraction(item.cap) / 100)
    return score


def score_visit(items: Iterable[ScoredItem], pass_score: Decimal | None = None) -> VisitTotal:
    """
    Return what a visit comes to; the module says how.

    Args:
        items: All items of the visit, in any order.
        pass_score: The score that a visit needs, 0 to 100.
    """
    rows = list(items)
    score = _percent(_score(rows))
    failed = tuple(item.name for item in rows if item.failed)
    passed: bool | None = None
    if failed:
        passed = False
    elif score is not None and pass_score is not None:
        passed = score >= pass_score
    elif any(item.critical and item.points is not None for item in rows):
        passed = True
    return VisitTotal(score, failed, passed)


def score_sections(items: Iterable[ScoredItem]) -> list[SectionScore]:
    """Return what each section comes to by itself, the whole visit first, then as in the form."""
    rows = [item for item in items if not item.bonus]
    found: dict[tuple[str, ...], Decimal | None] = {(): None}
    for item in rows:
        for depth, weight in enumerate(item.weights, start=1):
            found.setdefault(item.path[:depth], weight)
    scores = []
    for path, weight in found.items():
        depth = len(path)
        inside = [item for item in rows if item.path[:depth] == path]
        share = _tree(replace(item, weights=(None,) * depth + item.weights[depth:])
                      for item in inside).score()  # fmt: skip
        asked = [item for item in inside if item.share is not None]
        earned = sum((item.points or Decimal(0) for item in asked), Decimal(0))
        most = sum((item.max_points for item in asked), Decimal(0))
        scores.append(SectionScore(path, _percent(share), weight, earned, most, len(asked)))
    return scores


def lost_points(items: Iterable[ScoredItem]) -> list[Lost]:
    """
    Return the items that cost the visit something, the dearest first.

    Each is looked at alone: two critical items that both fail may each cost nothing, because
    the other one fails the visit as well.
    """
    rows = list(items)
    score = _percent(_score(rows))
    if score is None:
        return []
    found = []
    for at, item in enumerate(rows):
        if item.points is None or item.points >= item.max_points:
            continue
        better = _percent(_score(_with(rows, at, item.max_points)))
        if better is not None and better > score:
            found.append(Lost(item.name, item.path, better - score))
    return sorted(found, key=lambda lost: -lost.points)


def _with(rows: Sequence[ScoredItem], at: int, points: Decimal | None) -> list[ScoredItem]:
    changed = list(rows)
    changed[at] = replace(changed[at], points=points)
    return changed


def explain_difference(items: Iterable[ScoredItem], stated: Decimal) -> list[Cause]:
    """
    Return what makes the items come to a stated score; nothing where it is their score.

    One thing is changed at a time: first how all items are counted, then each single item; two
    scores are the same as `same_score` says. More than one cause may do; an empty list beside a
    different score says that none does.

    Args:
        items: All items of the visit.
        stated: The score that somebody else came to, 0 to 100.
    """
    rows = list(items)

    def fits(changed: Sequence[ScoredItem]) -> bool:
        score = _percent(_score(changed))
        return score is not None and same_score(score, stated)

    if fits(rows):
        return []
    causes = [Cause(names, how) for how, names, changed in _whole(rows) if fits(changed)]
    for at, item in enumerate(rows):
        for how, points in (("as-zero", Decimal(0)), ("as-full", item.max_points),
                            ("left-out", None)):  # fmt: skip
            if points != item.points and fits(_with(rows, at, points)):
                causes.append(Cause((item.name,), how))
    return causes


def same_score(score: Decimal, stated: Decimal) -> bool:
    """
    Say whether a stated score is the same as ours, as far as it is written.

    Args:
        score: Ours, with two decimals.
        stated: 0 to 100, written with any number of decimals.
    """
    exponent = stated.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return abs(score - stated) <= max(Decimal(1).scaleb(-places) / 2, _CENT)


def _whole(rows: Sequence[ScoredItem]) -> Iterable[tuple[str, tuple[str, ...], list[ScoredItem]]]:
    """Yield other ways to count all items, each with those that it counts otherwise."""
    ways: tuple[tuple[str, Callable[[ScoredItem], ScoredItem]], ...] = (
        ("na-as-zero", lambda item: replace(item, points=item.points or Decimal(0))),
        ("no-weights", lambda item: replace(
            item, weights=(None,) * len(item.path), weight=item.max_points)),
        ("no-bonus", lambda item: replace(item, points=None) if item.bonus else item),
        ("no-critical", lambda item: replace(item, critical=False)),
    )  # fmt: skip
    for how, change in ways:
        changed = [change(item) for item in rows]
        names = tuple(old.name for old, new in zip(rows, changed, strict=True) if old != new)
        if names:
            yield how, names, changed


def join_path(path: Sequence[str]) -> str | None:
    """Return the sections around an item as one text; None: it is in no section."""
    return _BETWEEN.join(each.replace(_BETWEEN, "/") for each in path) or None


def join_weights(weights: Sequence[Decimal | None]) -> str | None:
    """Return the weights of the sections around an item as one text, a heading as ``-``."""
    texts = (_NO_WEIGHT if each is None else _plain(each) for each in weights)
    return _BETWEEN.join(texts) or None


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def item_of_row(row: Mapping[str, Any]) -> ScoredItem | None:
    """
    Return the item that a stored row of `VisitScore` stands for.

    Args:
        row: Its fields by name; those that it leaves out are unknown.

    Returns:
        None where the row has no maximum, so that it cannot be part of a score.
    """
    most = row.get("max_points")
    if most is None:
        return None
    path = _split(row.get("section"))
    written = _split(row.get("section_weights"))
    weights = [None if each == _NO_WEIGHT else Decimal(each) for each in written]
    weights = (weights + [None] * len(path))[: len(path)]
    left_out = bool(row.get("not_applicable"))
    weight = row.get("weight")
    return ScoredItem(
        str(row.get("item") or ""),
        path,
        tuple(weights),
        points=None if left_out else row.get("points"),
        max_points=most,
        weight=most if weight is None else weight,
        critical=bool(row.get("critical")),
        bonus=bool(row.get("bonus")),
        cap=row.get("cap"),
    )


def _split(text: object) -> tuple[str, ...]:
    return tuple(str(text).split(_BETWEEN)) if text else ()
