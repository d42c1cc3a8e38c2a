"""
What a site's file says of its visible pages: where a value stands, and what its words mean.

A rule is a CSS selector, or a table::

    price = {css = ".price-now", within = ".product", not_within = ".related"}

Values found by rules are candidates beside those of structured data; where both give a price
and they differ, neither is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from selectolax.lexbor import LexborHTMLParser, LexborNode

from regard_scrapers.pages.documents import Document

__all__ = ["OfferRules", "ReviewRules", "Rule", "texts_of"]

_EMPTY: Final = "<html></html>"


def _selector(css: str) -> str:
    try:
        LexborHTMLParser(_EMPTY).css(css)
    except Exception as error:
        message = f"{css!r} is no CSS selector"
        raise ValueError(message) from error
    return css


def _xpath(path: str) -> str:
    from lxml import etree

    try:
        etree.XPath(path)
    except etree.XPathError as error:
        message = f"{path!r} is no XPath: {error}"
        raise ValueError(message) from error
    return path


def _rule(value: object) -> object:
    return {"css": value} if isinstance(value, str) else value


Css = Annotated[str, AfterValidator(_selector)]


class Rule(BaseModel):
    """
    Where on a page a value stands.

    Attributes:
        css: A CSS selector; without it and ``xpath``, ``attr`` is that of the review itself.
        xpath: Or an XPath.
        attr: The attribute to read; None: the text.
        within: Only inside of elements that this selector finds.
        not_within: Never inside of elements that this selector finds.
        map: What the site's own words mean, such as ``{"Auf Lager" = "InStock"}``.
        count: For ratings: a selector of what is counted, such as full stars.
        best: For ratings: the best that can be given.
        worst: For ratings: the worst that can be given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    css: Css | None = None
    xpath: Annotated[str, AfterValidator(_xpath)] | None = None
    attr: str | None = None
    within: Css | None = None
    not_within: Css | None = None
    map: dict[str, str] = Field(default_factory=dict)
    count: Css | None = None
    best: Decimal | None = None
    worst: Decimal | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Rule:
        if self.css is not None and self.xpath is not None:
            message = "a rule has css or xpath, one of both"
            raise ValueError(message)
        if self.css is None and self.xpath is None and self.attr is None:
            message = "a rule says where the value stands: css, xpath, or attr alone"
            raise ValueError(message)
        return self

    @property
    def shown(self) -> str:
        """How evidence names the rule."""
        return self.css or self.xpath or f"[{self.attr}]"


AnyRule = Annotated[Rule, BeforeValidator(_rule, json_schema_input_type=str | dict[str, Any])]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OfferRules(_Rules):
    """``[offer]``: where the values of a page's offer stand."""

    price: AnyRule | None = None
    list_price: AnyRule | None = None
    unit_price: AnyRule | None = None
    shipping: AnyRule | None = None
    availability: AnyRule | None = None
    product_name: AnyRule | None = None
    sku: AnyRule | None = None
    gtin: AnyRule | None = None
    mpn: AnyRule | None = None
    brand: AnyRule | None = None
    seller: AnyRule | None = None
    condition: AnyRule | None = None

    def given(self) -> dict[str, Rule]:
        """Return the rules there are, by field."""
        return {
            name: rule
            for name in type(self).model_fields
            if (rule := getattr(self, name)) is not None
        }


class ReviewRules(_Rules):
    """
    ``[reviews]``: where reviews stand.

    Attributes:
        each: A selector of one review.
        next: A selector of the link to the next page of reviews.
        id: What names a review.
    """

    each: Css | None = None
    body: AnyRule | None = None
    title: AnyRule | None = None
    rating: AnyRule | None = None
    author: AnyRule | None = None
    date: AnyRule | None = None
    reply: AnyRule | None = None
    reply_date: AnyRule | None = None
    verified: AnyRule | None = None
    id: AnyRule | None = None
    next: Css | None = None

    @model_validator(mode="after")
    def _each_needed(self) -> ReviewRules:
        given = self.model_fields_set - {"each", "next"}
        if given and self.each is None:
            message = 'each = "..." must say what one review is'
            raise ValueError(message)
        return self


def texts_of(rule: Rule, document: Document, inside: LexborNode | None = None) -> list[str]:
    """
    Return the texts that a rule finds, in the order of the page.

    Args:
        rule: Where to look.
        document: The page.
        inside: Only in this element; None: on the whole page.
    """
    return [text for node in _found(rule, document, inside) if (text := _text(node, rule))]


def _found(
    rule: Rule, document: Document, inside: LexborNode | None
) -> Iterator[LexborNode | str]:
    if rule.xpath is not None:
        yield from _by_xpath(rule.xpath, document, inside)
        return
    if rule.css is None:
        yield from () if inside is None else (inside,)
        return
    scopes = [inside] if inside is not None else [document.tree.root]
    if rule.within is not None and inside is None:
        scopes = list(document.tree.css(rule.within))
    shut = _ids(document.tree.css(rule.not_within)) if rule.not_within else frozenset()
    for scope in scopes:
        if scope is None:
            continue
        for node in scope.css(rule.css):
            if not shut or not _is_inside(node, shut):
                yield node


def _ids(nodes: list[LexborNode]) -> frozenset[int]:
    return frozenset(node.mem_id for node in nodes)


def _is_inside(node: LexborNode, shut: frozenset[int]) -> bool:
    each: LexborNode | None = node
    while each is not None:
        if each.mem_id in shut:
            return True
        each = each.parent
    return False


def _by_xpath(path: str, document: Document, inside: LexborNode | None) -> Iterator[str]:
    from lxml import etree, html

    text = document.text if inside is None else (inside.html or "")
    try:
        tree = html.document_fromstring(text.encode(), parser=_parser())
        found = tree.xpath(path)
    except (etree.LxmlError, ValueError):
        return
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, etree._Element):  # lxml has no public name for it
            yield " ".join("".join(each.itertext()).split())
        else:
            yield str(each)


@lru_cache(maxsize=1)
def _parser() -> Any:  # noqa: ANN401  # lxml is untyped
    from lxml import html

    return html.HTMLParser(encoding="utf-8")


def _text(node: LexborNode | str, rule: Rule) -> str | None:
    if isinstance(node, str):
        return node.strip() or None
    if rule.count is not None:
        return str(len(node.css(rule.count)))
    if rule.attr is not None:
        given = node.attributes.get(rule.attr)
        return given.strip() if given else None
    content = node.attributes.get("content") if node.tag == "meta" else None
    return content or " ".join((node.text(deep=True) or "").split()) or None
