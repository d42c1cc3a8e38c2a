"""
Bytes to text: which encoding a file is in, and what to do with bytes that are not.

Undecodable bytes become marks (lone surrogates U+DC00 to U+DCFF) inside this room only, so that
the lines they are in can be found; `unmarked` writes them out before anything leaves.
"""

from __future__ import annotations

import codecs
import encodings.aliases
import re
from collections.abc import Generator, Iterable

from regard.errors import FileError
from regard.names import did_you_mean

__all__ = ["Text", "check_encoding", "detect_encoding", "unmarked"]

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
NOT_OF_FILES = {"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined"}
MARKS = "regard-marks"
FALLBACK = "cp1252"
SURROGATE = re.compile("[\ud800-\udfff]")
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
MANY_NULS = 0.3
FEW_NULS = 0.05


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Replace bytes that cannot be decoded by marks that can be found."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in bad), error.end


codecs.register_error(MARKS, _mark)


def unmarked(text: str) -> str:
    r"""Return the text with each undecodable byte written as ``\xe9``, NUL as ``\x00``."""
    written = SURROGATE.sub(_written, text)
    return written.replace("\0", "\\x00")


def _written(found: re.Match[str]) -> str:
    """Write out one mark or lone surrogate."""
    code = ord(found.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC00 <= code <= 0xDCFF else f"\\u{code:04x}"


def check_encoding(name: str) -> None:
    """
    Make sure that Python knows an encoding and that it is one of text.

    Raises:
        FileError: It is not; the message says what was probably meant.
    """
    try:
        if codecs.lookup(name).name in NOT_OF_FILES:
            raise LookupError(name)
        b"".decode(name)
        "".encode(name)
    except (LookupError, ValueError) as error:
        known = {alias.replace("_", "-") for alias in encodings.aliases.aliases}
        hint = did_you_mean(name, known | {"utf-8", "cp1252", "utf-16"})
        message = f"encoding {name!r} is not known{hint if '?' in hint else ''}"
        raise FileError(message) from error


def detect_encoding(head: bytes, wanted: str | None = None) -> str:
    """
    Say which encoding a file is in.

    Args:
        head: The file's first bytes.
        wanted: What the caller says it is; only a byte order mark knows better.

    Returns:
        ``utf-8``, ``utf-16-le``, ``utf-16-be``, ``utf-32-le``, ``utf-32-be``, ``cp1252``, or
        what was wanted. Pure ASCII counts as UTF-8, which `Text` takes back at the first byte
        that says otherwise.
    """
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    if wanted is not None:
        plain = codecs.lookup(wanted).name
        return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(
            plain, plain
        )
    even, odd = head[::2], head[1::2]
    if odd and odd.count(0) > MANY_NULS * len(odd) and even.count(0) < FEW_NULS * len(even):
        return "utf-16-le"
    if even and even.count(0) > MANY_NULS * len(even) and odd.count(0) < FEW_NULS * len(odd):
        return "utf-16-be"
    return "utf-8" if _mostly_utf8(head) else FALLBACK


def _mostly_utf8(data: bytes) -> bool:
    """Say whether bytes are UTF-8, or were before some were damaged."""
    # Incremental, not final: a character may be cut at the end of the block.
    text = codecs.getincrementaldecoder("utf-8")(MARKS).decode(data)
    bad = len(SURROGATE.findall(text))
    return bad == 0 or len(NOT_ASCII.findall(text)) - bad > bad


class Text:
    """
    Bytes as blocks of text, without a byte order mark.

    As long as all was ASCII, a file that was taken for UTF-8 may turn out to be cp1252.

    Args:
        encoding: From `detect_encoding`.
        settled: The encoding was wanted, it is not to be changed.
    """

    def __init__(self, encoding: str, *, settled: bool = False) -> None:
        self.encoding = encoding
        self.marked = False
        """Whether the block just given holds marks."""
        self._given: bytes | None = None
        self._settled = settled or encoding != "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def blocks(self, data: Iterable[bytes], *, to_end: bool = True) -> Generator[str, None, None]:
        """Decode blocks of bytes in order; call it once. Not `to_end`: more would follow."""
        at_start = True
        for block in data:
            text = self._decode(block)
            if at_start and text:
                if text.startswith("\ufeff"):
                    text, self._given = text[1:], None
                at_start = False
            if text:
                yield text
        if to_end and (text := self._decode(b"", final=True)):
            yield text

    def packed(self, text: str) -> bytes:
        """Return the block just given in UTF-8, with its marks."""
        return text.encode("utf-8", "surrogatepass") if self._given is None else self._given

    def _decode(self, block: bytes, *, final: bool = False) -> str:
        """Decode one block, changing the encoding or leaving marks where it must."""
        state = self._decoder.getstate()
        self.marked, self._given = False, None
        try:
            text = self._decoder.decode(block, final)
        except UnicodeError:
            if not self._settled and not _mostly_utf8(state[0] + block):
                self.encoding = FALLBACK
                self._decoder = codecs.getincrementaldecoder(FALLBACK)()
                block, state = state[0] + block, (b"", 0)
            text = self._decode_with_marks(block, state, final=final)
        else:
            if self.encoding == "utf-8":
                # It is in UTF-8 already, but for a character that the next block ends.
                given = state[0] + block
                self._given = given[: len(given) - len(self._decoder.getstate()[0])]
        self._settled = self._settled or not text.isascii()
        return text

    def _decode_with_marks(self, block: bytes, state: tuple[bytes, int], *, final: bool) -> str:
        """Decode a block again from the state before it, with marks for what is no text."""
        self._decoder.setstate(state)
        self._decoder.errors = MARKS
        text = self._decoder.decode(block, final)
        self._decoder.errors = "strict"
        self.marked = SURROGATE.search(text) is not None
        return text
