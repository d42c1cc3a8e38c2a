"""The text of a message: which of its parts hold it, and what stands in them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from email.message import Message as Parsed

from regard.mail.markup import text_of_html
from regard.mail.texts import clean, decode

__all__ = ["text_of"]

_MAX_DEPTH = 20
_MAX_PARTS = 50
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_KIND = re.compile(r"[\w.+-]+/[\w.+-]+")
_PLAIN_ENOUGH = 1
"""Letters or digits that a plain part needs to be believed over the HTML beside it."""


def text_of(parsed: Parsed) -> str:
    """
    Return the text that a message shows, with its quotes and signature.

    Of alternatives the plain one is taken, where it says anything; HTML becomes text;
    attachments and messages within the message are left out.
    """
    parts: list[str] = []
    for text in _texts(parsed, 0):
        if text.strip():
            parts.append(text.strip("\n"))
        if len(parts) >= _MAX_PARTS:
            break
    return clean("\n".join(parts)).strip()


def _texts(part: Parsed, depth: int) -> Iterator[str]:
    kind = part.get_content_type()
    if not _KIND.fullmatch(kind):
        kind = "text/plain"
    if depth > _MAX_DEPTH or (depth and kind.startswith("message/")) or _is_attached(part):
        return
    children = part.get_payload()
    if kind.startswith("multipart/") and isinstance(children, list):
        yield from _of_several(
            part, [each for each in children if isinstance(each, Parsed)], depth
        )
    elif kind in ("text/html", "application/xhtml+xml"):
        yield text_of_html(_decoded(part))
    elif kind == "text/plain" or (kind.startswith("multipart/") and not depth):
        yield _plain(part)


def _of_several(part: Parsed, children: list[Parsed], depth: int) -> Iterator[str]:
    if part.get_content_type() != "multipart/alternative":
        for child in children[:_MAX_PARTS]:
            yield from _texts(child, depth + 1)
        return
    found: dict[bool, str] = {}
    for child in children[:_MAX_PARTS]:
        text = "\n".join(_texts(child, depth + 1))
        if sum(map(str.isalnum, text[:1_000])) >= _PLAIN_ENOUGH or _has_sign(text):
            found.setdefault(child.get_content_type() == "text/plain", text)
    if found:
        yield found.get(True, found.get(False, ""))


def _has_sign(text: str) -> bool:
    # A star, a thumb or another picture is an answer, too.
    return any(ord(sign) > 0x2000 for sign in text[:1_000])


def _is_attached(part: Parsed) -> bool:
    said = str(part.get("Content-Disposition") or "").strip().lower()
    return said.startswith("attachment")


def _payload(part: Parsed) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (binascii.Error, AttributeError, KeyError, LookupError, TypeError, ValueError):
        data = None
    if isinstance(data, bytes):
        return data
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _charset(part: Parsed) -> str | None:
    try:
        return part.get_content_charset()
    except (LookupError, TypeError, ValueError):
        return None


def _decoded(part: Parsed) -> str:
    data = _payload(part)
    charset = _charset(part)
    if charset is None and part.get_content_type() == "text/html":
        found = _META_CHARSET.search(data[:4_000])
        charset = found[1].decode("ascii", "replace") if found else None
    return decode(data, charset)


def _plain(part: Parsed) -> str:
    text = clean(_decoded(part))
    if str(_parameter(part, "format") or "").lower() == "flowed":
        text = _unflowed(text, join=str(_parameter(part, "delsp") or "").lower() == "yes")
    return text


def _parameter(part: Parsed, name: str) -> object:
    try:
        return part.get_param(name)
    except (LookupError, TypeError, ValueError):
        return None


def _unflowed(text: str, *, join: bool) -> str:
    """
    Return the lines of ``format=flowed`` text (RFC 3676) as paragraphs.

    Args:
        text: With plain line ends.
        join: The space at a line's end only marks that it goes on.
    """
    lines: list[str] = []
    flowing = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        plain = line if quoted else line.removeprefix(" ")
        if flowing and not quoted and plain != "-- ":
            last = lines[-1][:-1] if join else lines[-1]
            lines[-1] = last + plain
        else:
            lines.append(plain)
        flowing = plain.endswith(" ") and plain != "-- " and not quoted
    return "\n".join(lines)
