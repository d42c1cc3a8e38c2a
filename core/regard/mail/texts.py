"""From the bytes of headers and bodies to text, whatever was declared about them."""

from __future__ import annotations

import binascii
import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Parsed

__all__ = ["Headers", "clean", "decode", "header_text"]

_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_NEWLINES = re.compile(r"\r\n?|\u2028|\u2029")
_WHITE = re.compile(r"\s+")
_ALIASES = {
    # What programs write and mean; Windows' own set holds all that Latin 1 has.
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "x-sjis": "cp932",
}
_NO_TEXT = {"base64", "hex", "bz2", "zlib", "zip", "rot13", "uu", "quopri", "bz2_codec"}
_WIDE = ("utf-16", "utf-32")
_MAX_HEADER = 10_000
_MAX_REPEATED = 100


def _codec(charset: str | None) -> str | None:
    name = (charset or "").strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name).name if name and name.isascii() else ""
    except (LookupError, ValueError):
        return None
    # Codecs that turn bytes into bytes are no sets of characters.
    return None if not found or found in _NO_TEXT or name in _NO_TEXT else found


def decode(data: bytes, charset: str | None) -> str:
    """
    Return bytes as text: as declared, else as UTF-8, else as Windows writes western text.

    Args:
        data: Anything.
        charset: What was declared, which may be missing, wrong or no charset at all.
    """
    for codec in dict.fromkeys((_codec(charset), "utf-8", "cp1252")):
        if codec is None or (codec.startswith(_WIDE) and b"\x00" not in data):
            continue  # without a zero among its bytes no western text is in a wide set
        try:
            return data.decode(codec)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("latin-1")


def clean(text: str) -> str:
    """Return a text with plain line ends and without signs that control what shows it."""
    text = _NEWLINES.sub("\n", text)
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text)).replace("\u00a0", " ")


class Headers:
    """
    The headers of a message, decoded when they are asked for.

    Args:
        parsed: The message.
    """

    def __init__(self, parsed: Parsed) -> None:
        self._raw: dict[str, list[str]] = {}
        # Not `parsed.get`: it replaces raw bytes before anybody can decode them.
        for name, value in parsed.raw_items():
            values = self._raw.setdefault(name.lower(), [])
            if len(values) < _MAX_REPEATED:
                values.append(str(value))

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._raw

    def all(self, *names: str) -> list[str]:
        """Return the values of headers, each on one line, by the order of the names."""
        return [header_text(raw) for name in names for raw in self._raw.get(name.lower(), ())]

    def first(self, name: str) -> str:
        """Return the first value of a header; an empty text where there is none."""
        values = self._raw.get(name.lower())
        return header_text(values[0]) if values else ""


def header_text(raw: str) -> str:
    """
    Return a header's value as one line of text.

    Args:
        raw: As the parser has it: encoded words, raw bytes as surrogates, several lines.
    """
    text = raw[:_MAX_HEADER]
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        text = decode(text.encode("utf-8", "surrogateescape"), None)
    if "=?" in text:
        text = _decoded_words(text)
    return _WHITE.sub(" ", clean(text)).strip()


def _decoded_words(text: str) -> str:
    try:
        words = decode_header(_WHITE.sub(" ", text))
    except (HeaderParseError, binascii.Error, IndexError, ValueError):
        return text
    parts: list[str] = []
    for word, charset in words:
        parts.append(decode(word, charset) if isinstance(word, bytes) else word)
    return "".join(parts)
