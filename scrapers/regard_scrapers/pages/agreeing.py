"""
One offer, written in several ways: completed where they agree, doubted where they do not.

Structured data goes before the visible page, and JSON-LD before the other syntaxes. Two that
name another article number are two offers; two of the same article with different prices are one
offer whose price nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from regard_scrapers.pages.outcomes import Candidate, FoundOffer, PageProblem
from regard_scrapers.pages.things import Syntax

__all__ = ["agreed"]

_ORDER: Final = tuple(Syntax)
_IDENTITIES: Final = ("sku", "gtin", "mpn", "url")
_MISTRUSTED: Final = frozenset({Syntax.OPENGRAPH})


def agreed(offers: Sequence[FoundOffer]) -> list[FoundOffer]:
    """
    Return the offers of a page, each once.

    Args:
        offers: As they were found, in any syntax.
    """
    by_syntax: dict[Syntax, list[FoundOffer]] = {}
    for offer in offers:
        by_syntax.setdefault(offer.syntax, []).append(offer)
    ordered = [by_syntax[syntax] for syntax in _ORDER if syntax in by_syntax]
    if not ordered:
        return []
    # The first syntax that gives a price says how many offers there are.
    ordered.sort(key=lambda group: not any(each.price is not None for each in group))
    result = list(ordered[0])
    for group in ordered[1:]:
        for other in group:
            at = _same(result, other, alone=len(result) == len(group) == 1)
            if at is not None:
                result[at] = _merged(result[at], other)
    return [each for each in result if not _is_hollow(each, len(result))]


def _is_hollow(offer: FoundOffer, count: int) -> bool:
    """Say whether an offer says nothing that would tell it from none."""
    said = offer.fields.keys() - {"url", "tax_included", "currency", "extra"}
    return not said and count > 1


def _same(known: Sequence[FoundOffer], other: FoundOffer, *, alone: bool) -> int | None:
    for name in _IDENTITIES:
        value = other.fields.get(name)
        found = [at for at, each in enumerate(known) if value and each.fields.get(name) == value]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    if alone and not _contradicts(known[0], other):
        return 0
    return None


def _contradicts(one: FoundOffer, other: FoundOffer) -> bool:
    return any(
        one.fields.get(name) and other.fields.get(name)
        and one.fields[name] != other.fields[name]
        for name in ("sku", "gtin")
    )  # fmt: skip


def _merged(first: FoundOffer, second: FoundOffer) -> FoundOffer:
    extra: dict[str, Any] = {**second.fields.get("extra", {}), **first.fields.get("extra", {})}
    fields: dict[str, Any] = {**second.fields, **first.fields}
    if extra:
        fields["extra"] = extra
    evidence: dict[str, tuple[Candidate, ...]] = dict(first.evidence)
    for name, candidates in second.evidence.items():
        evidence[name] = (*evidence.get(name, ()), *candidates)
    problems = [each for each in first.problems if each.field not in second.fields]
    problems += [each for each in second.problems if each.field not in first.fields]
    if second.syntax not in _MISTRUSTED:
        for name in ("price", "currency"):
            one, two = first.fields.get(name), second.fields.get(name)
            if one is not None and two is not None and one != two:
                text = (
                    f"{name} is {one} in {first.syntax} ({first.path}) and {two} in "
                    f"{second.syntax} ({second.path})"
                )
                problems.append(PageProblem("disagreement", name, text))
    return FoundOffer(fields, first.syntax, first.path, evidence, tuple(problems))
