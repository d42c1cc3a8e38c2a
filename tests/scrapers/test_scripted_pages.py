"""Pages that seem to need their scripts, and those that only have some."""

from __future__ import annotations

import pytest

from regard_scrapers.pages.documents import Document
from regard_scrapers.pages.scripted import needs_script

TEXT = "<p>" + "A lamp for the desk, with an arm of steel. " * 20 + "</p>"
APP = '<script src="/app.js"></script>'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f'<div id="root"></div>{APP}', "its element 'root' is empty"),
        (f'<div id="__next"> <span></span> </div>{TEXT}{APP}', "its element '__next' is empty"),
        (f"<app-root></app-root>{TEXT}{APP}", "its element 'app-root' is empty"),
        (f"<noscript>You need to enable JavaScript.</noscript>{TEXT}{APP}",
         "it asks for JavaScript"),
        (f"<noscript>Activez JavaScript</noscript>{TEXT}{APP}", "it asks for JavaScript"),
        (f"<noscript>Es necesario que actives JavaScript</noscript>{TEXT}{APP}",
         "it asks for JavaScript"),
        (f"<noscript>JavaScript ist deaktiviert, bitte aktivieren</noscript>{TEXT}{APP}",
         "it asks for JavaScript"),
        (f"<h1>Lamp</h1>{APP}<script>let text = 'of no matter';</script>",
         "it has 2 scripts and 4 characters of text"),
        (f'<div id="root"><h1>Lamp</h1>{TEXT}</div>{APP}', None),
        (f"{TEXT}{APP}", None),
        (f'<noscript><img src="/pixel.png"></noscript>{TEXT}{APP}', None),
        ('<div id="root"></div>', None),
        ('<div id="root"></div><script type="application/ld+json">{}</script>', None),
        ("", None),
    ],
)  # fmt: skip
def test_pages_that_need_their_scripts(body: str, why: str | None) -> None:
    """What is empty, says so, or holds little beside scripts needs them; other pages do not."""
    assert why == needs_script(Document(f"<html><body>{body}</body></html>".encode(), "http://a"))


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"<" * 10_000, b"{}"])
def test_what_is_no_page_needs_none(body: bytes) -> None:
    """Whatever a server sends, asking is safe."""
    assert needs_script(Document(body, "http://a")) is None
