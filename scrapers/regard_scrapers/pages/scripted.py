"""Pages that show nothing before their scripts have run, told by what they look like without."""

from __future__ import annotations

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from regard_scrapers.pages.documents import Document

__all__ = ["needs_script"]

_LITTLE_TEXT: Final = 400
"""Characters; a page with an article says more of it than this."""

_MOUNTS: Final = "#root, #app, #__next, #__nuxt, #svelte, #q-app, #___gatsby, app-root"
"""Where frameworks put what their scripts make."""

_ASKS: Final = re.compile(
    r"javascript.{0,80}(?:enable|requi|need|disabled|a[ck]tiv|necesi|habilit|désactiv)"
    r"|(?:enable|activate|requires?|needs?|activ[ae]|activez|habilit\w+|necesit\w+).{0,40}javascript",
    re.IGNORECASE | re.DOTALL,
)
_DATA: Final = re.compile(r"json|template|text/plain|speculationrules", re.IGNORECASE)


def needs_script(document: Document) -> str | None:
    """
    Say why a page on which nothing is found seems to need its scripts; None: it does not.

    Args:
        document: The page as it was sent.
    """
    tree = document.tree
    scripts = [
        each
        for each in tree.css("script")
        if _DATA.search(each.attributes.get("type") or "") is None
    ]
    if not scripts or tree.body is None:
        return None
    asks = " ".join(each.text(deep=True) or "" for each in tree.css("noscript"))
    if _ASKS.search(asks) is not None:
        return "it asks for JavaScript"
    mount = tree.css_first(_MOUNTS)
    if mount is not None and not (mount.text(deep=True) or "").strip():
        name = mount.attributes.get("id") or mount.tag
        return f"its element {name!r} is empty"
    shown = _shown(document)
    if len(shown) < _LITTLE_TEXT:
        many = f"{len(scripts)} script{'' if len(scripts) == 1 else 's'}"
        return f"it has {many} and {len(shown)} characters of text"
    return None


def _shown(document: Document) -> str:
    # A tree of its own: what is taken away here is read by others.
    tree = LexborHTMLParser(document.text)
    tree.strip_tags(["script", "style", "noscript", "template"])
    return " ".join((tree.body.text(deep=True) or "").split()) if tree.body is not None else ""
