"""
The text of an HTML message, with its quotes marked as plain text marks them.

Mail is written by dozens of programs and by people who mean harm, so this is no parser that
builds a tree: one pass over the tags, whose time grows with the length only. What a browser
would not show (scripts, styles, the head) is dropped; what mail programs mark as a quote comes
out with ``> `` before each line; what they mark as a signature is dropped.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from regard.mail.texts import clean

__all__ = ["text_of_html"]

_MAX_MARKUP = 1_000_000
"""Characters that are looked at; the answer stands in front of what it quotes."""

_TAG = re.compile(r"<[a-zA-Z/!?]")
"""Where a tag may begin; any other ``<`` means less than."""

_TAG_NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_ATTRIBUTE = re.compile(
    r"""\b(class|id|type)\s*=\s*(?:"([^"]{0,500})"|'([^']{0,500})'|([^\s"'>]+))""", re.I
)
_SKIPPED = ("script", "style", "head", "title", "noscript", "template", "svg", "object")
_BREAKS = frozenset(
    (
        *("br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "section"),
        *("article", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dl", "dt", "dd", "header"),
        *("footer", "center"),
    )
)
_PARAGRAPHS = frozenset(["p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre"])
_VOID = frozenset(["br", "hr", "img", "input", "meta", "link", "wbr", "area", "col"])
_QUOTES = re.compile(r"\b(?:yahoo_quoted|protonmail_quote|cite)\b", re.I)
_SIGNATURES = re.compile(
    r"\b(?:gmail_signature|moz-signature|signature|ms-outlook-mobile-signature|"
    r"protonmail_signature_block|x_signature)\b",
    re.I,
)
_BEHIND = re.compile(
    r"\b(?:x_)*(?:divRplyFwdMsg|appendonsend|OutlookMessageHeader|"
    r"mail-editor-reference-message-container|stopSpelling)\b",
    re.I,
)
_ORIGINAL = "-----Original Message-----"
_SPACES = re.compile(r"[ \t\n\f]+")
_MAX_DEPTH = 50


@dataclass(slots=True)
class _Region:
    """A quote or a signature, and how many of its own tags are open within it."""

    tag: str
    quote: bool
    open: int = 1


@dataclass(slots=True)
class _Writer:
    """Collects lines of text."""

    lines: list[str] = field(default_factory=list)
    regions: list[_Region] = field(default_factory=list)
    _line: list[str] = field(default_factory=list)

    @property
    def _silent(self) -> bool:
        return any(not region.quote for region in self.regions)

    def write(self, text: str) -> None:
        """Add a run of text to the line."""
        if self._silent:
            return
        plain = _SPACES.sub(" ", html.unescape(text))
        if not self._line:
            plain = plain.lstrip(" ")
            if not plain:
                return
            self._line.append("> " * sum(region.quote for region in self.regions))
        self._line.append(plain)

    def end_line(self) -> None:
        """End the line, also one without text."""
        if not self._silent:
            self.lines.append("".join(self._line))
            self._line = []

    def start_line(self, *, paragraph: bool = False) -> None:
        """Begin a new line, behind an empty one where a paragraph begins."""
        if self._line:
            self.end_line()
        if paragraph and self.lines and self.lines[-1]:
            self.end_line()

    def open(self, tag: str, marks: str) -> None:
        """Hear of an opening tag and of what its attributes say."""
        if tag in _VOID:
            return
        quote = tag == "blockquote" or _QUOTES.search(marks) is not None
        if (quote or _SIGNATURES.search(marks)) and len(self.regions) < _MAX_DEPTH:
            self.start_line()
            self.regions.append(_Region(tag, quote=quote))
            return
        for region in reversed(self.regions):
            if region.tag == tag:
                region.open += 1
                break

    def close(self, tag: str) -> None:
        """Hear of a closing tag; one that was never opened closes nothing."""
        for at in range(len(self.regions) - 1, -1, -1):
            region = self.regions[at]
            if region.tag == tag:
                region.open -= 1
                if region.open <= 0:
                    self.start_line()
                    del self.regions[at:]
                return


def text_of_html(markup: str) -> str:
    """
    Return what a reader of an HTML message sees, as plain text.

    Args:
        markup: A whole document or a piece of one, also a broken one.
    """
    writer = _Writer()
    markup = markup[:_MAX_MARKUP]
    lowered = markup.lower()
    if len(lowered) != len(markup):  # a few letters change their length with their case
        lowered = markup
    at, end = 0, len(markup)
    while at < end:
        begins = _TAG.search(markup, at)
        if begins is None:
            writer.write(markup[at:])
            break
        opens = begins.start()
        if opens > at:
            writer.write(markup[at:opens])
        if markup.startswith("<!--", opens):
            closes = markup.find("-->", opens + 4)
            at = end if closes < 0 else closes + 3
            continue
        found = _TAG_NAME.match(markup, opens + 1)
        closes = _tag_end(markup, opens + 1)
        if found is not None:
            tag = found[1].lower()
            closing = markup[opens + 1] == "/"
            if tag in _SKIPPED and not closing:
                closes = _behind(lowered, tag, closes)
            else:
                _take(writer, tag, markup[found.end() : closes], closing=closing)
        at = closes + 1
    writer.start_line()
    return _joined(writer.lines)


def _tag_end(markup: str, start: int) -> int:
    """Return where a tag ends; a ``>`` within quotes ends it only if nothing closes them."""
    closes = markup.find(">", start)
    if closes < 0:
        return len(markup)
    inside = markup[start:closes]
    for sign in ('="', "='"):
        at = inside.rfind(sign)
        if at >= 0 and sign[1] not in inside[at + 2 :]:
            # Bounded: an attribute that never ends must not cost a look at all that follows.
            ends = markup.find(sign[1], closes, closes + 2_000)
            further = markup.find(">", ends, ends + 2_000) if ends >= 0 else -1
            return further if further >= 0 else closes
    return closes


def _behind(lowered: str, tag: str, start: int) -> int:
    """Return the end of the tag that closes what is not shown; without one, all is hidden."""
    closes = lowered.find(f"</{tag}", start)
    if closes < 0:
        # A head that is never closed ends where the body begins.
        body = lowered.find("<body", start) if tag == "head" else -1
        return body - 1 if body >= 0 else len(lowered)
    ends = lowered.find(">", closes)
    return len(lowered) if ends < 0 else ends


def _take(writer: _Writer, tag: str, attributes: str, *, closing: bool) -> None:
    """Hear of one tag."""
    if tag == "br":
        writer.end_line()
    elif tag in _BREAKS:
        writer.start_line(paragraph=tag in _PARAGRAPHS)
    elif tag in ("td", "th") and closing:
        writer.write(" ")
    if closing:
        writer.close(tag)
        return
    marks = _marks(attributes) if len(attributes) > 3 else ""
    if _BEHIND.search(marks):
        writer.start_line()
        writer.write(_ORIGINAL)
        writer.start_line()
    writer.open(tag, marks)


def _marks(attributes: str) -> str:
    """Return what the class, id and type of a tag say."""
    found = _ATTRIBUTE.findall(attributes[:4_000])
    return " ".join(a or b or c for _, a, b, c in found)


def _joined(lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", clean(text)).strip()
