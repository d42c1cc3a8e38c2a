"""What is wrong with a form, as far as the form itself tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from regard.mapping.headers import fold
from regard_plugins.mystery_shopping.form import Fault, Form, Item

__all__ = ["faults_of", "maximum"]

_ASKS = re.compile(r"\$\{([^}]+)\}")
_WANTS = re.compile(
    r"selected\(\s*\$\{(?P<a>[^}]+)\}\s*,\s*['\"](?P<b>[^'\"]*)['\"]\s*\)"
    r"|\$\{(?P<c>[^}]+)\}\s*=\s*['\"](?P<d>[^'\"]*)['\"]"
)


def maximum(form: Form) -> tuple[Decimal, Decimal]:
    """Return the most points that the items can earn, and what bonus items may add to a score."""
    most = sum((item.max_points for item in form.items if not item.bonus), Decimal(0))
    bonus = [item for item in form.items if item.bonus]
    added = sum((item.max_points if item.weight is None else item.weight for item in bonus),
                Decimal(0))  # fmt: skip
    return most, added if form.bonus_cap is None else min(added, form.bonus_cap)


def faults_of(form: Form) -> list[Fault]:
    """Return what is wrong with a form, errors first."""
    faults = [*form.faults, *_about_items(form), *_about_sections(form), *_about_limits(form)]
    return sorted(dict.fromkeys(faults), key=lambda fault: fault.severity != "error")


def _about_items(form: Form) -> Iterator[Fault]:
    if not form.items:
        yield Fault("error", "the form", "no item earns points; give questions points")
    known = {item.name for item in form.items} | {each.name for each in form.questions}
    answers = {each.name: set(each.answers) for each in form.questions if each.answers}
    for item in form.items:
        answers[item.name] = {answer.name for answer in item.scale.answers}
    for item in form.items:
        where = f"item {item.name}"
        yield from _about_answers(item, where)
        yield from _about_asking(item, known, answers, where)
        if item.weight is not None and item.weight < 0:
            yield Fault("error", where, f"its weight is {item.weight:f}; write 0 or more")
        elif item.weight == 0:
            yield Fault("warning", where, "its weight is 0: it counts nothing")
        if item.bonus and item.critical:
            yield Fault("error", where, "it is both critical and bonus; choose one")
    labels = Counter((item.path, fold(item.label)) for item in form.items)
    for item in form.items:
        if labels[item.path, fold(item.label)] > 1:
            text = f"its section has more than one {item.label!r}: reports cannot tell them apart"
            yield Fault("warning", f"item {item.name}", text)


def _about_answers(item: Item, where: str) -> Iterator[Fault]:
    scale = item.scale
    nothing = [answer for answer in scale.answers if answer.points is None]
    for answer in nothing:
        if not answer.not_applicable:
            text = f"the answer {answer.label!r} has no points; write them, 0 too, or mark it n/a"
            yield Fault("error", where, text)
    if scale.answers and len(nothing) == len(scale.answers) and scale.low is None:
        return
    if scale.best <= 0 or item.max_points <= 0:
        yield Fault("error", where, "no answer earns points")
    said: dict[str, set[object]] = {}
    for answer in scale.answers:
        for word in {fold(answer.name), *map(fold, answer.labels)}:
            earns = "n/a" if answer.not_applicable else answer.points
            said.setdefault(word, set()).add(earns)
    for word, earned in said.items():
        if len(earned) > 1:
            yield Fault("error", where, f"the answer {word!r} earns two different things")


def _about_asking(
    item: Item, known: set[str], answers: dict[str, set[str]], where: str
) -> Iterator[Fault]:
    """Yield what keeps an item from ever being asked."""
    condition = item.relevant or ""
    for name in dict.fromkeys(_ASKS.findall(condition)):
        if name.strip() not in known:
            text = f"it is asked depending on {name.strip()!r}, which the form does not have"
            yield Fault("error", where, text)
        elif name.strip() == item.name:
            yield Fault("error", where, "it is asked depending on itself: never")
    if re.search(r"\bor\b|\bnot\b", condition):
        return
    for found in _WANTS.finditer(condition):
        name, wanted = (found["a"] or found["c"]).strip(), found["b"] or found["d"] or ""
        if wanted and name in answers and wanted not in answers[name]:
            text = f"it is asked only where {name!r} is {wanted!r}, which is no answer: never"
            yield Fault("warning", where, text)


def _about_sections(form: Form) -> Iterator[Fault]:
    counted = [item for item in form.items if not item.bonus]
    filled = {item.path[:depth] for item in counted for depth in range(1, len(item.path) + 1)}
    for path, weight in form.sections.items():
        where = f"section {path[-1]}"
        if weight is not None and weight < 0:
            yield Fault("error", where, f"its weight is {weight:f}; write 0 or more")
        elif weight == 0 and path in filled:
            yield Fault("warning", where, "its weight is 0: it counts nothing")
        if weight is not None and path not in filled:
            yield Fault("warning", where, "it has a weight and no items that earn points")
    # A weight of 40 beside items of one point each is seldom what somebody meant.
    for path in {(), *form.sections}:
        yield from _about_mixed([item for item in counted if item.path == path], path)
        inside = [each for each in filled if each[:-1] == path]
        weighed = [each for each in inside if form.sections.get(each) is not None]
        bare = len(inside) > len(weighed) or any(item.path == path for item in counted)
        if weighed and bare:
            where = f"section {path[-1]}" if path else "the form"
            names = ", ".join(repr(each[-1]) for each in sorted(weighed)[:3])
            text = f"of what it holds only {names} has a weight; the rest counts by its points"
            yield Fault("warning", where, text)


def _about_mixed(items: list[Item], path: tuple[str, ...]) -> Iterator[Fault]:
    """Yield items with weights beside items that weigh their points, of another size."""
    weighed = [item for item in items if item.weight]
    if weighed and len(weighed) < len(items):
        where = f"section {path[-1]}" if path else "the form"
        names = ", ".join(repr(item.name) for item in weighed[:3])
        text = f"of its items only {names} have a weight; the others weigh their points"
        yield Fault("warning", where, text.replace("have", "has") if len(weighed) == 1 else
                    text)  # fmt: skip


def _about_limits(form: Form) -> Iterator[Fault]:
    for name in ("pass_score", "critical_cap", "bonus_cap"):
        value = getattr(form, name)
        if value is not None and not 0 <= value <= 100:
            yield Fault("error", "the form", f"{name} = {value:f}: write a number from 0 to 100")
    if form.critical_cap is not None and not any(item.critical for item in form.items):
        yield Fault("warning", "the form", "critical_cap is set, and no item is critical")
    if form.bonus_cap is not None and not any(item.bonus for item in form.items):
        yield Fault("warning", "the form", "bonus_cap is set, and no item is bonus")
