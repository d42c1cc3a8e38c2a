"""
Microdata: items in the attributes of the page's own elements (HTML Standard, chapter 5).

Where the standard and what shops write differ, shops win: ``content`` is heeded on every element,
because most templates put the plain number there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborNode

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.things import Syntax, Thing, Value, local_name

__all__ = ["element_value", "read_microdata"]

_ADDRESSES: Final = {
    "a": "href",
    "area": "href",
    "link": "href",
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "source": "src",
    "track": "src",
    "video": "src",
    "object": "data",
}
_MOST_DEPTH: Final = 60


def element_value(node: LexborNode, document: Document) -> str | None:
    """
    Return what an element says as the value of a property.

    Args:
        node: The element.
        document: The page: addresses are made whole.
    """
    tag = node.tag or ""
    attributes = node.attributes
    content = attributes.get("content")
    if content is not None:
        return content
    if tag in _ADDRESSES:
        given = attributes.get(_ADDRESSES[tag])
        if given is None:
            return _text(node) if tag in ("a", "object") else None
        return document.address(given) or given
    if tag in ("data", "meter"):
        return attributes.get("value") or _text(node)
    if tag == "time":
        return attributes.get("datetime") or _text(node)
    return _text(node)


def _text(node: LexborNode) -> str | None:
    text = " ".join((node.text(deep=True) or "").split())
    return text or None


def read_microdata(document: Document) -> list[Thing]:
    """Return the items of a page that are not parts of others."""
    roots = document.tree.css("[itemscope]:not([itemprop])")
    by_id: dict[str, LexborNode] | None = None
    found = []
    for number, node in enumerate(roots):
        if by_id is None and "itemref" in document.text:
            by_id = {str(each.attributes["id"]): each for each in document.tree.css("[id]")}
        found.append(_item(node, document, f"microdata[{number}]", by_id or {}, 0))
    return found


def _item(
    node: LexborNode, document: Document, path: str, by_id: dict[str, LexborNode], depth: int
) -> Thing:
    types = tuple(local_name(each) for each in (node.attributes.get("itemtype") or "").split())
    properties: dict[str, list[Value]] = {}
    starts = [node, *(by_id[name] for name in _refs(node) if name in by_id)]
    for at, start in enumerate(starts):
        for each in _properties(start, itself=at > 0):
            names = [local_name(name) for name in (each.attributes.get("itemprop") or "").split()]
            if not names or depth > _MOST_DEPTH:
                continue
            value: Value | None
            if "itemscope" in each.attributes:
                value = _item(each, document, f"{path}.{names[0]}", by_id, depth + 1)
            else:
                value = element_value(each, document)
            if value is not None:
                for name in names:
                    properties.setdefault(name, []).append(value)
    named = node.attributes.get("itemid")
    frozen = {name: tuple(values) for name, values in properties.items()}
    return Thing(types, frozen, Syntax.MICRODATA, path, named)


def _refs(node: LexborNode) -> list[str]:
    return (node.attributes.get("itemref") or "").split()


def _properties(node: LexborNode, *, itself: bool) -> Iterator[LexborNode]:
    """Yield the elements with properties of an item, without those of items inside of it."""
    stack = [node] if itself else _children(node)
    while stack:
        each = stack.pop()
        attributes = each.attributes
        if "itemprop" in attributes:
            yield each
        if "itemscope" not in attributes:
            stack += _children(each)


def _children(node: LexborNode) -> list[LexborNode]:
    """Return the elements inside, the last one first, as a stack wants them."""
    return list(node.iter(include_text=False))[::-1]
