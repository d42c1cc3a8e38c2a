"""Offers and reviews from what people see, by the rules of a site's file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from selectolax.lexbor import LexborNode

from regard_scrapers.pages.dates import when
from regard_scrapers.pages.deliveries import shipping_terms
from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.gtins import gtin
from regard_scrapers.pages.offers import Market, explains_no_price
from regard_scrapers.pages.outcomes import Candidate, FoundOffer, FoundReview, PageProblem
from regard_scrapers.pages.prices import Meaning, Price, main_price, prices_in
from regard_scrapers.pages.ratings import Rating, normalised, rating_of
from regard_scrapers.pages.rules import OfferRules, ReviewRules, Rule, texts_of
from regard_scrapers.pages.states import availability_of, condition_of
from regard_scrapers.pages.things import Syntax

__all__ = ["visible_offer", "visible_reviews"]

_AMOUNTS: Final = ("price", "list_price", "unit_price", "shipping")
_LONGEST: Final = 20_000


def visible_offer(document: Document, rules: OfferRules, market: Market) -> FoundOffer | None:
    """
    Return the offer that a site's rules find on a page; None: they find nothing.

    Args:
        document: The page.
        rules: Where the values stand.
        market: What the site says of itself.
    """
    fields: dict[str, Any] = {}
    evidence: dict[str, tuple[Candidate, ...]] = {}
    problems: list[PageProblem] = []
    for name, rule in rules.given().items():
        texts = texts_of(rule, document)
        if not texts:
            continue
        values: list[Decimal | str | None] = []
        if name in _AMOUNTS:
            values += _amounts(name, texts, market, fields)
        else:
            values += [_value(name, rule, text) for text in texts]
        evidence[name] = tuple(
            Candidate(value, text[:200], Syntax.RULE, rule.shown)
            for value, text in zip(values, texts, strict=True)
        )
        known = list(dict.fromkeys(value for value in values if value is not None))
        if not known:
            problems += _unread(name, rule, texts[0], fields)
            continue
        fields[name] = known[0]
        if len(known) > 1 and name == "price":
            shown = ", ".join(map(str, known[:4]))
            text = f"{rule.shown} finds several prices ({shown}); narrow it with within"
            problems.append(PageProblem("several-prices", name, text))
    if fields.get("price") == 0:
        del fields["price"]
        if not explains_no_price(fields.get("availability")):
            text = f"price: {evidence['price'][0].text[:40]!r} is nothing"
            problems.append(PageProblem("zero-price", "price", text))
    if not fields and not problems:
        return None
    if "price" in fields and "currency" not in fields:
        if market.currency is not None:
            fields["currency"] = market.currency
        else:
            problems.append(PageProblem("no-currency", "currency", "the page names no currency"))
    return FoundOffer(fields, Syntax.RULE, "rules", evidence, tuple(problems))


def _unread(
    name: str, rule: Rule, text: str, fields: Mapping[str, Any]
) -> tuple[PageProblem, ...]:
    """Return what is wrong where a text is no value of its field; nothing: it says another."""
    if name == "shipping" and "extra" in fields:
        return ()  # from where on it is free, and not what it costs below
    shown = f"{rule.shown}: {text[:60]!r} is no {name}"
    return (PageProblem(f"bad-{name.replace('_', '-')}", name, shown),)


def _shipping(texts: list[str], market: Market, fields: dict[str, Any]) -> list[Decimal | None]:
    found = [shipping_terms(each, country=market.country, form=market.form) for each in texts]
    for each in found:
        if each.free_from is not None:
            fields.setdefault("extra", {})["free_shipping_from"] = str(each.free_from)
            break
    return [each.cost for each in found]


def _amounts(
    name: str, texts: list[str], market: Market, fields: dict[str, Any]
) -> list[Decimal | None]:
    if name == "shipping":
        return _shipping(texts, market, fields)
    found = [_priced(name, text, market) for text in texts]
    for price in found:
        if price is not None and price.currency is not None:
            fields.setdefault("currency", price.currency)
        if price is not None and price.tax_included is not None and name == "price":
            fields.setdefault("tax_included", price.tax_included)
    return [None if price is None else price.amount for price in found]


def _priced(name: str, text: str, market: Market) -> Price | None:
    """Return what a text says; a rule for another field has said already what it means."""
    if name == "price":
        return main_price(text, country=market.country, currency=market.currency, form=market.form)
    found = prices_in(text, country=market.country, form=market.form)
    marked = [each for each in found if each.mark is not None] or found
    wanted = Meaning.UNIT if name == "unit_price" else None
    best = [each for each in marked if each.meaning == wanted] or [
        each for each in marked if each.meaning != Meaning.THRESHOLD
    ]
    return best[0] if best else None


def _value(name: str, rule: Rule, text: str) -> str | None:
    if name == "availability":
        return availability_of(text, rule.map)
    if name == "condition":
        return condition_of(rule.map.get(text, text))
    if name == "gtin":
        return gtin(text)
    return _mapped(rule.map, text)[:500]


def _mapped(words: Mapping[str, str], text: str) -> str:
    return words.get(text, text)


def visible_reviews(
    document: Document,
    rules: ReviewRules,
    now: datetime,
    order: Literal["day-first", "month-first"] | None,
) -> list[FoundReview]:
    """
    Return the reviews that a site's rules find on a page.

    Args:
        document: The page.
        rules: Where the values stand.
        now: When it was fetched.
        order: How the site writes 03/04/2026.
    """
    if rules.each is None:
        return []
    return [
        _review(node, document, rules, now, order, at)
        for at, node in enumerate(document.tree.css(rules.each))
    ]


def _review(
    node: LexborNode,
    document: Document,
    rules: ReviewRules,
    now: datetime,
    order: Literal["day-first", "month-first"] | None,
    at: int,
) -> FoundReview:
    def first(rule: Rule | None) -> str | None:
        found = texts_of(rule, document, node) if rule is not None else []
        return _mapped(rule.map, found[0]) if rule is not None and found else None

    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    problems: list[PageProblem] = []
    path = f"{rules.each}[{at}]"
    for name, rule in (("title", rules.title), ("text", rules.body), ("reply_text", rules.reply)):
        text = first(rule)
        if text:
            fields[name] = text[:_LONGEST]
    _rate(first(rules.rating), rules.rating, fields, problems, path)
    published = when(first(rules.date), now, order=order)
    if published is not None:
        fields["published_at"] = published.at
        extra["published_precision"] = published.precision
    replied = when(first(rules.reply_date), now, order=order)
    if replied is not None:
        fields["replied_at"] = replied.at
    if rules.verified is not None:
        fields["verified"] = first(rules.verified) is not None
    named = first(rules.id)
    if named:
        extra["review_id"] = named[:200]
    if document.language:
        fields["language"] = document.language
    if extra:
        fields["extra"] = extra
    return FoundReview(fields, first(rules.author), Syntax.RULE, path, tuple(problems))


def _rate(
    text: str | None,
    rule: Rule | None,
    fields: dict[str, Any],
    problems: list[PageProblem],
    path: str,
) -> None:
    found = rating_of(text)
    if found is None or rule is None:
        return
    rating = Rating(found.value, rule.best or found.best, rule.worst or found.worst)
    fields["rating"] = rating.value
    if rating.best is not None:
        fields["best_rating"] = rating.best
    if rating.worst is not None:
        fields["worst_rating"] = rating.worst
    norm = normalised(rating)
    if norm is None:
        message = f"a rating of {rating.value} does not lie on its scale, at {path}"
        problems.append(PageProblem("rating-off-scale", "rating", message))
    else:
        fields["rating_norm"] = norm
