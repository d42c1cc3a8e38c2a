"""
JSON as it stands in pages: strict where it is right, mended where it is nearly.

Shops write templates, and templates go wrong: a comma too many, a line break inside a text, a
comment, a text that was escaped for HTML. Each is mended only where it stands outside of texts
(or, for line breaks, inside), so that what a text says never changes.
"""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

__all__ = ["BrokenBlock", "parse_json"]

_LONGEST: Final = 2_000_000
_TOKEN: Final = re.compile(
    r'"(?:[^"\\]|\\.)*"'  # a text
    r"|<!--|-->|<!\[CDATA\[|\]\]>"
    r"|/\*.*?\*/|//[^\n]*"
    r"|,(?=\s*(?:(?://[^\n]*|/\*.*?\*/)\s*)*[\]}])",
    re.DOTALL,
)
_COMMENTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|<!--.*?-->', re.DOTALL)
_BARE_BREAKS: Final = re.compile(r"[\x00-\x1f]")
_BAD_ESCAPE: Final = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')


class BrokenBlock(ValueError):
    """A block of JSON that cannot be read even with tolerance; the message never quotes it."""


def _decimal(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except InvalidOperation:  # pragma: no cover - json hands over numbers only
        return text
    return number if abs(number.adjusted()) < 30 else text


def _nothing(_: str) -> None:
    """Return what NaN and Infinity mean: that one cannot tell."""


def _whole(text: str) -> Decimal | str:
    return Decimal(text) if len(text) < 30 else text


_DECODER: Final = json.JSONDecoder(
    parse_float=_decimal, parse_int=_whole, parse_constant=_nothing, strict=True
)


def parse_json(text: str) -> list[Any]:
    """
    Return the values in a block, usually one; numbers are Decimal.

    Raises:
        BrokenBlock: It cannot be read.
    """
    if len(text) > _LONGEST:
        message = f"longer than {_LONGEST:,} characters"
        raise BrokenBlock(message)
    try:
        return [_DECODER.decode(text)]
    except ValueError:
        pass
    except RecursionError:
        message = "nested too deeply"
        raise BrokenBlock(message) from None
    return _mended(text)


def _mended(text: str) -> list[Any]:
    if "&quot;" in text and '"' not in text.replace("&quot;", ""):
        text = html.unescape(text)
    # Comments of HTML mostly stand around the whole; only then between its parts.
    try:
        return _values_in(_TOKEN.sub(_mend, text))
    except BrokenBlock:
        bare = _COMMENTED.sub(lambda found: found[0] if found[0][0] == '"' else "", text)
        if bare == text:
            raise
        return _values_in(_TOKEN.sub(_mend, bare))


def _values_in(text: str) -> list[Any]:
    """Return the values that stand behind each other in a text."""
    text = text.strip("\ufeff \t\r\n").rstrip(";").strip()
    values: list[Any] = []
    at = 0
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except RecursionError:
            message = "nested too deeply"
            raise BrokenBlock(message) from None
        except ValueError as error:
            if values:
                # What could be read is good; only its end is not.
                return values
            place = getattr(error, "lineno", 1)
            message = f"no JSON, line {place} of the block"
            raise BrokenBlock(message) from None
        values.append(value)
        # Some pages put two objects into one block, with or without a comma.
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    if not values:
        message = "empty"
        raise BrokenBlock(message)
    return values


def _mend(found: re.Match[str]) -> str:
    token = found[0]
    if token[0] != '"':
        return " " if token[0] == "/" else ""
    if _BARE_BREAKS.search(token):
        token = _BARE_BREAKS.sub(lambda bad: f"\\u{ord(bad[0]):04x}", token)
    if "\\" in token:
        token = _BAD_ESCAPE.sub(r"\\\\", token)
    return token
